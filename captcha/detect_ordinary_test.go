package captcha_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/godwit-go/godwit/captcha"
	"github.com/stretchr/testify/require"
)

// prose is enough text to make a page an article.
var prose = "<p>" + strings.Repeat("The lamp is made in a small workshop by the sea and ships within three days. ", 25) + "</p>"

// ordinary are pages that have to do with challenges and are none.
var ordinary = map[string]struct {
	page string
	want captcha.Verdict
}{
	"docs: markers in pre and code": {page: `<title>Detecting challenges</title><h1>Markers</h1><pre><code>&lt;script&gt;window._cf_chl_opt={cType:'managed'}&lt;/script&gt;</code></pre>` +
		`<pre><div id="px-captcha"></div><form id="challenge-form" action="/?__cf_chl_f_tk=1"></form><iframe src="https://geo.captcha-delivery.com/captcha/"></iframe></pre>` +
		`<code>window.gokuProps = {}</code>`},
	"docs: a script in pre":       {page: `<h1>How to</h1><pre><script>window._cf_chl_opt={cType:'managed'}</script></pre>`},
	"docs: markers in a textarea": {page: `<form><textarea name="html"><script>window._cf_chl_opt={}</script><div id="px-captcha"></div></textarea><input type="text" name="a"></form>`},
	"docs: markers in a comment":  {page: `<!-- <script>window._cf_chl_opt={};</script><div id="sec-if-cpt-container"></div> --><h1>Hello</h1>`},
	"docs: markers in attributes": {page: `<iframe srcdoc="<script>window._cf_chl_opt={}</script><div id='px-captcha'></div>"></iframe>` +
		`<meta name="description" content="window._cf_chl_opt={} and #px-captcha, /_Incapsula_Resource?incident_id=1"><p title="<div id='sec-if-cpt-container'>">Hello</p>`},
	"docs: markers in a template":   {page: `<template><div id="px-captcha"></div><form action="/errors/validateCaptcha"></form></template><p>Hello</p>`},
	"docs: the frame's words":       {page: `<h1>Blocked?</h1><p>Look for "Incapsula incident ID" in the page.</p>` + prose},
	"docs: a refusal quoted":        {page: `<h1>Error pages</h1><p>This is how it looks:</p><pre>The requested URL was rejected. Please consult with your administrator. Your support ID is: 12</pre>`},
	"article with its state":        {page: `<div id="__next"><article><h1>Inside the challenge</h1>` + prose + `</article></div><script>self.__next_f.push([1,"window._cf_chl_opt={cType:'managed'} <div id=\"px-captcha\">"])</script>`},
	"article in a template literal": {page: "<article>" + prose + "</article><script>const md = `window._cf_chl_opt={}; window.gokuProps={}; var dd={'host':'geo.captcha-delivery.com'}`;</script>"},
	"article in JSON-LD":            {page: `<script type="application/ld+json">{"@type":"Article","articleBody":"window._cf_chl_opt={} gokuProps = {"}</script><p>Hello</p>`},
	"script with comments":          {page: `<script>/* window._cf_chl_opt={} */ // window.gokuProps = {}` + "\n" + `var re = /"window._cf_chl_opt={}/; if (window._cf_chl_opt == null) {}</script><p>Hello</p>`},
	"script that reads":             {page: `<script>if (window._cf_chl_opt === undefined && !window._pxAppId) track(); x = _cf_chl_opt => 1</script><p>Hello</p>`},
	"blog about captchas":           {page: `<title>Are you a robot? On captchas</title><article><p>"Verify you are human", it said. Access denied. reCAPTCHA, hCaptcha and Turnstile.</p></article>`},
	"short post about captchas":     {page: `<title>Captchas</title><nav><a href="/">Home</a></nav><p>Why are you a robot? I was asked by Cloudflare: "Verify you are human".</p>`},

	"cloudflare: jsd sensor": {page: `<main>` + prose + `</main><script>(function(){window.__CF$cv$params={r:'8f2',t:'MTc='};var a=document.createElement('script');` +
		`a.src='/cdn-cgi/challenge-platform/scripts/jsd/main.js';})();</script>`},
	"cloudflare: jsd sensor on little": {page: `<p>ok</p><script>window.__CF$cv$params={r:'8f2'};</script><script src="/cdn-cgi/challenge-platform/scripts/jsd/main.js"></script>`},
	"cloudflare: origin is down":       {page: `<title>shop.test | 522: Connection timed out</title><div id="cf-wrapper"><div id="cf-error-details"><span class="cf-error-type">Error</span><span class="cf-error-code">522</span></div></div>`},
	"cloudflare: wrong DNS":            {page: `<div id="cf-error-details" class="cf-error-details-wrapper"><h1><span class="cf-error-code">1016</span></h1><h2>Origin DNS error</h2></div>`},
	"imperva: sensor":                  {page: `<h1>Hotel</h1><script src="/_Incapsula_Resource?SWJIYLWA=719d34d31c8e3a6e6fffd425f7e032f3&ns=1&cb=1" async></script><p>Rooms from 80 a night by the sea, with breakfast.</p>`},
	"imperva: sensor in an app":        {page: `<div id="root"></div><script src="/static/js/main.js"></script><script src="/_Incapsula_Resource?SWJIYLWA=719d34" async></script>`},
	"imperva: integration":             {page: `<div id="app"></div><script>window.onProtectionInitialized = function (protection) { start(protection) }</script>`},
	"perimeterx: sensor":               {page: `<div id="app"></div><script>window._pxAppId='PX1';window._pxJsClientSrc='/1/init.js'</script><script src="https://client.px-cloud.net/PX1/main.min.js"></script>`},
	"datadome: tags":                   {page: `<p>Hello there</p><script>window.ddjskey='A';window.ddoptions={endpoint:'https://js.datadome.co/js/'};</script><script src="https://js.datadome.co/tags.js" async></script>`},
	"akamai: sensor":                   {page: `<p>Hello there</p><script src="/akam/13/6f1"></script><noscript><img src="/akam/13/pixel_6f1"></noscript>`},
	"aws: SDK on an error page":        {page: `<title>Not found</title><h1>404</h1><p>This home is no longer listed, try the search.</p><script src="https://a.eu-west-1.token.awswaf.com/a/challenge.js" defer></script>`},
	"aws: SDK in an app":               {page: `<div id="root"></div><script src="https://a.eu-west-1.token.awswaf.com/a/challenge.js" defer></script><script src="/app.js"></script>`},
	"kasada: SDK in an app":            {page: `<div id="__next"></div><script src="/149e9513-01fa-4fb0-aad4-566afd725d1b/2d206a39-8ed7-437e-a3be-862e0f06eea3/p.js"></script><script>KPSDK.configure([])</script>`},
	"f5: script in a bank":             {page: `<script src="/TSPD/08e84?type=17"></script><form action="/login" method="post"><input name="user"><input type="password" name="p"></form>`},
	"akamai: origin is down":           {page: `<HTML><HEAD><TITLE>Error</TITLE></HEAD><BODY>An error occurred while processing your request.<p>Reference&#32;&#35;97&#46;cdea4b5c&#46;1611350370&#46;1c253a89</BODY></HTML>`},
	"imperva: sensor on a parked page": {page: `<a href="/"><img src="/soon.png" alt="Soon"></a><script src="/_Incapsula_Resource?SWJIYLWA=719d34" async></script>`},
	"cloudflare: an app's own ids":     {page: `<h1>30 days</h1><div id="challenge-success">Well done!</div><script src="/cdn-cgi/scripts/5c5dd728/cloudflare-static/email-decode.min.js"></script>`},
	"forum: a support id": {page: `<title>What is this support ID?</title><p>I get "The requested URL was rejected. Please consult with your administrator. Your support ID is: 123". ` +
		`How do I get rid of it? It started on Monday when we moved the shop to another host, and only those on the office network see it; at home all is well.</p>` +
		`<p>Re: The firewall in front of the shop does that. Ask whoever runs it for the number, they can look up which rule it was, and whether it should be off.</p>`},
	"cloudflare: the origin is down": {page: `<title>shop.test | 522: Connection timed out</title><div id="cf-wrapper"><div id="cf-error-details"><h1><span>Connection timed out</span>` +
		`<span>Error code 522</span></h1><p>2024-10-09 10:10:12 UTC, 1020 ms</p></div></div>`},
	"cloudflare: the origin has no address": {page: `<div id="cf-wrapper"><div id="cf-error-details"><h1><span>Error</span><span>1016</span></h1><h2>Origin DNS error</h2><p>1020</p></div></div>`},
	"perimeterx: an app that may be asked":  {page: `<div id="root"></div><script>window._pxAppId="PXabc12";var config={captcha:"/px/captcha/captcha.js?a=c"}</script><script src="/app.js"></script>`},
	"kasada: sensor on a good page":         {page: `<h1>Homes near you, and some far away from here</h1><script>window.KPSDK={};KPSDK.configure([])</script><script src="/149e9513-01fa-4fb0-aad4-566afd725d1b/2d206a39-8ed7-437e-a3be-862e0f06eea3/p.js"></script>`},
	"a page about addresses":                {page: `<h1>Your IPs</h1><p>What is it?</p><script src="/js/ips.js"></script>`},
	"imunify360: its field explained":       {page: `<h1>What is wsidchk?</h1><p>A field that Imunify360 adds, next to pdata.</p><pre>?wsidchk=1&amp;pdata=a</pre>`},
	"imunify360: its field read":            {page: `<div id="app"></div><script>if (/wsidchk|pdata/.test(location.search)) track()</script><script src="/app.js"></script>`},
	"support: a ticket":                     {page: `<h1>Thank you</h1><p>Your support ID is 4839204, we will write within a day.</p>`},
	"a feed":                                {page: `<?xml version="1.0"?><rss><channel><title>Just a moment...</title></channel></rss>`},
	"title that says more":                  {page: `<title>Just a moment... what that page is</title><h1>Just a moment...</h1><p>It is a page of Cloudflare's.</p>`},
	"short note on a code":                  {page: `<h1>Security policy</h1><p>Report suspicious activity to us.</p><p>Reference: see the handbook.</p>`},
	"plain 403":                             {page: `<html><head><title>403 Forbidden</title></head><body><center><h1>403 Forbidden</h1></center><hr><center>nginx</center></body></html>`},
	"plain 404":                             {page: `<title>404 Not Found</title><h1>Not Found</h1><p>The requested URL was not found on this server.</p>`},
	"empty app":                             {page: `<!DOCTYPE html><html><head><script src="/a.js"></script></head><body></body></html>`},
	"status page":                           {page: `<title>Status</title><p>Incident ID 44: all systems are back.</p>`},
	"JSON of a page":                        {page: `{"title":"captcha","body":"<div id=\"px-captcha\"></div><script>window._cf_chl_opt={}</script>","url":"https://docs.test/geo.captcha-delivery.com"}`},
	"JSON that asks for a captcha":          {page: `{"error":"captcha_required","captcha":{"sitekey":"` + recaptchaKey + `"}}`},
	"plain text":                            {page: `User-agent: *` + "\n" + `Disallow: /captcha` + "\n"},

	"login with a box": {page: `<title>Log in</title><form method="post"><input name="user"><input type="password" name="p"><div class="g-recaptcha" data-sitekey="` + recaptchaKey +
		`"></div></form><script src="https://www.google.com/recaptcha/api.js"></script>`, want: captcha.Widget},
	"lost password with a box": {page: `<title>Reset</title><form method="post"><input type="email" name="mail"><div class="cf-turnstile" data-sitekey="` + turnstileKey + `"></div><button>Send</button></form>`, want: captcha.Widget},
	"comments with a box": {page: `<article>` + prose + `</article><form method="post"><input name="name"><textarea name="comment"></textarea><div class="h-captcha" data-sitekey="` + hcaptchaKey +
		`"></div></form>`, want: captcha.Widget},
	"comment that verifies":        {page: `<form method="post"><textarea name="comment"></textarea><p>Please verify you are human</p><div class="cf-turnstile" data-sitekey="` + turnstileKey + `"></div></form>`, want: captcha.Widget},
	"promotional code with a box":  {page: `<h1>Redeem</h1><form method="post"><input name="promo_code"><div class="g-recaptcha" data-sitekey="` + recaptchaKey + `"></div><button>Redeem</button></form>`, want: captcha.Widget},
	"code by telephone with a box": {page: `<h1>Enter the security code</h1><form method="post"><input name="code"><div class="h-captcha" data-sitekey="` + hcaptchaKey + `"></div></form>`, want: captcha.Widget},
	"newsletter that verifies":     {page: `<h1>News by mail</h1><form method="post"><input name="mail"><p>I'm not a robot</p><div class="g-recaptcha" data-sitekey="` + recaptchaKey + `"></div></form>`, want: captcha.Widget},
	"poll with a box":              {page: `<h1>Vote</h1><form method="post"><input type="radio" name="v" value="1">Yes<input type="radio" name="v" value="2">No<div class="g-recaptcha" data-sitekey="` + recaptchaKey + `"></div></form>`, want: captcha.Widget},
	"404 with the script":          {page: `<title>404</title><h1>Not found</h1><script src="https://challenges.cloudflare.com/turnstile/v0/api.js" async></script>`, want: captcha.Widget},
	"v3 on a small page":           {page: `<h1>Welcome</h1><script src="https://www.google.com/recaptcha/api.js?render=` + recaptchaKey + `"></script>`, want: captcha.Widget},
	"app with the script":          {page: `<div id="root"></div><script src="https://www.google.com/recaptcha/enterprise.js?render=explicit"></script>`, want: captcha.Widget},
	"sign up that renders a box":   {page: `<form><input name="a"><input name="b"></form><script>turnstile.render("#x", {sitekey: "` + turnstileKey + `", action: "join"})</script><script src="https://challenges.cloudflare.com/turnstile/v0/api.js?render=explicit"></script>`, want: captcha.Widget},
	"article with a box in it":     {page: `<article>` + prose + `</article><div class="g-recaptcha" data-sitekey="` + recaptchaKey + `"></div>`, want: captcha.Widget},
	"shop with arkose":             {page: prose + `<form><input name="a"><input type="password"></form><script src="https://client-api.arkoselabs.com/v2/` + hcaptchaKey + `/api.js"></script>`, want: captcha.Widget},
}

func TestOrdinaryPagesAreNoChallenges(t *testing.T) {
	for name, o := range ordinary {
		t.Run(name, func(t *testing.T) {
			for _, status := range []int{0, 200, 404} {
				c := captcha.Detect(status, nil, nil, []byte(o.page))
				require.Equal(t, o.want, c.Verdict, "status %d: %v", status, &c)
				require.False(t, c.Solvable)
			}
		})
	}
}

func TestAStatusAloneIsNoChallenge(t *testing.T) {
	for _, name := range []string{"plain 403", "plain 404", "empty app", "status page"} {
		for _, status := range []int{403, 429, 503} {
			c := captcha.Detect(status, http.Header{"Server": {"cloudflare"}, "Cf-Ray": {"8f2a"}}, nil, []byte(ordinary[name].page))
			require.Equal(t, captcha.None, c.Verdict, "%s, %d: %v", name, status, &c)
		}
	}
}

func TestAStatusConfirmsAGate(t *testing.T) {
	page := []byte(`<p>Hello</p><form method="post"><div class="g-recaptcha" data-sitekey="` + recaptchaKey + `"></div></form>` + strings.Repeat("<p>Some more text of a page.</p>", 20))
	for status, want := range map[int]captcha.Verdict{
		0: captcha.Widget, 200: captcha.Widget, 404: captcha.Widget, 403: captcha.Challenged, 429: captcha.Challenged, 503: captcha.Challenged,
	} {
		require.Equal(t, want, captcha.Detect(status, nil, nil, page).Verdict, status)
	}
}

package captcha_test

import (
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/godwit-go/godwit/captcha"
	"github.com/stretchr/testify/require"
)

const (
	recaptchaKey = "6LdAbCdEfGhIjKlMnOpQrStUvWxYz0123456789_"
	turnstileKey = "0x4AAAAAAADnPIDROrmt1Wwj"
	hcaptchaKey  = "a5f74b19-9e45-40e0-b45d-47ff91b7a6c2"
)

// fixture is a page of our own in the shape of a vendor's.
type fixture struct {
	page   string
	rule   string
	vendor captcha.Vendor
	kind   captcha.Kind
	key    string
	params map[string]string
}

// challenges are pages that stand in the way, as they are sent and as they are
// left when a browser has run them.
var challenges = map[string]fixture{
	"cloudflare, raw": {
		page: `<!DOCTYPE html><html lang="en-US"><head><title>Just a moment...</title></head><body><div class="main-wrapper"><noscript>` +
			`<span id="challenge-error-text">Enable JavaScript and cookies to continue</span></noscript></div><script nonce="x">(function(){` +
			`window._cf_chl_opt = {cvId: '3',cZone: 'shop.test',cType: 'managed',cRay: '8f2a',cTplB: 'cf',fa:"\/?__cf_chl_f_tk=a"};` +
			`var a = document.createElement('script');a.src = '/cdn-cgi/challenge-platform/h/b/orchestrate/chl_page/v1?ray=8f2a';}());</script></body></html>`,
		rule: "cloudflare-chl-opt", vendor: captcha.Cloudflare, kind: captcha.KindCloudflare,
		params: map[string]string{"cType": "managed", "cRay": "8f2a", "cZone": "shop.test"},
	},
	"cloudflare, upper case and broken off": {
		page: `<HTML><HEAD><TITLE>Un instant…</TITLE></HEAD><BODY><SCRIPT TYPE="text/javascript">(function(){window["_cf_chl_opt"]={"cType":"interactive","cRay":"1`,
		rule: "cloudflare-chl-opt", vendor: captcha.Cloudflare, kind: captcha.KindCloudflare,
		params: map[string]string{"cType": "interactive"},
	},
	"cloudflare, through Rocket Loader": {
		page: `<script type="3f2a1b-text/javascript">window._cf_chl_opt={cType:"non-interactive"}</script>`,
		rule: "cloudflare-chl-opt", vendor: captcha.Cloudflare, kind: captcha.KindCloudflare,
	},
	"cloudflare, after scripts": {
		page: `<body><div id="challenge-success-text">Verification successful</div><div class="ray-id">Ray ID: <code>8f2a</code></div></body>`,
		rule: "cloudflare-stage", vendor: captcha.Cloudflare, kind: captcha.KindCloudflare,
	},
	"cloudflare, script only": {
		page: `<body><h1>Ci siamo quasi…</h1><script src="/cdn-cgi/challenge-platform/h/g/orchestrate/chl_page/v1?ray=9abd"></script></body>`,
		rule: "cloudflare-orchestrate", vendor: captcha.Cloudflare, kind: captcha.KindCloudflare,
	},
	"cloudflare, title only": {
		page: `<title>Just a moment...</title><h1>shop.test</h1><script src="/cdn-cgi/challenge-platform/h/b/scripts/jsd/x/main.js"></script>`,
		rule: "cloudflare-title", vendor: captcha.Cloudflare, kind: captcha.KindCloudflare,
	},
	"cloudflare of 2018": {
		page: `<div class="cf-browser-verification cf-im-under-attack"><form id="challenge-form" action="/cdn-cgi/l/chk_jschl" method="get">` +
			`<input type="hidden" name="jschl_vc" value="a"><input type="hidden" name="pass" value="b"><input type="hidden" name="jschl_answer"></form></div>`,
		rule: "cloudflare-form", vendor: captcha.Cloudflare, kind: captcha.KindCloudflare,
	},
	"cloudflare of 2019": {
		page: `<form class="challenge-form" id="challenge-form" action="/cdn-cgi/l/chk_captcha?__cf_chl_captcha_tk__=t" method="POST">` +
			`<input type="hidden" name="r" value="1"><input type="hidden" name="cf_captcha_kind" value="re">` +
			`<script src="/cdn-cgi/scripts/cf.challenge.js" data-type="normal" data-ray="5" async data-sitekey="` + recaptchaKey + `"></script>` +
			`<div class="g-recaptcha"></div></form>`,
		rule: "cloudflare-form", vendor: captcha.Cloudflare, kind: captcha.KindRecaptchaV2, key: recaptchaKey,
	},
	"datadome, slider": {
		page: `<html><head><title>shop.test</title></head><body><p id="cmsg">Please enable JS and disable any ad blocker</p><script data-cfasync="false">` +
			`var dd={'rt':'c','cid':'AHrl==','hsh':'0A1B','t':'fe','s':43337,'e':'d1','host':'geo.captcha-delivery.com','cookie':'ck'}</script>` +
			`<script src="https://ct.captcha-delivery.com/c.js"></script></body></html>`,
		rule: "datadome-script", vendor: captcha.DataDome, kind: captcha.KindDataDome,
		params: map[string]string{"rt": "c", "t": "fe", captcha.ParamCaptchaURL: "https://geo.captcha-delivery.com/captcha/?cid=ck&dm=cd&e=d1&hash=0A1B&initialCid=AHrl%3D%3D&s=43337&t=fe"},
	},
	"datadome, after scripts": {
		page: `<body><iframe src="https://geo.captcha-delivery.com/captcha/?initialCid=A&amp;hash=B&amp;t=fe" title="DataDome CAPTCHA"></iframe></body>`,
		rule: "datadome-frame", vendor: captcha.DataDome, kind: captcha.KindDataDome,
		params: map[string]string{captcha.ParamCaptchaURL: "https://geo.captcha-delivery.com/captcha/?initialCid=A&hash=B&t=fe"},
	},
	"datadome, answer to a script": {
		page: `{"url":"https://geo.captcha-delivery.com/captcha/?initialCid=A&hash=B&t=fe"}`,
		rule: "datadome-json", vendor: captcha.DataDome, kind: captcha.KindDataDome,
	},
	"perimeterx, raw": {
		page: `<html><head><title>Access to this page has been denied</title></head><body><div class="container"><div id="px-captcha"></div></div>` +
			`<script>window._pxAppId = 'PXabc123';window._pxUuid = 'u-1';window._pxHostUrl='/abc123/xhr';</script></body></html>`,
		rule: "perimeterx-captcha", vendor: captcha.PerimeterX, kind: captcha.KindPerimeterX,
		params: map[string]string{"_pxAppId": "PXabc123", "_pxUuid": "u-1"},
	},
	"perimeterx, customised": {
		page: `<h1>Robot or human?</h1><script>window['_pxAppId']="PXu6";window._pxJsClientSrc='/px/init.js';window._pxUuid='u'</script>`,
		rule: "perimeterx-vars", vendor: captcha.PerimeterX, kind: captcha.KindPerimeterX,
	},
	"perimeterx, answer to a script": {
		page: `{"appId":"PXu6b0qd2S","jsClientSrc":"/px/PXu6b0qd2S/init.js","firstPartyEnabled":true,"uuid":"u","blockScript":"/px/captcha.js"}`,
		rule: "perimeterx-json", vendor: captcha.PerimeterX, kind: captcha.KindPerimeterX,
	},
	"perimeterx, notice": {
		page: `<head><meta name="description" content="px-captcha"><title>Access to this page has been denied</title></head><body><p>Before we continue... Press &amp; Hold</p></body>`,
		rule: "perimeterx-notice", vendor: captcha.PerimeterX, kind: captcha.KindPerimeterX,
	},
	"perimeterx of 2018": {
		page: `<div id="px-captcha"></div><div class="g-recaptcha" data-sitekey="` + recaptchaKey + `"></div><script>window._pxAppId='PX1'</script>`,
		rule: "perimeterx-captcha", vendor: captcha.PerimeterX, kind: captcha.KindRecaptchaV2, key: recaptchaKey,
	},
	"imperva, incident": {
		page: `<html><head><META NAME="robots" CONTENT="noindex,nofollow"></head><body style="margin:0px"><iframe id="main-iframe" src="/_Incapsula_Resource?` +
			`SWUDNSAI=31&amp;xinfo=1-2&amp;incident_id=443-12&amp;edet=12">Request unsuccessful. Incapsula incident ID: 443-12</iframe></body></html>`,
		rule: "imperva-incident", vendor: captcha.Imperva, kind: captcha.KindImperva, params: map[string]string{"incident_id": "443-12"},
	},
	"imperva, shell": {
		page: `<html><head><script src="/_Incapsula_Resource?SWJIYLWA=719d34"></script></head><body></body></html>`,
		rule: "imperva-shell", vendor: captcha.Imperva, kind: captcha.KindImperva,
	},
	"imperva, pardon": {
		page: `<html><head><title>Pardon Our Interruption</title><script>window.onProtectionInitialized=function(p){};window.reeseSkipExpirationCheck=true;</script>` +
			`<script src="/Aflac-the-Dramaturg?d=shop.test" async></script></head><body><h1>Pardon Our Interruption</h1><p>As you were browsing something about ` +
			`your browser made us think you were a bot.</p><div id="interstitial-inprogress" style="display: none"></div></body></html>`,
		rule: "imperva-interstitial", vendor: captcha.Imperva, kind: captcha.KindImperva,
	},
	"imperva, pardon in a site's own layout": {
		page: `<title>Shop</title><h1>Pardon Our Interruption</h1><p>As you were browsing something about your browser made us think you were a bot.</p>` +
			strings.Repeat(`<a href="/p">Page</a>`, 30),
		rule: "imperva-pardon", vendor: captcha.Imperva, kind: captcha.KindImperva,
	},
	"imperva, inside the frame": {
		page: `<script src="https://js.hcaptcha.com/1/api.js"></script><script>function onCaptchaFinished(r){xhr.open("POST","/_Incapsula_Resource?SWCGHOEL=v2&dai=1",true)}</script>` +
			`<h3>Additional security check is required</h3><form><div class="h-captcha" data-sitekey="` + hcaptchaKey + `"></div></form>`,
		rule: "imperva-captcha", vendor: captcha.Imperva, kind: captcha.KindHCaptcha, key: hcaptchaKey,
	},
	"imperva of 2015": {
		page: `<html><head><META NAME="robots" CONTENT="noindex,nofollow"><script>(function(){var z="";var b="7472";eval((function(){return z;})());})();</script></head>` +
			`<body><iframe style="display:none;visibility:hidden;" src="//content.incapsula.com/jsTest.html" id="gaIframe"></iframe></body></html>`,
		rule: "imperva-shell", vendor: captcha.Imperva, kind: captcha.KindImperva,
	},
	"imperva, text of the frame": {
		page: `<html><body>Request unsuccessful. Incapsula incident ID: 443000270-1</body></html>`,
		rule: "imperva-incident-text", vendor: captcha.Imperva, kind: captcha.KindImperva,
	},
	"distil": {
		page: `<h2>Pardon Our Interruption</h2><script src="/distil_r_captcha_util.js"></script><form id="distilCaptchaForm" action="/distil_r_captcha.html?requestId=b3" method="post">` +
			`<input type="hidden" name="remoteip" value="192.0.2.1"><div class="g-recaptcha" data-sitekey="` + recaptchaKey + `"></div></form>`,
		rule: "distil", vendor: captcha.Distil, kind: captcha.KindRecaptchaV2, key: recaptchaKey,
	},
	"distil, redirecting": {
		page: `<head><meta http-equiv="refresh" content="10; url=/distil_r_captcha.html?Ref=/&amp;d=a" /></head><body><div id="distilIdentificationBlock">&nbsp;</div></body>`,
		rule: "distil", vendor: captcha.Distil, kind: captcha.KindImperva,
	},
	"aws, challenge": {
		page: `<html><head><script>window.awsWafCookieDomainList = [];window.gokuProps = {"key":"AQID+/=","iv":"CgAH","context":"rFz0"};</script>` +
			`<script src="https://a1.us-east-1.token.awswaf.com/a1/b2/challenge.js"></script></head><body><div id="challenge-container"></div><script>` +
			`AwsWafIntegration.saveReferrer();AwsWafIntegration.checkForceRefresh().then((f)=>{});</script><noscript><h1>JavaScript is disabled</h1></noscript></body></html>`,
		rule: "aws-waf-props", vendor: captcha.AWSWAF, kind: captcha.KindAWSWAF, key: "AQID+/=",
		params: map[string]string{"iv": "CgAH", "context": "rFz0", "challengeScript": "https://a1.us-east-1.token.awswaf.com/a1/b2/challenge.js"},
	},
	"aws, from the site's own path": {
		page: `<head><title></title><script src="/__challenge_x/a/challenge.js"></script></head><body><div id="challenge-container"></div><script>` +
			`AwsWafIntegration.getToken().then(()=>{window.location.reload(true)});</script></body>`,
		rule: "aws-waf-container", vendor: captcha.AWSWAF, kind: captcha.KindAWSWAF,
	},
	"akamai, behavioural": {
		page: `<html><body><div id="sec-if-cpt-container" class="crypto"></div><div>Powered and protected by</div><script src="/8zXh/x/y"></script></body></html>`,
		rule: "akamai-challenge", vendor: captcha.Akamai, kind: captcha.KindScript,
	},
	"akamai, verify": {
		page: `<html><head><meta http-equiv="refresh" content="5; URL='/?bm-verify=AAQAAA'"></head><body><script>var i=17;xhr.open("POST","/_sec/verify?provider=interstitial",false);</script></body></html>`,
		rule: "akamai-verify", vendor: captcha.Akamai, kind: captcha.KindScript,
	},
	"akamai, answer to a script": {
		page: `{"sec-cp-challenge":"true","provider":"crypto","branding_url_content":"/_sec/cp_challenge/crypto_message-4-3.htm"}`,
		rule: "akamai-json", vendor: captcha.Akamai, kind: captcha.KindScript,
	},
	"kasada": {
		page: `<!DOCTYPE html><html><head></head><body><script>window.KPSDK={};KPSDK.now=typeof performance;</script>` +
			`<script src="/149e9513-01fa-4fb0-aad4-566afd725d1b/2d206a39-8ed7-437e-a3be-862e0f06eea3/ips.js?KP_UIDz=0a&x-kpsdk-im=AA"></script></body></html>`,
		rule: "kasada-script", vendor: captcha.Kasada, kind: captcha.KindScript,
	},
	"f5, tspd": {
		page: `<html><head><meta http-equiv="Pragma" content="no-cache"/><script>(function(){window["bobcmn"] = "10111010";})();</script>` +
			`<script type="text/javascript" src="/TSPD/08e841a5c5ab2000?type=9"></script><noscript>Please enable JavaScript to view the page content.<br/>Your support ID is: 1.</noscript></head><body></body></html>`,
		rule: "f5-tspd", vendor: captcha.F5, kind: captcha.KindF5,
	},
	"google": {
		page: `<title>https://www.google.com/search?q=x</title><form id="captcha-form" action="index" method="post"><script src="https://www.google.com/recaptcha/enterprise.js" async></script>` +
			`<div id="recaptcha" class="g-recaptcha" data-sitekey="` + recaptchaKey + `" data-callback="submitCallback" data-s="dAtA-s"></div>` +
			`<input type='hidden' name='q' value='EgS'><input type="hidden" name="continue" value="https://www.google.com/search?q=x"></form><div>Nos systèmes ont détecté un trafic exceptionnel</div>`,
		rule: "google-sorry", vendor: captcha.Google, kind: captcha.KindRecaptchaV2Enterprise, key: recaptchaKey, params: map[string]string{captcha.ParamDataS: "dAtA-s"},
	},
	"amazon, image": {
		page: `<h4>Enter the characters you see below</h4><form method="get" action="/errors/validateCaptcha" name=""><input type=hidden name="amzn" value="a&#x2B;b" />` +
			`<img src="https://images-na.ssl-images-amazon.com/captcha/usvmgloq/Captcha_x.jpg"><input id="captchacharacters" name="field-keywords" type="text"></form>`,
		rule: "amazon-validate", vendor: captcha.Amazon, kind: captcha.KindImage,
		params: map[string]string{captcha.ParamImageURL: "https://images-na.ssl-images-amazon.com/captcha/usvmgloq/Captcha_x.jpg"},
	},
	"amazon, button": {
		page: `<h4>Klicke auf die Schaltfläche unten</h4><form method="get" action="/errors/validateCaptcha"><input type=hidden name="amzn" value="a" /><button type="submit">Weiter shoppen</button></form>`,
		rule: "amazon-validate", vendor: captcha.Amazon, kind: captcha.KindButton,
	},
	"yandex, checkbox": {
		page: `<form method="POST" action="/checkcaptcha?key=3f&amp;retpath=aH" id="checkbox-captcha-form"><span>Подтвердите, что запросы отправляли вы, а не робот</span>` +
			`<div class="CheckboxCaptcha" data-testid="checkbox-captcha"><input type="submit" id="js-button"></div></form>`,
		rule: "yandex-check", vendor: captcha.Yandex, kind: captcha.KindYandex,
	},
	"ebay": {
		page: `<title>Security Measure</title><form id="captcha_form" action="/splashui/captcha_submit" method="post"><div class="h-captcha" data-sitekey="` + hcaptchaKey + `"></div></form>`,
		rule: "ebay-splash", vendor: captcha.EBay, kind: captcha.KindHCaptcha, key: hcaptchaKey,
	},
	"ebay, pardon": {
		page: `<title>Bitte entschuldigen Sie die Störung...</title><p>Wir überprüfen Ihren Browser.</p><script src="https://ir.ebaystatic.com/cr/v/c1/challenge.js"></script>`,
		rule: "ebay-splash", vendor: captcha.EBay, kind: captcha.KindScript,
	},
	"vercel": {
		page: `<title>Vercel Security Checkpoint</title><div id=root><p id="header-text">We're verifying your browser</p></div><script type=module>new Worker("/.well-known/vercel/security/static/challenge.v2.min.js")</script>`,
		rule: "vercel-checkpoint", vendor: captcha.Vercel, kind: captcha.KindScript,
	},
	"anubis": {
		page: `<title>Making sure you&#39;re not a bot!</title><script id="anubis_challenge" type="application/json">{"rules":{}}</script><p>Why am I seeing this? ` +
			`Anubis.</p><script async type="module" src="/.within.website/x/cmd/anubis/static/js/main.mjs"></script>`,
		rule: "anubis-challenge", vendor: captcha.Anubis, kind: captcha.KindScript,
	},
	"anubis, without scripts": {
		page: `<meta http-equiv="refresh" content="2; url=/.within.website/x/cmd/anubis/api/pass-challenge?challenge=a">`,
		rule: "anubis-challenge", vendor: captcha.Anubis, kind: captcha.KindScript,
	},
	"perimeterx, challenge loaded by script": {
		page: `<title>Robot or human?</title><script>window._pxAppId='PXabc12';var src="/px/"+window._pxAppId+"/captcha/captcha.js?a=c&m=0"</script><p>Activate and hold the button.</p>`,
		rule: "perimeterx-vars", vendor: captcha.PerimeterX, kind: captcha.KindPerimeterX,
	},
	"perimeterx with FunCaptcha": {
		page: `<title>Access to this page has been denied.</title><div id="CAPTCHA"></div><script src="https://funcaptcha.com/fc/api/?onload=load"></script>` +
			`<script>window._pxAppId='PXabc12';function load(){new FunCaptcha({public_key: "` + hcaptchaKey + `", target_html: "CAPTCHA"})}</script>`,
		rule: "perimeterx-notice", vendor: captcha.PerimeterX, kind: captcha.KindFunCaptcha, key: hcaptchaKey,
	},
	"kasada under a path of its own, with words": {
		page: `<title>Please wait</title><script>window.KPSDK={};KPSDK.now=Date.now</script><script src="/shop-check/ips.js?x-kpsdk-im=a"></script><p>Please wait while we look at your browser, then go on.</p>`,
		rule: "kasada-script", vendor: captcha.Kasada, kind: captcha.KindScript,
	},
	"f5 picture": {
		page: `<p>This question is for testing whether you are a human visitor and to prevent automated spam submission.</p><img src="data:image/png;base64,aa">` +
			`<b>What code is in the image?</b><input type="text" id="ans" name="answer"><button id="jar">submit</button><p>Your support ID is: 42.</p>`,
		rule: "f5-captcha", vendor: captcha.F5, kind: captcha.KindF5,
	},
	"ddos-guard": {
		page: `<title>DDoS-Guard</title><body data-ddg-origin="true"><h1>Checking your browser before accessing site.test</h1><script src="/.well-known/ddos-guard/js-challenge/index.js"></script>`,
		rule: "ddos-guard-challenge", vendor: captcha.DDoSGuard, kind: captcha.KindScript,
	},
	"sucuri": {
		page: `<html><title>You are being redirected...</title><noscript>Javascript is required.</noscript><script>var s={},u,c,U,r,i,l=0,a,e=eval,w=String.fromCharCode,sucuri_cloudproxy_js='',S='dmFy';</script></html>`,
		rule: "sucuri-script", vendor: captcha.Sucuri, kind: captcha.KindScript,
	},
	"ddos-guard, its first script": {
		page: `<title>A shop</title><div class="spinner"></div><script src="https://check.ddos-guard.net/check.js"></script>`,
		rule: "ddos-guard-challenge", vendor: captcha.DDoSGuard, kind: captcha.KindScript,
	},
	"imunify360": {
		page: `<title>One moment, please...</title><svg><title>Loader</title></svg><p>Please wait while your request is being verified...</p><div id="a1"></div>` +
			`<script>on(function(){var h=+((+!+[]+!![])+(+!+[])),q='wsidchk',k='pdata',u='/z0f7';f.action=u;f.submit();});</script>`,
		rule: "imunify", vendor: captcha.Imunify, kind: captcha.KindScript,
	},
	"a plugin's check": {
		page: `<title>Blacklisted</title><h1>Anti-Crawler Protection is activated for your IP 192.0.2.7</h1><p>You will be automatically redirected after 3 seconds.</p><script>setTimeout(reload,3000)</script>`,
		rule: "generic-challenge", vendor: captcha.Generic, kind: captcha.KindScript,
	},
	"ozon, the check": {
		page: `<title>Antibot Challenge Page</title><noscript><h2>Please, enable JavaScript to continue</h2></noscript><script src="https://st.test/s3/abt-challenge/script_1.js"></script>`,
		rule: "ozon-check", vendor: captcha.Generic, kind: captcha.KindScript,
	},
	"safeline": {
		page: `<link rel="icon" href="/.safeline/static/favicon.png"><title id="slg-title"></title><div id="slg-box"></div><script src="/.safeline/challenge/v2/sdk.js"></script>`,
		rule: "safeline", vendor: captcha.SafeLine, kind: captcha.KindScript,
	},
	"linkedin checkpoint": {
		page: `<form id="captcha-challenge" action="/checkpoint/challenge/verify" method="post"><input type="hidden" name="csrfToken" value="a"><iframe src="https://www.linkedin.com/checkpoint/captcha"></iframe></form>`,
		rule: "linkedin-checkpoint", vendor: captcha.LinkedIn, kind: captcha.KindScript,
	},
}

func TestVendorsChallengesAreTold(t *testing.T) {
	address, err := url.Parse("https://site.test/page")
	require.NoError(t, err)
	all := maps.Clone(challenges)
	maps.Copy(all, gates)
	for name, f := range all {
		t.Run(name, func(t *testing.T) {
			for _, status := range []int{0, 403} {
				c := captcha.Detect(status, nil, address, []byte(f.page))
				require.Equal(t, captcha.Challenged, c.Verdict, "status %d: %v", status, &c)
				require.Equal(t, f.rule, c.Rule)
				require.Equal(t, f.vendor, c.Vendor)
				require.Equal(t, f.kind, c.Kind)
				require.Equal(t, f.key, c.SiteKey)
				require.True(t, c.Solvable)
				for key, want := range f.params {
					if key != captcha.ParamCaptchaURL || f.rule != "datadome-script" {
						require.Equal(t, want, c.Params[key], key)
					}
				}
			}
			plain := captcha.Detect(0, nil, nil, []byte(f.page))
			require.Equal(t, f.rule, plain.Rule, "without an address")
			if want := f.params[captcha.ParamCaptchaURL]; want != "" {
				require.Equal(t, want, plain.Params[captcha.ParamCaptchaURL])
			}
			// A page under a banner, in a frame of its own, in UTF-16: still the page.
			wide := []byte{0xff, 0xfe}
			for _, r := range f.page {
				wide = append(wide, byte(r), byte(r>>8))
			}
			require.Equal(t, f.rule, captcha.Detect(0, http.Header{"Content-Type": {contentType(f.page)}}, nil, wide).Rule, "as UTF-16")
		})
	}
}

func contentType(page string) string {
	if page[0] == '{' {
		return "application/json"
	}
	return "text/html; charset=utf-16"
}

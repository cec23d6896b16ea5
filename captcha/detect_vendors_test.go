package captcha_test

import (
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
	"ddos-guard": {
		page: `<title>DDoS-Guard</title><body data-ddg-origin="true"><h1>Checking your browser before accessing site.test</h1><script src="/.well-known/ddos-guard/js-challenge/index.js"></script>`,
		rule: "ddos-guard-challenge", vendor: captcha.DDoSGuard, kind: captcha.KindScript,
	},
	"sucuri": {
		page: `<html><title>You are being redirected...</title><noscript>Javascript is required.</noscript><script>var s={},u,c,U,r,i,l=0,a,e=eval,w=String.fromCharCode,sucuri_cloudproxy_js='',S='dmFy';</script></html>`,
		rule: "sucuri-script", vendor: captcha.Sucuri, kind: captcha.KindScript,
	},
	"linkedin checkpoint": {
		page: `<form id="captcha-challenge" action="/checkpoint/challenge/verify" method="post"><input type="hidden" name="csrfToken" value="a"><iframe src="https://www.linkedin.com/checkpoint/captcha"></iframe></form>`,
		rule: "linkedin-checkpoint", vendor: captcha.LinkedIn, kind: captcha.KindScript,
	},
	"recaptcha gate": {
		page: `<title>Security check</title><p>Please show that you are not a robot.</p><form method="post" action="/gate"><input type="hidden" name="back" value="/p/1">` +
			`<div class="g-recaptcha" data-sitekey="` + recaptchaKey + `" data-action="gate"></div><button>Continue</button></form>`,
		rule: "recaptcha-gate", vendor: captcha.ReCAPTCHA, kind: captcha.KindRecaptchaV2, key: recaptchaKey,
	},
	"recaptcha gate, after scripts": {
		page: `<h1>Are you a robot?</h1><form method="post"><iframe src="https://www.google.com/recaptcha/api2/anchor?ar=1&amp;k=` + recaptchaKey + `&amp;size=normal"></iframe>` +
			`<textarea name="g-recaptcha-response" style="display: none"></textarea></form>`,
		rule: "recaptcha-gate", vendor: captcha.ReCAPTCHA, kind: captcha.KindRecaptchaV2, key: recaptchaKey,
	},
	"hcaptcha gate": {
		page: `<p>One more step</p><form method="POST"><div class="h-captcha" data-sitekey="` + hcaptchaKey + `"></div></form><script src="https://js.hcaptcha.com/1/api.js" async></script>`,
		rule: "hcaptcha-gate", vendor: captcha.HCaptcha, kind: captcha.KindHCaptcha, key: hcaptchaKey,
	},
	"turnstile gate": {
		page: `<p>Verify you are human</p><form method="POST"><div class="cf-turnstile" data-sitekey="` + turnstileKey + `" data-action="a" data-cdata="c" data-response-field-name="tok"></div></form>`,
		rule: "turnstile-gate", vendor: captcha.Turnstile, kind: captcha.KindTurnstile, key: turnstileKey, params: map[string]string{captcha.ParamResponseField: "tok"},
	},
	"arkose gate": {
		page: `<p>Please complete the security check</p><div id="arkose" data-pkey="` + hcaptchaKey + `"></div><script src="https://client-api.arkoselabs.com/v2/` + hcaptchaKey + `/api.js"></script>`,
		rule: "arkose-gate", vendor: captcha.Arkose, kind: captcha.KindFunCaptcha, key: hcaptchaKey, params: map[string]string{captcha.ParamSubdomain: "https://client-api.arkoselabs.com"},
	},
	"geetest v3 gate": {
		page: `<p>Security verification</p><div id="captcha"></div><script src="https://static.geetest.com/static/tools/gt.js"></script><script>` +
			`initGeetest({gt: "0123456789abcdef0123456789abcdef", challenge: "fedcba9876543210fedcba9876543210", offline: false}, function(o){});</script>`,
		rule: "geetest-gate", vendor: captcha.GeeTest, kind: captcha.KindGeeTestV3, key: "0123456789abcdef0123456789abcdef",
		params: map[string]string{"gt": "0123456789abcdef0123456789abcdef", "challenge": "fedcba9876543210fedcba9876543210"},
	},
	"geetest v4 gate": {
		page: `<p>安全验证</p><script src="https://static.geetest.com/v4/gt4.js"></script><script>initGeetest4({captchaId: '0123456789abcdef0123456789abcdef', product: 'bind'}, h)</script>`,
		rule: "geetest-gate", vendor: captcha.GeeTest, kind: captcha.KindGeeTestV4, key: "0123456789abcdef0123456789abcdef",
		params: map[string]string{"captcha_id": "0123456789abcdef0123456789abcdef"},
	},
	"friendly gate": {
		page: `<p>Bot detection</p><form method="post"><div class="frc-captcha" data-sitekey="FCMGEMUD2KTDSQ5H"></div></form>`,
		rule: "friendly-captcha-gate", vendor: captcha.Friendly, kind: captcha.KindFriendly, key: "FCMGEMUD2KTDSQ5H",
	},
	"yandex gate": {
		page: `<p>Я не робот</p><form method="post"><div class="smart-captcha" data-sitekey="ysc1_aBcDeFgHiJkLmNoPqRsTuVwX0123456789"></div></form>`,
		rule: "yandex-gate", vendor: captcha.Yandex, kind: captcha.KindYandex, key: "ysc1_aBcDeFgHiJkLmNoPqRsTuVwX0123456789",
	},
	"image gate": {
		page: `<h1>Robot check</h1><form action="/check" method="post"><img src="/captcha.php?id=4"><input type="text" name="code"><input type="submit"></form>`,
		rule: "image-gate", vendor: captcha.Generic, kind: captcha.KindImage, params: map[string]string{captcha.ParamImageURL: "https://site.test/captcha.php?id=4"},
	},
	"fastly": {
		page: `<title>Client Challenge</title><noscript>JavaScript is disabled</noscript><div id="loading-error">A required part of this site couldn’t load.</div><script src="/_fs-ch-1T1wmsGaOgGaSxcX/script.js"></script>`,
		rule: "fastly-client", vendor: captcha.Fastly, kind: captcha.KindScript,
	},
	"siteground": {
		page: `<html><head><meta http-equiv="refresh" content="0;/.well-known/sgcaptcha/?r=%2F&y=ipc:1"></meta></head></html>`,
		rule: "siteground-captcha", vendor: captcha.SiteGround, kind: captcha.KindScript,
	},
	"radware": {
		page: `<title>Radware Captcha Page</title><form method="post"><div class="h-captcha" data-sitekey="` + hcaptchaKey + `"></div></form>`,
		rule: "radware-captcha", vendor: captcha.Radware, kind: captcha.KindHCaptcha, key: hcaptchaKey,
	},
	"alibaba": {
		page: `<html><script>var arg1='B1A2';function setCookie(n,v){} reload("acw_sc__v2")</script></html>`,
		rule: "alibaba-punish", vendor: captcha.Alibaba, kind: captcha.KindScript,
	},
	"ruishu": {
		page: `<html><head><meta id="9DhefwqGPrzGxEp9hPaoag" content="a"><script>$_ts=window['$_ts'];if(!$_ts)$_ts={};</script><script src="/4QbVtADbnLVIc/c.js"></script></head><body></body></html>`,
		rule: "ruishu", vendor: captcha.Generic, kind: captcha.KindScript,
	},
	"bunny": {
		page: `<title>Establishing a secure connection ...</title><script src="/.bunny-shield/assets/challenge.js"></script>`,
		rule: "bunny-shield", vendor: captcha.Bunny, kind: captcha.KindScript,
	},
	"stackpath": {
		page: `<title></title><iframe style="display:none" src="/sbbi/?sbbpg=sbbShell&gprid=a"></iframe>`,
		rule: "stackpath", vendor: captcha.Generic, kind: captcha.KindScript,
	},
	"testcookie": {
		page: `<script src="/aes.js"></script><script>function toNumbers(d){return d} var a=toNumbers("f6");document.cookie="__test="+toHex(slowAES.decrypt(a,2,a,a));</script>`,
		rule: "testcookie", vendor: captcha.Generic, kind: captcha.KindScript,
	},
	"google of 2012": {
		page: `<h1>google</h1><img src="/sorry/image?id=1"><form action="CaptchaRedirect" method="get"><input type="hidden" name="continue" value="x"><input type="text" name="captcha"></form>`,
		rule: "google-image", vendor: captcha.Google, kind: captcha.KindImage, params: map[string]string{captcha.ParamImageURL: "https://site.test/sorry/image?id=1"},
	},
	"nobody's title": {page: `<title>Are you a robot?</title><p>Prove it.</p>`, rule: "generic-challenge", vendor: captcha.Generic, kind: captcha.KindScript},
	"nobody's check": {
		page: `<title>Please wait</title><p>Checking your browser before accessing the site.</p><script src="/x.js"></script>`,
		rule: "generic-challenge", vendor: captcha.Generic, kind: captcha.KindScript,
	},
}

func TestVendorsChallengesAreTold(t *testing.T) {
	address, err := url.Parse("https://site.test/page")
	require.NoError(t, err)
	for name, f := range challenges {
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

func TestRefusalsAreNoChallenges(t *testing.T) {
	for name, f := range map[string]fixture{
		"cloudflare 1020": {
			page: `<title>Access denied</title><div id="cf-wrapper"><div id="cf-error-details"><h1><span class="cf-error-type">Error</span><span class="cf-error-code">1020</span></h1></div></div>`,
			rule: "cloudflare-error", vendor: captcha.Cloudflare,
		},
		"cloudflare 1015, customised": {
			page: `<div class="cf-error-details cf-error-1015"><h1>Langsam!</h1></div>`,
			rule: "cloudflare-error", vendor: captcha.Cloudflare,
		},
		"cloudflare, bare": {page: `error code: 1006`, rule: "cloudflare-error", vendor: captcha.Cloudflare},
		"cloudflare, firewall": {
			page: `<title>Attention Required! | Cloudflare</title><div id="cf-wrapper"><div id="cf-error-details"><h1 data-translate="block_headline">Sorry, you have been blocked</h1></div></div>`,
			rule: "cloudflare-block", vendor: captcha.Cloudflare,
		},
		"datadome ban": {
			page: `<script>var dd={'rt':'c','cid':'A','hsh':'B','t':'bv','s':1,'host':'geo.captcha-delivery.com'}</script>`,
			rule: "datadome-script", vendor: captcha.DataDome,
		},
		"datadome ban, answer to a script": {
			page: `{"url":"https://geo.captcha-delivery.com/captcha/?initialCid=A&t=bv"}`,
			rule: "datadome-json", vendor: captcha.DataDome,
		},
		"akamai": {
			page: `<HTML><HEAD><TITLE>Access Denied</TITLE></HEAD><BODY><H1>Access Denied</H1>You don't have permission to access "http&#58;&#47;&#47;shop&#46;test&#47;" on this server.<P>` +
				`Reference&#32;&#35;18&#46;de912f17&#46;1611350370&#46;1c253a89<P>https&#58;&#47;&#47;errors&#46;edgesuite&#46;net&#47;18&#46;de912f17</BODY></HTML>`,
			rule: "akamai-deny", vendor: captcha.Akamai,
		},
		"f5": {
			page: `<html><head><title>Request Rejected</title></head><body>The requested URL was rejected. Please consult with your administrator.<br><br>Your support ID is: 1234<br></body></html>`,
			rule: "f5-reject", vendor: captcha.F5,
		},
		"cloudfront": {
			page: `<H1>403 ERROR</H1><H2>The request could not be satisfied.</H2>Request blocked. We can't connect to the server.<BR clear="all"><PRE>Generated by cloudfront (CloudFront) Request ID: a</PRE><ADDRESS></ADDRESS>`,
			rule: "cloudfront-block", vendor: captcha.CloudFront,
		},
		"sucuri": {
			page: `<title>Sucuri WebSite Firewall - Access Denied</title><h1>Access Denied - Sucuri Website Firewall</h1><p>Block ID: GEO02</p>`,
			rule: "sucuri-block", vendor: captcha.Sucuri,
		},
		"google": {
			page: `<title>Sorry...</title><p>We're sorry... but your computer or network may be sending automated queries.</p>`,
			rule: "google-block", vendor: captcha.Google,
		},
		"amazon": {
			page: `<title>Sorry! Something went wrong!</title><a href="/ref=cs_503_link"><img src="x"></a>`,
			rule: "amazon-refusal", vendor: captcha.Amazon,
		},
		"imperva": {
			page: `<h1>Access Denied</h1><p>Error 15</p><p>This request was blocked by our security service</p><p>Powered by Imperva</p>`,
			rule: "imperva-block", vendor: captcha.Imperva,
		},
		"anubis": {
			page: `<title>Oh noes!</title><img src="/.within.website/x/cmd/anubis/static/img/reject.webp?cacheBuster=1"><p>Access Denied: error code 1.</p>`,
			rule: "anubis-reject", vendor: captcha.Anubis,
		},
		"wordfence": {
			page: `<h1>Your access to this site has been limited by the site owner</h1><p>Generated by Wordfence</p>`,
			rule: "wordfence-block", vendor: captcha.Wordfence,
		},
		"linkedin": {
			page: `<script>window.onload=function(){window.location.href="https://"+d+"/authwall?trk=x";}</script>`,
			rule: "linkedin-wall", vendor: captcha.LinkedIn,
		},
		"nobody's": {
			page: `<p>Your request looks like a bot's.</p><p>Request ID: 17, your IP address: 192.0.2.1</p>`,
			rule: "generic-block", vendor: captcha.Generic,
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := captcha.Detect(0, nil, nil, []byte(f.page))
			require.Equal(t, captcha.Blocked, c.Verdict, "%v", &c)
			require.Equal(t, f.rule, c.Rule)
			require.Equal(t, f.vendor, c.Vendor)
			require.Equal(t, captcha.KindBlock, c.Kind)
			require.False(t, c.Solvable)
		})
	}
}

package captcha_test

import (
	"testing"

	"github.com/godwit-go/godwit/captcha"
	"github.com/stretchr/testify/require"
)

// gates are challenges that a site put up itself, with a vendor's widget or without.
var gates = map[string]fixture{
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
	"recaptcha of 2010": {
		page: `<p>Please show that you are not a robot.</p><form method="post"><script src="https://www.google.com/recaptcha/api/challenge?k=` + recaptchaKey + `"></script>` +
			`<div id="recaptcha_widget" class="g-recaptcha"></div><input type="text" name="recaptcha_response_field"></form>`,
		rule: "recaptcha-gate", vendor: captcha.ReCAPTCHA, kind: captcha.KindRecaptchaV2, key: recaptchaKey,
	},
	"geetest gate without a title": {
		page: `<p>Please complete the verification to continue.</p><script src="https://static.geetest.com/v4/gt4.js"></script><script>initGeetest4({captchaId: '0123456789abcdef0123456789abcdef'}, h)</script>`,
		rule: "geetest-gate", vendor: captcha.GeeTest, kind: captcha.KindGeeTestV4, key: "0123456789abcdef0123456789abcdef",
		params: map[string]string{"captcha_id": "0123456789abcdef0123456789abcdef"},
	},
	"image gate in Chinese": {
		page: `<title>搜狗搜索</title><p>用户您好，我们的系统检测到您网络中存在异常访问请求。</p><form><img src="util/seccode.php?tc=1"><input type="text" name="c" id="seccodeInput"></form>`,
		rule: "image-gate", vendor: captcha.Generic, kind: captcha.KindImage,
	},
	"nobody's title": {page: `<title>Are you a robot?</title><p>Prove it.</p>`, rule: "generic-challenge", vendor: captcha.Generic, kind: captcha.KindScript},
	"nobody's check": {
		page: `<title>Please wait</title><p>Checking your browser before accessing the site.</p><script src="/x.js"></script>`,
		rule: "generic-challenge", vendor: captcha.Generic, kind: captcha.KindScript,
	},
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
		"cloudflare, number without a mark": {
			page: `<title>Zugriff verweigert</title><div id="cf-wrapper"><div id="cf-error-details"><h1><span>Fehler</span><span>1009</span> <span>Ray ID: 8f2a • 2024-10-20</span></h1></div></div>`,
			rule: "cloudflare-error", vendor: captcha.Cloudflare,
		},
		"distil, a letter to the owner": {
			page: `<title>Pardon Our Interruption</title><h1>Pardon Our Interruption...</h1><p>Something about your browser made us think you were a bot.</p>` +
				`<form id="distilUnblockForm" method="post" action="https://unblock.test/"><input type="text" name="first_name"><input type="text" name="email"></form>`,
			rule: "distil", vendor: captcha.Distil,
		},
		"f5 in Turkish": {
			page: `<title>İstek Engellenmiştir</title><p>Güvenlik nedeniyle isteğiniz engellenmiştir.</p><p>Support ID: 8461824683516184365</p>`,
			rule: "f5-reject", vendor: captcha.F5,
		},
		"qrator, in the words of the site": {
			page: `<title>HTTP 403</title><h1>Forbidden</h1><p>Доступ к сайту запрещен</p><p>Request: GET L3FyZXJyb3IvNDAzLmh0bWw=</p><p>Guru meditation: MTIzNDU2Nzg5</p>`,
			rule: "qrator-block", vendor: captcha.Qrator,
		},
		"safeline": {
			page: `<title id="slg-title"></title><script>window.product_data={"name_en":"SafeLine"}</script><div id="slg-bg"></div><div id="slg-box"><div id="slg-caption"></div></div>`,
			rule: "safeline", vendor: captcha.SafeLine,
		},
		"crowdsec": {
			page: `<title>CrowdSec Ban</title><h1>CrowdSec Access Forbidden</h1><p>You are unable to visit the website.</p><p>This security check has been powered by</p><a href="https://crowdsec.test/"><span>CrowdSec</span></a>`,
			rule: "crowdsec", vendor: captcha.CrowdSec,
		},
		"crowdsec, the site's own words": {
			page: `<title>Shop</title><main><h1>No way in</h1><p>Your connection was blocked before it reached us.</p><a href="https://app.crowdsec.net/cti/192.0.2.7">What is known of it</a></main>`,
			rule: "crowdsec", vendor: captcha.CrowdSec,
		},
		"ozon, the check failed": {
			page: `<title>Нет соединения</title><main><img src="https://cdn.test/s3/abt-challenge/incidents/images/warn.png"><div>Нет соединения</div><div>Инцидент: fab_chlg_1_A</div></main>`,
			rule: "ozon-check", vendor: captcha.Generic,
		},
		"a firewall in the passive": {
			page: `<title>Halt</title><p>The shop uses a service for protection. An action has triggered it and blocked your request.</p><p>Reference ID</p><p>dd931eb9522542e42ab2918fdf10f146</p>`,
			rule: "generic-block", vendor: captcha.Generic,
		},
		"a firewall in Russian": {
			page: `<title>Access blocked</title><p>Ваш запрос заблокирован</p><p>Support ID: 8418e37e-fcae-4eda-8a58-c79d91e1a74b</p>`,
			rule: "generic-block", vendor: captcha.Generic,
		},
		"a firewall that flags": {
			page: `<title>Security</title><p>Something about your request was flagged by our security system.</p><p>Requestor IP: 192.0.2.7</p>`,
			rule: "generic-block", vendor: captcha.Generic,
		},
		"a firewall in French": {
			page: `<title>HTTP 403</title><p>Cette requête a été bloquée par une sécurité.</p><p>Request ID : 3d33b7a495b23233765658a14f8e760e</p>`,
			rule: "generic-block", vendor: captcha.Generic,
		},
		"cloudflare, bare": {page: `error code: 1006`, rule: "cloudflare-error", vendor: captcha.Cloudflare},
		"cloudflare, firewall": {
			page: `<title>Attention Required! | Cloudflare</title><div id="cf-wrapper"><div id="cf-error-details"><h1 data-translate="block_headline">Sorry, you have been blocked</h1></div></div>`,
			rule: "cloudflare-block", vendor: captcha.Cloudflare,
		},
		"cloudflare, translated": {
			page: `<title>Attention Required! | Cloudflare</title><div id="cf-wrapper"><div id="cf-error-details"><h1>Es tut uns leid</h1></div></div>`,
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

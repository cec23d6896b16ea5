package captcha_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/godwit-go/godwit/captcha"
)

// wall is a page of our own in the shape of one that stands in the way.
type wall struct {
	page   string
	status int // that it usually comes with
	want   captcha.Verdict
	vendor captcha.Vendor
	needs  bool // the status: without it the page might be an ordinary one
}

// document is a whole page.
func document(title, body string) string {
	return "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>" + title + "</title>" +
		`<meta name="viewport" content="width=device-width"><style>body{margin:2em;font:16px sans-serif}</style></head><body>` + body + "</body></html>"
}

// notice is a page of a headline and paragraphs.
func notice(title, headline string, paragraphs ...string) string {
	return document(title, "<h1>"+headline+"</h1><p>"+strings.Join(paragraphs, "</p><p>")+"</p>")
}

// box is a widget as its vendor documents it.
func box(class, key, script string) string {
	return `<div class="` + class + `" data-sitekey="` + key + `"></div><script src="` + script + `" async defer></script>`
}

var (
	recaptchaBox = box("g-recaptcha", recaptchaKey, "https://www.google.com/recaptcha/api.js")
	hcaptchaBox  = box("h-captcha", hcaptchaKey, "https://js.hcaptcha.com/1/api.js")
	turnstileBox = box("cf-turnstile", turnstileKey, "https://challenges.cloudflare.com/turnstile/v0/api.js")
)

// gateForm is the form of a gate.
func gateForm(widget string) string {
	return `<form method="post" action="/verify"><input type="hidden" name="back" value="/p">` + widget + `<button>Continue</button></form>`
}

// Forms that a site has on every page.
const (
	searchByRole   = `<form role="search" action="/find"><input type="text" name="text" placeholder="Find a lamp"><button>Go</button></form>`
	searchByType   = `<form action="/find"><select name="in"><option>All</option></select><input type="search" name="text"></form>`
	searchByName   = `<form action="/" method="get"><input name="q"><input type="submit" value="Go"></form>`
	searchByClass  = `<form class="site-search__form" action="/catalog"><input type="text" name="text"></form>`
	searchByAction = `<form action="/search/"><input type="text" name="words" value=""><input type="hidden" name="l" value="en"></form>`
	searchPosted   = `<form role="search" method="post" action="/find"><input type="text" name="keywords"></form>`
	searchAlone    = `<input type="search" aria-label="Search">`
	newsletter     = `<form method="post" action="/news"><input type="email" name="mail" placeholder="Your mail"><button>Subscribe</button></form>`
)

// chrome is the frame of a site's own pages.
func chrome(body string) string {
	var links strings.Builder
	for _, name := range []string{"Lamps", "Chairs", "Tables", "Beds", "Sale", "Stores", "Help", "Account"} {
		links.WriteString(`<a href="/` + strings.ToLower(name) + `">` + name + `</a> `)
	}
	return `<header><nav>` + links.String() + `</nav>` + searchByRole + `</header><main>` + body + `</main><footer>` + links.String() + `</footer>`
}

var walls = map[string]wall{
	// A site's own gate beside the forms that all of its pages have.
	"gate beside a search by role":       {page: document("Shop", searchByRole+gateForm(recaptchaBox)), status: 403, want: captcha.Challenged, vendor: captcha.ReCAPTCHA, needs: true},
	"gate beside a search by type":       {page: document("Shop", searchByType+gateForm(hcaptchaBox)), status: 429, want: captcha.Challenged, vendor: captcha.HCaptcha, needs: true},
	"gate beside a search by name":       {page: document("Shop", searchByName+gateForm(turnstileBox)), status: 403, want: captcha.Challenged, vendor: captcha.Turnstile, needs: true},
	"gate beside a search by class":      {page: document("Shop", searchByClass+gateForm(turnstileBox)), status: 403, want: captcha.Challenged, vendor: captcha.Turnstile, needs: true},
	"gate beside a search by action":     {page: document("Shop", searchByAction+gateForm(recaptchaBox)), status: 503, want: captcha.Challenged, vendor: captcha.ReCAPTCHA, needs: true},
	"gate beside a search that posts":    {page: document("Shop", searchPosted+gateForm(recaptchaBox)), status: 403, want: captcha.Challenged, vendor: captcha.ReCAPTCHA, needs: true},
	"gate beside a search without form":  {page: document("Shop", searchAlone+gateForm(recaptchaBox)), status: 403, want: captcha.Challenged, vendor: captcha.ReCAPTCHA, needs: true},
	"gate before a search":               {page: document("Shop", gateForm(hcaptchaBox)+searchByName), status: 403, want: captcha.Challenged, vendor: captcha.HCaptcha, needs: true},
	"gate beside two searches":           {page: document("Shop", searchByRole+gateForm(hcaptchaBox)+searchByName), status: 403, want: captcha.Challenged, vendor: captcha.HCaptcha, needs: true},
	"gate that says so, beside a search": {page: document("Security check", searchByName+"<p>Please confirm that you are not a robot.</p>"+gateForm(recaptchaBox)), status: 200, want: captcha.Challenged, vendor: captcha.ReCAPTCHA},
	"gate beside search and newsletter":  {page: document("Shop", searchByRole+"<p>Are you human?</p>"+gateForm(turnstileBox)+newsletter), status: 403, want: captcha.Challenged, vendor: captcha.Turnstile, needs: true},
	"gate in a site's frame":             {page: document("Shop", chrome("<h1>Are you a robot?</h1>"+gateForm(recaptchaBox))), status: 403, want: captcha.Challenged, vendor: captcha.ReCAPTCHA, needs: true},
	"gate in a site's frame, hcaptcha":   {page: document("Shop", chrome("<p>We have seen unusual traffic from your network.</p>"+gateForm(hcaptchaBox))), status: 429, want: captcha.Challenged, vendor: captcha.HCaptcha, needs: true},
	"gate that quotes its box":           {page: document("Check", `<p>Tick “I'm not a robot” to see the page.</p>`+gateForm(recaptchaBox)), status: 200, want: captcha.Challenged, vendor: captcha.ReCAPTCHA},
	"gate of an element":                 {page: document("Checking", `<p>Please confirm you are not a robot.</p><form method="post"><altcha-widget challengeurl="/altcha"></altcha-widget><button>Continue</button></form>`), status: 403, want: captcha.Challenged},
	"gate of another vendor":             {page: document("Checking", `<p>Please confirm you are not a robot.</p><form method="post"><div class="mtcaptcha" data-sitekey="MTPublic-a1"></div><button>Continue</button></form>`), status: 200, want: captcha.Challenged},
	"gate with a picture, in Korean":     {page: document("캡차", `<p>비정상적인 접근이 감지되었습니다.</p><form><img src="/captcha/img"><input name="answer"></form>`), status: 403, want: captcha.Challenged},
	"gate in French":                     {page: document("Vérification", "<p>Confirmez que vous n'êtes pas un robot.</p>"+gateForm(hcaptchaBox)), status: 403, want: captcha.Challenged, vendor: captcha.HCaptcha},
	"gate in German":                     {page: document("Überprüfung", "<p>Bitte bestätigen Sie, dass Sie kein Roboter sind.</p>"+gateForm(recaptchaBox)), status: 200, want: captcha.Challenged, vendor: captcha.ReCAPTCHA},
	"gate in German, short":              {page: document("Sicherheitsabfrage", gateForm(recaptchaBox)), status: 200, want: captcha.Challenged, vendor: captcha.ReCAPTCHA},
	"gate in Dutch":                      {page: document("Controle", "<p>Bevestig dat je een mens bent.</p>"+gateForm(hcaptchaBox)), status: 200, want: captcha.Challenged, vendor: captcha.HCaptcha},
	"gate with a button":                 {page: document("", `<form method="post">`+hcaptchaBox+`<button>I am human</button></form>`), status: 200, want: captcha.Challenged, vendor: captcha.HCaptcha},
	"gate of tencent":                    {page: document("", `<p>为了您的账户安全，请完成验证</p><form method="post"><button id="TencentCaptcha" data-appid="2046">验证</button></form><script src="https://turing.captcha.qcloud.com/TCaptcha.js"></script>`), status: 200, want: captcha.Challenged, vendor: captcha.Tencent},
	"gate of yandex, drawn by a script":  {page: document("", `<p>Мы заметили подозрительную активность.</p><form id="f" method="post"><div id="c"></div></form><script src="https://smartcaptcha.yandexcloud.net/captcha.js?render=onload&onload=i" defer></script><script>function i(){window.smartCaptcha.render("c",{sitekey:"ysc1_Zz9yX8wV7uT6sR5qP4oN3mL2kJ1iH0gF"})}</script>`), status: 200, want: captcha.Challenged, vendor: captcha.Yandex},
	"gate, a firewall's":                 {page: document("Security Challenge", "<p>Your request has been flagged. Please complete the challenge below to continue to the site.</p>"+gateForm(recaptchaBox)), status: 200, want: captcha.Challenged, vendor: captcha.ReCAPTCHA},
	"gate in Japanese":                   {page: document("確認", "<p>私はロボットではありません</p>"+gateForm(recaptchaBox)), status: 403, want: captcha.Challenged, vendor: captcha.ReCAPTCHA},
	"gate in Swedish":                    {page: document("Kontroll", "<p>Bekräfta att du inte är en robot.</p>"+gateForm(recaptchaBox)), status: 200, want: captcha.Challenged, vendor: captcha.ReCAPTCHA},
	"gate in Czech":                      {page: document("Ověření", "<p>Potvrďte, že nejste robot.</p>"+gateForm(turnstileBox)), status: 200, want: captcha.Challenged, vendor: captcha.Turnstile},
	"gate in Arabic":                     {page: document("تحقق", "<p>أثبت أنك لست روبوت</p>"+gateForm(recaptchaBox)), status: 200, want: captcha.Challenged, vendor: captcha.ReCAPTCHA},
	"gate without form, by callback":     {page: document("One more step", `<p>Verify you are human to continue.</p><div class="cf-turnstile" data-sitekey="`+turnstileKey+`" data-callback="done"></div>`), status: 403, want: captcha.Challenged, vendor: captcha.Turnstile},
	"gate drawn by a script":             {page: document("Security check", `<p>Please verify you are a human.</p><div id="c"></div><script src="https://challenges.cloudflare.com/turnstile/v0/api.js?render=explicit"></script><script>turnstile.render("#c", {sitekey: "`+turnstileKey+`"})</script>`), status: 403, want: captcha.Challenged, vendor: captcha.Turnstile},

	// Searches.
	"google wants a script": {page: `<!DOCTYPE html><html lang="en"><head><title>Google Search</title><style>body{background-color:var(--x)}</style></head><body><noscript><style>table,div,span,p{display:none}</style>` +
		`<meta content="0;url=/httpservice/retry/enablejs?sei=abc" http-equiv="refresh"><div style="display:block">Please click <a href="/httpservice/retry/enablejs?sei=abc">here</a> if you are not redirected.</div></noscript>` +
		`<script nonce="n">(function(){var s=false;})();</script><div id="yvlrue" style="display:none">If you're having trouble accessing Google Search, please <a href="/search?q=x&amp;emsg=SG_REL&amp;sei=abc">click here</a>, or send ` +
		`<a href="https://support.google.com/websearch">feedback</a>.</div></body></html>`, status: 200, want: captcha.Challenged, vendor: captcha.Google},
	"google wants a script, in Polish":  {page: `<html lang="pl"><title>Google Search</title><body><noscript><meta http-equiv=refresh content="0; url=/httpservice/retry/enablejs?sei=a"></noscript><div id="yvlrue">Jeśli masz problem, <a href="/search?q=x&amp;emsg=SG_REL">kliknij tutaj</a>.</div></body></html>`, status: 200, want: captcha.Challenged, vendor: captcha.Google},
	"google, the page that it sends to": {page: notice("Google Search", "Turn on JavaScript to keep searching", "The browser you’re using has JavaScript turned off. To continue your search, turn it on."), status: 200, want: captcha.Challenged, vendor: captcha.Google},
	"google, in Spanish": {page: document("https://www.google.com/search?q=x", `<form id="captcha-form" action="index" method="post"><div id="recaptcha" class="g-recaptcha" data-sitekey="`+recaptchaKey+`" data-s="s"></div><input type="hidden" name="q" value="a">`+
		`<input type="hidden" name="continue" value="https://www.google.com/search?q=x"></form><b>Acerca de esta página</b> Nuestros sistemas han detectado tráfico inusual procedente de tu red.`), status: 429, want: captcha.Challenged, vendor: captcha.Google},
	"duckduckgo": {page: document("x at DuckDuckGo", `<form id="challenge-form" action="//duckduckgo.com/anomaly.js?sv=html&amp;cc=sre" method="POST"><div class="anomaly-modal__title">Unfortunately, bots use DuckDuckGo too.</div>`+
		`<div class="anomaly-modal__description">Please complete the following challenge to confirm this search was made by a human.</div><input type="checkbox" name="image-check_1"><input type="checkbox" name="image-check_2"></form>`), status: 202, want: captcha.Challenged},
	"baidu":           {page: `<!DOCTYPE html><html lang="zh-CN"><head><meta charset="utf-8"><title>百度安全验证</title><script src="https://wappass.bdimg.com/static/waf/js/mkd.js"></script></head><body><div class="timeout hide"><div class="timeout-title">网络不给力，请稍后重试</div></div></body></html>`, status: 200, want: captcha.Challenged},
	"yandex, in text": {page: document("Ой!", `<form method="POST" action="/checkcaptcha?key=a&amp;d=1"><img src="https://ext.captcha.yandex.net/image?key=a"><input name="rep"><button>Отправить</button></form>`), status: 200, want: captcha.Challenged, vendor: captcha.Yandex},

	// Scripts that set a cookie and come again.
	"edgeone": {page: `<script>function a(a){function n(){for(var a={wQzOV:_0x6("0x4")},n=a[_0x6("0x5")][_0x6("0x6")]("|"),e=0;;){switch(n[e++]){case"0":t+="EO_Bot_Ssid=";continue;case"3":t=a[_0x6("0x7")](t,2975465472);continue}break}}var e={WTKkN:146423112};return 1}` +
		`var _0x4=["wyeCN","cookie","location.href=location.href.replace(/[?|&]tads/, '')"];document[_0x6("0x9")]="__tst_status="+a(0)+"#;",document[_0x6("0x9")]=a(1)+";",setTimeout(_0x6("0xa"),1200);</script>`, status: 200, want: captcha.Challenged},
	"jiasule":                {page: `<script>document.cookie=('_')+('_')+('j')+('s')+('l')+(-~[]+'')+('|')+';max-age=3600;path=/';location.href=location.pathname+location.search</script>`, status: 521, want: captcha.Challenged},
	"a cookie, then again":   {page: `<html><head><script>document.cookie="human=4f2a91; path=/"; window.location.reload(true);</script></head><body></body></html>`, status: 200, want: captcha.Challenged},
	"a cookie, by replace":   {page: `<html><body onload="go()"><script>function go(){var h=sha1("x"+n);document.cookie="res="+h+n+"; path=/";window.location.replace(window.location.href);}</script></body></html>`, status: 200, want: captcha.Challenged},
	"a cookie, with a word":  {page: `<html><head><title>Loading</title></head><body>Please wait...<script>document.cookie = 'chk=' + (17*3) + ';path=/'; setTimeout(function(){ location.reload(); }, 500);</script></body></html>`, status: 503, want: captcha.Challenged},
	"alibaba, in a textarea": {page: `<!doctypehtml><html lang="zh-cn"><meta charset="utf-8"><meta name="aliyun_waf_aa" content="a1b2"><title></title><textarea id="renderData" style="display:none">{"_waf_bd8ce2ce37":"x"}</textarea><script name="aliyunwaf_6a6f5ea8">(function(){var a="acw_sc__v2"})()</script></html>`, status: 200, want: captcha.Challenged, vendor: captcha.Alibaba},
	"alibaba, slider":        {page: document("滑动验证页面", `<meta name="aliyun_waf_aa" content="b"><div id="captcha-element"></div><script>window.initAliyunCaptcha({SceneId:"a",prefix:"p"});</script><script src="https://o.alicdn.com/captcha-frontend/aliyunCaptcha/AliyunCaptcha.js"></script><p>访问验证</p>`), status: 200, want: captcha.Challenged, vendor: captcha.Alibaba},
	"douban":                 {page: document("载入中 ...", `<form name="sec" id="sec" method="POST" action="/c"><input type="hidden" id="tok" name="tok" value="a"/><input type="hidden" id="cha" name="cha" value="b"/><input type="hidden" id="sol" name="sol"/></form><script>function process(c){for(var n=0;;n++){if(sha512(c+n).substr(0,4)==="0000"){return n}}}document.getElementById("sec").submit()</script>`), status: 200, want: captcha.Challenged},
	"a proof of work, posted": {page: document("Checking", `<p>Please wait a moment.</p><form id="f" method="post" action="/.pow/check"><input type="hidden" name="challenge" value="4f2a"><input type="hidden" name="nonce"></form>`+
		`<script>crypto.subtle.digest("SHA-256",new TextEncoder().encode(c+n)).then(function(){document.getElementById("f").submit()})</script>`), status: 503, want: captcha.Challenged},
	"aws, captcha":              {page: document("Human Verification", `<div id="captcha-container"></div><script src="https://a.b.us-east-1.captcha.awswaf.com/a/b/captcha.js"></script><script>AwsWafCaptcha.renderCaptcha(document.getElementById("captcha-container"), {onSuccess: done})</script>`), status: 405, want: captcha.Challenged, vendor: captcha.AWSWAF},
	"tencent, captcha":          {page: document("", `<script src="https://turing.captcha.qcloud.com/TCaptcha.js"></script><script>var seqid="captcha_a";var c=new TencentCaptcha("2017163193",function(r){x.open("POST","/WafCaptcha")});c.show()</script>`), status: 200, want: captcha.Challenged, vendor: captcha.Tencent},
	"bytedance":                 {page: document("Please wait...", `<p id="wci" class="_wafchallengeid"></p><p id="rci" class="waforiginalreid"></p><p id="cs" class="eyJ2IjoiYSJ9"></p><script>(function(){go()})()</script>`), status: 200, want: captcha.Challenged},
	"bytedance, slider":         {page: document("验证码中间页", `<div id="captcha_container"></div><script src="https://lf.test/captcha.js"></script><script>window.TTGCaptcha.init({})</script>`), status: 200, want: captcha.Challenged},
	"litespeed":                 {page: document("Bot Verification", `<h2>Verifying that you are not a robot...</h2><form id="lsrecaptcha-form" action="/.lsrecap/recaptcha?" method="POST"><div id="recaptcha" class="g-recaptcha" data-sitekey="`+recaptchaKey+`" data-size="invisible"></div></form>`), status: 200, want: captcha.Challenged},
	"stack overflow":            {page: document("Human verification - Stack Overflow", `<h1>Human verification</h1><p>Before we continue, please confirm that you are a human.</p><form method="post" action="/nocaptcha"><input type="hidden" name="fkey" value="a">`+recaptchaBox+`</form>`), status: 405, want: captcha.Challenged, vendor: captcha.ReCAPTCHA},
	"reddit, humanity":          {page: document("Reddit - Prove your humanity", `<h1>Prove your humanity</h1><p>We're committed to safety and security. But not for bots. Complete the challenge below and let us know you're a real person.</p><form method="post">`+recaptchaBox+`</form>`), status: 200, want: captcha.Challenged, vendor: captcha.ReCAPTCHA},
	"imunify, captcha":          {page: document("Captcha", `<p>We have noticed an unusual activity from your IP 192.0.2.7 and blocked access to this website.</p><p>Please confirm that you are not a robot</p><form method="post">`+recaptchaBox+`</form>`), status: 415, want: captcha.Challenged},
	"imunify, by form":          {page: document("One moment, please...", `<h1>Please wait while your request is being verified...</h1><form id="wsidchk-form" style="display:none;" action="/z0f76a1d14fd21a8f" method="GET"><input type="hidden" id="wsidchk" name="wsidchk"/></form><script>(function(){document.getElementById('wsidchk').value=west+east})()</script>`), status: 200, want: captcha.Challenged, vendor: captcha.Imunify},
	"f5, captcha in Spanish":    {page: document("", `Esta pregunta es para comprobar si es usted una persona.<br><img src="data:image/png;base64,iVBORw0KGgo="><br><b>¿Cuál es el código de la imagen?</b> <input type="text" id="ans" name="answer"><button id="jar">Enviar</button><script>window["bobcmn"] = "1011";</script><br>Su código de soporte es: 9917842311634782212.`), status: 200, want: captcha.Challenged, vendor: captcha.F5},
	"datadome of 2019":          {page: `<html><head><title>You have been blocked</title></head><body style="margin:0"><script>var dd={'cid':'AHrl','hsh':'A55F','t':'fe'}</script><script src="https://ct.datado.me/c.js"></script></body></html>`, status: 403, want: captcha.Challenged, vendor: captcha.DataDome},
	"bing":                      {page: document("x - Search", `<h1>One last step</h1><p>Please solve the challenge below to continue</p><div class="cf-turnstile" data-sitekey="`+turnstileKey+`"></div>`), status: 200, want: captcha.Challenged, vendor: captcha.Turnstile},
	"cerberus":                  {page: document("Making sure you're not a bot!", `<script id="challenge-input" type="application/json">{"challenge":"a"}</script><div id="app"></div><script type="module" src="/.cerberus/static/main.js"></script>`), status: 200, want: captcha.Challenged},
	"datadome, interstitial":    {page: `<html lang="en"><head><title>a.test</title></head><body style="margin:0"><script>var dd={'rt':'i','cid':'A==','hsh':'B','b':1,'s':3,'host':'geo.captcha-delivery.com'}</script><script src="https://ct.captcha-delivery.com/i.js"></script></body></html>`, status: 403, want: captcha.Challenged, vendor: captcha.DataDome},
	"gate, hidden search field": {page: document("Check", `<form action="/search" method="get" style="display:none"><input name="q"></form>`+gateForm(recaptchaBox)+`<p>Are you a human being?</p>`), status: 200, want: captcha.Challenged, vendor: captcha.ReCAPTCHA},
	"gate for a search":         {page: document("Check", `<p>Are you a human being?</p><form action="/search" method="get"><input type="hidden" name="q" value="lamps">`+recaptchaBox+`<button>Go on</button></form>`), status: 200, want: captcha.Challenged, vendor: captcha.ReCAPTCHA},
}

func TestWallsAreTold(t *testing.T) {
	for _, all := range []map[string]wall{walls, refusals} {
		for name, w := range all {
			t.Run(name, func(t *testing.T) {
				for _, status := range []int{0, w.status} {
					if w.needs && status == 0 {
						continue
					}
					c := captcha.Detect(status, nil, nil, []byte(w.page))
					require.Equal(t, w.want, c.Verdict, "status %d: %v", status, &c)
					require.Equal(t, w.want == captcha.Challenged, c.Solvable)
					if w.vendor != "" {
						require.Equal(t, w.vendor, c.Vendor, "%v", &c)
					}
				}
			})
		}
	}
}

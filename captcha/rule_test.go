package captcha_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/godwit-go/godwit/captcha"
	"github.com/stretchr/testify/require"
)

func detector(t *testing.T, rules ...captcha.Rule) *captcha.Detector {
	t.Helper()
	d, err := captcha.NewDetector(captcha.DetectorConfig{Rules: rules})
	require.NoError(t, err)
	return d
}

func TestUsersAddRules(t *testing.T) {
	d := detector(t, captcha.Rule{
		Name: "acme-wall", Vendor: "acme", Kind: "acme-puzzle", Verdict: captcha.Challenged, Markers: []string{"ACME-Wall"},
		Match: func(p *captcha.Page) bool { return p.HasID("acme-wall") },
		Fill: func(p *captcha.Page, c *captcha.Challenge) {
			c.SiteKey = p.Value("acmeKey")
			c.Form = p.FormTo("/acme")
		},
	})
	address, err := url.Parse("https://site.test/a/b?c=d#e")
	require.NoError(t, err)
	page := []byte(`<base href="/base/"><div id="acme-wall"></div><script>var acmeKey='k1'</script><form action="acme?x=1&amp;y=2" method="post"></form>` +
		`<form action="/acme" method="post"><input type="hidden" name="a" value="1"></form>`)
	c := d.Detect(0, nil, address, page)
	require.Equal(t, "challenge acme/acme-puzzle (acme-wall)", c.String())
	require.Equal(t, "k1", c.SiteKey)
	require.Equal(t, "https://site.test/acme", c.Form.Action.String())
	require.True(t, c.Solvable)
	require.Equal(t, captcha.High, c.Confidence)
	require.Equal(t, captcha.None, d.Detect(0, nil, nil, []byte(`<p>nothing</p>`)).Verdict)
	require.Equal(t, captcha.Challenged, d.Detect(0, nil, nil, []byte(`<script>window._cf_chl_opt={}</script>`)).Verdict, "the built-in ones stay")
}

func TestARuleWithMarkersIsAskedOnlyWhereTheyAre(t *testing.T) {
	asked := 0
	d := detector(t, captcha.Rule{
		Name: "count", Markers: []string{"Needle", "Иголка"}, Match: func(*captcha.Page) bool { asked++; return false },
	})
	d.Detect(403, nil, nil, []byte("<p>hay captcha</p>"))
	require.Zero(t, asked)
	d.Detect(200, nil, nil, []byte("<p>hay NEEDLE hay</p>"))
	require.Equal(t, 1, asked)
	d.Detect(200, nil, nil, []byte("<p>сено Иголка сено</p>"))
	require.Equal(t, 2, asked)
}

func TestUsersMakeExceptions(t *testing.T) {
	page := []byte(`<script>window._cf_chl_opt={}</script>`)
	header := http.Header{"Cf-Mitigated": {"challenge"}}
	own := func(p *captcha.Page) bool { return p.URL != nil && p.URL.Host == "own.test" }
	d := detector(t,
		captcha.Rule{Name: "own, head", Head: true, Match: own},
		captcha.Rule{Name: "own", Match: own},
	)
	address := &url.URL{Scheme: "https", Host: "own.test"}
	require.Equal(t, captcha.None, d.Detect(403, header, address, page).Verdict)
	require.Equal(t, captcha.None, d.Detect(403, nil, address, page).Verdict)
	require.Equal(t, captcha.Challenged, d.Detect(403, header, nil, page).Verdict)
}

func TestBadRulesAreRefused(t *testing.T) {
	_, err := captcha.NewDetector(captcha.DetectorConfig{Rules: []captcha.Rule{
		{Name: "fine", Match: func(*captcha.Page) bool { return false }},
		{Markers: []string{"abc"}, Verdict: 9, Confidence: 1.5},
	}})
	for _, want := range []string{
		`Rules[1].Name: "", want a name`, `Rules[1].Match: nil, want a func`, `Rules[1].Markers[0]: "abc", want at least 4 bytes`,
		`Rules[1].Verdict: 9, want one of`, `Rules[1].Confidence: 1.5, want 0 to 1`,
	} {
		require.ErrorContains(t, err, want)
	}
}

func TestPagesAnswerForTheirStructure(t *testing.T) {
	var page *captcha.Page
	d := detector(t, captcha.Rule{Name: "look", Match: func(p *captcha.Page) bool { page = p; return false }})
	d.Detect(200, nil, &url.URL{Scheme: "https", Host: "a.test", Path: "/x/y"}, []byte(`<!DOCTYPE html><TITLE> One &amp;
		two </TITLE><META HTTP-EQUIV=Refresh CONTENT="3;url='/next?a=1&amp;b=2'"><body CLASS="a  b"><h1 ID=top>Hello,&nbsp;   world</h1>
		<i>"Denied", “Blocked” «Refused»</i><meta NAME="a-b">
		<script>var n = "v\x41";</script><noscript><p>go <META content='0; url=/plain' http-equiv="Refresh"></noscript><noscript>no <b>script</b></noscript><style>.x{}</style><a href="#here">h</a><a href="/l?m">l</a>
		<iframe src="/frame?f">in frame</iframe><img src="pic.png"><pre id="quoted">q</pre>
		<form id=f ACTION="/send?a=1&amp;b=2" method=Post><input type=hidden name=h value="&lt;1&gt;"><input name=t value=2><input type=checkbox name=c>
		<input type=checkbox name=d checked><input type=radio name=r value=7 checked><input type=password name=p><textarea name=ta>x</textarea>
		<input type=file name=nofile><input type=reset name=noreset><button name=go value=1>Go</button><button name=no2 value=2>No</button><form action="/nested"></form>`))
	require.Equal(t, "One & two", page.Title())
	require.Equal(t, `Hello, world "Denied", “Blocked” «Refused» hl Go No `, page.Text())
	require.InDelta(t, utf8.RuneCountInString(page.Text()), page.TextLen(), 4)
	require.True(t, page.Says("hello, world"))
	require.False(t, page.Says("script", "quoted", "denied", "blocked", "refused"), "what is in quotation marks is said by others")
	require.True(t, page.HasID("none", "top"))
	require.False(t, page.HasID("to", "quoted", ""))
	require.True(t, page.HasClass("b"))
	require.True(t, page.HasInput("ta"))
	require.Equal(t, "/frame?f", page.FrameSrc("frame"))
	require.Equal(t, "pic.png", page.ImageSrc("pic"))
	require.Equal(t, "/l?m", page.Link("l"))
	require.Empty(t, page.Link("#here"))
	require.Equal(t, "/next?a=1&b=2", page.Refresh())
	require.Equal(t, "/plain", page.NoscriptRefresh())
	require.True(t, page.HasMeta("a-b"))
	require.False(t, page.HasMeta("a"))
	require.Equal(t, "vA", page.Value("n"))
	require.True(t, page.Scripts("var n"))
	require.False(t, page.Short(), "it asks for a password")
	f := page.FormID("f")
	require.Equal(t, "https://a.test/send?a=1&b=2", f.Action.String())
	require.Equal(t, "POST", f.Method)
	require.Equal(t, []captcha.Field{{Name: "h", Value: "<1>"}, {Name: "t", Value: "2"}, {Name: "d", Value: "on"}, {Name: "r", Value: "7"}, {Name: "p"}, {Name: "ta"}, {Name: "go", Value: "1"}}, f.Fields)
	require.Equal(t, "<1>", f.Values().Get("h"))
	require.Nil(t, page.FormTo("/nested"))
}

func TestAnEmptyActionIsThePageItself(t *testing.T) {
	address, err := url.Parse("https://a.test/x?y=1#z")
	require.NoError(t, err)
	page := []byte(`<base href="https://b.test/"><p>not a robot</p><form method="post"><div class="g-recaptcha" data-sitekey="` + recaptchaKey + `"></div></form>`)
	c := captcha.Detect(403, nil, address, page)
	require.Equal(t, "https://a.test/x?y=1", c.Form.Action.String())
}

func TestVerdictsAreWrittenAndReadAsText(t *testing.T) {
	for v, want := range map[captcha.Verdict]string{captcha.None: `"none"`, captcha.Widget: `"widget"`, captcha.Challenged: `"challenge"`, captcha.Blocked: `"blocked"`} {
		text, err := json.Marshal(v)
		require.NoError(t, err)
		require.Equal(t, want, string(text))
		var back captcha.Verdict
		require.NoError(t, json.Unmarshal(text, &back))
		require.Equal(t, v, back)
	}
	var v captcha.Verdict
	require.Error(t, json.Unmarshal([]byte(`"else"`), &v))
	require.Equal(t, "Verdict(9)", captcha.Verdict(9).String())
	require.Equal(t, "none", (*captcha.Challenge)(nil).String())
	require.False(t, (*captcha.Challenge)(nil).Stands())
}

func TestHostilePagesAreSlowForNobody(t *testing.T) {
	for name, body := range hostilePages() {
		start := time.Now()
		captcha.Detect(403, nil, nil, body)
		// The promise is 50 ms, which the benchmark shows. What is quadratic takes
		// minutes, whatever the machine is busy with.
		require.Less(t, time.Since(start), time.Minute, name)
	}
}

func FuzzDetect(f *testing.F) {
	for _, c := range challenges {
		f.Add(403, "text/html", c.page)
	}
	for _, o := range ordinary {
		f.Add(200, "application/json", o.page)
	}
	f.Fuzz(func(t *testing.T, status int, contentType, page string) {
		header := http.Header{"Content-Type": {contentType}, "Location": {page[:min(len(page), 64)]}}
		address := &url.URL{Scheme: "https", Host: "a.test", Path: "/"}
		c := captcha.Detect(status, header, address, []byte(page))
		require.Equal(t, c.Verdict == captcha.Challenged, c.Solvable)
		require.Equal(t, c.Verdict != captcha.None, c.Rule != "")
		require.Equal(t, c.Verdict != captcha.None, c.Vendor != "" && c.Kind != "" && c.Confidence > 0)
		// The same page in two halves of a quotation is an ordinary one.
		quoted := "<textarea>" + strings.ReplaceAll(page, "</", "< /") + "</textarea>"
		require.False(t, captchaStands(captcha.Detect(200, nil, address, []byte(quoted))), quoted)
	})
}

func captchaStands(c captcha.Challenge) bool { return c.Stands() }

func TestARuleForTheHeadSeesNoBody(t *testing.T) {
	d := detector(t, captcha.Rule{
		Name: "head", Head: true,
		Match: func(p *captcha.Page) bool { return p.Body != nil || p.HasID("px-captcha") },
	})
	c := d.Detect(403, nil, nil, []byte(`<div id="px-captcha"></div>`))
	require.Equal(t, captcha.Challenged, c.Verdict, "and does not keep the others from seeing it")
}

func TestABanInTheBodyOverrulesAChallengeInTheHead(t *testing.T) {
	header := http.Header{"X-Dd-B": {"1"}, "Content-Type": {"text/html"}}
	c := captcha.Detect(403, header, nil, []byte(`<script>var dd={'rt':'c','t':'bv','host':'geo.captcha-delivery.com'}</script>`))
	require.Equal(t, captcha.Blocked, c.Verdict)
	require.False(t, c.Solvable)
	require.Equal(t, "datadome-script", c.Rule)
}

func TestAVendorThatStandsInForAnotherIsTold(t *testing.T) {
	c := captcha.Detect(200, nil, nil, []byte(prose+`<div class="g-recaptcha" data-sitekey="`+hcaptchaKey+`"></div><script src="https://js.hcaptcha.com/1/api.js"></script>`))
	require.Equal(t, captcha.HCaptcha, c.Vendor)
	require.Equal(t, hcaptchaKey, c.SiteKey)
}

func TestTheAnswerGoesIntoTheWidgetsOwnForm(t *testing.T) {
	const search = `<form action="/search" method="post"><input type="hidden" name="s" value="1"></form>`
	page := `<p>Please show that you are not a robot.</p>` + search + `<form action="/gate"><input type="hidden" name="back" value="/p">` +
		`<div class="g-recaptcha" data-sitekey="` + recaptchaKey + `"></div></form>` + search
	c := captcha.Detect(403, nil, nil, []byte(page))
	require.Equal(t, "/gate", c.Form.Action.String())
	require.Equal(t, "GET", c.Form.Method)
	require.Equal(t, []captcha.Field{{Name: "back", Value: "/p"}}, c.Form.Fields)

	page = `<p>Please show that you are not a robot.</p><form action="/search"></form><form action="/gate" method="post"></form>` +
		`<div class="g-recaptcha" data-sitekey="` + recaptchaKey + `"></div>`
	c = captcha.Detect(403, nil, nil, []byte(page))
	require.Equal(t, "/gate", c.Form.Action.String(), "outside of a form the one that posts takes it")

	page = `<p>Please show that you are not a robot.</p>` + searchByName + `<form action="/gate"><input type="hidden" name="back" value="/p"></form>` +
		`<div class="g-recaptcha" data-sitekey="` + recaptchaKey + `"></div>`
	c = captcha.Detect(403, nil, nil, []byte(page))
	require.Equal(t, "/gate", c.Form.Action.String(), "but never the site's search")
}

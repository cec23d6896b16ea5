package captcha_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/godwit-go/godwit/captcha"
)

// A page is judged by its structure: the same words in an article are talk.
func ExampleDetect() {
	gate := `<p>Are you a robot?</p><form method="post"><div class="g-recaptcha" data-sitekey="6LdAbCdEfGhIjKlMnOpQrStUvWxYz0123456789_"></div></form>`
	article := `<h1>Are you a robot?</h1><pre>&lt;div class="g-recaptcha"&gt;</pre>`

	c := captcha.Detect(403, nil, nil, []byte(gate))
	fmt.Println(&c, c.SiteKey)
	c = captcha.Detect(200, nil, nil, []byte(article))
	fmt.Println(&c)
	// Output:
	// challenge recaptcha/recaptcha-v2 (recaptcha-gate) 6LdAbCdEfGhIjKlMnOpQrStUvWxYz0123456789_
	// none
}

// A detector peeks at the body of a response and hands it back unread.
func ExampleDetector_Inspect() {
	resp := &http.Response{
		StatusCode: 200,
		Header:     http.Header{"Content-Type": {"text/html"}},
		Body:       io.NopCloser(strings.NewReader(`<script>window.gokuProps = {"key":"AQID","iv":"CgAH","context":"rFz0"}</script>`)),
	}
	var detector captcha.Detector
	c, err := detector.Inspect(resp)
	fmt.Println(c, err)
	fmt.Println(c.SiteKey, c.Params["iv"], c.Params["context"])
	body, _ := io.ReadAll(resp.Body)
	fmt.Println(len(body))
	// Output:
	// challenge aws-waf/aws-waf (aws-waf-props) <nil>
	// AQID CgAH rFz0
	// 79
}

// A rule of one's own tells what the built-in ones do not know.
func ExampleRule() {
	detector, err := captcha.NewDetector(captcha.DetectorConfig{Rules: []captcha.Rule{{
		Name:    "acme-wall",
		Vendor:  "acme",
		Verdict: captcha.Blocked,
		Markers: []string{"acme-wall"},
		Match:   func(p *captcha.Page) bool { return p.HasID("acme-wall") && p.Short() },
	}}})
	if err != nil {
		fmt.Println(err)
		return
	}
	c := detector.Detect(200, nil, nil, []byte(`<div id="acme-wall">No.</div>`))
	fmt.Println(&c)
	// Output: blocked acme/block (acme-wall)
}

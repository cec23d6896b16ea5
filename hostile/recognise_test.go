package hostile_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/godwit-go/godwit/captcha"
	"github.com/godwit-go/godwit/hostile"
	"github.com/stretchr/testify/require"
)

// The pages are written after the vendors'. A detector that knows the vendors
// must take them for theirs, by the body alone, and ordinary pages for ordinary.
func TestChallengePagesLookLikeTheirVendors(t *testing.T) {
	for name, c := range map[string]struct {
		hazard hostile.Hazard
		vendor captcha.Vendor
		want   captcha.Verdict
	}{
		"recaptcha":          {hostile.ReCaptcha{}, captcha.ReCAPTCHA, captcha.Challenged},
		"turnstile":          {hostile.Turnstile{}, captcha.Turnstile, captcha.Challenged},
		"hcaptcha":           {hostile.HCaptcha{}, captcha.HCaptcha, captcha.Challenged},
		"cloudflare":         {hostile.Cloudflare{}, captcha.Cloudflare, captcha.Challenged},
		"datadome":           {hostile.DataDome{}, captcha.DataDome, captcha.Challenged},
		"datadome, banned":   {hostile.DataDome{Banned: true}, captcha.DataDome, captcha.Blocked},
		"aws waf":            {hostile.AWSWAF{}, captcha.AWSWAF, captcha.Challenged},
		"aws waf, captcha":   {hostile.AWSWAF{Captcha: true}, captcha.AWSWAF, captcha.Challenged},
		"amazon's button":    {hostile.AmazonButton{}, captcha.Amazon, captcha.Challenged},
		"nothing in the way": {hostile.Latency{}, "", captcha.None},
	} {
		t.Run(name, func(t *testing.T) {
			web, s := site(t, c.hazard)
			req := request(t, http.MethodGet, s.URL("/p/1"), nil)
			req.Header.Set("Accept", "text/html")
			resp, body := do(t, visitor(t, web, nil), req)
			address, err := url.Parse(s.URL("/p/1"))
			require.NoError(t, err)
			for _, header := range []http.Header{resp.Header, {"Content-Type": {"text/html"}}} {
				got := captcha.Detect(resp.StatusCode, header, address, []byte(body))
				require.Equal(t, c.want, got.Verdict, got.Rule)
				require.Equal(t, c.vendor, got.Vendor)
			}
		})
	}
}

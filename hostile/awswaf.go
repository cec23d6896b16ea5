package hostile

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// AWSWAF stops visitors in the manner of AWS WAF: 202 with x-amzn-waf-action:
// challenge, or 405 with captcha, a page for those who accept HTML, and an
// aws-waf-token cookie that is good from any address. Without a browser the
// cookie comes from the web's [Solver] alone: at once, or for a voucher that is
// exchanged beside the page's script, which is served from a path of the site.
type AWSWAF struct {
	Gate
	// Captcha asks for a captcha instead of a silent challenge. Default false.
	Captcha bool
}

// Before implements [Hazard].
func (c AWSWAF) Before(site *Site, next http.Handler) http.Handler {
	g := newGate(site, c.Gate, awswaf, "aws-waf-token", false)
	action, status := "challenge", http.StatusAccepted
	base := "/__challenge_" + site.digits("aws path", keyDigits[:52], 20) + "/" + site.digits("aws id", hexDigits, 12) + "/"
	script := base + "challenge.js"
	if c.Captcha {
		action, status = "captcha", http.StatusMethodNotAllowed
		script = base + "captcha.js"
	}
	page := fmt.Sprintf(`<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title></title>
<script type="text/javascript">
window.awsWafCookieDomainList = [];
window.gokuProps = {"key":"%s","iv":"%s","context":"%s"};
</script>
<script src="%s"></script></head>
<body><div id="challenge-container"></div>
<script type="text/javascript">
AwsWafIntegration.saveReferrer();
AwsWafIntegration.checkForceRefresh().then((forceRefresh) => { AwsWafIntegration.getToken().then(() => { window.location.reload(forceRefresh); }); });
</script>
<noscript><h1>JavaScript is disabled</h1>In order to continue, we need to verify that you are not a robot.</noscript>
</body></html>
`, site.digits("goku key", keyDigits, 140), site.digits("goku iv", keyDigits, 16), site.digits("goku context", keyDigits, 300), script)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == base+"voucher" {
			g.exchange(w, r)
			return
		}
		if g.admits(r) {
			next.ServeHTTP(w, r)
			return
		}
		w.Header().Set("X-Amzn-Waf-Action", action)
		body := page
		if !strings.Contains(r.Header.Get("Accept"), "text/html") {
			body = ""
		}
		g.challenge(w, r, status, body)
	})
}

// exchange gives the cookie for a voucher of the solver's, once.
func (g *gate) exchange(w http.ResponseWriter, r *http.Request) {
	var offer struct {
		Voucher string `json:"captcha_voucher"`
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20)).Decode(&offer); err != nil {
		http.Error(w, "Bad Request", http.StatusBadRequest)
		return
	}
	g.mu.Lock()
	value := g.vouchers[offer.Voucher]
	delete(g.vouchers, offer.Voucher)
	g.mu.Unlock()
	if value == "" {
		g.site.Book(r, Rejected)
		http.Error(w, "Forbidden", http.StatusForbidden)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]string{"token": value}) // a visitor who left does not get it
}

// voucher makes a voucher for a cookie value.
func (g *gate) voucher(value string) string {
	voucher := "eyJ0eXAiOiJKV1QifQ." + g.site.secret("voucher", value)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.vouchers[voucher] = value
	return voucher
}

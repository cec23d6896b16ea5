package hostile

import (
	"fmt"
	"net/http"
	"strings"
)

// AWSWAF stops visitors in the manner of AWS WAF: 202 with x-amzn-waf-action:
// challenge, or 405 with captcha, a page for those who accept HTML, and an
// aws-waf-token cookie that is good from any address. Without a browser the
// cookie comes from the web's [Solver] alone.
type AWSWAF struct {
	Gate
	// Captcha asks for a captcha instead of a silent challenge. Default false.
	Captcha bool
}

// Before implements [Hazard].
func (c AWSWAF) Before(site *Site, next http.Handler) http.Handler {
	g := newGate(site, c.Gate, awswaf, "aws-waf-token", false)
	action, status := "challenge", http.StatusAccepted
	script := "https://" + site.digits("aws host", hexDigits, 12) + ".edge.sdk.awswaf.com/" + site.digits("aws path", hexDigits, 12) + "/challenge.js"
	if c.Captcha {
		action, status = "captcha", http.StatusMethodNotAllowed
		script = strings.Replace(script, "challenge.js", "captcha.js", 1)
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

package hostile

import (
	"fmt"
	"net/http"
)

// HCaptcha stops visitors with a form behind hCaptcha's widget. It takes an
// h-captcha-response that the web's [Solver] issued for the site and its key,
// once.
type HCaptcha struct {
	Gate
	// Status is the status of the challenge page. Default 403.
	Status int
}

func (c HCaptcha) check(at string, found *problems) {
	c.Gate.check(at, found)
	found.status(at+"Status", c.Status)
}

// Before implements [Hazard].
func (c HCaptcha) Before(site *Site, next http.Handler) http.Handler {
	g := &formGate{
		gate:   newGate(site, c.Gate, hcaptcha, "hcaptcha_pass", false),
		action: "/verify/hcaptcha",
		field:  "h-captcha-response",
		status: c.Status,
		head:   `<script src="https://js.hcaptcha.com/1/api.js" async defer></script>`,
	}
	d := site.digits("hcaptcha key", hexDigits, 32)
	g.siteKey = fmt.Sprintf("%s-%s-4%s-a%s-%s", d[:8], d[8:12], d[13:16], d[17:20], d[20:])
	g.widget = fmt.Sprintf(`<div class="h-captcha" data-sitekey="%s"></div>`, g.siteKey)
	return g.before(next)
}

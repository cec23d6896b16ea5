package hostile

import (
	"fmt"
	"net/http"
)

// ReCaptcha stops visitors with a form behind Google's reCAPTCHA v2 checkbox. It
// takes a g-recaptcha-response that the web's [Solver] issued for the site and
// its key, once.
type ReCaptcha struct {
	Gate
	// Status is the status of the challenge page. Default 403.
	Status int
}

func (c ReCaptcha) check(at string, found *problems) {
	c.Gate.check(at, found)
	found.status(at+"Status", c.Status)
}

// Before implements [Hazard].
func (c ReCaptcha) Before(site *Site, next http.Handler) http.Handler {
	g := &formGate{
		gate:   newGate(site, c.Gate, recaptcha, "recaptcha_pass", false),
		action: "/verify/recaptcha",
		field:  "g-recaptcha-response",
		status: c.Status,
		head:   `<script src="https://www.google.com/recaptcha/api.js" async defer></script>`,
	}
	g.siteKey = "6L" + site.digits("recaptcha key", keyDigits, 38)
	g.widget = fmt.Sprintf(`<div class="g-recaptcha" data-sitekey="%s"></div>`, g.siteKey)
	return g.before(next)
}

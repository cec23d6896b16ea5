package hostile

import (
	"fmt"
	"net/http"
)

// Turnstile stops visitors with a form behind Cloudflare's Turnstile widget. It
// takes a cf-turnstile-response that the web's [Solver] issued for the site and
// its key, once.
type Turnstile struct {
	Gate
	// Status is the status of the challenge page. Default 403.
	Status int
}

func (c Turnstile) check(at string, found *problems) {
	c.Gate.check(at, found)
	found.status(at+"Status", c.Status)
}

// Before implements [Hazard].
func (c Turnstile) Before(site *Site, next http.Handler) http.Handler {
	g := &formGate{
		gate:   newGate(site, c.Gate, turnstile, "turnstile_pass", false),
		action: "/verify/turnstile",
		field:  "cf-turnstile-response",
		status: c.Status,
		head:   `<script src="https://challenges.cloudflare.com/turnstile/v0/api.js" async defer></script>`,
	}
	g.siteKey = "0x4AAAAAAA" + site.digits("turnstile key", keyDigits, 14)
	g.widget = fmt.Sprintf(`<div class="cf-turnstile" data-sitekey="%s" data-action="enter"></div>`, g.siteKey)
	return g.before(next)
}

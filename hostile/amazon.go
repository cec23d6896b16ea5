package hostile

import (
	"cmp"
	"fmt"
	"html"
	"net/http"
	"strings"
)

// AmazonButton stops visitors with a page that has nothing but a button, in the
// manner of Amazon: its form, sent with all hidden fields, lets the visitor pass.
// It needs no solver and costs nothing.
type AmazonButton struct {
	Gate
	// Status is the status of the page. Default 200.
	Status int
}

func (c AmazonButton) check(at string, found *problems) {
	c.Gate.check(at, found)
	found.status(at+"Status", c.Status)
}

// Before implements [Hazard].
func (c AmazonButton) Before(site *Site, next http.Handler) http.Handler {
	const action = "/errors/validateCaptcha"
	g := newGate(site, c.Gate, amazon, "session-token", false)
	ask := func(w http.ResponseWriter, r *http.Request, goal string) {
		g.challenge(w, r, cmp.Or(c.Status, http.StatusOK), fmt.Sprintf(`<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>%s</title></head>
<body><div class="a-container"><h4>Click the button below to continue shopping</h4>
<form method="get" action="%s" name="">
<input type="hidden" name="amzn" value="%s"><input type="hidden" name="amzn-r" value="%s"><input type="hidden" name="field-keywords" value="%s">
<button type="submit" class="a-button-text" alt="Continue shopping">Continue shopping</button>
</form></div></body></html>
`, site.host, action, site.secret("amzn", goal), html.EscapeString(goal), site.digits("amazon keywords", "ABCDEFGHJKLMNPRTUXY", 6)))
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == action:
			query := r.URL.Query()
			goal := query.Get("amzn-r")
			if query.Get("amzn") != site.secret("amzn", goal) || query.Get("field-keywords") != site.digits("amazon keywords", "ABCDEFGHJKLMNPRTUXY", 6) ||
				!strings.HasPrefix(goal, "/") || strings.HasPrefix(goal, "//") {
				site.Book(r, Rejected)
				ask(w, r, "/")
				return
			}
			g.clear(w, r)
			http.Redirect(w, r, goal, http.StatusFound)
		case g.admits(r):
			next.ServeHTTP(w, r)
		default:
			ask(w, r, r.URL.RequestURI())
		}
	})
}

package hostile

import (
	"cmp"
	"fmt"
	"html"
	"net/http"
	"strings"
)

// A formGate is a challenge page with a form that takes a solver's token: the
// page of a site that put a vendor's widget before its content. The answer goes
// with all hidden fields of the form to its action, which sets a cookie and
// redirects to where the visitor wanted to go.
type formGate struct {
	*gate
	action string // where the form goes
	field  string // the name of the answer
	status int    // of the challenge page; default 403
	head   string // the vendor's script
	widget string // the vendor's element
}

func (g *formGate) before(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == g.action:
			g.answer(w, r)
		case g.admits(r):
			next.ServeHTTP(w, r)
		default:
			g.ask(w, r, r.URL.RequestURI())
		}
	})
}

// ask serves the form.
func (g *formGate) ask(w http.ResponseWriter, r *http.Request, goal string) {
	var b strings.Builder
	fmt.Fprintf(&b, "<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>Are you human?</title>\n%s\n</head>\n<body>\n", g.head)
	fmt.Fprintf(&b, "<h1>One more step</h1>\n<p>Please show that you are not a robot, to go on to %s.</p>\n", html.EscapeString(g.site.host))
	fmt.Fprintf(&b, "<form id=\"gate\" action=\"%s\" method=\"POST\">\n", g.action)
	fmt.Fprintf(&b, "<input type=\"hidden\" name=\"csrf\" value=\"%s\">\n", g.site.secret("csrf", goal))
	fmt.Fprintf(&b, "<input type=\"hidden\" name=\"continue\" value=\"%s\">\n", html.EscapeString(goal))
	fmt.Fprintf(&b, "%s\n<button type=\"submit\">Continue</button>\n</form>\n</body>\n</html>\n", g.widget)
	g.challenge(w, r, cmp.Or(g.status, http.StatusForbidden), b.String())
}

// answer takes the posted form. A wrong answer gets the form again.
func (g *formGate) answer(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 1<<20)
	goal := r.PostFormValue("continue")
	if !strings.HasPrefix(goal, "/") || strings.HasPrefix(goal, "//") {
		goal = "/"
	}
	token := r.PostFormValue(g.field)
	if r.PostFormValue("csrf") != g.site.secret("csrf", goal) || !g.site.web.solver.redeem(token, g.siteKey) {
		g.site.Book(r, Rejected)
		g.ask(w, r, goal)
		return
	}
	g.clear(w, r)
	http.Redirect(w, r, goal, http.StatusSeeOther)
}

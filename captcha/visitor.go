package captcha

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/godwit-go/godwit/trip"
)

// visitor is who the target sees in an exchange, with the jar that its clearances
// go into.
type visitor struct {
	id  *trip.Identity
	jar http.CookieJar
	// carry tells that no layer below puts the jar's cookies and the identity's
	// user agent on requests, so that this package has to.
	carry bool
	// blank is true until the jar has got a cookie. Nil = look into the jar.
	blank *atomic.Bool
}

// newSelf returns the visitor of a Transport that has no lease layer below it.
func newSelf() visitor {
	jar, blank := newJar(), new(atomic.Bool)
	blank.Store(true)
	return visitor{id: &trip.Identity{Egress: "direct", Direct: true, Jar: jar}, jar: jar, carry: true, blank: blank}
}

func newJar() http.CookieJar {
	jar, _ := cookiejar.New(nil) // which has no error to return
	return jar
}

// visitorOf returns who the attempt's exchanges leave as; self when no lease layer
// has said so, or not yet.
func visitorOf(ctx context.Context, self visitor) visitor {
	id := trip.IdentityFrom(ctx)
	switch {
	case id == nil:
		return self
	case id.Jar == nil: // it keeps no cookies beyond this call
		return visitor{id: id, jar: newJar(), carry: true}
	}
	return visitor{id: id, jar: id.Jar}
}

// egress names the way out without its credentials: a clearance is bound to it,
// and one proxy may be many ways out by its user name.
func (v visitor) egress() string {
	if v.id.Proxy == nil {
		return v.id.Egress
	}
	u := v.id.Proxy()
	if u == nil {
		return v.id.Egress
	}
	sum := sha256.Sum256([]byte(u.String()))
	return hex.EncodeToString(sum[:12])
}

// dress puts on req, which is the caller's no more, what the layers below will
// not: the jar's cookies, and the user agent that a clearance is bound to. A
// caller's own cookies win; a caller's user agent would make the clearance
// worthless.
func (v visitor) dress(req *http.Request, domain string) {
	ua := v.id.UserAgent(domain)
	if ua != "" && (v.carry || req.Header.Get("User-Agent") != "") {
		req.Header = req.Header.Clone()
		req.Header.Set("User-Agent", ua)
	}
	if !v.carry || v.blank != nil && v.blank.Load() {
		return
	}
	for _, c := range v.jar.Cookies(req.URL) {
		if _, err := req.Cookie(c.Name); err == nil {
			continue
		}
		if ua == "" {
			req.Header = req.Header.Clone()
			ua = "cloned"
		}
		req.AddCookie(c)
	}
}

// put gives the visitor cookies for page.
func (v visitor) put(page *url.URL, cookies []*http.Cookie) {
	if len(cookies) == 0 {
		return
	}
	v.jar.SetCookies(page, cookies)
	if v.blank != nil {
		v.blank.Store(false)
	}
}

// has tells whether the visitor sends every one of the cookies to page already.
func (v visitor) has(page *url.URL, cookies []*http.Cookie) bool {
	sent := v.jar.Cookies(page)
	for _, c := range cookies {
		if !slices.ContainsFunc(sent, func(s *http.Cookie) bool { return s.Name == c.Name && s.Value == c.Value }) {
			return false
		}
	}
	return true
}

// fit makes a solver's cookies ones that the jar takes for page: services name
// other domains, and mark as Secure what was earned on a page without encryption.
// A cookie that replaces one of the challenge page's own goes to the same place,
// or both would be sent.
func fit(cookies []*http.Cookie, page *url.URL, challenge http.Header) []*http.Cookie {
	asked := (&http.Response{Header: challenge}).Cookies()
	var fitted []*http.Cookie
	host := strings.ToLower(page.Hostname())
	for _, c := range cookies {
		own := *c
		if i := slices.IndexFunc(asked, func(a *http.Cookie) bool { return a.Name == c.Name }); i >= 0 && own.Domain == "" {
			own.Domain, own.Path = asked[i].Domain, asked[i].Path
		}
		domain := strings.ToLower(strings.TrimPrefix(own.Domain, "."))
		if domain == host || !strings.HasSuffix(host, "."+domain) {
			own.Domain = ""
		}
		if own.Path == "" || !strings.HasPrefix(own.Path, "/") {
			own.Path = "/"
		}
		if page.Scheme != "https" {
			own.Secure = false
		}
		if own.Valid() == nil {
			fitted = append(fitted, &own)
		}
	}
	return fitted
}

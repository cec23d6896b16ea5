package headers

import (
	"net/http"
	"strings"
)

// jar is the identity's cookie jar, unless it is to be left alone.
func (v *visit) jar() http.CookieJar {
	if v.identity == nil || v.group.cfg.DisableCookies {
		return nil
	}
	return v.identity.Jar
}

// cookies joins the caller's cookies and the jar's; the caller's win by name.
func (v *visit) cookies(s *Situation) string {
	own := strings.Join(v.req.Header["Cookie"], "; ")
	jar := v.jar()
	if jar == nil {
		return own
	}
	if _, none := v.callerValues(nCookie.h1); none && own == "" {
		return "" // the caller says: no cookies
	}
	if s != nil && (s.credentials() == CredentialsOmit || s.credentials() == CredentialsSameOrigin && s.crossOrigin()) {
		return own
	}
	var b strings.Builder
	b.WriteString(own)
	for _, c := range jar.Cookies(v.req.URL) {
		if own != "" && hasCookie(own, c.Name) {
			continue
		}
		if b.Len() > 0 {
			b.WriteString("; ")
		}
		b.WriteString(c.Name)
		b.WriteByte('=')
		if c.Quoted {
			b.WriteByte('"')
			b.WriteString(c.Value)
			b.WriteByte('"')
		} else {
			b.WriteString(c.Value)
		}
	}
	return b.String()
}

// hasCookie reports whether a Cookie line holds a cookie of that name.
func hasCookie(line, name string) bool {
	for crumb := range strings.SplitSeq(line, ";") {
		if n, _, _ := strings.Cut(strings.TrimSpace(crumb), "="); n == name {
			return true
		}
	}
	return false
}

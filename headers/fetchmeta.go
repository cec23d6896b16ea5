package headers

import (
	"net/netip"
	"net/url"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"
)

// relation is how far a request's URL is from its initiator: the values of
// Sec-Fetch-Site (Fetch Metadata, section 2.3).
type relation uint8

const (
	typed relation = iota
	sameOrigin
	sameSite
	crossSite
)

var relationNames = [...]string{"none", "same-origin", "same-site", "cross-site"}

// relationOf is the farthest that any hop of the chain was from the initiator:
// a redirect back does not undo a detour.
func (s *Situation) relationOf() relation {
	if s.Initiator == nil {
		return typed
	}
	worst := between(s.Initiator, s.URL)
	for _, hop := range s.Redirects {
		worst = max(worst, between(s.Initiator, hop))
	}
	return worst
}

func between(a, b *url.URL) relation {
	switch {
	case isSameOrigin(a, b):
		return sameOrigin
	case webScheme(a) == webScheme(b) && !thirdParty(a, b):
		return sameSite
	}
	return crossSite
}

// thirdParty reports whether the hosts are of two sites, whatever the schemes.
func thirdParty(a, b *url.URL) bool { return site(a.Hostname()) != site(b.Hostname()) }

func isSameOrigin(a, b *url.URL) bool {
	if a.Scheme == b.Scheme && a.Host == b.Host {
		return true
	}
	return webScheme(a) == webScheme(b) && asciiHost(a.Hostname()) == asciiHost(b.Hostname()) && port(a) == port(b)
}

// webScheme maps the schemes of WebSockets to those of the pages that open them.
func webScheme(u *url.URL) string {
	switch u.Scheme {
	case "ws":
		return "http"
	case "wss":
		return "https"
	}
	return u.Scheme
}

func port(u *url.URL) string {
	if p := u.Port(); p != "" {
		return p
	}
	if webScheme(u) == "https" {
		return "443"
	}
	return "80"
}

// site is the registrable domain of a host; an address and a public suffix are
// sites of their own.
func site(host string) string {
	host = asciiHost(strings.TrimSuffix(host, "."))
	if isAddress(host) {
		return host
	}
	if domain, err := publicsuffix.EffectiveTLDPlusOne(host); err == nil {
		return domain
	}
	return host
}

// isAddress reports whether the host is an IP address; no domain ends in a digit.
func isAddress(host string) bool {
	if host == "" || host[len(host)-1] > '9' && !strings.Contains(host, ":") {
		return false
	}
	_, err := netip.ParseAddr(host)
	return err == nil
}

// secure reports whether the URL is potentially trustworthy (Secure Contexts, section 3.1).
func secure(u *url.URL) bool {
	if webScheme(u) == "https" {
		return true
	}
	host := strings.ToLower(strings.TrimSuffix(u.Hostname(), "."))
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback()
}

// originOf serialises the origin of u as a page sees it.
func originOf(u *url.URL) string { return webScheme(u) + "://" + hostOf(u) }

// asciiHost is a host, with or without a port, as it goes over the wire: in lower
// case, internationalised labels in their ASCII form (URL Standard, section 3.3).
func asciiHost(host string) string {
	for i := range len(host) {
		if host[i] >= utf8.RuneSelf { // no address
			name, _, _ := strings.Cut(host, ":")
			if ascii, err := idna.Lookup.ToASCII(name); err == nil {
				return ascii + host[len(name):]
			}
			break
		}
	}
	return strings.ToLower(host)
}

// hostOf is the host of u without the scheme's own port.
func hostOf(u *url.URL) string {
	host := asciiHost(u.Host)
	colon := strings.LastIndexByte(host, ':')
	if colon < 0 || strings.HasSuffix(host, "]") {
		return host
	}
	switch host[colon+1:] {
	case "":
		return host[:colon]
	case "443":
		if webScheme(u) == "https" {
			return host[:colon]
		}
	case "80":
		if webScheme(u) == "http" {
			return host[:colon]
		}
	}
	return host
}

// crossOrigin reports whether any hop leaves the initiator's origin.
func (s *Situation) crossOrigin() bool {
	return s.Initiator != nil && s.relationOf() > sameOrigin
}

// unsafeMethod reports whether the method carries an Origin header even to the
// page's own origin.
func (s *Situation) unsafeMethod() bool {
	m := s.method()
	return m != "GET" && m != "HEAD"
}

// origin is the value of the Origin header where the standard wants one: on CORS
// requests that leave the origin, on WebSockets and on every method but GET and
// HEAD (Fetch, "append a request Origin header"). policed says that the referrer
// policy may hide it.
func (s *Situation) origin(policed bool) string {
	if s.Initiator == nil {
		return ""
	}
	mode := s.mode()
	switch {
	case mode == modeWebSocket, s.Kind == Preflight, mode == ModeCORS && s.crossOrigin():
	case !s.unsafeMethod():
		return ""
	case policed && mode != ModeCORS && s.hidesOrigin():
		return "null"
	}
	if s.tainted() {
		return "null"
	}
	return originOf(s.Initiator)
}

func (s *Situation) hidesOrigin() bool {
	switch s.ReferrerPolicy {
	case NoReferrer:
		return true
	case NoReferrerWhenDowngrade, StrictOrigin, StrictOriginWhenCrossOrigin, "":
		return downgrades(s.Initiator, s.URL)
	case SameOrigin:
		return s.crossOrigin()
	}
	return false
}

// storageAccess is the value of Sec-Fetch-Storage-Access where it may be sent: on
// requests to another site that carry cookies, but not on the page itself. It is
// about the cookies of this hop, so what the hops before were does not matter.
// Only Firefox announces it on preflights and handshakes, but neither for workers
// nor where the chain of redirects has hidden the origin.
func (g *Generator) storageAccess(s *Situation, r relation) string {
	if r != crossSite || s.Kind.topLevel() || g.profile.Version < g.data.Since.StorageAccess ||
		s.credentials() != CredentialsInclude {
		return ""
	}
	if len(s.Redirects) > 0 && between(s.Initiator, s.URL) != crossSite {
		return ""
	}
	if g.family == firefoxFamily {
		otherScheme := webScheme(s.Initiator) != webScheme(s.URL)
		if s.FromWorker || s.tainted() || otherScheme && !thirdParty(s.Initiator, s.URL) {
			return ""
		}
	} else if s.Kind == Socket {
		return ""
	}
	if g.thirdParty == CookiesAllowed {
		return "active"
	}
	return "none"
}

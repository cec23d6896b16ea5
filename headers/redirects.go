package headers

import "net/url"

// hop is the i-th URL of the chain, the one requested now the last.
func (s *Situation) hop(i int) *url.URL {
	if i < len(s.Redirects) {
		return s.Redirects[i]
	}
	return s.URL
}

// redirectsTo reports whether a redirect led to such a URL.
func (s *Situation) redirectsTo(such func(u *url.URL) bool) bool {
	for i := range s.Redirects {
		if such(s.hop(i + 1)) {
			return true
		}
	}
	return false
}

// changesOrigin reports whether a redirect led from one origin to another.
func (s *Situation) changesOrigin() bool {
	for i, hop := range s.Redirects {
		if !isSameOrigin(hop, s.hop(i+1)) {
			return true
		}
	}
	return false
}

// tainted reports whether the chain has left the initiator's origin for another
// one and then moved on: the Origin header says "null" from there on (Fetch,
// "redirect-tainted origin").
func (s *Situation) tainted() bool {
	for i, hop := range s.Redirects {
		if !isSameOrigin(hop, s.hop(i+1)) && !isSameOrigin(s.Initiator, hop) {
			return true
		}
	}
	return false
}

// changesMethod reports whether a redirect turned the request into a GET.
func (s *Situation) changesMethod() bool {
	return len(s.Redirects) > 0 && s.OriginalMethod != "" && s.OriginalMethod != s.method()
}

// originAddedByRedirect reports whether the Origin header is one that came only
// with a redirect: the request left the page's origin by it, or it was a POST
// before, whose Origin went away with its body.
func (s *Situation) originAddedByRedirect() bool {
	if len(s.Redirects) == 0 || s.unsafeMethod() {
		return false
	}
	return isSameOrigin(s.Initiator, s.Redirects[0]) || s.changesMethod()
}

// leavesOriginBeforeSite reports whether a redirect led to another origin of the
// initiator's site before any hop was of another site.
func (s *Situation) leavesOriginBeforeSite() bool {
	for i := range len(s.Redirects) + 1 {
		switch between(s.Initiator, s.hop(i)) {
		case crossSite:
			return false
		case sameSite:
			if i > 0 {
				return true
			}
		}
	}
	return false
}

// redirectDrops reports whether a redirect has taken a header away: with the body
// what describes it, with the origin what was meant for it (Fetch, "HTTP-redirect
// fetch"; in Chromium also hints, whoever set them).
func (g *Generator) redirectDrops(s *Situation, header string) bool {
	switch {
	case len(s.Redirects) == 0:
		return false
	case equalFold(header, nAuthorization.h1):
		return g.profile.Version >= g.data.Since.DropAuthorization && s.changesOrigin()
	case equalFold(header, nContentType.h1), equalFold(header, "Content-Encoding"),
		equalFold(header, "Content-Language"), equalFold(header, "Content-Location"):
		return s.changesMethod()
	case g.family != chromiumFamily:
		return false
	case basicHint(header):
		return s.redirectsTo(func(u *url.URL) bool { return !secure(u) })
	case askedHint(header):
		return s.redirectsTo(func(u *url.URL) bool { return !isSameOrigin(s.Initiator, u) })
	}
	return false
}

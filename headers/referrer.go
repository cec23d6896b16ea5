package headers

import (
	"net/url"
	"strings"
)

// maxReferrer is the length beyond which browsers send only the origin
// (Referrer Policy, section 8.3).
const maxReferrer = 4096

// referer is the value of the Referer header: the initiator, as far as the policy
// lets each hop of the chain see it. What a hop may not see, no later hop sees;
// where a browser (relaxed is false) shows another site less than the policy would,
// that is for this hop alone.
func (s *Situation) referer(relaxed bool) string {
	if s.Initiator == nil || s.ReferrerPolicy == NoReferrer {
		return ""
	}
	trimmed := false
	for _, hop := range s.Redirects {
		if !relaxed && s.relaxesPolicy() && thirdParty(s.Initiator, hop) {
			continue
		}
		switch s.disclose(hop, true) {
		case discloseNothing:
			return ""
		case discloseOrigin:
			trimmed = true
		}
	}
	switch d := s.disclose(s.URL, relaxed); {
	case d == discloseNothing:
		return ""
	case d == discloseOrigin || trimmed:
		return webScheme(s.Initiator) + "://" + hostOf(s.Initiator) + "/"
	}
	full := strip(s.Initiator)
	if len(full) > maxReferrer {
		return webScheme(s.Initiator) + "://" + hostOf(s.Initiator) + "/"
	}
	return full
}

type disclosure uint8

const (
	discloseNothing disclosure = iota
	discloseOrigin
	discloseURL
)

// disclose applies the policy to one hop. relaxed is false in a browser that
// ignores policies which tell other sites more than the default one does.
func (s *Situation) disclose(to *url.URL, relaxed bool) disclosure {
	policy := s.ReferrerPolicy
	if !relaxed && s.relaxesPolicy() && thirdParty(s.Initiator, to) {
		policy = StrictOriginWhenCrossOrigin
	}
	same := isSameOrigin(s.Initiator, to)
	downgrade := downgrades(s.Initiator, to)
	switch policy {
	case UnsafeURL:
		return discloseURL
	case Origin:
		return discloseOrigin
	case SameOrigin:
		if same {
			return discloseURL
		}
		return discloseNothing
	case OriginWhenCrossOrigin:
		if same {
			return discloseURL
		}
		return discloseOrigin
	case NoReferrerWhenDowngrade:
		if downgrade {
			return discloseNothing
		}
		return discloseURL
	case StrictOrigin:
		if downgrade {
			return discloseNothing
		}
		return discloseOrigin
	}
	switch {
	case same:
		return discloseURL
	case downgrade:
		return discloseNothing
	}
	return discloseOrigin
}

// downgrades reports whether the way leads from https to plain HTTP; that of the
// machine itself is no better here.
func downgrades(from, to *url.URL) bool {
	return webScheme(from) == "https" && webScheme(to) != "https"
}

// relaxesPolicy reports whether the policy tells other sites more than the default one.
func (s *Situation) relaxesPolicy() bool {
	switch s.ReferrerPolicy {
	case UnsafeURL, NoReferrerWhenDowngrade, OriginWhenCrossOrigin:
		return true
	}
	return false
}

// strip serialises u without fragment and userinfo.
func strip(u *url.URL) string {
	path, mark := u.EscapedPath(), ""
	if u.RawPath != "" && u.RawPath != path {
		// net/url escapes more than browsers do, and then the whole path anew.
		if p, err := url.PathUnescape(u.RawPath); err == nil && p == u.Path {
			path = percentEncode(u.RawPath, pathUnsafe)
		}
	}
	if path == "" {
		path = "/"
	}
	if u.RawQuery != "" || u.ForceQuery {
		mark = "?"
	}
	return webScheme(u) + "://" + hostOf(u) + path + mark + percentEncode(u.RawQuery, queryUnsafe)
}

// What browsers escape beside control characters, spaces and all that is not
// ASCII (URL Standard, section 1.3).
const (
	pathUnsafe  = "\"#<>?^`{}"
	queryUnsafe = "\"#<>'"
)

// percentEncode escapes as the URL Standard does, which leaves everything else as it is.
func percentEncode(s, unsafe string) string {
	bad := func(c byte) bool { return c <= ' ' || c >= 0x7f || strings.IndexByte(unsafe, c) >= 0 }
	clean := 0
	for clean < len(s) && !bad(s[clean]) {
		clean++
	}
	if clean == len(s) {
		return s
	}
	var b strings.Builder
	b.WriteString(s[:clean])
	for i := clean; i < len(s); i++ {
		if bad(s[i]) {
			const hex = "0123456789ABCDEF"
			b.Write([]byte{'%', hex[s[i]>>4], hex[s[i]&15]})
		} else {
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

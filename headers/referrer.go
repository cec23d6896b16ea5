package headers

import "net/url"

// maxReferrer is the length beyond which browsers send only the origin
// (Referrer Policy, section 8.3).
const maxReferrer = 4096

// referer is the value of the Referer header: the initiator, as far as the policy
// lets each hop of the chain see it. What a hop may not see, no later hop sees.
func (s *Situation) referer(relaxed bool) string {
	if s.Initiator == nil || s.ReferrerPolicy == NoReferrer {
		return ""
	}
	trimmed := false
	for _, hop := range s.Redirects {
		switch s.disclose(hop, relaxed) {
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
	if !relaxed && s.relaxesPolicy() && between(s.Initiator, to) == crossSite {
		policy = StrictOriginWhenCrossOrigin
	}
	same := isSameOrigin(s.Initiator, to)
	downgrade := s.Initiator.Scheme == "https" && !secure(to)
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
	if path == "" {
		path = "/"
	}
	if u.RawQuery != "" || u.ForceQuery {
		mark = "?"
	}
	return webScheme(u) + "://" + hostOf(u) + path + mark + u.RawQuery
}

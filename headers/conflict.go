package headers

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/http/httpguts"
)

// Validate reports every reason why no browser gets into this situation, each one a [*ConflictError].
func (s *Situation) Validate() error {
	var errs []error
	conflict := func(field string, value any, reason string) {
		errs = append(errs, &ConflictError{Field: field, Value: fmt.Sprint(value), Reason: reason})
	}
	oneOf(conflict, "Protocol", s.Protocol, HTTP1, HTTP2)
	oneOf(conflict, "ReferrerPolicy", s.ReferrerPolicy, NoReferrer, NoReferrerWhenDowngrade, SameOrigin, Origin,
		StrictOrigin, OriginWhenCrossOrigin, StrictOriginWhenCrossOrigin, UnsafeURL)
	oneOf(conflict, "Mode", s.Mode, ModeCORS, ModeNoCORS, ModeSameOrigin)
	oneOf(conflict, "Credentials", s.Credentials, CredentialsOmit, CredentialsSameOrigin, CredentialsInclude)
	oneOf(conflict, "Placement", s.Placement, InHead, InBody, Async)
	oneOf(conflict, "Importance", s.Importance, High, Low, Auto)
	oneOf(conflict, "Cache", s.Cache, CacheDefault, CacheNoStore, CacheReload, CacheNoCache)
	if int(s.Kind) >= len(kinds) {
		conflict("Kind", s.Kind, "no such kind")
		return errors.Join(errs...)
	}
	s.validateURLs(conflict)
	method := s.method()
	if !httpguts.ValidHeaderFieldName(method) {
		conflict("Method", method, "no method (RFC 9110, section 9.1)")
	}
	switch k := s.Kind; {
	case k == Preflight && method != "OPTIONS":
		conflict("Method", method, "a preflight is an OPTIONS request")
	case k == Beacon && method != "POST" && !(s.OriginalMethod == "POST" && len(s.Redirects) > 0):
		conflict("Method", method, "a beacon is a POST request")
	case kinds[k].mode == modeNavigate && method != "GET" && method != "POST" && method != "HEAD",
		kinds[k].getOnly && method != "GET" && method != "HEAD":
		conflict("Method", method, "not for kind "+k.String())
	}
	if k := s.Kind; s.Initiator == nil && k != Navigate && k != Reload && k != HardReload {
		conflict("Initiator", "", "a request of kind "+k.String()+" is caused by something")
	}
	if s.HasBody && (method == "GET" || method == "HEAD") {
		conflict("HasBody", s.HasBody, method+" has no body in a browser")
	}
	for _, f := range s.Headers {
		if !httpguts.ValidHeaderFieldName(f.Name) || !validValue(f.Value) {
			conflict("Headers", f.Name, "no header field (RFC 9110, section 5)")
		}
	}
	for _, f := range []Field{
		{"Cookies", s.Cookies}, {"IfNoneMatch", s.IfNoneMatch}, {"IfModifiedSince", s.IfModifiedSince}, {"SocketKey", s.SocketKey},
	} {
		if !validValue(f.Value) {
			conflict(f.Name, f.Value, "no header value (RFC 9110, section 5.5)")
		}
	}
	return errors.Join(errs...)
}

func (s *Situation) validateURLs(conflict func(field string, value any, reason string)) {
	check := func(field string, u *url.URL, schemes ...string) {
		switch {
		case u.Host == "" || u.Hostname() == "":
			conflict(field, u.Redacted(), "want an absolute URL")
		case !slices.Contains(schemes, u.Scheme):
			conflict(field, u.Redacted(), "want scheme "+strings.Join(schemes, " or "))
		case strings.Contains(u.Host, "%"):
			conflict(field, u.Redacted(), "browsers know no zones of addresses")
		case u.Port() != "":
			if _, err := strconv.ParseUint(u.Port(), 10, 16); err != nil {
				conflict(field, u.Redacted(), "want a port below 65536")
			}
		}
	}
	switch {
	case s.URL == nil:
		conflict("URL", "", "required")
		return
	case s.Kind == Socket:
		check("URL", s.URL, "ws", "wss")
	default:
		check("URL", s.URL, "http", "https")
	}
	if s.Initiator != nil {
		check("Initiator", s.Initiator, "http", "https")
	}
	for _, u := range s.Redirects {
		if u == nil {
			conflict("Redirects", "", "want an absolute URL")
		} else {
			check("Redirects", u, "http", "https")
		}
	}
	if s.Protocol == HTTP2 {
		if s.URL.Scheme == "http" {
			conflict("Protocol", s.Protocol, "browsers speak it over https only")
		}
		if s.Kind == Socket {
			conflict("Protocol", s.Protocol, "the opening handshake is HTTP/1.1")
		}
	}
}

func oneOf[T ~string](conflict func(field string, value any, reason string), field string, value T, allowed ...T) {
	if value != "" && !slices.Contains(allowed, value) {
		conflict(field, value, fmt.Sprintf("want one of %q", allowed))
	}
}

// validValue accepts what a field line can carry (RFC 9110, section 5.5).
func validValue(v string) bool { return httpguts.ValidHeaderFieldValue(v) }

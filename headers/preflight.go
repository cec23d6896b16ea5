package headers

import (
	"slices"
	"strings"
)

func (s *Situation) requestMethod() string {
	if s.RequestMethod == "" {
		return "GET"
	}
	return s.RequestMethod
}

func (s *Situation) socketKey() string {
	if s.SocketKey == "" {
		return exampleSocketKey
	}
	return s.SocketKey
}

// requestHeaders is the value of Access-Control-Request-Headers: the names that
// the server has to allow, in lower case and sorted (Fetch, "CORS-preflight fetch").
func (s *Situation) requestHeaders() string {
	var names []string
	size := 0
	for f := range s.joinedHeaders {
		n := strings.ToLower(f.Name)
		if safelisted(n, f.Value) {
			if size += len(f.Value); size > maxSafelisted {
				names = append(names, n)
			}
			continue
		}
		names = append(names, n)
	}
	slices.Sort(names)
	return strings.Join(names, ",")
}

// The limits of CORS-safelisted request headers: of one value, and of all together.
const (
	maxSafelistedValue = 128
	maxSafelisted      = 1024
)

// safelisted reports whether a header may go to another origin without asking
// (Fetch, "CORS-safelisted request-header").
func safelisted(lowerName, value string) bool {
	if len(value) > maxSafelistedValue {
		return false
	}
	switch lowerName {
	case "accept":
		return !strings.ContainsAny(value, "\"():<>?@[\\]{}\x7f")
	case "accept-language", "content-language":
		return strings.Trim(strings.ToLower(value), "abcdefghijklmnopqrstuvwxyz0123456789 *,-.;=") == ""
	case "content-type":
		if strings.ContainsAny(value, "\"():<>?@[\\]{}\x7f") {
			return false
		}
		essence, _, _ := strings.Cut(strings.ToLower(value), ";")
		switch strings.TrimSpace(essence) {
		case "application/x-www-form-urlencoded", "multipart/form-data", "text/plain":
			return true
		}
	case "range":
		return singleRange(value) && !strings.HasPrefix(value, "bytes=-")
	}
	return false
}

// singleRange reports whether the value of a Range header is one range of bytes
// (RFC 9110, section 14.1.2).
func singleRange(value string) bool {
	span, ok := strings.CutPrefix(value, "bytes=")
	from, to, dash := strings.Cut(span, "-")
	return ok && dash && from+to != "" && strings.Trim(from+to, "0123456789") == ""
}

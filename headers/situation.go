package headers

import "net/url"

// Protocol is what is spoken on the connection.
type Protocol string

// The protocols.
const (
	HTTP1 Protocol = "http/1.1"
	HTTP2 Protocol = "h2"
)

// ReferrerPolicy is one of the eight policies of the Referrer Policy standard.
type ReferrerPolicy string

// The policies. The zero value is [StrictOriginWhenCrossOrigin].
const (
	NoReferrer                  ReferrerPolicy = "no-referrer"
	NoReferrerWhenDowngrade     ReferrerPolicy = "no-referrer-when-downgrade"
	SameOrigin                  ReferrerPolicy = "same-origin"
	Origin                      ReferrerPolicy = "origin"
	StrictOrigin                ReferrerPolicy = "strict-origin"
	OriginWhenCrossOrigin       ReferrerPolicy = "origin-when-cross-origin"
	StrictOriginWhenCrossOrigin ReferrerPolicy = "strict-origin-when-cross-origin"
	UnsafeURL                   ReferrerPolicy = "unsafe-url"
)

// Mode is the request mode of the Fetch standard.
type Mode string

// The modes that a page can choose. The zero value follows from the kind.
const (
	ModeCORS       Mode = "cors"
	ModeNoCORS     Mode = "no-cors"
	ModeSameOrigin Mode = "same-origin"

	modeNavigate  Mode = "navigate"
	modeWebSocket Mode = "websocket"
)

// Credentials is the credentials mode of the Fetch standard.
type Credentials string

// The credentials modes. The zero value is CredentialsSameOrigin for CORS requests and
// fetch(), CredentialsInclude for navigations and other no-cors requests.
const (
	CredentialsOmit       Credentials = "omit"
	CredentialsSameOrigin Credentials = "same-origin"
	CredentialsInclude    Credentials = "include"
)

// Placement says where a script or a stylesheet stands, which decides its priority.
type Placement string

// The placements. The zero value is InHead.
const (
	// InHead is a script that blocks the parser, or a stylesheet in the head.
	InHead Placement = "head"
	// InBody is a script at the end of the body, or a stylesheet in the body.
	InBody Placement = "body"
	// Async is a script that blocks nothing, or a stylesheet whose media does not apply.
	Async Placement = "async"
)

// Importance is the fetchpriority attribute or the priority option of fetch().
type Importance string

// The importances. The zero value is the browser's own choice.
const (
	High Importance = "high"
	Low  Importance = "low"
	Auto Importance = "auto"
)

// CacheMode is the cache mode of fetch().
type CacheMode string

// The cache modes. CacheReload is also that of everything a hard-reloaded page loads.
const (
	CacheDefault CacheMode = "default"
	CacheNoStore CacheMode = "no-store"
	CacheReload  CacheMode = "reload"
	CacheNoCache CacheMode = "no-cache"
)

// Situation is what a browser knows about a request when it writes its headers.
type Situation struct {
	// Protocol of the connection. Default: HTTP2 for https, HTTP1 for http.
	Protocol Protocol
	// Method on the wire. Default: OPTIONS for a Preflight, POST for a Beacon, else GET.
	Method string
	// URL is the target, without a doubt absolute; required. ws and wss for a Socket.
	URL *url.URL
	// Kind is what asks for the URL. Default: Navigate.
	Kind Kind
	// Initiator is what caused the request: the document; the stylesheet for its
	// fonts, images and imports; the importing module; the worker script. For a
	// reload it is that of the navigation which is repeated. Default: typed by the user.
	Initiator *url.URL
	// UserActivated marks a navigation that came from a gesture: typing, a click, F5. Default: a script's doing.
	UserActivated bool
	// FromWorker marks what a worker script asks for. Default: a document.
	FromWorker bool
	// ReferrerPolicy in effect. Default: StrictOriginWhenCrossOrigin.
	ReferrerPolicy ReferrerPolicy
	// Mode where the page can choose it; ModeCORS for an element with the
	// crossorigin attribute. Default: by kind.
	Mode Mode
	// Credentials mode. Default: by mode.
	Credentials Credentials
	// Redirects are the earlier hops, oldest first; URL is the hop requested now. Default: none.
	Redirects []*url.URL
	// OriginalMethod is that of the first hop, where a redirect changed it. Default: Method.
	OriginalMethod string
	// Preload marks <link rel=preload>, for a Module modulepreload. Default: false.
	Preload bool
	// Placement of a Script or Style. Default: InHead.
	Placement Placement
	// Importance that the page gave it. Default: Auto.
	Importance Importance
	// Cache mode. Default: CacheDefault.
	Cache CacheMode
	// Headers that the page's script set, in its order and spelling. The
	// Content-Type of a body is always listed, also where the browser makes it up.
	// Default: none.
	Headers []Field
	// HasBody says that there is a body, if an empty one. Default: no body.
	HasBody bool
	// ContentLength of the body; negative: not known beforehand. Default: 0.
	ContentLength int64
	// RequestMethod is, for a Preflight, the method of the request that will
	// follow; Headers are that request's. Default: GET.
	RequestMethod string
	// Cookies of the request as "a=1; b=2". Default: none.
	Cookies string
	// IfNoneMatch and IfModifiedSince are the validators of a cached response. Default: none.
	IfNoneMatch, IfModifiedSince string
	// AcceptCH are the lower-case names of the client hints that the top-level
	// document's origin has asked for (for a top-level navigation: the origin of
	// URL). Default: none.
	AcceptCH []string
	// CriticalCH marks the repetition of a navigation whose response asked for
	// hints in Critical-CH. Default: false.
	CriticalCH bool
	// SocketKey is the Sec-WebSocket-Key of a Socket: 16 random bytes in base64.
	// Default: that of RFC 6455's example, so that the result is a function of its input.
	SocketKey string
}

// exampleSocketKey is the one of RFC 6455, section 1.3.
const exampleSocketKey = "dGhlIHNhbXBsZSBub25jZQ=="

func (s *Situation) protocol() Protocol {
	switch {
	case s.Protocol != "":
		return s.Protocol
	case s.URL.Scheme == "https":
		return HTTP2
	}
	return HTTP1
}

func (s *Situation) method() string {
	switch {
	case s.Method != "":
		return s.Method
	case s.Kind == Preflight:
		return "OPTIONS"
	case s.Kind == Beacon:
		return "POST"
	}
	return "GET"
}

// mode is the request mode in effect.
func (s *Situation) mode() Mode {
	k := &kinds[s.Kind]
	if s.Mode != "" && k.mode != modeNavigate && k.mode != modeWebSocket {
		return s.Mode
	}
	if s.Kind == Script && s.FromWorker {
		return ModeNoCORS
	}
	return k.mode
}

// credentials is the credentials mode in effect.
func (s *Situation) credentials() Credentials {
	switch {
	case s.Credentials != "":
		return s.Credentials
	case s.mode() == ModeCORS, s.mode() == ModeSameOrigin, s.Kind == Fetch:
		return CredentialsSameOrigin
	}
	return CredentialsInclude
}

// script returns the value of a header that the page's script set; what it set
// again is appended, as the Headers object of a page does.
func (s *Situation) script(n name) (value string, ok bool) {
	for _, f := range s.Headers {
		switch {
		case !equalFold(f.Name, n.h1):
		case ok:
			value += ", " + f.Value
		default:
			value, ok = f.Value, true
		}
	}
	return value, ok
}

// scriptSets reports whether the page's script has set a header of this request.
func (s *Situation) scriptSets(n name) bool {
	_, ok := s.script(n)
	return ok && (s.Kind == Fetch || s.Kind == XHR || s.Kind == EventSource)
}

// scriptOr is the value that the page's script has set, else the browser's own.
func (s *Situation) scriptOr(n name, own string) string {
	if s.scriptSets(n) {
		own, _ = s.script(n)
	}
	return own
}

// contentType is that of the body, if there still is one.
func (g *Generator) contentType(s *Situation) string {
	if g.redirectDrops(s, nContentType.h1) {
		return ""
	}
	value, _ := s.script(nContentType)
	return value
}

// joinedHeaders yields what the page's script set, each name once.
func (s *Situation) joinedHeaders(yield func(Field) bool) {
	for i, f := range s.Headers {
		if hasField(s.Headers[:i], f.Name) {
			continue
		}
		f.Value, _ = s.script(name{h1: f.Name})
		if !yield(f) {
			return
		}
	}
}

// conditional reports whether the page's script makes the request conditional,
// which takes it past the cache; a preflight goes the same way.
func (s *Situation) conditional() bool {
	for _, f := range s.Headers {
		if len(f.Name) < 3 || lower(f.Name[0]) != 'i' || lower(f.Name[1]) != 'f' || f.Name[2] != '-' {
			continue
		}
		for _, n := range []string{"If-None-Match", "If-Modified-Since", "If-Match", "If-Unmodified-Since", "If-Range"} {
			if equalFold(f.Name, n) {
				return s.Kind == Fetch || s.Kind == XHR || s.Kind == Preflight
			}
		}
	}
	return false
}

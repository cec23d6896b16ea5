package headers

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// situation says what the request is: what the caller's context says, else what
// its method and headers look like.
func (v *visit) situation(s *Situation) {
	req := v.req
	previous := redirectedFrom(req)
	told, known := req.Context().Value(situationKey{}).(*Situation)
	switch {
	case previous != nil:
		*s = previous.situation
		s.Redirects = append(slices.Clip(s.Redirects), s.URL)
		if s.OriginalMethod == "" {
			s.OriginalMethod = s.Method
		}
		s.IfNoneMatch, s.IfModifiedSince, s.CriticalCH, s.Importance = "", "", false, told.importance()
	case known:
		*s = *told
	default:
		v.infer(s)
	}
	s.URL, s.Method = req.URL, req.Method
	if s.Method == "" {
		s.Method = "GET"
	}
	s.Protocol = HTTP1
	if req.URL.Scheme == "https" && !v.group.cfg.HTTP1 && !upgrades(req.Header) {
		s.Protocol = HTTP2
	}
	s.body(req)
	s.takeHeaders(req.Header, told)
	if s.Initiator == nil && !s.Kind.topLevel() {
		s.Initiator = &url.URL{Scheme: webScheme(req.URL), Host: req.URL.Host, Path: "/"}
	}
	s.AcceptCH = nil
	if v.generator.family == chromiumFamily {
		// Only the top-level document's origin counts; it is the initiator's for
		// everything but navigations, and hints go to no other origin.
		s.AcceptCH = v.session.hintsFor(req.URL)
	}
}

func (s *Situation) importance() Importance {
	if s == nil {
		return ""
	}
	return s.Importance
}

// redirectedFrom returns the exchange whose response redirected to req.
func redirectedFrom(req *http.Request) *exchange {
	if req.Response == nil || req.Response.Request == nil {
		return nil
	}
	e := exchangeFrom(req.Response.Request.Context())
	if e == nil || e.situation.URL == nil {
		return nil
	}
	return e
}

// infer guesses what a request without [WithKind] and the like is. A GET is a
// navigation from the page of the same site that was seen last, unless it asks
// for JSON, calls itself an XMLHttpRequest or opens a WebSocket; so is a form's
// POST. The rest are a page's fetch().
func (v *visit) infer(s *Situation) {
	req := v.req
	s.Kind = Navigate
	accept := strings.ToLower(strings.Join(req.Header["Accept"], ","))
	switch {
	case upgrades(req.Header) && strings.EqualFold(first(req.Header["Upgrade"]), "websocket"):
		s.Kind = Socket
	case strings.EqualFold(first(req.Header["X-Requested-With"]), "XMLHttpRequest"):
		s.Kind = XHR
	case strings.Contains(accept, "html"):
	case strings.Contains(accept, "json"), strings.Contains(accept, "event-stream"):
		s.Kind = Fetch
	case req.Method == http.MethodPost && !isForm(req.Header.Get("Content-Type")),
		req.Method != "" && req.Method != http.MethodGet && req.Method != http.MethodPost:
		s.Kind = Fetch
	}
	s.UserActivated = s.Kind == Navigate
	if page := refererPage(req.Header); page != nil {
		s.Initiator = page
	} else if !v.group.cfg.DisableReferer {
		s.Initiator = v.session.page(req.URL)
	}
}

func first(values []string) string {
	if len(values) == 0 {
		return ""
	}
	return values[0]
}

// isForm reports whether a body of that type can be a form's. A POST without a
// type is taken for an empty form.
func isForm(contentType string) bool {
	essence, _, _ := strings.Cut(contentType, ";")
	switch strings.ToLower(strings.TrimSpace(essence)) {
	case "", "application/x-www-form-urlencoded", "multipart/form-data":
		return true
	}
	return false
}

// refererPage is the page that the caller's own Referer names.
func refererPage(h http.Header) *url.URL {
	raw := first(h["Referer"])
	if raw == "" {
		return nil
	}
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil
	}
	return u
}

// upgrades reports whether the request leaves HTTP, as the handshake of a
// WebSocket does.
func upgrades(h http.Header) bool {
	if len(h["Upgrade"]) == 0 {
		return false
	}
	return slices.ContainsFunc(h["Connection"], func(v string) bool {
		return strings.Contains(strings.ToLower(v), "upgrade")
	})
}

// body notes the request's body the way net/http will send it.
func (s *Situation) body(req *http.Request) {
	switch {
	case req.Body != nil && req.Body != http.NoBody:
		s.HasBody, s.ContentLength = true, req.ContentLength
		if req.ContentLength == 0 {
			s.ContentLength = -1 // unknown: chunked over HTTP/1.1
		}
	default:
		s.ContentLength = 0
		s.HasBody = s.Method == "POST" || s.Method == "PUT" || s.Method == "PATCH"
	}
}

// takeHeaders moves the caller's headers which have a place of their own in the
// browser's order into the situation: those that a script may set for a script's
// request, the body's type and the validators for a navigation.
func (s *Situation) takeHeaders(h http.Header, told *Situation) {
	s.Headers = nil
	if s.Kind != Fetch && s.Kind != XHR {
		if protocol := h["Sec-Websocket-Protocol"]; s.Kind == Socket && !lacksValue(protocol) {
			s.Headers = append(s.Headers, Field{nSocketProtocol.h1, strings.Join(protocol, ", ")})
		}
		if values := h["Content-Type"]; !lacksValue(values) {
			s.Headers = append(s.Headers, Field{"Content-Type", strings.Join(values, ", ")})
		}
		if tag := h["If-None-Match"]; !lacksValue(tag) {
			s.IfNoneMatch = tag[0]
		}
		if date := h["If-Modified-Since"]; !lacksValue(date) {
			s.IfModifiedSince = date[0]
		}
		return
	}
	for n, values := range h {
		if !lacksValue(values) && (n == "Content-Type" || !forbidden(n)) {
			s.Headers = append(s.Headers, Field{n, strings.Join(values, ", ")})
		}
	}
	if len(s.Headers) < 2 {
		return
	}
	place := func(f Field) int {
		if told != nil {
			for i, listed := range told.Headers {
				if equalFold(listed.Name, f.Name) {
					return i
				}
			}
			return len(told.Headers)
		}
		return 0
	}
	slices.SortFunc(s.Headers, func(a, b Field) int {
		if d := place(a) - place(b); d != 0 {
			return d
		}
		return compareFold(a.Name, b.Name)
	})
}

// forbidden reports whether a script cannot set the header, so that it has
// another place than a script's (Fetch, "forbidden request-header").
func forbidden(n string) bool {
	switch l := strings.ToLower(n); l {
	case "accept-charset", "accept-encoding", "accept-language", "cookie", "date", "dnt", "expect", "origin",
		"referer", "user-agent", "via", "priority", "upgrade-insecure-requests":
		return true
	default:
		return ownedByTransport(l) || strings.HasPrefix(l, "sec-") || strings.HasPrefix(l, "proxy-")
	}
}

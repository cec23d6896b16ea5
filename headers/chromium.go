package headers

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// chromium writes the fields of the Chromium family. Navigations, worker scripts,
// preflights and handshakes have fixed orders; everything else goes through
// Blink's header map.
func (g *Generator) chromium(w *writer, s *Situation) {
	if !w.h2 {
		w.add(nHost, hostOf(s.URL))
		if s.Kind == Socket {
			w.add(nConnection, "Upgrade")
		} else {
			w.add(nConnection, "keep-alive")
		}
	}
	if s.HasBody && s.ContentLength >= 0 {
		w.add(nContentLength, strconv.FormatInt(s.ContentLength, 10))
	}
	g.chromiumCache(w, s)
	switch {
	case s.Kind == Socket:
		g.chromiumSocket(w, s)
		return
	case s.Kind == Preflight:
		g.chromiumPreflight(w, s)
	case s.Kind.navigation():
		g.chromiumNavigation(w, s)
	case s.Kind.workerScript() && (s.Kind != Worker || g.profile.Version >= g.data.Since.PlainWorker):
		g.chromiumWorker(w, s)
	default:
		g.chromiumSubresource(w, s)
	}
	if w.h2 && g.profile.Version >= g.data.Since.Priority {
		w.opt(nPriority, g.chromiumPriority(s))
	}
}

// hostOf is the value of Host: without the scheme's own port.
func hostOf(u *url.URL) string {
	_, host, _ := strings.Cut(originOf(u), "://")
	return host
}

// chromiumCache writes what the load flags add in front.
func (g *Generator) chromiumCache(w *writer, s *Situation) {
	noStore := s.Cache == CacheNoStore || s.Kind == EventSource
	switch {
	case s.Kind == HardReload, s.Kind == Socket, s.Cache == CacheReload,
		noStore && g.profile.Version >= g.data.Since.NoStoreUpFront:
		w.add(nPragma, "no-cache")
		w.add(nCacheControl, "no-cache")
	case s.Kind == Reload, s.Kind == ServiceWorker, s.Cache == CacheNoCache,
		s.Kind.navigation() && (s.method() == "POST" || s.OriginalMethod == "POST"):
		w.add(nCacheControl, "max-age=0")
	}
}

func (g *Generator) chromiumNavigation(w *writer, s *Situation) {
	trusted := secure(s.URL)
	redirected := len(s.Redirects) > 0
	if trusted && !redirected && !s.CriticalCH {
		g.navigationHints(w, s)
	}
	if g.profile.DNT {
		w.add(nDNT, "1")
	}
	g.chromiumForm(w, s)
	w.add(nAccept, g.acceptValue(s))
	if trusted && s.CriticalCH && !redirected {
		g.navigationHints(w, s)
	}
	r := s.relationOf()
	if trusted {
		w.add(nFetchSite, relationNames[r])
		w.add(nFetchMode, string(modeNavigate))
		if s.UserActivated {
			w.add(nFetchUser, "?1")
		}
		w.add(nFetchDest, kinds[s.Kind].dest)
		w.opt(nFetchStorage, g.storageAccess(s, r))
		if redirected {
			g.navigationHints(w, s) // a redirect takes them out and puts them back at the end
		}
	}
	w.opt(nReferer, s.referer(true))
	w.add(nAcceptEncoding, g.encodingFor(s))
	w.opt(nAcceptLanguage, g.acceptLanguage)
	w.opt(nIfNoneMatch, s.IfNoneMatch)
	w.opt(nIfModified, s.IfModifiedSince)
	w.cookies(s.Cookies, true)
}

// chromiumForm writes Upgrade-Insecure-Requests, User-Agent and what a form adds
// around them, which has changed place twice.
func (g *Generator) chromiumForm(w *writer, s *Situation) {
	contentType, _ := s.script(nContentType)
	origin := s.origin()
	since, version := &g.data.Since, g.profile.Version
	switch {
	case s.Kind == Reload || s.Kind == HardReload:
		w.add(nInsecure, "1")
		w.add(nUserAgent, g.userAgent)
		w.opt(nOrigin, origin)
		w.opt(nContentType, contentType)
	case version >= since.FormOriginLast:
		w.add(nInsecure, "1")
		w.opt(nContentType, contentType)
		w.add(nUserAgent, g.userAgent)
		w.opt(nOrigin, origin)
	case version >= since.FormHeadersFirst:
		w.opt(nOrigin, origin)
		w.opt(nContentType, contentType)
		w.add(nInsecure, "1")
		w.add(nUserAgent, g.userAgent)
	default:
		w.add(nInsecure, "1")
		w.opt(nOrigin, origin)
		w.opt(nContentType, contentType)
		w.add(nUserAgent, g.userAgent)
	}
}

func (g *Generator) navigationHints(w *writer, s *Situation) {
	if len(s.AcceptCH) == 0 {
		w.add(name{hintUA, hintUA}, g.hints[hintUA])
		w.add(name{hintMobile, hintMobile}, g.hints[hintMobile])
		w.add(name{hintPlatform, hintPlatform}, g.hints[hintPlatform])
		return
	}
	asked := s.mayAskHints()
	for _, hint := range navigationHints {
		if value, ok := g.hinted(s, hint, asked); ok {
			w.add(name{hint, hint}, value)
		}
	}
}

func (g *Generator) chromiumSubresource(w *writer, s *Situation) {
	trusted := secure(s.URL)
	var m blinkMap
	early := s.earlyOrigin()
	g.fillBlinkMap(&m, s, trusted, early)
	rangeValue := g.writeBlinkMap(w, s, &m)
	if !m.has(nAccept) {
		w.add(nAccept, g.acceptValue(s))
	}
	if s.Kind == Prefetch && g.profile.Version < g.data.Since.SecPurpose {
		w.add(nPurpose, "prefetch")
	}
	if g.profile.Version >= g.data.Since.LateValidators {
		w.opt(nIfNoneMatch, s.IfNoneMatch)
		w.opt(nIfModified, s.IfModifiedSince)
	}
	origin := s.origin()
	if early {
		origin = ""
	}
	atRedirect := g.profile.Version >= g.data.Since.LateRedirectOrigin && s.originAddedByRedirect()
	if !atRedirect {
		w.opt(nOrigin, origin)
	}
	r := s.relationOf()
	if trusted {
		w.add(nFetchSite, relationNames[r])
		w.add(nFetchMode, string(s.mode()))
		w.add(nFetchDest, kinds[s.Kind].dest)
	}
	if atRedirect {
		w.opt(nOrigin, origin)
	}
	if trusted {
		w.opt(nFetchStorage, g.storageAccess(s, r))
	}
	w.opt(nReferer, s.referer(true))
	switch {
	case m.has(nAcceptEncoding):
	case s.Kind.media(), rangeValue != "":
		w.add(nAcceptEncoding, "identity")
	default:
		w.add(nAcceptEncoding, g.encodingFor(s))
	}
	w.opt(nAcceptLanguage, g.acceptLanguage)
	w.cookies(s.Cookies, true)
	w.opt(nRange, rangeValue)
}

// fillBlinkMap inserts in the order of Blink's code.
func (g *Generator) fillBlinkMap(m *blinkMap, s *Situation, trusted, early bool) {
	since, version := &g.data.Since, g.profile.Version
	m.init(version >= since.Rapidhash)
	hints := func() {
		if !trusted || s.FromWorker {
			return
		}
		asked := s.mayAskHints()
		for _, hint := range insertedHints {
			if value, ok := g.hinted(s, hint, asked); ok {
				m.set(Field{hint, value})
			}
		}
	}
	if version < since.ScriptHeadersFirst {
		hints()
	}
	var room [16]Field
	own := append(room[:0], s.Headers...)
	if early {
		own = append(own, Field{nOrigin.h1, s.mapOrigin()})
	}
	switch {
	case s.Kind == EventSource:
		own = append(own, Field{nAccept.h1, g.acceptValue(s)})
		if version < since.NoStoreUpFront {
			own = append(own, Field{nCacheControl.h1, "no-cache"})
		}
	case s.Kind == Prefetch && version >= since.SecPurpose:
		own = append(own, Field{nSecPurpose.h1, "prefetch"})
	case s.Kind.media():
		own = append(own, Field{nRange.h1, "bytes=0-"})
		if version < since.PlainMedia {
			own = append(own, Field{nAcceptEncoding.h1, "identity;q=1, *;q=0"})
		}
	}
	slices.SortStableFunc(own, func(a, b Field) int { return compareFold(a.Name, b.Name) })
	for _, f := range own {
		m.set(f)
	}
	if version >= since.ScriptHeadersFirst {
		hints()
	}
	m.set(Field{nUserAgent.h1, g.userAgent})
	if g.profile.DNT {
		m.set(Field{nDNT.h1, "1"})
	}
	if version < since.LateValidators {
		if s.IfNoneMatch != "" {
			m.set(Field{nIfNoneMatch.h1, s.IfNoneMatch})
		}
		if s.IfModifiedSince != "" {
			m.set(Field{nIfModified.h1, s.IfModifiedSince})
		}
	}
}

// writeBlinkMap writes the map in bucket order. The cache takes Range out of it
// and puts it back at the end: it is returned.
func (g *Generator) writeBlinkMap(w *writer, _ *Situation, m *blinkMap) (rangeValue string) {
	for _, at := range m.buckets {
		if at == 0 {
			continue
		}
		f := m.entries[at-1].Field
		if equalFold(f.Name, nRange.h1) {
			rangeValue = f.Value
			continue
		}
		w.custom(f)
	}
	return rangeValue
}

func compareFold(a, b string) int {
	for i := range min(len(a), len(b)) {
		if x, y := lower(a[i]), lower(b[i]); x != y {
			return int(x) - int(y)
		}
	}
	return len(a) - len(b)
}

// earlyOrigin reports whether the renderer sets Origin itself, also to the page's
// own origin: for fonts, modules, crossorigin elements and preloads for fetch().
func (s *Situation) earlyOrigin() bool {
	switch s.Kind {
	case Font, Module:
		return s.mode() == ModeCORS
	case Fetch:
		return s.Preload && s.mode() == ModeCORS
	case Image, Style, Script, Track, Prefetch:
		return s.Mode == ModeCORS && !s.FromWorker
	}
	return false
}

// mapOrigin is the early Origin.
func (s *Situation) mapOrigin() string {
	if s.tainted() {
		return "null"
	}
	return originOf(s.Initiator)
}

// originAddedByRedirect reports whether the request left the page's origin only
// by a redirect, so that the first hop had no Origin header.
func (s *Situation) originAddedByRedirect() bool {
	return len(s.Redirects) > 0 && !s.unsafeMethod() && isSameOrigin(s.Initiator, s.Redirects[0])
}

// chromiumWorker writes the script request of a worker, which the browser process
// sends: no hints, no map.
func (g *Generator) chromiumWorker(w *writer, s *Situation) {
	if s.Kind == ServiceWorker && g.profile.DNT {
		w.add(nDNT, "1")
	}
	w.add(nAccept, g.acceptValue(s))
	if s.Kind == ServiceWorker {
		w.add(nServiceWorker, "script")
	} else if g.profile.DNT {
		w.add(nDNT, "1")
	}
	if secure(s.URL) {
		w.add(nFetchSite, relationNames[s.relationOf()])
		w.add(nFetchMode, string(s.mode()))
		w.add(nFetchDest, kinds[s.Kind].dest)
	}
	w.opt(nReferer, s.referer(true))
	w.add(nUserAgent, g.userAgent)
	w.add(nAcceptEncoding, g.encodingFor(s))
	w.opt(nAcceptLanguage, g.acceptLanguage)
	w.cookies(s.Cookies, true)
}

func (g *Generator) chromiumPreflight(w *writer, s *Situation) {
	w.add(nAccept, "*/*")
	w.add(nRequestMethod, s.requestMethod())
	w.opt(nRequestHeaders, s.requestHeaders())
	w.add(nOrigin, s.origin())
	w.add(nUserAgent, g.userAgent)
	w.add(nFetchMode, string(ModeCORS)) // even to an insecure URL
	if secure(s.URL) {
		w.add(nFetchSite, relationNames[s.relationOf()])
		w.add(nFetchDest, kinds[s.Kind].dest)
	}
	w.opt(nReferer, s.referer(true))
	w.add(nAcceptEncoding, g.encodingFor(s))
	w.opt(nAcceptLanguage, g.acceptLanguage)
}

func (g *Generator) chromiumSocket(w *writer, s *Situation) {
	w.add(nUserAgent, g.userAgent)
	w.add(nUpgrade, "websocket")
	w.add(nOrigin, s.origin())
	w.add(nSocketVersion, "13")
	w.add(nAcceptEncoding, g.encodingFor(s))
	w.opt(nAcceptLanguage, g.acceptLanguage)
	w.cookies(s.Cookies, true)
	w.add(nSocketKey, s.socketKey())
	w.add(nSocketExt, "permessage-deflate; client_max_window_bits")
	protocol, _ := s.script(nSocketProtocol)
	w.opt(nSocketProtocol, protocol)
}

package headers

import "strconv"

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
	if w.h2 && g.profile.Version >= g.data.Since.Priority && !s.scriptSets(nPriority) {
		w.opt(nPriority, g.chromiumPriority(s))
	}
}

// chromiumCache writes what the load flags add in front, with the values of the
// page's script where it has set the same headers.
func (g *Generator) chromiumCache(w *writer, s *Situation) {
	noStore := s.Cache == CacheNoStore || s.Kind == EventSource
	switch {
	case s.Kind == HardReload, s.Kind == Socket, s.Cache == CacheReload,
		noStore && g.profile.Version >= g.data.Since.NoStoreUpFront:
		w.add(nPragma, s.scriptOr(nPragma, "no-cache"))
		w.add(nCacheControl, s.scriptOr(nCacheControl, "no-cache"))
	case s.Kind == Reload, s.Kind == ServiceWorker, s.Cache == CacheNoCache, s.conditional() && !s.FromWorker,
		s.Kind.navigation() && (s.method() == "POST" || s.OriginalMethod == "POST"):
		w.add(nCacheControl, s.scriptOr(nCacheControl, "max-age=0"))
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
	if trusted {
		r := s.relationOf()
		w.add(nFetchSite, relationNames[r])
		w.add(nFetchMode, string(modeNavigate))
		if s.UserActivated && s.Kind.document() {
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
	contentType := g.contentType(s)
	origin := g.chromiumOrigin(s)
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
	w.add(nOrigin, s.origin(true))
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
	w.add(nOrigin, s.origin(true))
	w.add(nSocketVersion, "13")
	w.add(nAcceptEncoding, g.encodingFor(s))
	w.opt(nAcceptLanguage, g.acceptLanguage)
	w.cookies(s.Cookies, true)
	w.add(nSocketKey, s.socketKey())
	w.add(nSocketExt, "permessage-deflate; client_max_window_bits")
	protocol, _ := s.script(nSocketProtocol)
	w.opt(nSocketProtocol, protocol)
}

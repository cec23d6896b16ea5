package headers

import "strconv"

// Safari 16.4 brought Sec-Fetch-*.
const (
	fetchMetadataMajor   = 16
	fetchMetadataVersion = 16.4
)

// webkit writes the fields of Safari and of every browser on iOS. What is sent
// and with which value has been measured on WebKit; the order is that of public
// captures of Safari, which cover navigations and fetch(). The places of
// Referer, Origin, Cookie and the cache fields are not verified.
func (g *Generator) webkit(w *writer, s *Situation) {
	f := g.webkitFields(s)
	if !w.h2 {
		w.add(nHost, hostOf(s.URL))
	}
	if s.Kind == Socket {
		g.webkitSocket(w, s, f)
		return
	}
	if g.profile.Version >= g.data.Since.NewOrder {
		g.webkitNew(w, s, f)
	} else {
		g.webkitOld(w, s, f)
	}
	if !w.h2 {
		w.add(nConnection, "keep-alive")
	}
}

// webkitValues are the fields whose place depends on the version; empty: not sent.
type webkitValues struct {
	accept, language, encoding, dest, site, mode, referer, origin, contentType, length, priority, pragma, cacheControl string
}

func (g *Generator) webkitFields(s *Situation) webkitValues {
	f := webkitValues{
		encoding: g.encodingFor(s),
		referer:  s.referer(true),
		origin:   s.origin(true),
	}
	f.accept, f.language = s.scriptOr(nAccept, g.acceptValue(s)), s.scriptOr(nAcceptLanguage, g.acceptLanguage)
	mode := s.mode()
	if s.Kind == Font && !s.Preload && s.Mode == "" {
		mode = ModeNoCORS // WebKit's own way of asking for CSS fonts
		f.origin = ""
	} else if f.origin == "" && s.earlyOrigin() {
		f.origin = s.mapOrigin()
	}
	if secure(s.URL) && g.fetchMetadata() {
		f.dest, f.mode = kinds[s.Kind].dest, string(mode)
		if s.Kind == Object || s.Kind == Embed {
			f.dest = "iframe"
		}
		f.site = relationNames[s.relationOf()]
		if s.Kind == Reload || s.Kind == HardReload {
			f.site = relationNames[typed]
		}
	}
	if s.Kind != Preflight {
		f.contentType = g.contentType(s)
	}
	if s.HasBody && s.ContentLength >= 0 {
		f.length = strconv.FormatInt(s.ContentLength, 10)
	}
	if g.profile.Version >= g.data.Since.Priority && !s.scriptSets(nPriority) {
		f.priority = webkitPriority(s)
	}
	if _, ranged := s.script(nRange); s.Kind.media() {
		f.encoding = ""
	} else if ranged {
		f.encoding = "identity"
	}
	switch {
	case s.Kind == HardReload, s.Kind == EventSource, s.Cache == CacheNoStore, s.Cache == CacheReload:
		f.pragma, f.cacheControl = "no-cache", "no-cache"
	case s.Cache == CacheNoCache:
		f.cacheControl = "max-age=0"
	}
	if s.scriptSets(nPragma) {
		f.pragma = ""
	}
	if s.scriptSets(nCacheControl) {
		f.cacheControl = ""
	}
	return f
}

// fetchMetadata reports whether the version sends Sec-Fetch-* at all.
func (g *Generator) fetchMetadata() bool {
	if g.profile.Version != fetchMetadataMajor {
		return g.profile.Version > fetchMetadataMajor
	}
	v, err := strconv.ParseFloat(g.profile.fullVersion(), 64)
	return err != nil || v >= fetchMetadataVersion
}

func (g *Generator) webkitNew(w *writer, s *Situation, f webkitValues) {
	w.opt(nFetchDest, f.dest)
	g.webkitInsecure(w, s)
	w.add(nUserAgent, g.userAgent)
	w.add(nAccept, f.accept)
	g.webkitBody(w, s, f)
	w.opt(nFetchSite, f.site)
	w.opt(nFetchMode, f.mode)
	w.opt(nAcceptLanguage, f.language)
	w.opt(nPriority, f.priority)
	w.opt(nAcceptEncoding, f.encoding)
	g.webkitTail(w, s, f)
}

func (g *Generator) webkitOld(w *writer, s *Situation, f webkitValues) {
	w.add(nAccept, f.accept)
	w.opt(nFetchSite, f.site)
	g.webkitInsecure(w, s)
	g.webkitBody(w, s, f)
	w.opt(nAcceptEncoding, f.encoding)
	w.opt(nFetchMode, f.mode)
	w.add(nUserAgent, g.userAgent)
	w.opt(nAcceptLanguage, f.language)
	w.opt(nFetchDest, f.dest)
	g.webkitTail(w, s, f)
}

// webkitInsecure asks for https, which WebKit does only where it is needed.
func (g *Generator) webkitInsecure(w *writer, s *Situation) {
	if s.Kind.navigation() && s.URL.Scheme == "http" {
		w.add(nInsecure, "1")
	}
}

func (g *Generator) webkitBody(w *writer, s *Situation, f webkitValues) {
	if s.Kind == Preflight {
		w.add(nRequestMethod, s.requestMethod())
		w.opt(nRequestHeaders, s.requestHeaders())
	}
	w.opt(nContentType, f.contentType)
	w.opt(nReferer, f.referer)
	w.opt(nOrigin, f.origin)
	w.opt(nContentLength, f.length)
	if s.Kind != Preflight {
		for h := range s.joinedHeaders {
			if equalFold(h.Name, nAccept.h1) || equalFold(h.Name, nAcceptLanguage.h1) ||
				equalFold(h.Name, nContentType.h1) || g.redirectDrops(s, h.Name) {
				continue
			}
			w.custom(h)
		}
	}
	if s.Kind.media() {
		w.add(nRange, "bytes=0-")
	}
	if s.Kind == ServiceWorker {
		w.add(nServiceWorker, "script")
	}
}

// webkitTail has no DNT: WebKit has dropped the setting.
func (g *Generator) webkitTail(w *writer, s *Situation, f webkitValues) {
	w.opt(nPragma, f.pragma)
	w.opt(nCacheControl, f.cacheControl)
	w.opt(nIfNoneMatch, s.IfNoneMatch)
	w.opt(nIfModified, s.IfModifiedSince)
	if s.Kind != Preflight {
		w.cookies(s.Cookies, false)
	}
}

func (g *Generator) webkitSocket(w *writer, s *Situation, f webkitValues) {
	w.add(nUpgrade, "websocket")
	w.add(nConnection, "Upgrade")
	w.add(nSocketKey, s.socketKey())
	w.add(nSocketVersion, "13")
	protocol, _ := s.script(nSocketProtocol)
	w.opt(nSocketProtocol, protocol)
	w.add(nSocketExt, "permessage-deflate")
	w.add(nOrigin, f.origin)
	w.opt(nFetchDest, f.dest)
	w.opt(nFetchSite, f.site)
	w.opt(nFetchMode, f.mode)
	w.add(nUserAgent, g.userAgent)
	w.add(nPragma, "no-cache")
	w.add(nCacheControl, "no-cache")
	w.opt(nAcceptLanguage, g.acceptLanguage)
	w.add(nAcceptEncoding, g.encodingFor(s))
	w.cookies(s.Cookies, false)
}

package headers

import "strconv"

// firefox writes the fields of Firefox. One order serves all kinds: what the
// opener of the channel sets, then Connection and what the channel adds by itself.
// Only the place of Referer, Origin and the body's fields differs.
func (g *Generator) firefox(w *writer, s *Situation) {
	trusted := secure(s.URL)
	if !w.h2 {
		w.add(nHost, hostOf(s.URL))
	}
	w.add(nUserAgent, g.userAgent)
	w.add(nAccept, s.scriptOr(nAccept, g.acceptValue(s)))
	w.opt(nAcceptLanguage, s.scriptOr(nAcceptLanguage, g.acceptLanguage))
	switch redirected := len(s.Redirects) > 0; {
	case s.Kind.media() && redirected:
		w.add(nAcceptEncoding, "identity")
	case s.Kind.media():
		w.add(nRange, "bytes=0-")
	default:
		w.add(nAcceptEncoding, g.firefoxEncoding(s))
	}

	r := s.relationOf()
	referer := ""
	if s.Kind != Track && s.Kind != ServiceWorker && s.Kind != Socket {
		referer = s.referer(s.Kind.topLevel())
	}
	late := g.firefoxOpening(w, s, r, referer)
	g.firefoxChannel(w, s, trusted, r, late)
}

// firefoxOpening writes what the opener of the channel sets. It returns the
// referrer if that is still to come.
func (g *Generator) firefoxOpening(w *writer, s *Situation, r relation, referer string) (late string) {
	early, late := referer, ""
	if g.lateReferer(s) {
		early, late = "", referer
	}
	storage := ""
	if secure(s.URL) || g.thirdParty == CookiesAllowed {
		storage = g.storageAccess(s, r)
	}
	origin := s.origin(true)
	switch {
	case s.Kind == Socket:
		w.add(nSocketVersion, "13")
		w.opt(nOrigin, origin)
		protocol, _ := s.script(nSocketProtocol)
		w.opt(nSocketProtocol, protocol)
		w.add(nSocketExt, "permessage-deflate")
		w.add(nSocketKey, s.socketKey())
		w.opt(nFetchStorage, storage)
		return late
	case s.Kind == Preflight:
		w.add(nRequestMethod, s.requestMethod())
		w.opt(nRequestHeaders, s.requestHeaders())
		w.opt(nReferer, referer)
		w.opt(nOrigin, origin)
		w.opt(nFetchStorage, storage)
		return ""
	}
	// The CORS listener sets Origin when the channel opens, the channel itself
	// when it connects.
	opened, connected := "", origin
	if s.mode() == ModeCORS && s.crossOrigin() {
		opened, connected = origin, ""
	}
	if len(s.Redirects) > 0 {
		// The new channel starts from the body; then the others get a hand in.
		w.opt(nContentType, g.contentType(s))
		s.contentLength(w)
		if s.FromWorker && s.Kind == Fetch {
			w.opt(nReferer, early)
			early = ""
		}
		w.opt(nOrigin, opened)
		g.firefoxScript(w, s, false)
		if s.Kind.media() {
			w.add(nRange, "bytes=0-")
		}
		w.opt(nReferer, early)
	} else {
		afterScript := s.Kind == XHR || s.FromWorker
		if !afterScript {
			w.opt(nReferer, early)
		}
		g.firefoxScript(w, s, true)
		if afterScript {
			w.opt(nReferer, early)
		}
		s.contentLength(w)
		w.opt(nOrigin, opened)
	}
	w.opt(nFetchStorage, storage)
	w.opt(nOrigin, connected)
	return late
}

// firefoxChannel writes what every channel adds when it connects.
func (g *Generator) firefoxChannel(w *writer, s *Situation, trusted bool, r relation, late string) {
	if g.profile.DNT {
		w.add(nDNT, "1")
	}
	if g.profile.GPC {
		w.add(nGPC, "1")
	}
	if !w.h2 {
		if s.Kind == Socket {
			w.add(nConnection, "Upgrade")
		} else {
			w.add(nConnection, "keep-alive")
		}
	}
	w.opt(nReferer, late)
	if s.Kind != Preflight {
		w.cookies(s.Cookies, true)
	}
	if s.Kind.document() {
		w.add(nInsecure, "1")
	}
	if trusted {
		dest := kinds[s.Kind].dest
		if s.Kind == Socket {
			dest = "empty"
		}
		w.add(nFetchDest, dest)
		w.add(nFetchMode, string(s.mode()))
		w.add(nFetchSite, relationNames[r])
		if s.UserActivated && s.Kind.document() {
			w.add(nFetchUser, "?1")
		}
	}
	if s.Kind.media() && len(s.Redirects) == 0 {
		w.add(nAcceptEncoding, "identity")
	}
	w.opt(nIfModified, s.IfModifiedSince)
	w.opt(nIfNoneMatch, s.IfNoneMatch)
	if g.profile.Version >= g.data.Since.Priority && s.Kind != Socket && !s.scriptSets(nPriority) {
		w.opt(nPriority, firefoxPriority(s))
	}
	firefoxCache(w, s)
	if s.Kind == Socket {
		w.add(nUpgrade, "websocket")
	}
	if s.bodiless() && s.HasBody {
		w.add(nContentLength, "0")
	}
	if w.h2 {
		w.add(nTE, "trailers")
	}
}

// firefoxCache writes what the load flags add, unless the page's script has.
func firefoxCache(w *writer, s *Situation) {
	add := func(n name, value string) {
		if !s.scriptSets(n) {
			w.add(n, value)
		}
	}
	switch {
	case s.Kind == HardReload, s.Kind == EventSource, s.Kind == ServiceWorker, s.Kind == Socket,
		s.Cache == CacheNoStore, s.Cache == CacheReload, s.conditional() && s.Kind != XHR && (s.Cache == "" || s.Cache == CacheDefault):
		add(nPragma, "no-cache")
		add(nCacheControl, "no-cache")
	case s.Cache == CacheNoCache:
		add(nCacheControl, "max-age=0")
	}
}

// lateReferer reports whether Firefox sets Referer anew when the channel
// connects: wherever no policy was given (that of an attribute is, if it is the
// default one), or one that it does not respect.
// fetch() and preloaded fonts name the default policy, a redirect and a reload
// the one that was in effect.
func (g *Generator) lateReferer(s *Situation) bool {
	if s.relaxesPolicy() && !s.Kind.topLevel() && s.Initiator != nil && thirdParty(s.Initiator, s.URL) {
		return true
	}
	switch {
	case s.Kind == Reload, s.Kind == HardReload, s.Kind == Fetch && !s.Preload, s.Kind == Font && s.Preload,
		len(s.Redirects) > 0:
		return false
	}
	return s.ReferrerPolicy == ""
}

// firefoxScript writes the headers that were set by name, in their order: a
// script's, the type of a body, and what marks special requests.
func (g *Generator) firefoxScript(w *writer, s *Situation, contentType bool) {
	switch {
	case s.Kind == ServiceWorker:
		w.add(nServiceWorker, "script")
	case s.Kind == Prefetch && g.profile.Version < g.data.Since.SecPurpose:
		w.add(nXMoz, "prefetch")
	case s.Kind == Prefetch:
		w.add(nSecPurpose, "prefetch")
	}
	for f := range s.joinedHeaders {
		if equalFold(f.Name, nAccept.h1) || equalFold(f.Name, nAcceptLanguage.h1) ||
			!contentType && equalFold(f.Name, nContentType.h1) || g.redirectDrops(s, f.Name) {
			continue
		}
		w.custom(f)
	}
}

func (g *Generator) firefoxEncoding(s *Situation) string {
	encoding := g.encodingFor(s)
	if !s.scriptSets(nRange) {
		return encoding
	}
	if g.profile.Version >= g.data.Since.PlainRange {
		return "identity"
	}
	return encoding + ", identity"
}

// contentLength writes the length of a body; that of an empty one which no
// stream stands for is added by the connection, at the end.
func (s *Situation) contentLength(w *writer) {
	if s.HasBody && s.ContentLength >= 0 && !s.bodiless() {
		w.add(nContentLength, strconv.FormatInt(s.ContentLength, 10))
	}
}

func (s *Situation) bodiless() bool {
	_, typed := s.script(nContentType)
	return s.ContentLength == 0 && !typed
}

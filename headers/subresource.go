package headers

import "slices"

// chromiumSubresource writes what goes through Blink's header map: first the map,
// then what the network stack adds in a fixed order.
func (g *Generator) chromiumSubresource(w *writer, s *Situation) {
	trusted := secure(s.URL)
	var m blinkMap
	early := s.earlyOrigin()
	g.fillBlinkMap(&m, s, early)
	rangeValue := g.writeBlinkMap(w, s, &m)
	if !m.has(nAccept) {
		w.add(nAccept, g.acceptValue(s))
	}
	if s.Kind == Prefetch && g.profile.Version < g.data.Since.SecPurpose {
		w.add(nPurpose, "prefetch")
	}
	if !s.networkCache() && g.profile.Version >= g.data.Since.LateValidators {
		w.opt(nIfNoneMatch, s.IfNoneMatch)
		w.opt(nIfModified, s.IfModifiedSince)
	}
	origin := g.chromiumOrigin(s)
	if early {
		origin = ""
	}
	atRedirect := g.profile.Version >= g.data.Since.LateRedirectOrigin && s.originAddedByRedirect()
	if !atRedirect {
		w.opt(nOrigin, origin)
	}
	storage := ""
	if trusted {
		r := s.relationOf()
		w.add(nFetchSite, relationNames[r])
		w.add(nFetchMode, string(s.mode()))
		w.add(nFetchDest, kinds[s.Kind].dest)
		storage = g.storageAccess(s, r)
	}
	switch {
	case !atRedirect:
		w.opt(nFetchStorage, storage)
	case s.leavesOriginBeforeSite():
		w.opt(nOrigin, origin)
		w.opt(nFetchStorage, storage)
	default:
		w.opt(nFetchStorage, storage)
		w.opt(nOrigin, origin)
	}
	w.opt(nReferer, s.referer(true))
	switch {
	case m.has(nAcceptEncoding):
	case m.has(nRange):
		w.add(nAcceptEncoding, "identity")
	default:
		w.add(nAcceptEncoding, g.encodingFor(s))
	}
	if !m.has(nAcceptLanguage) {
		w.opt(nAcceptLanguage, g.acceptLanguage)
	}
	if s.networkCache() {
		w.opt(nIfNoneMatch, s.IfNoneMatch)
		w.opt(nIfModified, s.IfModifiedSince)
	}
	w.cookies(s.Cookies, true)
	w.opt(nRange, rangeValue)
}

// fillBlinkMap inserts in the order of Blink's code.
func (g *Generator) fillBlinkMap(m *blinkMap, s *Situation, early bool) {
	since, version := &g.data.Since, g.profile.Version
	m.init(version >= since.Rapidhash)
	hints := func() {
		if !secure(s.hop(0)) || s.FromWorker {
			return // no redirect adds them
		}
		asked, order := s.mayAskHints(), &insertedHints
		if !m.rapid {
			order = &oldInsertedHints
		}
		for _, hint := range order {
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
	case s.Kind.media():
		own = append(own, Field{nRange.h1, "bytes=0-"})
		if version < since.PlainMedia {
			own = append(own, Field{nAcceptEncoding.h1, "identity;q=1, *;q=0"})
		}
	}
	if s.Kind == XHR {
		// XMLHttpRequest keeps them in a map of its own, and hands them over in that one's order.
		var kept blinkMap
		kept.init(m.rapid)
		for _, f := range own {
			kept.set(f)
		}
		for f := range kept.inOrder {
			m.set(f)
		}
	} else {
		slices.SortStableFunc(own, func(a, b Field) int { return compareFold(a.Name, b.Name) })
		for _, f := range own {
			m.set(f)
		}
	}
	if version >= since.ScriptHeadersFirst {
		hints()
	}
	if s.Kind == Prefetch && version >= since.SecPurpose {
		m.set(Field{nSecPurpose.h1, "prefetch"})
	}
	m.set(Field{nUserAgent.h1, g.userAgent})
	if g.profile.DNT {
		m.set(Field{nDNT.h1, "1"})
	}
	if !s.networkCache() && version < since.LateValidators {
		if s.IfNoneMatch != "" {
			m.set(Field{nIfNoneMatch.h1, s.IfNoneMatch})
		}
		if s.IfModifiedSince != "" {
			m.set(Field{nIfModified.h1, s.IfModifiedSince})
		}
	}
}

// networkCache reports whether a cached response is revalidated by the network
// stack, which adds the validators last; Blink's own cache of images, scripts and
// styles does it in the renderer.
func (s *Situation) networkCache() bool { return s.Kind == Fetch || s.Kind == XHR }

// writeBlinkMap writes the map in bucket order, without what stands elsewhere: the
// cache takes Range out and puts it back at the end, so it is returned; Pragma and
// Cache-Control may have been written in front; a redirect may have dropped one.
func (g *Generator) writeBlinkMap(w *writer, s *Situation, m *blinkMap) (rangeValue string) {
	front := w.fields
	for f := range m.inOrder {
		switch {
		case equalFold(f.Name, nRange.h1) && s.rangeIsCached():
			rangeValue = f.Value
		case equalFold(f.Name, nPragma.h1) && hasField(front, f.Name),
			equalFold(f.Name, nCacheControl.h1) && hasField(front, f.Name),
			g.redirectDrops(s, f.Name):
		default:
			w.custom(f)
		}
	}
	return rangeValue
}

func hasField(fields []Field, name string) bool {
	return slices.ContainsFunc(fields, func(f Field) bool { return equalFold(f.Name, name) })
}

// rangeIsCached reports whether the cache may keep the answer to a Range: not if
// it is told to stay out, by cache mode or by validators, nor for other methods and
// for several ranges.
func (s *Situation) rangeIsCached() bool {
	value, set := s.script(nRange)
	return s.method() == "GET" && s.Cache != CacheNoStore && !s.conditional() && (!set || singleRange(value))
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

// chromiumOrigin is Origin in the Chromium family: where CORS is not involved, the
// network stack hides it on any redirect to another origin, and the policy counts
// for navigations only.
func (g *Generator) chromiumOrigin(s *Situation) string {
	origin := s.origin(s.Kind.navigation())
	if origin == "" || s.mode() == ModeCORS {
		return origin
	}
	if s.changesOrigin() {
		return "null"
	}
	return origin
}

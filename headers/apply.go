package headers

import (
	"net/http"
	"slices"
	"strings"
)

// wireKeys maps lower-case names to the keys under which net/http's Header map
// holds them. They are canonical, but for those that browsers spell otherwise
// over HTTP/1.1: net/http writes a key as it is.
var wireKeys = func() map[string]string {
	keys := make(map[string]string)
	for _, n := range []name{
		nPragma, nCacheControl, nGPC, nInsecure, nUserAgent, nAccept, nAcceptEncoding, nAcceptLanguage, nOrigin,
		nReferer, nCookie, nRange, nIfNoneMatch, nIfModified, nFetchSite, nFetchMode, nFetchUser, nFetchDest,
		nFetchStorage, nPriority, nPurpose, nSecPurpose, nXMoz, nServiceWorker, nContentType, nRequestMethod,
		nRequestHeaders,
	} {
		keys[n.h2] = http.CanonicalHeaderKey(n.h1)
	}
	keys[nDNT.h2] = nDNT.h1
	for _, hints := range [][]string{navigationHints[:], insertedHints[:]} {
		for _, hint := range hints {
			keys[hint] = hint
		}
	}
	return keys
}()

// outgoing builds the request that goes out: a clone of the caller's, with the
// generated fields where the caller has none.
func (v *visit) outgoing(critical bool) *http.Request {
	req := v.req
	e := &exchange{Context: req.Context()}
	h := make(http.Header, len(req.Header)+typicalFields)
	values := make([]string, 0, len(req.Header)+typicalFields)
	put := func(key, value string) {
		values = append(values, value)
		h[key] = values[len(values)-1 : len(values) : len(values)]
	}
	own := v.copyCaller(h, &values)
	for key, extra := range v.group.cfg.Extra {
		if _, ok := callerValues(req.Header, key); !ok && len(extra) > 0 {
			h[http.CanonicalHeaderKey(key)] = append([]string(nil), extra...)
			own = true
		}
	}
	if from := v.group.cfg.From; from != "" {
		if _, ok := callerValues(req.Header, "From"); !ok {
			put("From", from)
			own = true
		}
	}
	if v.generator == nil {
		v.plain(h, put)
	} else {
		e.situation, e.inferred = v.situation()
		e.situation.CriticalCH = critical
		e.situation.Cookies = v.cookies(&e.situation)
		e.list = v.generator.appendFields(&e.situation, e.room[:0])
		for _, f := range e.list.Fields {
			key, ok := wireKeys[f.Name]
			if !ok {
				if key, ok = wireKeys[strings.ToLower(f.Name)]; !ok {
					continue // the connection's own, or a header of the caller's
				}
			}
			if key == nCookie.h1 {
				continue
			}
			if key == nUserAgent.h1 && v.userAgent != "" {
				f.Value = v.userAgent
			}
			if _, set := callerValues(h, key); !set {
				put(key, f.Value)
			}
		}
		if e.situation.Cookies != "" {
			put(nCookie.h1, e.situation.Cookies)
		}
		if own || v.userAgent != "" {
			e.list = reconcile(e.list, h)
		}
		dropEmpty(h)
	}
	v.exchange = e
	if v.generator == nil {
		v.exchange = nil
	}
	out := req.WithContext(e)
	u := *req.URL
	out.URL, out.Header = &u, h
	return out
}

// plain adds what goes out also without a browser.
func (v *visit) plain(h http.Header, put func(key, value string)) {
	if _, ok := callerValues(h, nUserAgent.h1); !ok && v.userAgent != "" {
		put(nUserAgent.h1, v.userAgent)
	}
	if cookies := v.cookies(nil); cookies != "" {
		put(nCookie.h1, cookies)
	}
}

// copyCaller copies the caller's headers that may be passed on. It reports
// whether there are any that the generated list does not know.
func (v *visit) copyCaller(h http.Header, values *[]string) (own bool) {
	src := v.req.Header
	upgrade := upgrades(src)
	auto := automaticReferer(v.req)
	for key, vs := range src {
		switch {
		case ownedByTransport(key) && !(upgrade && (key == "Connection" || key == "Upgrade")):
			continue
		case namedByConnection(src, key) && !(upgrade && key == "Upgrade"):
			continue
		case key == nReferer.h1 && len(vs) == 1 && auto != "" && vs[0] == auto:
			continue
		case vs == nil:
			h[key] = nil
		default:
			start := len(*values)
			*values = append(*values, vs...)
			h[key] = (*values)[start:len(*values):len(*values)]
		}
		own = true
	}
	return own
}

// namedByConnection reports whether a Connection header declares the header to be
// for the next hop only (RFC 9110, section 7.6.1).
func namedByConnection(h http.Header, key string) bool {
	for _, line := range h["Connection"] {
		for option := range strings.SplitSeq(line, ",") {
			if strings.EqualFold(strings.TrimSpace(option), key) {
				return true
			}
		}
	}
	return false
}

// automaticReferer is the Referer that [http.Client] sets by itself when it
// follows a redirect: the URL that redirected. Browsers keep the page's.
func automaticReferer(req *http.Request) string {
	if redirectedFrom(req) == nil || req.Response.Request.URL == nil {
		return ""
	}
	u := *req.Response.Request.URL
	u.User = nil
	return u.String()
}

// callerValues returns what the header map holds under a name in any spelling.
// ok is true also for an empty list, which says: do not send it.
func callerValues(h http.Header, key string) (values []string, ok bool) {
	if values, ok = h[key]; ok {
		return values, true
	}
	if canonical := http.CanonicalHeaderKey(key); canonical != key {
		if values, ok = h[canonical]; ok {
			return values, true
		}
	}
	for k, vs := range h {
		if len(k) == len(key) && equalFold(k, key) {
			return vs, true
		}
	}
	return nil, false
}

// dropEmpty takes out what the caller does not want to have sent. net/http adds
// a User-Agent of its own unless there is an empty entry for it.
func dropEmpty(h http.Header) {
	for key, values := range h {
		if len(values) > 1 || len(values) == 1 && values[0] != "" {
			continue
		}
		if key == nUserAgent.h1 {
			h[key] = nil
		} else {
			delete(h, key)
		}
	}
}

// reconcile brings the list up to date with h.
func reconcile(list List, h http.Header) List {
	out := make([]Field, 0, len(list.Fields)+len(h))
	seen := make(map[string]bool, len(list.Fields))
	for _, f := range list.Fields {
		lowerName := strings.ToLower(f.Name)
		if ownedByTransport(lowerName) {
			out = append(out, f)
			continue
		}
		values, ok := callerValues(h, f.Name)
		switch {
		case !ok || seen[lowerName] && lowerName != nCookie.h2:
		case lowerName == nCookie.h2:
			if strings.Contains(strings.Join(values, "; "), f.Value) {
				out = append(out, f)
			}
		default:
			for _, value := range values {
				if value != "" {
					out = append(out, Field{f.Name, value})
				}
			}
		}
		seen[lowerName] = true
	}
	list.Fields = insertNew(out, list.Protocol, h, seen)
	return list
}

// insertNew puts the headers that no browser sends behind the ones it sends, but
// before those that end every list.
func insertNew(fields []Field, protocol Protocol, h http.Header, seen map[string]bool) []Field {
	var fresh []Field
	for key, values := range h {
		if seen[strings.ToLower(key)] || ownedByTransport(key) {
			continue
		}
		n := key
		if protocol == HTTP2 {
			n = strings.ToLower(key)
		}
		for _, value := range values {
			if value != "" {
				fresh = append(fresh, Field{n, value})
			}
		}
	}
	if len(fresh) == 0 {
		return fields
	}
	slices.SortStableFunc(fresh, func(a, b Field) int { return compareFold(a.Name, b.Name) })
	end := len(fields)
	for end > 0 && endsList(fields[end-1].Name) {
		end--
	}
	return slices.Insert(fields, end, fresh...)
}

func endsList(n string) bool {
	switch strings.ToLower(n) {
	case nCookie.h2, nPriority.h2, nTE.h2, nPragma.h2, nCacheControl.h2:
		return true
	}
	return false
}

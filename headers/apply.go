package headers

import (
	"net/http"
	"strings"
)

// wireKey is where net/http's Header map holds a header. Keys are canonical, but
// for those that browsers spell otherwise over HTTP/1.1: net/http writes a key as
// it is, and looks up the canonical one.
type wireKey struct{ key, canonical string }

// wireKeys finds the key for a name as the generator spells it. What it lacks is
// the connection's own or a header of the caller's.
var wireKeys = func() map[string]wireKey {
	keys := make(map[string]wireKey)
	for _, n := range []name{
		nPragma, nCacheControl, nGPC, nInsecure, nUserAgent, nAccept, nAcceptEncoding, nAcceptLanguage, nOrigin,
		nReferer, nRange, nIfNoneMatch, nIfModified, nFetchSite, nFetchMode, nFetchUser, nFetchDest,
		nFetchStorage, nPriority, nPurpose, nSecPurpose, nXMoz, nServiceWorker, nContentType, nRequestMethod,
		nRequestHeaders,
	} {
		canonical := http.CanonicalHeaderKey(n.h1)
		keys[n.h1] = wireKey{canonical, canonical}
		keys[n.h2] = keys[n.h1]
	}
	keys[nDNT.h1] = wireKey{nDNT.h1, http.CanonicalHeaderKey(nDNT.h1)}
	keys[nDNT.h2] = keys[nDNT.h1]
	for _, hints := range [][]string{navigationHints[:], insertedHints[:]} {
		for _, hint := range hints {
			keys[hint] = wireKey{hint, http.CanonicalHeaderKey(hint)}
		}
	}
	return keys
}()

// headerMap is the header of a request that is being put together.
type headerMap struct {
	http.Header
	values []string // backs the entries, so that they cost one allocation
	odd    bool     // has keys that are not canonical
	empty  bool     // has entries without a value
}

// newHeaderMap makes room for what the caller and the browser have to say. Half of
// what the one has is taken to be in the other's list: a map with much more room
// than it needs is what costs most in a header, and one that grows is the next.
func newHeaderMap(caller, browser int) headerMap {
	size := max(caller, browser) + min(caller, browser)/2
	return headerMap{Header: make(http.Header, size), values: make([]string, 0, caller+browser)}
}

// put sets one value.
func (m *headerMap) put(key, value string) {
	m.empty = m.empty || value == ""
	m.values = append(m.values, value)
	end := len(m.values)
	m.Header[key] = m.values[end-1 : end : end]
}

// copy sets the caller's values without sharing his memory.
func (m *headerMap) copy(key string, values []string) {
	m.odd = m.odd || !canonical(key)
	m.empty = m.empty || lacksValue(values)
	if values == nil {
		m.Header[key] = nil
		return
	}
	start := len(m.values)
	m.values = append(m.values, values...)
	m.Header[key] = m.values[start:len(m.values):len(m.values)]
}

// has reports whether there is an entry, if an empty one, in any spelling.
func (m *headerMap) has(k wireKey) bool {
	if _, ok := m.Header[k.key]; ok {
		return true
	}
	if k.canonical != k.key {
		if _, ok := m.Header[k.canonical]; ok {
			return true
		}
	}
	if m.odd {
		for key := range m.Header {
			if equalFold(key, k.key) {
				return true
			}
		}
	}
	return false
}

// canonical reports whether the key is spelled as net/http spells it.
func canonical(key string) bool {
	start := true
	for i := range len(key) {
		c := key[i]
		if start && 'a' <= c && c <= 'z' || !start && 'A' <= c && c <= 'Z' {
			return false
		}
		start = c == '-'
	}
	return true
}

// outgoing builds the request that goes out: a clone of the caller's, with the
// generated fields where the caller has none.
func (v *visit) outgoing(critical bool) *http.Request {
	req, cfg := v.req, &v.group.cfg
	e := &exchange{Context: req.Context()}
	if v.generator != nil {
		v.generate(e, critical)
	}
	h := newHeaderMap(len(req.Header), len(e.list.Fields)+len(cfg.Extra)+1) // From, or a Cookie
	v.copyCaller(&h)
	for n, values := range cfg.Extra {
		if k := keyOf(n); !h.has(k) && len(values) > 0 {
			h.copy(k.key, values)
		}
	}
	if cfg.From != "" && !h.has(wireKey{"From", "From"}) {
		h.put("From", cfg.From)
	}
	cookies := ""
	if v.generator == nil {
		if v.userAgent != "" && !h.has(wireKeys[nUserAgent.h1]) {
			h.put(nUserAgent.h1, v.userAgent)
		}
		cookies = v.cookies(nil)
	} else {
		v.fill(e, &h)
		cookies = e.situation.Cookies
		v.exchange = e
	}
	if cookies != "" {
		h.put(nCookie.h1, cookies)
	}
	if h.empty {
		dropEmpty(h.Header)
	}
	e.url, e.header = *req.URL, h.Header
	out := req.WithContext(e)
	out.URL, out.Header = &e.url, h.Header
	return out
}

// generate lists what the identity's browser sends.
func (v *visit) generate(e *exchange, critical bool) {
	v.situation(&e.situation)
	e.situation.CriticalCH = critical
	e.situation.Cookies = v.cookies(&e.situation)
	e.list = v.generator.appendFields(&e.situation, e.room[:0])
}

// fill adds the fields of the identity's browser that the caller does not set.
func (v *visit) fill(e *exchange, h *headerMap) {
	for i := range e.list.Fields {
		f := &e.list.Fields[i]
		if host := v.req.Host; f.Name == nHost.h1 && host != "" && host != v.req.URL.Host {
			f.Value = host
		}
		k, ok := wireKeys[f.Name]
		if !ok || h.has(k) {
			continue
		}
		if k.key == nUserAgent.h1 && v.userAgent != "" {
			h.put(k.key, v.userAgent)
		} else {
			h.put(k.key, f.Value)
		}
	}
}

// keyOf is the wireKey of any header.
func keyOf(n string) wireKey {
	if k, ok := wireKeys[n]; ok {
		return k
	}
	canonical := http.CanonicalHeaderKey(n)
	return wireKey{canonical, canonical}
}

// copyCaller copies the caller's headers that may be passed on.
func (v *visit) copyCaller(h *headerMap) {
	src := v.req.Header
	upgrade := upgrades(src)
	auto := automaticReferer(v.req)
	hop := src["Connection"]
	for key, values := range src {
		switch {
		case upgrade && (key == "Connection" || key == "Upgrade"):
		case ownedByTransport(key), len(hop) > 0 && namedBy(hop, key):
			continue
		case auto != "" && key == nReferer.h1 && len(values) == 1 && values[0] == auto:
			continue
		}
		h.copy(key, values)
	}
}

// namedBy reports whether the lines of a Connection header declare the header to be
// for the next hop only (RFC 9110, section 7.6.1).
func namedBy(connection []string, key string) bool {
	for _, line := range connection {
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

// odd reports whether the header map has keys that are not canonical, which makes
// it worth looking for a name in another spelling.
func odd(h http.Header) bool {
	for key := range h {
		if !canonical(key) {
			return true
		}
	}
	return false
}

// callerValues returns what the caller has under a canonical name; see the function.
func (v *visit) callerValues(name string) (values []string, ok bool) {
	if values, ok = v.req.Header[name]; ok || !v.odd {
		return values, ok
	}
	return callerValues(v.req.Header, name)
}

// callerValues returns what the header map holds under a name in any spelling.
// ok is true also for an empty list, which says: do not send it.
func callerValues(h http.Header, key string) (values []string, ok bool) {
	if values, ok = h[key]; ok {
		return values, true
	}
	for k, vs := range h {
		if equalFold(k, key) {
			return vs, true
		}
	}
	return nil, false
}

// dropEmpty takes out what the caller does not want a browser to send. net/http
// adds a User-Agent of its own unless there is an empty entry for it. An empty
// header that no browser has is the caller's to send.
func dropEmpty(h http.Header) {
	for key, values := range h {
		if !lacksValue(values) {
			continue
		}
		switch _, known := wireKeys[strings.ToLower(key)]; {
		case key == nUserAgent.h1:
			h[key] = nil
		case known, key == nCookie.h1:
			delete(h, key)
		}
	}
}

// lacksValue reports whether the values of a header say that it is not wanted.
func lacksValue(values []string) bool {
	return len(values) == 0 || len(values) == 1 && values[0] == ""
}

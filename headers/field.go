package headers

import "strings"

// Field is one header line: the name in the browser's own spelling for the
// protocol, and the value.
type Field struct{ Name, Value string }

// List is what a browser puts on the wire for one request.
type List struct {
	// Protocol is the one that the spelling and the choice of fields are for.
	Protocol Protocol
	// Fields holds every header line in wire order, Host, Connection,
	// Content-Length, TE and Cookie included.
	Fields []Field
	// Pseudo is the order of the pseudo-headers of HTTP/2; nil for HTTP/1.1.
	// It is shared: do not write to it.
	Pseudo []string
}

// Get returns the value of the first field of that name in any letter case, or "".
func (l List) Get(name string) string {
	for _, f := range l.Fields {
		if strings.EqualFold(f.Name, name) {
			return f.Value
		}
	}
	return ""
}

// Has reports whether the list has a field of that name in any letter case.
func (l List) Has(name string) bool {
	for _, f := range l.Fields {
		if strings.EqualFold(f.Name, name) {
			return true
		}
	}
	return false
}

// name is a header name in both spellings: HTTP/1.1 keeps the browser's own,
// HTTP/2 wants lower case (RFC 9113, section 8.2).
type name struct{ h1, h2 string }

var (
	nHost           = name{"Host", "host"}
	nConnection     = name{"Connection", "connection"}
	nUpgrade        = name{"Upgrade", "upgrade"}
	nContentLength  = name{"Content-Length", "content-length"}
	nContentType    = name{"Content-Type", "content-type"}
	nPragma         = name{"Pragma", "pragma"}
	nCacheControl   = name{"Cache-Control", "cache-control"}
	nDNT            = name{"DNT", "dnt"}
	nGPC            = name{"Sec-GPC", "sec-gpc"}
	nInsecure       = name{"Upgrade-Insecure-Requests", "upgrade-insecure-requests"}
	nUserAgent      = name{"User-Agent", "user-agent"}
	nAccept         = name{"Accept", "accept"}
	nAcceptEncoding = name{"Accept-Encoding", "accept-encoding"}
	nAcceptLanguage = name{"Accept-Language", "accept-language"}
	nOrigin         = name{"Origin", "origin"}
	nReferer        = name{"Referer", "referer"}
	nCookie         = name{"Cookie", "cookie"}
	nAuthorization  = name{"Authorization", "authorization"}
	nRange          = name{"Range", "range"}
	nIfNoneMatch    = name{"If-None-Match", "if-none-match"}
	nIfModified     = name{"If-Modified-Since", "if-modified-since"}
	nFetchSite      = name{"Sec-Fetch-Site", "sec-fetch-site"}
	nFetchMode      = name{"Sec-Fetch-Mode", "sec-fetch-mode"}
	nFetchUser      = name{"Sec-Fetch-User", "sec-fetch-user"}
	nFetchDest      = name{"Sec-Fetch-Dest", "sec-fetch-dest"}
	nFetchStorage   = name{"Sec-Fetch-Storage-Access", "sec-fetch-storage-access"}
	nPriority       = name{"Priority", "priority"}
	nPurpose        = name{"Purpose", "purpose"}
	nSecPurpose     = name{"Sec-Purpose", "sec-purpose"}
	nXMoz           = name{"X-Moz", "x-moz"}
	nServiceWorker  = name{"Service-Worker", "service-worker"}
	nTE             = name{"TE", "te"}
	nRequestMethod  = name{"Access-Control-Request-Method", "access-control-request-method"}
	nRequestHeaders = name{"Access-Control-Request-Headers", "access-control-request-headers"}
	nSocketVersion  = name{"Sec-WebSocket-Version", "sec-websocket-version"}
	nSocketKey      = name{"Sec-WebSocket-Key", "sec-websocket-key"}
	nSocketExt      = name{"Sec-WebSocket-Extensions", "sec-websocket-extensions"}
	nSocketProtocol = name{"Sec-WebSocket-Protocol", "sec-websocket-protocol"}
)

// writer collects fields in wire order.
type writer struct {
	h2     bool
	fields []Field
}

func (w *writer) add(n name, value string) {
	if w.h2 {
		w.fields = append(w.fields, Field{n.h2, value})
	} else {
		w.fields = append(w.fields, Field{n.h1, value})
	}
}

// opt adds the field unless its value is empty.
func (w *writer) opt(n name, value string) {
	if value != "" {
		w.add(n, value)
	}
}

// custom adds a field that a script named.
func (w *writer) custom(f Field) {
	if w.h2 {
		f.Name = strings.ToLower(f.Name)
	}
	w.fields = append(w.fields, f)
}

// cookies adds the cookies. Chromium and Firefox send them crumb by crumb over
// HTTP/2 (RFC 9113, section 8.2.3), which compresses better; WebKit does not.
func (w *writer) cookies(line string, crumbs bool) {
	if line == "" {
		return
	}
	if w.h2 && crumbs {
		for {
			crumb, rest, more := strings.Cut(line, "; ")
			w.add(nCookie, crumb)
			if !more {
				return
			}
			line = rest
		}
	}
	w.add(nCookie, line)
}

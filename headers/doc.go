// Package headers makes requests look the way a browser's do: which headers, with
// which values, in which order and spelling. It also decodes the bodies that come
// back, see [Decoder].
//
//	transport, err := headers.New(nil, headers.Config{})
//	…
//	client := &http.Client{Transport: transport}
//
// The engine is a pure function: [Generate] turns a [Profile] (Chrome 156 on
// Windows) and a [Situation] (a script of that page asks for this image) into the
// header list that this browser sends. [Transport] is a thin user of it: it gives
// each identity one browser, infers the situation of each request (or is told by
// [WithKind], [WithInitiator] and [WithSituation]) and adds what the caller has not
// set. A header that the caller sets always wins; an empty or nil value means that
// the caller wants none sent, which net/http honours for all but Accept-Encoding.
//
// # What reaches the wire
//
// With the standard library's transport the set of headers and their values, but
// not their order: net/http writes HTTP/1.1 headers as Host, User-Agent,
// Content-Length and then sorted by name; its HTTP/2 writes the pseudo-headers as
// :authority, :method, :path, :scheme and the rest in random order. A base
// RoundTripper that can do better reads the exact list, with Host, Connection, TE
// and the order of the pseudo-headers, from the context of its request:
// [FieldsFrom].
//
// # How sure this is
//
// The rules were measured on Linux builds: some twenty of Chromium from 110 to 156,
// of Firefox 140 and 153. What Firefox sent before, and what differs on Windows,
// macOS and Android (User-Agent, platform hints), comes from their source code and
// from public captures. Safari: what is sent follows WebKit, the order is known for
// navigations and fetch() from public captures, and the places of Referer, Origin,
// Cookie and Cache-Control are not verified. Edge past 154 is taken to accept
// image/jxl as Chrome does. A version newer than these is extrapolated, see
// [Profile.Extrapolated]. Priority and the urgency of images and fonts depend on
// the layout of the page; the value is that of one in view.
//
// This package does not change the TLS or HTTP/2 fingerprint of the connection.
package headers

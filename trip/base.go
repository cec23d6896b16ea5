package trip

import "net/http"

// Base returns rt, or [http.DefaultTransport] when it is nil, which is what
// net/http and those who wrap it take nil for. Only wrappers that are used alone
// ask for it: a chain with a pool ends in the pool's own transports, which are
// never the default one.
func Base(rt http.RoundTripper) http.RoundTripper {
	if rt == nil {
		return http.DefaultTransport
	}
	return rt
}

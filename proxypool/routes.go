package proxypool

import (
	"net/http"
	"sync"

	"github.com/godwit-go/godwit/trip"
)

// routes are the transports of the egresses: one each, since over HTTP/2 a shared
// one ignores the proxy that was chosen. They are built when they are needed and
// closed when they have not been for longest.
type routes struct {
	mu     sync.Mutex
	byKey  map[routeKey]*route
	newest *route // of a ring by last use
}

// A session of a proxy has a login of its own, and so its own connections.
type routeKey struct {
	e       *egress
	session string
}

// A route is the transports of one egress.
type route struct {
	key          routeKey
	dial         dialer
	custom       http.RoundTripper
	newer, older *route // guarded by routes.mu

	mu     sync.Mutex
	tunnel *http.Transport // to the target through a tunnel, or directly
	relay  *http.Transport // of plain HTTP requests by an HTTP proxy
}

// get returns the transport for a request by e.
func (r *routes) get(c *Config, e *egress, session string, secure bool) (http.RoundTripper, error) {
	key := routeKey{e, session}
	r.mu.Lock()
	rt := r.byKey[key]
	if rt == nil {
		rt = &route{key: key, dial: dialer{e: e, proxy: e.proxy.Load().withSession(session), c: c}}
		if r.byKey == nil {
			r.byKey = make(map[routeKey]*route)
		}
		r.byKey[key] = rt
	} else {
		r.unlink(rt)
	}
	r.link(rt)
	var surplus *route
	if c.MaxTransports > 0 && len(r.byKey) > c.MaxTransports {
		surplus = r.newest.newer // the ring's other end
		r.unlink(surplus)
		delete(r.byKey, surplus.key)
	}
	r.mu.Unlock()
	if surplus != nil {
		surplus.close()
	}
	return rt.transport(secure)
}

// link puts rt in front of the ring.
func (r *routes) link(rt *route) {
	if r.newest == nil {
		rt.newer, rt.older = rt, rt
	} else {
		oldest := r.newest.newer
		rt.older, rt.newer = r.newest, oldest
		r.newest.newer, oldest.older = rt, rt
	}
	r.newest = rt
}

func (r *routes) unlink(rt *route) {
	if rt.older == rt {
		r.newest = nil
		return
	}
	rt.newer.older, rt.older.newer = rt.older, rt.newer
	if r.newest == rt {
		r.newest = rt.older
	}
}

// transport returns the one for the target's scheme. An HTTP proxy relays plain
// requests itself; many allow CONNECT to port 443 only.
func (rt *route) transport(secure bool) (http.RoundTripper, error) {
	rt.mu.Lock()
	defer rt.mu.Unlock()
	if build := rt.dial.c.NewTransport; build != nil {
		if rt.custom == nil {
			custom, err := build(rt.dial.proxy.URL())
			if err != nil || custom == nil {
				return nil, &ProxyError{Proxy: rt.dial.proxy.Label, Phase: trip.Dial, Cause: "no transport"}
			}
			rt.custom = custom
		}
		return rt.custom, nil
	}
	if relays := rt.dial.proxy.scheme == "http" || rt.dial.proxy.scheme == "https"; relays && !secure {
		if rt.relay == nil {
			rt.relay = rt.build()
			rt.relay.Proxy = http.ProxyURL(rt.dial.proxy.URL())
			rt.relay.DialContext = rt.dial.toProxy
			rt.relay.DialTLSContext = rt.dial.toProxy // net/http calls it for an https proxy
		}
		return traced{rt.relay}, nil
	}
	if rt.tunnel == nil {
		rt.tunnel = rt.build()
		rt.tunnel.DialContext = rt.dial.tunnel
		rt.tunnel.DialTLSContext = rt.dial.secure
		rt.tunnel.ForceAttemptHTTP2 = true
	}
	return traced{rt.tunnel}, nil
}

func (rt *route) build() *http.Transport {
	c := rt.dial.c
	return &http.Transport{
		DisableKeepAlives:      rt.dial.proxy.Kind == Gateway,
		MaxIdleConnsPerHost:    max(c.MaxIdleConns, 0),
		IdleConnTimeout:        max(c.IdleConnTimeout, 0),
		ResponseHeaderTimeout:  max(c.FirstByteTimeout, 0),
		ExpectContinueTimeout:  expectContinueTimeout,
		MaxResponseHeaderBytes: maxResponseHeader,
	}
}

func (rt *route) each(use func(http.RoundTripper)) {
	rt.mu.Lock()
	custom, tunnel, relay := rt.custom, rt.tunnel, rt.relay
	rt.mu.Unlock()
	if custom != nil {
		use(custom)
	}
	if tunnel != nil {
		use(tunnel)
	}
	if relay != nil {
		use(relay)
	}
}

func (rt *route) close() { rt.each(trip.CloseIdle) }

// drop closes the transports of e.
func (r *routes) drop(e *egress) {
	if !e.proxy.Load().hasSessions() {
		r.mu.Lock()
		rt := r.byKey[routeKey{e: e}]
		if rt != nil {
			r.unlink(rt)
			delete(r.byKey, rt.key)
		}
		r.mu.Unlock()
		if rt != nil {
			rt.close()
		}
		return
	}
	r.remove(func(k routeKey) bool { return k.e == e })
}

func (r *routes) closeAll() {
	r.remove(func(routeKey) bool { return true })
}

func (r *routes) remove(which func(routeKey) bool) {
	var gone []*route
	r.mu.Lock()
	for key, rt := range r.byKey {
		if which(key) {
			gone = append(gone, rt)
			r.unlink(rt)
			delete(r.byKey, key)
		}
	}
	r.mu.Unlock()
	for _, rt := range gone {
		rt.close()
	}
}

func (r *routes) closeIdle() {
	r.mu.Lock()
	all := make([]*route, 0, len(r.byKey))
	for _, rt := range r.byKey {
		all = append(all, rt)
	}
	r.mu.Unlock()
	for _, rt := range all {
		rt.close()
	}
}

func (r *routes) len() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.byKey)
}

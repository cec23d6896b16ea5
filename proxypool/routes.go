package proxypool

import (
	"net/http"
	"sync"
	"sync/atomic"

	"github.com/godwit-go/godwit/trip"
)

// routes are the transports of the egresses: one each, since over HTTP/2 a shared
// one ignores the proxy that was chosen. They are built when they are needed. One
// goes with its last connection, because net/http never frees what it has noted of
// hosts and requests; with too many, the one not used for longest is closed.
type routes struct {
	config *atomic.Pointer[Config] // the pool's

	mu     sync.Mutex
	closed bool // for good: what is opened still is closed after use
	byKey  map[routeKey]*route
	newest *route // of a ring by last use
}

// A session of a proxy has a login of its own, and so its own connections.
type routeKey struct {
	e       *egress
	session string
}

// A route is the transports of one egress, and how they open connections.
type route struct {
	routeKey
	proxy *Proxy // its session filled in
	c     *Config

	routes       *routes
	newer, older *route       // guarded by routes.mu
	users        atomic.Int64 // exchanges, dials and connections; the last to leave ends the route
	ended        atomic.Bool  // is no longer in routes

	making sync.Mutex // held while Config.NewTransport makes custom
	mu     sync.Mutex
	custom http.RoundTripper
	tunnel *http.Transport // to the target through a tunnel, or directly
	relay  *http.Transport // of plain HTTP requests by an HTTP proxy
}

// send sends req by e. The end of a stream of HTTP/2 is noted in s.
func (r *routes) send(e *egress, session string, req *http.Request, s *stream) (*http.Response, error) {
	rt := r.get(e, session)
	defer rt.leave()
	transport, err := rt.transport(req.URL != nil && req.URL.Scheme == "https")
	if err != nil {
		trip.CloseBody(req)
		return nil, err
	}
	resp, err := transport.RoundTrip(req)
	if err == nil && resp.ProtoMajor == 2 && resp.Body != nil && resp.Body != http.NoBody {
		s.ReadCloser, s.rt = resp.Body, rt
		resp.Body = s
	}
	if rt.ended.Load() {
		rt.close() // or a connection it has opened since would stay
	}
	return resp, err
}

// get returns the route of e. The caller is one of its users. The configuration is
// read here, so that no route with an old one is made after the others were closed.
func (r *routes) get(e *egress, session string) *route {
	key := routeKey{e, session}
	r.mu.Lock()
	c := r.config.Load()
	rt := r.byKey[key]
	if rt == nil {
		rt = &route{routeKey: key, proxy: e.proxy.Load().withSession(session), c: c, routes: r}
		if r.closed {
			rt.users.Add(1)
			rt.ended.Store(true)
			r.mu.Unlock()
			return rt
		}
		if r.byKey == nil {
			r.byKey = make(map[routeKey]*route)
		}
		r.byKey[key] = rt
	} else {
		r.unlink(rt)
	}
	r.link(rt)
	rt.users.Add(1)
	var surplus *route
	if c.MaxTransports > 0 && len(r.byKey) > c.MaxTransports {
		surplus = r.newest.newer // the ring's other end
		r.end(surplus)
	}
	r.mu.Unlock()
	if surplus != nil {
		surplus.close()
	}
	return rt
}

// join adds a user to a route that has some. A dial goes on when the request that
// started it does not, and may find that all have left.
func (rt *route) join() bool {
	for n := rt.users.Load(); n > 0; n = rt.users.Load() {
		if rt.users.CompareAndSwap(n, n+1) {
			return true
		}
	}
	return false
}

func (rt *route) leave() {
	if rt.users.Add(-1) > 0 {
		return
	}
	r := rt.routes
	r.mu.Lock()
	defer r.mu.Unlock()
	if rt.users.Load() == 0 && !rt.ended.Load() {
		r.end(rt)
	}
}

// end takes rt out of r, whose lock the caller has. Those who use it may go on.
func (r *routes) end(rt *route) {
	r.unlink(rt)
	delete(r.byKey, rt.routeKey)
	rt.ended.Store(true)
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
	rt.newer.older, rt.older.newer = rt.older, rt.newer
	if r.newest == rt {
		r.newest = rt.older
	}
	if r.newest == rt {
		r.newest = nil // it was alone
	}
	rt.newer, rt.older = nil, nil // a connection may yet keep it for long
}

// transport returns the one for the target's scheme. An HTTP proxy relays plain
// requests itself; many allow CONNECT to port 443 only.
func (rt *route) transport(secure bool) (http.RoundTripper, error) {
	if rt.c.NewTransport != nil {
		return rt.customized()
	}
	rt.mu.Lock()
	defer rt.mu.Unlock()
	if relays := rt.proxy.scheme == "http" || rt.proxy.scheme == "https"; relays && !secure {
		if rt.relay == nil {
			rt.relay = rt.build()
			rt.relay.Proxy = http.ProxyURL(rt.proxy.URL())
			rt.relay.DialContext = rt.toProxy
			rt.relay.DialTLSContext = rt.toProxy // net/http calls it for an https proxy
		}
		return traced{rt.relay}, nil
	}
	if rt.tunnel == nil {
		rt.tunnel = rt.build()
		rt.tunnel.DialContext = rt.toTarget
		rt.tunnel.DialTLSContext = rt.secure
		rt.tunnel.ForceAttemptHTTP2 = true
	}
	return traced{rt.tunnel}, nil
}

// customized returns the transport that Config.NewTransport makes. Meanwhile rt may
// be closed, also by NewTransport itself.
func (rt *route) customized() (http.RoundTripper, error) {
	rt.making.Lock()
	defer rt.making.Unlock()
	if rt.custom != nil {
		return rt.custom, nil
	}
	custom, err := rt.c.NewTransport(rt.proxy.URL())
	if err != nil || custom == nil {
		return nil, &ProxyError{Proxy: rt.proxy.Label, Phase: trip.Dial, Cause: "no transport"}
	}
	rt.mu.Lock()
	rt.custom = custom
	rt.mu.Unlock()
	rt.users.Add(1) // its connections are its own business
	return custom, nil
}

func (rt *route) build() *http.Transport {
	c := rt.c
	return &http.Transport{
		DisableKeepAlives:      rt.proxy.Kind == Gateway,
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
			r.end(rt)
		}
		r.mu.Unlock()
		if rt != nil {
			rt.close()
		}
		return
	}
	r.remove(func(k routeKey) bool { return k.e == e })
}

// closeAll closes all transports, and if forGood those that are built later as well.
func (r *routes) closeAll(forGood bool) {
	r.mu.Lock()
	r.closed = forGood
	r.mu.Unlock()

	r.remove(func(routeKey) bool { return true })
}

func (r *routes) remove(which func(routeKey) bool) {
	var gone []*route
	r.mu.Lock()
	for key, rt := range r.byKey {
		if which(key) {
			gone = append(gone, rt)
			r.end(rt)
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

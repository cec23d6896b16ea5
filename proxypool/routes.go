package proxypool

import (
	"container/list"
	"net/http"
	"sync"

	"github.com/godwit-go/godwit/trip"
)

// routes are the transports of the egresses: one each, since over HTTP/2 a shared
// one ignores the proxy that was chosen. They are built when they are needed and
// closed when they have not been for longest.
type routes struct {
	mu    sync.Mutex
	byKey map[routeKey]*list.Element
	order list.List // of *route, the newest in front
}

// A session of a proxy has a login of its own, and so its own connections.
type routeKey struct {
	e       *egress
	session string
}

// A route is the transports of one egress.
type route struct {
	key    routeKey
	dial   dialer
	custom http.RoundTripper

	mu     sync.Mutex
	tunnel *http.Transport // to the target through a tunnel, or directly
	relay  *http.Transport // of plain HTTP requests by an HTTP proxy
	idle   bool            // closed: what was built late is not kept open
}

// get returns the transport for a request by e.
func (r *routes) get(c *Config, e *egress, session string, secure bool) (http.RoundTripper, error) {
	key := routeKey{e, session}
	r.mu.Lock()
	el := r.byKey[key]
	if el == nil {
		rt := &route{key: key, dial: dialer{e: e, proxy: e.proxy.Load().withSession(session), c: c}}
		if c.NewTransport != nil {
			custom, err := c.NewTransport(rt.dial.proxy.URL())
			if err != nil {
				r.mu.Unlock()
				return nil, &ProxyError{Proxy: e.label(), Phase: trip.Dial, Cause: "no transport"}
			}
			rt.custom = custom
		}
		if r.byKey == nil {
			r.byKey = make(map[routeKey]*list.Element)
		}
		el = r.order.PushFront(rt)
		r.byKey[key] = el
	}
	r.order.MoveToFront(el)
	rt := el.Value.(*route)
	var surplus *route
	if c.MaxTransports > 0 && r.order.Len() > c.MaxTransports {
		last := r.order.Back()
		surplus = last.Value.(*route)
		r.order.Remove(last)
		delete(r.byKey, surplus.key)
	}
	r.mu.Unlock()
	if surplus != nil {
		surplus.close()
	}
	return rt.transport(secure), nil
}

// transport returns the one for the target's scheme. An HTTP proxy relays plain
// requests itself; many allow CONNECT to port 443 only.
func (rt *route) transport(secure bool) http.RoundTripper {
	if rt.custom != nil {
		return rt.custom
	}
	rt.mu.Lock()
	defer rt.mu.Unlock()
	if relays := rt.dial.proxy.scheme == "http" || rt.dial.proxy.scheme == "https"; relays && !secure {
		if rt.relay == nil {
			rt.relay = rt.build()
			rt.relay.Proxy = http.ProxyURL(rt.dial.proxy.URL())
			rt.relay.DialContext = rt.dial.toProxy
			rt.relay.DialTLSContext = rt.dial.toProxy // net/http calls it for an https proxy
		}
		return rt.relay
	}
	if rt.tunnel == nil {
		rt.tunnel = rt.build()
		rt.tunnel.DialContext = rt.dial.tunnel
		rt.tunnel.DialTLSContext = rt.dial.secure
		rt.tunnel.ForceAttemptHTTP2 = true
	}
	return rt.tunnel
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
	tunnel, relay := rt.tunnel, rt.relay
	rt.mu.Unlock()
	if rt.custom != nil {
		use(rt.custom)
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
	r.remove(func(k routeKey) bool { return k.e == e })
}

func (r *routes) closeAll() {
	r.remove(func(routeKey) bool { return true })
}

func (r *routes) remove(which func(routeKey) bool) {
	var gone []*route
	r.mu.Lock()
	for key, el := range r.byKey {
		if which(key) {
			gone = append(gone, el.Value.(*route))
			r.order.Remove(el)
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
	for el := r.order.Front(); el != nil; el = el.Next() {
		all = append(all, el.Value.(*route))
	}
	r.mu.Unlock()
	for _, rt := range all {
		rt.close()
	}
}

func (r *routes) len() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.order.Len()
}

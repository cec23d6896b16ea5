package proxypool

import (
	"net/http"
	"time"

	"github.com/godwit-go/godwit/trip"
)

const (
	expectContinueTimeout = time.Second
	maxResponseHeader     = 256 << 10
)

// Egress returns the bottom of the chain: it sends a request by the transport of
// the identity that its attempt holds, and refuses, with [ErrNoLease], one that
// holds none of this pool. It never sends anything by another way.
func (p *Pool) Egress() http.RoundTripper { return bottom{p} }

type bottom struct{ pool *Pool }

// CloseIdleConnections closes the idle connections of all egresses.
func (b bottom) CloseIdleConnections() { b.pool.CloseIdleConnections() }

// RoundTrip implements [http.RoundTripper].
func (b bottom) RoundTrip(req *http.Request) (*http.Response, error) {
	h := b.held(req)
	if h == nil {
		trip.CloseBody(req)
		return nil, ErrNoLease
	}
	c := b.pool.config.Load()
	// A caller's own Proxy-Authorization would go on to the target: net/http sends
	// it inside of the tunnel. Only the transport's own login is for the proxy.
	if _, ok := req.Header["Proxy-Authorization"]; ok {
		clean := *req
		clean.Header = req.Header.Clone()
		clean.Header.Del("Proxy-Authorization")
		req = &clean
	}
	if c.Observer != nil && ofUnknownLength(req) && req.Body != nil {
		counted := *req
		counted.Body = &upload{ReadCloser: req.Body}
		req = &counted
	}
	h.phase.Store(uint32(trip.FirstByte)) // unless a connection has to be opened first
	body := &h.body
	if h.wired.Swap(true) {
		body = new(received)
	}
	resp, err := b.pool.routes.send(h.e, h.visitor.session, req, &body.stream)
	if err != nil {
		return nil, failure(err, h.e, trip.Phase(h.phase.Load()))
	}
	if !h.e.direct {
		if err := relayed(h.e.label(), resp); err != nil {
			trip.Discard(resp, nil)
			return nil, err
		}
	}
	if c.Observer != nil {
		h.metered(&body.wire, c.Observer, trip.AttemptFrom(req.Context()), req, resp)
	}
	return resp, nil
}

func (b bottom) held(req *http.Request) *hold {
	a := trip.AttemptFrom(req.Context())
	if a == nil {
		return nil
	}
	if h, ok := a.Holder().(*hold); ok && h.d.pool == b.pool {
		return h
	}
	return nil
}

// relayed judges a response of a plain HTTP target that came through an HTTP
// proxy; nil when it is to be passed on. Tinyproxy answers a wrong login with 401
// and a target that it cannot reach with 500, as if it were the target. The usual
// 407, 502, 503 and 504 need no such care: [trip.Classify] knows whose they are.
func relayed(label string, resp *http.Response) *ProxyError {
	if resp.TLS != nil || !isTinyproxy(resp.Header) {
		return nil
	}
	switch resp.StatusCode {
	case http.StatusUnauthorized, http.StatusInternalServerError:
		return refusal(label, resp)
	}
	return nil
}

package proxypool

import (
	"context"
	"net/http"
	"net/http/httptrace"

	"github.com/godwit-go/godwit/trip"
)

// connected is set in a hold's phase once the exchange has its connection.
const connected = 1 << 7

// reached notes how far the exchange has come that ctx belongs to. A dial keeps
// the context values of the request that started it, and goes on when another
// connection becomes free for that request first. What becomes of it then says
// nothing about the exchange, least of all that nothing was sent.
func reached(ctx context.Context, phase trip.Phase) {
	h := holdOf(ctx)
	if h == nil {
		return
	}
	for {
		old := h.phase.Load()
		if old&connected != 0 || h.phase.CompareAndSwap(old, uint32(phase)) {
			return
		}
	}
}

func holdOf(ctx context.Context) *hold {
	if a := trip.AttemptFrom(ctx); a != nil {
		h, _ := a.Holder().(*hold)
		return h
	}
	return nil
}

// traced is a transport that notes when an exchange has got its connection.
type traced struct{ *http.Transport }

// RoundTrip implements [http.RoundTripper].
func (t traced) RoundTrip(req *http.Request) (*http.Response, error) {
	h := holdOf(req.Context())
	if h == nil {
		return t.Transport.RoundTrip(req)
	}
	trace := &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) {
		h.phase.Store(uint32(trip.FirstByte) | connected)
	}}
	return t.Transport.RoundTrip(req.WithContext(httptrace.WithClientTrace(req.Context(), trace)))
}

package ratelimit

import (
	"net/http"

	"github.com/godwit-go/godwit/trip"
)

// Transport is an http.RoundTripper that sends at the pace its target can bear. It
// is safe for concurrent use.
type Transport struct {
	base    http.RoundTripper
	limiter *Limiter
}

// New returns a Transport with a [Limiter] of its own. A nil base is
// http.DefaultTransport.
func New(base http.RoundTripper, cfg Config) (*Transport, error) {
	l, err := NewLimiter(cfg)
	if err != nil {
		return nil, err
	}
	return l.Wrap(base), nil
}

// Limiter returns the engine behind t.
func (t *Transport) Limiter() *Limiter { return t.limiter }

// RoundTrip waits for req's turn and sends it, or refuses it with a [*WaitError]
// or the error of [Config.Peek]. The exchange is in flight until its response body
// has come to its end or is closed.
func (t *Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx := req.Context()
	key := t.limiter.cfg.Load().Key(req)
	//lint:ignore SA1019 deprecated, yet http.Client.Timeout sets it on wrapped transports
	turn, err := t.limiter.wait(ctx, req.Cancel, key)
	if err != nil {
		trip.CloseBody(req)
		return nil, err
	}
	returned := false
	defer func() {
		if !returned { // base panicked
			turn.Release()
		}
	}()
	resp, err := t.base.RoundTrip(trip.WatchUpload(req))
	returned = true
	turn.React(trip.OutcomeOf(ctx, resp, err))
	if resp == nil {
		turn.Release()
	} else {
		trip.WatchBody(resp, turn)
	}
	return resp, err
}

// CloseIdleConnections closes the idle connections of base.
func (t *Transport) CloseIdleConnections() { trip.CloseIdle(t.base) }

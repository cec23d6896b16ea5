package breaker

import (
	"net/http"

	"github.com/godwit-go/godwit/trip"
)

// Transport is an http.RoundTripper that refuses exchanges with domains that are
// down. It is safe for concurrent use.
type Transport struct {
	base  http.RoundTripper
	group *Group
}

// New returns a Transport with a [Group] of its own. A nil base is
// http.DefaultTransport.
func New(base http.RoundTripper, cfg Config) (*Transport, error) {
	g, err := NewGroup(cfg)
	if err != nil {
		return nil, err
	}
	return g.Wrap(base), nil
}

// Group returns the breakers behind t.
func (t *Transport) Group() *Group { return t.group }

// RoundTrip sends req, or returns an [*OpenError] without sending it. An exchange
// whose response is fine succeeds when its body has come to its end or is closed:
// a body that breaks is a failure.
func (t *Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx := req.Context()
	p, err := t.group.Allow(ctx, t.group.cfg.Load().Key(req))
	if err != nil {
		trip.CloseBody(req)
		return nil, err
	}
	returned := false
	defer func() {
		if !returned { // base panicked: no evidence, but the place must come back
			p.Done(trip.Outcome{Verdict: trip.Local})
		}
	}()
	resp, err := t.base.RoundTrip(trip.WatchUpload(req))
	returned = true
	o := trip.OutcomeOf(ctx, resp, err)
	if err == nil && o.Verdict == trip.OK && resp.StatusCode != http.StatusSwitchingProtocols {
		p.await(resp)
	} else {
		p.Done(o)
	}
	return resp, err
}

// CloseIdleConnections closes the idle connections of base.
func (t *Transport) CloseIdleConnections() { trip.CloseIdle(t.base) }

package retry

import (
	"net/http"
	"time"

	"github.com/godwit-go/godwit/trip"
)

// Transport is an http.RoundTripper that sends calls again. It is safe for
// concurrent use.
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

// Group returns the retry budgets behind t.
func (t *Transport) Group() *Group { return t.group }

// RoundTrip sends req, as often as its [Config] or [Override] allows. It returns
// the last response whatever its status. Errors are the last attempt's, or an
// [*InterruptedError] if the caller gave up between two, or an
// [*AttemptTimeoutError].
func (t *Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx := req.Context()
	cfg := t.group.cfg.Load().overridden(ctx)
	req = trip.WatchUpload(req)
	body, err := newUpload(req, cfg.BufferBody)
	if err != nil {
		return nil, err
	}
	now, call := time.Time{}, trip.FromContext(ctx)
	if call == nil {
		ctx, call = trip.Start(req, trip.Spec{})
		now = call.Started()
	} else {
		now = time.Now() // layers above may have waited
	}
	l := loop{base: t.base, group: t.group, cfg: cfg, req: req, ctx: ctx, call: call, key: call.Domain(), body: body}
	if cfg.Key != nil {
		l.key = cfg.Key(req)
	}
	t.group.call(l.key, now)
	return l.run(now)
}

// CloseIdleConnections closes the idle connections of base.
func (t *Transport) CloseIdleConnections() { trip.CloseIdle(t.base) }

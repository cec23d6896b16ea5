package proxypool

import (
	"context"
	"errors"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/godwit-go/godwit/trip"
)

// Transport is the lease layer: it gives each attempt an identity and returns it
// when the attempt is over. Below it, [Pool.Egress] sends by that identity's way
// out.
type Transport struct {
	pool *Pool
	next http.RoundTripper
}

// New makes a pool and wraps base with it. A nil base is the pool's own
// [Pool.Egress]; with any other the caller must see to it that requests leave by
// the identity that [trip.IdentityFrom] tells.
func New(base http.RoundTripper, cfg Config) (*Transport, error) {
	pool, err := NewPool(cfg)
	if err != nil {
		return nil, err
	}
	if base == nil {
		base = pool.Egress()
	}
	return pool.Wrap(base), nil
}

// Wrap returns a lease layer over next.
func (p *Pool) Wrap(next http.RoundTripper) *Transport {
	return &Transport{pool: p, next: next}
}

// Pool returns the pool that leases come from.
func (t *Transport) Pool() *Pool { return t.pool }

// CloseIdleConnections closes the idle connections below, which are the pool's
// where the chain ends in its [Pool.Egress].
func (t *Transport) CloseIdleConnections() { trip.CloseIdle(t.next) }

// RoundTrip implements [http.RoundTripper]. A second exchange of the same attempt
// leaves by the same identity.
func (t *Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx, a, owned := trip.EnsureAttempt(req)
	if owned {
		req = req.WithContext(ctx)
	}
	resp, err := t.exchange(req, a)
	if owned {
		a.Conclude(trip.OutcomeOf(ctx, resp, err))
		if err != nil {
			a.Release(nil)
		} else {
			trip.OnBodyEnd(resp, a.Release)
		}
	}
	return resp, err
}

func (t *Transport) exchange(req *http.Request, a *trip.Attempt) (*http.Response, error) {
	h, held := a.Holder().(*hold)
	if a.Identity() == nil {
		var err error
		if h, err = t.pool.hold(req, a); err != nil {
			trip.CloseBody(req)
			return nil, err
		}
		held = true
	} else if held {
		h.sent.Store(t.pool.clock.now())
	}
	if !held {
		return t.next.RoundTrip(req)
	}
	h.enter()
	resp, err := t.next.RoundTrip(trip.WatchUpload(req))
	if err != nil {
		h.leave()
	} else {
		trip.WatchBody(resp, h)
	}
	return resp, err
}

// hold takes a lease for the attempt, waiting for one if it must.
func (p *Pool) hold(req *http.Request, a *trip.Attempt) (*hold, error) {
	w := p.want(req, a)
	l, err := p.await(req, w)
	if err != nil {
		return nil, err
	}
	h := &hold{Lease: l, ctx: req.Context()}
	h.inside.Store(true)
	if !a.Hold(l.Identity(), h) {
		l.Conclude(time.Now(), trip.Outcome{Verdict: trip.Local})
		l.Release()
		return nil, ErrNoLease
	}
	if o := p.config.Load().Observer; o != nil {
		h.picked = trip.ProxyPicked{Pool: p.name, Egress: l.Egress(), Domain: w.Domain, Mode: string(l.mode)}
		o.Observe(h.ctx, &h.picked)
	}
	return h, nil
}

// want says what the attempt asks of the pool, after what happened to the
// attempts before it.
func (p *Pool) want(req *http.Request, a *trip.Attempt) Want {
	w := Want{Domain: trip.Domain(req), Session: trip.Session(req.Context())}
	newest := a.Prev()
	w.Retry = newest != nil
	for prev := newest; prev != nil; prev = prev.Prev() {
		h, ok := prev.Holder().(*hold)
		if !ok || h.d.pool != p {
			continue
		}
		switch rotate := rotates(prev, h); {
		case rotate:
			w.Tried = append(w.Tried, h.Lease)
		case prev == newest:
			w.Keep = h.Lease
		}
	}
	if newest == nil {
		w.Keep = p.hop(req, w.Domain)
	}
	return w
}

// rotates tells whether the attempt after prev should leave by another egress. A
// failure that is the target's own alone keeps the identity once.
func rotates(prev *trip.Attempt, h *hold) bool {
	switch o := prev.Outcome(); o.Verdict {
	case trip.ProxyError, trip.Blocked, trip.Challenge:
		return true
	case trip.TargetError:
		before := prev.Prev()
		return o.Ambiguous || before != nil && before.Identity() == h.Identity() && before.Outcome().Verdict == trip.TargetError
	}
	return false
}

// hop returns the lease of the newest hop of a redirect chain that was on the
// same domain: a visitor does not change while it follows one.
func (p *Pool) hop(req *http.Request, domain string) Lease {
	for hops := 0; req.Response != nil && req.Response.Request != nil && hops < 20; hops++ {
		req = req.Response.Request
		if a := trip.AttemptFrom(req.Context()); a != nil && a.Call().Domain() == domain {
			if h, ok := a.Holder().(*hold); ok && h.d.pool == p {
				return h.Lease
			}
		}
	}
	return Lease{}
}

// await is Pick that waits, within bounds, while no egress is free.
func (p *Pool) await(req *http.Request, w Want) (Lease, error) {
	l, err := p.Pick(time.Now(), w)
	if err == nil {
		return l, nil // before there is a place for its error on the heap
	}
	var none *NoProxyError
	if !errors.As(err, &none) {
		return l, err
	}
	p.freed.join()
	defer p.freed.leave()
	for end := time.Now().Add(max(p.config.Load().EmptyWait, 0)); ; {
		wake := p.freed.channel()
		now := time.Now()
		if l, err = p.Pick(now, w); !errors.As(err, &none) {
			return l, err
		}
		until := end
		if !none.RetryAt.IsZero() && none.RetryAt.Before(end) {
			until = none.RetryAt
		}
		deadline, limited := req.Context().Deadline()
		switch {
		case !now.Before(end), none.Reason == reasonTried,
			none.Reason == reasonGated && none.RetryAt.After(end),
			limited && none.Reason == reasonGated && none.RetryAt.After(deadline):
			return Lease{}, none
		}
		if err := trip.WaitFor(req, wake, max(until.Sub(now), time.Millisecond)); err != nil {
			return Lease{}, err
		}
	}
}

// A hold is the lease of an attempt; see [trip.Holder].
type hold struct {
	Lease
	ctx    context.Context
	sent   atomic.Int64 // when its newest exchange began; 0 for the first, which began with the lease
	phase  atomic.Uint32
	picked trip.ProxyPicked // saves an allocation per attempt that is observed
	body   received         // of its first exchange, which saves another
	wired  atomic.Bool      // body is taken
	inside atomic.Bool      // has a place in flight
}

// enter takes a place in flight for an exchange that is not the first. The cap is
// not asked again, since the attempt can leave by no other egress.
func (h *hold) enter() {
	if !h.inside.Swap(true) {
		h.e.enter()
	}
}

// leave gives the place back between two exchanges. Who solves a challenge and
// then waits for the domain's next turn must not keep a place from those who have
// their turn and wait for a place.
func (h *hold) leave() {
	if h.inside.Swap(false) {
		h.Lease.Release()
	}
}

// BodyEnded implements [trip.BodyWatcher].
func (h *hold) BodyEnded(error) { h.leave() }

// Conclude implements [trip.Holder].
func (h *hold) Conclude(o trip.Outcome) {
	l := h.Lease
	if sent := h.sent.Load(); sent != 0 {
		l.at = sent
	}
	l.conclude(h.ctx, time.Now(), o)
}

// Release implements [trip.Holder]. A body that broke off after a good header is
// held against the egress like any ambiguous failure.
func (h *hold) Release(bodyErr error) {
	if bodyErr != nil && h.ctx.Err() == nil {
		l := h.Lease
		l.probesEgress, l.probesPair = false, false // settled by the header
		l.conclude(h.ctx, time.Now(), trip.Outcome{Verdict: trip.TargetError, Ambiguous: !h.e.direct, Phase: trip.Body})
	}
	h.leave()
}

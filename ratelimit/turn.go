package ratelimit

import (
	"container/list"
	"context"
	"time"

	"github.com/godwit-go/godwit/trip"
)

// Turn is the leave to send one exchange. Whoever got it from [Limiter.Wait] tells
// with React how the exchange went, and ends the turn with Release. Its methods
// are safe for concurrent use.
type Turn struct {
	limiter *Limiter
	host    *host
	ctx     context.Context // of the exchange
	latest  time.Time       // the turn must come before this; zero: no matter when
	waited  trip.Waited     // told of from here, which saves an allocation

	// guarded by limiter.mu
	signal    chan struct{} // something has happened while waiting; nil if never
	waiting   *list.Element // nil: not in the queue
	err       error         // why the turn will not come
	sent      time.Time     // zero: the turn has not begun
	place     int           // in host.turns
	contended bool          // others waited when the turn began
	watched   bool          // ctx is watched, or about to be
	over      bool
	pauses    uint32
	slowdowns uint32
	stop      func() bool // ends the watch over ctx
}

func (t *Turn) wake() {
	select {
	case t.signal <- struct{}{}:
	default: // it has not seen the last signal yet and will find everything at once
	}
}

// await waits in the queue until the turn has come. It also ends with ctx, with
// cancel, and with what peek says when asked to look again.
func (t *Turn) await(cancel <-chan struct{}, peek func(string) error) error {
	for {
		// The first look is before the first wait: had it been before the turn was
		// in the queue, a Wake in between would have been missed.
		var err error
		if peek != nil {
			err = peek(t.host.key)
		}
		if err == nil {
			select {
			case <-t.signal:
			case <-t.ctx.Done():
				err = t.ctx.Err()
			case <-cancel:
				err = context.Canceled
			}
		}
		if over, err := t.resolve(err); over {
			return err
		}
	}
}

// resolve tells whether the wait is over, and how. An err ends it in any case.
func (t *Turn) resolve(err error) (over bool, _ error) {
	l, h := t.limiter, t.host
	now := time.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case t.err != nil:
		return true, t.err
	case err == nil:
		return !t.sent.IsZero(), nil
	case t.waiting != nil:
		h.leave(t)
	default: // the turn has come at the same moment
		h.pace.refund(now)
		t.end()
	}
	h.dispatch(now)
	return true, err
}

// React tells the limiter how the exchange went. It changes the pace as told in
// the documentation of the package, and leaves the turn under way.
func (t *Turn) React(o trip.Outcome) {
	l, h := t.limiter, t.host
	l.mu.Lock()
	var now time.Time
	if o.Verdict != trip.OK || h.cfg.Concurrency > 0 { // else nothing depends on it
		now = time.Now()
	}
	paused := h.react(t, o, now)
	until := h.pace.until
	observer := h.cfg.Observer
	l.mu.Unlock()
	if paused && observer != nil {
		observer.Observe(t.ctx, &trip.Paused{Domain: h.key, Until: until, Reason: o.Reason})
	}
}

// react tells whether a rest has begun.
func (h *host) react(t *Turn, o trip.Outcome, now time.Time) (paused bool) {
	p := &h.pace
	switch o.Verdict {
	case trip.ProxyError, trip.Local:
		p.refund(now)
		h.dispatch(now)
		return false
	}
	if h.cfg.PerEgress {
		return false
	}
	p.adapt(o, now.Sub(t.sent))
	switch o.Verdict {
	case trip.OK:
		if t.pauses == p.pauses {
			p.vague = 0
		}
		if t.slowdowns == p.slowdowns {
			p.recover()
		}
	case trip.Throttled:
		if t.pauses == p.pauses && p.throttled(now, o.RetryAt) {
			h.review(now)
			return true
		}
	case trip.Blocked:
		if t.slowdowns == p.slowdowns {
			p.blocked(now)
			h.review(now)
		}
	}
	return false
}

// Release ends the turn: the exchange is no longer in flight. Only the first call
// counts.
func (t *Turn) Release() {
	l := t.limiter
	l.mu.Lock()
	stop := t.stop
	t.stop = nil
	t.end()
	l.mu.Unlock()
	if stop != nil {
		stop()
	}
}

// end is called with the lock held.
func (t *Turn) end() {
	if t.over {
		return
	}
	t.over = true
	t.host.finish(t)
	if t.host.queue.Len() > 0 { // else there is nobody to look at the clock for
		t.host.dispatch(time.Now())
	}
}

// BodyEnded is Release. It makes the turn a [trip.BodyWatcher].
func (t *Turn) BodyEnded(error) { t.Release() }

// watch releases the turn when its context ends, should the caller have forgotten
// the body. It is worth its cost only while somebody waits for the place.
func (t *Turn) watch() {
	l := t.limiter
	l.mu.Lock()
	needed := !t.watched && !t.over
	t.watched = true
	l.mu.Unlock()
	if !needed {
		return
	}
	stop := context.AfterFunc(t.ctx, t.Release)
	l.mu.Lock()
	t.stop = stop
	over := t.over
	l.mu.Unlock()
	if over {
		stop()
	}
}

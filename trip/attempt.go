package trip

import (
	"context"
	"net/http"
	"sync"
	"time"
)

// Attempt is the state of one try of a call. Its methods are safe for concurrent
// use. The layers share it through the context; see [AttemptFrom].
type Attempt struct {
	call   *Call
	prev   *Attempt
	number int
	start  time.Time

	// guarded by call.mu
	identity  *Identity
	holder    Holder
	clock     Clock
	exchanges int
	outcome   Outcome
	resp      *http.Response // what outcome was reported for
	err       error
	concluded bool
	released  bool
	took      time.Duration // once concluded
}

// Holder is what an attempt holds until it is over: the lease of its identity.
type Holder interface {
	// Conclude is called once, with the attempt's final outcome, as soon as the
	// attempt's RoundTrip returns.
	Conclude(Outcome)
	// Release is called once, when the response body has ended or the attempt
	// came to no response. Its error is that of the body; nil when it was read
	// to its end or closed early.
	Release(bodyErr error)
}

// Clock is what bounds the time of an attempt. Several may pause it, one within
// the other or side by side: it runs on when as many have resumed it.
type Clock interface {
	Pause()
	Resume()
}

// AttemptFrom returns the attempt that ctx belongs to; nil when there is none.
func AttemptFrom(ctx context.Context) *Attempt {
	a, _ := ctx.Value(attemptKey{}).(*Attempt)
	return a
}

// Call returns the call that the attempt is part of.
func (a *Attempt) Call() *Call { return a.call }

// Number is 1 for the first attempt of a call.
func (a *Attempt) Number() int { return a.number }

// Prev returns the attempt before this one; nil for the first.
func (a *Attempt) Prev() *Attempt { return a.prev }

// Started is when the attempt began.
func (a *Attempt) Started() time.Time { return a.start }

// Took is how long the attempt has taken, or takes so far, until the response header
// or the error.
func (a *Attempt) Took() time.Duration {
	a.call.mu.Lock()
	defer a.call.mu.Unlock()
	return a.duration()
}

// duration is called with the lock held.
func (a *Attempt) duration() time.Duration {
	if a.concluded {
		return a.took
	}
	return time.Since(a.start)
}

// Identity returns who the target sees in this attempt; nil before the lease.
func (a *Attempt) Identity() *Identity {
	a.call.mu.Lock()
	defer a.call.mu.Unlock()
	return a.identity
}

// Hold gives the attempt its identity and the lease that is to be returned when
// the attempt is over. It replaces neither: a second call is ignored and false.
func (a *Attempt) Hold(id *Identity, h Holder) bool {
	a.call.mu.Lock()
	defer a.call.mu.Unlock()
	if a.identity != nil || a.concluded {
		return false
	}
	a.identity, a.holder = id, h
	return true
}

// Holder returns what [Attempt.Hold] was given; nil before.
func (a *Attempt) Holder() Holder {
	a.call.mu.Lock()
	defer a.call.mu.Unlock()
	return a.holder
}

// SetClock tells what bounds the attempt's time. The one who started the attempt
// calls it before the first exchange.
func (a *Attempt) SetClock(c Clock) {
	a.call.mu.Lock()
	defer a.call.mu.Unlock()
	a.clock = c
}

// Pause stops the attempt's clock until resume is called: solving a challenge
// takes a minute and more, which does not make the exchanges slow. Pauses may
// overlap; the clock stands still until the last is over. The caller's own
// deadline runs on. Without a clock it does nothing.
func (a *Attempt) Pause() (resume func()) {
	a.call.mu.Lock()
	c := a.clock
	a.call.mu.Unlock()
	if c == nil {
		return func() {}
	}
	c.Pause()
	return sync.OnceFunc(c.Resume)
}

// Outcome returns the outcome of the newest exchange, or of the whole attempt
// once it is concluded.
func (a *Attempt) Outcome() Outcome {
	a.call.mu.Lock()
	defer a.call.mu.Unlock()
	return a.outcome
}

// Exchanges returns how many requests of this attempt went onto the wire so far.
func (a *Attempt) Exchanges() int {
	a.call.mu.Lock()
	defer a.call.mu.Unlock()
	return a.exchanges
}

// Report records the outcome of the exchange that ended in resp or err. The
// layers above find it with [OutcomeOf].
func (a *Attempt) Report(o Outcome, resp *http.Response, err error) {
	a.call.mu.Lock()
	defer a.call.mu.Unlock()
	a.exchanges++
	a.outcome, a.resp, a.err = o, resp, err
}

// ExchangeDone returns the event that tells of an exchange, for the layer that has
// reported it. The first of a call that is observed costs no allocation.
func (a *Attempt) ExchangeDone(o Outcome, d time.Duration) *ExchangeDone {
	a.call.mu.Lock()
	defer a.call.mu.Unlock()
	var e *ExchangeDone
	if own := a.call.events; own != nil && own.exchange.Attempt == nil {
		e = &own.exchange // for once: somebody may still be reading it
	} else {
		e = new(ExchangeDone)
	}
	*e = ExchangeDone{Attempt: a, Outcome: o, Duration: d}
	return e
}

// reported returns the outcome of Report when it was for the very same response
// or error; an error of the same kind may come from another exchange.
func (a *Attempt) reported(resp *http.Response, err error) (Outcome, bool) {
	a.call.mu.Lock()
	defer a.call.mu.Unlock()
	if a.outcome.Verdict == Unknown || resp != a.resp || resp == nil && err != a.err {
		return Outcome{}, false
	}
	return a.outcome, true
}

// Conclude settles the attempt with its final outcome and tells its holder, once.
// The one who started the attempt calls it as soon as the RoundTrip returns.
func (a *Attempt) Conclude(o Outcome) {
	a.call.mu.Lock()
	if a.concluded {
		a.call.mu.Unlock()
		return
	}
	a.concluded, a.outcome, a.took = true, o, time.Since(a.start)
	a.resp, a.err = nil, nil
	h := a.holder
	a.call.mu.Unlock()
	if h != nil {
		h.Conclude(o)
	}
}

// Release gives the attempt's lease back, once, when its response body has ended
// or there is none. The one who started the attempt calls it.
func (a *Attempt) Release(bodyErr error) {
	a.call.mu.Lock()
	if a.released {
		a.call.mu.Unlock()
		return
	}
	a.released = true
	h := a.holder
	a.call.mu.Unlock()
	if h != nil {
		h.Release(bodyErr)
	}
}

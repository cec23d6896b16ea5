package retry

import (
	"context"
	"sync"
	"time"

	"github.com/godwit-go/godwit/trip"
)

// lifetime is the context of one attempt, from its first exchange to the end of
// the response body. It ends with the caller's context, with the attempt's
// timeout, or when the body is over: not when RoundTrip returns.
//
// It does what context.WithTimeout does in one allocation instead of five,
// together with all else that an attempt needs. Its timer and its place among the
// parent's children cost nothing until somebody asks for Done. It has AfterFunc,
// so that the context package needs no goroutine for contexts made of it.
type lifetime struct {
	context.Context // the attempt's, as trip made it

	attempt *trip.Attempt
	done    *trip.AttemptDone // in the same allocation; nil when nobody observes

	mu       sync.Mutex
	err      error
	expired  bool // err is the timeout's
	ended    chan struct{}
	deadline time.Time // of the attempt; zero means none
	timer    *time.Timer
	pauses   int           // so many want the clock to stand still
	paused   time.Duration // what was left of the time when it stopped; 0 while it runs
	unfollow func() bool
	after    *follower // those to tell, newest first
	returned bool      // to the caller: the lease goes back when the body is over
}

// observedLifetime has room for what its observer is told.
type observedLifetime struct {
	lifetime
	done trip.AttemptDone
}

// newLifetime opens an attempt of call. A timeout that cannot come before the
// deadline of ctx is none, nor is one that is not positive.
func newLifetime(ctx context.Context, call *trip.Call, timeout time.Duration, now time.Time, observed bool) *lifetime {
	var l *lifetime
	if observed {
		o := new(observedLifetime)
		l = &o.lifetime
		l.done = &o.done
	} else {
		l = new(lifetime)
	}
	l.Context, l.attempt = call.StartAttemptAt(ctx, now)
	if timeout > 0 {
		l.deadline = now.Add(timeout)
		if callers, ok := ctx.Deadline(); ok && !l.deadline.Before(callers) {
			l.deadline = time.Time{}
		}
	}
	if !l.deadline.IsZero() {
		l.attempt.SetClock(l)
	}
	return l
}

// Deadline returns the earlier of the attempt's and the caller's.
func (l *lifetime) Deadline() (time.Time, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.deadline.IsZero() || l.paused > 0 {
		return l.Context.Deadline()
	}
	return l.deadline, true
}

// Done returns a channel that is closed when the attempt is over.
func (l *lifetime) Done() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ended != nil {
		return l.ended
	}
	l.ended = make(chan struct{})
	if l.err != nil {
		close(l.ended)
		return l.ended
	}
	check := l.check
	if !l.deadline.IsZero() && l.paused == 0 {
		l.timer = time.AfterFunc(time.Until(l.deadline), check)
	}
	if l.Context.Done() != nil {
		l.unfollow = context.AfterFunc(l.Context, check)
	}
	return l.ended
}

// Err returns why the attempt is over; nil while it is not.
func (l *lifetime) Err() error {
	l.check()
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.err
}

// follower is somebody to be told of the attempt's end, in a doubly linked list.
type follower struct {
	life       *lifetime
	f          func()
	prev, next *follower
	gone       bool // from the list
}

// AfterFunc calls f when the attempt is over; see [context.AfterFunc].
func (l *lifetime) AfterFunc(f func()) (stop func() bool) {
	l.Done()
	n := &follower{life: l, f: f}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err != nil {
		n.gone = true
		go f()
		return n.stop
	}
	if n.next = l.after; n.next != nil {
		n.next.prev = n
	}
	l.after = n
	return n.stop
}

func (n *follower) stop() bool {
	n.life.mu.Lock()
	defer n.life.mu.Unlock()
	if n.gone {
		return false
	}
	n.gone = true
	if n.next != nil {
		n.next.prev = n.prev
	}
	if n.prev != nil {
		n.prev.next = n.next
	} else {
		n.life.after = n.next
	}
	return true
}

// check ends the attempt if its time or its caller's is over.
func (l *lifetime) check() {
	if err := l.Context.Err(); err != nil {
		l.end(err, false)
		return
	}
	l.mu.Lock()
	over := l.err == nil && !l.deadline.IsZero() && l.paused == 0 && !time.Now().Before(l.deadline)
	l.mu.Unlock()
	if over {
		l.end(context.DeadlineExceeded, true)
	}
}

func (l *lifetime) end(err error, expired bool) {
	l.mu.Lock()
	if l.err != nil {
		l.mu.Unlock()
		return
	}
	l.err, l.expired = err, expired
	if l.ended != nil {
		close(l.ended)
	}
	if l.timer != nil {
		l.timer.Stop()
	}
	unfollow, after, returned := l.unfollow, l.after, l.returned
	l.after = nil
	for n := after; n != nil; n = n.next {
		n.gone = true
	}
	l.mu.Unlock()
	if unfollow != nil {
		unfollow()
	}
	for n := after; n != nil; n = n.next {
		n.f()
	}
	if returned { // nothing more can come of the body, whether it is closed or not
		l.attempt.Release(err)
	}
}

// cancel ends whatever the attempt still does.
func (l *lifetime) cancel() { l.end(context.Canceled, false) }

// timedOut tells that it was the attempt's own timeout that ended it.
func (l *lifetime) timedOut() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.expired
}

// BodyEnded ends the attempt with its response body.
func (l *lifetime) BodyEnded(err error) {
	l.attempt.Release(err)
	l.cancel()
}

// handOver leaves the rest of the attempt's life to the reader of the body.
func (l *lifetime) handOver() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.returned = true
}

// Pause stops the attempt's clock.
func (l *lifetime) Pause() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.pauses++
	if l.deadline.IsZero() || l.err != nil || l.paused > 0 {
		return
	}
	l.paused = max(time.Until(l.deadline), 1)
	if l.timer != nil {
		l.timer.Stop()
	}
}

// Resume lets the attempt's clock run on, unless others still want it to stand still.
func (l *lifetime) Resume() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.pauses--; l.pauses > 0 || l.paused == 0 || l.err != nil {
		return
	}
	l.deadline = time.Now().Add(l.paused)
	switch {
	case l.timer != nil:
		l.timer.Reset(l.paused)
	case l.ended != nil:
		l.timer = time.AfterFunc(l.paused, l.check)
	}
	l.paused = 0
}

// stopClock lifts the timeout for good.
func (l *lifetime) stopClock() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.deadline = time.Time{}
	if l.timer != nil {
		l.timer.Stop()
	}
}

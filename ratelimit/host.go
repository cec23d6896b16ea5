package ratelimit

import (
	"container/list"
	"time"
)

// host is what is known of one domain: its pace, who is under way and who waits.
// The limiter's lock guards it.
type host struct {
	key    string
	cfg    *Config
	pace   pace
	last   time.Time   // when the newest turn began
	turns  []*Turn     // under way, in no order
	crowd  int         // so many turns are a reason to look for forgotten ones
	queue  *list.List  // of *Turn, first come first served
	timer  *time.Timer // for the first in the queue; nil until one has waited
	expire func()      // what timer calls
}

// begin gives t its turn if it can have it now.
func (h *host) begin(t *Turn, now time.Time) bool {
	if h.full() || !h.pace.take(now) {
		return false
	}
	t.place, t.sent, h.last = len(h.turns), now, now
	t.pauses, t.slowdowns = h.pace.pauses, h.pace.slowdowns
	h.turns = append(h.turns, t)
	return true
}

func (h *host) full() bool { return h.cfg.InFlight >= 0 && len(h.turns) >= h.cfg.InFlight }

// finish gives t's place in flight back.
func (h *host) finish(t *Turn) {
	last := len(h.turns) - 1
	h.turns[t.place] = h.turns[last]
	h.turns[t.place].place = t.place
	h.turns[last] = nil
	h.turns = h.turns[:last]
}

// minCrowd is how many turns under way are never a reason to look for forgotten ones.
const minCrowd = 64

func (h *host) crowded() bool { return len(h.turns) >= max(h.crowd, minCrowd) }

// admissible tells whether t may wait until at for its turn.
func (h *host) admissible(t *Turn, at, now time.Time) bool {
	if h.cfg.PauseWait >= 0 && h.pace.until.Sub(now) > h.cfg.PauseWait {
		return false
	}
	return t.latest.IsZero() || at.Before(t.latest)
}

// enqueue makes t wait at the end of the queue, unless its turn would come too late.
func (h *host) enqueue(t *Turn, now time.Time) error {
	if at := h.pace.next(now, h.queue.Len()); !h.admissible(t, at, now) {
		return &WaitError{Key: h.key, RetryAt: at}
	}
	t.signal = make(chan struct{}, 1)
	t.waiting = h.queue.PushBack(t)
	h.dispatch(now)
	return nil
}

// leave takes t, which waits, out of the queue.
func (h *host) leave(t *Turn) {
	h.queue.Remove(t.waiting)
	t.waiting = nil
}

// dispatch lets go who can go, refuses who has come first in the queue but would
// go too late, and sets the timer for the next one. It is called whenever
// something has changed that the queue waits for.
func (h *host) dispatch(now time.Time) {
	for h.queue.Len() > 0 {
		t := h.queue.Front().Value.(*Turn)
		if h.begin(t, now) {
			h.leave(t)
			t.contended = h.queue.Len() > 0
			t.wake()
			continue
		}
		if h.full() {
			break // the end of a turn dispatches again
		}
		at := h.pace.next(now, 0)
		if h.admissible(t, at, now) {
			h.wakeAt(at.Sub(now))
			return
		}
		h.refuse(t, at)
	}
	if h.timer != nil {
		h.timer.Stop()
	}
}

func (h *host) wakeAt(d time.Duration) {
	if h.timer == nil {
		h.timer = time.AfterFunc(d, h.expire)
		return
	}
	h.timer.Reset(d)
}

func (h *host) refuse(t *Turn, at time.Time) {
	h.leave(t)
	t.err = &WaitError{Key: h.key, RetryAt: at}
	t.wake()
}

// review refuses those in the queue whose turn will now come too late. It is called
// when the pace has become slower or a rest has begun.
func (h *host) review(now time.Time) {
	ahead := 0
	for el := h.queue.Front(); el != nil; {
		t := el.Value.(*Turn)
		el = el.Next()
		if at := h.pace.next(now, ahead); h.admissible(t, at, now) {
			ahead++
		} else {
			h.refuse(t, at)
		}
	}
	h.dispatch(now)
}

// busy tells that the host must not be forgotten: somebody waits or is under way,
// or it is at rest. A turn that is never ended does not count for ever.
func (h *host) busy(now time.Time) bool {
	return h.queue.Len() > 0 || now.Before(h.pace.until) ||
		len(h.turns) > 0 && now.Sub(h.last) < h.cfg.IdleAfter
}

func (h *host) stats(now time.Time) Stats {
	s := Stats{
		Key:      h.key,
		Interval: h.pace.interval(),
		Slowdown: h.pace.slow,
		InFlight: len(h.turns),
		Waiting:  h.queue.Len(),
	}
	if now.Before(h.pace.until) {
		s.PausedUntil = h.pace.until
	}
	return s
}

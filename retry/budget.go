package retry

import (
	"math"
	"time"
)

// Budget bounds retries to a share of the calls in a sliding window, so that they
// cannot multiply the load of a target that fails. It is not safe for concurrent
// use. Make one with [NewBudget].
type Budget struct {
	limits Limits
	width  time.Duration // of a slot
	slots  [slots]slot
	now    int64 // number of the newest slot
	sum    slot
}

// Limits says how many retries a [Budget] allows.
type Limits struct {
	Ratio  float64       // share of the calls; negative means no bound
	Min    int           // allowed in a Window in any case
	Window time.Duration // how far back calls and retries count
}

// Unlimited is what is left of a budget without a bound.
const Unlimited = math.MaxInt

const slots = 10

type slot struct{ calls, retries int }

// NewBudget returns a Budget that has seen no calls.
func NewBudget(l Limits) *Budget {
	return &Budget{limits: l, width: max(l.Window/slots, 1)}
}

// Call counts a call.
func (b *Budget) Call(now time.Time) {
	b.advance(now)
	b.slots[b.now%slots].calls++
	b.sum.calls++
}

// Retry takes a retry out of the budget, or is false when there is none left.
func (b *Budget) Retry(now time.Time) bool {
	b.advance(now)
	if b.left() < 1 {
		return false
	}
	b.slots[b.now%slots].retries++
	b.sum.retries++
	return true
}

// Left returns how many retries the budget has left: [Unlimited] without a bound.
func (b *Budget) Left(now time.Time) int {
	b.advance(now)
	return max(b.left(), 0)
}

func (b *Budget) left() int {
	if b.limits.Ratio < 0 {
		return Unlimited
	}
	return max(b.limits.Min, int(b.limits.Ratio*float64(b.sum.calls))) - b.sum.retries
}

// advance forgets the slots that have left the window. A clock that steps back
// changes nothing.
func (b *Budget) advance(now time.Time) {
	n := now.UnixNano() / int64(b.width)
	if n-b.now >= slots {
		b.slots, b.sum, b.now = [slots]slot{}, slot{}, n
		return
	}
	for b.now < n {
		b.now++
		old := &b.slots[b.now%slots]
		b.sum.calls -= old.calls
		b.sum.retries -= old.retries
		*old = slot{}
	}
}

package proxypool

import (
	"math"
	"time"
)

// A gate keeps an egress out: as a whole, or from one domain. It opens by
// probation: once it is due, single first attempts are let through, and the
// result of one decides.
type gate struct {
	since, until int64 // zero until: no gate
	pos          int   // 1 + position in its queue; 0 when in none
	level        uint8 // consecutive gatings; the next one lasts base × 2^level
	probing      bool  // the probe is out
	told         int64 // by the target: not before then; zero if it said nothing
	cleanSince   int64 // when it was last opened or its level last lowered
	lasted       int64 // how long the last gating was to last
}

func (g *gate) shut() bool { return g.until != 0 }

// close starts a gating. The next one will be longer if grow is set, and if this
// one does not follow a probe that was made early, under scarcity: that egress
// did not get the time it was given.
func (g *gate) close(now int64, base, limit time.Duration, jitter float64, grow bool) {
	if g.probing && now < g.until && g.level > 0 {
		g.level--
		grow = true
	}
	length := float64(base) * math.Exp2(float64(g.level))
	length = min(length, float64(limit), float64(longestGate)) * jitter
	g.since, g.until = now, now+int64(length)
	g.lasted = int64(length)
	g.told, g.probing = 0, false
	if grow && length < float64(limit) {
		g.level++
	}
}

// longestGate stands for all that are longer, whose ends no clock can tell.
const longestGate = 100 * 365 * 24 * time.Hour

// holdUntil makes the gate last until at, because the target asked for it.
func (g *gate) holdUntil(at int64) {
	g.told = at
	g.until = max(g.until, at)
}

func (g *gate) open(now int64) {
	g.since, g.until, g.told, g.probing, g.cleanSince = 0, 0, 0, false, now
}

// clean lowers the level once per period of clean running that is twice as long as
// the last gating, so that a flapping proxy stays out ever longer.
func (g *gate) clean(now int64) {
	if g.level > 0 && now-g.cleanSince > 2*g.lasted {
		g.level--
		g.cleanSince = now
	}
}

// due is when probation may begin. Under scarcity factor is below 1 and the
// gating shrinks in proportion, but not under the floor or what the target asked for.
func (g *gate) due(factor float64, floor time.Duration) int64 {
	if factor >= 1 {
		return g.until
	}
	length := float64(g.until - g.since)
	served := min(max(length*factor, float64(floor)), length)
	return max(g.told, g.since+int64(served))
}

// usableAt is when somebody may get through: not while a probe is out.
func (g *gate) usableAt(factor float64, floor time.Duration) int64 {
	switch {
	case g.probing:
		return math.MaxInt64
	case g.shut():
		return g.due(factor, floor)
	}
	return 0
}

// A gateQueue is a heap of gates, the one that ends first on top.
type gateQueue[T any] struct {
	items []T
	gate  func(T) *gate
}

func (q *gateQueue[T]) push(x T) {
	q.items = append(q.items, x)
	q.gate(x).pos = len(q.items)
	q.up(len(q.items) - 1)
}

func (q *gateQueue[T]) remove(x T) {
	g := q.gate(x)
	i := g.pos - 1
	if i < 0 {
		return
	}
	last := len(q.items) - 1
	q.swap(i, last)
	var zero T
	q.items[last] = zero
	q.items = q.items[:last]
	g.pos = 0
	if i < last {
		q.up(i)
		q.down(i)
	}
}

// fix restores the order after x's gate changed; it adds x when it is not there.
func (q *gateQueue[T]) fix(x T) {
	if q.gate(x).pos == 0 {
		q.push(x)
		return
	}
	i := q.gate(x).pos - 1
	q.up(i)
	q.down(i)
}

func (q *gateQueue[T]) less(i, j int) bool {
	return q.gate(q.items[i]).until < q.gate(q.items[j]).until
}

func (q *gateQueue[T]) swap(i, j int) {
	q.items[i], q.items[j] = q.items[j], q.items[i]
	q.gate(q.items[i]).pos, q.gate(q.items[j]).pos = i+1, j+1
}

func (q *gateQueue[T]) up(i int) {
	for i > 0 && q.less(i, (i-1)/2) {
		q.swap(i, (i-1)/2)
		i = (i - 1) / 2
	}
}

func (q *gateQueue[T]) down(i int) {
	for {
		c := 2*i + 1
		if c >= len(q.items) {
			return
		}
		if c+1 < len(q.items) && q.less(c+1, c) {
			c++
		}
		if !q.less(c, i) {
			return
		}
		q.swap(i, c)
		i = c
	}
}

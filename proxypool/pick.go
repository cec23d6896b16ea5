package proxypool

import (
	"math"
	"math/bits"
	"time"
)

// Want is what an attempt asks of [Pool.Pick].
type Want struct {
	// Domain is the key of the target.
	Domain string
	// Session pins all picks with the same key on the same domain to one identity.
	// Empty means none.
	Session string
	// Keep is a lease of an earlier attempt or redirect hop whose identity is to be
	// kept if it can still be used. The zero Lease means none.
	Keep Lease
	// Tried are the leases of this call's attempts that failed by their egress.
	// Those egresses are only taken again when no other is left.
	Tried []Lease
	// Retry marks an attempt that is not the first of its call. It is implied by
	// Keep and Tried. Only first attempts are used to try egresses on probation:
	// a call that has suffered once is not experimented with again.
	Retry bool
}

// draws is how many random eligible egresses [Gated] compares. Three find a good
// one nearly always, and do not all run to the same best one.
const draws = 3

// Pick leases an identity at once, or says why it cannot: the error is a
// [*NoProxyError] or [ErrClosed]. It never waits; [Pool.Wrap] does. Each lease
// must be concluded and released. It is safe for concurrent use.
func (p *Pool) Pick(now time.Time, w Want) (Lease, error) {
	if p.closed.Load() {
		return Lease{}, ErrClosed
	}
	t := p.clock.at(now)
	c := p.config.Load()
	d := p.lockDomain(w.Domain, t)
	var said notices
	l, reason := d.pick(t, &w, c, &said)
	var err error
	if reason != "" {
		err = d.none(t, reason, c)
	}
	d.mu.Unlock()
	if said != nil {
		p.tell(backgroundContext, said)
	}
	return l, err
}

// pick chooses an egress and a visitor, or returns the reason why there is none.
func (d *domain) pick(now int64, w *Want, c *Config, said *notices) (Lease, string) {
	now = d.advance(now)
	d.follow(d.pool.gates.table.Load())
	d.count(now)
	first := !w.Retry && len(w.Tried) == 0 && !w.Keep.Valid()
	if l, ok := d.keep(now, w, c); ok {
		return l, ""
	}
	if w.Session != "" {
		return d.pickSession(now, w, c, said)
	}
	if first {
		if l, ok := d.probe(now, w, c, said); ok {
			return l, ""
		}
	}
	e, reason := d.choose(now, w, c)
	if l, ok := d.failOpen(now, w, c, e, said); ok {
		return l, ""
	}
	if e != nil {
		return d.take(e, now, w, Normal, c, said), ""
	}
	if reason == reasonTried {
		again := *w
		again.Tried = nil
		if e, _ = d.choose(now, &again, c); e != nil {
			return d.take(e, now, w, Normal, c, said), ""
		}
	}
	return Lease{}, reason
}

// choose finds the best of the eligible egresses, in the domain's tier if
// possible, else in a dearer one, else in a cheaper one.
func (d *domain) choose(now int64, w *Want, c *Config) (e *egress, reason string) {
	if e, reason = d.chooseInTier(now, w, c); e != nil || d.tier.mask == nil {
		return e, reason
	}
	e = d.inOtherTiers(now, func() *egress {
		other, _ := d.chooseInTier(now, w, c)
		return other
	})
	if e != nil {
		return e, ""
	}
	return nil, reason
}

// inOtherTiers calls find with one tier after the other in place of the domain's,
// the next dearer one first, until it finds an egress.
func (d *domain) inOtherTiers(now int64, find func() *egress) *egress {
	home := d.tier.current
	defer func() {
		d.tier.current = home
		d.remask()
		d.count(now)
	}()
	for i := range d.table.tiers {
		if i = (home + 1 + i) % len(d.table.tiers); i == home {
			break
		}
		d.tier.current = i
		d.remask()
		if e := find(); e != nil {
			return e
		}
	}
	return nil
}

func (d *domain) chooseInTier(now int64, w *Want, c *Config) (*egress, string) {
	switch c.Selection {
	case RoundRobin:
		return d.roundRobin(w, c)
	case LeastUsed:
		return d.best(w, c, func(e *egress) float64 {
			if pr := d.known(e); pr != nil {
				return -float64(pr.uses)
			}
			return 0
		})
	case Performance:
		return d.best(w, c, func(e *egress) float64 { return d.merit(now, e, d.known(e)).value() })
	case Random:
		return d.draw(now, w, c, 1)
	default:
		return d.draw(now, w, c, draws)
	}
}

// draw takes up to n random eligible egresses and returns the best of them.
func (d *domain) draw(now int64, w *Want, c *Config, n int) (best *egress, reason string) {
	slots := d.table.slots
	if len(slots) == 0 {
		return nil, reasonEmpty
	}
	var first, second *egress
	var top fraction
	yard := d.yardstick()
	found := 0
	consider := func(e *egress) {
		if e == first || e == second {
			return
		}
		first, second = e, first
		found++
		if n == 1 {
			best = e
		} else if s := d.score(now, e, yard); best == nil || s.above(top) {
			best, top = e, s
		}
	}
	for range 16 * n {
		i := d.below(uint64(len(slots)))
		if d.word(int(i>>6))>>(i&63)&1 != 0 {
			continue
		}
		if e := slots[i]; !e.full(c.MaxInFlight) && !w.tried(e) {
			if consider(e); found >= n || found >= d.eligible {
				return best, ""
			}
		}
	}
	if found > 0 {
		return best, ""
	}
	// Hardly any is eligible: go through all from a random place, a word at a time.
	reason = reasonGated
	words := len(d.gated)
	from := int(d.below(uint64(words)))
	for k := range words {
		i := (from + k) % words
		for free := ^d.word(i); free != 0; free &= free - 1 {
			e := slots[i*64+bits.TrailingZeros64(free)]
			switch {
			case w.tried(e):
				reason = worse(reason, reasonTried)
			case e.full(c.MaxInFlight):
				reason = worse(reason, reasonBusy)
			default:
				if consider(e); found >= n {
					return best, ""
				}
			}
		}
	}
	if found > 0 {
		return best, ""
	}
	return nil, d.why(reason)
}

// worse keeps the reason that says most about why nothing was found: a busy
// egress will be free soon, a tried one may be tried again.
func worse(old, found string) string {
	if old == reasonBusy || found == reasonBusy {
		return reasonBusy
	}
	return found
}

func (d *domain) why(reason string) string {
	if d.table.size == 0 {
		return reasonEmpty
	}
	return reason
}

// each calls use for every eligible egress from index from on, until it returns false.
func (d *domain) each(from int, use func(*egress) bool) {
	words := len(d.gated)
	for k := 0; k <= words && words > 0; k++ {
		i := (from/64 + k) % words
		free := ^d.word(i)
		switch { // the first word is visited twice: its upper part first, its lower part last
		case k == 0:
			free &= ^uint64(0) << (from % 64)
		case k == words:
			free &= 1<<(from%64) - 1
		}
		for ; free != 0; free &= free - 1 {
			if !use(d.table.slots[i*64+bits.TrailingZeros64(free)]) {
				return
			}
		}
	}
}

// eachFree is each without those that were tried or are full. It returns the
// reason to give when use took none.
func (d *domain) eachFree(from int, w *Want, c *Config, use func(*egress) bool) (reason string) {
	if len(d.table.slots) == 0 {
		return reasonEmpty
	}
	reason = reasonGated
	d.each(from%len(d.table.slots), func(e *egress) bool {
		switch {
		case w.tried(e):
			reason = worse(reason, reasonTried)
		case e.full(c.MaxInFlight):
			reason = worse(reason, reasonBusy)
		default:
			return use(e)
		}
		return true
	})
	return d.why(reason)
}

func (d *domain) roundRobin(w *Want, c *Config) (found *egress, reason string) {
	reason = d.eachFree(int(d.cursor), w, c, func(e *egress) bool {
		found, d.cursor = e, e.index+1
		return false
	})
	return found, reason
}

// best goes through all eligible egresses for the one with the highest rank. It
// starts at a random one, so that equals share.
func (d *domain) best(w *Want, c *Config, rank func(*egress) float64) (found *egress, reason string) {
	top := math.Inf(-1)
	from := int(d.below(uint64(len(d.table.slots))))
	reason = d.eachFree(from, w, c, func(e *egress) bool {
		if r := rank(e); r > top {
			found, top = e, r
		}
		return true
	})
	return found, reason
}

func (w *Want) tried(e *egress) bool {
	for i := range w.Tried {
		if w.Tried[i].e == e && !e.direct {
			return true
		}
	}
	return false
}

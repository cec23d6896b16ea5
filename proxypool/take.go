package proxypool

import (
	"math"

	"github.com/godwit-go/godwit/trip"
)

// take reserves e and gives it a visitor.
func (d *domain) take(e *egress, now int64, w *Want, mode Mode, c *Config, said *notices) Lease {
	e.use()
	return d.lease(e, now, w, mode, c, said)
}

// lease is take for an egress that is reserved already.
func (d *domain) lease(e *egress, now int64, w *Want, mode Mode, c *Config, said *notices) Lease {
	pr := d.book(e)
	v := pr.visitor
	if w.Session != "" {
		v = d.pinned(e, now, w.Session, c, said)
	} else {
		if v != nil {
			if why := v.worn(now, c, false); why != "" {
				d.retire(v, pr, why, said)
				v = nil
			}
		}
		if v == nil {
			v = d.pool.newVisitor(now, d.name, e, pr.born, "")
			pr.born++
			pr.visitor = v
		}
	}
	v.uses++
	return Lease{d: d, e: e, pair: pr, visitor: v, at: now, mode: mode}
}

// book counts one more use of e here.
//
// One that comes back after a rest is taken to be as warm as the others. It would
// get all the load they have too much, and be the next to be banned.
func (d *domain) book(e *egress) *pair {
	pr := d.pairWith(e)
	all := float64(max(d.eligible, 1))
	if float64(d.now-pr.lastUse)*d.heat > 4*float64(heatWindow)*all*d.minute {
		pr.heat = max(pr.heat, min(d.heat/all, d.pace.ceiling*d.minute))
	}
	pr.lastUse = d.now
	pr.uses++
	pr.heat += d.heatEpoch.weight
	d.heat += d.heatEpoch.weight
	return pr
}

// keep leases the identity of an earlier attempt again.
func (d *domain) keep(now int64, w *Want, c *Config) (Lease, bool) {
	k := w.Keep
	// What has left the list may have left its index to another.
	if !k.Valid() || k.d != d || k.e.gone.Load() || k.visitor.retired.Load() || w.tried(k.e) {
		return Lease{}, false
	}
	due := k.pair.gate.shut() && !k.pair.gate.probing && k.pair.gate.until <= now && d.current(k.pair) && d.isOpen(k.e)
	if !due && !d.usable(k.e) {
		return Lease{}, false
	}
	// It just gave its place in flight back, so the cap is not asked again.
	k.e.use()
	k.visitor.uses++
	l := Lease{d: d, e: k.e, pair: d.book(k.e), visitor: k.visitor, at: now, mode: Sticky}
	if due { // it was throttled, and has waited
		d.onProbe(&l)
	}
	return l, true
}

// usable tells whether e is neither gated nor gone.
func (d *domain) usable(e *egress) bool {
	i := e.index
	return int(i>>6) < len(d.gated) && (d.table.out[i>>6].Load()|d.gated[i>>6])>>(i&63)&1 == 0
}

// pickSession leases the visitor of a session. A new session gets an egress by
// rendezvous hashing, so that when one is lost only its own sessions move.
func (d *domain) pickSession(now int64, w *Want, c *Config, said *notices) (Lease, string) {
	if s := d.sessions[w.Session]; s != nil && d.usable(s.e) && !w.tried(s.e) {
		if !s.e.reserve(c.MaxInFlight) {
			return Lease{}, reasonBusy
		}
		return d.lease(s.e, now, w, Sticky, c, said), ""
	}
	found := d.winner(w)
	if found == nil && d.tier.mask != nil {
		found = d.inOtherTiers(now, func() *egress { return d.winner(w) })
	}
	switch {
	case found == nil:
		if l, ok := d.failOpen(now, w, c, nil, said); ok {
			return l, ""
		}
		if len(w.Tried) > 0 {
			again := *w
			again.Tried = nil
			return d.pickSession(now, &again, c, said)
		}
		return Lease{}, d.why(reasonGated)
	case !found.reserve(c.MaxInFlight):
		return Lease{}, reasonBusy
	}
	return d.lease(found, now, w, Sticky, c, said), ""
}

// winner returns the eligible egress of the tier that wins the session of w; nil
// when there is none.
func (d *domain) winner(w *Want) (found *egress) {
	key := hashString(w.Session)
	top := math.Inf(-1)
	d.each(0, func(e *egress) bool {
		if w.tried(e) {
			return true
		}
		if r := rendezvous(key, e); r > top {
			found, top = e, r
		}
		return true
	})
	return found
}

// rendezvous ranks e for a key: the highest one wins it, in proportion to weight.
func rendezvous(key uint64, e *egress) float64 {
	u := (float64(mix(key, e.seed)>>11) + 0.5) / (1 << 53)
	return -e.proxy.Load().weight() / math.Log(u)
}

// pinned returns the visitor of a session on e.
func (d *domain) pinned(e *egress, now int64, key string, c *Config, said *notices) *visitor {
	s := d.sessions[key]
	if s == nil {
		d.trimSessions(now, c.IdentityAge)
		if d.sessions == nil {
			d.sessions = make(map[string]*session)
		}
		s = new(session)
		d.sessions[key] = s
	}
	if s.e != nil && s.e != e { // its egress is gone or gated: the visitor goes with it
		d.endPinned(s.visitor, retiredGone, said)
		s.visitor = nil
	}
	if s.visitor != nil {
		if why := s.visitor.worn(now, c, true); why != "" {
			d.endPinned(s.visitor, why, said)
			s.visitor = nil
		}
	}
	if s.visitor == nil {
		s.visitor = d.pool.newVisitor(now, d.name, e, s.born, key)
		s.born++
	}
	s.e, s.lastUse = e, now
	return s.visitor
}

func (d *domain) endPinned(v *visitor, reason string, said *notices) {
	if !v.retired.Swap(true) && d.pool.observed() {
		said.add(&trip.IdentityRetired{Pool: d.pool.name, Egress: v.Egress, Domain: d.name, Reason: reason})
	}
}

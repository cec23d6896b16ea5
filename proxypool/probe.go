package proxypool

import "math"

// trials are the probes of one kind, of gated egresses or of gated pairs.
type trials struct {
	due float64 // probes that may be made
	// hope is what to expect of them, from 1 while nothing is known to 0 where they
	// were all in vain lately: where most are dead for good, shorter gates and more
	// probes are only a waste.
	hope float64
}

var newTrials = trials{due: 1, hope: 1}

// first counts a first attempt and tells whether it may be a probe. It returns
// the factor by which gates shorten.
func (t *trials) first(scarcity float64, c *Config) (factor float64, may bool) {
	if scarcity == 1 {
		t.hope = 1
	}
	factor = 1 - (1-scarcity)*t.hope
	share := max(c.Scarcity.ProbeShare, 0)
	share += max(c.Scarcity.MaxProbeShare-share, 0) * (1 - factor)
	t.due = min(t.due+share, 2)
	return factor, t.due >= 1 && share > 0
}

// learn books whether a probe found what it looked for.
func (t *trials) learn(found bool) {
	if found {
		t.hope += (1 - t.hope) / 8
	} else {
		t.hope -= t.hope / 32
	}
}

// probe uses a first attempt to find out whether a gated egress is back, or a
// cheaper tier good enough again. Few first attempts are spent so, more when
// egresses are scarce.
func (d *domain) probe(now int64, w *Want, c *Config, said *notices) (Lease, bool) {
	if tier := d.tierToProbe(now, c); tier >= 0 {
		if e := d.drawInTier(now, w, c, tier); e != nil {
			return d.take(e, now, w, Probe, c, said), true
		}
	}
	if len(d.queue.items) == 0 && d.pool.gates.next.Load() == 0 {
		return Lease{}, false // all are fine
	}
	scarcity := d.scarcity(c)
	pairs, mayPair := d.forgiven.first(scarcity, c)
	whole, mayWhole := d.back.first(scarcity, c)
	if mayPair {
		if pr := d.duePair(now, pairs, c); pr != nil {
			d.forgiven.due--
			return d.takeProbe(pr.e, now, w, Probe, c, said), true
		}
	}
	if !mayWhole {
		return Lease{}, false
	}
	e := d.pool.gates.takeDue(now, whole, c, func(e *egress) bool {
		return !d.gated.has(e.index) && d.inTier(e) && !w.tried(e) && !e.full(c.MaxInFlight)
	})
	if e == nil {
		return Lease{}, false
	}
	d.back.due--
	l := d.take(e, now, w, Probe, c, said)
	l.probesEgress = true
	return l, true
}

func (d *domain) inTier(e *egress) bool {
	return d.tier.mask == nil || !d.tier.mask.has(e.index)
}

func (d *domain) drawInTier(now int64, w *Want, c *Config, tier int) *egress {
	home := d.tier.current
	d.tier.current = tier
	d.remask()
	e, _ := d.draw(now, w, c, draws)
	d.tier.current = home
	d.remask()
	return e
}

// duePair returns a pair whose gate is due and whose egress is otherwise fine.
func (d *domain) duePair(now int64, factor float64, c *Config) *pair {
	for _, pr := range d.queue.items[:min(len(d.queue.items), queueLook)] {
		if pr.gate.due(factor, c.Scarcity.MinGate) <= now && d.isOpen(pr.e) && !pr.e.full(c.MaxInFlight) && d.inTier(pr.e) {
			return pr
		}
	}
	return nil
}

// isOpen tells whether e is not gated as a whole.
func (d *domain) isOpen(e *egress) bool {
	return d.table.out[e.index>>6].Load()>>(e.index&63)&1 == 0
}

// takeProbe takes e although its pair is gated; the outcome decides on the gate.
func (d *domain) takeProbe(e *egress, now int64, w *Want, mode Mode, c *Config, said *notices) Lease {
	l := d.take(e, now, w, mode, c, said)
	if l.pair.gate.shut() {
		d.onProbe(&l)
	}
	return l
}

// onProbe makes l the probe of its pair's gate.
func (d *domain) onProbe(l *Lease) {
	d.queue.remove(l.pair)
	l.pair.gate.probing = true
	l.probesPair = true
}

// failOpen takes the best of the gated egresses when hardly any other is left, and
// none of those is better, which they are not for long when all the load is on
// them. It keeps to the least gate time, to one attempt at a time and to what a
// target asked for, so that what is dead or banned is not hammered.
func (d *domain) failOpen(now int64, w *Want, c *Config, rival *egress, said *notices) (Lease, bool) {
	if d.eligible >= d.fewest() || len(d.table.slots) == 0 || now < d.turn(c) {
		return Lease{}, false
	}
	faulty := d.faulty()
	yard := d.yardstick()
	top := fraction{0, 1}
	if rival != nil {
		top = d.score(now, rival, yard)
	}
	g := &d.pool.gates
	g.mu.Lock()
	var best *egress
	d.gatedOnes(func(e *egress, pr *pair) {
		if w.tried(e) || e.full(c.MaxInFlight) || e.gate.shut() && !faulty || d.gatedUntil(e, pr, c) > now {
			return
		}
		s := d.score(now, e, yard)
		s.over *= gatedDiscount
		s.under *= float64(uint64(1) << min(e.gate.level, 30))
		if s.above(top) {
			best, top = e, s
		}
	})
	probesEgress := best != nil && best.gate.shut()
	if probesEgress {
		g.probe(best)
	}
	g.mu.Unlock()
	if best == nil {
		return Lease{}, false
	}
	d.openedAt = now
	l := d.takeProbe(best, now, w, FailOpen, c, said)
	l.probesEgress = probesEgress
	return l, true
}

// turn is when the next gated egress may be taken. The longer that is in vain, the
// nearer it comes to a tenth of them in the least gate time.
func (d *domain) turn(c *Config) int64 {
	hope := d.forgiven.hope
	if d.faulty() {
		hope = d.back.hope
	}
	spacing := float64(c.Scarcity.MinGate) / float64(max(3, d.live/10))
	return d.openedAt + int64(spacing*(1-hope))
}

// faulty tells whether it is faults that leave so few. Else it is bans, and what is
// dead would not help.
func (d *domain) faulty() bool { return d.open < d.fewest() }

// fewest is how many eligible egresses there must be for the gated ones to rest.
func (d *domain) fewest() int { return max(3, d.live/50) }

// gatedDiscount is how much worse than it looks a gated egress is taken to be. One
// that is gated as a whole is worse by its level, too: it was tried often in vain.
const gatedDiscount = 0.1

// maxLooks is how many egresses are looked at when none is eligible.
const maxLooks = 4096

// gatedOnes calls use with the egresses that are gated, as a whole or here, and
// with their pairs. Pool.gates is locked.
func (d *domain) gatedOnes(use func(*egress, *pair)) {
	n := len(d.table.slots)
	from := int(d.below(uint64(n)))
	for k := range min(n, maxLooks) {
		if e := d.table.slots[(from+k)%n]; e != nil && !e.gone.Load() && !d.usable(e) {
			use(e, d.known(e))
		}
	}
}

// gatedUntil is when e may be used again at the earliest; never while a probe is
// out. Pool.gates is locked.
func (d *domain) gatedUntil(e *egress, pr *pair, c *Config) (at int64) {
	factor := 1.0
	if d.faulty() {
		factor = 0
	}
	at = e.gate.usableAt(factor, c.Scarcity.MinGate)
	if pr != nil {
		at = max(at, pr.gate.usableAt(0, c.Scarcity.MinGate))
	}
	return at
}

// none explains why nothing could be picked and when that may change.
func (d *domain) none(now int64, reason string, c *Config) error {
	e := &NoProxyError{Pool: d.pool.name, Domain: d.name, Reason: reason}
	switch reason {
	case reasonBusy:
		d.back.hope = 1 // more are needed
		return e
	case reasonEmpty:
		return e
	}
	at := int64(math.MaxInt64)
	d.pool.gates.mu.Lock()
	d.gatedOnes(func(e *egress, pr *pair) { at = min(at, d.gatedUntil(e, pr, c)) })
	d.pool.gates.mu.Unlock()
	at = max(at, d.turn(c))
	if at <= now || at == math.MaxInt64 { // due, but for another call; or being tried right now
		at = now + int64(c.Scarcity.MinGate)
	}
	e.RetryAt = d.pool.clock.time(at)
	return e
}

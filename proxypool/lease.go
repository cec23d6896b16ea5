package proxypool

import (
	"context"
	"time"

	"github.com/godwit-go/godwit/trip"
)

// Mode tells why an egress was picked.
type Mode string

// The modes, as [trip.ProxyPicked] has them.
const (
	Normal   Mode = "normal"
	Sticky   Mode = "sticky"    // the session's, or kept from the attempt before
	Probe    Mode = "probe"     // was gated; this attempt decides whether it is back
	FailOpen Mode = "fail_open" // is gated, but hardly any other is left
)

// Lease is the use of one identity for one attempt. It is a small value that may
// be copied, but each of [Lease.Conclude] and [Lease.Release] must be called once,
// or [Lease.Done] for both. The zero Lease is no lease; it can be told by [Lease.Valid].
type Lease struct {
	d       *domain
	e       *egress
	pair    *pair
	visitor *visitor
	at      int64
	mode    Mode

	probesEgress bool // holds the probe of the egress's gate
	probesPair   bool // holds the probe of the pair's gate
}

// Valid tells whether l came from a successful Pick.
func (l Lease) Valid() bool { return l.e != nil }

// Egress is the label of the way out.
func (l Lease) Egress() string { return l.visitor.Egress }

// Identity is who the target sees.
func (l Lease) Identity() *trip.Identity { return &l.visitor.Identity }

// Mode tells why this egress was picked.
func (l Lease) Mode() Mode { return l.mode }

// Done is [Lease.Conclude] and [Lease.Release] in one, for a response without a body.
func (l Lease) Done(now time.Time, o trip.Outcome) {
	l.Conclude(now, o)
	l.Release()
}

// Release gives the place in flight back. It is called when the response body
// has ended.
func (l Lease) Release() {
	p := l.d.pool
	if l.e.leave() == 0 && l.e.gone.Load() {
		p.routes.drop(l.e)
	}
	p.freed.wake()
}

// Conclude tells the pool what the attempt turned out to be. It is called as soon
// as that is known; the time since Pick counts as the exit's latency on success.
func (l Lease) Conclude(now time.Time, o trip.Outcome) {
	l.conclude(backgroundContext, now, o)
}

func (l *Lease) conclude(ctx context.Context, now time.Time, o trip.Outcome) {
	p := l.d.pool
	c := p.config.Load()
	ev := evidenceOf(o)
	frozen := (ev == fault || ev == ambiguous) && c.Frozen != nil && c.Frozen(l.d.name)
	t := p.clock.at(now)
	var said notices
	slowness, weight := l.d.learn(l, t, ev, o, frozen, c, &said)
	l.e.learn(l, t, ev, slowness, weight, c, &said)
	p.tell(ctx, said)
}

// learn books what the attempt says about the pair and the domain. It returns how
// slow the success was and how much of the failure is held against the egress.
func (d *domain) learn(l *Lease, now int64, ev evidence, o trip.Outcome, frozen bool, c *Config, said *notices) (slowness, weight float64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	now = d.advance(now)
	pr := l.pair
	current := d.current(pr)
	switch ev {
	case success:
		slowness = d.timed(now, time.Duration(now-l.at))
		pr.bans.good += d.banEpoch.weight
		pr.blocks, pr.trouble = 0, 0
		d.pace.served(now, pr.heat, d.minute)
		pr.gate.clean(now)
		l.visitor.score = max(0, l.visitor.score-0.5)
		if current && l.probesPair {
			d.readmit(pr, now, said)
		}
		if current {
			d.tierWorked(l.e, now, c)
		}
	case blocked:
		d.block(l, now, o.RetryAt, current, c, said)
	case throttled:
		d.throttle(l, now, o.RetryAt, current, c, said)
	case ambiguous, fault:
		weight = d.weigh(l.e, now, ev, o, frozen)
		l.visitor.score += weight
		if ev == ambiguous {
			pr.bans.bad += weight * d.banEpoch.weight
			if pr.trouble == 0 {
				pr.troubleSince = now
			}
			pr.trouble += weight / float64(l.e.exits())
			// Only when it works elsewhere: else the gate of the egress is the right one.
			elsewhere := l.e.workedSince(pr.troubleSince)
			if current && !l.e.direct && c.Faults.After > 0 && pr.trouble >= float64(c.Faults.After) && elsewhere && !pr.gate.shut() {
				pr.trouble = 0
				pr.gate.close(now, c.Faults.For, c.Faults.Max, d.jitter(), true)
				d.shut(pr, "faults", said)
			}
		}
	}
	if ev != nothing {
		d.recent.add(l.e, now, ev, ev.answered() || l.e.workedSince(now-witnessMemory))
	}
	if l.probesPair {
		d.forgiven.learn(ev == success)
	}
	if l.probesEgress {
		d.back.learn(ev.answered())
	}
	if l.probesPair && current && pr.gate.probing {
		pr.gate.probing = false
		if ev == fault || ev == ambiguous {
			pr.gate.until = max(pr.gate.until, now+int64(c.Scarcity.MinGate))
		}
		d.queue.push(pr)
	}
	return slowness, weight
}

// weigh returns how much of a failure is the egress's own.
func (d *domain) weigh(e *egress, now int64, ev evidence, o trip.Outcome, frozen bool) float64 {
	switch {
	case ev == ambiguous && frozen:
		return 0
	case ev == ambiguous:
		return d.recent.blame(e, now)
	case o.Phase == trip.ProxyConnect && o.Status != 407:
		// A proxy may say anything when it cannot reach the target. Most of them
		// failing so on this domain is the domain's doing.
		if failing, n := d.recent.others(e, now, fault, ambiguous); frozen || n >= 3 && failing > 0.5 {
			return 0
		}
	}
	return 1
}

// block books a refusal: it retires the visitor, and enough of them close the gate.
func (d *domain) block(l *Lease, now int64, retryAt time.Time, current bool, c *Config, said *notices) {
	pr := l.pair
	// A wall that stops most exits says nothing about this one: neither do its
	// bans grow, nor was it too fast.
	share, n := d.recent.others(pr.e, now, blocked)
	walled := n >= 3 && share > 0.5
	if !walled {
		d.wasTooFast(pr)
	}
	pr.bans.bad += d.banEpoch.weight
	pr.blocks++
	d.retire(l.visitor, pr, retiredBlocked, said)
	if !current || l.e.direct {
		return
	}
	d.tierBlocked(l.e, now, c)
	if !l.mayShut(c.Blocks.After, c) {
		return
	}
	pr.gate.close(now, c.Blocks.For, c.Blocks.Max, d.jitter(), !walled)
	d.holdUntil(pr, retryAt)
	d.shut(pr, "blocked", said)
}

// throttle books a request to come later. Where most others are served it is meant
// for this exit, which rests for as long as it was told to; its visitor stays what it
// is. Told so again as soon as that is over, it rests for longer, or the whole domain
// would pause for its sake again and again. Where most others are not served either,
// the domain has enough, which is not the pool's business.
func (d *domain) throttle(l *Lease, now int64, retryAt time.Time, current bool, c *Config, said *notices) {
	pr := l.pair
	if served, _ := d.recent.others(pr.e, now, success); served <= 0.5 {
		return
	}
	d.wasTooFast(pr)
	pr.blocks++
	limit := c.Blocks.After
	if !retryAt.IsZero() && pr.e.exits() == 1 {
		limit = 1
	}
	if !current || l.e.direct || !l.mayShut(limit, c) {
		return
	}
	longer := l.probesPair || retryAt.IsZero()
	pr.gate.close(now, c.Blocks.For, c.Blocks.Max, d.jitter(), longer)
	if !longer {
		pr.gate.until = now
	}
	d.holdUntil(pr, retryAt)
	d.shut(pr, "throttled", said)
}

// holdUntil makes the pair's gate last until at, if the target named a time.
func (d *domain) holdUntil(pr *pair, at time.Time) {
	if !at.IsZero() {
		pr.gate.holdUntil(d.pool.clock.at(at))
	}
}

// mayShut tells whether the pair has been refused so often in a row, for each exit,
// that its gate is to be closed, or closed again after a probe.
func (l *Lease) mayShut(limit int, c *Config) bool {
	return c.Blocks.After >= 0 && (l.probesPair || !l.pair.gate.shut() && l.pair.blocks/l.e.exits() >= limit)
}

// wasTooFast learns the pace from an exit that worked until now.
func (d *domain) wasTooFast(pr *pair) {
	if pr.bans.good >= d.banEpoch.weight && pr.blocks == 0 && pr.e.exits() == 1 {
		d.pace.blocked(pr.heat / d.minute)
	}
}

// shut rules the pair out, whose gate was closed.
func (d *domain) shut(pr *pair, reason string, said *notices) {
	d.gated.set(pr.e.index)
	d.queue.fix(pr)
	d.stale = true
	if d.pool.observed() {
		said.add(&trip.ProxyGated{Pool: d.pool.name, Egress: pr.e.label(), Domain: d.name, Reason: reason, Until: d.pool.clock.wall(pr.gate.until)})
	}
}

func (d *domain) jitter() float64 { return 0.9 + 0.2*d.float() }

// readmit opens the pair's gate.
func (d *domain) readmit(pr *pair, now int64, said *notices) {
	if !pr.gate.shut() {
		return
	}
	d.queue.remove(pr)
	pr.gate.open(now)
	d.gated.clear(pr.e.index)
	d.stale = true
	if d.pool.observed() {
		said.add(&trip.ProxyReadmitted{Pool: d.pool.name, Egress: pr.e.label(), Domain: d.name, Reason: "probe"})
	}
}

// retire ends a visitor: nobody gets it any more.
func (d *domain) retire(v *visitor, pr *pair, reason string, said *notices) {
	if v.retired.Swap(true) {
		return
	}
	if pr.visitor == v {
		pr.visitor = nil
	}
	if s := d.sessions[v.pinned]; s != nil && s.visitor == v {
		delete(d.sessions, v.pinned)
	}
	if v.session != "" && reason == retiredBlocked {
		pr.heat, pr.bans = 0, tally{} // the next session has another exit, with a clean slate
	}
	if d.pool.observed() {
		said.add(&trip.IdentityRetired{Pool: d.pool.name, Egress: v.Egress, Domain: d.name, Reason: reason})
	}
}

// learn books what the attempt says about connectivity.
func (e *egress) learn(l *Lease, now int64, ev evidence, slowness, weight float64, c *Config, said *notices) {
	p := l.d.pool
	switch ev {
	case success:
		e.worked(now, 1, slowness, time.Duration(now-l.at))
		if e.flapped.Load() {
			p.gates.clean(e, now)
		}
	case alive, blocked, throttled:
		e.worked(now, 0, 0, 0)
	case fault, ambiguous:
		tooMany := weight > 0 && e.failed(now, weight, c.Faults.After)
		if !e.direct && (tooMany || l.probesEgress && weight > 0) {
			p.gates.shut(p, e, now, c, l.probesEgress, said)
			return
		}
	}
	if l.probesEgress {
		p.gates.settle(p, e, now, ev.answered(), "probe", said)
	}
}

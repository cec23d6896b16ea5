package proxypool

import "time"

// probe uses a first attempt to find out whether a gated egress is back, or a
// cheaper tier good enough again. Few first attempts are spent so, more when
// egresses are scarce.
func (d *domain) probe(now int64, w *Want, c *Config, said *notices) (Lease, bool) {
	factor := d.scarcity(c)
	share := max(c.Scarcity.ProbeShare, 0)
	share += max(c.Scarcity.MaxProbeShare-share, 0) * (1 - factor)
	d.probes = min(d.probes+share, 2)
	if tier := d.tierToProbe(now, c); tier >= 0 {
		if e := d.drawInTier(now, w, c, tier); e != nil {
			return d.take(e, now, w, Probe, c, said), true
		}
	}
	if d.probes < 1 || share == 0 {
		return Lease{}, false
	}
	if pr := d.duePair(now, factor, c); pr != nil {
		d.probes--
		return d.takeProbe(pr.e, now, w, Probe, c, said), true
	}
	e := d.pool.gates.takeDue(now, factor, c, func(e *egress) bool {
		return !d.gated.has(e.index) && d.inTier(e) && !w.tried(e) && !e.full(c.MaxInFlight)
	})
	if e == nil {
		return Lease{}, false
	}
	d.probes--
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
		if pr.gate.due(factor, c.Scarcity.MinGate) <= now && d.open(pr.e) && !pr.e.full(c.MaxInFlight) && d.inTier(pr.e) {
			return pr
		}
	}
	return nil
}

// open tells whether e is not gated as a whole.
func (d *domain) open(e *egress) bool {
	return d.table.out[e.index>>6].Load()>>(e.index&63)&1 == 0
}

// takeProbe takes e although its pair is gated; the outcome decides on the gate.
func (d *domain) takeProbe(e *egress, now int64, w *Want, mode Mode, c *Config, said *notices) Lease {
	l := d.take(e, now, w, mode, c, said)
	if l.pair.gate.shut() {
		d.queue.remove(l.pair)
		l.pair.gate.probing = true
		l.probesPair = true
	}
	return l
}

// failOpen takes the best of the gated egresses when hardly any other is left.
// It keeps to the least gate time, to one attempt at a time and to what a target
// asked for, so that what is dead or banned is not hammered.
func (d *domain) failOpen(now int64, w *Want, c *Config, said *notices) (Lease, bool) {
	n := len(d.table.slots)
	if n == 0 || d.eligible >= max(3, d.live/50) {
		return Lease{}, false
	}
	var best *egress
	var top float64
	looks := min(n, 512)
	from := int(d.below(uint64(n)))
	for k := range looks {
		e := d.table.slots[(from+k)%n]
		if e == nil || e.gone.Load() || w.tried(e) || e.full(c.MaxInFlight) || d.usable(e) {
			continue
		}
		pr := d.known(e)
		if pr != nil && pr.gate.shut() && (pr.gate.probing || pr.gate.due(0, c.Scarcity.MinGate) > now) {
			continue
		}
		if s := d.merit(now, e, pr); best == nil || s > top {
			if d.open(e) || d.pool.gates.served(e, now, c) {
				best, top = e, s
			}
		}
	}
	if best == nil {
		return Lease{}, false
	}
	probesEgress := false
	if !d.open(best) {
		if probesEgress = d.pool.gates.takeServed(best, now, c); !probesEgress {
			return Lease{}, false
		}
	}
	l := d.takeProbe(best, now, w, FailOpen, c, said)
	l.probesEgress = probesEgress
	return l, true
}

// none explains why nothing could be picked and when that may change.
func (d *domain) none(now int64, reason string, c *Config) error {
	e := &NoProxyError{Pool: d.pool.name, Domain: d.name, Reason: reason}
	if reason == reasonEmpty || reason == reasonBusy {
		return e
	}
	factor := d.scarcity(c)
	at := d.pool.gates.due(now, c)
	for _, pr := range d.queue.items[:min(len(d.queue.items), 4096)] {
		if due := pr.gate.due(factor, c.Scarcity.MinGate); at == 0 || due < at {
			at = due
		}
	}
	if at != 0 {
		e.RetryAt = time.Unix(0, max(at, now))
	}
	return e
}

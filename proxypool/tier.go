package proxypool

import (
	"fmt"
	"time"
)

// Defaults of the fields of [Tiers].
const (
	DefaultTierBlocks   = 3
	DefaultTierProbe    = 5 * time.Minute
	DefaultTierProbeMax = time.Hour
)

// Tiers says when a domain moves between the price tiers of the proxies. It
// matters only where the proxies have different tiers.
type Tiers struct {
	// Blocks is how many blocks, less half of them with every success, prove that
	// a tier is not good enough. Negative: never escalate on blocks. Default [DefaultTierBlocks].
	Blocks int
	// Probe is how long after an escalation one first attempt tries the cheaper
	// tier again; two successes in a row go back to it. A block doubles the time
	// until the next one. Default [DefaultTierProbe].
	Probe time.Duration
	// ProbeMax caps that time. Default [DefaultTierProbeMax].
	ProbeMax time.Duration
}

func (t Tiers) withDefaults() Tiers {
	def(&t.Blocks, DefaultTierBlocks)
	def(&t.Probe, DefaultTierProbe)
	def(&t.ProbeMax, DefaultTierProbeMax)
	return t
}

func (t Tiers) validate() (errs []error) {
	if t.Probe < 0 {
		errs = append(errs, fmt.Errorf("Tiers.Probe: %v, want 0 (the default) or more", t.Probe))
	}
	if d := t.withDefaults(); d.ProbeMax < d.Probe {
		errs = append(errs, fmt.Errorf("Tiers.ProbeMax: %v, want at least Tiers.Probe (%v)", d.ProbeMax, d.Probe))
	}
	return errs
}

// A tierState is where one domain stands among the tiers of the table.
type tierState struct {
	current int    // index into table.tiers
	mask    bitmap // what is outside of the current tier; nil with one tier
	blocks  float64
	probeAt int64
	wait    time.Duration
	passed  int
}

// enter moves the domain to a tier.
func (d *domain) enter(tier int, now int64, c *Config) {
	t := &d.tier
	if tier > t.current {
		t.wait = max(t.wait, c.Tiers.Probe)
	}
	t.current, t.blocks, t.passed = tier, 0, 0
	t.probeAt = now + int64(t.wait)
	d.remask()
}

func (d *domain) remask() {
	d.tier.current = min(d.tier.current, max(len(d.table.tiers)-1, 0))
	d.tier.mask = nil
	if len(d.table.tiers) > 1 {
		d.tier.mask = d.table.tiers[d.tier.current].mask
	}
	d.stale = true
}

// tierBlocked books a block seen through e and escalates on proof.
func (d *domain) tierBlocked(e *egress, now int64, c *Config) {
	t := &d.tier
	if t.mask == nil {
		return
	}
	if d.table.tierOf(e) < t.current { // the probe of a cheaper tier
		t.passed = 0
		t.wait = min(2*t.wait, c.Tiers.ProbeMax)
		t.probeAt = now + int64(t.wait)
		return
	}
	t.blocks++
	if c.Tiers.Blocks > 0 && t.blocks >= float64(c.Tiers.Blocks) && t.current+1 < len(d.table.tiers) {
		d.enter(t.current+1, now, c)
	}
}

// tierWorked books a success through e and goes back to a cheaper tier that
// serves again.
func (d *domain) tierWorked(e *egress, now int64, c *Config) {
	t := &d.tier
	if t.mask == nil {
		return
	}
	tier := d.table.tierOf(e)
	if tier >= t.current {
		t.blocks /= 2
		return
	}
	t.probeAt = now
	if t.passed++; t.passed >= 2 {
		t.wait = c.Tiers.Probe
		d.enter(tier, now, c)
	}
}

// tierToProbe returns the cheaper tier that this first attempt should try, or -1.
func (d *domain) tierToProbe(now int64, c *Config) int {
	t := &d.tier
	if t.mask == nil || t.current == 0 || now < t.probeAt {
		return -1
	}
	t.probeAt = now + int64(t.wait) // one at a time; a success brings the next one forward
	return t.current - 1
}

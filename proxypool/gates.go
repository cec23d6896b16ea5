package proxypool

import (
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/godwit-go/godwit/trip"
)

// gates are the closed gates of whole egresses. Its lock is only taken when one
// closes, opens or may be due; picking among healthy ones never needs it.
type gates struct {
	mu    sync.Mutex
	queue gateQueue[*egress]
	rng   rand.PCG
	next  atomic.Int64 // no gate is due before, scarcity included; 0: none is closed
	table atomic.Pointer[table]
}

// shut closes e's gate, or closes it again after a failed probe.
func (g *gates) shut(p *Pool, e *egress, now int64, c *Config, probe bool, said *notices) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if e.gone.Load() || e.gate.shut() && !probe {
		return
	}
	jitter := 0.9 + 0.2*float64(g.rng.Uint64()>>11)/(1<<53)
	e.gate.close(now, c.Faults.For, c.Faults.Max, jitter, true)
	e.flapped.Store(true)
	g.queue.fix(e)
	tab := g.table.Load()
	tab.out.set(e.index)
	tab.version.Add(1)
	g.plan(c)
	if p.observed() {
		said.add(&trip.ProxyGated{Pool: p.name, Egress: e.label(), Reason: "faults", Until: time.Unix(0, e.gate.until)})
	}
}

// settle ends a probe: the egress is back when it worked, else it waits for
// another probe.
func (g *gates) settle(p *Pool, e *egress, now int64, worked bool, reason string, said *notices) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if e.gone.Load() || !e.gate.shut() {
		return
	}
	if !worked {
		e.gate.probing = false
		g.queue.fix(e)
		g.plan(p.config.Load())
		return
	}
	g.queue.remove(e)
	e.gate.open(now)
	tab := g.table.Load()
	tab.out.clear(e.index)
	tab.version.Add(1)
	g.plan(p.config.Load())
	if p.observed() {
		said.add(&trip.ProxyReadmitted{Pool: p.name, Egress: e.label(), Reason: reason})
	}
	p.freed.wake()
}

// plan works out when the next gate may be due at the earliest.
func (g *gates) plan(c *Config) {
	if len(g.queue.items) == 0 {
		g.next.Store(0)
		return
	}
	first := g.queue.items[0]
	at := first.gate.until
	for _, e := range g.queue.items[:min(len(g.queue.items), queueLook)] {
		at = min(at, e.gate.due(0, c.Scarcity.MinGate))
	}
	g.next.Store(at)
}

// queueLook is how many of the gates that end first are looked at for one that is
// due: under scarcity their order is only roughly right.
const queueLook = 8

// takeDue starts the probe of an egress whose gate is due and that suits; nil
// when there is none.
func (g *gates) takeDue(now int64, factor float64, c *Config, suits func(*egress) bool) *egress {
	if next := g.next.Load(); next == 0 || next > now {
		return nil
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, e := range g.queue.items[:min(len(g.queue.items), queueLook)] {
		if e.gate.due(factor, c.Scarcity.MinGate) <= now && suits(e) {
			g.queue.remove(e)
			e.gate.probing = true
			g.plan(c)
			return e
		}
	}
	return nil
}

// takeServed is takeDue for one given egress: its probe may start when its gate
// has been closed for the least time.
func (g *gates) takeServed(e *egress, now int64, c *Config) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !e.gate.shut() || e.gate.probing || e.gate.due(0, c.Scarcity.MinGate) > now {
		return false
	}
	g.queue.remove(e)
	e.gate.probing = true
	g.plan(c)
	return true
}

// clean lowers the level of e's gate after a period of clean running.
func (g *gates) clean(e *egress, now int64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !e.gate.shut() {
		e.gate.clean(now)
		e.flapped.Store(e.gate.level > 0)
	}
}

// due returns when the first gate may be due at the earliest; 0 when none is closed.
func (g *gates) due(now int64, c *Config) (at int64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, e := range g.queue.items[:min(len(g.queue.items), 4096)] {
		if due := e.gate.due(0, c.Scarcity.MinGate); at == 0 || due < at {
			at = due
		}
	}
	return at
}

// served tells whether e's gate has been closed for the least time and no probe is out.
func (g *gates) served(e *egress, now int64, c *Config) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return e.gate.shut() && !e.gate.probing && e.gate.due(0, c.Scarcity.MinGate) <= now
}

// leave takes egresses out of service for good.
func (g *gates) leave(left []*egress) {
	g.mu.Lock()
	defer g.mu.Unlock()
	tab := g.table.Load()
	for _, e := range left {
		e.gone.Store(true)
		g.queue.remove(e)
		tab.out.set(e.index)
	}
	tab.version.Add(1)
}

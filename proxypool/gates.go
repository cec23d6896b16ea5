package proxypool

import (
	"math/rand/v2"
	"sync"
	"sync/atomic"

	"github.com/godwit-go/godwit/trip"
)

// gates are the closed gates of whole egresses. Its lock is only taken when one
// closes, opens or may be due; picking among healthy ones never needs it.
type gates struct {
	mu    sync.Mutex
	queue gateQueue[*egress]
	rng   rand.PCG
	next  atomic.Int64 // when the first gate ends; 0: none is closed
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
	g.plan()
	if p.observed() {
		said.add(&trip.ProxyGated{Pool: p.name, Egress: e.label(), Reason: "faults", Until: p.clock.wall(e.gate.until)})
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
		g.plan()
		return
	}
	g.queue.remove(e)
	e.gate.open(now)
	tab := g.table.Load()
	tab.out.clear(e.index)
	tab.version.Add(1)
	g.plan()
	if p.observed() {
		said.add(&trip.ProxyReadmitted{Pool: p.name, Egress: e.label(), Reason: reason})
	}
	p.freed.wake()
}

// plan notes whether and when a gate ends, for those who do not hold the lock.
func (g *gates) plan() {
	var at int64
	if len(g.queue.items) > 0 {
		at = max(g.queue.items[0].gate.until, 1)
	}
	g.next.Store(at)
}

// queueLook is how many of the gates that end first are looked at for one that is
// due and suits: under scarcity their order is only roughly right, and what is
// due in general may still be banned on one domain.
const queueLook = 256

// takeDue starts the probe of an egress whose gate is due and that suits; nil
// when there is none.
func (g *gates) takeDue(now int64, factor float64, c *Config, suits func(*egress) bool) *egress {
	if next := g.next.Load(); next == 0 || next > now && factor >= 1 {
		return nil
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, e := range g.queue.items[:min(len(g.queue.items), queueLook)] {
		if e.gate.due(factor, c.Scarcity.MinGate) <= now && suits(e) {
			g.probe(e)
			return e
		}
	}
	return nil
}

// probe marks that the probe of e is out. The lock is held.
func (g *gates) probe(e *egress) {
	g.queue.remove(e)
	e.gate.probing = true
	g.plan()
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

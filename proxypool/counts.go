package proxypool

import "math/bits"

// Counts tells how many egresses stand where. It names none of them.
type Counts struct {
	States map[State]int
	// Banned tells by domain how many egresses are set aside for it; domains that
	// have none are left out.
	Banned map[string]int
	// ReloadFailed tells that the last reload of the list failed.
	ReloadFailed bool
}

// Counts returns what [Pool.Snapshot] would count, at a cost that grows with the
// egresses that are set aside and hardly with those that are not. It is meant for
// metrics, which ask often.
func (p *Pool) Counts() Counts {
	c := Counts{States: make(map[State]int, 4), Banned: make(map[string]int), ReloadFailed: p.reloadErr.Load() != nil}
	p.gates.count(c.States, p.clock.now())
	p.domains.all(func(d *domain) {
		if n := d.bans(); n > 0 {
			c.Banned[d.name] = n
		}
	})
	return c
}

// count counts the egresses by state. Only those that are out are looked at.
func (g *gates) count(states map[State]int, now int64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	tab := g.table.Load()
	healthy := tab.size
	for i := range tab.out {
		for word := tab.out[i].Load(); word != 0; word &= word - 1 {
			slot := i*64 + bits.TrailingZeros64(word)
			if slot >= len(tab.slots) || tab.slots[slot] == nil {
				continue
			}
			e := tab.slots[slot]
			state := e.state(now)
			switch {
			case state == Draining && e.inFlight() == 0:
				continue
			case state != Draining:
				healthy--
			}
			states[state]++
		}
	}
	states[Healthy] = healthy
}

// bans counts the closed gates of the domain.
func (d *domain) bans() (n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, word := range d.gated {
		n += bits.OnesCount64(word)
	}
	return n
}

// state tells where e stands. The lock of the gates is held.
func (e *egress) state(now int64) State {
	switch g := &e.gate; {
	case e.gone.Load():
		return Draining
	case !g.shut():
		return Healthy
	case g.probing || g.until <= now:
		return Probation
	default:
		return Ejected
	}
}

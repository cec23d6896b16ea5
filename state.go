package godwit

import (
	"maps"
	"slices"
	"time"

	"github.com/godwit-go/godwit/captcha"
	"github.com/godwit-go/godwit/proxypool"
	"github.com/godwit-go/godwit/trip"
)

// State tells how things stand at this moment, in the form that the metrics
// collector asks for. For people there is [Transport.Stats].
func (t *Transport) State() trip.State {
	a := t.current.Load()
	var s trip.State
	for _, name := range slices.Sorted(maps.Keys(a.pools)) {
		if name != Direct {
			s.Pools = append(s.Pools, poolState(a.pools[name].Snapshot()))
		}
	}
	for _, key := range slices.Sorted(maps.Keys(a.chains)) {
		c := a.chains[key]
		for _, b := range c.breakers.Stats() {
			s.Breakers = append(s.Breakers, trip.BreakerState{Domain: b.Key, State: string(b.State)})
		}
		for _, r := range c.pace.Stats() {
			s.Paces = append(s.Paces, trip.PaceState{
				Domain: r.Key, Interval: r.Interval, InFlight: r.InFlight, Waiting: r.Waiting, PausedUntil: r.PausedUntil,
			})
		}
	}
	s.Budgets = a.budgets(time.Now())
	return s
}

func poolState(p proxypool.Snapshot) trip.PoolState {
	s := trip.PoolState{
		Pool:      p.Name,
		Healthy:   p.States[proxypool.Healthy],
		Probation: p.States[proxypool.Probation],
		Gated:     p.States[proxypool.Ejected],
		Disabled:  p.States[proxypool.Draining],
		Bans:      make(map[string]int, len(p.Domains)),
	}
	for _, d := range p.Domains {
		s.Bans[d.Domain] = d.Banned
	}
	return s
}

// budgets tells of each purse once, however many policies spend from it. Where
// there are several, their names start with that of the first policy.
func (a *assembly) budgets(now time.Time) []trip.BudgetState {
	first := make(map[*captcha.Budget]string)
	for _, key := range slices.Sorted(maps.Keys(a.chains)) {
		c := a.chains[key]
		if b := c.policy.Captcha.Budget; b != nil && first[b] == "" {
			first[b] = c.name
		}
	}
	var states []trip.BudgetState
	for b, policy := range first {
		prefix := ""
		if len(first) > 1 {
			prefix = policy + " "
		}
		left := b.Remaining(now, "")
		total, today := b.Spent(now)
		for _, purse := range []struct {
			name        string
			left, spent trip.USD
		}{{"total", left.Total, total}, {"day", left.Day, today}} {
			if purse.left != captcha.Unlimited {
				states = append(states, trip.BudgetState{Budget: prefix + purse.name, Limit: purse.left + purse.spent, Remaining: purse.left})
			}
		}
	}
	return states
}

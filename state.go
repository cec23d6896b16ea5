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
			n := a.pools[name].Counts()
			s.Pools = append(s.Pools, poolState(name, n))
			s.Stores = append(s.Stores, trip.StoreState{Store: "proxies " + name, Degraded: n.ReloadFailed})
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

func poolState(name string, n proxypool.Counts) trip.PoolState {
	return trip.PoolState{
		Pool:      name,
		Healthy:   n.States[proxypool.Healthy],
		Probation: n.States[proxypool.Probation],
		Gated:     n.States[proxypool.Ejected],
		Disabled:  n.States[proxypool.Draining],
		Bans:      n.Banned,
	}
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

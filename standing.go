package godwit

import (
	"maps"
	"slices"
	"time"

	"github.com/godwit-go/godwit/breaker"
	"github.com/godwit-go/godwit/captcha"
	"github.com/godwit-go/godwit/ratelimit"
	"github.com/godwit-go/godwit/trip"
)

// standing is where to find what is known of one domain. There may be tens of
// thousands, so what is found there is copied for those alone that are shown.
type standing struct {
	domain, policy string
	counted        *counted         // nil when no call has ended yet
	breaker        *breaker.Stats   // nil when it has none
	rate           *ratelimit.Stats // nil when it has none
}

// standings gathers what the parts of the assembly know, each domain once, and the
// last failures. The order is the same while the domains are.
func (t *Transport) standings(a *assembly) ([]standing, []Failure) {
	domains, failures := t.tally.snapshot()
	all := make([]standing, 0, len(domains))
	index := make(map[string]int, len(domains))
	for i := range domains {
		index[domains[i].domain] = i
		all = append(all, standing{domain: domains[i].domain, policy: domains[i].policy, counted: &domains[i]})
	}
	entry := func(c *chain, domain string) *standing {
		i, ok := index[domain]
		if !ok {
			i = len(all)
			index[domain] = i
			all = append(all, standing{domain: domain, policy: c.name})
		}
		return &all[i]
	}
	for _, key := range slices.Sorted(maps.Keys(a.chains)) {
		c := a.chains[key]
		breakers, paces := c.breakers.Stats(), c.pace.Stats()
		for i := range breakers {
			entry(c, breakers[i].Key).breaker = &breakers[i]
		}
		for i := range paces {
			entry(c, paces[i].Key).rate = &paces[i]
		}
	}
	return all, failures
}

func (s *standing) open() bool { return s.breaker != nil && s.breaker.State == breaker.Open }

func (s *standing) calls() uint64 {
	if s.counted == nil {
		return 0
	}
	return s.counted.calls
}

// stats is all that is known of the domain.
func (s *standing) stats(a *assembly, now time.Time) DomainStats {
	d := DomainStats{
		Domain: s.domain, Policy: s.policy, Verdicts: map[string]uint64{},
		Budget: captcha.Remaining{Total: captcha.Unlimited, Day: captcha.Unlimited, Domain: captcha.Unlimited},
	}
	if c := s.counted; c != nil {
		d.Calls, d.Failed, d.Attempts, d.Exchanges, d.Cost = c.calls, c.failed, c.attempts, c.exchanges, c.cost
		for v, n := range c.verdicts {
			if n > 0 {
				d.Verdicts[trip.Verdict(v).String()] = n
			}
		}
	}
	if s.breaker != nil {
		d.Breaker = *s.breaker
	}
	if s.rate != nil {
		d.Rate = *s.rate
	}
	if b := a.of(s.domain).policy.Captcha.Budget; b != nil {
		d.Budget = b.Remaining(now, s.domain)
	}
	return d
}

package godwit

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/godwit-go/godwit/breaker"
	"github.com/godwit-go/godwit/captcha"
	"github.com/godwit-go/godwit/proxypool"
	"github.com/godwit-go/godwit/ratelimit"
	"github.com/godwit-go/godwit/trip"
)

const (
	maxTallied  = 10_000  // domains counted on their own; the rest share the "other" entry
	maxFailures = 100     // failed calls remembered
	maxStory    = 2 << 10 // bytes of a failure's story
	maxName     = 253     // bytes of a domain, the most that DNS has
	otherDomain = "other"
)

// Stats is a snapshot of what a [Transport] has done and how things stand. It is
// plain data without credentials, fit for printing and JSON.
type Stats struct {
	Since    time.Time            // when the Transport was made
	Domains  []DomainStats        // by name; beyond 10,000 the rest share the entry "other"
	Pools    []proxypool.Snapshot // by name, with the built-in [Direct]
	Failures []Failure            // the last ones, newest first
}

// DomainStats tells of one domain.
type DomainStats struct {
	Domain    string
	Policy    string // the pattern in [Config.Domains], or "default"
	Calls     uint64 // that have ended
	Failed    uint64 // calls that came to no response
	Attempts  uint64
	Exchanges uint64
	Verdicts  map[string]uint64 // exchanges by verdict
	Cost      trip.USD          // spent on solving challenges
	Breaker   breaker.Stats     // zero when it was forgotten, long idle
	Rate      ratelimit.Stats   // likewise
	Budget    captcha.Remaining // what may still be spent on challenges
}

// Failure is a call that came to no response.
type Failure struct {
	At     time.Time
	Domain string
	Story  string // the error and every attempt on one line, cut to 2 KiB
}

// tally is the observer behind [Transport.Stats].
type tally struct {
	since time.Time

	mu       sync.Mutex
	domains  map[string]*domainTally
	failures [maxFailures]Failure
	failed   int
}

type domainTally struct {
	policy                             string
	calls, failed, attempts, exchanges uint64
	verdicts                           [len(trip.Verdicts) + 1]uint64
	cost                               trip.USD
}

func newTally() *tally {
	return &tally{since: time.Now(), domains: make(map[string]*domainTally)}
}

// Observe counts what ends: exchanges, and calls with their attempts.
func (t *tally) Observe(_ context.Context, e trip.Event) {
	switch e := e.(type) {
	case *trip.ExchangeDone:
		t.mu.Lock()
		d := t.domain(e.Attempt.Call())
		d.exchanges++
		d.verdicts[e.Outcome.Verdict]++
		t.mu.Unlock()
	case *trip.CallDone:
		var f Failure
		if e.Err != nil {
			f = Failure{At: time.Now(), Domain: bounded(e.Call.Domain(), maxName), Story: bounded(story(e.Err, e.Call.Summary()), maxStory)}
		}
		t.mu.Lock()
		defer t.mu.Unlock()
		d := t.domain(e.Call)
		d.calls++
		d.attempts += uint64(e.Attempts)
		d.cost += e.Cost
		if e.Err != nil {
			d.failed++
			t.failures[t.failed%maxFailures] = f
			t.failed++
		}
	}
}

// domain is called with the lock held.
func (t *tally) domain(call *trip.Call) *domainTally {
	name := bounded(call.Domain(), maxName)
	d := t.domains[name]
	if d == nil && len(t.domains) >= maxTallied {
		name = otherDomain
		d = t.domains[name]
	}
	if d == nil {
		d = &domainTally{policy: call.Policy()}
		t.domains[name] = d
	}
	return d
}

// bounded cuts what comes from outside to size: the end of a long text is
// replaced by an ellipsis.
func bounded(text string, size int) string {
	if len(text) <= size {
		return text
	}
	return strings.ToValidUTF8(text[:size-len("…")], "") + "…"
}

// counted is what was counted of one domain, at one moment.
type counted struct {
	domain string
	domainTally
}

// snapshot copies what was counted, the domains by name. Calls that end wait for
// no more than the copy.
func (t *tally) snapshot() ([]counted, []Failure) {
	t.mu.Lock()
	domains := make([]counted, 0, len(t.domains))
	for name, d := range t.domains {
		domains = append(domains, counted{name, *d})
	}
	failures := make([]Failure, min(t.failed, maxFailures))
	for i := range failures {
		failures[i] = t.failures[(t.failed-1-i)%maxFailures]
	}
	t.mu.Unlock()
	slices.SortFunc(domains, func(a, b counted) int { return cmp.Compare(a.domain, b.domain) })
	return domains, failures
}

// Stats tells how things stand. It is meant for people and tools that look now and
// then, not for every request: a snapshot of 10,000 domains takes tens of
// milliseconds.
func (t *Transport) Stats() Stats {
	a := t.current.Load()
	standings, failures := t.standings(a)
	slices.SortFunc(standings, func(a, b standing) int { return cmp.Compare(a.domain, b.domain) })
	s := Stats{Since: t.tally.since, Failures: failures, Domains: make([]DomainStats, len(standings)), Pools: a.snapshots()}
	now := time.Now()
	for i := range standings {
		s.Domains[i] = standings[i].stats(a, now)
	}
	return s
}

// snapshots tells of the pools, by name.
func (a *assembly) snapshots() []proxypool.Snapshot {
	all := make([]proxypool.Snapshot, 0, len(a.pools))
	for _, name := range slices.Sorted(maps.Keys(a.pools)) {
		all = append(all, a.pools[name].Snapshot())
	}
	return all
}

// of returns the chain that serves a domain.
func (a *assembly) of(domain string) *chain {
	if c, ok := a.chains[domain]; ok {
		return c
	}
	return a.chains[defaultPolicy]
}

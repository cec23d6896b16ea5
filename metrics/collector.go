package metrics

import (
	"context"
	"fmt"
	"sync"

	"github.com/godwit-go/godwit/trip"
	"github.com/prometheus/client_golang/prometheus"
)

// Collector counts what it is told as a trip.Observer and shows it as a
// prometheus.Collector. It is safe for concurrent use. Observing the events of a
// call allocates nothing.
type Collector struct {
	series  *series
	gauges  *gauges
	domains *registry[domain]
	pools   *registry[pool]

	// Values of labels whose words other packages choose.
	vendors, kinds, providers, results, reasons, causes, delays, states, budgets, stores words

	mu      sync.RWMutex
	sources []func() trip.State
}

var (
	_ prometheus.Collector = (*Collector)(nil)
	_ trip.Observer        = (*Collector)(nil)
)

// New returns a Collector, or an error that says what is wrong with cfg.
func New(cfg Config) (*Collector, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("metrics: %w", err)
	}
	cfg = cfg.withDefaults()
	s := newSeries(cfg)
	c := &Collector{
		series:  s,
		gauges:  newGauges(),
		domains: newRegistry(cfg.MaxDomains, func(label string, _ int) *domain { return newDomain(s, label) }),
		pools:   newRegistry(MaxPools, func(label string, index int) *pool { return newPool(s, label, index) }),
	}
	c.Keep(cfg.Domains...)
	for _, name := range cfg.Pools {
		c.pools.keep(name)
	}
	return c, nil
}

// Keep gives domains series of their own, as [Config.Domains] does: for domains
// that a new configuration brings. An empty name is left out.
func (c *Collector) Keep(domains ...string) {
	for _, name := range domains {
		if name != "" {
			c.domains.keep(name)
		}
	}
}

// Watch has every scrape ask source how things stand. It comes after New because
// what is watched usually needs the Collector as its observer first. Sources add
// up. A source must be safe for concurrent use, and fast.
func (c *Collector) Watch(source func() trip.State) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sources = append(c.sources, source)
}

// Describe implements prometheus.Collector.
func (c *Collector) Describe(ch chan<- *prometheus.Desc) {
	for _, v := range c.series.all {
		v.Describe(ch)
	}
	c.gauges.describe(ch)
}

// Collect implements prometheus.Collector.
func (c *Collector) Collect(ch chan<- prometheus.Metric) {
	for _, v := range c.series.all {
		v.Collect(ch)
	}
	c.mu.RLock()
	sources := c.sources
	c.mu.RUnlock()
	r := newReading(c)
	for _, source := range sources {
		r.add(source())
	}
	r.collect(ch)
}

// Observe implements trip.Observer.
func (c *Collector) Observe(_ context.Context, e trip.Event) {
	switch e := e.(type) {
	case *trip.CallDone:
		d := c.domains.get(e.Call.Domain())
		d.countRequest(e)
		d.requestSeconds.Observe(e.Duration.Seconds())
		d.attemptsPer.Observe(float64(e.Attempts))
	case *trip.AttemptDone:
		c.attemptDone(e)
	case *trip.ExchangeDone:
		c.domainOf(e.Attempt).exchanges[verdictIndex(e.Outcome.Verdict)].Inc()
	case *trip.BodyDone:
		d := c.domainOf(e.Attempt)
		d.countBytes(c.pools.get(e.Pool), e.Sent, e.Received)
		if e.Outcome.Timeout {
			d.countTimeout(e.Outcome)
		}
	case *trip.Waited:
		// A wait for the limit of an egress is one of its domain too.
		c.domains.get(e.Domain).waitSeconds.Observe(e.Wait.Seconds())
	case *trip.ProxyPicked:
		c.pools.get(e.Pool).picks[modeIndex(e.Mode)].Inc()
	default:
		c.observeRare(e)
	}
}

func (c *Collector) domainOf(a *trip.Attempt) *domain {
	if a == nil {
		return c.domains.other
	}
	return c.domains.get(a.Call().Domain())
}

func (c *Collector) attemptDone(e *trip.AttemptDone) {
	d := c.domainOf(e.Attempt)
	d.attempts[verdictIndex(e.Outcome.Verdict)].Inc()
	d.attemptSeconds.Observe(e.Duration.Seconds())
	switch e.Outcome.Verdict {
	case trip.ProxyError:
		d.byProxy.Inc()
	case trip.TargetError:
		if e.Outcome.Ambiguous {
			d.byProxy.Inc()
		}
	case trip.Blocked, trip.Challenge:
		d.byBlock.Inc()
	}
	if e.Outcome.Timeout {
		d.countTimeout(e.Outcome)
	}
}

// observeRare counts events that tell of trouble. Their series are looked up.
func (c *Collector) observeRare(e trip.Event) {
	s := c.series
	switch e := e.(type) {
	case *trip.Retrying:
		d := c.domainOf(e.Attempt)
		s.retries.WithLabelValues(d.label, trip.Verdict(verdictIndex(e.Attempt.Outcome().Verdict)).String()).Inc()
		s.backoffSeconds.WithLabelValues(d.label, c.delays.label(e.Source)).Observe(e.Delay.Seconds())
	case *trip.RetrySuppressed:
		s.suppressed.WithLabelValues(c.domainOf(e.Attempt).label, c.causes.label(e.Cause)).Inc()
	case *trip.Paused:
		s.pauses.WithLabelValues(c.domains.get(e.Domain).label).Inc()
	case *trip.ProxyGated:
		if e.Domain != "" {
			s.bans.WithLabelValues(c.domains.get(e.Domain).label, c.reasons.label(e.Reason)).Inc()
			return
		}
		s.ejections.WithLabelValues(c.pools.get(e.Pool).label, c.reasons.label(e.Reason)).Inc()
	case *trip.ProxyReadmitted:
		if e.Domain == "" {
			s.readmissions.WithLabelValues(c.pools.get(e.Pool).label, c.reasons.label(e.Reason)).Inc()
		}
	case *trip.IdentityRetired:
		s.retired.WithLabelValues(c.pools.get(e.Pool).label, c.reasons.label(e.Reason)).Inc()
	case *trip.BreakerChanged:
		s.transitions.WithLabelValues(c.domains.get(e.Domain).label, c.states.label(e.From), c.states.label(e.To)).Inc()
	case *trip.BreakerRejected:
		s.rejections.WithLabelValues(c.domains.get(e.Domain).label).Inc()
	case *trip.ChallengeSeen:
		kind := c.kinds.label(e.Kind)
		if e.Blocked {
			kind = "block"
		}
		s.challenges.WithLabelValues(c.domains.get(e.Domain).label, c.vendors.label(e.Vendor), kind).Inc()
	case *trip.ChallengeSolved:
		c.challengeDone(e.Domain, e.Provider, e.Kind, "solved", e.Cost, e.Duration.Seconds())
	case *trip.ChallengeFailed:
		c.challengeDone(e.Domain, e.Provider, e.Kind, c.results.label(e.Cause), e.Cost, e.Duration.Seconds())
	}
}

func (c *Collector) challengeDone(domain, provider, kind, result string, cost trip.USD, seconds float64) {
	label, provider := c.domains.get(domain).label, c.providers.label(provider)
	c.series.solves.WithLabelValues(label, provider, c.kinds.label(kind), result).Inc()
	c.series.solveSeconds.WithLabelValues(label, provider).Observe(seconds)
	c.series.spend.WithLabelValues(label, provider).Add(max(0, cost.Dollars()))
}

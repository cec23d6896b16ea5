package metrics

import (
	"time"

	"github.com/godwit-go/godwit/trip"
	"github.com/prometheus/client_golang/prometheus"
)

// gauges describe what is asked for at every scrape.
type gauges struct {
	proxies, pairBans, breakers, pace, inFlight, waiting, paused *prometheus.Desc
	budget, remaining, degraded                                  *prometheus.Desc
	all                                                          []*prometheus.Desc
}

func newGauges() *gauges {
	g := new(gauges)
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		d := prometheus.NewDesc(name, help, labels, nil)
		g.all = append(g.all, d)
		return d
	}
	g.proxies = desc("godwit_proxies", "Proxies by state.", "pool", "state")
	g.pairBans = desc("godwit_pair_bans", "Proxies that are set aside for one domain.", "domain")
	g.breakers = desc("godwit_breaker_state", "Circuit breakers by state: 1 for the state a domain is in, for domain other how many are.", "domain", "state")
	g.pace = desc("godwit_rate_limit_requests_per_second", "Requests per second that the rate limit admits as things stand.", "domain")
	g.inFlight = desc("godwit_exchanges_in_flight", "Exchanges under way.", "domain")
	g.waiting = desc("godwit_exchanges_waiting", "Exchanges that wait for their rate limit.", "domain")
	g.paused = desc("godwit_pause_remaining_seconds", "Time until a resting domain is asked again; 0 when it does not rest.", "domain")
	g.budget = desc("godwit_captcha_budget_usd", "What a budget allows to be spent on challenges, in US dollars.", "budget")
	g.remaining = desc("godwit_captcha_budget_remaining_usd", "What is left of a budget, in US dollars.", "budget")
	g.degraded = desc("godwit_store_degraded", "1 while a store outside of the process, as a list of proxies, cannot be reached, else 0.", "store")
	return g
}

func (g *gauges) describe(ch chan<- *prometheus.Desc) {
	for _, d := range g.all {
		ch <- d
	}
}

// reading is one scrape's view of the gauges. Several domains may share a label,
// so values are put together before they are sent.
type reading struct {
	c      *Collector
	now    time.Time
	values map[point]float64
}

type point struct {
	desc *prometheus.Desc
	a, b string
}

func newReading(c *Collector) *reading {
	return &reading{c: c, now: time.Now(), values: make(map[point]float64)}
}

func (r *reading) sum(desc *prometheus.Desc, value float64, a, b string) {
	r.values[point{desc, a, b}] += value
}

func (r *reading) largest(desc *prometheus.Desc, value float64, a, b string) {
	k := point{desc, a, b}
	r.values[k] = max(r.values[k], value)
}

func (r *reading) add(s trip.State) {
	g := r.c.gauges
	for _, p := range s.Pools {
		label := r.c.pools.get(p.Pool).label
		r.sum(g.proxies, float64(p.Healthy), label, "healthy")
		r.sum(g.proxies, float64(p.Probation), label, "probation")
		r.sum(g.proxies, float64(p.Gated), label, "gated")
		r.sum(g.proxies, float64(p.Disabled), label, "disabled")
		for domain, n := range p.Bans {
			r.sum(g.pairBans, float64(n), r.domain(domain), "")
		}
	}
	for _, b := range s.Breakers {
		label := r.domain(b.Domain)
		r.sum(g.pairBans, 0, label, "") // none is a number too
		for _, state := range [...]string{"closed", "half_open", "open"} {
			in := 0.0
			if state == b.State {
				in = 1
			}
			r.sum(g.breakers, in, label, state)
		}
	}
	for _, p := range s.Paces {
		label := r.domain(p.Domain)
		if p.Interval > 0 {
			r.sum(g.pace, 1/p.Interval.Seconds(), label, "")
		}
		r.sum(g.inFlight, float64(p.InFlight), label, "")
		r.sum(g.waiting, float64(p.Waiting), label, "")
		r.largest(g.paused, max(0, p.PausedUntil.Sub(r.now).Seconds()), label, "")
	}
	for _, b := range s.Budgets {
		label := r.c.budgets.label(b.Budget)
		r.sum(g.budget, b.Limit.Dollars(), label, "")
		r.sum(g.remaining, b.Remaining.Dollars(), label, "")
	}
	for _, st := range s.Stores {
		down := 0.0
		if st.Degraded {
			down = 1
		}
		r.largest(g.degraded, down, r.c.stores.label(st.Store), "")
	}
}

// domain returns the label of a domain that has one already. A scrape gives none
// away: a pool may know of many domains that are not asked any more.
func (r *reading) domain(name string) string {
	if d := (*r.c.domains.found.Load())[name]; d != nil {
		return d.label
	}
	return other
}

func (r *reading) collect(ch chan<- prometheus.Metric) {
	for k, value := range r.values {
		labels := []string{k.a, k.b}
		if k.b == "" {
			labels = labels[:1]
		}
		ch <- prometheus.MustNewConstMetric(k.desc, prometheus.GaugeValue, value, labels...)
	}
}

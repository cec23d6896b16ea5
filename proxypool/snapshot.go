package proxypool

import (
	"cmp"
	"slices"
	"time"
)

// State is where a proxy stands.
type State string

// The states of a proxy.
const (
	Healthy   State = "healthy"
	Ejected   State = "ejected"   // gated as a whole
	Probation State = "probation" // gated, and a probe is out or due
	Draining  State = "draining"  // left the list, has attempts in flight
)

// Snapshot tells how things stand in a pool. It is plain data without credentials.
type Snapshot struct {
	Name      string           `json:"name"`
	Selection Selection        `json:"selection"`
	States    map[State]int    `json:"states"`
	Proxies   []ProxySnapshot  `json:"proxies"`
	Domains   []DomainSnapshot `json:"domains"`
	// Transports is how many egresses have a transport at the moment.
	Transports int `json:"transports"`
	// ReloadError tells why the last reload failed; empty when it did not.
	ReloadError string `json:"reload_error,omitempty"`
}

// ProxySnapshot tells of one egress.
type ProxySnapshot struct {
	Label    string        `json:"label"`
	ID       string        `json:"id"`
	Scheme   string        `json:"scheme,omitempty"`
	Kind     Kind          `json:"kind"`
	Country  string        `json:"country,omitempty"`
	Tier     int           `json:"tier"`
	State    State         `json:"state"`
	Until    time.Time     `json:"until,omitzero"` // of its gate
	Score    float64       `json:"score"`          // success ÷ slowness: 1 is perfect and of usual speed
	InFlight int           `json:"in_flight"`
	Uses     int64         `json:"uses"`
	Latency  time.Duration `json:"latency"` // usual time of a success
	BytesIn  int64         `json:"bytes_in"`
	BytesOut int64         `json:"bytes_out"`
	Bans     []Ban         `json:"bans,omitempty"`
	Checks   CheckSnapshot `json:"checks,omitzero"`
}

// Ban tells that a domain is not asked by a proxy for a while.
type Ban struct {
	Domain string    `json:"domain"`
	Until  time.Time `json:"until"`
}

// CheckSnapshot counts the active checks of a proxy.
type CheckSnapshot struct {
	Passed int64     `json:"passed"`
	Failed int64     `json:"failed"`
	Last   time.Time `json:"last,omitzero"`
}

// DomainSnapshot tells of one domain.
type DomainSnapshot struct {
	Domain   string `json:"domain"`
	Eligible int    `json:"eligible"` // proxies that may be picked
	Banned   int    `json:"banned"`   // proxies with a ban
	Sessions int    `json:"sessions"`
	// Tier is the price tier in use.
	Tier int `json:"tier"`
	// Pace is the requests per minute that an exit should stay below, as far as
	// the domain taught it; zero when it did not.
	Pace float64 `json:"pace,omitempty"`
}

// Snapshot returns how things stand. It takes one lock after the other and none
// for long, so its parts may be moments apart.
func (p *Pool) Snapshot() Snapshot {
	now := p.clock.now()
	c := p.config.Load()
	s := Snapshot{Name: p.name, Selection: c.Selection, States: make(map[State]int), Transports: p.routes.len()}
	if err := p.reloadErr.Load(); err != nil {
		s.ReloadError = (*err).Error()
	}
	bans := make(map[*egress][]Ban)
	p.domains.all(func(d *domain) { s.Domains = append(s.Domains, d.snapshot(now, bans)) })
	slices.SortFunc(s.Domains, func(a, b DomainSnapshot) int { return cmp.Compare(a.Domain, b.Domain) })
	for _, e := range p.gates.table.Load().slots {
		if e == nil || e.gone.Load() && e.inFlight() == 0 {
			continue
		}
		x := e.snapshot(p, now)
		x.Bans = bans[e]
		s.States[x.State]++
		s.Proxies = append(s.Proxies, x)
	}
	return s
}

func (d *domain) snapshot(now int64, bans map[*egress][]Ban) DomainSnapshot {
	d.mu.Lock()
	defer d.mu.Unlock()
	s := DomainSnapshot{Domain: d.name, Sessions: len(d.sessions), Pace: d.pace.limit()}
	if d.table != nil {
		d.stale = true
		d.countedAt = 0
		d.count(now)
		s.Eligible = d.eligible
		if d.tier.current < len(d.table.tiers) {
			s.Tier = d.table.tiers[d.tier.current].tier
		}
	}
	for _, page := range d.pages {
		if page == nil {
			continue
		}
		for _, pr := range page {
			if pr != nil && pr.gate.shut() {
				s.Banned++
				bans[pr.e] = append(bans[pr.e], Ban{Domain: d.name, Until: d.pool.clock.wall(pr.gate.until)})
			}
		}
	}
	return s
}

func (e *egress) snapshot(p *Pool, now int64) ProxySnapshot {
	proxy := e.proxy.Load()
	x := ProxySnapshot{
		Label: proxy.Label, ID: proxy.ID(), Scheme: proxy.scheme, Kind: proxy.Kind, Country: proxy.Country, Tier: proxy.Tier,
		Score: e.quality(now), InFlight: e.inFlight(), Uses: e.uses(),
		BytesIn: e.bytesIn.Load(), BytesOut: e.bytesOut.Load(),
		Checks: CheckSnapshot{Passed: e.checks.passed.Load(), Failed: e.checks.failed.Load()},
	}
	if last := e.checks.last.Load(); last != 0 {
		x.Checks.Last = p.clock.wall(last)
	}
	e.mu.Lock()
	x.Latency = e.latency
	e.mu.Unlock()
	p.gates.mu.Lock()
	defer p.gates.mu.Unlock()
	if x.State = e.state(now); x.State == Probation || x.State == Ejected {
		x.Until = p.clock.wall(e.gate.until)
	}
	return x
}

package godwit

import (
	"cmp"
	"crypto/rand"
	_ "embed"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/godwit-go/godwit/captcha"
	"github.com/godwit-go/godwit/proxypool"
	"github.com/godwit-go/godwit/trip"
)

//go:embed status.html
var statusPage string

const (
	maxBanned = 20  // set-aside egresses that the status page lists
	maxShown  = 200 // domains that it lists
)

// Handler serves the status page: what godwit does to each domain, the pools, the
// egresses set aside, and the last failures with their stories. Clients that
// accept application/json and not text/html get the same as JSON.
//
// The page is read-only, needs nothing from elsewhere and holds no secret, but it
// tells what you crawl: serve it on a private address.
func (t *Transport) Handler() http.Handler { return http.HandlerFunc(t.serveStatus) }

func (t *Transport) serveStatus(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "the status page is read-only", http.StatusMethodNotAllowed)
		return
	}
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Vary", "Accept")
	if accept := r.Header.Get("Accept"); strings.Contains(accept, "application/json") && !strings.Contains(accept, "text/html") {
		h.Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(t.glimpse.of(t.status)) // the client is gone if this fails
		return
	}
	nonce := rand.Text()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "+
		"script-src 'nonce-"+nonce+"'; style-src 'nonce-"+nonce+"'")
	_, _ = strings.NewReplacer("{{.Nonce}}", nonce).WriteString(w, statusPage)
}

// status is what the page shows: the Stats, cut down so that ten thousand proxies
// cost no more to look at than ten.
type status struct {
	Now      time.Time       `json:"now"`
	Since    time.Time       `json:"since"`
	Total    totalStatus     `json:"total"`
	Domains  []domainStatus  `json:"domains"` // the busiest, by name
	Pools    []poolStatus    `json:"pools"`
	Banned   []bannedStatus  `json:"banned"`
	Failures []failureStatus `json:"failures"`
}

// totalStatus counts what the lists may leave out.
type totalStatus struct {
	Domains      int    `json:"domains"`
	Calls        uint64 `json:"calls"`
	Failed       uint64 `json:"failed"`
	Exchanges    uint64 `json:"exchanges"`
	OK           uint64 `json:"ok"` // exchanges
	OpenBreakers int    `json:"open_breakers"`
	Waiting      int    `json:"waiting"`
	Spent        string `json:"spent"`
	Proxies      int    `json:"proxies"` // those of the direct pool do not count
	Healthy      int    `json:"healthy"`
	Banned       int    `json:"banned"`
}

type domainStatus struct {
	Domain      string            `json:"domain"`
	Policy      string            `json:"policy"`
	Calls       uint64            `json:"calls"`
	Failed      uint64            `json:"failed"`
	Attempts    uint64            `json:"attempts"`
	Exchanges   uint64            `json:"exchanges"`
	Verdicts    map[string]uint64 `json:"verdicts"`
	Breaker     string            `json:"breaker"`
	RetryAt     time.Time         `json:"retry_at"`
	PausedUntil time.Time         `json:"paused_until"`
	Waiting     int               `json:"waiting"`
	InFlight    int               `json:"in_flight"`
	Spent       string            `json:"spent"`
	BudgetLeft  string            `json:"budget_left"`
}

type poolStatus struct {
	Name      string         `json:"name"`
	Proxies   int            `json:"proxies"`
	States    map[string]int `json:"states"`
	InFlight  int            `json:"in_flight"`
	LatencyMS float64        `json:"latency_ms"` // mean of the proxies that have served
}

type bannedStatus struct {
	Egress string    `json:"egress"`
	Pool   string    `json:"pool"`
	Domain string    `json:"domain"` // empty: everywhere
	Until  time.Time `json:"until"`
}

type failureStatus struct {
	At     time.Time `json:"at"`
	Domain string    `json:"domain"`
	Story  string    `json:"story"`
}

// glimpse is the newest status. However many look at however many domains, a tenth
// of a processor is the most that it takes.
type glimpse struct {
	mu    sync.Mutex
	last  status
	until time.Time // it is shown again
}

func (g *glimpse) of(look func(now time.Time) status) status {
	g.mu.Lock()
	defer g.mu.Unlock()
	if start := time.Now(); start.After(g.until) {
		g.last = look(start)
		now := time.Now()
		g.until = now.Add(9 * now.Sub(start))
	}
	s := g.last
	s.Now = time.Now() // by which the page sets its clock
	return s
}

func (t *Transport) status(now time.Time) status {
	s := status{
		Since: t.tally.since, Domains: []domainStatus{}, Pools: []poolStatus{}, Banned: []bannedStatus{}, Failures: []failureStatus{},
	}
	a := t.current.Load()
	standings, failures := t.standings(a)
	var spent trip.USD
	for i := range standings {
		s.Total.add(&standings[i])
		if c := standings[i].counted; c != nil {
			spent += c.cost
		}
	}
	s.Total.Spent = spent.String()
	for _, d := range busiest(standings) {
		s.Domains = append(s.Domains, domainStatusOf(d.stats(a, now)))
	}
	for _, f := range failures {
		s.Failures = append(s.Failures, failureStatus(f))
	}
	for _, p := range a.snapshots() {
		pool, banned := poolStatusOf(p)
		s.Pools = append(s.Pools, pool)
		s.Banned = append(s.Banned, banned...)
		if p.Name != Direct {
			s.Total.Proxies += pool.Proxies
			s.Total.Healthy += pool.States[string(proxypool.Healthy)]
		}
	}
	s.Total.Banned = len(s.Banned)
	slices.SortFunc(s.Banned, func(a, b bannedStatus) int {
		return cmp.Or(b.Until.Compare(a.Until), cmp.Compare(a.Egress, b.Egress))
	})
	s.Banned = s.Banned[:min(len(s.Banned), maxBanned)]
	return s
}

func (t *totalStatus) add(s *standing) {
	t.Domains++
	if c := s.counted; c != nil {
		t.Calls += c.calls
		t.Failed += c.failed
		t.Exchanges += c.exchanges
		t.OK += c.verdicts[trip.OK]
	}
	if s.rate != nil {
		t.Waiting += s.rate.Waiting
	}
	if s.open() {
		t.OpenBreakers++
	}
}

// busiest returns the domains that the page lists, by name. One whose breaker is
// open counts as busy.
func busiest(all []standing) []*standing {
	shown := make([]*standing, len(all))
	for i := range all {
		shown[i] = &all[i]
	}
	if len(shown) > maxShown {
		// Stable, so that the page shows the same ones the next time.
		slices.SortStableFunc(shown, func(a, b *standing) int {
			switch {
			case a.open() == b.open():
				return cmp.Compare(b.calls(), a.calls())
			case a.open():
				return -1
			}
			return 1
		})
		shown = shown[:maxShown]
	}
	slices.SortFunc(shown, func(a, b *standing) int { return cmp.Compare(a.domain, b.domain) })
	return shown
}

func domainStatusOf(d DomainStats) domainStatus {
	return domainStatus{
		Domain: d.Domain, Policy: d.Policy,
		Calls: d.Calls, Failed: d.Failed, Attempts: d.Attempts, Exchanges: d.Exchanges, Verdicts: d.Verdicts,
		Breaker: string(d.Breaker.State), RetryAt: d.Breaker.RetryAt,
		PausedUntil: d.Rate.PausedUntil, Waiting: d.Rate.Waiting, InFlight: d.Rate.InFlight,
		Spent: d.Cost.String(), BudgetLeft: budgetLeft(d.Budget),
	}
}

// budgetLeft is the tightest of the caps, in words.
func budgetLeft(r captcha.Remaining) string {
	left := captcha.Unlimited
	for _, u := range []trip.USD{r.Total, r.Day, r.Domain} {
		if u != captcha.Unlimited && (left == captcha.Unlimited || u < left) {
			left = u
		}
	}
	if left == captcha.Unlimited {
		return ""
	}
	return left.String()
}

func poolStatusOf(p proxypool.Snapshot) (poolStatus, []bannedStatus) {
	s := poolStatus{Name: p.Name, Proxies: len(p.Proxies), States: make(map[string]int, len(p.States))}
	for state, n := range p.States {
		s.States[string(state)] = n
	}
	var banned []bannedStatus
	var sum time.Duration
	served := 0
	for _, x := range p.Proxies {
		s.InFlight += x.InFlight
		if x.Latency > 0 {
			sum += x.Latency
			served++
		}
		if x.State == proxypool.Ejected {
			banned = append(banned, bannedStatus{Egress: x.Label, Pool: p.Name, Until: x.Until})
		}
		for _, b := range x.Bans {
			banned = append(banned, bannedStatus{Egress: x.Label, Pool: p.Name, Domain: b.Domain, Until: b.Until})
		}
	}
	if served > 0 {
		s.LatencyMS = float64(sum) / float64(served) / float64(time.Millisecond)
	}
	return s, banned
}

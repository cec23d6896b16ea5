package proxypool_test

import (
	"container/heap"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sort"
	"time"

	"github.com/godwit-go/godwit/proxypool"
	"github.com/godwit-go/godwit/trip"
)

// A scenario is a kind of weather that a pool has to get through.
type scenario struct {
	name     string
	proxies  int
	rate     float64 // requests per second over all domains
	flapping float64 // share of proxies that are 20 s up, 20 s down
	perMin   int     // more requests than that on a domain in a minute: banned for 5 minutes
	down     bool    // domain 2 is down for a minute
	loss     bool    // three quarters of the proxies are gone for a minute
	wall     bool    // domain 2 shows a challenge to 95 % for three minutes
	calm     bool    // no churn: nobody goes down, is slow, or is banned for nothing
	gone     float64 // share of proxies that are down for good
	throttle bool    // a ban for calling too often is a 429 that says when it ends
}

var scenarios = []scenario{
	{name: "S1", proxies: 200, rate: 100},
	{name: "S2", proxies: 200, rate: 100, flapping: 0.05, perMin: 60, down: true, loss: true},
	{name: "S3", proxies: 10, rate: 5},
	{name: "S4", proxies: 200, rate: 100, wall: true},
}

const (
	simDomains  = 3
	simAttempts = 3
	simTimeout  = 5 * time.Second
)

var simNames = [simDomains]string{"one.test", "two.test", "three.test"}

// What became of an attempt.
type fate struct {
	outcome trip.Outcome
	took    time.Duration
	wasted  bool // lost through the proxy
}

// A simulation is one world: everything in it follows from the scenario and the seed.
type simulation struct {
	scenario
	seed    uint64
	length  time.Duration
	members []member
	lossOf  map[int]bool
}

type span struct{ from, to time.Duration }

type member struct {
	base      time.Duration
	blackhole bool
	flapping  bool
	phase     time.Duration
	dead      []span
	banned    []span // on domain 1
	calls     [simDomains][]time.Duration
	bannedTo  [simDomains]time.Duration
}

func newSimulation(s scenario, seed uint64, length time.Duration) *simulation {
	r := rand.New(rand.NewPCG(seed, 42))
	w := &simulation{scenario: s, seed: seed, length: length, lossOf: make(map[int]bool)}
	share := func(i int, of float64, n int) bool { return i < int(math.Round(of*float64(n))) }
	order := r.Perm(s.proxies)
	slow, ban, flap := r.Perm(s.proxies), r.Perm(s.proxies), r.Perm(s.proxies)
	for i := range s.proxies {
		m := member{base: time.Duration(float64(250*time.Millisecond) * math.Exp(0.25*r.NormFloat64()))}
		m.blackhole = r.IntN(2) == 0
		if share(slow[i], 0.10, s.proxies) {
			m.base *= 10
		}
		m.dead = churn(r, share(order[i], 0.30, s.proxies), 10*time.Minute, 0.30, length)
		m.banned = churn(r, share(ban[i], 0.10, s.proxies), 15*time.Minute, 0.10, length)
		if s.calm {
			m.base, m.dead, m.banned = min(m.base, time.Second/2), nil, nil
		}
		if share(order[i], s.gone, s.proxies) {
			m.dead = []span{{0, 2 * length}}
		}
		m.flapping = share(flap[i], s.flapping, s.proxies)
		m.phase = time.Duration(r.Int64N(int64(40 * time.Second)))
		w.members = append(w.members, m)
	}
	for _, i := range r.Perm(s.proxies)[:s.proxies*3/4] {
		w.lossOf[i] = s.loss
	}
	return w
}

// churn alternates between good and bad so that share of the time is bad.
func churn(r *rand.Rand, bad bool, mean time.Duration, share float64, length time.Duration) (spans []span) {
	for at := time.Duration(0); at < length; {
		d := time.Duration(r.ExpFloat64() * float64(mean))
		if bad {
			spans = append(spans, span{at, at + d})
		} else {
			d = time.Duration(float64(d) * (1 - share) / share)
		}
		at += d
		bad = !bad
	}
	return spans
}

func in(spans []span, at time.Duration) bool {
	for _, s := range spans {
		if at >= s.from && at < s.to {
			return true
		}
	}
	return false
}

// The events of the scenarios, as parts of the run.
func (w *simulation) during(at time.Duration, from float64, minutes time.Duration) bool {
	start := time.Duration(from * float64(w.length))
	return at >= start && at < start+minutes*time.Minute
}

func (w *simulation) isDown(domain int, at time.Duration) bool {
	return w.down && domain == 1 && w.during(at, 0.3, 1)
}

func (w *simulation) isWalled(domain int, at time.Duration) bool {
	return w.wall && domain == 1 && w.during(at, 0.4, 3)
}

func (w *simulation) isDead(i int, at time.Duration) bool {
	m := &w.members[i]
	return in(m.dead, at) || m.flapping && (at+m.phase)%(40*time.Second) >= 20*time.Second ||
		w.lossOf[i] && w.during(at, 0.6, 1)
}

// attempt sends one attempt of a request by a proxy.
func (w *simulation) attempt(i, domain int, at time.Duration, request, try int) fate {
	r := rand.New(rand.NewPCG(w.seed^uint64(request)<<8, uint64(try)))
	m := &w.members[i]
	took := time.Duration(float64(m.base) * math.Exp(0.2*r.NormFloat64()))
	if w.isDead(i, at) {
		if m.blackhole {
			return fate{trip.Outcome{Verdict: trip.TargetError, Ambiguous: true, Timeout: true}, simTimeout, true}
		}
		return fate{trip.Outcome{Verdict: trip.ProxyError, Phase: trip.Dial}, took / 4, true}
	}
	if w.isDown(domain, at) {
		return fate{trip.Outcome{Verdict: trip.TargetError, Ambiguous: true, Timeout: true}, simTimeout, false}
	}
	if w.perMin > 0 {
		calls := append(m.calls[domain], at)
		for len(calls) > 0 && at-calls[0] > time.Minute {
			calls = calls[1:]
		}
		m.calls[domain] = calls
		if len(calls) > w.perMin && at >= m.bannedTo[domain] {
			m.bannedTo[domain] = at + 5*time.Minute
		}
	}
	if domain == 0 && in(m.banned, at) || at < m.bannedTo[domain] {
		o := trip.Outcome{Verdict: trip.Blocked, Status: 403}
		if w.throttle && at < m.bannedTo[domain] {
			o = trip.Outcome{Verdict: trip.Throttled, Status: 429, RetryAt: simStart.Add(m.bannedTo[domain])}
		}
		return fate{o, took, true}
	}
	if w.isWalled(domain, at) && r.Float64() < 0.95 {
		return fate{trip.Outcome{Verdict: trip.Challenge, Status: 403}, took, false}
	}
	if r.Float64() < 0.002 {
		return fate{trip.Outcome{Verdict: trip.TargetError, Ambiguous: true}, took / 2, true}
	}
	if took > simTimeout {
		return fate{trip.Outcome{Verdict: trip.TargetError, Ambiguous: true, Timeout: true}, simTimeout, true}
	}
	return fate{trip.Outcome{Verdict: trip.OK, Status: 200}, took, false}
}

// servable tells whether any proxy could have served a request at that time.
func (w *simulation) servable(domain int, at time.Duration) bool {
	if w.isDown(domain, at) || w.isWalled(domain, at) {
		return false
	}
	for i := range w.members {
		m := &w.members[i]
		if !w.isDead(i, at) && !(domain == 0 && in(m.banned, at)) && at >= m.bannedTo[domain] {
			return true
		}
	}
	return false
}

// A selector is what is compared. pick returns -1 when it has nothing, and when to
// ask again.
type selector interface {
	pick(now time.Duration, domain int, c *simCall) (proxy int, again time.Duration)
	done(now time.Duration, domain, proxy int, c *simCall, f fate)
}

// A simCall is a request on its way.
type simCall struct {
	number, domain, try int
	began, sent         time.Duration
	deadline            time.Duration
	tried               []int
	leases              []proxypool.Lease
	lease               proxypool.Lease
	servable            bool

	due   time.Duration
	proxy int // -1: wants to pick
	fate  fate
}

type calls []*simCall

func (c calls) Len() int           { return len(c) }
func (c calls) Less(i, j int) bool { return c[i].due < c[j].due }
func (c calls) Swap(i, j int)      { c[i], c[j] = c[j], c[i] }
func (c *calls) Push(x any)        { *c = append(*c, x.(*simCall)) }
func (c *calls) Pop() any {
	old := *c
	x := old[len(old)-1]
	*c = old[:len(old)-1]
	return x
}

// result is one line of the table.
type result struct {
	success, first, wasted, busiest float64
	p50, p95                        time.Duration
}

// run sends the whole run's requests through a selector.
func (w *simulation) run(s selector) result {
	var (
		queue                calls
		total, served, first int
		attempts, wasted     int
		uses                 = make([]int, w.proxies)
		times                []time.Duration
		next                 time.Duration
		number               int
		interval             = time.Duration(float64(time.Second) / w.rate)
	)
	for next < w.length || len(queue) > 0 {
		if len(queue) == 0 || next < w.length && next <= queue[0].due {
			c := &simCall{number: number, domain: number % simDomains, began: next, due: next, proxy: -1, deadline: next + proxypool.DefaultEmptyWait}
			c.servable = w.servable(c.domain, next)
			number++
			next += interval
			heap.Push(&queue, c)
			continue
		}
		c := heap.Pop(&queue).(*simCall)
		now := c.due
		if c.proxy < 0 {
			proxy, again := s.pick(now, c.domain, c)
			if proxy < 0 {
				if again > 0 && now+again <= c.deadline {
					c.due = now + again
					heap.Push(&queue, c)
				} else if c.servable {
					total++
				}
				continue
			}
			c.try++
			attempts++
			uses[proxy]++
			c.proxy, c.fate = proxy, w.attempt(proxy, c.domain, now, c.number, c.try)
			c.due = now + c.fate.took
			heap.Push(&queue, c)
			continue
		}
		s.done(now, c.domain, c.proxy, c, c.fate)
		if c.fate.wasted {
			wasted++
		}
		ok := c.fate.outcome.Verdict == trip.OK
		switch {
		case !ok && c.try < simAttempts:
			c.tried = append(c.tried, c.proxy)
			c.proxy = -1
			heap.Push(&queue, c)
			continue
		case !c.servable:
			continue
		}
		total++
		if ok {
			served++
			times = append(times, now-c.began)
			if c.try == 1 {
				first++
			}
		}
	}
	slices.Sort(times)
	return result{
		success: 100 * float64(served) / float64(total),
		first:   100 * float64(first) / float64(total),
		wasted:  100 * float64(wasted) / float64(attempts),
		busiest: 100 * float64(slices.Max(uses)) / float64(attempts),
		p50:     times[len(times)/2],
		p95:     times[len(times)*95/100],
	}
}

// ours drives a Pool from outside, in virtual time.
type ours struct {
	pool  *proxypool.Pool
	start time.Time
	index map[string]int
	naive bool // waits for nothing, and each retry is a pick like any other
}

var simStart = time.Unix(1_700_000_000, 0)

func newOurs(n int, seed uint64, selection proxypool.Selection) *ours {
	o := &ours{start: simStart, index: make(map[string]int)}
	cfg := proxypool.Config{Selection: selection, Rand: rand.NewPCG(seed, 7), MaxInFlight: -1}
	for i := range n {
		label := simLabel(i)
		o.index[label] = i
		cfg.Proxies = append(cfg.Proxies, proxypool.Address("http://"+label))
	}
	var err error
	if o.pool, err = proxypool.NewPool(cfg); err != nil {
		panic(err)
	}
	return o
}

func simLabel(i int) string {
	return fmt.Sprintf("10.0.%d.%d:8080", i/100, i%100)
}

func (o *ours) pick(now time.Duration, domain int, c *simCall) (int, time.Duration) {
	at := o.start.Add(now)
	w := proxypool.Want{Domain: simNames[domain]}
	if !o.naive {
		w.Tried, w.Retry = c.leases, c.try > 0
	}
	l, err := o.pool.Pick(at, w)
	var none *proxypool.NoProxyError
	if errors.As(err, &none) {
		if o.naive {
			return -1, 0
		}
		if none.RetryAt.IsZero() {
			return -1, 100 * time.Millisecond
		}
		return -1, max(none.RetryAt.Sub(at), time.Second) // so that hundreds who wait do not ask all the time
	}
	c.lease = l
	return o.index[l.Egress()], 0
}

func (o *ours) done(now time.Duration, _, _ int, c *simCall, f fate) {
	c.lease.Done(o.start.Add(now), f.outcome)
	c.leases = append(c.leases, c.lease)
}

// median of a column over several runs.
func median(of []result, column func(result) float64) float64 {
	values := make([]float64, 0, len(of))
	for _, r := range of {
		values = append(values, column(r))
	}
	sort.Float64s(values)
	return values[len(values)/2]
}

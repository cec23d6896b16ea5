package proxypool_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/godwit-go/godwit/trip"
)

// A plainSelector is what people use instead: no gates, or those of a load balancer.
type plainSelector struct {
	rng    *rand.Rand
	proxy  []plainProxy
	next   int
	choose func(s *plainSelector, now time.Duration, fit []int) int
	eject  float64 // share that may be ejected at a time
}

type plainProxy struct {
	ok, failed   float64
	inRow, times int
	out          time.Duration // until
	inflight     int
	cost         float64
	at           time.Duration
}

func (s *plainSelector) pick(now time.Duration, _ int, c *simCall) (int, time.Duration) {
	var fit []int
	for i := range s.proxy {
		if !slices.Contains(c.tried, i) && s.proxy[i].out <= now {
			fit = append(fit, i)
		}
	}
	if len(fit) == 0 {
		fit = append(fit, s.rng.IntN(len(s.proxy)))
	}
	i := s.choose(s, now, fit)
	s.proxy[i].inflight++
	c.sent = now
	return i, 0
}

func (s *plainSelector) done(now time.Duration, _, i int, c *simCall, f fate) {
	p := &s.proxy[i]
	p.inflight--
	rtt := float64(now - c.sent)
	if rtt > p.cost {
		p.cost = rtt // peak EWMA
	} else {
		w := math.Exp(-float64(now-p.at) / float64(10*time.Second))
		p.cost = p.cost*w + rtt*(1-w)
	}
	p.at = now
	if f.outcome.Verdict == trip.OK {
		p.ok++
		p.inRow = 0
		return
	}
	p.failed++
	if p.inRow++; s.eject > 0 && p.inRow >= 3 {
		out := 0
		for _, other := range s.proxy {
			if other.out > now {
				out++
			}
		}
		if float64(out+1) <= s.eject*float64(len(s.proxy)) {
			p.inRow = 0
			p.times++
			p.out = now + min(time.Duration(p.times)*30*time.Second, 5*time.Minute)
		}
	}
}

func roundRobin(s *plainSelector, _ time.Duration, fit []int) int {
	i, _ := slices.BinarySearch(fit, s.next)
	i = fit[i%len(fit)]
	s.next = i + 1
	return i
}

func anyOf(s *plainSelector, _ time.Duration, fit []int) int { return fit[s.rng.IntN(len(fit))] }

func leastFailures(s *plainSelector, _ time.Duration, fit []int) int {
	start := s.rng.IntN(len(fit))
	best := fit[start]
	for k := range fit {
		if i := fit[(start+k)%len(fit)]; s.proxy[i].failed < s.proxy[best].failed {
			best = i
		}
	}
	return best
}

func peakEWMA(s *plainSelector, _ time.Duration, fit []int) int {
	cost := func(i int) float64 { return s.proxy[i].cost * float64(s.proxy[i].inflight+1) }
	a, b := anyOf(s, 0, fit), anyOf(s, 0, fit)
	if cost(b) < cost(a) {
		return b
	}
	return a
}

var baselines = []struct {
	name   string
	choose func(*plainSelector, time.Duration, []int) int
	eject  float64
}{
	{"plain round robin", roundRobin, 0},
	{"plain random", anyOf, 0},
	{"least failures", leastFailures, 0},
	{"rr, ejection 10 %", roundRobin, 0.1},
	{"rr, ejection 90 %", roundRobin, 0.9},
	{"P2C peak EWMA", peakEWMA, 0},
}

package proxypool

import (
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/godwit-go/godwit/trip"
)

// DirectLabel is the label of the machine's own address.
const DirectLabel = "direct"

// An egress is one way out and what is known of its connectivity, whatever the
// domain. What domains think of it is in their pairs.
type egress struct {
	seed   uint64
	direct bool
	index  uint32
	slot   int // which of the proxy's sessions; 0 without

	proxy             atomic.Pointer[Proxy] // replaced when a reload brings another password
	inflight          atomic.Int32
	uses              atomic.Int64
	bytesIn, bytesOut atomic.Int64
	gone              atomic.Bool // left the list; drains
	flapped           atomic.Bool // its gate has a level to lower
	checks            checkCounts

	// What Pick reads without a lock: success ÷ slowness, and when that was true.
	quality   atomic.Uint64
	qualityAt atomic.Int64
	workedAt  atomic.Int64 // when a response last came through, from any domain

	mu       sync.Mutex
	health   tally
	slowness float64 // time to answer relative to the domain's usual one, 1 = usual
	latency  time.Duration
	timedAt  int64
	faults   float64 // consecutive, weighed by blame
	lastUse  int64

	gate gate // guarded by Pool.gates
}

func newEgress(p Proxy, slot int) *egress {
	e := &egress{seed: mix(p.seed(), uint64(slot)), slot: slot, slowness: 1}
	e.direct = p.scheme == ""
	e.proxy.Store(&p)
	e.quality.Store(math.Float64bits(priorMean))
	return e
}

func (e *egress) label() string { return e.proxy.Load().Label }

// exits is how many exits e is taken to have. What happens to one attempt tells
// as much less of a gateway, and it bears as much more.
func (e *egress) exits() int {
	if e.proxy.Load().Kind == Gateway {
		return gatewayExits
	}
	return 1
}

const gatewayExits = 16

// qualityAfter is the last known quality, fading to that of a newcomer: a proxy
// that did badly is tried again some day.
func (e *egress) qualityAfter(now int64) float64 {
	q := math.Float64frombits(e.quality.Load())
	return priorMean + (q-priorMean)*healthDecay.after(now-e.qualityAt.Load())
}

// reserve takes a place in flight; limit < 0 means that there is no limit.
func (e *egress) reserve(limit int) bool {
	if n := e.inflight.Add(1); limit >= 0 && int(n) > limit && int(n) > limit*e.exits() && !e.direct {
		e.inflight.Add(-1)
		return false
	}
	return true
}

func (e *egress) full(limit int) bool {
	n := int(e.inflight.Load())
	return limit >= 0 && n >= limit && n >= limit*e.exits() && !e.direct
}

// worked books a response that came through, of whatever kind. slowness is 0
// when its time tells nothing.
func (e *egress) worked(now int64, good, slowness float64, took time.Duration) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.faults = 0
	e.workedAt.Store(now)
	e.health.age(now, healthDecay)
	e.health.good += good
	if slowness > 0 {
		fresh := latencyShare(now - e.timedAt)
		if e.timedAt == 0 {
			fresh = 1
		}
		e.slowness += (slowness - e.slowness) * fresh
		e.latency += time.Duration(float64(took-e.latency) * fresh)
		e.timedAt = now
	}
	e.publish(now)
}

// failed books a fault and tells whether it is one too many in a row.
func (e *egress) failed(now int64, weight float64, limit int) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.health.age(now, healthDecay)
	e.health.bad += weight
	e.faults += weight / float64(e.exits())
	e.publish(now)
	return limit >= 0 && e.faults >= float64(limit)
}

func (e *egress) publish(now int64) {
	e.lastUse = now
	e.quality.Store(math.Float64bits(e.health.mean() / max(e.slowness, 0.1)))
	e.qualityAt.Store(now)
}

// latencyMemory is the time constant of latency averages.
var latencyMemory = halfLife(21 * time.Second) // 1/e after 30 s

func latencyShare(sinceLast int64) float64 {
	return max(1-latencyMemory.after(sinceLast), 0.05)
}

// mix hashes two words into one (the finalizer of SplitMix64).
func mix(a, b uint64) uint64 {
	x := a + b*0x9e3779b97f4a7c15 + 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// evidence is what an outcome says to the pool.
type evidence uint8

const (
	nothing   evidence = iota // canceled, or not sent
	success                   // the target served
	alive                     // the target answered, but did not serve: nobody's merit or fault here
	blocked                   // the target refuses this visitor
	fault                     // the proxy's own
	ambiguous                 // the proxy's or the target's
)

func evidenceOf(o trip.Outcome) evidence {
	switch o.Verdict {
	case trip.OK:
		return success
	case trip.Blocked, trip.Challenge:
		// A challenge that is still one when the attempt is concluded was not solved.
		return blocked
	case trip.Throttled:
		return alive
	case trip.ProxyError:
		return fault
	case trip.TargetError:
		switch {
		case o.Ambiguous:
			return ambiguous
		case o.Status != 0:
			return alive
		}
	}
	return nothing
}

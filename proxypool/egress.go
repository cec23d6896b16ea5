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
	// What a pick reads of each candidate is together, and without a lock.
	standing atomic.Uint64 // its quality, and since when
	weight   atomic.Uint64 // of its proxy
	load     atomic.Int64  // attempts in flight, and above them all uses; see use
	index    uint32
	direct   bool
	gone     atomic.Bool // left the list; drains
	flapped  atomic.Bool // its gate has a level to lower

	mu       sync.Mutex
	health   tally
	healthAt int64
	workedAt int64   // when a response last came through, from any domain
	slowness float64 // time to answer relative to the domain's usual one, 1 = usual
	latency  time.Duration
	timedAt  int64
	faults   float64 // consecutive, weighed by blame
	lastUse  int64

	seed              uint64
	slot              int                   // which of the proxy's sessions; 0 without
	proxy             atomic.Pointer[Proxy] // replaced when a reload brings another password
	bytesIn, bytesOut atomic.Int64
	checks            checkCounts
	gate              gate // guarded by Pool.gates
}

func newEgress(p Proxy, slot int) *egress {
	e := &egress{seed: mix(p.seed(), uint64(slot)), slot: slot, slowness: 1}
	e.direct = p.scheme == ""
	e.become(p)
	e.publish(0)
	return e
}

// become gives e its proxy, or the new form of it.
func (e *egress) become(p Proxy) {
	e.proxy.Store(&p)
	e.weight.Store(math.Float64bits(p.weight()))
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

// appeal is quality × weight.
func (e *egress) appeal(now int64) float64 {
	return e.quality(now) * math.Float64frombits(e.weight.Load())
}

// quality is success ÷ slowness as last known, fading to that of a newcomer: a
// proxy that did badly is tried again some day.
func (e *egress) quality(now int64) float64 {
	word := e.standing.Load()
	known := float64(math.Float32frombits(uint32(word >> 32)))
	age := min(uint64(max(int32(uint32(now>>standingTick)-uint32(word)), 0)), uint64(len(fades)-1))
	return priorMean + (known-priorMean)*float64(fades[age])
}

// standingTick is log2 of the nanoseconds in which the age of a standing is
// counted: about a second.
const standingTick = 30

// fades is how much is left of a standing by its age, until it is not worth mentioning.
var fades = func() (left [1024]float32) {
	for i := range len(left) - 1 {
		left[i] = float32(healthDecay.after(int64(i) << standingTick))
	}
	return left
}()

// use takes a place in flight and counts it. Both numbers are in one word because
// each costs a pick as much as a lock does.
func (e *egress) use() { e.load.Add(1<<usesShift | 1) }

const usesShift = 24

func (e *egress) inFlight() int { return int(e.load.Load() & (1<<usesShift - 1)) }
func (e *egress) uses() int64   { return e.load.Load() >> usesShift }

// enter takes a place in flight without another use, and leave gives one back. It
// returns how many are still taken.
func (e *egress) enter()     { e.load.Add(1) }
func (e *egress) leave() int { return int(e.load.Add(-1) & (1<<usesShift - 1)) }

// reserve is use if there is a free place; limit < 0 means that there always is.
func (e *egress) reserve(limit int) bool {
	e.use()
	if n := e.inFlight(); limit >= 0 && n > limit && n > limit*e.exits() && !e.direct {
		e.load.Add(-(1<<usesShift | 1))
		return false
	}
	return true
}

func (e *egress) full(limit int) bool {
	if limit < 0 {
		return false
	}
	n := e.inFlight()
	return n >= limit && n >= limit*e.exits() && !e.direct
}

// worked books a response that came through, of whatever kind. slowness is 0
// when its time tells nothing.
func (e *egress) worked(now int64, good, slowness float64, took time.Duration) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.faults = 0
	e.workedAt = now
	e.age(now)
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
	e.age(now)
	e.health.bad += weight
	e.faults += weight / float64(e.exits())
	e.publish(now)
	if e.flapped.Load() { // it is on parole
		limit = min(limit, 1)
	}
	return limit >= 0 && e.faults >= float64(limit)
}

func (e *egress) age(now int64) {
	if now > e.healthAt {
		e.health.scale(healthDecay.after(now - e.healthAt))
		e.healthAt = now
	}
}

func (e *egress) publish(now int64) {
	e.lastUse = now
	q := e.health.mean(1)
	// The newest faults say more than the average does.
	q.under *= max(e.slowness, 0.1) * (1 + e.faults)
	e.standing.Store(uint64(math.Float32bits(float32(q.value())))<<32 | uint64(uint32(now>>standingTick)))
}

// workedSince tells whether a response came through, from any domain.
func (e *egress) workedSince(at int64) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.workedAt > at
}

// latencyMemory is the time constant of latency averages.
var latencyMemory = halfLife(21 * time.Second) // 1/e after 30 s

// latencyShare is the part that a new sample makes up of the average.
func latencyShare(sinceLast int64) float64 {
	if sinceLast < latencyTwentieth {
		return 0.05
	}
	return 1 - latencyMemory.after(sinceLast)
}

// latencyTwentieth is when a twentieth of the latencyMemory is gone.
const latencyTwentieth = int64(21 * time.Second * 74 / 1000)

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
	throttled                 // the target wants this visitor to come later
	fault                     // the proxy's own
	ambiguous                 // the proxy's or the target's
)

// answered tells that the target was reached, whatever it said.
func (ev evidence) answered() bool {
	return ev == success || ev == alive || ev == blocked || ev == throttled
}

func evidenceOf(o trip.Outcome) evidence {
	switch o.Verdict {
	case trip.OK:
		return success
	case trip.Blocked, trip.Challenge:
		// A challenge that is still one when the attempt is concluded was not solved.
		return blocked
	case trip.Throttled:
		return throttled
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

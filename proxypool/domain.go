package proxypool

import (
	"math/bits"
	"math/rand/v2"
	"sync"
	"time"
)

// A domain is what the pool knows of one target. Its lock is held by the picks of
// this domain only; those of others go on.
type domain struct {
	pool *Pool
	name string

	mu      sync.Mutex
	evicted bool
	born    int64
	now     int64 // of the newest pick or conclusion: it never runs backwards
	rng     rand.PCG
	table   *table
	gated   bitmap             // egresses with a closed pair gate
	pages   []*[pageSize]*pair // by egress index, allocated where there is history
	queue   gateQueue[*pair]
	cursor  uint32 // of round robin

	eligible  int // egresses that may be picked; see count
	open      int // those that are not gated as a whole
	live      int // all of the tier
	countedAt int64
	version   uint64
	stale     bool

	heatEpoch epoch // of heat and the heats of the pairs
	banEpoch  epoch // of the bans of the pairs

	heat     float64 // requests in the last heatWindow
	minute   float64 // what one request per heatWindow makes of a heat
	latency  float64 // usual nanoseconds of a success
	timedAt  int64
	back     trials // of egresses that are gated as a whole
	forgiven trials // of pairs that are gated here
	openedAt int64  // when it last failed open
	recent   sightings
	pace     pace
	tier     tierState
	sessions map[string]*session
}

const pageSize = 64

// A pair is what one domain made of one egress.
type pair struct {
	heat    float64
	bans    tally
	visitor *visitor
	uses    int64
	lastUse int64

	blocks       int     // consecutive
	trouble      float64 // consecutive failures, weighed by blame
	troubleSince int64
	gate         gate
	e            *egress
	born         uint32 // identities so far
}

func newDomain(p *Pool, name string, now int64, seed1, seed2 uint64) *domain {
	d := &domain{pool: p, name: name, back: newTrials, forgiven: newTrials, stale: true, pace: pace{ceiling: paceFeared}, heatEpoch: epoch{decay: heatDecay}, banEpoch: epoch{decay: banDecay}}
	d.born = now
	d.advance(now)
	d.rng.Seed(seed1, seed2)
	d.queue.gate = func(pr *pair) *gate { return &pr.gate }
	return d
}

// advance brings the domain's time to now and returns it.
func (d *domain) advance(now int64) int64 {
	if now <= d.now {
		return d.now
	}
	d.now = now
	if heats, bans := d.heatEpoch.advance(now), d.banEpoch.advance(now); heats != 1 || bans != 1 {
		d.heat *= heats
		for _, page := range d.pages {
			if page == nil {
				continue
			}
			for _, pr := range page {
				if pr != nil {
					pr.heat *= heats
					pr.bans.scale(bans)
				}
			}
		}
	}
	// The heats of a young domain are still on their way up.
	d.minute = d.heatEpoch.weight
	if age := now - d.born; age < youth {
		d.minute *= 1 - heatDecay.after(age+youth/100)
	}
	return now
}

// youth is how long heats take to come to within a percent of what they stay at.
const youth = int64(5 * heatWindow)

// follow makes room for the egresses of the pool's current table.
func (d *domain) follow(tab *table) {
	if d.table == tab {
		return
	}
	d.table = tab
	if more := len(tab.out) - len(d.gated); more > 0 {
		d.gated = append(d.gated, make(bitmap, more)...)
		d.pages = append(d.pages, make([]*[pageSize]*pair, more)...)
	}
	d.remask()
}

// known returns the pair with e, nil when there is no history.
func (d *domain) known(e *egress) *pair {
	if page := d.pages[e.index/pageSize]; page != nil {
		return page[e.index%pageSize]
	}
	return nil
}

func (d *domain) pairWith(e *egress) *pair {
	page := d.pages[e.index/pageSize]
	if page == nil {
		page = new([pageSize]*pair)
		d.pages[e.index/pageSize] = page
	}
	pr := page[e.index%pageSize]
	if pr == nil {
		pr = &pair{e: e}
		page[e.index%pageSize] = pr
	}
	return pr
}

// current tells whether pr is still what d knows of its egress: a lease may
// outlive both.
func (d *domain) current(pr *pair) bool {
	i := int(pr.e.index)
	return i/pageSize < len(d.pages) && d.known(pr.e) == pr
}

// forget drops what is known of an egress that left the list.
func (d *domain) forget(e *egress) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if int(e.index)/pageSize >= len(d.pages) {
		return
	}
	if pr := d.known(e); pr != nil {
		d.queue.remove(pr)
		d.pages[e.index/pageSize][e.index%pageSize] = nil
	}
	d.gated.clear(e.index)
	d.stale = true
	for key, s := range d.sessions {
		if s.e == e {
			delete(d.sessions, key)
		}
	}
}

// word returns 64 bits of what may not be picked here, for whatever reason.
func (d *domain) word(i int) uint64 {
	w := d.table.out[i].Load() | d.gated[i]
	if d.tier.mask != nil {
		w |= d.tier.mask[i]
	}
	return w
}

// count refreshes the number of eligible egresses. With very many it is allowed
// to be slightly old.
func (d *domain) count(now int64) {
	version := d.table.version.Load()
	if version == d.version && !d.stale {
		return
	}
	if len(d.gated) > 64 && now-d.countedAt < int64(50*time.Millisecond) && now >= d.countedAt && d.countedAt != 0 {
		return
	}
	d.version, d.stale, d.countedAt = version, false, now
	d.eligible, d.open = 0, 0
	for i := range d.table.out {
		w := d.table.out[i].Load()
		if d.tier.mask != nil {
			w |= d.tier.mask[i]
		}
		d.open += zeros(w)
		d.eligible += zeros(w | d.gated[i])
	}
	d.live = d.table.live(d.tier.current)
}

// scarcity returns 1 while enough egresses are eligible, less in proportion to
// what is missing.
func (d *domain) scarcity(c *Config) float64 {
	enough := float64(d.live) * c.Scarcity.Share
	if float64(d.eligible) >= enough {
		return 1
	}
	return float64(d.eligible) / enough
}

// timed learns how long a success takes here and returns how slow this one was
// in comparison.
func (d *domain) timed(now int64, took time.Duration) float64 {
	if took <= 0 {
		took = 1
	}
	if d.latency == 0 {
		d.latency, d.timedAt = float64(took), now
		return 1
	}
	slowness := float64(took) / d.latency
	d.latency += (float64(took) - d.latency) * min(latencyShare(now-d.timedAt), 0.2)
	d.timedAt = now
	return slowness
}

// below returns a random number under n.
func (d *domain) below(n uint64) uint64 {
	hi, _ := bits.Mul64(d.rng.Uint64(), n)
	return hi
}

func (d *domain) float() float64 { return float64(d.rng.Uint64()>>11) / (1 << 53) }

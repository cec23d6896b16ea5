package proxypool

import (
	"slices"
	"time"
)

// A sighting is one recent result of the domain. Together they tell what other
// egresses see, and with it whose fault an ambiguous failure is.
type sighting struct {
	e      *egress
	at     int64
	result evidence
	proven bool // e had worked not long before
}

type sightings struct {
	ring [32]sighting
	next uint8
}

const sightingAge = int64(time.Minute)

// witnessMemory is how long an egress that worked is taken for one that should.
const witnessMemory = int64(10 * time.Minute)

func (s *sightings) add(e *egress, now int64, result evidence, proven bool) {
	s.ring[int(s.next)%len(s.ring)] = sighting{e, now, result, proven}
	s.next++
}

// others returns the share of egresses other than e that had result when they
// were last seen, and how many those others are. Those that have not worked for
// long are asked only when no other can be: where most egresses are dead, what
// they see says nothing of the domain.
func (s *sightings) others(e *egress, now int64, results ...evidence) (share float64, n int) {
	if share, n = s.seen(e, now, true, results); n > 0 {
		return share, n
	}
	return s.seen(e, now, false, results)
}

func (s *sightings) seen(e *egress, now int64, proven bool, results []evidence) (share float64, n int) {
	var seen [32]*egress
	hits := 0
newest:
	for i := range len(s.ring) {
		x := &s.ring[(int(s.next)+2*len(s.ring)-1-i)%len(s.ring)]
		if x.e == nil || x.e == e || proven && !x.proven || now-x.at > sightingAge {
			continue
		}
		for _, known := range seen[:n] {
			if known == x.e {
				continue newest
			}
		}
		seen[n] = x.e
		n++
		if slices.Contains(results, x.result) {
			hits++
		}
	}
	if n == 0 {
		return 0, 0
	}
	return float64(hits) / float64(n), n
}

// blame is the part of an ambiguous failure that is held against e: as much as
// others get through to the domain, nothing when it is dead to nearly all, half
// when there are none to compare with.
func (s *sightings) blame(e *egress, now int64) float64 {
	fine, n := s.others(e, now, success, alive, blocked, throttled)
	switch {
	case n == 0:
		return 0.5
	case fine < deadShare:
		return 0
	}
	return fine
}

// deadShare is the share of egresses that must get through to a domain for it not
// to count as dead.
const deadShare = 0.1

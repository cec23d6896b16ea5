package godwit

import (
	"context"
	"sync"
	"time"

	"github.com/godwit-go/godwit/internal/keyed"
	"github.com/godwit-go/godwit/trip"
)

const (
	suspectWindow = time.Minute // how long an ambiguous failure can be confirmed
	maxSuspects   = 10_000      // domains, and egresses, remembered at the same time

	// How many distinct egresses must agree: two that are known to work, or so many
	// of any, for the time when nothing has worked yet.
	agreeTrusted, agreeAny = 2, 5
)

// suspects decides whose fault an ambiguous failure is. A reset or timeout through
// one proxy may be that proxy's; when others meet the same on the same domain, and
// nothing got through in between, it is the target's. A proxy that has not served
// anything lately is no witness: a pool with two bad proxies must not open the
// breaker of a sound domain.
type suspects struct {
	mu      sync.Mutex
	domains *keyed.Map[*suspicion]
	worked  *keyed.Map[*success] // by egress
}

// success is when an egress last got an answer from any target.
type success struct{ at time.Time }

// suspicion is what speaks against one domain since something last got through.
type suspicion struct {
	since     time.Time
	witnesses map[string]bool // egress → whether it is known to work
}

func newSuspects() *suspects {
	return &suspects{
		domains: keyed.New(keyed.Bounds[*suspicion]{
			Max: maxSuspects, Idle: suspectWindow, Keep: func(*suspicion, time.Time) bool { return false },
		}),
		worked: keyed.New(keyed.Bounds[*success]{
			Max: maxSuspects, Idle: suspectWindow, Keep: func(*success, time.Time) bool { return false },
		}),
	}
}

// weigh clears the outcome's Ambiguous flag once enough egresses agree.
func (s *suspects) weigh(ctx context.Context, o trip.Outcome, now time.Time) trip.Outcome {
	id := trip.IdentityFrom(ctx)
	if id == nil || id.Direct {
		return o
	}
	domain := trip.FromContext(ctx).Domain()
	s.mu.Lock()
	defer s.mu.Unlock()
	if !o.Ambiguous {
		if o.Status != 0 && o.Verdict != trip.TargetError && o.Verdict != trip.ProxyError {
			s.gotThrough(domain, id.Egress, now)
		}
		return o
	}
	o.Ambiguous = !s.accuse(domain, id.Egress, now)
	return o
}

// gotThrough notes that the egress reached the target.
func (s *suspects) gotThrough(domain, egress string, now time.Time) {
	if sp, ok := s.domains.Look(domain); ok {
		clear(sp.witnesses)
	}
	if w := found(s.worked, egress, now); w != nil {
		w.at = now
	}
}

// accuse adds a witness, and tells whether the target is to blame.
func (s *suspects) accuse(domain, egress string, now time.Time) bool {
	sp := found(s.domains, domain, now)
	if sp == nil {
		return false
	}
	if sp.witnesses == nil || now.Sub(sp.since) > suspectWindow {
		sp.witnesses = make(map[string]bool)
	}
	sp.since = now
	if _, known := sp.witnesses[egress]; !known && len(sp.witnesses) < agreeAny {
		w, ok := s.worked.Look(egress)
		sp.witnesses[egress] = ok && now.Sub(w.at) <= suspectWindow
	}
	trusted := 0
	for _, works := range sp.witnesses {
		if works {
			trusted++
		}
	}
	return trusted >= agreeTrusted || len(sp.witnesses) >= agreeAny
}

// found returns the state of key, a new one where there is none yet, and nil when
// there is no room for another.
func found[S any](m *keyed.Map[*S], key string, now time.Time) *S {
	if s, ok := m.Get(key, now); ok {
		return s
	}
	if !m.Room(now) {
		return nil
	}
	s := new(S)
	m.Put(key, s, now)
	return s
}

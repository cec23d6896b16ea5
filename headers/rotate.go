package headers

import (
	"sort"
	"strings"
	"sync"
	"sync/atomic"
)

// rotation chooses a profile by a seed: the same seed gets the same browser and
// system as long as their shares stay the same, across restarts and also when a
// new release takes the place of an old one.
type rotation struct {
	groups []rotationGroup // by browser and system
	shares []float64       // running total of the groups' weights
	built  sync.Map        // generatorKey → *Generator; bounded by profiles × languages

	mu       sync.Mutex
	speakers map[speakerKey]*Generator // those that a User-Agent has named; nil: nobody we know
}

type rotationGroup struct {
	profiles []Profile
	shares   []float64
	stats    *profileStats
}

// profileStats counts what became of the exchanges of one browser and system.
type profileStats struct {
	exchanges, ok, blocked, challenged, failed atomic.Uint64
}

type generatorKey struct {
	group, profile int
	languages      string
}

func newRotation(profiles []Profile) *rotation {
	r := new(rotation)
	at := make(map[string]int)
	for _, p := range profiles {
		i, ok := at[p.Key()]
		if !ok {
			i = len(r.groups)
			at[p.Key()] = i
			r.groups = append(r.groups, rotationGroup{stats: new(profileStats)})
		}
		g := &r.groups[i]
		g.profiles = append(g.profiles, p)
		g.shares = running(g.shares, p.weight())
	}
	for _, g := range r.groups {
		r.shares = running(r.shares, g.shares[len(g.shares)-1])
	}
	return r
}

func running(shares []float64, weight float64) []float64 {
	if n := len(shares); n > 0 {
		weight += shares[n-1]
	}
	return append(shares, weight)
}

// pick returns the generator for the seed, with other languages than the
// profile's where languages is not empty.
func (r *rotation) pick(seed uint64, languages []string) (*Generator, *profileStats, error) {
	first := splitmix(seed)
	i := draw(r.shares, first)
	group := &r.groups[i]
	j := draw(group.shares, splitmix(first))
	key := generatorKey{group: i, profile: j}
	if len(languages) > 0 {
		key.languages = strings.Join(languages, ",")
	}
	if g, ok := r.built.Load(key); ok {
		return g.(*Generator), group.stats, nil
	}
	p := group.profiles[j]
	if len(languages) > 0 {
		p.Languages = languages
	}
	g, err := p.Build()
	if err != nil {
		return nil, nil, err
	}
	r.built.Store(key, g)
	return g, group.stats, nil
}

// draw returns the entry whose share the random number falls into.
func draw(shares []float64, random uint64) int {
	x := float64(random>>11) / (1 << 53) * shares[len(shares)-1]
	return min(sort.Search(len(shares), func(i int) bool { return shares[i] > x }), len(shares)-1)
}

// splitmix is SplitMix64 by Sebastiano Vigna: neighbouring seeds get unrelated results.
func splitmix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// Stats is a snapshot of what became of the exchanges, by browser and system.
type Stats struct {
	// Profiles is keyed by [Profile.Key], such as "chrome windows".
	Profiles map[string]ProfileStats
	// Sessions is how many identities are remembered.
	Sessions int
}

// ProfileStats counts exchanges by their verdict. What is not OK, blocked or
// challenged has failed.
type ProfileStats struct {
	Exchanges, OK, Blocked, Challenged, Failed uint64
}

func (r *rotation) stats() map[string]ProfileStats {
	all := make(map[string]ProfileStats, len(r.groups))
	for _, g := range r.groups {
		s := g.stats
		all[g.profiles[0].Key()] = ProfileStats{
			Exchanges: s.exchanges.Load(), OK: s.ok.Load(), Blocked: s.blocked.Load(),
			Challenged: s.challenged.Load(), Failed: s.failed.Load(),
		}
	}
	return all
}

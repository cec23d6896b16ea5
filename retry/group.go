package retry

import (
	"cmp"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/godwit-go/godwit/internal/keyed"
	"github.com/godwit-go/godwit/trip"
)

// Group holds the retry budgets of all domains. It is safe for concurrent use,
// starts no goroutine and needs no closing.
type Group struct {
	cfg atomic.Pointer[Config]

	mu      sync.Mutex
	budgets *keyed.Map[*budgets]
}

// budgets are those of one domain: of retries that load the target again, and of
// those that leave by another egress because the one before was refused.
type budgets struct{ target, egress *Budget }

// NewGroup returns a Group that has seen no calls, or an error that lists
// everything that is wrong with cfg.
func NewGroup(cfg Config) (*Group, error) {
	g := &Group{budgets: keyed.New(keyed.Bounds[*budgets]{})}
	return g, g.Reconfigure(cfg)
}

// Reconfigure makes cfg take effect on calls that start from now on. The budgets
// start anew where their limits change. If cfg is wrong, everything stays as it was.
func (g *Group) Reconfigure(cfg Config) error {
	if err := cfg.Validate(); err != nil {
		return err
	}
	cfg.Statuses = slices.Clone(cfg.Statuses)
	cfg = cfg.withDefaults()
	bounds := keyed.Bounds[*budgets]{
		Max: cfg.MaxKeys, Idle: cfg.IdleAfter,
		Keep: func(*budgets, time.Time) bool { return false },
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if old := g.cfg.Swap(&cfg); old != nil && old.limits() == cfg.limits() {
		g.budgets.SetBounds(bounds)
		return nil
	}
	g.budgets = keyed.New(bounds)
	return nil
}

// Wrap returns a Transport that draws on the budgets of g. A nil base is
// http.DefaultTransport.
func (g *Group) Wrap(base http.RoundTripper) *Transport {
	return &Transport{base: trip.Base(base), group: g}
}

func (c *Config) limits() Limits {
	return Limits{Ratio: c.BudgetRatio, Min: max(c.BudgetMin, 0), Window: c.BudgetWindow}
}

// rotations allows as many retries by another egress as there are calls, since
// they do not load the target.
func (l Limits) rotations() Limits {
	if l.Ratio >= 0 {
		l.Ratio = max(l.Ratio, 1)
	}
	return l
}

// call counts a call to the domain of key.
func (g *Group) call(key string, now time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	b := g.of(key, now)
	b.target.Call(now)
	b.egress.Call(now)
}

// retry takes a retry out of a budget of key, or is false when none is left.
func (g *Group) retry(key string, f fund, now time.Time) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch b := g.of(key, now); f {
	case ofEgress:
		return b.egress.Retry(now)
	case ofTarget:
		return b.target.Retry(now)
	default:
		return true
	}
}

func (g *Group) of(key string, now time.Time) *budgets {
	if b, ok := g.budgets.Get(key, now); ok {
		return b
	}
	g.budgets.Room(now)
	limits := g.cfg.Load().limits()
	b := &budgets{NewBudget(limits), NewBudget(limits.rotations())}
	g.budgets.Put(key, b, now)
	return b
}

// Stats is the state of one domain's budgets. It is plain data and comparable.
type Stats struct {
	// Key is the domain.
	Key string
	// Calls and Retries count those of the [Config.BudgetWindow]; Rotations are
	// the retries by another egress.
	Calls, Retries, Rotations int
	// Left is how many retries the budget has left; see [Budget.Left].
	Left int
}

// Stats returns the budgets of all domains, by key.
func (g *Group) Stats() []Stats {
	now := time.Now()
	g.mu.Lock()
	all := make([]Stats, 0, g.budgets.Len())
	for key, b := range g.budgets.All() {
		left := b.target.Left(now)
		b.egress.advance(now)
		all = append(all, Stats{
			Key: key, Calls: b.target.sum.calls,
			Retries: b.target.sum.retries, Rotations: b.egress.sum.retries, Left: left,
		})
	}
	g.mu.Unlock()
	slices.SortFunc(all, func(a, b Stats) int { return cmp.Compare(a.Key, b.Key) })
	return all
}

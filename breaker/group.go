package breaker

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/godwit-go/godwit/internal/keyed"
	"github.com/godwit-go/godwit/trip"
)

// Group holds the breakers of all domains. It is safe for concurrent use, starts
// no goroutine and needs no closing.
type Group struct {
	cfg atomic.Pointer[Config]

	mu       sync.Mutex
	circuits *keyed.Map[*circuit]
	cause    context.Context // of the exchange that is being booked
	news     []news          // changes that nobody has been told of yet
	telling  bool            // somebody is at it
}

type news struct {
	ctx   context.Context
	event trip.BreakerChanged
}

// NewGroup returns a Group in which every breaker is closed, or an error that
// lists everything that is wrong with cfg.
func NewGroup(cfg Config) (*Group, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	g := &Group{circuits: keyed.New(bounds(&cfg))}
	g.cfg.Store(&cfg)
	return g, nil
}

func bounds(cfg *Config) keyed.Bounds[*circuit] {
	return keyed.Bounds[*circuit]{Max: cfg.MaxKeys, Idle: cfg.IdleAfter, Keep: (*circuit).busy}
}

// Allow asks for leave to send one exchange to the domain of key. It returns a
// permit whose Done must be called when the exchange is over, or an [*OpenError].
// The ctx is handed to the observer. A permit that probes a half-open breaker
// ends by itself after [Config.ProbeTimeout].
func (g *Group) Allow(ctx context.Context, key string) (*Permit, error) {
	now := time.Now()
	cfg := g.cfg.Load()
	g.mu.Lock()
	c := g.find(key, now)
	if c == nil {
		g.mu.Unlock()
		return &Permit{group: g, ctx: ctx}, nil
	}
	if retryAt, refused := c.refusal(now); refused {
		g.mu.Unlock()
		return nil, g.reject(ctx, key, retryAt)
	}
	g.cause = ctx
	p := &Permit{group: g, ctx: ctx}
	err := c.admit(p)
	if err == nil && p.probe {
		p.timer = time.AfterFunc(cfg.ProbeTimeout, p.expire)
	}
	g.unlock()
	if err != nil {
		return nil, g.reject(ctx, key, now.Add(probePoll))
	}
	return p, nil
}

// Peek returns the [*OpenError] that Allow would return for key, nil if it would
// admit an exchange. It takes no place and tells nobody.
func (g *Group) Peek(key string) error {
	if retryAt, refused := g.refusal(key); refused {
		return &OpenError{Key: key, RetryAt: retryAt}
	}
	return nil
}

// Refuse is Peek for those who turn an exchange away because of it, such as the
// queue of a rate limit: the observer is told of a refusal as it is of one by Allow.
func (g *Group) Refuse(key string) error {
	if retryAt, refused := g.refusal(key); refused {
		return g.reject(context.Background(), key, retryAt)
	}
	return nil
}

func (g *Group) refusal(key string) (retryAt time.Time, refused bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	c, ok := g.circuits.Look(key)
	if !ok || c.state == Closed { // the common case needs no clock
		return time.Time{}, false
	}
	now := time.Now()
	g.circuits.Get(key, now) // whoever is turned away uses the breaker
	return c.refusal(now)
}

func (g *Group) reject(ctx context.Context, key string, retryAt time.Time) error {
	r := &rejection{err: OpenError{Key: key, RetryAt: retryAt}}
	if o := g.cfg.Load().Observer; o != nil {
		r.event = trip.BreakerRejected{Domain: key, RetryAt: retryAt}
		o.Observe(ctx, &r.event)
	}
	return &r.err
}

// Open opens the breaker of key by hand until the given time, when it is probed as
// ever. The zero time means until Close is called.
func (g *Group) Open(key string, until time.Time) {
	now := time.Now()
	g.mu.Lock()
	c, ok := g.circuits.Get(key, now)
	if !ok {
		g.circuits.Room(now) // a breaker opened by hand is kept in any case
		c = g.add(key, now)
	}
	g.cause = context.Background()
	c.openByHand(until)
	g.unlock()
}

// Close closes the breaker of key by hand and forgets its failures.
func (g *Group) Close(key string) {
	now := time.Now()
	g.mu.Lock()
	if c, ok := g.circuits.Get(key, now); ok {
		g.cause = context.Background()
		c.closeByHand(now)
	}
	g.unlock()
}

// Reconfigure makes cfg take effect. The breakers keep their states; a time open
// that runs already is not changed. If cfg is wrong, everything stays as it was.
func (g *Group) Reconfigure(cfg Config) error {
	if err := cfg.Validate(); err != nil {
		return err
	}
	cfg = cfg.withDefaults()
	now := time.Now()
	g.mu.Lock()
	old := g.cfg.Swap(&cfg)
	g.circuits.SetBounds(bounds(&cfg))
	if old.Window != cfg.Window || old.Probes != cfg.Probes {
		g.cause = context.Background()
		for _, c := range g.circuits.All() {
			c.rebuild(now)
		}
	}
	g.unlock()
	return nil
}

// Stats is the state of one breaker. It is plain data and comparable.
type Stats struct {
	// Key is the domain.
	Key string
	// State is what the breaker does now. It is true without traffic: a breaker
	// whose time open is over is half-open, although nothing has probed it yet.
	State State
	// Successes, Failures and Excluded count the exchanges of the [Config.Window];
	// while half-open, those of the probes.
	Successes, Failures, Excluded int
	// Consecutive is how many exchanges have failed in a row.
	Consecutive int
	// Probes is how many probes are under way.
	Probes int
	// Trips is how often the breaker has opened.
	Trips int
	// RetryAt is when to ask again; zero when exchanges are admitted, and for a
	// breaker that is open until closed by hand.
	RetryAt time.Time
}

// Stats returns the breakers of all domains, by key.
func (g *Group) Stats() []Stats {
	now := time.Now()
	g.mu.Lock()
	all := make([]Stats, 0, g.circuits.Len())
	for _, c := range g.circuits.All() {
		all = append(all, c.stats(now))
	}
	g.mu.Unlock()
	slices.SortFunc(all, func(a, b Stats) int { return cmp.Compare(a.Key, b.Key) })
	return all
}

// find returns the circuit of key; nil when there is no room for another one. It
// is called with the lock held.
func (g *Group) find(key string, now time.Time) *circuit {
	if c, ok := g.circuits.Get(key, now); ok {
		return c
	}
	if !g.circuits.Room(now) {
		return nil
	}
	return g.add(key, now)
}

func (g *Group) add(key string, now time.Time) *circuit {
	c := newCircuit(key, g.cfg.Load, g.changed)
	g.circuits.Put(key, c, now)
	return c
}

// changed is called with the lock held, within gobreaker's callback: all it does
// is to remember. unlock tells.
func (g *Group) changed(c *circuit, from State) {
	g.news = append(g.news, news{g.cause, trip.BreakerChanged{
		Domain: c.key, From: string(from), To: string(c.state), RetryAt: c.until,
	}})
}

// unlock releases the lock and tells of what has changed under it, in order: who
// finds somebody else telling leaves it to them.
func (g *Group) unlock() {
	defer g.mu.Unlock()
	g.cause = nil
	if g.telling || len(g.news) == 0 {
		return
	}
	g.telling = true
	defer func() { g.telling = false }()
	for len(g.news) > 0 {
		g.tellOne()
	}
}

func (g *Group) tellOne() {
	n := g.news[0]
	g.news = g.news[1:]
	g.mu.Unlock()
	defer g.mu.Lock()
	n.tell(g.cfg.Load())
}

func (n *news) tell(cfg *Config) {
	if cfg.Changed != nil && n.event.To != string(HalfOpen) {
		cfg.Changed(n.event.Domain, n.event.To == string(Open))
	}
	if cfg.Observer != nil {
		cfg.Observer.Observe(n.ctx, &n.event)
	}
}

// Wrap returns a RoundTripper that sends through base what the group admits. A nil
// base is http.DefaultTransport.
func (g *Group) Wrap(base http.RoundTripper) *Transport {
	base = trip.Base(base)
	return &Transport{base: base, group: g}
}

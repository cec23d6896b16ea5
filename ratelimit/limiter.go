package ratelimit

import (
	"cmp"
	"container/list"
	"context"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/godwit-go/godwit/internal/keyed"
	"github.com/godwit-go/godwit/trip"
)

// Limiter keeps the pace of every domain. It is safe for concurrent use, starts no
// goroutine of its own and needs no closing.
type Limiter struct {
	cfg atomic.Pointer[Config]

	mu    sync.Mutex
	hosts *keyed.Map[*host]
}

// NewLimiter returns a Limiter, or an error that lists everything that is wrong
// with cfg.
func NewLimiter(cfg Config) (*Limiter, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	l := &Limiter{hosts: keyed.New(bounds(&cfg))}
	l.cfg.Store(&cfg)
	return l, nil
}

func bounds(cfg *Config) keyed.Bounds[*host] {
	return keyed.Bounds[*host]{Max: cfg.MaxKeys, Idle: cfg.IdleAfter, Keep: (*host).busy}
}

// Wait waits until an exchange may be sent to key. It returns the turn, which is
// to be ended with Release; or the error of ctx, of [Config.Peek], or a
// [*WaitError] at once if the wait would be too long. A turn that others wait for
// also ends with ctx.
func (l *Limiter) Wait(ctx context.Context, key string) (*Turn, error) {
	return l.wait(ctx, nil, key)
}

// wait also ends when cancel is closed.
func (l *Limiter) wait(ctx context.Context, cancel <-chan struct{}, key string) (*Turn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	cfg := l.cfg.Load()
	if cfg.Peek != nil {
		if err := cfg.Peek(key); err != nil {
			return nil, err
		}
	}
	now := time.Now()
	t := &Turn{limiter: l, ctx: ctx}
	l.mu.Lock()
	t.host = l.find(key, now)
	begun := t.host.queue.Len() == 0 && t.host.begin(t, now)
	crowded := begun && t.host.crowded()
	l.mu.Unlock()
	if crowded {
		l.thin(t.host)
	}
	if begun {
		return t, nil
	}
	if err := l.line(t, cancel, cfg); err != nil {
		return nil, err
	}
	return t, nil
}

// line stands in the queue with t. The time that this takes is not the attempt's.
func (l *Limiter) line(t *Turn, cancel <-chan struct{}, cfg *Config) error {
	if a := trip.AttemptFrom(t.ctx); a != nil {
		defer a.Pause()()
	}
	now := time.Now()
	t.latest = latest(t.ctx, cfg, now)
	l.mu.Lock()
	err := t.host.enqueue(t, now)
	var under []*Turn
	if t.host.cfg.InFlight >= 0 {
		under = slices.Clone(t.host.turns)
	}
	l.mu.Unlock()
	if err != nil {
		return err
	}
	for _, other := range under {
		other.watch()
	}
	if err := t.await(cancel, cfg.Peek); err != nil {
		return err
	}
	l.began(t, now, cfg)
	return nil
}

// thin looks for forgotten turns, and not again before there are twice as many as
// it leaves, so that its cost is shared by many.
func (l *Limiter) thin(h *host) {
	l.mu.Lock()
	under := slices.Clone(h.turns)
	l.mu.Unlock()
	reap(under)
	l.mu.Lock()
	h.crowd = 2 * len(h.turns)
	l.mu.Unlock()
}

// reap ends turns whose context has ended although nobody has closed the body.
func reap(turns []*Turn) {
	for _, t := range turns {
		if t.ctx.Err() != nil {
			t.Release()
		}
	}
}

// began does what is left to do when a turn has come after a wait.
func (l *Limiter) began(t *Turn, since time.Time, cfg *Config) {
	if t.contended {
		t.watch()
	}
	if cfg.Observer == nil || !t.sent.After(since) {
		return
	}
	t.waited = trip.Waited{Domain: t.host.key, Wait: t.sent.Sub(since)}
	if cfg.PerEgress {
		t.waited.Domain, t.waited.Egress = trip.FromContext(t.ctx).Domain(), t.host.key
	}
	cfg.Observer.Observe(t.ctx, &t.waited)
}

// latest is when the turn of an exchange must have come; zero for no bound.
func latest(ctx context.Context, cfg *Config, now time.Time) time.Time {
	at, ok := ctx.Deadline()
	if !ok {
		at = time.Time{}
	}
	if cfg.MaxWait > 0 {
		if bound := now.Add(cfg.MaxWait + 1); at.IsZero() || bound.Before(at) {
			return bound
		}
	}
	return at
}

// Wake makes all who wait for key ask [Config.Peek] again. It is to be called when
// the breaker of key opens.
func (l *Limiter) Wake(key string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	h, ok := l.hosts.Look(key)
	if !ok {
		return
	}
	for el := h.queue.Front(); el != nil; el = el.Next() {
		el.Value.(*Turn).wake()
	}
}

// Pause makes key rest until the given time, also if it rests for longer already.
// The zero time ends the rest.
func (l *Limiter) Pause(key string, until time.Time) {
	now := time.Now()
	l.mu.Lock()
	h := l.find(key, now)
	h.pace.pause(until)
	h.review(now)
	observer := h.cfg.Observer
	l.mu.Unlock()
	if observer != nil && until.After(now) {
		observer.Observe(context.Background(), &trip.Paused{Domain: key, Until: until, Reason: "by hand"})
	}
}

// SetFloor makes interval the shortest time between two requests to key, as the
// crawl-delay of a robots.txt does. It stays until it is set anew, 0 for none, or
// key has been idle and is forgotten: who wants it to outlast that sets it again
// before each request, which costs little.
func (l *Limiter) SetFloor(key string, interval time.Duration) {
	interval = max(interval, 0)
	now := time.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	if h := l.find(key, now); h.pace.floor != interval {
		h.pace.setFloor(interval, now)
		h.review(now)
	}
}

// Reconfigure makes cfg take effect, for those who wait already too. What is known
// of the domains stays. If cfg is wrong, everything stays as it was.
func (l *Limiter) Reconfigure(cfg Config) error {
	if err := cfg.Validate(); err != nil {
		return err
	}
	cfg = cfg.withDefaults()
	now := time.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cfg.Store(&cfg)
	l.hosts.SetBounds(bounds(&cfg))
	for _, h := range l.hosts.All() {
		h.cfg = &cfg
		h.pace.configure(&cfg, now)
		h.review(now)
	}
	return nil
}

// Stats is the state of one domain's pace. It is plain data and comparable.
type Stats struct {
	// Key is the domain, or the egress of a limit per egress.
	Key string
	// Interval is the mean time between two requests as things stand; 0 when
	// unlimited.
	Interval time.Duration
	// Slowdown is the factor by which blocks have lengthened the interval; 1 for none.
	Slowdown float64
	// InFlight is how many exchanges are under way, and Waiting how many wait.
	InFlight, Waiting int
	// PausedUntil is the end of the rest; zero when there is none.
	PausedUntil time.Time
}

// Stats returns the pace of all domains, by key.
func (l *Limiter) Stats() []Stats {
	now := time.Now()
	l.mu.Lock()
	var under []*Turn
	for _, h := range l.hosts.All() {
		under = append(under, h.turns...)
	}
	l.mu.Unlock()
	reap(under)
	l.mu.Lock()
	all := make([]Stats, 0, l.hosts.Len())
	for _, h := range l.hosts.All() {
		all = append(all, h.stats(now))
	}
	l.mu.Unlock()
	slices.SortFunc(all, func(a, b Stats) int { return cmp.Compare(a.Key, b.Key) })
	return all
}

// find returns the host of key. It is called with the lock held.
func (l *Limiter) find(key string, now time.Time) *host {
	if h, ok := l.hosts.Get(key, now); ok {
		return h
	}
	l.hosts.Room(now) // a new domain is admitted even if all known ones are busy
	cfg := l.cfg.Load()
	h := &host{key: key, cfg: cfg, pace: newPace(cfg, now), queue: list.New()}
	h.expire = func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		h.dispatch(time.Now())
	}
	l.hosts.Put(key, h, now)
	return h
}

// Wrap returns a RoundTripper that sends through base at the limiter's pace. A nil
// base is http.DefaultTransport.
func (l *Limiter) Wrap(base http.RoundTripper) *Transport {
	base = trip.Base(base)
	return &Transport{base: base, limiter: l}
}

package proxypool

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"

	"github.com/godwit-go/godwit/trip"
)

// Pool is a set of egresses, what is known of them, and the transports that leave
// by them. It is safe for concurrent use. Several transports may share it.
type Pool struct {
	name   string
	seed   uint64
	clock  clock
	config atomic.Pointer[Config]

	domains domains
	gates   gates
	routes  routes
	freed   notifier
	closed  atomic.Bool

	reload             sync.Mutex // one at a time
	checking, watching bool       // these goroutines run; guarded by reload
	reloadErr          atomic.Pointer[error]
	ctx                context.Context // ends with Close
	end                context.CancelFunc
	work               sync.WaitGroup // background goroutines
}

var backgroundContext = context.Background()

// NewPool makes a pool and loads its proxies from all sources. It fails when the
// configuration is wrong or a source cannot be read. A pool without any proxy is
// not an error: a reload may bring some, and until then it fails closed.
//
// No goroutine runs unless Check or ReloadEvery is set.
func NewPool(cfg Config) (*Pool, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("proxypool: %w", err)
	}
	cfg = cfg.withDefaults()
	p := &Pool{name: cfg.Name, clock: newClock()}
	p.ctx, p.end = context.WithCancel(context.Background())
	random := rand.Uint64
	if cfg.Rand != nil {
		random = cfg.Rand.Uint64
	}
	p.seed = random()
	p.gates.rng.Seed(p.seed, 1)
	p.gates.queue.gate = func(e *egress) *gate { return &e.gate }
	p.gates.table.Store(newTable(nil))
	p.domains.init()
	p.routes.config = &p.config
	p.config.Store(&cfg)
	if err := p.Reload(p.ctx); err != nil {
		p.end()
		return nil, err
	}
	p.reload.Lock()
	defer p.reload.Unlock()
	p.wind(&cfg)
	return p, nil
}

// Name is the pool's name.
func (p *Pool) Name() string { return p.name }

// Len is how many egresses the pool has, gated ones included.
func (p *Pool) Len() int { return p.gates.table.Load().size }

// Close ends the pool's goroutines and closes idle connections. Leases that are
// out may still be concluded and released; no new one is given.
func (p *Pool) Close() error {
	if p.closed.Swap(true) {
		return nil
	}
	p.end()
	p.freed.wake()
	// A reconfiguration may be starting goroutines; no other will. Waiting for it is
	// all there is to do in the section.
	p.reload.Lock()
	//lint:ignore SA2001 see above
	p.reload.Unlock()
	p.work.Wait()
	p.routes.closeAll(true)
	return nil
}

// CloseIdleConnections closes the idle connections of all egresses.
func (p *Pool) CloseIdleConnections() { p.routes.closeIdle() }

func (p *Pool) observed() bool { return p.config.Load().Observer != nil }

// notices are events that wait until the locks are free.
type notices []trip.Event

func (n *notices) add(e trip.Event) { *n = append(*n, e) }

func (p *Pool) tell(ctx context.Context, said notices) {
	if len(said) == 0 {
		return
	}
	if o := p.config.Load().Observer; o != nil {
		for _, e := range said {
			o.Observe(ctx, e)
		}
	}
}

// lockDomain returns the state of a domain, locked.
func (p *Pool) lockDomain(name string, now int64) *domain {
	for {
		d := p.domains.get(p, name, now)
		d.mu.Lock()
		if !d.evicted {
			return d
		}
		d.mu.Unlock()
	}
}

// A notifier wakes those who wait for a lease.
type notifier struct {
	waiting atomic.Int32
	mu      sync.Mutex
	ch      chan struct{}
}

// join announces one who waits; a leave follows.
func (n *notifier) join() { n.waiting.Add(1) }

// channel returns a channel that the next wake closes.
func (n *notifier) channel() <-chan struct{} {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.ch == nil {
		n.ch = make(chan struct{})
	}
	return n.ch
}

func (n *notifier) leave() { n.waiting.Add(-1) }

func (n *notifier) wake() {
	if n.waiting.Load() == 0 {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.ch != nil {
		close(n.ch)
		n.ch = nil
	}
}

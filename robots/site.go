package robots

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/godwit-go/godwit/internal/keyed"
)

// copied is a robots.txt as it was found at some time.
type copied struct {
	rules   *Rules // nil: none to be had, so nothing is allowed
	cause   error  // why there is none
	expires time.Time
}

// site is what is known of one site. The lock of its sites guards it.
type site struct {
	copy   copied
	known  bool
	flight *flight // nil: no fetch is under way
}

// flight is a fetch that several requests may wait for.
type flight struct {
	done     chan struct{} // closed when the next three are set
	copy     copied
	err      error // the fetch could not even be tried
	panicked any   // what the layers below panicked with
	waiting  int
	cancel   context.CancelFunc
}

var errAborted = errors.New("robots: fetch was aborted")

// sites remembers the robots.txt of every site.
type sites struct {
	mu    sync.Mutex
	known *keyed.Map[*site]
}

func newSites(cfg *Config) *sites {
	return &sites{known: keyed.New(keyed.Bounds[*site]{
		Max: cfg.MaxSites, Idle: cfg.TTL,
		Keep: func(s *site, _ time.Time) bool { return s.flight != nil },
	})}
}

// fetcher gets the robots.txt of a site, given what is known of it.
type fetcher func(ctx context.Context, old *Rules) (copied, error)

// fresh returns the robots.txt of a site if it need not be fetched.
func (s *sites) fresh(key string, now time.Time) (copied, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	at, ok := s.known.Get(key, now)
	if !ok || !at.fresh(now) {
		return copied{}, false
	}
	return at.copy, true
}

func (at *site) fresh(now time.Time) bool { return at.known && now.Before(at.copy.expires) }

// get returns the robots.txt of a site, which it fetches if need be. Requests that
// come meanwhile wait for the same fetch; when all of them have given up, so does
// the fetch.
func (s *sites) get(ctx context.Context, cancel <-chan struct{}, key string, fetch fetcher) (copied, error) {
	now := time.Now()
	s.mu.Lock()
	at, ok := s.known.Get(key, now)
	if !ok {
		s.known.Room(now)
		at = new(site)
		s.known.Put(key, at, now)
	}
	if at.fresh(now) {
		defer s.mu.Unlock()
		return at.copy, nil
	}
	f := at.flight
	if f == nil {
		f = s.start(ctx, at, fetch)
	}
	f.waiting++
	s.mu.Unlock()

	select {
	case <-f.done:
		if f.panicked != nil {
			panic(f.panicked) // it is for the caller to catch, not for a goroutine of ours to die of
		}
		return f.copy, f.err
	case <-ctx.Done():
		s.leave(at, f)
		return copied{}, ctx.Err()
	case <-cancel:
		s.leave(at, f)
		return copied{}, context.Canceled
	}
}

// start begins a fetch in the name of whoever wants the answer, so it outlives the
// request that it is begun for. It is called with the lock held.
func (s *sites) start(ctx context.Context, at *site, fetch fetcher) *flight {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	f := &flight{done: make(chan struct{}), cancel: cancel}
	at.flight = f
	old := at.copy.rules
	f.err = errAborted // stands if fetch does not return
	go func() {
		defer cancel()
		defer s.land(at, f)
		defer func() { f.panicked = recover() }()
		f.copy, f.err = fetch(ctx, old)
	}()
	return f
}

// land makes the result of a fetch known to those who wait and those who come.
func (s *sites) land(at *site, f *flight) {
	s.mu.Lock()
	if at.flight == f {
		at.flight = nil
		if f.err == nil {
			at.copy, at.known = f.copy, true
		}
	}
	s.mu.Unlock()
	close(f.done)
}

func (s *sites) leave(at *site, f *flight) {
	s.mu.Lock()
	f.waiting--
	last := f.waiting == 0
	if last && at.flight == f {
		at.flight = nil // whoever comes now starts another one
	}
	s.mu.Unlock()
	if last {
		f.cancel()
	}
}

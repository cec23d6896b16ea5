package proxypool

import (
	"hash/maphash"
	"sync"
	"sync/atomic"
	"time"
)

// domains are the per-domain states, in shards so that looking one up does not
// stop the others.
type domains struct {
	seed   maphash.Seed
	shards [64]shard
}

type shard struct {
	last atomic.Pointer[domain] // found most recently: a crawl stays with a few
	mu   sync.RWMutex
	m    map[string]*domain
	_    [64]byte // cores that look up different domains share no cache line
}

func (s *domains) init() {
	s.seed = maphash.MakeSeed()
	for i := range s.shards {
		s.shards[i].m = make(map[string]*domain)
	}
}

func (s *domains) get(p *Pool, name string, now int64) *domain {
	sh := &s.shards[maphash.String(s.seed, name)%uint64(len(s.shards))]
	if d := sh.last.Load(); d != nil && d.name == name {
		return d
	}
	if d := sh.find(name); d != nil {
		return d
	}
	sh.mu.Lock()
	defer sh.mu.Unlock()
	if d := sh.m[name]; d != nil {
		return d
	}
	c := p.config.Load()
	if c.MaxDomains > 0 && len(sh.m) >= max(c.MaxDomains/len(s.shards), 1) {
		sh.evict(now, c.DomainIdle)
	}
	d := newDomain(p, name, now, p.seed, hashString(name))
	sh.m[name] = d
	return d
}

// find looks in the map. What was found last is noted under the lock, so that it
// is never one that was evicted.
func (sh *shard) find(name string) *domain {
	sh.mu.RLock()
	defer sh.mu.RUnlock()
	d := sh.m[name]
	if d != nil {
		sh.last.Store(d)
	}
	return d
}

// evict makes room: idle domains go, and if there are none the one that was idle
// for longest. One with a live ban or a session goes last.
func (sh *shard) evict(now int64, idle time.Duration) {
	var oldest *domain
	var oldestHeld bool
	var oldestUse int64
	before := len(sh.m)
	sh.last.Store(nil)
	for _, d := range sh.m {
		d.mu.Lock()
		held := d.banned(now) || len(d.sessions) > 0
		last := d.now
		d.evicted = !held && idle > 0 && now-last > int64(idle)
		gone := d.evicted
		d.mu.Unlock()
		switch {
		case gone:
			delete(sh.m, d.name)
		case oldest == nil || !held && oldestHeld || held == oldestHeld && last < oldestUse:
			oldest, oldestHeld, oldestUse = d, held, last
		}
	}
	if len(sh.m) == before && oldest != nil {
		oldest.mu.Lock()
		oldest.evicted = true
		oldest.mu.Unlock()
		delete(sh.m, oldest.name)
	}
}

// banned tells whether a gate of the domain is closed and not yet due.
func (d *domain) banned(now int64) bool {
	for _, pr := range d.queue.items {
		if pr.gate.until > now {
			return true
		}
	}
	return false
}

// all calls use with every domain.
func (s *domains) all(use func(*domain)) {
	for i := range s.shards {
		sh := &s.shards[i]
		sh.mu.RLock()
		list := make([]*domain, 0, len(sh.m))
		for _, d := range sh.m {
			list = append(list, d)
		}
		sh.mu.RUnlock()
		for _, d := range list {
			use(d)
		}
	}
}

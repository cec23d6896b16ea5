package proxypool

import (
	"sync"
	"time"
)

// domains are the per-domain states, in shards so that looking one up does not
// stop the others.
type domains struct {
	shards [32]shard
}

type shard struct {
	mu sync.RWMutex
	m  map[string]*domain
}

func (s *domains) init() {
	for i := range s.shards {
		s.shards[i].m = make(map[string]*domain)
	}
}

func (s *domains) get(p *Pool, name string, now int64) *domain {
	h := hashString(name)
	sh := &s.shards[h%uint64(len(s.shards))]
	sh.mu.RLock()
	d := sh.m[name]
	sh.mu.RUnlock()
	if d != nil {
		return d
	}
	sh.mu.Lock()
	defer sh.mu.Unlock()
	if d = sh.m[name]; d != nil {
		return d
	}
	c := p.config.Load()
	if c.MaxDomains > 0 && len(sh.m) >= max(c.MaxDomains/len(s.shards), 1) {
		sh.evict(now, c.DomainIdle)
	}
	d = newDomain(p, name, p.seed, h)
	d.lastUse.Store(now)
	sh.m[name] = d
	return d
}

// evict makes room: idle domains go, and if there are none the one that was idle
// for longest. One with a live ban or a session goes last.
func (sh *shard) evict(now int64, idle time.Duration) {
	var oldest *domain
	var oldestHeld bool
	before := len(sh.m)
	for _, d := range sh.m {
		d.mu.Lock()
		held := d.banned(now) || len(d.sessions) > 0
		last := d.lastUse.Load()
		d.evicted = !held && idle > 0 && now-last > int64(idle)
		gone := d.evicted
		d.mu.Unlock()
		switch {
		case gone:
			delete(sh.m, d.name)
		case oldest == nil || !held && oldestHeld || held == oldestHeld && last < oldest.lastUse.Load():
			oldest, oldestHeld = d, held
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

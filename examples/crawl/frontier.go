package main

import (
	"context"
	"sync"
	"time"
)

// maxTurns is how often a page is put back before it counts as lost.
const maxTurns = 6

// page is a URL on its way.
type page struct {
	url  string
	due  time.Time // not before; zero: now
	turn int       // how often it was put back
}

// frontier hands out pages to workers, each URL once, those that were put back
// when they are due. It is safe for concurrent use.
type frontier struct {
	mu      sync.Mutex
	seen    map[string]bool
	ready   []page
	later   []page
	pending int // handed out and not done
	changed chan struct{}
}

func newFrontier(urls ...string) *frontier {
	f := &frontier{seen: make(map[string]bool), changed: make(chan struct{})}
	for _, u := range urls {
		f.add(u)
	}
	return f
}

// add queues a URL that was not seen before.
func (f *frontier) add(url string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.seen[url] {
		f.seen[url] = true
		f.ready = append(f.ready, page{url: url})
		f.wake()
	}
}

// again puts a page back until it is due. It is false when it had its turns.
func (f *frontier) again(p page, due time.Time) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.pending--
	f.wake()
	if p.turn++; p.turn > maxTurns {
		return false
	}
	p.due = due
	f.later = append(f.later, p)
	return true
}

// done tells that a page is finished, one way or another.
func (f *frontier) done() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.pending--
	f.wake()
}

// known is how many URLs were seen so far.
func (f *frontier) known() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.seen)
}

// next waits for a page. It is false when there is none left or ctx has ended.
func (f *frontier) next(ctx context.Context) (page, bool) {
	for {
		p, ok, wait, changed := f.take(time.Now())
		if ok {
			return p, true
		}
		if wait < 0 {
			return page{}, false
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-changed:
		case <-ctx.Done():
			timer.Stop()
			return page{}, false
		}
		timer.Stop()
	}
}

// take returns a page that is ready, else how long to wait for one; negative when
// none will come.
func (f *frontier) take(now time.Time) (page, bool, time.Duration, <-chan struct{}) {
	f.mu.Lock()
	defer f.mu.Unlock()
	wait := time.Hour
	waiting := f.later[:0]
	for _, p := range f.later {
		if d := p.due.Sub(now); d > 0 {
			wait = min(wait, d)
			waiting = append(waiting, p)
		} else {
			f.ready = append(f.ready, p)
		}
	}
	f.later = waiting
	if len(f.ready) > 0 {
		p := f.ready[0]
		f.ready = f.ready[1:]
		f.pending++
		return p, true, 0, nil
	}
	if len(f.later) == 0 && f.pending == 0 {
		return page{}, false, -1, nil
	}
	return page{}, false, wait, f.changed
}

// wake is called with the lock held.
func (f *frontier) wake() {
	close(f.changed)
	f.changed = make(chan struct{})
}

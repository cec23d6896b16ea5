package captcha

import (
	"sync"
	"time"

	"github.com/godwit-go/godwit/internal/keyed"
	"github.com/godwit-go/godwit/trip"
)

// flightKey is what a challenge is solved for at most once at a time.
type flightKey struct {
	id     *trip.Identity
	domain string
}

// flight is a solve under way. Those who are challenged meanwhile wait for it.
type flight struct {
	done chan struct{}
	err  error // why the challenge was not lifted; valid once done is closed
}

// flights lets one call per visitor and domain solve while the others wait. It is
// safe for concurrent use.
type flights struct {
	mu   sync.Mutex
	live map[flightKey]*flight
}

// join returns the flight for key. The caller leads it when there was none, and
// then must land it.
func (fs *flights) join(key flightKey) (f *flight, leads bool) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	if f := fs.live[key]; f != nil {
		return f, false
	}
	if fs.live == nil {
		fs.live = make(map[flightKey]*flight)
	}
	f = &flight{done: make(chan struct{})}
	fs.live[key] = f
	return f, true
}

func (fs *flights) land(key flightKey, f *flight, err error) {
	fs.mu.Lock()
	delete(fs.live, key)
	fs.mu.Unlock()
	f.err = err
	close(f.done)
}

// record is what is remembered of a visitor's or domain's solves.
type record struct {
	lifted   uint64    // the turn at which the last was accepted
	rejected int       // how many in a row were not
	until    time.Time // when one more is tried after too many were not
}

// records remembers by key. It is safe for concurrent use.
type records struct {
	mu  sync.Mutex
	all *keyed.Map[*record]
}

func newRecords() *records {
	return &records{all: keyed.New(keyed.Bounds[*record]{
		Max: maxRemembered, Idle: maxIdle,
		Keep: func(r *record, now time.Time) bool { return now.Before(r.until) },
	})}
}

// get returns a copy of what is remembered of key.
func (rs *records) get(key string, now time.Time) record {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	if r, ok := rs.all.Get(key, now); ok {
		return *r
	}
	return record{}
}

// accepted notes that an answer was good, at a turn of the group's.
func (rs *records) accepted(key string, turn uint64, now time.Time) {
	rs.change(key, now, func(r *record) { *r = record{lifted: turn} })
}

// rejected notes that an answer was not good. From limit in a row on, nothing is
// bought for the time of rest; a negative limit never stops.
func (rs *records) rejected(key string, now time.Time, limit int, rest time.Duration) {
	rs.change(key, now, func(r *record) {
		r.rejected++
		if limit > 0 && r.rejected >= limit {
			r.until = now.Add(rest)
		}
	})
}

func (rs *records) change(key string, now time.Time, f func(*record)) {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	r, ok := rs.all.Get(key, now)
	if !ok {
		r = new(record)
		rs.all.Room(now)
		rs.all.Put(key, r, now)
	}
	f(r)
}

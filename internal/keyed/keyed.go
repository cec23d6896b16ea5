// Package keyed keeps state per key within bounds of number and idle time, for
// the layers that know something about every domain they have met.
package keyed

import (
	"container/list"
	"iter"
	"time"
)

// Map holds one state per key, in the order of use. It is not safe for concurrent
// use: it belongs under its owner's lock.
type Map[S any] struct {
	bounds  Bounds[S]
	entries map[string]*list.Element
	order   *list.List // of *entry[S], most recently used first
}

// Bounds says what a [Map] may forget, and when.
type Bounds[S any] struct {
	// Max is how many keys are kept.
	Max int
	// Idle is how long a key is kept after its last use.
	Idle time.Duration
	// Keep tells that a state must not be forgotten now, however old it is.
	Keep func(s S, now time.Time) bool
}

type entry[S any] struct {
	key   string
	state S
	used  time.Time
}

// sweep bounds the work that one call of Room does.
const sweep = 32

// New returns an empty Map.
func New[S any](b Bounds[S]) *Map[S] {
	return &Map[S]{bounds: b, entries: make(map[string]*list.Element), order: list.New()}
}

// Get returns the state of key and notes that it was used.
func (m *Map[S]) Get(key string, now time.Time) (s S, ok bool) {
	el, ok := m.entries[key]
	if !ok {
		return s, false
	}
	e := el.Value.(*entry[S])
	e.used = now
	m.order.MoveToFront(el)
	return e.state, true
}

// Look returns the state of key without noting a use.
func (m *Map[S]) Look(key string) (s S, ok bool) {
	el, ok := m.entries[key]
	if !ok {
		return s, false
	}
	return el.Value.(*entry[S]).state, true
}

// Put adds the state of a key that is not in the map yet. It does not look at the
// bounds: ask Room first.
func (m *Map[S]) Put(key string, s S, now time.Time) {
	m.entries[key] = m.order.PushFront(&entry[S]{key: key, state: s, used: now})
}

// Room forgets what is idle, and the least recently used states as far as needed
// to make room for one more. It is false when there is none because what it came
// across must be kept. A state that was kept goes to the front of the queue, so
// that the next call looks at others.
func (m *Map[S]) Room(now time.Time) bool {
	for range min(sweep, m.order.Len()) {
		el := m.order.Back()
		e := el.Value.(*entry[S])
		switch idle := now.Sub(e.used) >= m.bounds.Idle; {
		case !idle && m.order.Len() < m.bounds.Max:
			return true
		case m.bounds.Keep(e.state, now):
			m.order.MoveToFront(el)
		default:
			m.order.Remove(el)
			delete(m.entries, e.key)
		}
	}
	return m.order.Len() < m.bounds.Max
}

// SetBounds changes the bounds. They take effect as room is made.
func (m *Map[S]) SetBounds(b Bounds[S]) { m.bounds = b }

// Len is the number of keys.
func (m *Map[S]) Len() int { return m.order.Len() }

// All returns the keys and their states, in no order. The map must not be changed
// meanwhile.
func (m *Map[S]) All() iter.Seq2[string, S] {
	return func(yield func(string, S) bool) {
		for key, el := range m.entries {
			if !yield(key, el.Value.(*entry[S]).state) {
				return
			}
		}
	}
}

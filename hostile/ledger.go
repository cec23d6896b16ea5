package hostile

import (
	"maps"
	"net/http"
	"sync"
)

// Act is one thing that a site books in its [Ledger].
type Act uint8

// What a site books. Requests are booked by the site, everything else by whoever
// answered.
const (
	Requested  Act = iota // a request arrived
	Served                // a page, or another piece of the site's content, went out whole
	Blocked               // a ban page was served or a banned visitor cut off
	Throttled             // a request was refused because it came too fast
	Failed                // the site answered with a fault of its own: 5xx, reset, cut short
	Challenged            // a challenge page was served
	Cleared               // a clearance let a visitor through for the first time
	Rejected              // an answer to a challenge was wrong, used up or not this visitor's
	Early                 // a request came back before the Retry-After it had been told
	Disallowed            // a request for what robots.txt forbids
	Leaked                // a request carried a proxy's credentials
	acts
	nothing = acts // to be booked
)

// Counts are the acts that a site booked.
type Counts struct {
	Requests   int // requests that arrived
	Served     int // pages and other content that went out whole
	Blocked    int // ban pages
	Throttled  int // requests refused because they came too fast
	Failed     int // faults: 5xx, resets, bodies cut short
	Challenged int // challenge pages
	Cleared    int // clearances that let a visitor through, each counted once
	Rejected   int // wrong, used up or foreign answers to challenges
	Early      int // requests that came back before their Retry-After
	Disallowed int // requests for what robots.txt forbids
	Leaked     int // requests that carried a proxy's credentials
}

func (c *Counts) add(act Act) {
	*[acts]*int{
		&c.Requests, &c.Served, &c.Blocked, &c.Throttled, &c.Failed, &c.Challenged,
		&c.Cleared, &c.Rejected, &c.Early, &c.Disallowed, &c.Leaked,
	}[act]++
}

// Ledger is a copy of a site's books.
type Ledger struct {
	Counts
	// Visitors has the counts of every visitor address.
	Visitors map[string]Counts
	// Orders counts the POSTs that took effect, by request id.
	Orders map[string]int
}

// Duplicates returns how many POSTs took effect that had taken effect before.
func (l Ledger) Duplicates() int {
	n := 0
	for _, times := range l.Orders {
		n += times - 1
	}
	return n
}

// books is a Ledger that is being written.
type books struct {
	mu       sync.Mutex
	total    Counts
	visitors map[string]*Counts
	orders   map[string]int
	turns    map[string]int // requests by path
	arrivals []Arrival      // a ring, once it is full
	oldest   int            // index of the ring's first
}

func newBooks() *books {
	return &books{visitors: make(map[string]*Counts), orders: make(map[string]int), turns: make(map[string]int)}
}

// arrive books a request and returns how often its path was asked for by now.
func (b *books) arrive(a Arrival, path string) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.remember(a)
	b.count(a.Visitor.Address, Requested)
	b.turns[path]++
	return b.turns[path]
}

func (b *books) book(address string, act Act) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.count(address, act)
}

func (b *books) count(address string, act Act) {
	visitor := b.visitors[address]
	if visitor == nil {
		visitor = new(Counts)
		b.visitors[address] = visitor
	}
	visitor.add(act)
	b.total.add(act)
}

// order books the effect of a POST and returns how often it took effect by now.
func (b *books) order(id string) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.orders[id]++
	return b.orders[id]
}

func (b *books) ledger() Ledger {
	b.mu.Lock()
	defer b.mu.Unlock()
	l := Ledger{Counts: b.total, Visitors: make(map[string]Counts, len(b.visitors)), Orders: maps.Clone(b.orders)}
	for address, counts := range b.visitors {
		l.Visitors[address] = *counts
	}
	return l
}

// Ledger returns a copy of the site's books as they are now.
func (s *Site) Ledger() Ledger { return s.books.ledger() }

// Book books an act for the visitor who made the request. Hazards book what they do.
func (s *Site) Book(r *http.Request, act Act) {
	s.books.book(VisitorOf(r).Address, act)
}

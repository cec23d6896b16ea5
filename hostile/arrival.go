package hostile

import (
	"net/http"
	"slices"
	"time"
)

// keptArrivals is how many requests a site remembers.
const keptArrivals = 10_000

// Arrival is one request as a site saw it: what it takes to judge a crawler's
// pace, and whether the header it sends is one browser's.
type Arrival struct {
	Time    time.Time
	Visitor Visitor
	Method  string
	Path    string // with the query
	Proto   string
	Header  http.Header
}

// arrival copies what there is to remember of a request.
func arrival(r *http.Request, visitor Visitor) Arrival {
	return Arrival{
		Time: time.Now(), Visitor: visitor, Method: r.Method, Path: r.URL.RequestURI(),
		Proto: r.Proto, Header: r.Header.Clone(),
	}
}

// remember keeps an arrival, and forgets the oldest when there are too many. The
// books' lock is held.
func (b *books) remember(a Arrival) {
	if len(b.arrivals) < keptArrivals {
		b.arrivals = append(b.arrivals, a)
		return
	}
	b.arrivals[b.oldest] = a
	b.oldest = (b.oldest + 1) % keptArrivals
}

// Arrivals returns the requests that arrived last, at most 10,000, the oldest
// first. Those to /robots.txt are among them.
func (s *Site) Arrivals() []Arrival {
	s.books.mu.Lock()
	defer s.books.mu.Unlock()
	return slices.Concat(s.books.arrivals[s.books.oldest:], s.books.arrivals[:s.books.oldest])
}

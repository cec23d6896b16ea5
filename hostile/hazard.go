package hostile

import (
	"net/http"
	"strconv"
)

// Hazard is something that stands between a visitor and a site's pages: a ban, a
// limit, an outage, a challenge. The package's own are plain values; users write
// their own with [HazardFunc].
type Hazard interface {
	// Before returns the handler that answers in place of next, or passes the
	// request on to it. It is called once, when the site starts, so that the same
	// value in two sites has a state in each. The handler serves many requests at
	// once, and books what it does with [Site.Book].
	Before(site *Site, next http.Handler) http.Handler
}

// HazardFunc is a function that is a [Hazard].
type HazardFunc func(site *Site, next http.Handler) http.Handler

// Before calls f.
func (f HazardFunc) Before(site *Site, next http.Handler) http.Handler { return f(site, next) }

// lot draws whether this visit of the path is one in oneIn. The draw follows from
// the seed and from how often the path was asked for, not from the order in which
// requests for different paths arrive.
func (s *Site) lot(r *http.Request, purpose string, oneIn int) bool {
	if oneIn <= 0 {
		return false
	}
	return s.dice(purpose, r.URL.Path, strconv.Itoa(visitOf(r).turn)).IntN(oneIn) == 0
}

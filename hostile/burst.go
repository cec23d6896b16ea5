package hostile

import (
	"cmp"
	"net/http"
	"sync/atomic"
)

// Burst makes a site fail by count: of every Every requests the last Length are
// answered with 503, one after the other.
type Burst struct {
	// Every is the number of requests from one burst to the next. Default 50.
	Every int
	// Length is how many requests fail in a burst. Default 5.
	Length int
	// Status is what they are answered with. Default 503.
	Status int
}

func (b Burst) check(at string, found *problems) {
	notNegative(found, at+"Every", b.Every)
	notNegative(found, at+"Length", b.Length)
	found.status(at+"Status", b.Status)
}

// Before implements [Hazard].
func (b Burst) Before(site *Site, next http.Handler) http.Handler {
	every, length := int64(cmp.Or(b.Every, 50)), int64(cmp.Or(b.Length, 5))
	var asked atomic.Int64
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if (asked.Add(1)-1)%every < every-length {
			next.ServeHTTP(w, r)
			return
		}
		site.fail(w, r, cmp.Or(b.Status, http.StatusServiceUnavailable))
	})
}

// fail answers with a fault of the site's own.
func (s *Site) fail(w http.ResponseWriter, r *http.Request, status int) {
	s.Book(r, Failed)
	http.Error(w, http.StatusText(status), status)
}

package hostile

import (
	"net/http"
)

// Reset breaks the connection of some requests: with a TCP reset over HTTP/1.1,
// with RST_STREAM over HTTP/2, where other requests share the connection.
type Reset struct {
	// OneIn is how rare it is: one visit in so many, drawn by lot for every visit of
	// a path. Default 0: never.
	OneIn int
	// AfterHeader breaks after the response's header. Default false: before it.
	AfterHeader bool
}

func (h Reset) check(at string, found *problems) {
	notNegative(found, at+"OneIn", h.OneIn)
}

// Before implements [Hazard].
func (h Reset) Before(site *Site, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !site.lot(r, "reset", h.OneIn) {
			next.ServeHTTP(w, r)
			return
		}
		site.Book(r, Failed)
		if h.AfterHeader {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			w.Header().Set("Content-Length", "4096")
			w.WriteHeader(http.StatusOK)
			_ = http.NewResponseController(w).Flush()
		}
		abort(r)
	})
}

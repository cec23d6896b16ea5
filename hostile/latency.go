package hostile

import (
	"net/http"
	"strconv"
	"time"
)

// Latency keeps every visitor waiting for a time drawn between Min and Max.
type Latency struct {
	// Min is the shortest wait. Default 0.
	Min time.Duration
	// Max is the longest wait. Default Min.
	Max time.Duration
}

func (l Latency) check(at string, found *problems) {
	notNegative(found, at+"Min", l.Min)
	if l.Max != 0 && l.Max < l.Min {
		found.add(at+"Max", l.Max, "at least Min")
	}
}

// Before implements [Hazard].
func (l Latency) Before(site *Site, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		wait := l.Min
		if spread := l.Max - l.Min; spread > 0 {
			wait += time.Duration(site.dice("latency", r.URL.Path, strconv.Itoa(visitOf(r).turn)).Int64N(int64(spread)))
		}
		if wait > 0 && !site.web.pause(r.Context(), wait) {
			panic(http.ErrAbortHandler)
		}
		next.ServeHTTP(w, r)
	})
}

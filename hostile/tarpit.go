package hostile

import (
	"cmp"
	"net/http"
	"time"
)

// Tarpit serves some bodies in drops.
type Tarpit struct {
	// OneIn is how rare it is: one visit in so many, drawn by lot for every visit of
	// a path. Default 0: never.
	OneIn int
	// Drop is the size of one drop in bytes. Default 1.
	Drop int
	// Every is the time between two drops. Default one second.
	Every time.Duration
}

func (h Tarpit) check(at string, found *problems) {
	notNegative(found, at+"OneIn", h.OneIn)
	notNegative(found, at+"Drop", h.Drop)
	notNegative(found, at+"Every", h.Every)
}

// Before implements [Hazard].
func (h Tarpit) Before(site *Site, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if site.lot(r, "tarpit", h.OneIn) {
			w = &dropWriter{ResponseWriter: w, drop: cmp.Or(h.Drop, 1), wait: func() bool {
				return site.web.pause(r.Context(), cmp.Or(h.Every, time.Second))
			}}
		}
		next.ServeHTTP(w, r)
	})
}

// dropWriter writes drop by drop.
type dropWriter struct {
	http.ResponseWriter
	drop int
	wait func() bool
}

func (w *dropWriter) Write(p []byte) (int, error) {
	for at := 0; at < len(p); at += w.drop {
		if at > 0 && !w.wait() {
			panic(http.ErrAbortHandler)
		}
		n, err := w.ResponseWriter.Write(p[at:min(at+w.drop, len(p))])
		if err != nil {
			return at + n, err
		}
		if err := http.NewResponseController(w.ResponseWriter).Flush(); err != nil {
			return at + n, err
		}
	}
	return len(p), nil
}

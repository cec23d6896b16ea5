package hostile

import (
	"net/http"
)

// Truncate ends some responses in the middle of the body, although the header
// promised all of it.
type Truncate struct {
	// OneIn is how rare it is: one visit in so many, drawn by lot for every visit of
	// a path. Default 0: never.
	OneIn int
}

func (h Truncate) check(at string, found *problems) {
	notNegative(found, at+"OneIn", h.OneIn)
}

// Before implements [Hazard].
func (h Truncate) Before(site *Site, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if site.lot(r, "truncate", h.OneIn) {
			w = &halfWriter{ResponseWriter: w, end: func() { site.Book(r, Failed) }}
		}
		next.ServeHTTP(w, r)
	})
}

// halfWriter writes half of what it is given first, and then breaks off.
type halfWriter struct {
	http.ResponseWriter
	end func()
}

func (w *halfWriter) Write(p []byte) (int, error) {
	_, _ = w.ResponseWriter.Write(p[:len(p)/2])
	_ = http.NewResponseController(w.ResponseWriter).Flush()
	w.end()
	panic(http.ErrAbortHandler)
}

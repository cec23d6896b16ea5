package hostile

import (
	"encoding/json"
	"io"
	"net/http"
)

// order books the effect of a POST under its Idempotency-Key, X-Request-Id or
// form field id.
func (s *Site) order(w http.ResponseWriter, r *http.Request) {
	id := r.Header.Get("Idempotency-Key")
	if id == "" {
		id = r.Header.Get("X-Request-Id")
	}
	r.Body = http.MaxBytesReader(w, r.Body, 1<<20)
	if id == "" {
		id = r.PostFormValue("id")
	}
	if _, err := io.Copy(io.Discard, r.Body); err != nil || id == "" {
		http.Error(w, "an order needs an id and a whole body", http.StatusBadRequest)
		return
	}
	times := s.books.order(id)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusCreated)
	_ = json.NewEncoder(w).Encode(map[string]any{"id": id, "times": times})
}

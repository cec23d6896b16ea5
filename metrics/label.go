package metrics

import (
	"net/http"
	"strings"
	"sync"

	"github.com/godwit-go/godwit/trip"
)

// other is the label value of all that has no series of its own.
const other = "other"

// maxWords is how many values a label may have whose words other packages choose.
const maxWords = 40

// maxLabel is how long a label value may be, in bytes.
const maxLabel = 200

// clean makes a label value of s, which may come from a URL.
func clean(s string) string {
	if len(s) > maxLabel {
		s = s[:maxLabel]
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}

// words keeps a label to few values, whatever it is given.
type words struct {
	mu    sync.RWMutex
	known map[string]string
}

func (w *words) label(s string) string {
	if s == "" {
		return "none"
	}
	w.mu.RLock()
	label, ok := w.known[s]
	full := len(w.known) >= maxWords
	w.mu.RUnlock()
	switch {
	case ok:
		return label
	case full:
		return other
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.known) >= maxWords {
		return other
	}
	if w.known == nil {
		w.known = make(map[string]string)
	}
	w.known[s] = clean(s)
	return w.known[s]
}

// Indices into the arrays of cached handles.
const (
	methodCount  = 9
	codeCount    = 6
	verdictCount = len(trip.Verdicts) + 1
	phaseCount   = int(trip.Total) + 1
	modeCount    = 5
	poolCount    = 2*MaxPools + 1 // as many as are kept, as many as come along, and the rest
)

var (
	methodNames = [methodCount]string{
		other, http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut,
		http.MethodPatch, http.MethodDelete, http.MethodOptions, "QUERY",
	}
	codeNames = [codeCount]string{"error", "1xx", "2xx", "3xx", "4xx", "5xx"}
	modeNames = [modeCount]string{other, "normal", "sticky", "probe", "fail_open"}
)

func methodIndex(method string) int {
	switch method {
	case "", http.MethodGet:
		return 1
	}
	for i, name := range methodNames {
		if name == method {
			return i
		}
	}
	return 0
}

func codeIndex(status int) int {
	if status < 100 || status > 599 {
		return 0
	}
	return status / 100
}

func verdictIndex(v trip.Verdict) int {
	if int(v) >= verdictCount {
		return int(trip.Unknown)
	}
	return int(v)
}

// phaseIndex takes a time-out that fell in no phase of its own for one of the whole.
func phaseIndex(p trip.Phase) int {
	if p == trip.NoPhase || int(p) >= phaseCount {
		return int(trip.Total)
	}
	return int(p)
}

func modeIndex(mode string) int {
	for i, name := range modeNames {
		if name == mode {
			return i
		}
	}
	return 0
}

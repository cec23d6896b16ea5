package hostile

import (
	"cmp"
	"fmt"
	"html"
	"net/http"
	"sync"
	"time"
)

// DefaultBanFor is how long a [Ban] lasts unless told otherwise.
const DefaultBanFor = time.Minute

// Ban shuts out visitor addresses: those named, and those that ask too much. A
// banned visitor gets a page that says so, with status 403.
type Ban struct {
	// Requests within Window is what an address may ask for; one more and it is
	// banned. Default 0: only the Addresses are banned.
	Requests int
	// Window is the time that Requests are counted in. Default one second.
	Window time.Duration
	// For is how long the ban of an address lasts. Default [DefaultBanFor].
	For time.Duration
	// Addresses are banned from the beginning and for good. Default none.
	Addresses []string
	// Status is the status of the ban page. Default 403.
	Status int
	// Cut breaks the connection instead of serving a page. Default false.
	Cut bool
}

func (b Ban) check(at string, found *problems) {
	notNegative(found, at+"Requests", b.Requests)
	notNegative(found, at+"Window", b.Window)
	notNegative(found, at+"For", b.For)
	found.status(at+"Status", b.Status)
}

// Before implements [Hazard].
func (b Ban) Before(site *Site, next http.Handler) http.Handler {
	var mu sync.Mutex
	asked := meter{limit: b.Requests, window: cmp.Or(b.Window, time.Second)}
	banned := make(map[string]time.Time) // until when
	for _, address := range b.Addresses {
		banned[address] = site.web.started.AddDate(100, 0, 0)
	}
	refuses := func(address string, now time.Time) bool {
		mu.Lock()
		defer mu.Unlock()
		if now.Before(banned[address]) {
			return true
		}
		if b.Requests <= 0 || asked.admit(address, now) {
			return false
		}
		banned[address] = now.Add(cmp.Or(b.For, DefaultBanFor))
		asked.forget(address)
		return true
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		address := VisitorOf(r).Address
		if !refuses(address, time.Now()) {
			next.ServeHTTP(w, r)
			return
		}
		site.Book(r, Blocked)
		if b.Cut {
			abort(r)
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(cmp.Or(b.Status, http.StatusForbidden))
		fmt.Fprintf(w, "<!DOCTYPE html>\n<html><head><title>Access denied</title></head>\n<body><h1>Access denied</h1>\n"+
			"<p>Your address %s has been blocked by %s because of unusual traffic.</p></body></html>\n",
			html.EscapeString(address), html.EscapeString(site.host))
	})
}

// A meter counts what each key did within a sliding window.
type meter struct {
	limit  int
	window time.Duration
	times  map[string][]time.Time
}

// admit counts one for key, unless that would be more than the limit.
func (m *meter) admit(key string, now time.Time) bool {
	times := m.times[key]
	for len(times) > 0 && now.Sub(times[0]) >= m.window {
		times = times[1:]
	}
	ok := len(times) < m.limit
	if ok {
		times = append(times, now)
	}
	if m.times == nil {
		m.times = make(map[string][]time.Time)
	}
	m.times[key] = times
	return ok
}

// free returns when the key may do one thing more.
func (m *meter) free(key string, now time.Time) time.Time {
	if times := m.times[key]; len(times) > 0 {
		return times[0].Add(m.window)
	}
	return now.Add(m.window)
}

func (m *meter) forget(key string) { delete(m.times, key) }

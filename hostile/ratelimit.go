package hostile

import (
	"cmp"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// RetryForm is the form in which a site says when to come back.
type RetryForm uint8

// The forms of Retry-After (RFC 9110, 10.2.3), and its absence.
const (
	RetrySeconds RetryForm = iota // Retry-After: 2
	RetryDate                     // Retry-After: Fri, 31 Dec 1999 23:59:59 GMT
	RetryUnsaid                   // no Retry-After
)

// RateLimit refuses visitors who ask too fast, with 429 and Retry-After. Until
// that time it refuses everything; a visitor who asks again for the same path
// before then is booked as [Early].
type RateLimit struct {
	// Requests within Window is what is answered. Default 1.
	Requests int
	// Window is the time that Requests are counted in. Default one second.
	Window time.Duration
	// Shared counts all visitors together. Default false: each address by itself.
	Shared bool
	// Wait is how long the visitor is told to stay away, rounded up to seconds as
	// the header has them. Default: until the window admits one more.
	Wait time.Duration
	// Form is how it is told. Default [RetrySeconds].
	Form RetryForm
	// Skew is how much the site's clock is ahead of the true time; it shows in Date
	// and in a Retry-After date. Negative is behind. Default 0.
	Skew time.Duration
	// Status is the status of the refusal. Default 429.
	Status int
}

func (l RateLimit) check(at string, found *problems) {
	notNegative(found, at+"Requests", l.Requests)
	notNegative(found, at+"Window", l.Window)
	notNegative(found, at+"Wait", l.Wait)
	found.status(at+"Status", l.Status)
	if l.Form > RetryUnsaid {
		found.add(at+"Form", l.Form, "one of the forms")
	}
}

// Before implements [Hazard].
func (l RateLimit) Before(site *Site, next http.Handler) http.Handler {
	limiter := &limiter{
		RateLimit: l,
		meter:     meter{limit: cmp.Or(l.Requests, 1), window: cmp.Or(l.Window, time.Second)},
		until:     make(map[string]time.Time),
		told:      make(map[string]time.Time),
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		now := time.Now()
		ok, early, until := limiter.ask(VisitorOf(r).Address, r.URL.Path, now)
		if early {
			site.Book(r, Early)
		}
		if ok {
			next.ServeHTTP(w, r)
			return
		}
		site.Book(r, Throttled)
		w.Header().Set("Date", now.Add(l.Skew).UTC().Format(http.TimeFormat))
		switch l.Form {
		case RetrySeconds:
			w.Header().Set("Retry-After", strconv.Itoa(int(until.Sub(now)/time.Second)))
		case RetryDate:
			w.Header().Set("Retry-After", until.Add(l.Skew).UTC().Format(http.TimeFormat))
		}
		http.Error(w, "Too many requests", cmp.Or(l.Status, http.StatusTooManyRequests))
	})
}

type limiter struct {
	RateLimit
	mu    sync.Mutex
	meter meter
	until map[string]time.Time // by key: when it is open again
	told  map[string]time.Time // by visitor and path: what it was told
}

// ask admits a request or says until when it is not; early when the visitor had
// been told so before.
func (l *limiter) ask(address, path string, now time.Time) (ok, early bool, until time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	key := address
	if l.Shared {
		key = ""
	}
	who := address + " " + path
	early = l.Form != RetryUnsaid && now.Before(l.told[who])
	if !now.Before(l.until[key]) {
		if l.meter.admit(key, now) {
			delete(l.told, who)
			return true, early, time.Time{}
		}
		wait := l.Wait
		if wait == 0 {
			wait = l.meter.free(key, now).Sub(now)
		}
		l.until[key] = now.Add(wait)
	}
	// The header counts in seconds: what it says is never shorter than the truth.
	until = now.Add((l.until[key].Sub(now) + time.Second - 1).Truncate(time.Second))
	l.told[who] = l.until[key]
	return false, early, until
}

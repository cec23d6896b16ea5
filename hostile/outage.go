package hostile

import (
	"cmp"
	"net/http"
	"strconv"
	"time"
)

// Outage makes a site fail by time: after After it is down for For, and again
// every Every.
type Outage struct {
	// After is how long the web runs before the site goes down first. Default 0.
	After time.Duration
	// For is how long it is down. Default one second.
	For time.Duration
	// Every is the time from the beginning of one outage to the next. Default 0:
	// there is only one.
	Every time.Duration
	// Status is what is answered meanwhile. Default 503.
	Status int
	// RetryAfter is told with it, rounded up to seconds. Default 0: nothing is told.
	RetryAfter time.Duration
}

func (o Outage) check(at string, found *problems) {
	notNegative(found, at+"After", o.After)
	notNegative(found, at+"For", o.For)
	notNegative(found, at+"Every", o.Every)
	notNegative(found, at+"RetryAfter", o.RetryAfter)
	found.status(at+"Status", o.Status)
}

// Before implements [Hazard].
func (o Outage) Before(site *Site, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !o.down(time.Since(site.web.started)) {
			next.ServeHTTP(w, r)
			return
		}
		if o.RetryAfter > 0 {
			w.Header().Set("Retry-After", strconv.Itoa(int((o.RetryAfter+time.Second-1)/time.Second)))
		}
		site.fail(w, r, cmp.Or(o.Status, http.StatusServiceUnavailable))
	})
}

// down reports whether the site is down when the web has run for age.
func (o Outage) down(age time.Duration) bool {
	age -= o.After
	if age >= 0 && o.Every > 0 {
		age %= o.Every
	}
	return age >= 0 && age < cmp.Or(o.For, time.Second)
}

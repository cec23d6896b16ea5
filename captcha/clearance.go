package captcha

import (
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/godwit-go/godwit/internal/keyed"
)

// Bounds of what is remembered per domain and egress.
const (
	maxRemembered = 10_000
	maxIdle       = 24 * time.Hour
)

// clearance is a set of cookies that lift a domain's challenge for one egress and
// one user agent.
type clearance struct {
	userAgent string
	cookies   []*http.Cookie
	obtained  time.Time
	expires   time.Time
}

// newClearance takes from a solution what later calls can use. Its life ends with
// the first of its cookies; lasts is for solutions that do not say.
func newClearance(s Solution, userAgent string, now time.Time, lasts time.Duration) clearance {
	c := clearance{userAgent: userAgent, cookies: s.Cookies, obtained: now, expires: s.ExpiresAt}
	sooner := func(at time.Time) {
		if c.expires.IsZero() || at.Before(c.expires) {
			c.expires = at
		}
	}
	for _, cookie := range s.Cookies {
		switch {
		case cookie.MaxAge > 0:
			sooner(now.Add(time.Duration(cookie.MaxAge) * time.Second))
		case cookie.MaxAge == 0 && !cookie.Expires.IsZero():
			sooner(cookie.Expires)
		}
	}
	if c.expires.IsZero() {
		c.expires = now.Add(lasts)
	}
	return c
}

type clearanceList struct{ list []clearance }

// clearances remembers what was earned, by egress and domain; one for each user
// agent. It is safe for concurrent use.
type clearances struct {
	mu  sync.Mutex
	all *keyed.Map[*clearanceList]
}

func newClearances() *clearances {
	return &clearances{all: keyed.New(keyed.Bounds[*clearanceList]{
		Max: maxRemembered, Idle: maxIdle, Keep: func(*clearanceList, time.Time) bool { return false },
	})}
}

// find returns a clearance that is good at now: the one for userAgent, else the
// newest for any, whose user agent the visitor then has to take over.
func (cs *clearances) find(key, userAgent string, now time.Time) (best clearance, ok bool) {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	known, ok := cs.all.Get(key, now)
	if !ok {
		return clearance{}, false
	}
	ok = false
	for _, c := range known.list {
		switch {
		case !now.Before(c.expires):
		case c.userAgent == userAgent:
			return c, true
		case !ok || c.obtained.After(best.obtained):
			best, ok = c, true
		}
	}
	return best, ok
}

// add remembers c in place of an older one for the same user agent.
func (cs *clearances) add(key string, c clearance, now time.Time) {
	cs.change(key, now, func(list []clearance) []clearance {
		list = slices.DeleteFunc(list, func(o clearance) bool {
			return o.userAgent == c.userAgent || !now.Before(o.expires)
		})
		return append(list, c)
	})
}

// drop forgets c, which was not accepted.
func (cs *clearances) drop(key string, c clearance, now time.Time) {
	cs.change(key, now, func(list []clearance) []clearance {
		return slices.DeleteFunc(list, func(o clearance) bool {
			return o.userAgent == c.userAgent && o.obtained.Equal(c.obtained)
		})
	})
}

func (cs *clearances) change(key string, now time.Time, f func([]clearance) []clearance) {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	known, ok := cs.all.Get(key, now)
	if !ok {
		known = new(clearanceList)
		cs.all.Room(now)
		cs.all.Put(key, known, now)
	}
	known.list = f(known.list)
}

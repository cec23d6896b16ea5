package ratelimit

import (
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/godwit-go/godwit/trip"
)

// The defaults of [Config].
const (
	DefaultRate        = 1.0
	DefaultBurst       = 1
	DefaultInFlight    = 2
	DefaultJitter      = 0.5
	DefaultPause       = 5 * time.Second
	DefaultMaxPause    = 5 * time.Minute
	DefaultPauseWait   = time.Minute
	DefaultSlowdown    = 2.0
	DefaultMaxInterval = time.Minute
	DefaultMaxKeys     = 10_000
	DefaultIdleAfter   = time.Hour
)

// Config is a pace. The zero Config is useful and polite: every field left out has
// the default that its comment ends with.
type Config struct {
	// Rate is how many requests per second may be sent. Negative means unlimited.
	// Default: [DefaultRate].
	Rate float64
	// Burst is how many requests may be sent at once after a rest, while the
	// average stays at Rate. Default: [DefaultBurst].
	Burst int
	// InFlight is how many requests may be under way at a time, each until its
	// response body has ended. Negative means unlimited. Default: [DefaultInFlight].
	InFlight int
	// Jitter varies the interval between two requests by up to this share in both
	// directions, from 0 to 1. Negative means none. Default: [DefaultJitter].
	Jitter float64
	// MaxWait refuses an exchange that would wait longer than this. Negative means
	// no bound, like zero. Default: none; the context's deadline bounds the wait.
	MaxWait time.Duration

	// Pause is how long a domain rests that throttles without saying for how long.
	// It doubles with each such burst that follows without a success in between.
	// Negative means that only the target's own Retry-After causes a rest.
	// Default: [DefaultPause].
	Pause time.Duration
	// MaxPause bounds the doubling. Default: [DefaultMaxPause], or Pause if that is
	// longer.
	MaxPause time.Duration
	// PauseWait is the longest rest that an exchange waits out; before a longer one
	// it is refused at once, so that the crawler can turn to another domain.
	// Negative means no bound. Default: [DefaultPauseWait].
	PauseWait time.Duration
	// Slowdown multiplies the interval when the domain blocks. Each success takes
	// back a tenth of what is above the interval of Rate. Negative means never to
	// slow down. Default: [DefaultSlowdown].
	Slowdown float64
	// MaxInterval bounds what Slowdown and Concurrency make of the interval.
	// Default: [DefaultMaxInterval], or the interval of Rate if that is longer.
	MaxInterval time.Duration
	// Concurrency adapts the pace to how fast the domain answers: the interval moves
	// towards the latency divided by Concurrency, so that about so many requests
	// keep the domain busy at a time. It never falls below the interval of Rate, and
	// an answer that is not 2xx never shortens it. Negative means no adaption, like
	// zero. Default: none.
	Concurrency float64

	// PerEgress makes this the pace of an egress instead of a domain. The wrapper
	// then stands below the lease. What a domain says does not change the pace.
	// Default: false, of a domain.
	PerEgress bool
	// Key names what has a pace of its own. Default: [trip.Domain], or with
	// PerEgress the label of the identity's egress.
	Key func(*http.Request) string
	// Peek returns an error when the exchange would be refused further down, by an
	// open breaker; then it does not wait but gets that error. The Refuse method of
	// a breaker.Group fits. Default: none.
	Peek func(key string) error
	// Observer is told of [trip.Waited], by each exchange that had to wait, and
	// [trip.Paused]. Default: none.
	Observer trip.Observer
	// Rand returns numbers in [0, 1) for the Jitter. It must be safe for concurrent
	// use and must not call back, for it is called under a lock.
	// Default: math/rand/v2.
	Rand func() float64

	// MaxKeys is how many domains are remembered. Those with exchanges under way
	// or at rest are remembered in any case. Default: [DefaultMaxKeys].
	MaxKeys int
	// IdleAfter is how long a domain is remembered without being asked for.
	// Default: [DefaultIdleAfter].
	IdleAfter time.Duration
}

// Validate returns everything that is wrong with c, joined; nil if nothing is.
func (c Config) Validate() error {
	var errs []error
	check := func(ok bool, format string, args ...any) {
		if !ok {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	check(c.Rate <= 0 || c.Rate >= minRate && c.Rate <= maxRate, "Rate: %v, want requests per second, at least one a day, or negative for unlimited", c.Rate)
	check(c.Burst >= 0, "Burst: %d, want a count, or 0 for %d", c.Burst, DefaultBurst)
	check(c.Jitter <= 1, "Jitter: %v, want a share of at most 1", c.Jitter)
	check(c.MaxPause >= 0, "MaxPause: %v, want a positive duration, or 0 for %v", c.MaxPause, DefaultMaxPause)
	if pause := cmp.Or(c.Pause, DefaultPause); c.MaxPause > 0 {
		check(pause <= c.MaxPause, "MaxPause: %v, want at least Pause, which is %v", c.MaxPause, pause)
	}
	check(c.Slowdown <= 0 || c.Slowdown >= 1, "Slowdown: %v, want a factor of at least 1, or negative for none", c.Slowdown)
	check(c.MaxInterval >= 0, "MaxInterval: %v, want a positive duration, or 0 for %v", c.MaxInterval, DefaultMaxInterval)
	check(c.Concurrency == c.Concurrency, "Concurrency: %v, want a number", c.Concurrency)
	check(c.MaxKeys >= 0, "MaxKeys: %d, want a count, or 0 for %d", c.MaxKeys, DefaultMaxKeys)
	check(c.IdleAfter >= 0, "IdleAfter: %v, want a positive duration, or 0 for %v", c.IdleAfter, DefaultIdleAfter)
	return errors.Join(errs...)
}

const (
	minRate = 1.0 / (24 * 60 * 60) // one request a day: less is a mistake
	maxRate = 1e9                  // more has no interval, and unlimited is to be said
)

func (c Config) withDefaults() Config {
	c.Rate = cmp.Or(c.Rate, DefaultRate)
	c.Burst = cmp.Or(c.Burst, DefaultBurst)
	c.InFlight = cmp.Or(c.InFlight, DefaultInFlight)
	c.Jitter = max(cmp.Or(c.Jitter, DefaultJitter), 0)
	c.Pause = cmp.Or(c.Pause, DefaultPause)
	c.MaxPause = cmp.Or(c.MaxPause, max(DefaultMaxPause, c.Pause))
	c.PauseWait = cmp.Or(c.PauseWait, DefaultPauseWait)
	c.Slowdown = cmp.Or(c.Slowdown, DefaultSlowdown)
	c.MaxInterval = max(cmp.Or(c.MaxInterval, DefaultMaxInterval), c.interval())
	c.MaxKeys = cmp.Or(c.MaxKeys, DefaultMaxKeys)
	c.IdleAfter = cmp.Or(c.IdleAfter, DefaultIdleAfter)
	switch {
	case c.Key != nil:
	case c.PerEgress:
		c.Key = egress
	default:
		c.Key = trip.Domain
	}
	if c.Rand == nil {
		c.Rand = rand.Float64
	}
	return c
}

// interval is that of Rate; 0 when unlimited.
func (c *Config) interval() time.Duration {
	if c.Rate <= 0 {
		return 0
	}
	return time.Duration(float64(time.Second) / c.Rate)
}

func egress(req *http.Request) string {
	if id := trip.IdentityFrom(req.Context()); id != nil {
		return id.Egress
	}
	return "direct"
}

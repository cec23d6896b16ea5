package breaker

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
	DefaultConsecutiveFailures = 5
	DefaultFailureRatio        = 0.5
	DefaultMinRequests         = 10
	DefaultWindow              = time.Minute
	DefaultOpenFor             = time.Minute
	DefaultMaxOpenFor          = 10 * time.Minute
	DefaultProbes              = 2
	DefaultProbeTimeout        = time.Minute
	DefaultMaxKeys             = 10_000
	DefaultIdleAfter           = time.Hour
)

// Config says when a breaker opens and for how long. The zero Config is useful:
// every field left out has the default that its comment ends with.
type Config struct {
	// ConsecutiveFailures opens the breaker when so many exchanges have failed in
	// a row, however far apart. Negative switches the rule off.
	// Default: [DefaultConsecutiveFailures].
	ConsecutiveFailures int
	// FailureRatio opens the breaker when this share of the exchanges in the
	// Window failed, from 0 to 1, provided there were MinRequests of them. Only
	// successes and failures count. Negative switches the rule off.
	// Default: [DefaultFailureRatio].
	FailureRatio float64
	// MinRequests is how many exchanges the Window must hold before FailureRatio
	// applies. Default: [DefaultMinRequests].
	MinRequests int
	// Window is how far back FailureRatio looks; it moves on in twelfths.
	// Default: [DefaultWindow].
	Window time.Duration

	// OpenFor is how long the breaker is open the first time. The time doubles
	// whenever a probe fails, or the breaker opens again before it has been closed
	// for as long as it was open last, and for a Window at least.
	// Default: [DefaultOpenFor].
	OpenFor time.Duration
	// MaxOpenFor bounds the doubling. Default: [DefaultMaxOpenFor], or OpenFor if
	// that is longer.
	MaxOpenFor time.Duration
	// Jitter spreads the time open by up to this share in both directions, from 0
	// to 1, so that many crawlers do not come back at the same moment. Negative
	// means none, like zero. Default: none.
	Jitter float64
	// Probes is how many exchanges a half-open breaker lets through at a time, and
	// how many of them must succeed for it to close. One that neither succeeds nor
	// fails gives its place to the next. Default: [DefaultProbes].
	Probes int
	// ProbeTimeout bounds how long a probe occupies its place. One that has no
	// response header by then counts as failed; one whose body still runs counts
	// as nothing. The exchange itself goes on. Default: [DefaultProbeTimeout].
	ProbeTimeout time.Duration

	// MaxKeys is how many domains are remembered. Open breakers are never dropped;
	// when they take up all the room, further domains go unguarded.
	// Default: [DefaultMaxKeys].
	MaxKeys int
	// IdleAfter is how long a domain is remembered without being asked for.
	// Default: [DefaultIdleAfter].
	IdleAfter time.Duration

	// Key names the domain of a request. Default: [trip.Domain].
	Key func(*http.Request) string
	// Changed is called when the breaker of key opens and when it closes, in that
	// order for each key, under no lock. Default: none.
	Changed func(key string, open bool)
	// Observer is told of [trip.BreakerChanged] and [trip.BreakerRejected].
	// Default: none.
	Observer trip.Observer
	// Rand returns numbers in [0, 1) for the Jitter. It must be safe for concurrent
	// use and must not call back, for it is called under a lock.
	// Default: math/rand/v2.
	Rand func() float64
}

// Validate returns everything that is wrong with c, joined; nil if nothing is.
func (c Config) Validate() error {
	var errs []error
	check := func(ok bool, format string, args ...any) {
		if !ok {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	check(c.FailureRatio <= 1, "FailureRatio: %v, want a share of at most 1", c.FailureRatio)
	check(c.MinRequests >= 0, "MinRequests: %d, want a count, or 0 for %d", c.MinRequests, DefaultMinRequests)
	check(c.Window >= 0, "Window: %v, want a positive duration, or 0 for %v", c.Window, DefaultWindow)
	check(c.OpenFor >= 0, "OpenFor: %v, want a positive duration, or 0 for %v", c.OpenFor, DefaultOpenFor)
	check(c.MaxOpenFor >= 0, "MaxOpenFor: %v, want a positive duration, or 0 for %v", c.MaxOpenFor, DefaultMaxOpenFor)
	if openFor := cmp.Or(c.OpenFor, DefaultOpenFor); openFor > 0 && c.MaxOpenFor > 0 {
		check(openFor <= c.MaxOpenFor, "MaxOpenFor: %v, want at least OpenFor, which is %v", c.MaxOpenFor, openFor)
	}
	check(c.Jitter <= 1, "Jitter: %v, want a share of at most 1", c.Jitter)
	check(c.Probes >= 0, "Probes: %d, want a count, or 0 for %d", c.Probes, DefaultProbes)
	check(c.ProbeTimeout >= 0, "ProbeTimeout: %v, want a positive duration, or 0 for %v", c.ProbeTimeout, DefaultProbeTimeout)
	check(c.MaxKeys >= 0, "MaxKeys: %d, want a count, or 0 for %d", c.MaxKeys, DefaultMaxKeys)
	check(c.IdleAfter >= 0, "IdleAfter: %v, want a positive duration, or 0 for %v", c.IdleAfter, DefaultIdleAfter)
	return errors.Join(errs...)
}

func (c Config) withDefaults() Config {
	c.ConsecutiveFailures = cmp.Or(c.ConsecutiveFailures, DefaultConsecutiveFailures)
	c.FailureRatio = cmp.Or(c.FailureRatio, DefaultFailureRatio)
	c.MinRequests = cmp.Or(c.MinRequests, DefaultMinRequests)
	c.Window = cmp.Or(c.Window, DefaultWindow)
	c.OpenFor = cmp.Or(c.OpenFor, DefaultOpenFor)
	c.MaxOpenFor = cmp.Or(c.MaxOpenFor, max(DefaultMaxOpenFor, c.OpenFor))
	c.Probes = cmp.Or(c.Probes, DefaultProbes)
	c.ProbeTimeout = cmp.Or(c.ProbeTimeout, DefaultProbeTimeout)
	c.MaxKeys = cmp.Or(c.MaxKeys, DefaultMaxKeys)
	c.IdleAfter = cmp.Or(c.IdleAfter, DefaultIdleAfter)
	if c.Key == nil {
		c.Key = trip.Domain
	}
	if c.Rand == nil {
		c.Rand = rand.Float64
	}
	return c
}

// openFor is the time open after so many doublings.
func (c *Config) openFor(doublings int) time.Duration {
	d := c.OpenFor
	for range doublings {
		if d > c.MaxOpenFor/2 {
			return c.MaxOpenFor
		}
		d *= 2
	}
	return d
}

// spread applies the Jitter, which random in [0, 1) decides on, to d.
func (c *Config) spread(d time.Duration, random float64) time.Duration {
	if c.Jitter <= 0 {
		return d
	}
	return time.Duration(float64(d) * (1 + c.Jitter*(2*random-1)))
}

package captcha

import (
	"cmp"
	"errors"
	"fmt"
	"time"

	"github.com/godwit-go/godwit/trip"
)

// The defaults of [Config].
const (
	// DefaultPrice is what a solve is reserved at when the solver names no price:
	// three tenths of a cent, above what the services ask for common kinds.
	DefaultPrice trip.USD = 3000
	// DefaultMaxSolves is how many challenges are solved for one call.
	DefaultMaxSolves = 1
	// DefaultTimeout is how long a call waits for a solution.
	DefaultTimeout = 180 * time.Second
	// DefaultClearance is how long a clearance is good that does not say so
	// itself. It is how long Cloudflare's is unless the site says otherwise.
	DefaultClearance = 30 * time.Minute
	// DefaultMaxRejected is how many answers in a row may be rejected.
	DefaultMaxRejected = 3
	// DefaultRest is how long nothing is bought for a domain after that.
	DefaultRest = 30 * time.Minute
)

// Config says what is done about challenges. The zero Config buys nothing: a
// challenge is detected and ends the call with an [*Error].
type Config struct {
	// Detector tells challenges from ordinary pages where no layer below has
	// done so. Default: the built-in rules.
	Detector DetectorConfig
	// Solvers are asked in order until one solves the challenge; those that do
	// not support it are passed over. Default none: nothing is solved, except
	// what only needs a button pressed.
	Solvers []Solver
	// Budget is what solvers are paid from. Without one only free solvers are
	// asked. Default none.
	Budget *Budget
	// Price is what is reserved for a solve by a solver that is no [Pricer].
	// Default [DefaultPrice].
	Price trip.USD
	// Submitter, if not nil, tells how the answer to c is handed in on a domain;
	// nil from it means the built-in way. Default nil.
	Submitter func(domain string, c *Challenge) Submitter
	// PassThrough returns a challenge page that was not lifted as the response it
	// is, in place of the [*Error]. Default false.
	PassThrough bool
	// MaxSolves is how many challenges are solved for one call, all its attempts
	// together; negative = none. Default [DefaultMaxSolves].
	MaxSolves int
	// Timeout bounds the wait for a solution; negative = only the caller does.
	// Default [DefaultTimeout].
	Timeout time.Duration
	// Clearance is how long a clearance is kept that names no expiry. Default
	// [DefaultClearance].
	Clearance time.Duration
	// MaxRejected is how many answers in a row may be rejected by a domain before
	// no more are bought for it; negative = unlimited. Default [DefaultMaxRejected].
	MaxRejected int
	// Rest is how long nothing is bought then. After it one more answer is tried.
	// Default [DefaultRest].
	Rest time.Duration
	// Observer is told of challenges seen, solved and failed. Default nil.
	Observer trip.Observer
}

// Validate tells everything that is wrong with the configuration.
func (c Config) Validate() error {
	var errs []error
	if err := c.Detector.Validate(); err != nil {
		errs = append(errs, fmt.Errorf("Detector.%w", err))
	}
	for i, s := range c.Solvers {
		if s == nil {
			errs = append(errs, fmt.Errorf("Solvers[%d]: nil, want a solver", i))
		}
	}
	if c.Price < 0 {
		errs = append(errs, fmt.Errorf("Price: %s, want 0 or more", c.Price))
	}
	if c.Clearance < 0 {
		errs = append(errs, fmt.Errorf("Clearance: %s, want 0 or more", c.Clearance))
	}
	if c.Rest < 0 {
		errs = append(errs, fmt.Errorf("Rest: %s, want 0 or more", c.Rest))
	}
	return errors.Join(errs...)
}

// withDefaults puts the documented defaults in the place of zeros.
func (c Config) withDefaults() Config {
	c.Price = cmp.Or(c.Price, DefaultPrice)
	c.MaxSolves = cmp.Or(c.MaxSolves, DefaultMaxSolves)
	c.Timeout = cmp.Or(c.Timeout, DefaultTimeout)
	c.Clearance = cmp.Or(c.Clearance, DefaultClearance)
	c.MaxRejected = cmp.Or(c.MaxRejected, DefaultMaxRejected)
	c.Rest = cmp.Or(c.Rest, DefaultRest)
	return c
}

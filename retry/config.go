package retry

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
	DefaultMaxAttempts    = 4
	DefaultBaseDelay      = time.Second
	DefaultMaxDelay       = time.Minute
	DefaultAttemptTimeout = 30 * time.Second
	DefaultMaxRetryAfter  = time.Minute
	DefaultBudgetRatio    = 0.2
	DefaultBudgetMin      = 3
	DefaultBudgetWindow   = 10 * time.Second
	DefaultMaxKeys        = 10_000
	DefaultIdleAfter      = time.Hour
)

// MaxBufferBody is the most that [Config.BufferBody] may be.
const MaxBufferBody = 1 << 20

// DefaultStatuses returns the statuses that are worth another try.
func DefaultStatuses() []int { return []int{408, 429, 500, 502, 503, 504, 522, 524} }

// Config says what is tried again, how often and when. The zero Config is useful:
// every field left out has the default that its comment ends with.
type Config struct {
	// MaxAttempts is how often a call is sent in all; 1 means no retries.
	// Default: [DefaultMaxAttempts].
	MaxAttempts int
	// BaseDelay bounds the first pause, which is drawn evenly from nothing to
	// that; the bound doubles with each attempt. Negative means no pauses, except
	// those that a target asks for. Default: [DefaultBaseDelay].
	BaseDelay time.Duration
	// MaxDelay bounds the doubling. Default: [DefaultMaxDelay], or BaseDelay if
	// that is longer.
	MaxDelay time.Duration
	// AttemptTimeout is how long one attempt may take, the response body included,
	// so it bounds downloads too. It does not apply to a switched protocol, and it
	// stands still while a challenge is solved. Negative means no limit.
	// Default: [DefaultAttemptTimeout].
	AttemptTimeout time.Duration
	// MaxRetryAfter is the longest pause that is waited for because the target, or
	// a breaker or pool, asked for it. A longer one is returned at once. Negative
	// means that none is waited for. Default: [DefaultMaxRetryAfter].
	MaxRetryAfter time.Duration
	// Statuses lists the responses that are worth another try: of the server errors
	// and 429 only these, and of the others, which are successes, these too. An
	// empty list that is not nil means none. Default: [DefaultStatuses].
	Statuses []int

	// BudgetRatio bounds the retries on a domain to this share of its calls in the
	// BudgetWindow. Retries that leave by another proxy because the one before was
	// refused have a budget of their own, as large as the calls. Negative means no
	// bound. Default: [DefaultBudgetRatio].
	BudgetRatio float64
	// BudgetMin is how many retries each budget allows in a BudgetWindow however
	// few calls there are. Negative means none. Default: [DefaultBudgetMin].
	BudgetMin int
	// BudgetWindow is how far back the budgets look; it moves on in tenths.
	// Default: [DefaultBudgetWindow].
	BudgetWindow time.Duration

	// BufferBody is up to how many bytes a request body without GetBody is read
	// into memory, so that it can be sent again; at most [MaxBufferBody]. Longer
	// bodies are sent once. Negative means off. Default: off.
	BufferBody int64
	// RetryUnsafe lets requests be sent again that may take effect twice: POST and
	// PATCH without an Idempotency-Key. Default: false.
	RetryUnsafe bool

	// MaxKeys is how many domains have a budget that is remembered.
	// Default: [DefaultMaxKeys].
	MaxKeys int
	// IdleAfter is how long a domain is remembered without calls.
	// Default: [DefaultIdleAfter].
	IdleAfter time.Duration

	// Key names the domain of a request. Default: [trip.Domain].
	Key func(*http.Request) string
	// Observer is told of [trip.AttemptDone], [trip.Retrying] and
	// [trip.RetrySuppressed]. Default: none.
	Observer trip.Observer
	// Rand returns numbers in [0, 1) for the jitter, and must be safe for
	// concurrent use. Default: math/rand/v2.
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
	check(c.MaxAttempts >= 0, "MaxAttempts: %d, want at least 1, or 0 for %d", c.MaxAttempts, DefaultMaxAttempts)
	check(c.MaxDelay >= 0, "MaxDelay: %v, want a positive duration, or 0 for %v", c.MaxDelay, DefaultMaxDelay)
	if base := cmp.Or(c.BaseDelay, DefaultBaseDelay); base > 0 && c.MaxDelay > 0 {
		check(base <= c.MaxDelay, "MaxDelay: %v, want at least BaseDelay, which is %v", c.MaxDelay, base)
	}
	for _, status := range c.Statuses {
		check(status >= 300 && status <= 999, "Statuses: %d, want statuses from 300 to 999", status)
	}
	check(c.BudgetWindow >= 0, "BudgetWindow: %v, want a positive duration, or 0 for %v", c.BudgetWindow, DefaultBudgetWindow)
	check(c.BudgetRatio <= 10, "BudgetRatio: %v, want a share such as 0.2, or a negative number for no bound", c.BudgetRatio)
	check(c.BufferBody <= MaxBufferBody, "BufferBody: %d, want at most %d bytes", c.BufferBody, MaxBufferBody)
	check(c.MaxKeys >= 0, "MaxKeys: %d, want a count, or 0 for %d", c.MaxKeys, DefaultMaxKeys)
	check(c.IdleAfter >= 0, "IdleAfter: %v, want a positive duration, or 0 for %v", c.IdleAfter, DefaultIdleAfter)
	return errors.Join(errs...)
}

func (c Config) withDefaults() Config {
	c.MaxAttempts = cmp.Or(c.MaxAttempts, DefaultMaxAttempts)
	c.BaseDelay = cmp.Or(c.BaseDelay, DefaultBaseDelay)
	c.MaxDelay = cmp.Or(c.MaxDelay, max(DefaultMaxDelay, c.BaseDelay))
	c.AttemptTimeout = cmp.Or(c.AttemptTimeout, DefaultAttemptTimeout)
	c.MaxRetryAfter = cmp.Or(c.MaxRetryAfter, DefaultMaxRetryAfter)
	if c.Statuses == nil {
		c.Statuses = DefaultStatuses()
	}
	c.BudgetRatio = cmp.Or(c.BudgetRatio, DefaultBudgetRatio)
	c.BudgetMin = cmp.Or(c.BudgetMin, DefaultBudgetMin)
	c.BudgetWindow = cmp.Or(c.BudgetWindow, DefaultBudgetWindow)
	c.MaxKeys = cmp.Or(c.MaxKeys, DefaultMaxKeys)
	c.IdleAfter = cmp.Or(c.IdleAfter, DefaultIdleAfter)
	if c.Rand == nil {
		c.Rand = rand.Float64
	}
	return c
}

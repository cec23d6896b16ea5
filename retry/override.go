package retry

import (
	"cmp"
	"context"
	"time"
)

// Override replaces parts of the [Config] for the calls made with one context.
// Zero fields leave the Config as it is.
type Override struct {
	// MaxAttempts is how often a call is sent in all; 1 and less mean no retries.
	MaxAttempts int
	// AttemptTimeout is how long one attempt may take; negative means no limit.
	AttemptTimeout time.Duration
	// MaxRetryAfter is the longest pause that is waited for; negative means none.
	MaxRetryAfter time.Duration
	// Statuses lists the responses that are worth another try. An empty list that
	// is not nil means none.
	Statuses []int
	// RetryUnsafe says for these calls that they may be sent twice, whatever their
	// method is: a POST that only searches, say.
	RetryUnsafe bool
}

type overrideKey struct{}

// WithOverride returns a context whose calls are retried by o. It replaces the
// override that ctx has.
func WithOverride(ctx context.Context, o Override) context.Context {
	return context.WithValue(ctx, overrideKey{}, &o)
}

func (c *Config) overridden(ctx context.Context) *Config {
	o, _ := ctx.Value(overrideKey{}).(*Override)
	if o == nil {
		return c
	}
	merged := *c
	merged.MaxAttempts = cmp.Or(o.MaxAttempts, c.MaxAttempts)
	merged.AttemptTimeout = cmp.Or(o.AttemptTimeout, c.AttemptTimeout)
	merged.MaxRetryAfter = cmp.Or(o.MaxRetryAfter, c.MaxRetryAfter)
	if o.Statuses != nil {
		merged.Statuses = o.Statuses
	}
	merged.RetryUnsafe = c.RetryUnsafe || o.RetryUnsafe
	return &merged
}

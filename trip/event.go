package trip

import (
	"context"
	"time"
)

// Observer is told what godwit does. Observe is called synchronously, from many
// goroutines and never under a lock of godwit's, so it must be fast and safe for
// concurrent use. An event is only valid until Observe returns: copy what is to
// be kept. A panic in Observe is not caught.
type Observer interface {
	Observe(ctx context.Context, e Event)
}

// ObserverFunc makes an [Observer] of a function.
type ObserverFunc func(ctx context.Context, e Event)

// Observe calls f.
func (f ObserverFunc) Observe(ctx context.Context, e Event) { f(ctx, e) }

// Observers tells all of the given observers, in order. Nil ones are left out;
// the result is nil when none remains.
func Observers(all ...Observer) Observer {
	var list observers
	for _, o := range all {
		if o != nil {
			list = append(list, o)
		}
	}
	switch len(list) {
	case 0:
		return nil
	case 1:
		return list[0]
	}
	return list
}

type observers []Observer

func (list observers) Observe(ctx context.Context, e Event) {
	for _, o := range list {
		o.Observe(ctx, e)
	}
}

// Event is one of the pointer types of this file; the set is sealed, so a type
// switch over it can be complete. Strings in events are labels and fixed words,
// never credentials, and never a target's own text.
type Event interface{ event() }

// CallDone ends every call.
type CallDone struct {
	Call     *Call
	Method   string  // of the request
	Verdict  Verdict // of the last attempt; Local when there was none
	Status   int     // 0 without a response
	Attempts int
	Cost     USD           // spent on solving challenges
	Duration time.Duration // until the response header or the error
	Err      error         // nil with a response
}

// AttemptDone ends every attempt.
type AttemptDone struct {
	Attempt  *Attempt
	Outcome  Outcome
	Duration time.Duration // until the response header or the error
}

// ExchangeDone follows every request on the wire.
type ExchangeDone struct {
	Attempt  *Attempt
	Outcome  Outcome
	Duration time.Duration // until the response header or the error
}

// BodyDone follows the end of a response body that was passed on: the failure that
// comes after a header that looked fine, and the traffic, which proxies charge for.
type BodyDone struct {
	Attempt  *Attempt
	Pool     string  // whose egress carried it
	Outcome  Outcome // OK when it was read to its end or closed early
	Sent     int64   // bytes of the request body
	Received int64   // bytes of the response body, as they came over the wire
}

// Retrying announces another attempt after Delay.
type Retrying struct {
	Attempt *Attempt      // the one that failed
	Delay   time.Duration // 0 for at once
	Source  string        // what the delay follows: jitter, retry_after, ratelimit, rotate
}

// RetrySuppressed tells why a failed attempt is not followed by another although
// its verdict would allow it.
type RetrySuppressed struct {
	Attempt *Attempt  // the last one
	Cause   string    // attempts, budget, deadline, max_wait, not_replayable, not_idempotent
	RetryAt time.Time // when to come back; zero when nobody said
}

// Waited tells how long an exchange waited for its rate limit.
type Waited struct {
	Domain string
	Egress string // set when the limit is that of an egress
	Wait   time.Duration
}

// Paused tells that a whole domain rests: once per burst of refusals.
type Paused struct {
	Domain string
	Until  time.Time
	Reason string // that of the outcome that asked for it, as in [Outcome]
}

// ProxyPicked tells which egress an attempt leaves by.
type ProxyPicked struct {
	Pool   string
	Egress string
	Domain string
	Mode   string // normal, sticky, probe, fail_open
}

// ProxyGated tells that an egress is set aside: as a whole after faults, or for
// one domain after blocks.
type ProxyGated struct {
	Pool   string
	Egress string
	Domain string    // empty: for all domains
	Reason string    // blocked, faults, throttled
	Until  time.Time // when it may be tried again
}

// ProxyReadmitted tells that a gated egress is back.
type ProxyReadmitted struct {
	Pool   string
	Egress string
	Domain string // empty: for all domains
	Reason string // probe, check, due
}

// IdentityRetired tells that a visitor will not be seen again.
type IdentityRetired struct {
	Pool   string
	Egress string
	Domain string // where it was seen
	Reason string // blocked, age, uses, score, gone
}

// BreakerChanged tells of a change of a domain's circuit breaker.
type BreakerChanged struct {
	Domain   string
	From, To string    // closed, half_open, open
	RetryAt  time.Time // when an open breaker will admit a probe
}

// BreakerRejected tells of an exchange that an open breaker refused.
type BreakerRejected struct {
	Domain  string
	RetryAt time.Time // when the breaker will admit a probe; zero when it is kept open by hand
}

// ChallengeSeen tells of a challenge or a block page that was detected.
type ChallengeSeen struct {
	Domain  string
	Egress  string // label of the way out that met it
	Vendor  string // who made it, as package captcha names vendors
	Kind    string // what it asks for, as package captcha names kinds
	Rule    string // what it was recognised by
	Blocked bool   // a hard block, which no solver lifts
}

// ChallengeSolved tells of a challenge that was lifted.
type ChallengeSolved struct {
	Domain   string
	Vendor   string
	Kind     string
	Provider string        // the solver's name; empty for a cached clearance
	Cost     USD           // 0 for a cached clearance
	Duration time.Duration // from the challenge to the page
}

// ChallengeFailed tells of a challenge that was not lifted.
type ChallengeFailed struct {
	Domain   string
	Vendor   string
	Kind     string
	Provider string        // the last solver's name; empty when none was asked
	Cause    string        // no_solver, no_submitter, no_egress, budget, provider, rejected, canceled
	Cost     USD           // spent all the same
	Duration time.Duration // from the challenge to giving up
}

func (*CallDone) event()        {}
func (*AttemptDone) event()     {}
func (*ExchangeDone) event()    {}
func (*BodyDone) event()        {}
func (*Retrying) event()        {}
func (*RetrySuppressed) event() {}
func (*Waited) event()          {}
func (*Paused) event()          {}
func (*ProxyPicked) event()     {}
func (*ProxyGated) event()      {}
func (*ProxyReadmitted) event() {}
func (*IdentityRetired) event() {}
func (*BreakerChanged) event()  {}
func (*BreakerRejected) event() {}
func (*ChallengeSeen) event()   {}
func (*ChallengeSolved) event() {}
func (*ChallengeFailed) event() {}

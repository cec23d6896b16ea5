package retry

import (
	"slices"
	"time"

	"github.com/godwit-go/godwit/trip"
)

// situation is what the decision on another attempt depends on.
type situation struct {
	outcome    trip.Outcome
	sent       int  // attempts so far
	idempotent bool // may reach the target twice
	replayable bool // its body can be had again
	exchanges  int  // on the wire in this attempt; 0 when nobody counts
	rotates    bool // another attempt leaves by another egress
	now        time.Time
	deadline   time.Time // the caller's; zero means none
}

// decision is whether there is another attempt, when, and why not.
type decision struct {
	again  bool
	delay  time.Duration
	source string // what the delay follows; see [trip.Retrying]
	fund   fund   // which budget pays
	// cause tells why an attempt that was worth it is not made; see
	// [trip.RetrySuppressed]. It is empty when the verdict itself says no.
	cause   string
	retryAt time.Time
}

// fund is the budget that a retry draws on.
type fund uint8

const (
	ofNobody fund = iota // nothing was sent
	ofTarget
	ofEgress
)

// The causes of [trip.RetrySuppressed] and the sources of [trip.Retrying].
const (
	causeAttempts      = "attempts"
	causeBudget        = "budget"
	causeDeadline      = "deadline"
	causeMaxWait       = "max_wait"
	causeNotReplayable = "not_replayable"
	causeNotIdempotent = "not_idempotent"

	sourceJitter = "jitter"
	sourceRotate = "rotate"
)

// decide applies the table in the documentation of the package to an attempt that
// is worthwhile to repeat. The budget is asked afterwards, so that nothing is drawn
// for a retry that is not made.
func (c *Config) decide(s situation) decision {
	d := c.pause(s)
	if s.outcome.Verdict == trip.Local && d.retryAt.IsZero() {
		return decision{}
	}
	switch {
	case s.sent >= c.MaxAttempts:
		d.cause = causeAttempts
	case !s.idempotent && !unsent(s):
		d.cause = causeNotIdempotent
	case !s.replayable:
		d.cause = causeNotReplayable
	case !d.retryAt.IsZero() && d.retryAt.Sub(s.now) > c.MaxRetryAfter:
		d.cause = causeMaxWait
	case !s.deadline.IsZero() && !s.now.Add(d.delay).Before(s.deadline):
		d.cause = causeDeadline
		if d.retryAt.IsZero() {
			d.retryAt = s.now.Add(d.delay)
		}
	default:
		d.again = true
	}
	return d
}

// worthwhile tells whether the verdict allows another attempt.
func (c *Config) worthwhile(o trip.Outcome) bool {
	listed := slices.Contains(c.Statuses, o.Status)
	switch o.Verdict {
	case trip.OK:
		// What is an error to everybody else was judged otherwise on purpose.
		return listed && o.Status < 500 && o.Status != 429
	case trip.TargetError:
		return listed || o.Status < 500
	case trip.Throttled:
		return listed || o.Status != 429 && o.Status < 500
	case trip.Blocked, trip.Challenge, trip.ProxyError, trip.Local:
		return true
	default:
		return false
	}
}

// unsent tells that nothing of the request has reached the target, so that it may
// be sent again whatever its method is.
func unsent(s situation) bool {
	if s.outcome.Verdict == trip.Local {
		return true
	}
	switch s.outcome.Phase {
	case trip.Dial, trip.ProxyConnect, trip.TLS:
		return s.exchanges <= 1
	default:
		return false
	}
}

// pause tells when to try again and who pays for it.
func (c *Config) pause(s situation) decision {
	random := c.Rand()
	backoff := Backoff{Base: c.BaseDelay, Max: c.MaxDelay}
	o := s.outcome
	switch o.Verdict {
	case trip.ProxyError:
		return decision{source: sourceRotate, fund: ofEgress}
	case trip.Blocked, trip.Challenge:
		if s.rotates { // whoever comes next was not asked to wait
			return decision{delay: backoff.Delay(1, random), source: sourceRotate, fund: ofEgress}
		}
	}
	d := decision{delay: backoff.Delay(s.sent, random), source: sourceJitter, fund: ofTarget}
	if o.Verdict == trip.Local {
		d.fund = ofNobody
	}
	if !o.RetryAt.IsZero() {
		d.retryAt = o.RetryAt
		if wait := o.RetryAt.Sub(s.now); wait > 0 {
			d.delay, d.source = asked(wait, random), trip.SourceRetryAfter
		}
	}
	return d
}

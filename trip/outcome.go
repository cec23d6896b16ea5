package trip

import (
	"context"
	"errors"
	"net"
	"net/http"
	"time"
)

// Outcome is the verdict on one exchange together with its evidence.
type Outcome struct {
	// Verdict decides what every layer does. Zero is [Unknown].
	Verdict Verdict
	// Ambiguous marks a failure that could be the egress's or the target's
	// fault: a reset, EOF or timeout through a proxy. It is held against the
	// egress on this domain, and against the target only once a second egress
	// has seen the same.
	Ambiguous bool
	// Timeout tells that the failure was a deadline running out.
	Timeout bool
	// Phase is how far the exchange got when it failed.
	Phase Phase
	// Status is the response's status code; 0 without a response.
	Status int
	// RetryAt is when the target, breaker or pool wants to be asked again; zero
	// when it did not say.
	RetryAt time.Time
	// Reason says in a few fixed words why, never in the target's words: "status
	// 429", "cloudflare block". It may be empty.
	Reason string
	// Detail is what a detector found, for the layer that acts on it: a
	// *captcha.Challenge when the verdict is [Challenge] or [Blocked]. Else nil.
	Detail any
}

// Judged is an error that knows its own verdict, so that no layer has to guess
// from its text. The errors of godwit's packages implement it.
type Judged interface {
	error
	// Outcome returns the verdict on the exchange that failed with this error.
	Outcome() Outcome
}

// Classify judges an exchange by its status or error alone, after the table in
// the documentation of package godwit. It reads no body, so it never returns
// [Challenge]. Exactly one of resp and err is expected to be non-nil.
//
// A wrapper that may stand below a richer classifier asks [OutcomeOf] instead.
func Classify(ctx context.Context, resp *http.Response, err error) Outcome {
	if err != nil || resp == nil {
		return classifyError(ctx, err)
	}
	o := Outcome{Verdict: OK, Status: resp.StatusCode}
	if resp.StatusCode < 400 {
		return o
	}
	now := time.Now()
	wait, said := RetryAfter(resp, now)
	switch code := resp.StatusCode; {
	case code == http.StatusTooManyRequests:
		o.Verdict, o.Reason = Throttled, "status 429"
	case code == http.StatusForbidden && said:
		o.Verdict, o.Reason = Throttled, "status 403 with retry-after"
	case code == http.StatusServiceUnavailable && said:
		o.Verdict, o.Reason = Throttled, "status 503 with retry-after"
	case code == http.StatusForbidden:
		o.Verdict, o.Reason = Blocked, "status 403"
	case code == http.StatusProxyAuthRequired:
		// Only a plain-HTTP proxy can answer this: over a tunnel it is an error.
		o.Verdict, o.Phase, o.Reason = ProxyError, ProxyConnect, "status 407"
	case code == http.StatusNotImplemented:
	case code >= 500:
		o.Verdict, o.Reason = TargetError, "status 5xx"
		// A plain-HTTP proxy answers so when it cannot reach the target.
		gateway := code == http.StatusBadGateway || code == http.StatusServiceUnavailable || code == http.StatusGatewayTimeout
		o.Ambiguous = gateway && resp.TLS == nil && viaProxy(ctx)
	}
	if said && o.Verdict != OK {
		o.RetryAt = now.Add(wait)
	}
	return o
}

func classifyError(ctx context.Context, err error) Outcome {
	if ended := callerEnded(ctx); ended != nil {
		return Outcome{Verdict: Canceled, Timeout: errors.Is(ended, context.DeadlineExceeded), Reason: "caller's context"}
	}
	var judged Judged
	if errors.As(err, &judged) {
		return judged.Outcome()
	}
	if errors.Is(err, context.Canceled) {
		return Outcome{Verdict: Canceled, Reason: "canceled"}
	}
	o := Outcome{Verdict: TargetError, Reason: "connection"}
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		o.Timeout, o.Phase, o.Reason = true, Total, "timeout"
	}
	var op *net.OpError
	if errors.As(err, &op) && op.Op == "dial" {
		o.Phase = Dial
	}
	o.Ambiguous = viaProxy(ctx)
	return o
}

func viaProxy(ctx context.Context) bool {
	id := IdentityFrom(ctx)
	return id != nil && !id.Direct
}

// callerEnded tells whether it was the caller's own context that ended, as
// opposed to an attempt's timeout below it.
func callerEnded(ctx context.Context) error {
	if c := FromContext(ctx); c != nil {
		return c.parent.Err()
	}
	return ctx.Err()
}

// OutcomeOf returns what is known of the exchange that ended in resp or err: the
// outcome that was reported for it with [Attempt.Report], else what the error
// says of itself, else [Classify].
func OutcomeOf(ctx context.Context, resp *http.Response, err error) Outcome {
	if a := AttemptFrom(ctx); a != nil {
		if o, ok := a.reported(resp, err); ok {
			return o
		}
	}
	return Classify(ctx, resp, err)
}

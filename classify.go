package godwit

import (
	"context"
	"net/http"
	"time"

	"github.com/godwit-go/godwit/captcha"
	"github.com/godwit-go/godwit/trip"
)

// Classifier has the last word on an exchange: it is given what godwit makes of
// it and returns the outcome that counts. Exactly one of resp and err is non-nil.
type Classifier func(ctx context.Context, resp *http.Response, err error, o trip.Outcome) trip.Outcome

// classify is the layer that turns what came off the wire into a verdict, once
// per exchange and at the bottom, so that every layer above acts on the same one.
type classify struct {
	next     http.RoundTripper
	detector *captcha.Detector
	custom   Classifier
	suspects *suspects
	observer trip.Observer
}

func (c *classify) RoundTrip(req *http.Request) (*http.Response, error) {
	start := time.Now()
	resp, err := c.send(req)
	ctx, now := req.Context(), time.Now()
	o := c.judge(ctx, resp, err, now)
	a := trip.AttemptFrom(ctx)
	if a == nil {
		return resp, err
	}
	a.Report(o, resp, err)
	if c.observer != nil {
		c.observer.Observe(ctx, a.ExchangeDone(o, now.Sub(start)))
	}
	return resp, err
}

// send hands req on. Transports refuse what is malformed themselves, but net/http
// sends any method on an HTTP/2 connection that it has already.
func (c *classify) send(req *http.Request) (*http.Response, error) {
	if bad := malformedMethod(req); bad != nil {
		trip.CloseBody(req)
		return nil, bad
	}
	resp, err := c.next.RoundTrip(req)
	if err != nil {
		if bad := malformed(req); bad != nil {
			err = bad
		}
	}
	return resp, err
}

func (c *classify) judge(ctx context.Context, resp *http.Response, err error, now time.Time) trip.Outcome {
	o := trip.Classify(ctx, resp, err)
	if resp != nil && mayChallenge(resp.StatusCode) {
		o = c.inspect(resp, o)
	}
	o = c.suspects.weigh(ctx, o, now)
	if c.custom != nil {
		o = c.custom(ctx, resp, err, o)
	}
	return o
}

// mayChallenge tells whether a challenge could stand behind a status. A server
// that is broken puts none up, and its error pages are not worth reading.
func mayChallenge(status int) bool {
	return status < 500 || status == http.StatusServiceUnavailable || status > 599
}

// inspect looks for a challenge or a block page, which outweighs the status.
func (c *classify) inspect(resp *http.Response, o trip.Outcome) trip.Outcome {
	found, err := c.detector.Inspect(resp)
	if found == nil || err != nil && !found.Stands() {
		return o // a body that breaks off breaks off for its reader too
	}
	switch found.Verdict {
	case captcha.Challenged:
		o.Verdict = trip.Challenge
	case captcha.Blocked:
		o.Verdict = trip.Blocked
	default:
		return o
	}
	o.Ambiguous, o.Reason, o.Detail = false, found.Rule, found
	return o
}

// CloseIdleConnections forwards to the layers below.
func (c *classify) CloseIdleConnections() { trip.CloseIdle(c.next) }

package captcha

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/godwit-go/godwit/trip"
)

// maxRounds bounds how often one call sends its request again on the strength of
// what others earned.
const maxRounds = 4

// flow is the way of one call's attempt past a challenge.
type flow struct {
	group    *Group
	settings *settings
	next     http.RoundTripper
	req      *http.Request
	attempt  *trip.Attempt
	domain   string

	first     exchange
	challenge *Challenge // the newest; nil before the first
	began     time.Time  // when the first was seen
	sent      uint64     // the group's turn when the exchange that met the newest began
	userAgent string     // that it was shown to
	snippet   []byte
	provider  string   // asked last
	cost      trip.USD // spent in this flow
}

func (f *flow) run(ctx context.Context) (*http.Response, error) {
	sent := f.group.turn.Load()
	e := &f.first
	err := f.send(ctx, f.req, e)
	if err != nil {
		return nil, err
	}
	if e.challenge == nil {
		return e.resp, nil
	}
	f.meet(ctx, e.challenge, e.resp, sent)
	if e.challenge.Verdict == Blocked {
		return e.resp, nil
	}
	f.began = time.Now()
	page := f.putAside(e)
	resp, err := f.lift(ctx)
	var failed *Error
	switch {
	case err == nil:
		return resp, nil
	case !errors.As(err, &failed):
		return nil, err // of an exchange, which the layers above know how to judge
	case f.settings.PassThrough && ctx.Err() == nil:
		if trip.OutcomeOf(ctx, page, nil).Verdict != trip.Challenge {
			f.attempt.Report(failed.Outcome(), page, nil)
		}
		return page, nil
	}
	return nil, err
}

// meet takes note of a challenge or block.
func (f *flow) meet(ctx context.Context, c *Challenge, resp *http.Response, sent uint64) {
	f.challenge, f.sent, f.userAgent = c, sent, f.req.Header.Get("User-Agent")
	if resp.Request != nil {
		f.userAgent = resp.Request.Header.Get("User-Agent")
	}
	f.observe(ctx, &trip.ChallengeSeen{
		Domain: f.domain, Egress: visitorOf(ctx, f.group.self).id.Egress,
		Vendor: string(c.Vendor), Kind: string(c.Kind), Rule: c.Rule, Blocked: c.Verdict == Blocked,
	})
}

// putAside takes the challenge page off the wire: a solve takes a minute, which
// no connection or slot below has to wait for. It returns the page as a response
// that is still good when it is to be passed through.
func (f *flow) putAside(e *exchange) *http.Response {
	if f.settings.PassThrough {
		f.snippet = opening(e.challenge.Body)
		return buffered(e.resp)
	}
	f.snippet = discard(e)
	return nil
}

// lift finds a way past the challenge and returns the response to the request.
// It fails with an [*Error], or with the error of an exchange.
func (f *flow) lift(ctx context.Context) (*http.Response, error) {
	if !replayable(f.req) {
		return nil, f.fail(ctx, ErrNotReplayable)
	}
	for round := 0; round < maxRounds; {
		if f.recall(ctx) {
			resp, err := f.again(ctx)
			if resp != nil || err != nil {
				return resp, err
			}
			round++
			continue
		}
		key := flightKey{visitorOf(ctx, f.group.self).id, f.domain}
		flight, leads := f.group.flights.join(key)
		if leads && f.overtaken(ctx) { // by the one who landed just now
			f.group.flights.land(key, flight, nil)
			continue
		}
		if leads {
			return f.fly(ctx, key, flight)
		}
		if err := f.wait(ctx, flight); err != nil {
			return nil, f.fail(ctx, err)
		}
	}
	return nil, f.fail(ctx, ErrRejected)
}

// fly leads the flight and lands it, even where a solver or submitter of the
// user's panics: those who wait are not to wait for ever.
func (f *flow) fly(ctx context.Context, key flightKey, fl *flight) (resp *http.Response, err error) {
	landed := context.Canceled // which lets another one lead
	defer func() { f.group.flights.land(key, fl, landed) }()
	resp, err = f.lead(ctx)
	landed = err
	return resp, err
}

// recall tells whether the request has a chance to get through without another
// solve: somebody solved since it was sent, or earned a clearance for this egress
// that the visitor does not have yet, which it then gets.
func (f *flow) recall(ctx context.Context) bool {
	if f.overtaken(ctx) {
		return true
	}
	now, v := time.Now(), visitorOf(ctx, f.group.self)
	key := f.clearanceKey(v)
	c, ok := f.group.clearances.find(key, f.userAgent, now)
	if !ok {
		return false
	}
	if v.has(f.req.URL, c.cookies) && c.userAgent == f.userAgent {
		f.group.clearances.drop(key, c, now) // it was sent and did not help
		return false
	}
	f.grant(v, c)
	return true
}

// overtaken tells whether the visitor's challenge was lifted after the request
// that met it was sent.
func (f *flow) overtaken(ctx context.Context) bool {
	key := visitorKey(visitorOf(ctx, f.group.self), f.domain)
	return f.group.visitors.get(key, time.Now()).lifted > f.sent
}

// clearanceKey is what a clearance is good for. A domain may be many hosts, of
// which each has cookies of its own.
func (f *flow) clearanceKey(v visitor) string { return v.egress() + " " + f.req.URL.Host }

func visitorKey(v visitor, domain string) string { return fmt.Sprintf("%p %s", v.id, domain) }

// grant gives the visitor a clearance.
func (f *flow) grant(v visitor, c clearance) {
	v.put(f.req.URL, c.cookies)
	if c.userAgent != "" {
		v.id.SetUserAgent(f.domain, c.userAgent)
	}
}

// again sends the request again and returns the response if it is content, or
// nothing if it met a challenge, which is the newest then.
func (f *flow) again(ctx context.Context) (*http.Response, error) {
	sent := f.group.turn.Load()
	e, err := f.replay(ctx)
	if err != nil {
		return nil, err
	}
	if e.challenge == nil || e.challenge.Verdict == Blocked {
		if e.challenge == nil {
			f.solved(ctx, "")
		}
		return e.resp, nil
	}
	f.meet(ctx, e.challenge, e.resp, sent)
	f.snippet = discard(e)
	return nil, nil //nolint:nilnil // documented: neither
}

// replay sends the request again.
func (f *flow) replay(ctx context.Context) (*exchange, error) {
	req, err := fresh(ctx, f.req)
	if err != nil {
		return nil, err
	}
	e := new(exchange)
	return e, f.send(ctx, req, e)
}

// wait waits for another call's solve. Its error is why the challenge still
// stands; nil when this call may try.
func (f *flow) wait(ctx context.Context, fl *flight) error {
	ctx, cancel := f.patience(ctx)
	defer cancel()
	select {
	case <-fl.done:
	case <-ctx.Done():
		return ctx.Err()
	}
	if fl.err == nil || canceled(fl.err) {
		return nil
	}
	var failed *Error
	if !errors.As(fl.err, &failed) || ownShare(failed.Cause) {
		return nil // which may go better for this call
	}
	return failed.Cause
}

// ownShare tells whether what stopped a call was its own share, not a common limit.
func ownShare(cause error) bool {
	var over *BudgetError
	return errors.Is(cause, ErrSolves) || errors.As(cause, &over) && over.Cap == "PerCall"
}

// patience bounds how long a call waits for a solution, and stops the attempt's
// clock meanwhile. It honours the deprecated Request.Cancel as well, which
// http.Client sets beside the deadline.
func (f *flow) patience(ctx context.Context) (context.Context, context.CancelFunc) {
	cancel := f.attempt.Pause()
	if f.settings.Timeout > 0 {
		bounded, stop := context.WithTimeout(ctx, f.settings.Timeout)
		resume := cancel
		ctx, cancel = bounded, func() { stop(); resume() }
	}
	//lint:ignore SA1019 deprecated, yet set by http.Client.Timeout
	canceled := f.req.Cancel
	if canceled == nil {
		return ctx, cancel
	}
	ctx, giveUp := context.WithCancel(ctx)
	go func() {
		select {
		case <-canceled:
			giveUp()
		case <-ctx.Done():
		}
	}()
	return ctx, func() { giveUp(); cancel() }
}

// solved and fail tell how it ended.
func (f *flow) solved(ctx context.Context, provider string) {
	f.observe(ctx, &trip.ChallengeSolved{
		Domain: f.domain, Vendor: string(f.challenge.Vendor), Kind: string(f.challenge.Kind),
		Provider: provider, Cost: f.cost, Duration: time.Since(f.began),
	})
}

func (f *flow) fail(ctx context.Context, cause error) error {
	c := f.challenge
	word := causeWord(cause)
	if word == "canceled" && ctx.Err() == nil {
		word = "provider" // it was our own patience that ended
	}
	f.observe(ctx, &trip.ChallengeFailed{
		Domain: f.domain, Vendor: string(c.Vendor), Kind: string(c.Kind),
		Provider: f.provider, Cause: word, Cost: f.cost, Duration: time.Since(f.began),
	})
	return &Error{
		Domain: f.domain, Vendor: c.Vendor, Kind: c.Kind, Rule: c.Rule, Status: c.Status,
		Provider: f.provider, Cost: f.cost, Cause: cause, challenge: c, snippet: f.snippet,
	}
}

func (f *flow) observe(ctx context.Context, e trip.Event) {
	if o := f.settings.Observer; o != nil {
		o.Observe(ctx, e)
	}
}

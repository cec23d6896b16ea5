package captcha

import (
	"context"
	"errors"
	"net/http"

	"github.com/godwit-go/godwit/trip"
)

// Transport is an [http.RoundTripper] that gets past challenges: it solves one,
// hands in the answer by the same way out and sends the request again. It is safe
// for concurrent use.
type Transport struct {
	group *Group
	next  http.RoundTripper
}

// New returns a Transport over base with state of its own; nil base is
// [http.DefaultTransport]. The caller ends it with [Transport.Close].
func New(base http.RoundTripper, cfg Config) (*Transport, error) {
	g, err := NewGroup(cfg)
	if err != nil {
		return nil, err
	}
	return g.Wrap(base), nil
}

// RoundTrip implements [http.RoundTripper]. A challenge that is not lifted is an
// [*Error] unless [Config.PassThrough] is set; a hard block is a response.
func (t *Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.URL == nil || req.Header == nil {
		return t.next.RoundTrip(req) // net/http closes the body and says what is missing
	}
	ctx, attempt, owned := trip.EnsureAttempt(req)
	if owned {
		req = req.WithContext(ctx)
	}
	f := &flow{
		group: t.group, settings: t.group.current.Load(), next: t.next,
		req: req, attempt: attempt, domain: trip.Domain(req),
	}
	resp, err := f.run(ctx)
	if !owned {
		return resp, err
	}
	attempt.Conclude(trip.OutcomeOf(ctx, resp, err))
	if err != nil {
		attempt.Release(nil)
		return nil, err
	}
	trip.OnBodyEnd(resp, attempt.Release)
	return resp, nil
}

// CloseIdleConnections forwards to the layers below.
func (t *Transport) CloseIdleConnections() { trip.CloseIdle(t.next) }

// Close closes the Transport's [Group].
func (t *Transport) Close() error { return t.group.Close() }

// exchange is one request on the wire and what came of it.
type exchange struct {
	resp      *http.Response
	challenge *Challenge // nil for content
	ctx       cutoff
}

// BodyEnded implements [trip.BodyWatcher].
func (e *exchange) BodyEnded(error) { e.cancel() }

// cancel cuts the exchange off, be it on the wire or its body being read.
func (e *exchange) cancel() { e.ctx.cut() }

// send puts req on the wire as the visitor of the attempt, and judges the answer,
// both of which it enters into e.
func (f *flow) send(ctx context.Context, req *http.Request, e *exchange) error {
	e.ctx.Context = ctx
	ctx = &e.ctx
	out := req.WithContext(ctx)
	v := visitorOf(ctx, f.group.self)
	v.dress(out, f.domain)
	before := f.attempt.Exchanges()
	resp, err := f.next.RoundTrip(out)
	if err != nil {
		e.cancel()
		return err
	}
	e.resp = resp
	trip.WatchBody(resp, e)
	e.challenge = f.judge(ctx, resp, before)
	if v = visitorOf(ctx, f.group.self); v.carry && (e.challenge != nil || f.challenge != nil) {
		v.put(out.URL, resp.Cookies())
	}
	return nil
}

// judge returns the challenge or block that resp is; nil for content. The layer
// that classifies has been asked by the time it is called, if there is one.
func (f *flow) judge(ctx context.Context, resp *http.Response, before int) *Challenge {
	o := trip.OutcomeOf(ctx, resp, nil)
	if f.attempt.Exchanges() == before {
		o = f.classify(resp, o)
		f.attempt.Report(o, resp, nil)
	}
	if o.Verdict != trip.Challenge && o.Verdict != trip.Blocked {
		return nil
	}
	if c, ok := o.Detail.(*Challenge); ok {
		return c
	}
	if o.Verdict == trip.Blocked {
		return nil // by its status alone: nothing was seen on the page
	}
	c := &Challenge{Verdict: Challenged, Vendor: Generic, Kind: KindScript, Status: resp.StatusCode, Rule: "verdict"}
	if resp.Request != nil {
		c.URL = resp.Request.URL
	}
	return c
}

// classify does the work of the layer that classifies where there is none.
func (f *flow) classify(resp *http.Response, o trip.Outcome) trip.Outcome {
	c, _ := f.settings.detector.Inspect(resp) // who reads the body meets the error again
	switch {
	case !c.Stands():
		return o
	case c.Verdict == Blocked:
		o.Verdict = trip.Blocked
	default:
		o.Verdict = trip.Challenge
	}
	o.Reason, o.Detail, o.Ambiguous = c.Rule, c, false
	return o
}

// canceled tells whether the one who leads a flight gave up, which says nothing
// about the challenge.
func canceled(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

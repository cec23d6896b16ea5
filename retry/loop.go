package retry

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/godwit-go/godwit/trip"
)

// loop is one call on its way through its attempts.
type loop struct {
	base  http.RoundTripper
	group *Group
	cfg   *Config
	req   *http.Request // the caller's; never written to
	ctx   context.Context
	call  *trip.Call
	key   string
	body  upload
}

// result is what an attempt came to.
type result struct {
	life    *lifetime
	resp    *http.Response
	err     error
	outcome trip.Outcome
}

func (l *loop) run(now time.Time) (*http.Response, error) {
	body := l.body.body
	for sent := 1; ; sent++ {
		r := l.attempt(body, now)
		d := l.decide(r, sent)
		if !d.again {
			return l.settle(r, d)
		}
		next, err := l.body.again()
		if err != nil {
			d.cause = causeNotReplayable
			return l.settle(r, d)
		}
		body = next
		r.discard()
		l.observe(r, &trip.Retrying{Attempt: r.life.attempt, Delay: d.delay, Source: d.source})
		if err := trip.Sleep(l.req, d.delay); err != nil {
			if !l.body.empty {
				_ = body.Close()
			}
			return nil, &InterruptedError{Err: err, Last: r.err, Status: r.outcome.Status}
		}
		now = time.Now()
	}
}

// attempt sends the request once. The response body keeps the attempt alive.
func (l *loop) attempt(body io.ReadCloser, now time.Time) result {
	r := result{life: newLifetime(l.ctx, l.call, l.cfg.AttemptTimeout, now, l.cfg.Observer != nil)}
	returned := false
	defer func() {
		if !returned { // base panicked: its lease must come back all the same
			r.outcome = trip.Outcome{Verdict: trip.Local, Reason: "panic"}
			r.life.attempt.Conclude(r.outcome)
			r.giveUp()
		}
	}()
	out := l.req.WithContext(r.life)
	l.body.on(out, body)
	r.resp, r.err = l.base.RoundTrip(out)
	returned = true
	r.outcome = trip.OutcomeOf(r.life, r.resp, r.err)
	if r.err != nil && r.outcome.Verdict != trip.Canceled && abandoned(l.req) {
		r.outcome = trip.Outcome{Verdict: trip.Canceled, Reason: "caller's request"}
	}
	a := r.life.attempt
	a.Conclude(r.outcome)
	if l.cfg.Observer != nil {
		*r.life.done = trip.AttemptDone{Attempt: a, Outcome: r.outcome, Duration: a.Took()}
		l.cfg.Observer.Observe(r.life, r.life.done)
	}
	return r
}

// abandoned tells that the caller gave up, by whatever means.
func abandoned(req *http.Request) bool {
	select {
	//lint:ignore SA1019 deprecated, yet http.Client.Timeout sets it on wrapped transports
	case <-req.Cancel:
		return true
	default:
		return req.Context().Err() != nil
	}
}

func (l *loop) decide(r result, sent int) decision {
	if !l.cfg.worthwhile(r.outcome) || r.err != nil && final(l.req, r.err, r.outcome) {
		return decision{}
	}
	a := r.life.attempt
	id := a.Identity()
	s := situation{
		outcome:    r.outcome,
		sent:       sent,
		idempotent: l.cfg.RetryUnsafe || idempotent(l.req),
		replayable: l.body.replayable(),
		exchanges:  a.Exchanges(),
		rotates:    id != nil && !id.Direct,
		now:        time.Now(),
	}
	s.deadline, _ = l.req.Context().Deadline()
	d := l.cfg.decide(s)
	if d.again && !l.group.retry(l.key, d.fund, s.now) {
		d.again, d.cause = false, causeBudget
		if d.retryAt.IsZero() {
			d.retryAt = s.now.Add(d.delay) // what the retry would have waited for
		}
	}
	if d.source == trip.SourceRetryAfter && r.resp != nil {
		if h := trip.HintOf(r.resp, s.now); h.Source != "" {
			d.source = h.Source
		}
	}
	return d
}

// final tells that a request would fail in the same way again.
func final(req *http.Request, err error, o trip.Outcome) bool {
	if req.URL == nil || req.Header == nil || req.URL.Scheme != "http" && req.URL.Scheme != "https" {
		return true
	}
	if o.Verdict == trip.ProxyError { // another one may have a better certificate
		return false
	}
	var (
		verification *tls.CertificateVerificationError
		authority    x509.UnknownAuthorityError
		host         x509.HostnameError
		invalid      x509.CertificateInvalidError
	)
	return errors.As(err, &verification) || errors.As(err, &authority) || errors.As(err, &host) || errors.As(err, &invalid)
}

// settle hands the last attempt's result to the caller.
func (l *loop) settle(r result, d decision) (*http.Response, error) {
	if d.cause != "" {
		if !d.retryAt.IsZero() {
			l.call.SetRetryAt(d.retryAt)
		}
		l.observe(r, &trip.RetrySuppressed{Attempt: r.life.attempt, Cause: d.cause, RetryAt: d.retryAt})
	}
	if r.err != nil {
		r.giveUp()
		if r.life.timedOut() {
			return nil, &AttemptTimeoutError{After: l.cfg.AttemptTimeout, Err: r.err}
		}
		return nil, r.err
	}
	if r.resp.StatusCode == http.StatusSwitchingProtocols {
		r.life.stopClock()
	}
	r.life.handOver()
	trip.WatchBody(r.resp, r.life)
	return r.resp, nil
}

// discard gives back what a failed attempt holds: connection and lease.
func (r result) discard() {
	if r.resp != nil {
		trip.Discard(r.resp, r.life.cancel)
	}
	r.giveUp()
}

func (r result) giveUp() {
	r.life.attempt.Release(nil)
	r.life.cancel()
}

func (l *loop) observe(r result, e trip.Event) {
	if l.cfg.Observer != nil {
		l.cfg.Observer.Observe(r.life, e)
	}
}

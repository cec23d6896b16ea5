package otel

import (
	"context"
	"fmt"
	"net/http"
	"sync"

	"github.com/godwit-go/godwit/trip"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
)

// scope names this package to OpenTelemetry.
const scope = "github.com/godwit-go/godwit/otel"

// Tracer makes spans of calls, attempts and exchanges. It is two middlewares and an
// observer; see the package documentation for where they go. Each also works
// without the others: without Call, exchanges hang on the span in the request's
// context, and without the observer, attempts have no span.
//
// Beside the semantic conventions, spans have these attributes: godwit.domain,
// godwit.policy, godwit.attempts and godwit.cost_usd (calls), godwit.attempt
// (attempts), godwit.egress (attempts and exchanges, the label of the way out) and
// godwit.verdict (all). Events on them tell of retries, waits, open breakers and
// challenges. The text of an error is nowhere, since it may be a target's or a
// proxy's own.
//
// A Tracer is safe for concurrent use.
type Tracer struct {
	tracer trace.Tracer
	url    urlWriter
}

var _ trip.Observer = (*Tracer)(nil)

// New returns a Tracer, or an error that says what is wrong with cfg.
func New(cfg Config) (*Tracer, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("otel: %w", err)
	}
	t := &Tracer{tracer: cfg.TracerProvider.Tracer(scope), url: cfg.URL}
	if t.url == nil {
		t.url = RedactURL
	}
	return t, nil
}

// call is what the parts of a Tracer share of one call, through its context.
type call struct {
	ctx context.Context // with the call's span

	mu       sync.Mutex
	attempt  *trip.Attempt // that span belongs to
	span     trace.Span
	attempts context.Context // with span
	sent     int             // exchanges so far
}

type callKey struct{}

// Call is the middleware outside the retry loop. It makes the span of the call.
func (t *Tracer) Call(next http.RoundTripper) http.RoundTripper {
	return &callTransport{t, next}
}

type callTransport struct {
	t    *Tracer
	next http.RoundTripper
}

func (w *callTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx, span := w.t.tracer.Start(req.Context(), "call "+methodName(req.Method),
		trace.WithSpanKind(trace.SpanKindInternal), trace.WithAttributes(w.t.requested(req)...))
	c := &call{ctx: ctx}
	defer c.endAttempt(nil) // one that no observer saw the end of
	ctx = context.WithValue(ctx, callKey{}, c)

	resp, err := w.next.RoundTrip(req.WithContext(ctx))
	outcome := trip.OutcomeOf(ctx, resp, err)
	if tc := trip.FromContext(ctx); tc != nil {
		span.SetAttributes(domainKey.String(tc.Domain()), policyKey.String(tc.Policy()), costKey.Float64(tc.Cost().Dollars()))
		if a := tc.Attempt(); a != nil {
			span.SetAttributes(attemptsKey.Int(a.Number()))
			outcome = a.Outcome() // what the classifier below made of it
		}
	}
	conclude(span, outcome, resp)
	if err != nil {
		span.End()
		return nil, err
	}
	trip.OnBodyEnd(resp, func(err error) {
		if err != nil {
			failed(span, errorType(trip.Classify(ctx, nil, err)))
		}
		span.End()
	})
	return resp, nil
}

// CloseIdleConnections forwards to the next.
func (w *callTransport) CloseIdleConnections() { trip.CloseIdle(w.next) }

// Exchange is the middleware just above the wire. It makes the span of an exchange.
func (t *Tracer) Exchange(next http.RoundTripper) http.RoundTripper {
	return &exchangeTransport{t, next}
}

type exchangeTransport struct {
	t    *Tracer
	next http.RoundTripper
}

func (w *exchangeTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx := req.Context()
	attempt := trip.AttemptFrom(ctx)
	parent, resends := ctx, 0
	if c, ok := ctx.Value(callKey{}).(*call); ok {
		parent, resends = c.startExchange(w.t.tracer, attempt)
		// Only the span is the parent's; all else stays the exchange's.
		parent = trace.ContextWithSpan(ctx, trace.SpanFromContext(parent))
	}
	attrs := w.t.requested(req)
	if resends > 0 {
		attrs = append(attrs, resendKey.Int(resends))
	}
	ctx, span := w.t.tracer.Start(parent, methodName(req.Method), trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(attrs...))
	defer span.End()
	resp, err := w.next.RoundTrip(req.WithContext(ctx))
	if id := trip.IdentityFrom(ctx); id != nil {
		span.SetAttributes(egressKey.String(id.Egress))
	}
	conclude(span, trip.OutcomeOf(ctx, resp, err), resp)
	return resp, err
}

// CloseIdleConnections forwards to the next.
func (w *exchangeTransport) CloseIdleConnections() { trip.CloseIdle(w.next) }

// Observe implements trip.Observer. It ends the spans of attempts, which only the
// retry loop knows the end of, and notes on spans what the time between exchanges
// went into.
func (t *Tracer) Observe(ctx context.Context, e trip.Event) {
	c, ok := ctx.Value(callKey{}).(*call)
	if !ok {
		return
	}
	switch e := e.(type) {
	case *trip.AttemptDone:
		c.startAttempt(t.tracer, e.Attempt) // if it came to no exchange
		c.endAttempt(e)
	case *trip.Retrying:
		c.note("retry", attribute.Float64("godwit.delay_seconds", e.Delay.Seconds()), attribute.String("godwit.source", e.Source))
	case *trip.RetrySuppressed:
		c.note("no retry", attribute.String("godwit.cause", e.Cause))
	case *trip.Waited:
		c.note("waited for the rate limit", attribute.Float64("godwit.wait_seconds", e.Wait.Seconds()))
	case *trip.BreakerRejected:
		c.note("breaker open")
	case *trip.ChallengeSolved:
		c.note("challenge solved", attribute.String("godwit.vendor", e.Vendor), attribute.String("godwit.provider", e.Provider), costKey.Float64(e.Cost.Dollars()))
	case *trip.ChallengeFailed:
		c.note("challenge not solved", attribute.String("godwit.vendor", e.Vendor), attribute.String("godwit.cause", e.Cause), costKey.Float64(e.Cost.Dollars()))
	}
}

// note adds an event to the span of the attempt under way, else to the call's.
func (c *call) note(name string, attrs ...attribute.KeyValue) {
	c.mu.Lock()
	span := c.span
	c.mu.Unlock()
	if span == nil {
		span = trace.SpanFromContext(c.ctx)
	}
	span.AddEvent(name, trace.WithAttributes(attrs...))
}

// startExchange returns the context that the next exchange hangs on, and how many
// came before it.
func (c *call) startExchange(tracer trace.Tracer, a *trip.Attempt) (context.Context, int) {
	if a == nil {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.sent++
		return c.ctx, c.sent - 1
	}
	c.startAttempt(tracer, a)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sent++
	return c.attempts, c.sent - 1
}

// startAttempt begins the span of an attempt unless it has begun.
func (c *call) startAttempt(tracer trace.Tracer, a *trip.Attempt) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.attempt == a {
		return
	}
	if c.span != nil {
		c.span.End()
	}
	c.attempt = a
	c.attempts, c.span = tracer.Start(c.ctx, "attempt", trace.WithTimestamp(a.Started()),
		trace.WithAttributes(attemptKey.Int(a.Number())))
}

// endAttempt ends the span of the attempt under way, if there is one.
func (c *call) endAttempt(done *trip.AttemptDone) {
	c.mu.Lock()
	span := c.span
	c.span = nil
	c.mu.Unlock()
	if span == nil {
		return
	}
	if done != nil {
		if id := done.Attempt.Identity(); id != nil {
			span.SetAttributes(egressKey.String(id.Egress))
		}
		conclude(span, done.Outcome, nil)
	}
	span.End()
}

// conclude writes down what came of it.
func conclude(span trace.Span, o trip.Outcome, resp *http.Response) {
	span.SetAttributes(verdictKey.String(o.Verdict.String()))
	if o.Status != 0 {
		span.SetAttributes(statusKey.Int(o.Status))
	}
	if resp != nil && resp.ProtoMajor > 0 {
		span.SetAttributes(protocol(resp))
	}
	// The conventions count every status from 400 on as an error of a client span.
	if o.Verdict != trip.OK || o.Status >= 400 {
		failed(span, errorType(o))
	}
}

func failed(span trace.Span, kind string) {
	span.SetAttributes(attribute.String("error.type", kind))
	span.SetStatus(codes.Error, kind)
}

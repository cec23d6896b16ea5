package trip

import (
	"context"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Call is the state of one RoundTrip of the user's. The outermost wrapper starts
// it with [Start]; all layers below find it in the request's context. Its methods
// are safe for concurrent use and on a nil *Call, where they return zero values.
type Call struct {
	id      uint64
	domain  string
	policy  string
	session string
	start   time.Time
	parent  context.Context // the caller's, without our deadlines

	mu      sync.Mutex
	last    *Attempt // newest; linked to the ones before it
	cost    USD
	solves  int
	retryAt time.Time
	first   attemptContext // saves an allocation: most calls need one attempt
	events  *events        // those of a call that is observed, in its own allocation
}

// events are the ones that every call has.
type events struct {
	done     CallDone
	exchange ExchangeDone // the first
}

// Spec says what a call is; see [Start].
type Spec struct {
	// Domain is the key that per-target state is kept under. Empty means [Domain] of the request.
	Domain string
	// Policy names the policy that applies, for people. It may be empty.
	Policy string
	// Observed says that the call's events will be asked for, so that there is room
	// for them: see [Call.Done] and [Attempt.ExchangeDone].
	Observed bool
}

type (
	callKey     struct{}
	attemptKey  struct{}
	callContext struct {
		context.Context
		call Call
	}
	observedContext struct {
		callContext
		events events
	}
	attemptContext struct {
		context.Context
		attempt Attempt
	}
)

func (c *callContext) Value(key any) any {
	if _, ok := key.(callKey); ok {
		return &c.call
	}
	return c.Context.Value(key)
}

func (a *attemptContext) Value(key any) any {
	switch key.(type) {
	case attemptKey:
		return &a.attempt
	case callKey:
		return a.attempt.call
	}
	return a.Context.Value(key)
}

var callIDs atomic.Uint64

// Start opens a call for req and returns the context that its layers are to use.
func Start(req *http.Request, spec Spec) (context.Context, *Call) {
	parent := req.Context()
	if spec.Domain == "" {
		spec.Domain = hostKey(req)
	}
	var ctx *callContext
	if spec.Observed {
		o := new(observedContext)
		ctx = &o.callContext
		ctx.call.events = &o.events
	} else {
		ctx = new(callContext)
	}
	ctx.Context = parent
	c := &ctx.call
	c.id, c.parent, c.start = callIDs.Add(1), parent, time.Now()
	c.domain, c.policy, c.session = spec.Domain, spec.Policy, Session(parent)
	return ctx, c
}

// FromContext returns the call that ctx belongs to; nil when there is none.
func FromContext(ctx context.Context) *Call {
	c, _ := ctx.Value(callKey{}).(*Call)
	return c
}

// Domain returns the key that per-target state is kept under for req: the
// domain of its call when there is one, else the URL's host in lower case, with
// the port where it is not the scheme's own.
func Domain(req *http.Request) string {
	if c := FromContext(req.Context()); c != nil {
		return c.domain
	}
	return hostKey(req)
}

func hostKey(req *http.Request) string {
	if req.URL == nil {
		return ""
	}
	if plain(req.URL.Host) {
		return req.URL.Host
	}
	host := strings.TrimSuffix(strings.ToLower(req.URL.Hostname()), ".")
	switch port := req.URL.Port(); {
	case port == "", port == "80" && req.URL.Scheme == "http", port == "443" && req.URL.Scheme == "https":
		return host
	default:
		return net.JoinHostPort(host, port)
	}
}

// plain tells that a host, as nearly every URL has it, is a key already: it is in
// lower case and has neither port nor brackets nor a dot at its end.
func plain(host string) bool {
	for i := range len(host) {
		if c := host[i]; 'A' <= c && c <= 'Z' || c == ':' || c == '[' || c >= 0x80 {
			return false
		}
	}
	return !strings.HasSuffix(host, ".")
}

// ID is unique within the process and starts at 1.
func (c *Call) ID() uint64 {
	if c == nil {
		return 0
	}
	return c.id
}

// Domain is the key that the call's per-target state is kept under.
func (c *Call) Domain() string {
	if c == nil {
		return ""
	}
	return c.domain
}

// Policy is the name of the policy that applies to the call.
func (c *Call) Policy() string {
	if c == nil {
		return ""
	}
	return c.policy
}

// Session is the key given to [WithSession]; empty when there is none.
func (c *Call) Session() string {
	if c == nil {
		return ""
	}
	return c.session
}

// Started is when the call began.
func (c *Call) Started() time.Time {
	if c == nil {
		return time.Time{}
	}
	return c.start
}

// Attempt returns the newest attempt; nil before the first.
func (c *Call) Attempt() *Attempt {
	if c == nil {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.last
}

// AddCost books money that was spent for this call.
func (c *Call) AddCost(cost USD) {
	if c == nil {
		return
	}
	c.mu.Lock()
	c.cost += cost
	c.mu.Unlock()
}

// TakeSolve tells whether the call may have another challenge solved, and counts
// it: limit bounds the challenges that all its attempts pay for together.
func (c *Call) TakeSolve(limit int) bool {
	if c == nil {
		return true
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.solves >= limit {
		return false
	}
	c.solves++
	return true
}

// SetRetryAt tells the caller when to come back; see [Summary.RetryAt].
func (c *Call) SetRetryAt(at time.Time) {
	if c == nil {
		return
	}
	c.mu.Lock()
	c.retryAt = at
	c.mu.Unlock()
}

// StartAttempt opens the call's next attempt and returns its context. The
// attempts of a call follow one another; the one before must be over. Whoever
// starts an attempt ends it with [Attempt.Conclude] and [Attempt.Release].
func (c *Call) StartAttempt(ctx context.Context) (context.Context, *Attempt) {
	return c.StartAttemptAt(ctx, time.Now())
}

// StartAttemptAt is [Call.StartAttempt] for those who know what time it is.
func (c *Call) StartAttemptAt(ctx context.Context, now time.Time) (context.Context, *Attempt) {
	c.mu.Lock()
	defer c.mu.Unlock()
	next := &c.first
	if c.last != nil {
		next = new(attemptContext)
	}
	next.Context = ctx
	a := &next.attempt // zero but for what follows; copying a whole Attempt shows
	a.call, a.number, a.start, a.prev = c, 1, now, c.last
	if c.last != nil {
		a.number = c.last.number + 1
	}
	c.last = a
	return next, a
}

// EnsureAttempt returns the attempt that req belongs to. A wrapper that is used
// alone, with no retry layer above, gets a new attempt of a new call, and owned
// is true: it must end the attempt itself and send the request with ctx.
func EnsureAttempt(req *http.Request) (ctx context.Context, a *Attempt, owned bool) {
	ctx = req.Context()
	if a := AttemptFrom(ctx); a != nil {
		return ctx, a, false
	}
	if call := FromContext(ctx); call != nil {
		ctx, a = call.StartAttempt(ctx)
		return ctx, a, true
	}
	ctx, call := Start(req, Spec{})
	ctx, a = call.StartAttemptAt(ctx, call.start)
	return ctx, a, true
}

// Cost returns what was spent for this call so far; see [Call.AddCost].
func (c *Call) Cost() USD {
	if c == nil {
		return 0
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.cost
}

// Done returns the event that ends the call, for the one who started it: method is
// the request's, resp or err the result. It costs no allocation if the call was
// started as observed.
func (c *Call) Done(method string, resp *http.Response, err error) *CallDone {
	if c == nil {
		return new(CallDone)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	var done *CallDone
	if c.events != nil {
		done = &c.events.done
	} else {
		done = new(CallDone)
	}
	*done = CallDone{
		Call: c, Method: method, Verdict: Local, Cost: c.cost,
		Duration: time.Since(c.start), Err: err,
	}
	if c.last != nil {
		done.Verdict, done.Attempts = c.last.outcome.Verdict, c.last.number
	}
	if resp != nil {
		done.Status = resp.StatusCode
	}
	return done
}

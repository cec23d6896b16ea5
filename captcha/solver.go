package captcha

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/godwit-go/godwit/trip"
)

// Solver answers challenges, as a rule for money. Package captcha/solver has the
// real ones. Implementations must be safe for concurrent use.
//
// A Solver may also be a [Pricer], a [Reporter], a [Balancer], a [Resumer] and
// [Local]; what it is not is done without.
type Solver interface {
	// Name tells the solver apart in errors, events and metrics.
	Name() string
	// Supports tells, without asking anybody, whether the solver takes on c.
	Supports(c *Challenge) bool
	// Solve returns an answer to c. It ends with ctx at once. With an error the
	// Solution still tells what was spent (Cost) and, if the task may yet be
	// answered, which it is (TaskID). An error that implements [Final] stops the search for
	// another solver.
	Solve(ctx context.Context, c *Challenge, env Env) (Solution, error)
}

// Env is who the target sees: an answer is often good for that visitor alone.
type Env struct {
	// Proxy returns the proxy that the visitor leaves by, with its credentials.
	// Nil for the machine's own address. The result must never be printed.
	Proxy func() *url.URL
	// UserAgent is the one that the challenge was shown to; empty when not known.
	UserAgent string
	// Cookies are those that the visitor has for the page.
	Cookies []*http.Cookie
}

// Solution is an answer to a challenge.
type Solution struct {
	// Token is what a widget would have put into its form. Empty when the answer
	// is cookies or fields.
	Token string
	// Fields are form fields for kinds whose answer has several parts.
	Fields map[string]string
	// Cookies lift the challenge for the visitor in [Env].
	Cookies []*http.Cookie
	// UserAgent is the one that the answer is bound to; empty = that of [Env].
	UserAgent string
	// Header holds further header fields that the answer is bound to.
	Header http.Header
	// Cost is what was charged. Zero when nothing was.
	Cost trip.USD
	// TaskID is the solver's number for the task, for reports and [Resumer].
	TaskID string
	// Provider is the name of the solver that gave the answer.
	Provider string
	// ObtainedAt is when the answer arrived.
	ObtainedAt time.Time
	// ExpiresAt is when it is no longer good; zero when that is not known.
	ExpiresAt time.Time
}

// Pricer is a [Solver] that knows its prices. Others are reserved for at
// [Config.Price].
type Pricer interface {
	// Price is the most that one Solve of c can cost. 0 = free: no budget is needed.
	Price(c *Challenge) trip.USD
}

// Reporter is a [Solver] that is to be told whether its answer was accepted, for
// a refund or for its statistics.
type Reporter interface {
	Report(ctx context.Context, c *Challenge, s Solution, accepted bool) error
}

// Balancer is a [Solver] that tells how much money is left with it.
type Balancer interface {
	Balance(ctx context.Context) (trip.USD, error)
}

// Resumer is a [Solver] that can fetch the answer to a task that was paid for
// but not waited for.
type Resumer interface {
	// Resume is Solve for a task that exists: it creates none, so it costs nothing.
	Resume(ctx context.Context, c *Challenge, taskID string) (Solution, error)
}

// Local is a [Solver] that works on this machine, so that without a proxy it
// leaves by the same address as a direct visitor. Others are not asked to solve
// what is bound to that address.
type Local interface{ Local() bool }

// Final is a solver's error after which no other solver would do better: the
// proxy is at fault, the challenge is stale, the caller gave up.
type Final interface {
	error
	Final() bool
}

// Lost is a solver's error after which it is worth asking the same solver for a new
// task, once: its service does not know any more the task that it took.
type Lost interface {
	error
	Lost() bool
}

// ParamImage is the key of [Challenge.Params] for the picture of a [KindImage]
// challenge, in base64. It is filled in before a solver is asked.
const ParamImage = "image"

// cookieKinds are lifted by cookies that are bound to address and user agent,
// except for AWS WAF's, which is bound to the domain alone.
var cookieKinds = [...]Kind{KindCloudflare, KindDataDome, KindAWSWAF, KindImperva, KindPerimeterX, KindF5}

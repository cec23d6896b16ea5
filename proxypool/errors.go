package proxypool

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/godwit-go/godwit/trip"
)

var (
	// ErrNoProxy is what every [NoProxyError] is.
	ErrNoProxy = errors.New("proxypool: no proxy available")
	// ErrNoLease means that a request reached a pool's egress without a lease of
	// that pool. It is refused: it would leave by an unknown way.
	ErrNoLease error = noLease{}
	// ErrClosed means that the pool was closed.
	ErrClosed error = closed{}
)

// NoProxyError tells that no proxy of a pool could take a request. The request
// was not sent, least of all directly.
type NoProxyError struct {
	Pool   string // its name
	Domain string // that the request was for
	// RetryAt is when a proxy is due back; zero when that is not known, as in an
	// empty pool or one that is busy.
	RetryAt time.Time
	// Reason is "empty", "gated", "busy" or "tried".
	Reason string
}

// Error names the pool, the domain and why, and when a proxy is due back.
func (e *NoProxyError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%v: pool %q for %q: %s", ErrNoProxy, e.Pool, e.Domain, noProxyText[e.Reason])
	if !e.RetryAt.IsZero() {
		fmt.Fprintf(&b, ", next due at %s", e.RetryAt.UTC().Format(time.RFC3339))
	}
	return b.String()
}

var noProxyText = map[string]string{
	reasonEmpty: "it has none",
	reasonGated: "all are gated",
	reasonBusy:  "all are busy",
	reasonTried: "all were tried by this call",
}

const (
	reasonEmpty = "empty"
	reasonGated = "gated"
	reasonBusy  = "busy"
	reasonTried = "tried"
)

// Is makes errors.Is(err, ErrNoProxy) true.
func (*NoProxyError) Is(target error) bool { return target == ErrNoProxy }

// Outcome implements [trip.Judged].
func (e *NoProxyError) Outcome() trip.Outcome {
	return trip.Outcome{Verdict: trip.Local, RetryAt: e.RetryAt, Reason: "no proxy: " + e.Reason}
}

type noLease struct{}

func (noLease) Error() string { return "proxypool: request without a lease of this pool" }

func (noLease) Outcome() trip.Outcome {
	return trip.Outcome{Verdict: trip.Local, Reason: "no lease"}
}

type closed struct{}

func (closed) Error() string { return "proxypool: pool is closed" }

func (closed) Outcome() trip.Outcome {
	return trip.Outcome{Verdict: trip.Local, Reason: "pool closed"}
}

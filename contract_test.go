package godwit_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/godwit-go/godwit"
	"github.com/godwit-go/godwit/breaker"
	"github.com/godwit-go/godwit/internal/rttest"
	"github.com/godwit-go/godwit/ratelimit"
	"github.com/godwit-go/godwit/retry"
	"github.com/godwit-go/godwit/robots"
)

// assembled wraps a base in a whole Transport whose default policy is changed by
// the given function.
func assembled(t *testing.T, change func(*godwit.Policy)) rttest.Wrap {
	return func(base http.RoundTripper) http.RoundTripper {
		p := godwit.Policy{
			Rate:   ratelimit.Config{Rate: -1, InFlight: -1, Pause: time.Millisecond},
			Retry:  retry.Config{BaseDelay: time.Millisecond, BudgetRatio: -1},
			Robots: robots.Config{Mode: robots.Ignore},
			// Callers that run in step all meet their bad answer at the same time.
			Breaker: breaker.Config{ConsecutiveFailures: -1},
		}
		if change != nil {
			change(&p)
		}
		tr, err := godwit.New(base, godwit.Config{Default: p})
		require.NoError(t, err)
		return tr
	}
}

func TestTransportKeepsTheContract(t *testing.T) {
	rttest.Suite{
		Discards: func() *http.Response {
			return &http.Response{
				StatusCode: http.StatusBadGateway,
				Header:     http.Header{},
				Body:       io.NopCloser(strings.NewReader("bad gateway")),
			}
		},
		Refuses: assembled(t, func(p *godwit.Policy) {
			p.PerCall = []godwit.Middleware{refusing}
		}),
		Waits: assembled(t, func(p *godwit.Policy) {
			p.Retry = retry.Config{BaseDelay: 10 * time.Minute, MaxDelay: time.Hour, MaxRetryAfter: time.Hour}
		}),
	}.Run(t, assembled(t, nil))
}

// refusing is a user's middleware that lets nothing through, and keeps the
// contract itself.
func refusing(http.RoundTripper) http.RoundTripper {
	return roundTripperFunc(func(req *http.Request) (*http.Response, error) {
		if req.Body != nil {
			_ = req.Body.Close()
		}
		return nil, godwit.ErrClosed
	})
}

type roundTripperFunc func(*http.Request) (*http.Response, error)

func (f roundTripperFunc) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

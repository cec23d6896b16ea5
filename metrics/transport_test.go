package metrics_test

import (
	"context"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/godwit-go/godwit"
	"github.com/godwit-go/godwit/metrics"
	"github.com/godwit-go/godwit/retry"
	"github.com/godwit-go/godwit/robots"
	"github.com/godwit-go/godwit/trip"
	"github.com/stretchr/testify/require"
)

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(req *http.Request) (*http.Response, error) {
	trip.CloseBody(req)
	return f(req)
}

// What the layers tell a collector fits what it expects.
func TestACallThroughATransportIsCountedOnceInEverySeries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		codes := []int{500, 429, 200}
		base := roundTripper(func(req *http.Request) (*http.Response, error) {
			code := codes[0]
			codes = codes[1:]
			return &http.Response{StatusCode: code, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("page")), Request: req}, nil
		})
		c := collector(t, metrics.Config{Domains: []string{"shop.test"}})
		transport, err := godwit.New(base, godwit.Config{Observer: c, Default: godwit.Policy{
			Robots: robots.Config{Mode: robots.Ignore},
			// No backoff of its own, so that every retry waits for the pace.
			Retry: retry.Config{Rand: func() float64 { return 0 }},
		}})
		require.NoError(t, err)
		defer func() { require.NoError(t, transport.Close()) }()
		c.Watch(transport.State)

		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://shop.test/", nil)
		require.NoError(t, err)
		resp, err := transport.RoundTrip(req)
		require.NoError(t, err)
		_, err = io.ReadAll(resp.Body)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())

		shown := strings.Split(exposition(t, c), "\n")
		for _, want := range []string{
			`godwit_requests_total{code="2xx",domain="shop.test",method="GET",result="ok"} 1`,
			`godwit_attempts_per_request_sum{domain="shop.test"} 3`,
			`godwit_attempts_total{domain="shop.test",verdict="target_error"} 1`,
			`godwit_attempts_total{domain="shop.test",verdict="throttled"} 1`,
			`godwit_attempts_total{domain="shop.test",verdict="ok"} 1`,
			`godwit_exchanges_total{domain="shop.test",verdict="ok"} 1`,
			`godwit_retries_total{domain="shop.test",reason="target_error"} 1`,
			`godwit_retries_total{domain="shop.test",reason="throttled"} 1`,
			`godwit_pauses_total{domain="shop.test"} 1`,
			`godwit_rate_limit_wait_seconds_count{domain="shop.test"} 2`,
			`godwit_breaker_state{domain="shop.test",state="closed"} 1`,
			`godwit_exchanges_in_flight{domain="shop.test"} 0`,
		} {
			name, _, _ := strings.Cut(want, "{")
			require.True(t, slices.Contains(shown, want), "%s is not among\n%s", want, strings.Join(slices.DeleteFunc(slices.Clone(shown), func(line string) bool {
				return !strings.HasPrefix(line, name+"{domain=\"shop.test\"")
			}), "\n"))
		}
	})
}

// stuck is a body that gives a few bytes and then nothing until its request ends.
type stuck struct {
	io.Reader
	ctx context.Context
}

func (s stuck) Read(p []byte) (int, error) {
	if n, err := s.Reader.Read(p); err == nil {
		return n, nil
	}
	<-s.ctx.Done()
	return 0, s.ctx.Err()
}

func (s stuck) Close() error { return nil }

func TestABodyThatGetsStuckIsATimeoutOfItsPhase(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		base := roundTripper(func(req *http.Request) (*http.Response, error) {
			body := stuck{strings.NewReader("12345"), req.Context()}
			return &http.Response{StatusCode: 200, Header: http.Header{}, Body: body, Request: req, ContentLength: -1}, nil
		})
		c := collector(t, metrics.Config{Domains: []string{"shop.test"}, APITimeouts: true})
		transport, err := godwit.New(base, godwit.Config{Observer: c, Default: godwit.Policy{
			Robots: robots.Config{Mode: robots.Ignore}, Retry: retry.Config{AttemptTimeout: time.Second},
		}})
		require.NoError(t, err)
		defer func() { require.NoError(t, transport.Close()) }()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://shop.test/", strings.NewReader("1234567"))
		require.NoError(t, err)
		resp, err := transport.RoundTrip(req)
		require.NoError(t, err)
		_, err = io.ReadAll(resp.Body)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.NoError(t, resp.Body.Close())
		shown := exposition(t, c)
		for _, want := range []string{
			`godwit_request_timeouts_total{domain="shop.test",phase="body"} 1`,
			`api_request_timeouts_total{domain="shop.test",phase="body"} 1`,
			`godwit_body_bytes_total{direction="received",domain="shop.test",pool="direct"} 5`,
			`godwit_body_bytes_total{direction="sent",domain="shop.test",pool="direct"} 7`,
		} {
			require.Contains(t, shown, want+"\n")
		}
	})
}

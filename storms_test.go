package godwit_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/godwit-go/godwit"
	"github.com/godwit-go/godwit/breaker"
	"github.com/godwit-go/godwit/proxypool"
	"github.com/godwit-go/godwit/ratelimit"
	"github.com/godwit-go/godwit/retry"
	"github.com/godwit-go/godwit/robots"
	"github.com/godwit-go/godwit/trip"
)

// stubbed returns a pool of n proxies all of which send by rt.
func stubbed(n int, rt http.RoundTripper) proxypool.Config {
	pool := proxypool.Config{
		MaxInFlight:  -1,
		NewTransport: func(*url.URL) (http.RoundTripper, error) { return rt, nil },
	}
	for i := range n {
		pool.Proxies = append(pool.Proxies, proxypool.Address(fmt.Sprintf("10.0.0.%d:8080", i+1)))
	}
	return pool
}

// A thousand calls are cancelled at once: half of them on the wire, half of them
// in the queue for it.
func TestAStormOfCancelsEndsAtOnceAndIsHeldAgainstNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const calls, onTheWire = 1000, 500
		var sent atomic.Int32
		pool := stubbed(10, roundTripperFunc(func(req *http.Request) (*http.Response, error) {
			sent.Add(1)
			<-req.Context().Done()
			return nil, req.Context().Err()
		}))
		p := fast()
		p.Rate = ratelimit.Config{Rate: -1, InFlight: onTheWire}
		tr := transport(t, godwit.Config{Default: p, Pools: map[string]proxypool.Config{"exits": pool}})
		ctx, cancel := context.WithCancel(t.Context())
		errs := make([]error, calls)
		var wg sync.WaitGroup
		for i := range calls {
			wg.Go(func() {
				req, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://shop.test/p/1", nil)
				if err == nil {
					_, err = tr.RoundTrip(req)
				}
				errs[i] = err
			})
		}
		synctest.Wait()
		require.EqualValues(t, onTheWire, sent.Load())
		began := time.Now()
		cancel()
		wg.Wait()
		require.Zero(t, time.Since(began))
		for _, err := range errs {
			require.ErrorIs(t, err, context.Canceled)
			var story *godwit.Error
			require.ErrorAs(t, err, &story)
			require.Contains(t, []trip.Verdict{trip.Canceled, trip.Local}, story.Summary.Verdict)
			require.LessOrEqual(t, len(story.Summary.Attempts), 1, "nobody was tried again")
		}
		stats := tr.Stats()
		require.Equal(t, breaker.Closed, stats.Domains[0].Breaker.State)
		require.Zero(t, stats.Domains[0].Breaker.Failures)
		require.Zero(t, stats.Domains[0].Rate.InFlight)
		for _, s := range stats.Pools {
			for _, proxy := range s.Proxies {
				require.Equal(t, proxypool.Healthy, proxy.State)
				require.Zero(t, proxy.InFlight)
				require.Empty(t, proxy.Bans)
			}
		}
	})
}

// A target that is down for a minute of a hundred calls a second gets no more than
// a fifth on top of them from retries, with its breaker out of the way.
func TestRetriesDoNotBuryATargetThatIsDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var sent atomic.Int32
		base := roundTripperFunc(func(req *http.Request) (*http.Response, error) {
			sent.Add(1)
			return &http.Response{StatusCode: 503, Header: http.Header{}, Body: http.NoBody, Request: req}, nil
		})
		tr, err := godwit.New(base, godwit.Config{Default: godwit.Policy{
			Rate:    ratelimit.Config{Rate: -1, InFlight: -1},
			Breaker: breaker.Config{ConsecutiveFailures: -1, FailureRatio: -1},
			Robots:  ignoreRobots,
		}})
		require.NoError(t, err)
		defer tr.Close()
		const calls = 6000
		var wg sync.WaitGroup
		for range calls {
			wg.Go(func() {
				resp, err := tr.Client().Get("https://down.test/")
				if err != nil {
					t.Error(err)
					return
				}
				_ = resp.Body.Close()
			})
			time.Sleep(time.Minute / calls)
		}
		wg.Wait()
		require.LessOrEqual(t, float64(sent.Load()), 1.25*calls)
		require.Greater(t, float64(sent.Load()), 1.1*calls, "the budget is used, however")
	})
}

func TestTheBreakerSparesATargetThatIsDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var sent atomic.Int32
		base := roundTripperFunc(func(req *http.Request) (*http.Response, error) {
			sent.Add(1)
			return &http.Response{StatusCode: 503, Header: http.Header{}, Body: http.NoBody, Request: req}, nil
		})
		tr, err := godwit.New(base, godwit.Config{Default: godwit.Policy{
			Rate:   ratelimit.Config{Rate: -1, InFlight: -1},
			Retry:  retry.Config{MaxRetryAfter: -1},
			Robots: ignoreRobots,
		}})
		require.NoError(t, err)
		defer tr.Close()
		for range 600 {
			if resp, err := tr.Client().Get("https://down.test/"); err == nil {
				_ = resp.Body.Close()
			} else {
				require.ErrorIs(t, err, breaker.ErrOpen)
			}
			time.Sleep(time.Minute / 600)
		}
		require.LessOrEqual(t, sent.Load(), int32(breaker.DefaultConsecutiveFailures+breaker.DefaultProbes))
	})
}

// Ten thousand domains and more, each seen once, leave bounded state behind.
func TestACrawlOfTheWholeWebDoesNotFillTheMemory(t *testing.T) {
	const domains, bound = 12_000, 10_000
	rt := roundTripperFunc(func(req *http.Request) (*http.Response, error) {
		status := http.StatusOK
		switch {
		case req.URL.Path == "/robots.txt":
			status = http.StatusNotFound
		case strings.HasPrefix(req.URL.Host, "d1"):
			status = http.StatusTooManyRequests
		case strings.HasPrefix(req.URL.Host, "d2"):
			status = http.StatusForbidden
		}
		return &http.Response{StatusCode: status, Header: http.Header{}, Body: http.NoBody, Request: req}, nil
	})
	tr := transport(t, godwit.Config{
		Default: godwit.Policy{
			Rate:   ratelimit.Config{Rate: -1},
			Retry:  retry.Config{MaxAttempts: 1},
			Robots: robots.Config{Mode: robots.Obey},
		},
		Pools: map[string]proxypool.Config{"exits": stubbed(3, rt)},
	})
	var wg sync.WaitGroup
	next := make(chan int)
	for range 8 {
		wg.Go(func() {
			for i := range next {
				req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, fmt.Sprintf("https://d%d.test/", i), nil)
				if err != nil {
					t.Error(err)
					continue
				}
				resp, err := tr.RoundTrip(req)
				if err != nil {
					t.Error(err)
					continue
				}
				_ = resp.Body.Close()
			}
		})
	}
	for i := range domains {
		next <- i
	}
	close(next)
	wg.Wait()
	state := tr.State()
	require.LessOrEqual(t, len(state.Breakers), bound)
	require.LessOrEqual(t, len(state.Paces), bound)
	require.LessOrEqual(t, len(state.Pools[0].Bans), bound)
	stats := tr.Stats()
	require.LessOrEqual(t, len(stats.Domains), 3*bound+1, "those counted, paced and guarded, and the entry of the others")
	require.LessOrEqual(t, len(stats.Failures), 100)
	calls := uint64(0)
	for _, d := range stats.Domains {
		calls += d.Calls
	}
	require.EqualValues(t, domains, calls, "none was lost in the count")
}

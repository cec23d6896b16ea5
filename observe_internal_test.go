package godwit

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/stretchr/testify/require"

	"github.com/godwit-go/godwit/metrics"
	"github.com/godwit-go/godwit/proxypool"
	"github.com/godwit-go/godwit/ratelimit"
	"github.com/godwit-go/godwit/retry"
	"github.com/godwit-go/godwit/robots"
	"github.com/godwit-go/godwit/trip"
)

// watched is everything that watches in operation: metrics, the status page's
// counts, and a log that shows no calls.
func watched(tb testing.TB) (observer trip.Observer, events []trip.Event) {
	tb.Helper()
	collector, err := metrics.New(metrics.Config{})
	require.NoError(tb, err)
	log := slog.New(slog.NewTextHandler(io.Discard, &slog.HandlerOptions{Level: slog.LevelWarn}))
	req := httptest.NewRequest(http.MethodGet, "http://shop.test/", nil)
	ctx, call := trip.Start(req, trip.Spec{Domain: "shop.test", Policy: "default"})
	_, a := call.StartAttempt(ctx)
	ok := trip.Outcome{Verdict: trip.OK, Status: 200}
	a.Conclude(ok)
	return trip.Observers(newTally(), collector, NewLogger(log)), []trip.Event{
		&trip.Waited{Domain: "shop.test", Wait: time.Second},
		&trip.ProxyPicked{Pool: "exits", Egress: "p1", Domain: "shop.test", Mode: "normal"},
		&trip.ExchangeDone{Attempt: a, Outcome: ok, Duration: time.Second},
		&trip.AttemptDone{Attempt: a, Outcome: ok, Duration: time.Second},
		&trip.CallDone{Call: call, Method: "GET", Status: 200, Verdict: trip.OK, Attempts: 1, Duration: time.Second},
		&trip.BodyDone{Attempt: a, Pool: "exits", Outcome: ok, Received: 1000},
	}
}

func TestWatchingACallAllocatesNothing(t *testing.T) {
	observer, events := watched(t)
	require.Zero(t, testing.AllocsPerRun(1000, func() {
		for _, e := range events {
			observer.Observe(t.Context(), e)
		}
	}))
}

// What it costs is told by what the machine needs for the least that anybody who
// counts has to do: add to a number in a map, under a lock.
func TestWatchingACallCostsNextToNothing(t *testing.T) {
	if RaceEnabled {
		return // the detector takes the time
	}
	observer, events := watched(t)
	ctx := t.Context()
	var mu sync.Mutex
	counts := map[string]int{}
	const calls = 3_000
	var counted, took [60]time.Duration // the machine may be busy with other things
	for i := range took {
		began := time.Now()
		for range calls {
			for range events {
				mu.Lock()
				counts["shop.test"]++
				mu.Unlock()
			}
		}
		counted[i] = time.Since(began) / calls
		began = time.Now()
		for range calls {
			for _, e := range events {
				observer.Observe(ctx, e)
			}
		}
		took[i] = time.Since(began) / calls
	}
	least, most := slices.Min(took[:]), 8*slices.Min(counted[:])
	t.Log(least, "of", most)
	require.LessOrEqual(t, least, most)
}

// A scrape asks the real Transport, whose pool has 100,000 proxies, a thousand of
// them banned somewhere.
func TestAScrapeOfAHundredThousandProxiesIsQuick(t *testing.T) {
	pool := proxypool.Config{
		Blocks: proxypool.Gating{After: 1},
		NewTransport: func(*url.URL) (http.RoundTripper, error) {
			return roundTripper(func(*http.Request) (*http.Response, error) {
				return &http.Response{StatusCode: http.StatusForbidden, Header: http.Header{}, Body: http.NoBody}, nil
			}), nil
		},
	}
	for i := range 100_000 {
		pool.Proxies = append(pool.Proxies, proxypool.Address(fmt.Sprintf("10.%d.%d.%d:8080", i>>16&255, i>>8&255, i&255)))
	}
	collector, err := metrics.New(metrics.Config{})
	require.NoError(t, err)
	tr, err := New(nil, Config{
		Observer: collector,
		Pools:    map[string]proxypool.Config{"many": pool},
		Default: Policy{
			Rate:   ratelimit.Config{Rate: -1, InFlight: -1, Slowdown: -1},
			Retry:  retry.Config{MaxAttempts: 1},
			Robots: robots.Config{Mode: robots.Ignore},
		},
	})
	require.NoError(t, err)
	defer tr.Close()
	collector.Watch(tr.State)
	for i := range 1000 {
		req := httptest.NewRequest(http.MethodGet, fmt.Sprintf("http://shop-%d.test/", i%10), nil)
		resp, err := tr.RoundTrip(req)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
	}
	state := tr.State()
	require.Equal(t, 100_000, state.Pools[0].Healthy)
	require.Greater(t, state.Pools[0].Bans["shop-1.test"], 90)

	registry := prometheus.NewRegistry()
	require.NoError(t, registry.Register(collector))
	handler := promhttp.HandlerFor(registry, promhttp.HandlerOpts{})
	took := make([]time.Duration, 9)
	for i := range took {
		began := time.Now()
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
		took[i] = time.Since(began)
		require.Contains(t, w.Body.String(), `godwit_proxies{pool="many",state="healthy"} 100000`)
	}
	slices.Sort(took)
	t.Log(took)
	if !RaceEnabled {
		require.LessOrEqual(t, took[0], 50*time.Millisecond)
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

func BenchmarkWatchCall(b *testing.B) {
	observer, events := watched(b)
	ctx := b.Context()
	b.ReportAllocs()
	for b.Loop() {
		for _, e := range events {
			observer.Observe(ctx, e)
		}
	}
}

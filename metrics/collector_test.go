package metrics_test

import (
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"sort"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/godwit-go/godwit/metrics"
	"github.com/godwit-go/godwit/trip"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the golden files anew")

func collector(t testing.TB, cfg metrics.Config) *metrics.Collector {
	t.Helper()
	c, err := metrics.New(cfg)
	require.NoError(t, err)
	return c
}

// attempt is one that is under way on domain.
func attempt(domain string) *trip.Attempt {
	req := httptest.NewRequest(http.MethodGet, "http://host.test/", nil)
	ctx, call := trip.Start(req, trip.Spec{Domain: domain})
	_, a := call.StartAttempt(ctx)
	return a
}

// everything has one of each event, all on domain and pool.
func everything(domain, pool string) []trip.Event {
	a := attempt(domain)
	a.Conclude(trip.Outcome{Verdict: trip.ProxyError})
	events := []trip.Event{
		&trip.ProxyPicked{Pool: pool, Egress: "p1", Domain: domain, Mode: "probe"},
		&trip.Waited{Domain: domain, Wait: 700 * time.Millisecond},
		&trip.Retrying{Attempt: a, Delay: 2 * time.Second, Source: "retry_after"},
		&trip.RetrySuppressed{Attempt: a, Cause: "deadline"},
		&trip.Paused{Domain: domain},
		&trip.ProxyGated{Pool: pool, Egress: "p1", Reason: "faults"},
		&trip.ProxyGated{Pool: pool, Egress: "p1", Domain: domain, Reason: "cloudflare block"},
		&trip.ProxyReadmitted{Pool: pool, Egress: "p1", Reason: "probe"},
		&trip.ProxyReadmitted{Pool: pool, Egress: "p1", Domain: domain, Reason: "due"},
		&trip.IdentityRetired{Pool: pool, Egress: "p1", Domain: domain, Reason: "uses"},
		&trip.BreakerChanged{Domain: domain, From: "closed", To: "open"},
		&trip.BreakerRejected{Domain: domain},
		&trip.ChallengeSeen{Domain: domain, Egress: "p1", Vendor: "cloudflare", Kind: "turnstile"},
		&trip.ChallengeSeen{Domain: domain, Egress: "p1", Vendor: "akamai", Blocked: true},
		&trip.ChallengeSolved{Domain: domain, Vendor: "cloudflare", Kind: "turnstile", Provider: "2captcha", Cost: 2990, Duration: 12 * time.Second},
		&trip.ChallengeFailed{Domain: domain, Vendor: "cloudflare", Kind: "turnstile", Cause: "budget"},
		&trip.BodyDone{Attempt: a, Pool: pool, Outcome: trip.Outcome{Verdict: trip.OK}, Sent: 10, Received: 2000},
		&trip.BodyDone{Attempt: a, Pool: pool, Outcome: trip.Outcome{Verdict: trip.TargetError, Phase: trip.Body, Timeout: true}, Received: 500},
	}
	for _, o := range []trip.Outcome{
		{Verdict: trip.ProxyError, Phase: trip.ProxyConnect, Timeout: true},
		{Verdict: trip.TargetError, Ambiguous: true, Phase: trip.FirstByte, Timeout: true},
		{Verdict: trip.Blocked, Status: 403},
		{Verdict: trip.Canceled, Timeout: true},
		{Verdict: trip.OK, Status: 200},
	} {
		events = append(events,
			&trip.ExchangeDone{Attempt: a, Outcome: o, Duration: 80 * time.Millisecond},
			&trip.AttemptDone{Attempt: a, Outcome: o, Duration: 90 * time.Millisecond})
	}
	return append(events,
		&trip.CallDone{Call: a.Call(), Method: "GET", Verdict: trip.OK, Status: 200, Attempts: 3, Duration: 3 * time.Second},
		&trip.CallDone{Call: a.Call(), Method: "BREW", Verdict: trip.Local, Duration: time.Millisecond, Err: io.EOF})
}

func standing() trip.State {
	return trip.State{
		Pools: []trip.PoolState{{
			Pool: "residential", Healthy: 70, Probation: 3, Gated: 26, Disabled: 1,
			Bans: map[string]int{"shop.test": 4, "never-asked-1.test": 1, "never-asked-2.test": 2},
		}},
		Breakers: []trip.BreakerState{
			{Domain: "shop.test", State: "open"}, {Domain: "never-asked-1.test", State: "open"}, {Domain: "never-asked-2.test", State: "open"},
		},
		Paces: []trip.PaceState{
			{Domain: "shop.test", Interval: 500 * time.Millisecond, InFlight: 2, Waiting: 9, PausedUntil: time.Now().Add(-time.Minute)},
			{Domain: "never-asked-1.test"},
		},
		Budgets: []trip.BudgetState{{Budget: "day", Limit: 5 * trip.Dollar, Remaining: 2*trip.Dollar + trip.Dollar/2}},
		Stores:  []trip.StoreState{{Store: "redis", Degraded: true}},
	}
}

// exposition returns what a scrape shows.
func exposition(t testing.TB, c prometheus.Collector) string {
	t.Helper()
	reg := prometheus.NewPedanticRegistry()
	require.NoError(t, reg.Register(c))
	w := httptest.NewRecorder()
	promhttp.HandlerFor(reg, promhttp.HandlerOpts{ErrorHandling: promhttp.HTTPErrorOnError}).
		ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	require.Equal(t, http.StatusOK, w.Code, w.Body.String())
	return w.Body.String()
}

func TestEveryEventIsCountedAndEveryGaugeShown(t *testing.T) {
	c := collector(t, metrics.Config{Domains: []string{"shop.test"}, Pools: []string{"residential"}, MaxDomains: -1, APITimeouts: true})
	c.Watch(standing)
	for _, e := range everything("shop.test", "residential") {
		c.Observe(t.Context(), e)
	}
	got := exposition(t, c)
	const golden = "testdata/exposition.txt"
	if *update {
		require.NoError(t, os.WriteFile(golden, []byte(got), 0o644))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	require.Equal(t, string(want), got)
}

func TestTheNamesPassTheLinter(t *testing.T) {
	for _, cfg := range []metrics.Config{{APITimeouts: true}, {NativeHistograms: true}} {
		c := collector(t, cfg)
		c.Watch(standing)
		problems, err := testutil.CollectAndLint(c)
		require.NoError(t, err)
		require.Equal(t, []promlint.Problem(nil), problems)
	}
}

func TestTheTimeoutsAliasAndNativeHistogramsAreOptions(t *testing.T) {
	plain := exposition(t, collector(t, metrics.Config{}))
	require.NotContains(t, plain, "api_request_timeouts_total")
	require.Contains(t, plain, "godwit_request_duration_seconds_bucket")

	c := collector(t, metrics.Config{NativeHistograms: true, APITimeouts: true, Domains: []string{"a.test"}})
	c.Observe(t.Context(), &trip.AttemptDone{Attempt: attempt("a.test"), Outcome: trip.Outcome{Timeout: true, Phase: trip.TLS}})
	native := exposition(t, c)
	require.Contains(t, native, `api_request_timeouts_total{domain="a.test",phase="tls"} 1`)
	require.NotContains(t, native, `godwit_request_duration_seconds_bucket{domain="a.test",le="1"}`)
}

func seriesCount(t testing.TB, c prometheus.Collector) int {
	t.Helper()
	n := 0
	for line := range strings.Lines(exposition(t, c)) {
		if !strings.HasPrefix(line, "#") {
			n++
		}
	}
	return n
}

func TestTenThousandRandomHostsLeaveTheNumberOfSeriesAsItIs(t *testing.T) {
	for _, places := range []int{-1, 0, 5} {
		t.Run(fmt.Sprint(places), func(t *testing.T) {
			c := collector(t, metrics.Config{MaxDomains: places, Domains: []string{"shop.test"}})
			visit := func(host string) {
				for _, e := range everything(host, "pool-of-"+host) {
					c.Observe(t.Context(), e)
				}
			}
			visit("shop.test")
			for i := range 100 {
				visit(fmt.Sprintf("first-%d.test", i))
			}
			before := seriesCount(t, c)
			for i := range 10_000 {
				visit(fmt.Sprintf("host-%d.test", i))
			}
			c.Keep("shop.test", "")
			require.Equal(t, before, seriesCount(t, c))

			c.Keep("new.test")
			visit("new.test")
			text := exposition(t, c)
			require.Contains(t, text, `godwit_requests_total{code="2xx",domain="new.test",method="GET",result="ok"} 1`, "a configured domain is always kept")
			require.Contains(t, text, `godwit_requests_total{code="2xx",domain="shop.test",method="GET",result="ok"} 1`)
		})
	}
}

func TestNoCallIsLostInTheCrowd(t *testing.T) {
	c := collector(t, metrics.Config{MaxDomains: 10})
	var wg sync.WaitGroup
	for w := range 16 {
		wg.Go(func() {
			for i := range 100 {
				a := attempt(fmt.Sprintf("host-%d.test", (w+i)%50))
				c.Observe(t.Context(), &trip.CallDone{Call: a.Call(), Method: "GET", Status: 200, Verdict: trip.OK, Attempts: 1})
			}
		})
	}
	wg.Wait()
	reg := prometheus.NewRegistry()
	reg.MustRegister(c)
	families, err := reg.Gather()
	require.NoError(t, err)
	total, domains := 0.0, map[string]bool{}
	for _, f := range families {
		if f.GetName() != "godwit_requests_total" {
			continue
		}
		for _, m := range f.Metric {
			total += m.Counter.GetValue()
			domains[m.Label[1].GetValue()] = true
		}
	}
	require.EqualValues(t, 1600, total)
	require.Len(t, domains, 11)
}

// Labels may come from a URL or another package. None may break a scrape.
func TestHostileWordsStayFewAndValid(t *testing.T) {
	c := collector(t, metrics.Config{})
	for i := range 1000 {
		bad := fmt.Sprintf("\xff\n\"%d%s", i, strings.Repeat("x", 300))
		for _, e := range everything(bad, bad) {
			c.Observe(t.Context(), e)
		}
		c.Observe(t.Context(), &trip.RetrySuppressed{Attempt: attempt("a.test"), Cause: bad})
		c.Observe(t.Context(), &trip.ProxyGated{Pool: "p", Reason: bad})
		c.Observe(t.Context(), &trip.BreakerChanged{Domain: "a.test", From: "closed", To: bad})
		c.Observe(t.Context(), &trip.ChallengeFailed{Domain: "a.test", Provider: bad, Kind: "k", Cause: "c", Cost: -5})
		c.Observe(t.Context(), &trip.AttemptDone{Attempt: attempt("a.test"), Outcome: trip.Outcome{Verdict: 200, Phase: 200, Timeout: true}})
		c.Observe(t.Context(), &trip.CallDone{Call: attempt("a.test").Call(), Method: bad, Status: i, Verdict: 99})
		c.Observe(t.Context(), &trip.ProxyPicked{Pool: "p", Mode: bad})
	}
	c.Watch(func() trip.State {
		var s trip.State
		for i := range 200 {
			bad := fmt.Sprintf("\xff%d", i)
			s.Pools = append(s.Pools, trip.PoolState{Pool: bad, Bans: map[string]int{bad: 1}})
			s.Breakers = append(s.Breakers, trip.BreakerState{Domain: bad, State: bad})
			s.Paces = append(s.Paces, trip.PaceState{Domain: bad, Interval: -1})
			s.Budgets = append(s.Budgets, trip.BudgetState{Budget: bad})
			s.Stores = append(s.Stores, trip.StoreState{Store: bad})
		}
		return s
	})
	require.Less(t, seriesCount(t, c), 12_000)
}

func TestAConfigurationSaysAllThatIsWrong(t *testing.T) {
	_, err := metrics.New(metrics.Config{Domains: []string{"a.test", ""}, Pools: []string{"other"}})
	require.ErrorContains(t, err, `Domains[1]: "", want a domain`)
	require.ErrorContains(t, err, `Pools[0]: "other", want a pool's name`)
}

// usual are the events of a call that goes well.
func usual(domain string) []trip.Event {
	a := attempt(domain)
	ok := trip.Outcome{Verdict: trip.OK, Status: 200}
	return []trip.Event{
		&trip.Waited{Domain: domain, Wait: time.Second},
		&trip.ProxyPicked{Pool: "residential", Egress: "p1", Domain: domain, Mode: "normal"},
		&trip.ExchangeDone{Attempt: a, Outcome: ok, Duration: time.Second},
		&trip.AttemptDone{Attempt: a, Outcome: ok, Duration: time.Second},
		&trip.CallDone{Call: a.Call(), Method: "GET", Status: 200, Verdict: trip.OK, Attempts: 1, Duration: time.Second},
		&trip.BodyDone{Attempt: a, Pool: "residential", Outcome: ok, Sent: 10, Received: 2000},
	}
}

func TestObservingACallAllocatesNothing(t *testing.T) {
	c := collector(t, metrics.Config{APITimeouts: true})
	for _, domain := range []string{"shop.test", "other.test"} {
		events := usual(domain)
		require.Zero(t, testing.AllocsPerRun(1000, func() {
			for _, e := range events {
				c.Observe(t.Context(), e)
			}
		}))
	}
	slow := &trip.AttemptDone{Attempt: attempt("shop.test"), Outcome: trip.Outcome{Verdict: trip.TargetError, Timeout: true}}
	require.Zero(t, testing.AllocsPerRun(1000, func() { c.Observe(t.Context(), slow) }))
}

func BenchmarkObserveCall(b *testing.B) {
	c := collector(b, metrics.Config{})
	events := usual("shop.test")
	ctx := b.Context()
	b.ReportAllocs()
	for b.Loop() {
		for _, e := range events {
			c.Observe(ctx, e)
		}
	}
}

// A pool answers a scrape by counting its proxies by state; the collector never
// sees them one by one.
func scrapeOf(b testing.TB, proxies int) func() {
	state := make([]uint8, proxies)
	for i := range state {
		state[i] = uint8(i % 4)
	}
	c := collector(b, metrics.Config{})
	for i := range 1000 {
		for _, e := range usual(fmt.Sprintf("host-%d.test", i)) {
			c.Observe(b.Context(), e)
		}
	}
	c.Watch(func() trip.State {
		var n [4]int
		for _, s := range state {
			n[s]++
		}
		return trip.State{Pools: []trip.PoolState{{Pool: "big", Healthy: n[0], Probation: n[1], Gated: n[2], Disabled: n[3]}}}
	})
	reg := prometheus.NewRegistry()
	require.NoError(b, reg.Register(c))
	handler := promhttp.HandlerFor(reg, promhttp.HandlerOpts{})
	return func() {
		handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/metrics", nil))
	}
}

func TestAScrapeOfAHundredThousandProxiesIsQuick(t *testing.T) {
	scrape := scrapeOf(t, 100_000)
	var took []time.Duration
	for range 9 {
		start := time.Now()
		scrape()
		took = append(took, time.Since(start))
	}
	sort.Slice(took, func(i, j int) bool { return took[i] < took[j] })
	t.Log(took)
	if !raceEnabled {
		require.Less(t, took[0], 50*time.Millisecond)
	}
}

func BenchmarkScrape100kProxies(b *testing.B) {
	scrape := scrapeOf(b, 100_000)
	for b.Loop() {
		scrape()
	}
}

func TestADomainWithoutBansHasNone(t *testing.T) {
	c := collector(t, metrics.Config{Domains: []string{"shop.test"}})
	c.Watch(func() trip.State {
		return trip.State{Breakers: []trip.BreakerState{{Domain: "shop.test", State: "closed"}}}
	})
	require.Contains(t, exposition(t, c), `godwit_pair_bans{domain="shop.test"} 0`)
}

package godwit_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/godwit-go/godwit"
	"github.com/godwit-go/godwit/breaker"
	"github.com/godwit-go/godwit/captcha"
	"github.com/godwit-go/godwit/headers"
	"github.com/godwit-go/godwit/hostile"
	"github.com/godwit-go/godwit/internal/leaks"
	"github.com/godwit-go/godwit/proxypool"
	"github.com/godwit-go/godwit/ratelimit"
	"github.com/godwit-go/godwit/retry"
	"github.com/godwit-go/godwit/trip"
)

// start starts a web for the test.
func start(t *testing.T, sites ...hostile.SiteConfig) *hostile.Web {
	t.Helper()
	web, err := hostile.Start(hostile.Config{Sites: sites})
	require.NoError(t, err)
	t.Cleanup(web.Close)
	return web
}

// exits adds proxies to the web and returns a pool of them.
func exits(t *testing.T, web *hostile.Web, configs ...hostile.ProxyConfig) (proxypool.Config, []*hostile.Proxy) {
	t.Helper()
	pool := proxypool.Config{TLS: &tls.Config{RootCAs: web.CertPool()}, EmptyWait: -1}
	var proxies []*hostile.Proxy
	for _, cfg := range configs {
		p, err := web.AddProxy(cfg)
		require.NoError(t, err)
		pool.Proxies = append(pool.Proxies, proxypool.Address(p.URL().String()))
		proxies = append(proxies, p)
	}
	return pool, proxies
}

func fast() godwit.Policy {
	return godwit.Policy{
		Rate:   ratelimit.Config{Rate: -1, InFlight: -1, Pause: time.Millisecond},
		Retry:  retry.Config{BaseDelay: time.Millisecond},
		Robots: ignoreRobots,
	}
}

func transport(t *testing.T, cfg godwit.Config) *godwit.Transport {
	t.Helper()
	tr, err := godwit.New(nil, cfg)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, tr.Close()) })
	return tr
}

// get fetches a page as the given session and returns its body.
func get(ctx context.Context, tr *godwit.Transport, session, page string) (*http.Response, string, error) {
	req, err := http.NewRequestWithContext(trip.WithSession(ctx, session), http.MethodGet, page, nil)
	if err != nil {
		return nil, "", err
	}
	resp, err := tr.Client().Do(req)
	if err != nil {
		return nil, "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return resp, string(body), err
}

func TestOverHTTP2NoCallLeavesThroughTheWrongProxy(t *testing.T) {
	web := start(t, hostile.SiteConfig{Host: "shop.test"})
	pool, proxies := exits(t, web, hostile.ProxyConfig{}, hostile.ProxyConfig{})
	pool.MaxInFlight = -1
	p := fast()
	p.Retry.BudgetRatio = -1 // the server gives a connection two seconds to begin, which a busy machine may take
	tr := transport(t, godwit.Config{Default: p, Pools: map[string]proxypool.Config{"exits": pool}})
	const visitors = 50 // that all of them get the same proxy happens once in 2^49 times

	exitOf := map[string]string{} // label → exit address
	for _, p := range proxies {
		exitOf[p.URL().Host] = p.Exit()
	}
	var mu sync.Mutex
	used := map[string]int{}
	var wg sync.WaitGroup
	for i := range 200 {
		wg.Go(func() {
			resp, body, err := get(t.Context(), tr, fmt.Sprint("visitor-", i%visitors), web.Site("shop.test").URL("/visitor"))
			if err != nil {
				t.Error(err)
				return
			}
			var seen struct {
				Address, Proto string
				Direct         bool
			}
			if err := json.Unmarshal([]byte(body), &seen); err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			used[seen.Address]++
			egress := trip.FromResponse(resp).Egress
			if want := exitOf[egress]; seen.Address != want || seen.Proto != "HTTP/2.0" || seen.Direct {
				t.Errorf("leased %s (exit %s), left from %s over %s", egress, want, seen.Address, seen.Proto)
			}
		})
	}
	wg.Wait()
	require.Len(t, used, 2, "both proxies were used: %v", used)
	require.Zero(t, web.MachineRequests())
}

func TestAPoolThatIsDownNeverFallsBackToTheMachine(t *testing.T) {
	web := start(t, hostile.SiteConfig{Host: "shop.test"})
	pool, proxies := exits(t, web, hostile.ProxyConfig{}, hostile.ProxyConfig{Scheme: "socks5"})
	for _, p := range proxies {
		p.Stop()
	}
	pool.Faults = proxypool.Gating{For: time.Hour, Max: time.Hour} // or they are tried again meanwhile
	pool.Scarcity.MinGate = time.Hour
	p := fast()
	p.Retry.MaxRetryAfter = time.Millisecond // do not wait until a proxy is due back
	tr := transport(t, godwit.Config{Default: p, Pools: map[string]proxypool.Config{"exits": pool}})
	for range 20 {
		_, _, err := get(t.Context(), tr, "", web.Site("shop.test").URL("/p/1"))
		require.Error(t, err)
		var story *godwit.Error
		require.ErrorAs(t, err, &story)
	}
	_, _, err := get(t.Context(), tr, "", web.Site("shop.test").URL("/p/1"))
	require.ErrorIs(t, err, proxypool.ErrNoProxy)
	require.Zero(t, web.MachineRequests())
}

func TestEachPartySeesOnlyItsOwnCredentials(t *testing.T) {
	web := start(t, hostile.SiteConfig{Host: "a.test"}, hostile.SiteConfig{Host: "b.test"})
	pool, proxies := exits(t, web,
		hostile.ProxyConfig{User: "one", Password: "canary1"},
		hostile.ProxyConfig{User: "two", Password: "canary2", Scheme: "socks5"},
		hostile.ProxyConfig{User: "three", Password: "canary3"},
		hostile.ProxyConfig{Fault: hostile.ProxyUnauthorized, User: "four", Password: "canary4"})
	extra := fast()
	extra.Headers = headers.Config{Extra: http.Header{"X-Api-Key": {"only-for-a"}}}
	tr := transport(t, godwit.Config{
		Default: fast(),
		Domains: map[string]godwit.Policy{"a.test": extra},
		Pools:   map[string]proxypool.Config{"exits": pool},
	})
	for i := range 30 {
		// The redirect crosses from a.test to b.test.
		resp, _, err := get(t.Context(), tr, "", web.Site("a.test").URL(fmt.Sprintf("/away/%d", i+1)))
		require.NoError(t, err)
		require.Equal(t, "b.test", resp.Request.URL.Hostname())
		require.Empty(t, resp.Request.Header.Get("X-Api-Key"), "a header for one domain followed a redirect to another")
	}
	for i, p := range proxies {
		for login := range p.Ledger().Credentials {
			require.Contains(t, login, fmt.Sprintf("canary%d", i+1))
		}
	}
	require.Zero(t, web.Site("a.test").Ledger().Leaked+web.Site("b.test").Ledger().Leaked)
}

func TestNothingRunsOnAfterClose(t *testing.T) {
	before := goleak.IgnoreCurrent()
	web, err := hostile.Start(hostile.Config{Sites: []hostile.SiteConfig{{Host: "shop.test", Hazards: []hostile.Hazard{hostile.Burst{Every: 5, Length: 1}}}}})
	require.NoError(t, err)
	pool, _ := exits(t, web, hostile.ProxyConfig{}, hostile.ProxyConfig{Scheme: "socks5"})
	pool.Check = proxypool.Check{URL: "http://shop.test/p/1", Every: time.Minute}
	pool.ReloadEvery = time.Minute
	tr, err := godwit.New(nil, godwit.Config{Default: fast(), Pools: map[string]proxypool.Config{"exits": pool}})
	require.NoError(t, err)
	for _, page := range web.Site("shop.test").URLs()[:20] {
		_, _, err := get(t.Context(), tr, "", page)
		require.NoError(t, err)
	}
	require.NoError(t, tr.Close())
	require.NoError(t, tr.Close(), "closing twice is harmless")
	_, _, err = get(t.Context(), tr, "", web.Site("shop.test").URL("/p/1"))
	require.ErrorIs(t, err, godwit.ErrClosed)
	web.Close()
	require.NoError(t, leaks.Find(before))
}

func TestNoSecretComesToLight(t *testing.T) {
	web := start(t, hostile.SiteConfig{Host: "shop.test", Hazards: []hostile.Hazard{hostile.ReCaptcha{}}})
	pool, _ := exits(t, web,
		hostile.ProxyConfig{User: "canary-user", Password: "canary-pass", Fault: hostile.ProxyUnauthorized},
		hostile.ProxyConfig{User: "canary-user", Password: "canary-pass", Fault: hostile.ProxyForbidden},
		hostile.ProxyConfig{User: "canary-user", Password: "canary-pass", Scheme: "socks5", Fault: hostile.ProxyUnauthorized},
		hostile.ProxyConfig{User: "canary-user", Password: "canary-pass", Fault: hostile.ProxyTunnelGarbage},
		hostile.ProxyConfig{User: "canary-user", Password: "canary-pass", Fault: hostile.ProxyRefuse},
		hostile.ProxyConfig{User: "canary-user", Password: "canary-pass"})
	pool.Scarcity.MinGate = time.Millisecond // not long until the next proxy that is no good
	var log bytes.Buffer
	cfg := godwit.Config{
		Default: fast(),
		Pools:   map[string]proxypool.Config{"exits": pool},
		Logger:  slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	tr := transport(t, cfg)
	var told strings.Builder
	for range 30 {
		_, _, err := get(t.Context(), tr, "", "https://shop.test/p/1?key=canary-query")
		require.Error(t, err)
		var story *godwit.Error
		require.ErrorAs(t, err, &story)
		fmt.Fprintf(&told, "%v\n%+v\n%#v\n", story, story.Summary, story.Err)
	}
	stats := tr.Stats()
	asJSON, err := json.Marshal(stats)
	require.NoError(t, err)
	cfgJSON, err := json.Marshal(cfg.Pools["exits"].Proxies)
	require.NoError(t, err)
	fmt.Fprintf(&told, "%v %+v %#v %s %+v %s %s", stats, stats, stats, asJSON, tr.State(), cfgJSON, statusOf(t, tr))
	fmt.Fprintf(&told, "%v %+v %#v", cfg.Pools, cfg.Pools, cfg.Pools["exits"].Proxies)
	require.Positive(t, log.Len())
	require.NotContains(t, log.String()+told.String(), "canary")
}

func TestWhoQueuesForADomainThatDiesIsWokenAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var sent, refused atomic.Int32
		base := roundTripperFunc(func(req *http.Request) (*http.Response, error) {
			sent.Add(1)
			return &http.Response{StatusCode: 503, Header: http.Header{}, Body: http.NoBody, Request: req}, nil
		})
		p := fast()
		p.Rate = ratelimit.Config{Rate: 20, Jitter: -1, InFlight: -1}
		p.Retry = retry.Config{MaxAttempts: 1}
		p.Breaker = breaker.Config{OpenFor: time.Hour, MaxOpenFor: time.Hour}
		tr, err := godwit.New(base, godwit.Config{Default: p})
		require.NoError(t, err)
		defer tr.Close()
		began := time.Now()
		var wg sync.WaitGroup
		for range 100 {
			wg.Go(func() {
				if _, _, err := get(t.Context(), tr, "", "https://down.test/"); err != nil {
					refused.Add(1)
				}
			})
		}
		wg.Wait()
		require.Less(t, time.Since(began), time.Second, "99 callers did not wait for their token, 5 s away")
		require.LessOrEqual(t, sent.Load(), int32(6))
		require.GreaterOrEqual(t, refused.Load(), int32(94))
	})
}

func TestAnUnsolvedChallengeIsNotAPage(t *testing.T) {
	web := start(t, hostile.SiteConfig{Host: "shop.test", Hazards: []hostile.Hazard{hostile.Turnstile{}}})
	tr, err := godwit.New(web.Transport(), godwit.Config{Default: fast()})
	require.NoError(t, err)
	defer tr.Close()
	_, _, err = get(t.Context(), tr, "", web.Site("shop.test").URL("/p/1"))
	require.ErrorIs(t, err, captcha.ErrChallenge)
}

package godwit_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/godwit-go/godwit"
	"github.com/godwit-go/godwit/breaker"
	"github.com/godwit-go/godwit/hostile"
	"github.com/godwit-go/godwit/proxypool"
	"github.com/godwit-go/godwit/retry"
	"github.com/godwit-go/godwit/robots"
)

func TestReloadKeepsWhatWasLearnt(t *testing.T) {
	web := start(t, hostile.SiteConfig{Host: "down.test", Hazards: []hostile.Hazard{hostile.Outage{For: time.Hour}}})
	pool, _ := exits(t, web, hostile.ProxyConfig{})
	p := fast()
	p.Retry = retry.Config{MaxAttempts: 1}
	p.Breaker = breaker.Config{OpenFor: time.Hour, MaxOpenFor: time.Hour}
	cfg := godwit.Config{Default: p, Pools: map[string]proxypool.Config{"exits": pool}}
	tr := transport(t, cfg)
	page := web.Site("down.test").URL("/p/1")
	for range 5 {
		_, _, err := get(t.Context(), tr, "", page)
		require.NoError(t, err)
	}
	_, _, err := get(t.Context(), tr, "", page)
	require.ErrorIs(t, err, breaker.ErrOpen)

	cfg.Default.Retry.MaxAttempts = 2
	require.NoError(t, tr.Reload(cfg))
	_, _, err = get(t.Context(), tr, "", page)
	require.ErrorIs(t, err, breaker.ErrOpen, "the breaker stays open over a reload")
	stats := tr.Stats()
	require.Equal(t, "down.test", stats.Domains[0].Domain)
	require.EqualValues(t, 7, stats.Domains[0].Calls)
	for _, s := range stats.Pools {
		if s.Name == "exits" {
			require.Positive(t, s.Proxies[0].Uses, "the proxy keeps its history")
		}
	}
}

func TestAReloadAsksNobodyForRobotsTxtAgain(t *testing.T) {
	asked := 0
	base := roundTripperFunc(func(req *http.Request) (*http.Response, error) {
		if req.URL.Path == "/robots.txt" {
			asked++
		}
		return &http.Response{StatusCode: 200, Header: http.Header{}, Body: http.NoBody, Request: req}, nil
	})
	p := fast()
	p.Robots = robots.Config{Mode: robots.Obey}
	tr, err := godwit.New(base, godwit.Config{Default: p})
	require.NoError(t, err)
	defer tr.Close()
	for range 3 {
		_, _, err := get(t.Context(), tr, "", "https://shop.test/")
		require.NoError(t, err)
		require.NoError(t, tr.Reload(godwit.Config{Default: p}))
	}
	require.Equal(t, 1, asked)
	p.Robots.Agent = "another"
	require.NoError(t, tr.Reload(godwit.Config{Default: p}))
	_, _, err = get(t.Context(), tr, "", "https://shop.test/")
	require.NoError(t, err)
	require.Equal(t, 2, asked, "other rules may hold for another agent")
}

// A visitor's browser goes on where it was: its next page comes from the last one.
func TestAReloadKeepsWhatTheBrowsersRemember(t *testing.T) {
	var referers, agents []string
	base := roundTripperFunc(func(req *http.Request) (*http.Response, error) {
		referers, agents = append(referers, req.Header.Get("Referer")), append(agents, req.Header.Get("User-Agent"))
		h := http.Header{"Content-Type": {"text/html"}}
		return &http.Response{StatusCode: 200, Header: h, Body: http.NoBody, Request: req}, nil
	})
	tr, err := godwit.New(base, godwit.Config{Default: fast()})
	require.NoError(t, err)
	defer tr.Close()
	for _, page := range []string{"https://shop.test/a", "https://shop.test/b", "https://shop.test/c"} {
		_, _, err := get(t.Context(), tr, "visitor", page)
		require.NoError(t, err)
		require.NoError(t, tr.Reload(godwit.Config{Default: fast()}))
	}
	require.Equal(t, []string{"", "https://shop.test/a", "https://shop.test/b"}, referers)
	require.Equal(t, agents[0], agents[2])
}

func TestAWrongConfigurationLeavesTheOldOneInForce(t *testing.T) {
	tr := transport(t, godwit.Config{})
	err := tr.Reload(godwit.Config{Default: godwit.Policy{Pool: "nowhere"}})
	require.ErrorContains(t, err, `Default.Pool: "nowhere", want one of direct`)
	require.NoError(t, tr.Reload(godwit.Config{}))
}

func TestReloadUnderLoadFailsNoCall(t *testing.T) {
	web := start(t, hostile.SiteConfig{Host: "shop.test"})
	pool, _ := exits(t, web, hostile.ProxyConfig{User: "a", Password: "b"}, hostile.ProxyConfig{})
	one, two := pool, pool
	one.Proxies, two.Proxies = pool.Proxies[:1], pool.Proxies[1:]
	tr := transport(t, godwit.Config{Default: fast(), Pools: map[string]proxypool.Config{"exits": one}})
	// Each caller makes calls until the reloads are over; each reload waits for a
	// call that began after the one before.
	ctx, stop := context.WithCancel(t.Context())
	began := make(chan struct{})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				select {
				case began <- struct{}{}:
				default:
				}
				page := web.Site("shop.test").URL(fmt.Sprintf("/p/%d", n%100+1))
				if _, body, err := get(t.Context(), tr, "", page); err != nil || !web.Check(page, []byte(body)) {
					t.Errorf("%s: %v", page, err)
				}
			}
		})
	}
	for i := range 20 {
		<-began
		next := []proxypool.Config{one, two, pool}[i%3]
		require.NoError(t, tr.Reload(godwit.Config{Default: fast(), Pools: map[string]proxypool.Config{"exits": next}}))
	}
	stop()
	wg.Wait()
	require.Zero(t, web.MachineRequests())
}

func TestWatchTakesUpChangesAndReportsMistakes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "crawler.yaml")
		write := func(s string) { require.NoError(t, os.WriteFile(path, []byte(s), 0o600)) }
		write("default: {retry: {max_attempts: 2}}\n")
		tr, err := godwit.New(nil, godwit.Config{})
		require.NoError(t, err)
		defer tr.Close()
		ctx, stop := context.WithCancel(t.Context())
		reports := make(chan error)
		done := make(chan error, 1)
		go func() { done <- tr.Watch(ctx, path, nil, func(err error) { reports <- err }) }()
		require.NoError(t, <-reports)

		write("default: {retry: {max_attemps: 3}}\n")
		require.ErrorContains(t, <-reports, `crawler.yaml:1:19: unknown key "max_attemps", did you mean "max_attempts"?`)
		write("default: {retry: {max_attempts: 3}}\n")
		require.NoError(t, <-reports)
		require.NoError(t, os.Remove(path))
		require.ErrorIs(t, <-reports, os.ErrNotExist)
		write("default: {retry: {max_attempts: 3}}\n")
		require.NoError(t, <-reports, "it is back")
		stop()
		require.ErrorIs(t, <-done, context.Canceled)
	})
}

func TestThreeMistakesAreMendedFromTheMessagesAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "crawler.yaml")
	require.NoError(t, os.WriteFile(path, []byte(`default:
  rate: {rate: 30 per minute}
domains:
  "*.shop.test/x":
    retry: {max_attempts: -3}
    captha: {}
`), 0o600))
	_, err := godwit.Load(path)
	require.Error(t, err)
	for _, want := range []string{
		`crawler.yaml:2:16: rate: "30 per minute", want a number, a rate like 5/min`,
		`crawler.yaml:6:5: unknown key "captha", did you mean "captcha"?`,
	} {
		require.ErrorContains(t, err, want)
	}
	require.NoError(t, os.WriteFile(path, []byte(`default:
  rate: {rate: 30/min}
domains:
  "*.shop.test/x":
    retry: {max_attempts: -3}
    captcha: {}
`), 0o600))
	_, err = godwit.Load(path)
	for _, want := range []string{
		`crawler.yaml:4:3: Domains["*.shop.test/x"]: has a path, want a host name`,
		`crawler.yaml:5:27: Domains["*.shop.test/x"].Retry.MaxAttempts: -3, want at least 1`,
	} {
		require.ErrorContains(t, err, want)
	}
}

func TestTheSchemaKnowsEveryKeyOfTheGuide(t *testing.T) {
	schema := string(godwit.Schema())
	for _, key := range []string{"max_retry_after", "per_day", "service", "reload_every", "in_flight", "preset", "languages"} {
		require.Contains(t, schema, `"`+key+`"`)
	}
	for _, key := range []string{"observer", "classify", "new_transport", "per_call\": {\n          \"items", "frozen"} {
		require.False(t, strings.Contains(schema, `"`+key+`"`), key)
	}
}

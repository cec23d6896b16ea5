package godwit_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/godwit-go/godwit"
	"github.com/godwit-go/godwit/breaker"
	"github.com/godwit-go/godwit/hostile"
	"github.com/godwit-go/godwit/proxypool"
	"github.com/godwit-go/godwit/robots"
	"github.com/godwit-go/godwit/trip"
)

func TestARobotsTxtThatCannotBeHadSaysWhenToComeBack(t *testing.T) {
	base := roundTripperFunc(func(req *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 500, Header: http.Header{}, Body: http.NoBody, Request: req}, nil
	})
	p := fast()
	p.Robots, p.Retry.MaxAttempts = robots.Config{}, 1
	tr, err := godwit.New(base, godwit.Config{Default: p})
	require.NoError(t, err)
	defer tr.Close()
	_, err = tr.Client().Get("https://shop.test/p/1")
	require.ErrorIs(t, err, robots.ErrDisallowed)
	var story *godwit.Error
	require.ErrorAs(t, err, &story)
	require.WithinDuration(t, time.Now().Add(robots.DefaultRetry), story.Summary.RetryAt, time.Minute)
}

// A crawler's own mistake must not close a site to it.
func TestARequestThatNobodyCouldSendIsHeldAgainstNobody(t *testing.T) {
	web := start(t, hostile.SiteConfig{Host: "a.test"})
	pool, _ := exits(t, web, hostile.ProxyConfig{})
	p := fast()
	proxied := p
	proxied.Pool = "exits"
	tr, err := godwit.New(web.Transport(), godwit.Config{
		Default: proxied,
		Domains: map[string]godwit.Policy{"direct.test": {Pool: godwit.Direct}},
		Pools:   map[string]proxypool.Config{"exits": pool},
	})
	require.NoError(t, err)
	defer tr.Close()
	// On a connection that is there already net/http looks at less.
	_, _, err = get(t.Context(), tr, "", web.Site("a.test").URL("/p/1"))
	require.NoError(t, err)
	for name, spoil := range map[string]func(*http.Request){
		"Method":          func(r *http.Request) { r.Method = "G ET" },
		"Host":            func(r *http.Request) { r.Host = "a b" },
		`Header["X-Any"]`: func(r *http.Request) { r.Header.Set("X-Any", "canary\r\nX-Evil: 1") },
		"Header":          func(r *http.Request) { r.Header["X Any"] = []string{"1"} },
		"URL.Host":        func(r *http.Request) { r.URL.Host += ":99999" },
		"URL.Scheme":      func(r *http.Request) { r.URL.Scheme = "ftp" },
		"URL":             func(r *http.Request) { r.URL = nil },
	} {
		for _, host := range []string{"a.test", "direct.test"} {
			for range breaker.DefaultConsecutiveFailures + 1 {
				req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+host+"/p/1", nil)
				require.NoError(t, err)
				spoil(req)
				_, err = tr.RoundTrip(req)
				var story *godwit.Error
				require.ErrorAs(t, err, &story, name)
				var bad *godwit.RequestError
				require.ErrorAs(t, err, &bad, name)
				require.Equal(t, name, bad.Field)
				require.Equal(t, trip.Local, story.Summary.Verdict, "%s: %v", name, err)
				require.LessOrEqual(t, len(story.Summary.Attempts), 1)
				require.NotContains(t, err.Error(), "canary")
			}
		}
	}
	for _, d := range tr.Stats().Domains {
		require.Zero(t, d.Breaker.Trips)
		require.Zero(t, d.Breaker.Failures)
	}
	_, body, err := get(t.Context(), tr, "", web.Site("a.test").URL("/p/1"))
	require.NoError(t, err)
	require.True(t, web.Check(web.Site("a.test").URL("/p/1"), []byte(body)))
}

func TestAMistakeInDefaultIsToldOnce(t *testing.T) {
	err := godwit.Config{
		Default: godwit.Policy{Pool: "eu"},
		Domains: map[string]godwit.Policy{"a.test": {}, "b.test": {Pool: "us"}},
		Pools:   map[string]proxypool.Config{"asia": {}, "": {}},
		Direct:  proxypool.Config{Proxies: []proxypool.Address{"h:80"}},
	}.Validate()
	require.EqualError(t, err, `Domains["b.test"].Pool: "us", want one of asia, direct
Default.Pool: "eu", want one of asia, direct
Pools[""]: reserved name, want any but "direct" and the empty one
Direct: has proxies, want none: it is the machine's own address`)
}

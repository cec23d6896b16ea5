package godwit_test

import (
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/godwit-go/godwit"
	"github.com/godwit-go/godwit/headers"
	"github.com/godwit-go/godwit/hostile"
	"github.com/godwit-go/godwit/ratelimit"
	"github.com/godwit-go/godwit/retry"
	"github.com/godwit-go/godwit/robots"
)

// With no configuration at all a domain gets a request a second on average, two at
// a time, and its robots.txt is asked for first.
func TestNobodyHasToAskForPoliteness(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const calls = 60
		var mu sync.Mutex
		var sent []time.Time
		var paths []string
		var under, most int
		base := roundTripperFunc(func(req *http.Request) (*http.Response, error) {
			mu.Lock()
			sent, paths = append(sent, time.Now()), append(paths, req.URL.Path)
			under++
			most = max(most, under)
			mu.Unlock()
			time.Sleep(5 * time.Second)
			mu.Lock()
			under--
			mu.Unlock()
			status := http.StatusOK
			if req.URL.Path == "/robots.txt" {
				status = http.StatusNotFound
			}
			return &http.Response{StatusCode: status, Header: http.Header{}, Body: http.NoBody, Request: req}, nil
		})
		tr, err := godwit.New(base, godwit.Config{})
		require.NoError(t, err)
		defer tr.Close()
		var wg sync.WaitGroup
		for i := range calls {
			wg.Go(func() {
				resp, err := tr.Client().Get(fmt.Sprint("https://shop.test/p/", i))
				if err != nil {
					t.Error(err)
					return
				}
				_ = resp.Body.Close()
			})
		}
		wg.Wait()
		require.Equal(t, "/robots.txt", paths[0])
		require.Len(t, sent, calls+1)
		require.Equal(t, 2, most, "in flight")
		for i := 1; i < len(sent); i++ {
			require.GreaterOrEqual(t, sent[i].Sub(sent[i-1]), 500*time.Millisecond, "interval × 0.5 at the least")
		}
	})
}

func TestTheDefaultPaceIsOneRequestASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		base := roundTripperFunc(func(req *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 404, Header: http.Header{}, Body: http.NoBody, Request: req}, nil
		})
		tr, err := godwit.New(base, godwit.Config{})
		require.NoError(t, err)
		defer tr.Close()
		began := time.Now()
		const calls = 400
		for range calls {
			resp, err := tr.Client().Get("https://shop.test/")
			require.NoError(t, err)
			_ = resp.Body.Close()
		}
		require.InDelta(t, calls, time.Since(began).Seconds(), 0.1*calls)
	})
}

// Sites whose clocks are hours off say when to come back, in every form.
func TestNobodyComesBackBeforeTheTimeTheyWereTold(t *testing.T) {
	limits := []hostile.RateLimit{
		{Form: hostile.RetrySeconds},
		{Form: hostile.RetryDate},
		{Form: hostile.RetryDate, Skew: 2 * time.Hour},
		{Form: hostile.RetryDate, Skew: -2 * time.Hour},
		{Form: hostile.RetryDate, Skew: 2 * time.Hour, Status: http.StatusServiceUnavailable},
		{Form: hostile.RetrySeconds, Status: http.StatusForbidden},
	}
	var seeds sync.WaitGroup
	var told []*hostile.Site
	for seed := range uint64(3) {
		var sites []hostile.SiteConfig
		for i, l := range limits {
			l.Requests, l.Window, l.Wait, l.Shared = 3, 300*time.Millisecond, time.Second, true
			sites = append(sites, hostile.SiteConfig{Host: fmt.Sprintf("s%d.test", i), Pages: 6, Hazards: []hostile.Hazard{l}})
		}
		web, err := hostile.Start(hostile.Config{Seed: seed, Sites: sites})
		require.NoError(t, err)
		t.Cleanup(web.Close)
		p := fast()
		p.Retry = retry.Config{MaxAttempts: 5, BaseDelay: time.Millisecond, BudgetRatio: -1}
		tr, err := godwit.New(web.Transport(), godwit.Config{Default: p})
		require.NoError(t, err)
		defer tr.Close()
		for _, site := range sites {
			told = append(told, web.Site(site.Host))
			for _, page := range web.Site(site.Host).URLs() {
				seeds.Go(func() {
					if _, body, err := get(t.Context(), tr, "", page); err != nil || !web.Check(page, []byte(body)) {
						t.Errorf("%s: %v %s", page, err, body)
					}
				})
			}
		}
	}
	seeds.Wait()
	throttled := 0
	for _, site := range told {
		require.Zero(t, site.Ledger().Early, "%s came back too early", site.Host())
		throttled += site.Ledger().Throttled
	}
	require.Positive(t, throttled)
}

// The visit of a chain of redirects: each origin gets what is meant for it.
func TestWhatIsMeantForOneHostDoesNotFollowARedirect(t *testing.T) {
	hops := map[string]string{ // A → B → A → its subdomain → another port → plain text
		"https://a.test/1":      "https://b.test/2",
		"https://b.test/2":      "https://a.test/3",
		"https://a.test/3":      "https://www.a.test/4",
		"https://www.a.test/4":  "https://a.test:8443/5",
		"https://a.test:8443/5": "http://a.test/6",
		"http://a.test/6":       "",
	}
	seen := map[string]http.Header{}
	base := roundTripperFunc(func(req *http.Request) (*http.Response, error) {
		at := req.URL.String()
		seen[at] = req.Header.Clone()
		resp := &http.Response{StatusCode: 200, Header: http.Header{}, Body: http.NoBody, Request: req}
		resp.Header.Add("Set-Cookie", "from="+req.URL.Hostname()+"; Path=/; Secure")
		if to := hops[at]; to != "" {
			resp.StatusCode = http.StatusFound
			resp.Header.Set("Location", to)
		}
		return resp, nil
	})
	secret := fast()
	secret.Headers = headers.Config{Extra: http.Header{"X-Api-Key": {"key-of-a"}}}
	tr, err := godwit.New(base, godwit.Config{
		Default: fast(),
		Domains: map[string]godwit.Policy{"a.test:443": secret},
	})
	require.NoError(t, err)
	defer tr.Close()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://a.test/1", nil)
	require.NoError(t, err)
	req.Header.Set("Authorization", "Bearer of-the-caller")
	req.Header.Set("Proxy-Authorization", "Basic bWU6c2VjcmV0")
	resp, err := tr.Client().Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	require.Len(t, seen, len(hops))
	for at, h := range seen {
		keyed := at == "https://a.test/1" || at == "https://a.test/3"
		require.Equal(t, keyed, h.Get("X-Api-Key") != "", "%s got the key of a.test", at)
		require.Empty(t, h.Get("Proxy-Authorization"), at)
	}
	require.Empty(t, seen["https://b.test/2"].Get("Cookie"))
	require.Empty(t, seen["https://b.test/2"].Get("Authorization"))
	require.Equal(t, "from=a.test", seen["https://a.test/3"].Get("Cookie"))
	require.Empty(t, seen["https://www.a.test/4"].Get("Cookie"))
	require.Empty(t, seen["http://a.test/6"].Get("Cookie"), "a secure cookie in plain text")
}

// robots.txt is asked for once per site, by however many at a time, and what it
// forbids is not sent.
func TestRobotsTxtIsKeptBySites(t *testing.T) {
	web := start(t, hostile.SiteConfig{Host: "a.test"}, hostile.SiteConfig{Host: "b.test"})
	p := fast()
	p.Robots = robots.Config{}
	p.Rate = ratelimit.Config{Rate: -1, InFlight: -1}
	tr, err := godwit.New(web.Transport(), godwit.Config{Default: p})
	require.NoError(t, err)
	defer tr.Close()
	var refused, got atomic.Int32
	var wg sync.WaitGroup
	for _, host := range []string{"a.test", "b.test"} {
		for i := range 20 {
			wg.Go(func() {
				for _, path := range []string{"/p/", "/private/"} {
					_, _, err := get(t.Context(), tr, "", web.Site(host).URL(fmt.Sprint(path, i+1)))
					if err == nil {
						got.Add(1)
					} else if path == "/private/" {
						refused.Add(1)
					}
				}
			})
		}
	}
	wg.Wait()
	require.EqualValues(t, 40, got.Load())
	require.EqualValues(t, 40, refused.Load())
	for _, host := range []string{"a.test", "b.test"} {
		asked := 0
		for _, a := range web.Site(host).Arrivals() {
			if a.Path == "/robots.txt" {
				asked++
			}
		}
		require.Equal(t, 1, asked, host)
		require.Zero(t, web.Site(host).Ledger().Disallowed)
	}
}

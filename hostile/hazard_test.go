package hostile_test

import (
	"context"
	"io"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/godwit-go/godwit/hostile"
	"github.com/stretchr/testify/require"
)

func TestBanShutsOutTheAddressThatAsksTooMuchAndNoOther(t *testing.T) {
	web, s := site(t, hostile.Ban{Requests: 3, Window: time.Hour, For: 50 * time.Millisecond})
	greedy, modest := visitor(t, web, addProxy(t, web, hostile.ProxyConfig{})), visitor(t, web, addProxy(t, web, hostile.ProxyConfig{}))
	for range 3 {
		resp, _ := get(t, greedy, s.URL("/p/1"))
		require.Equal(t, http.StatusOK, resp.StatusCode)
	}
	resp, body := get(t, greedy, s.URL("/p/1"))
	require.Equal(t, http.StatusForbidden, resp.StatusCode)
	require.Contains(t, body, "blocked")
	resp, _ = get(t, modest, s.URL("/p/1"))
	require.Equal(t, http.StatusOK, resp.StatusCode)
	require.Eventually(t, func() bool {
		resp, _ := get(t, greedy, s.URL("/p/1"))
		return resp.StatusCode == http.StatusOK
	}, patience, 5*time.Millisecond, "a ban ends")

	ledger := s.Ledger()
	require.Positive(t, ledger.Blocked)
	require.Equal(t, ledger.Blocked, ledger.Visitors["127.0.0.2"].Blocked)
	require.Zero(t, ledger.Visitors["127.0.0.3"].Blocked)
	require.Equal(t, ledger.Requests, ledger.Served+ledger.Blocked)
}

func TestBanKnowsAddressesFromTheBeginning(t *testing.T) {
	web, s := site(t, hostile.Ban{Addresses: []string{"127.0.0.9", "198.51.100.7"}, Cut: true})
	for _, exit := range []string{"127.0.0.9", "198.51.100.7"} {
		_, err := visitor(t, web, addProxy(t, web, hostile.ProxyConfig{Exit: exit})).Get(s.URL("/p/1"))
		require.Error(t, err)
		require.Equal(t, 1, s.Ledger().Visitors[exit].Blocked)
	}
	resp, _ := get(t, visitor(t, web, nil), s.URL("/p/1"))
	require.Equal(t, http.StatusOK, resp.StatusCode)
}

func TestRateLimitSaysWhenToComeBackInEveryForm(t *testing.T) {
	for name, c := range map[string]struct {
		limit hostile.RateLimit
		want  int // seconds; -1 is unsaid
	}{
		"seconds":                   {hostile.RateLimit{Wait: 7 * time.Second}, 7},
		"date":                      {hostile.RateLimit{Wait: 7 * time.Second, Form: hostile.RetryDate}, 7},
		"date of a clock behind":    {hostile.RateLimit{Wait: 7 * time.Second, Form: hostile.RetryDate, Skew: -2 * time.Hour}, 7},
		"date of a clock far ahead": {hostile.RateLimit{Wait: 7 * time.Second, Form: hostile.RetryDate, Skew: 2 * time.Hour}, 7},
		"unsaid":                    {hostile.RateLimit{Wait: 7 * time.Second, Form: hostile.RetryUnsaid}, -1},
	} {
		t.Run(name, func(t *testing.T) {
			c.limit.Window = time.Hour
			web, s := site(t, c.limit)
			client := visitor(t, web, nil)
			resp, _ := get(t, client, s.URL("/p/1"))
			require.Equal(t, http.StatusOK, resp.StatusCode)
			resp, _ = get(t, client, s.URL("/p/1"))
			require.Equal(t, http.StatusTooManyRequests, resp.StatusCode)
			date, err := http.ParseTime(resp.Header.Get("Date"))
			require.NoError(t, err)
			require.InDelta(t, c.limit.Skew.Seconds(), time.Until(date).Seconds(), 20)
			after := resp.Header.Get("Retry-After")
			switch at, err := http.ParseTime(after); {
			case c.want < 0:
				require.Empty(t, after)
			case c.limit.Form == hostile.RetryDate:
				require.NoError(t, err)
				require.Equal(t, time.Duration(c.want)*time.Second, at.Sub(date))
			default:
				require.Equal(t, strconv.Itoa(c.want), after)
			}
		})
	}
}

func TestRateLimitAsksForTheRestOfTheWindowByItself(t *testing.T) {
	web, s := site(t, hostile.RateLimit{Window: time.Hour})
	client := visitor(t, web, nil)
	get(t, client, s.URL("/p/1"))
	resp, _ := get(t, client, s.URL("/p/1"))
	after, err := strconv.Atoi(resp.Header.Get("Retry-After"))
	require.NoError(t, err)
	require.LessOrEqual(t, after, 3600)
	require.Greater(t, after, 3500)
}

func TestRateLimitCountsByAddressOrForAll(t *testing.T) {
	for _, shared := range []bool{false, true} {
		web, s := site(t, hostile.RateLimit{Window: time.Hour, Shared: shared})
		first, second := visitor(t, web, addProxy(t, web, hostile.ProxyConfig{})), visitor(t, web, addProxy(t, web, hostile.ProxyConfig{}))
		get(t, first, s.URL("/p/1"))
		resp, _ := get(t, second, s.URL("/p/1"))
		require.Equal(t, shared, resp.StatusCode == http.StatusTooManyRequests)
	}
}

func TestRateLimitBooksThoseWhoComeBackEarly(t *testing.T) {
	web, s := site(t, hostile.RateLimit{Window: time.Hour})
	client := visitor(t, web, nil)
	status := func(path string) int {
		resp, _ := get(t, client, s.URL(path))
		return resp.StatusCode
	}
	require.Equal(t, http.StatusOK, status("/p/1"))
	require.Equal(t, http.StatusTooManyRequests, status("/p/1"))
	require.Equal(t, http.StatusTooManyRequests, status("/p/2"))
	require.Zero(t, s.Ledger().Early, "nobody was told about these paths before")
	require.Equal(t, http.StatusTooManyRequests, status("/p/2"))
	require.Equal(t, 1, s.Ledger().Early)
	require.Equal(t, http.StatusOK, status("/robots.txt"), "robots.txt knows no limit")
}

func TestRateLimitOpensAgain(t *testing.T) {
	web, s := site(t, hostile.RateLimit{Window: 200 * time.Millisecond})
	client := visitor(t, web, nil)
	for _, want := range []int{http.StatusTooManyRequests, http.StatusOK} {
		require.Eventually(t, func() bool {
			resp, _ := get(t, client, s.URL("/p/1"))
			return resp.StatusCode == want
		}, patience, time.Millisecond)
	}
	require.Equal(t, s.Ledger().Requests, s.Ledger().Served+s.Ledger().Throttled)
}

func TestBurstFailsByCount(t *testing.T) {
	web, s := site(t, hostile.Burst{Every: 10, Length: 3})
	client := visitor(t, web, nil)
	var got []int
	for i := range 20 {
		resp, _ := get(t, client, s.URL("/p/1"))
		if resp.StatusCode == http.StatusServiceUnavailable {
			got = append(got, i)
		}
	}
	require.Equal(t, []int{7, 8, 9, 17, 18, 19}, got)
	require.Equal(t, 6, s.Ledger().Failed)
}

func TestOutageFailsByTime(t *testing.T) {
	for name, c := range map[string]struct {
		outage hostile.Outage
		status int
		after  string
	}{
		"down from the beginning": {hostile.Outage{For: time.Hour}, http.StatusServiceUnavailable, ""},
		"down and says how long":  {hostile.Outage{For: time.Hour, RetryAfter: 1001 * time.Millisecond, Status: http.StatusBadGateway}, http.StatusBadGateway, "2"},
		"not down yet":            {hostile.Outage{After: time.Hour}, http.StatusOK, ""},
		"down again":              {hostile.Outage{For: time.Hour, Every: time.Hour}, http.StatusServiceUnavailable, ""},
		"not down any more":       {hostile.Outage{For: time.Nanosecond}, http.StatusOK, ""},
	} {
		t.Run(name, func(t *testing.T) {
			web, s := site(t, c.outage)
			resp, _ := get(t, visitor(t, web, nil), s.URL("/p/1"))
			require.Equal(t, c.status, resp.StatusCode)
			require.Equal(t, c.after, resp.Header.Get("Retry-After"))
			require.Equal(t, c.status != http.StatusOK, s.Ledger().Failed == 1)
		})
	}
}

func TestOutageComesBackEveryPeriod(t *testing.T) {
	web, s := site(t, hostile.Outage{For: 20 * time.Millisecond, Every: 40 * time.Millisecond})
	client := visitor(t, web, nil)
	changes, last := 0, 0
	require.Eventually(t, func() bool {
		resp, _ := get(t, client, s.URL("/p/1"))
		if resp.StatusCode != last {
			changes++
		}
		last = resp.StatusCode
		return changes == 5
	}, patience, time.Millisecond)
}

func TestResetBreaksBeforeOrAfterTheHeader(t *testing.T) {
	for _, after := range []bool{false, true} {
		for _, target := range []string{"http://shop.test/p/1", "https://shop.test/p/1"} {
			web, s := site(t, hostile.Reset{OneIn: 1, AfterHeader: after})
			req := request(t, http.MethodPost, target, nil) // never sent again by the transport itself
			resp, err := visitor(t, web, nil).Do(req)
			if after {
				require.NoError(t, err, target)
				_, err = io.ReadAll(resp.Body)
				resp.Body.Close()
			}
			require.Error(t, err, target)
			if target[:5] == "http:" {
				require.ErrorIs(t, err, syscall.ECONNRESET)
			}
			require.Equal(t, 1, s.Ledger().Failed)
			require.Zero(t, s.Ledger().Served)
		}
	}
}

func TestAResetThroughAProxyStaysAReset(t *testing.T) {
	for _, scheme := range []string{"http", "https", "socks5"} {
		web, s := site(t, hostile.Reset{OneIn: 1})
		client := visitor(t, web, addProxy(t, web, hostile.ProxyConfig{Scheme: scheme}))
		client.Transport.(*http.Transport).ForceAttemptHTTP2 = false
		client.Transport.(*http.Transport).Protocols = new(http.Protocols)
		client.Transport.(*http.Transport).Protocols.SetHTTP1(true)
		_, err := client.Do(request(t, http.MethodPost, s.URL("/p/1"), nil))
		require.ErrorIs(t, err, syscall.ECONNRESET, scheme)
	}
}

func TestTruncateEndsInTheMiddleOfTheBody(t *testing.T) {
	for _, target := range []string{"http://shop.test/p/1", "https://shop.test/p/1"} {
		web, s := site(t, hostile.Truncate{OneIn: 1})
		resp, err := visitor(t, web, nil).Get(target)
		require.NoError(t, err)
		body, err := io.ReadAll(resp.Body)
		require.NoError(t, resp.Body.Close())
		require.Error(t, err)
		require.False(t, web.Check(target, body))
		require.Equal(t, 1, s.Ledger().Failed)
		require.Zero(t, s.Ledger().Served)
	}
}

func TestLotsFollowFromTheSeedAndNotFromTheOrder(t *testing.T) {
	failing := func(parallel int) map[string]bool {
		web, s := site(t, hostile.Reset{OneIn: 4})
		client := visitor(t, web, nil)
		var mu sync.Mutex
		failed := make(map[string]bool)
		var group sync.WaitGroup
		var next atomic.Int64
		for range parallel {
			group.Go(func() {
				for i := next.Add(1); i <= 60; i = next.Add(1) {
					u := s.URLs()[i-1]
					resp, err := client.Post(u, "", nil)
					if err != nil {
						mu.Lock()
						failed[u] = true
						mu.Unlock()
						continue
					}
					resp.Body.Close()
				}
			})
		}
		group.Wait()
		return failed
	}
	one := failing(1)
	require.Greater(t, len(one), 5)
	require.Less(t, len(one), 30)
	require.Equal(t, one, failing(8))
}

func TestTarpitServesInDrops(t *testing.T) {
	web, s := site(t, hostile.Tarpit{OneIn: 1, Drop: 200, Every: time.Millisecond})
	start := time.Now()
	_, body := get(t, visitor(t, web, nil), s.URL("/p/1"))
	require.True(t, web.Check(s.URL("/p/1"), []byte(body)), "late, but whole")
	require.GreaterOrEqual(t, time.Since(start), 3*time.Millisecond)
	require.Equal(t, 1, s.Ledger().Served)

	web, s = site(t, hostile.Tarpit{OneIn: 1})
	ctx, cancel := context.WithCancel(t.Context())
	resp, err := visitor(t, web, nil).Do(request(t, http.MethodGet, s.URL("/p/1"), nil).WithContext(ctx))
	require.NoError(t, err, "the header does not wait")
	defer resp.Body.Close()

	time.AfterFunc(10*time.Millisecond, cancel)
	_, err = io.ReadAll(resp.Body)
	require.ErrorIs(t, err, context.Canceled)
}

func TestLatencyKeepsWaitingWithinItsBounds(t *testing.T) {
	web, s := site(t, hostile.Latency{Min: 5 * time.Millisecond, Max: 8 * time.Millisecond})
	start := time.Now()
	get(t, visitor(t, web, nil), s.URL("/p/1"))
	require.GreaterOrEqual(t, time.Since(start), 5*time.Millisecond)
}

func TestHazardsStandInTheirOrderAndUsersWriteTheirOwn(t *testing.T) {
	teapot := hostile.HazardFunc(func(s *hostile.Site, next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if hostile.VisitorOf(r).Proxy == nil {
				s.Book(r, hostile.Blocked)
				w.WriteHeader(http.StatusTeapot)
				return
			}
			next.ServeHTTP(w, r)
		})
	})
	web, s := site(t, teapot, hostile.Burst{Every: 1, Length: 1})
	resp, _ := get(t, visitor(t, web, nil), s.URL("/"))
	require.Equal(t, http.StatusTeapot, resp.StatusCode)
	resp, _ = get(t, visitor(t, web, addProxy(t, web, hostile.ProxyConfig{})), s.URL("/"))
	require.Equal(t, http.StatusServiceUnavailable, resp.StatusCode)
	require.Equal(t, 1, s.Ledger().Blocked)
}

package proxypool_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/godwit-go/godwit/internal/leaks"
	"github.com/godwit-go/godwit/proxypool"
	"github.com/godwit-go/godwit/trip"
)

func TestMain(m *testing.M) { leaks.Main(m) }

func TestProxiesComeFromEverySource(t *testing.T) {
	path := filepath.Join(t.TempDir(), "proxies.txt")
	require.NoError(t, os.WriteFile(path, []byte("10.0.0.1:80\n10.0.0.2:80\n"), 0o600))
	t.Setenv("GODWIT_TEST_PROXIES", "10.0.0.2:80\n10.0.0.3:80")
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("key") == "s3cret" {
			_, _ = io.WriteString(w, `["http://10.0.0.4:80"]`)
		}
	}))
	defer web.Close()
	pool := newPool(t, proxypool.Config{
		Proxies: []proxypool.Address{"10.0.0.0:80"}, File: path, Env: "GODWIT_TEST_PROXIES", URL: proxypool.Address(web.URL + "/?key=s3cret"),
		Source: func(context.Context) ([]proxypool.Proxy, error) {
			p, err := proxypool.ParseProxy("10.0.0.5:80")
			return []proxypool.Proxy{p}, err
		},
	})
	require.Equal(t, 6, pool.Len(), "the one that two sources have counts once")
}

func TestAReloadKeepsTheHistoryOfThoseWhoStayAndDrainsThoseWhoGo(t *testing.T) {
	list := addresses(4)
	cfg := proxypool.Config{Proxies: list}
	pool := newPool(t, cfg)
	for range 2 {
		takes(t, pool, noon, "a.test", exit, banned)
	}
	going := pick(t, pool, noon, proxypool.Want{Domain: "b.test"})
	for going.Egress() == exit {
		going.Done(noon, fine)
		going = pick(t, pool, noon, proxypool.Want{Domain: "b.test"})
	}
	cfg.Proxies = []proxypool.Address{list[0], "10.9.9.9:80"}
	require.NoError(t, pool.Reconfigure(t.Context(), cfg))
	require.Equal(t, 2, pool.Len())
	s := pool.Snapshot()
	require.Equal(t, 1, s.States[proxypool.Draining], "the lease is out still")
	require.NotContains(t, picked(t, pool, noon, "a.test", 100), exit, "its ban is remembered")
	require.Equal(t, []string{exit, "10.9.9.9:80"}, keys(picked(t, pool, noon, "b.test", 200)))
	going.Done(noon, fine)
	require.Zero(t, pool.Snapshot().States[proxypool.Draining])

	cfg.Proxies = list // those who come back are strangers
	require.NoError(t, pool.Reconfigure(t.Context(), cfg))
	require.Len(t, picked(t, pool, noon, "a.test", 400), 3)
	require.Len(t, picked(t, pool, noon, "b.test", 400), 4)
}

func keys(m map[string]int) (list []string) {
	for _, k := range []string{exit, "10.0.0.1:8080", "10.0.0.2:8080", "10.0.0.3:8080", "10.9.9.9:80"} {
		if m[k] > 0 {
			list = append(list, k)
		}
	}
	return list
}

// A call that began before a reload may go on after it. The index of what left the
// list belongs to another by then.
func TestWhatHasLeftTheListIsNotTakenUpAgain(t *testing.T) {
	cfg := proxypool.Config{Proxies: []proxypool.Address{exit}}
	pool := newPool(t, cfg)
	before := pick(t, pool, noon, proxypool.Want{Domain: "a.test"})
	before.Done(noon, trip.Outcome{Verdict: trip.TargetError, Status: 500})
	cfg.Proxies = []proxypool.Address{"10.9.9.9:80"}
	require.NoError(t, pool.Reconfigure(t.Context(), cfg))
	after := pick(t, pool, noon, proxypool.Want{Domain: "a.test", Keep: before})
	require.Equal(t, "10.9.9.9:80", after.Egress())
	after.Done(noon, fine)
}

func TestALeaseThatOutlivesItsProxySaysNothingOfTiers(t *testing.T) {
	cfg := proxypool.Config{Proxies: []proxypool.Address{"http://10.0.0.1:80", "http://10.0.1.1:80?label=dear&tier=1"}}
	pool := newPool(t, cfg)
	var out []proxypool.Lease
	for range 3 {
		out = append(out, pick(t, pool, noon, proxypool.Want{Domain: "a.test"}))
	}
	cfg.Proxies[0] = "http://10.0.0.2:80?label=cheap"
	require.NoError(t, pool.Reconfigure(t.Context(), cfg))
	pick(t, pool, noon, proxypool.Want{Domain: "a.test"}).Done(noon, fine)
	for _, l := range out {
		l.Done(noon, fine)
	}
	l := pick(t, pool, noon, proxypool.Want{Domain: "a.test"})
	require.Equal(t, "cheap", l.Egress())
	l.Done(noon, fine)
}

func TestANewPasswordKeepsTheHistory(t *testing.T) {
	cfg := proxypool.Config{Proxies: []proxypool.Address{"http://me:old@10.0.0.1:80?label=one", "http://you:old@10.0.0.1:80"}}
	pool := newPool(t, cfg)
	for range 3 {
		takes(t, pool, noon, "a.test", "one", broken)
	}
	cfg.Proxies[0] = "http://me:new@10.0.0.1:80?label=one"
	require.NoError(t, pool.Reconfigure(t.Context(), cfg))
	require.NotContains(t, picked(t, pool, noon, "a.test", 100), "one")
	for range 200 {
		l := pick(t, pool, noon.Add(time.Hour), proxypool.Want{Domain: "b.test"})
		if l.Egress() == "one" {
			password, _ := l.Identity().Proxy().User.Password()
			require.Equal(t, "new", password)
			return
		}
		l.Done(noon.Add(time.Hour), fine)
	}
	t.Fatal("never picked")
}

func TestAReloadThatFailsChangesNothing(t *testing.T) {
	fail := false
	pool := newPool(t, proxypool.Config{Source: func(context.Context) ([]proxypool.Proxy, error) {
		if fail {
			return nil, errors.New("no list today")
		}
		p, err := proxypool.ParseProxy("10.0.0.1:80")
		return []proxypool.Proxy{p}, err
	}})
	fail = true
	require.ErrorContains(t, pool.Reload(t.Context()), "no list today")
	require.Equal(t, 1, pool.Len())
	require.Contains(t, pool.Snapshot().ReloadError, "no list today")
	fail = false
	require.NoError(t, pool.Reload(t.Context()))
	require.Empty(t, pool.Snapshot().ReloadError)
}

func TestTheSourcesAreWatchedUntilClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var loads atomic.Int64
		pool, err := proxypool.NewPool(proxypool.Config{ReloadEvery: time.Minute, Source: func(context.Context) ([]proxypool.Proxy, error) {
			loads.Add(1)
			return nil, nil
		}})
		require.NoError(t, err)
		time.Sleep(10*time.Minute + time.Second)
		require.EqualValues(t, 11, loads.Load())
		require.NoError(t, pool.Close())
		require.NoError(t, pool.Close())
		_, err = pool.Pick(time.Now(), proxypool.Want{Domain: "a.test"})
		require.ErrorIs(t, err, proxypool.ErrClosed)
		require.ErrorIs(t, pool.Reload(t.Context()), proxypool.ErrClosed)
	})
}

func TestChecksEndTheGateOfAProxyButNoBan(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var checks atomic.Int64
		var alive atomic.Bool
		base := roundTripper(func(req *http.Request) (*http.Response, error) {
			checks.Add(1)
			require.Equal(t, "http://neutral.test/", req.URL.String())
			if !alive.Load() {
				return nil, errors.New("dead")
			}
			return ok(req), nil
		})
		pool, err := proxypool.NewPool(proxypool.Config{
			Proxies: addresses(1), NewTransport: newTransportOf(base), EmptyWait: -1,
			Faults: proxypool.Gating{For: time.Hour, Max: time.Hour}, Blocks: proxypool.Gating{For: 5 * time.Hour, Max: 5 * time.Hour},
			Check: proxypool.Check{URL: "http://neutral.test/", Every: 10 * time.Minute},
		})
		require.NoError(t, err)
		defer pool.Close()
		for range 2 {
			pick(t, pool, time.Now(), proxypool.Want{Domain: "b.test"}).Done(time.Now(), banned)
		}
		for range 3 {
			pick(t, pool, time.Now(), proxypool.Want{Domain: "a.test"}).Done(time.Now(), broken)
		}
		time.Sleep(30 * time.Minute)
		require.InDelta(t, 2, checks.Load(), 1)
		require.Equal(t, 1, pool.Snapshot().States[proxypool.Ejected])
		require.Equal(t, checks.Load(), pool.Snapshot().Proxies[0].Checks.Failed)
		alive.Store(true)
		time.Sleep(15 * time.Minute)
		s := pool.Snapshot()
		require.Equal(t, 1, s.States[proxypool.Healthy])
		require.Len(t, s.Proxies[0].Bans, 1)
		require.Positive(t, s.Proxies[0].Checks.Passed)
		require.Zero(t, s.Proxies[0].InFlight)
		require.EqualValues(t, 5, s.Proxies[0].Uses, "checks are counted apart")
	})
}

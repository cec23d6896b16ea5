package proxypool_test

import (
	"fmt"
	"net"
	"net/http"
	"runtime"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/godwit-go/godwit/proxypool"
	"github.com/godwit-go/godwit/trip"
)

// benchPool has n proxies of which the given share is gated, and history with all
// that are eligible.
func benchPool(b *testing.B, n int, gatedShare float64) *proxypool.Pool {
	b.Helper()
	pool, err := proxypool.NewPool(proxypool.Config{Proxies: addresses(n), MaxInFlight: -1, Selection: proxypool.RoundRobin})
	require.NoError(b, err)
	gatedN := int(gatedShare * float64(n))
	var kept []proxypool.Lease
	for range n { // one of each, in order
		l, err := pool.Pick(noon, proxypool.Want{Domain: "warm.test", Retry: true})
		require.NoError(b, err)
		kept = append(kept, l)
	}
	for i, l := range kept {
		if i < gatedN {
			for range 2 {
				l.Conclude(noon, broken)
			}
			l.Done(noon, broken)
		} else {
			l.Done(noon.Add(100*time.Millisecond), fine)
		}
	}
	require.NoError(b, pool.Reconfigure(b.Context(), proxypool.Config{Proxies: addresses(n), MaxInFlight: -1}))
	for range 4 * (n - gatedN) { // history with the domain
		l, err := pool.Pick(noon, proxypool.Want{Domain: "a.test", Retry: true})
		require.NoError(b, err)
		l.Done(noon.Add(100*time.Millisecond), fine)
	}
	return pool
}

func BenchmarkPickDone(b *testing.B) {
	for _, c := range []struct {
		n     int
		gated float64
	}{{10, 0}, {1000, 0}, {1000, 0.3}, {100_000, 0}, {100_000, 0.9}} {
		b.Run(fmt.Sprintf("%d proxies, %.0f %% gated", c.n, 100*c.gated), func(b *testing.B) {
			pool := benchPool(b, c.n, c.gated)
			now := noon
			b.ReportAllocs()
			for b.Loop() {
				now = now.Add(10 * time.Millisecond)
				if c.gated > 0 {
					now = noon.Add(time.Second) // or the gates would be due
				}
				l, err := pool.Pick(now, proxypool.Want{Domain: "a.test"})
				if err != nil {
					b.Fatal(err)
				}
				l.Done(now, fine)
			}
		})
	}
}

// Each goroutine has a domain of its own: they should not hold each other up.
func BenchmarkPickDoneParallel(b *testing.B) {
	for _, domains := range []string{"own", "shared"} {
		b.Run(domains, func(b *testing.B) {
			pool := benchPool(b, 1000, 0)
			var id atomic.Int64
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				domain := "a.test"
				if domains == "own" {
					domain = strconv.FormatInt(id.Add(1), 10) + ".test"
				}
				now := noon
				for pb.Next() {
					now = now.Add(10 * time.Millisecond)
					l, err := pool.Pick(now, proxypool.Want{Domain: domain})
					if err != nil {
						b.Error(err)
						return
					}
					l.Done(now, fine)
				}
			})
		})
	}
}

func BenchmarkSessionPick(b *testing.B) {
	pool := benchPool(b, 1000, 0)
	b.ReportAllocs()
	for b.Loop() {
		l, err := pool.Pick(noon, proxypool.Want{Domain: "a.test", Session: "s"})
		if err != nil {
			b.Fatal(err)
		}
		l.Done(noon, fine)
	}
}

func BenchmarkLeaseLayer(b *testing.B) {
	pool := benchPool(b, 1000, 0)
	rt := pool.Wrap(roundTripper(func(req *http.Request) (*http.Response, error) { return ok(req), nil }))
	req, err := http.NewRequestWithContext(b.Context(), http.MethodGet, "http://a.test/", nil)
	require.NoError(b, err)
	b.ReportAllocs()
	for b.Loop() {
		resp, err := rt.RoundTrip(req)
		if err != nil {
			b.Fatal(err)
		}
		_ = resp.Body.Close()
	}
}

func heapInUse() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// An idle proxy has been used on a domain, and its connections have been closed.
// 4 KiB is the promise.
func TestAnIdleProxyIsSmall(t *testing.T) {
	if raced {
		t.Log("memory under the race detector tells nothing")
		return
	}
	for name, used := range map[string]struct {
		scheme   string
		secure   bool
		protocol string
		fails    bool
	}{
		"http/2 through an http proxy":        {scheme: "http", secure: true, protocol: "h2"},
		"http/1.1 through an http proxy":      {scheme: "http", secure: true, protocol: "h1"},
		"plain http relayed by an http proxy": {scheme: "http", protocol: "h1"},
		"http/2 through a socks proxy":        {scheme: "socks5", secure: true, protocol: "h2"},
		"plain http through a socks proxy":    {scheme: "socks5", protocol: "h1"},
		"a proxy that fails":                  {scheme: "http", secure: true, protocol: "h2", fails: true},
	} {
		t.Run(name, func(t *testing.T) {
			const n = 300
			before := heapInUse()
			var rt *proxypool.Transport
			// The servers are gone at the end of this, so that the client alone is measured.
			t.Run("use", func(t *testing.T) {
				site := newTarget(t, used.secure, used.protocol)
				addr := ""
				switch {
				case used.fails:
					addr = listen(t, func(net.Conn) {})
				case used.scheme == "socks5":
					addr = listen(t, socksServes)
				default:
					addr = newForwarder(t, "").addr()
				}
				var list []proxypool.Address
				for i := range n {
					list = append(list, proxypool.Address(fmt.Sprintf("%s://u%d:p@%s", used.scheme, i, addr)))
				}
				var err error
				rt, err = proxypool.New(nil, proxypool.Config{Proxies: list, TLS: trust(site), Selection: proxypool.RoundRobin, Scarcity: proxypool.Scarcity{ProbeShare: -1}})
				require.NoError(t, err)
				for range n {
					if used.fails {
						_, err := get(t, rt, site.URL)
						require.ErrorIs(t, err, proxypool.ErrProxy)
					} else {
						fetch(t, rt, site.URL)
					}
					// One at a time, since Go never gives back what a goroutine took.
					becomesIdle(t, rt)
				}
			})
			defer func() { require.NoError(t, rt.Pool().Close()) }()
			perProxy := (heapInUse() - before) / n
			t.Logf("%d B per idle proxy", perProxy)
			for _, p := range rt.Pool().Snapshot().Proxies {
				require.EqualValues(t, 1, p.Uses, p.Label)
			}
			require.Less(t, perProxy, uint64(2<<10))
			runtime.KeepAlive(rt)
		})
	}
}

func TestStateGrowsWithHistoryOnly(t *testing.T) {
	if raced {
		t.Log("memory under the race detector tells nothing")
		return
	}
	const n, domains = 100_000, 100
	list := addresses(n)
	before := heapInUse()
	pool := newPool(t, proxypool.Config{Proxies: list})
	loaded := heapInUse()
	for d := range domains {
		for range 100 {
			l := pick(t, pool, noon, proxypool.Want{Domain: fmt.Sprintf("%d.test", d)})
			l.Done(noon, trip.Outcome{Verdict: trip.OK})
		}
	}
	used := heapInUse()
	t.Logf("%d proxies: %d B each; %d domains with 100 requests each: %d KiB a domain", n, (loaded-before)/n, domains, (used-loaded)/domains>>10)
	require.Less(t, (loaded-before)/n, uint64(1024))
	require.Less(t, (used-loaded)/domains, uint64(200<<10))
	runtime.KeepAlive(pool)
}

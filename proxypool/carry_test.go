package proxypool_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/godwit-go/godwit/proxypool"
	"github.com/godwit-go/godwit/trip"
)

// secureForwarder is a forwarder that is spoken to over TLS.
func secureForwarder(t *testing.T, user, password string) (*forwarder, *tls.Config) {
	f := &forwarder{user: user, password: password, logins: make(map[string]int), targets: make(map[string]int)}
	f.Server = httptest.NewUnstartedServer(http.HandlerFunc(f.serve))
	f.StartTLS()
	t.Cleanup(f.Close)
	roots := x509.NewCertPool()
	roots.AddCert(f.Certificate())
	return f, &tls.Config{RootCAs: roots}
}

func TestAnHTTPSProxyCarriesEveryKindOfTarget(t *testing.T) {
	for _, c := range []struct {
		name     string
		secure   bool
		protocol string
		body     string
	}{
		{"HTTP/2", true, "h2", "HTTP/2.0 /page"},
		{"HTTP/1.1 over TLS", true, "h1", "HTTP/1.1 /page"},
		{"plain HTTP", false, "h1", "HTTP/1.1 /page"},
	} {
		t.Run(c.name, func(t *testing.T) {
			site := newTarget(t, c.secure, c.protocol)
			f, proxyTLS := secureForwarder(t, "alice", "wonder1and")
			address := proxypool.Address("https://alice:wonder1and@" + f.addr())
			rt := newTransport(t, proxypool.Config{Proxies: []proxypool.Address{address}, TLS: trust(site), ProxyTLS: proxyTLS})
			require.Equal(t, c.body, fetch(t, rt, site.URL+"/page"))
			require.Equal(t, 1, f.count())
			for _, h := range site.seen() {
				require.Empty(t, h.Values("Proxy-Authorization"))
			}
			// The proxy's certificate is checked against its own roots, not the target's.
			wrong := newTransport(t, proxypool.Config{Proxies: []proxypool.Address{address}, TLS: proxyTLS, EmptyWait: -1})
			_, err := get(t, wrong, site.URL)
			var failed *proxypool.ProxyError
			require.ErrorAs(t, err, &failed)
			require.Equal(t, trip.Dial, failed.Phase)
			require.NotContains(t, err.Error(), "wonder1and")
		})
	}
}

func TestSOCKSWithALoginCarriesHTTP2(t *testing.T) {
	site := newTarget(t, true, "h2")
	p := newRealProxy(t, "microsocks", "socks5", "bob:bu1lder")
	rt := newTransport(t, proxypool.Config{Proxies: []proxypool.Address{p.address()}, TLS: trust(site)})
	for range 3 {
		require.Equal(t, "HTTP/2.0 /page", fetch(t, rt, site.URL+"/page"))
	}
}

func TestReloadsUnderLoadLoseNoCall(t *testing.T) {
	site := newTarget(t, true, "h2")
	var all []proxypool.Address
	for range 4 {
		all = append(all, newForwarder(t, "").url())
	}
	var turn atomic.Int64
	source := func(_ context.Context) ([]proxypool.Proxy, error) {
		var list []proxypool.Proxy
		gone := int(turn.Add(1)) % len(all)
		for _, a := range slices.Delete(slices.Clone(all), gone, gone+1) {
			p, err := proxypool.ParseProxy(string(a))
			if err != nil {
				return nil, err
			}
			list = append(list, p)
		}
		return list, nil
	}
	rt := newTransport(t, proxypool.Config{Source: source, TLS: trust(site)})
	var wg sync.WaitGroup
	var lost atomic.Int64
	for range 8 {
		wg.Go(func() {
			for range 40 {
				_, resp, err := attempts(t, rt, site.URL, 1)
				if err != nil {
					lost.Add(1)
					t.Log(err)
					continue
				}
				trip.Discard(resp, nil)
			}
		})
	}
	done := make(chan struct{})
	go func() { wg.Wait(); close(done) }()
	reloads := 0
	again := time.NewTicker(2 * time.Millisecond)
	defer again.Stop()
	for running := true; running; reloads++ {
		require.NoError(t, rt.Pool().Reload(t.Context()))
		select {
		case <-done:
			running = false
		case <-again.C:
		}
	}
	require.Zero(t, lost.Load(), "during %d reloads", reloads)
	require.Equal(t, 3, rt.Pool().Len())
	for _, p := range rt.Pool().Snapshot().Proxies {
		require.Zero(t, p.InFlight, p.Label)
	}
}

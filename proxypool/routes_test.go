package proxypool_test

import (
	"errors"
	"net/http"
	"net/url"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/godwit-go/godwit/proxypool"
)

// closing counts how often its idle connections are closed.
type closing struct {
	roundTripper
	closed *int
}

func (c closing) CloseIdleConnections() { *c.closed++ }

func TestTransportsAreBoundedAndTheOldestOneIsClosed(t *testing.T) {
	built := make(map[string]int)
	closed := make(map[string]*int)
	rt := newTransport(t, proxypool.Config{
		Proxies: addresses(5), MaxTransports: 3, Selection: proxypool.RoundRobin,
		NewTransport: func(proxy *url.URL) (http.RoundTripper, error) {
			built[proxy.Host]++
			closed[proxy.Host] = new(int)
			return closing{func(req *http.Request) (*http.Response, error) { return ok(req), nil }, closed[proxy.Host]}, nil
		},
	})
	for i := range 5 {
		fetch(t, rt, "http://a.test/")
		require.Equal(t, min(i+1, 3), rt.Pool().Snapshot().Transports)
	}
	sum := 0
	for _, n := range closed {
		sum += *n
	}
	require.Equal(t, 2, sum)
	require.Len(t, built, 5)
	fetch(t, rt, "http://a.test/")
	require.Equal(t, 2, built[exit], "the first one was evicted")
	rt.CloseIdleConnections()
	require.NoError(t, rt.Pool().Close())
	require.Zero(t, rt.Pool().Snapshot().Transports)
}

func TestATransportThatCannotBeBuiltIsTheProxysFault(t *testing.T) {
	rt := newTransport(t, proxypool.Config{Proxies: addresses(1), NewTransport: func(*url.URL) (http.RoundTripper, error) {
		return nil, errors.New("user:secret")
	}})
	_, err := get(t, rt, "http://a.test/")
	require.ErrorIs(t, err, proxypool.ErrProxy)
	require.NotContains(t, err.Error(), "secret")
}

// A rotating gateway gives each connection another exit, so that no connection
// may be used twice; a static proxy's are.
func TestAGatewayGetsAFreshConnectionPerRequest(t *testing.T) {
	for _, secure := range []bool{false, true} {
		site := newTarget(t, secure, "h2")
		for kind, want := range map[string]int{"static": 1, "gateway": 5} {
			f := newForwarder(t, "")
			var mu sync.Mutex
			conns := make(map[string]bool)
			site.handle(func(_ http.ResponseWriter, r *http.Request) {
				mu.Lock()
				defer mu.Unlock()
				conns[r.RemoteAddr] = true
			})
			rt := newTransport(t, proxypool.Config{Proxies: []proxypool.Address{f.url() + "?kind=" + proxypool.Address(kind)}, TLS: trust(site)})
			for range 5 {
				fetch(t, rt, site.URL)
			}
			if secure {
				mu.Lock()
				require.Len(t, conns, want, kind)
				mu.Unlock()
			}
			s := rt.Pool().Snapshot().Proxies[0]
			require.Positive(t, s.BytesIn)
			require.Positive(t, s.BytesOut)
			require.Equal(t, kind, s.Kind.String())
		}
	}
}

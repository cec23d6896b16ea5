package proxypool_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/godwit-go/godwit/proxypool"
	"github.com/godwit-go/godwit/trip"
)

func TestRequestsLeaveByTheProxyOfTheirIdentity(t *testing.T) {
	for name, site := range map[string]struct {
		secure   bool
		protocol string
	}{
		"http":          {false, "h1"},
		"https over h1": {true, "h1"},
		"https over h2": {true, "h2"},
	} {
		t.Run(name, func(t *testing.T) {
			one, two := newForwarder(t, "u1:p1"), newForwarder(t, "u2:p2")
			site := newTarget(t, site.secure, site.protocol)
			rt := newTransport(t, proxypool.Config{Proxies: []proxypool.Address{one.url(), two.url()}, TLS: trust(site)})
			for range 20 {
				fetch(t, rt, site.URL+"/page")
			}
			require.Positive(t, one.count())
			require.Positive(t, two.count())
			for _, h := range site.seen() {
				require.Empty(t, h.Get("Proxy-Authorization"))
			}
		})
	}
}

func TestAPoolOfOneDeadProxyFailsClosed(t *testing.T) {
	site := newTarget(t, false, "h1")
	rt := newTransport(t, proxypool.Config{
		Proxies: []proxypool.Address{"127.0.0.1:1"}, EmptyWait: -1,
		Faults: proxypool.Gating{For: time.Hour, Max: time.Hour}, Scarcity: proxypool.Scarcity{MinGate: time.Hour},
	})
	for range 3 {
		_, err := get(t, rt, site.URL)
		require.ErrorIs(t, err, proxypool.ErrProxy)
		var e *proxypool.ProxyError
		require.ErrorAs(t, err, &e)
		require.Equal(t, trip.Dial, e.Phase)
	}
	_, err := get(t, rt, site.URL)
	require.ErrorIs(t, err, proxypool.ErrNoProxy)
	var none *proxypool.NoProxyError
	require.ErrorAs(t, err, &none)
	require.False(t, none.RetryAt.IsZero())
	require.Empty(t, site.seen(), "nothing left directly")
}

func TestARequestWithoutALeaseIsRefused(t *testing.T) {
	pool, err := proxypool.NewPool(proxypool.Config{Proxies: []proxypool.Address{"127.0.0.1:1"}})
	require.NoError(t, err)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://127.0.0.1:1/", nil)
	require.NoError(t, err)
	_, err = pool.Egress().RoundTrip(req)
	require.ErrorIs(t, err, proxypool.ErrNoLease)
}

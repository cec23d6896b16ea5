package proxypool_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/godwit-go/godwit/proxypool"
	"github.com/godwit-go/godwit/trip"
)

func itoa(n int) string { return strconv.Itoa(n) }

// Rotation once sent one proxy's login to another (Scrapy GHSA-9x8m-2xpf-crp3).
func TestEachProxySeesOnlyItsOwnLoginAndTargetsNone(t *testing.T) {
	var proxies []*forwarder
	var list []proxypool.Address
	for i := range 3 {
		f := newForwarder(t, fmt.Sprintf("user%d:pass%d", i, i))
		proxies = append(proxies, f)
		list = append(list, f.url())
	}
	far := newTarget(t, true, "h2")
	near := newTarget(t, false, "h1")
	near.handle(func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, far.URL+"/", http.StatusFound) })
	far.handle(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/" {
			http.Redirect(w, r, "/end", http.StatusFound)
		}
	})
	rt := newTransport(t, proxypool.Config{Proxies: list, TLS: trust(far), Faults: proxypool.Gating{After: -1}})
	retrying := roundTripper(func(req *http.Request) (*http.Response, error) {
		ctx, call := trip.Start(req, trip.Spec{})
		var resp *http.Response
		var err error
		for i := range 2 { // the first attempt counts as failed, so that the proxy changes
			actx, a := call.StartAttempt(ctx)
			if resp, err = rt.RoundTrip(req.WithContext(actx)); err != nil {
				return nil, err
			}
			if i == 0 {
				trip.Discard(resp, nil)
				a.Conclude(trip.Outcome{Verdict: trip.ProxyError})
				a.Release(nil)
				continue
			}
			a.Conclude(trip.Outcome{Verdict: trip.OK})
			trip.OnBodyEnd(resp, a.Release)
		}
		return resp, err
	})
	client := http.Client{Transport: retrying}
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, near.URL, nil)
			req.Header.Set("Proxy-Authorization", "Basic b3duOm93bg==")
			resp, err := client.Do(req)
			if err == nil {
				trip.Discard(resp, nil)
			}
		})
	}
	wg.Wait()
	for i, f := range proxies {
		own := "Basic " + base64.StdEncoding.EncodeToString(fmt.Appendf(nil, "user%d:pass%d", i, i))
		f.mu.Lock() // a dial that turned out not to be needed may still be under way
		require.Positive(t, f.logins[own])
		require.Len(t, f.logins, 1, "a login that is not its own")
		f.mu.Unlock()
	}
	require.NotEmpty(t, far.seen())
	require.NotEmpty(t, near.seen())
	for _, h := range append(far.seen(), near.seen()...) {
		require.Empty(t, h.Values("Proxy-Authorization"))
	}
}

func TestARedirectOnTheSameDomainKeepsTheIdentity(t *testing.T) {
	hops := make(map[string][]string)
	var mu sync.Mutex
	pool := newPool(t, proxypool.Config{Proxies: addresses(50)})
	base := roundTripper(func(req *http.Request) (*http.Response, error) {
		mu.Lock()
		defer mu.Unlock()
		hops[req.URL.Host] = append(hops[req.URL.Host], trip.IdentityFrom(req.Context()).Key)
		resp := answer(req, http.StatusFound)
		switch req.URL.Path {
		case "/1":
			resp.Header.Set("Location", "http://b.test/2")
		case "/2":
			resp.Header.Set("Location", "http://a.test/3")
		case "/3":
			resp.Header.Set("Location", "/4")
		default:
			resp.StatusCode = 200
		}
		return resp, nil
	})
	client := http.Client{Transport: pool.Wrap(base)}
	for range 20 {
		clear(hops)
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://a.test/1", nil)
		require.NoError(t, err)
		resp, err := client.Do(req)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.Len(t, hops["a.test"], 3)
		require.Equal(t, []string{hops["a.test"][0], hops["a.test"][0], hops["a.test"][0]}, hops["a.test"])
	}
}

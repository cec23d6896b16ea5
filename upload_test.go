package godwit_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/godwit-go/godwit"
	"github.com/godwit-go/godwit/breaker"
	"github.com/godwit-go/godwit/proxypool"
	"github.com/godwit-go/godwit/ratelimit"
	"github.com/godwit-go/godwit/retry"
	"github.com/godwit-go/godwit/trip"
)

var errDisk = errors.New("disk failed")

// uploads sends so many requests whose bodies fail in mid-upload, each of which
// could be sent again, and is not.
func uploads(t *testing.T, rt http.RoundTripper, url string, n int) {
	t.Helper()
	bodies := 0
	broken := func() (io.ReadCloser, error) {
		bodies++
		half := strings.NewReader(strings.Repeat("x", 100_000))
		return io.NopCloser(io.MultiReader(half, iotest.ErrReader(errDisk))), nil
	}
	for range n {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, url, nil)
		require.NoError(t, err)
		req.Body, _ = broken()
		req.GetBody, req.ContentLength = broken, -1
		_, err = rt.RoundTrip(req)
		require.ErrorIs(t, err, errDisk)
		require.ErrorIs(t, err, trip.ErrUpload)
	}
	require.Equal(t, n, bodies, "it would fail in the same way again")
}

// sink is a site that is also a proxy to itself. It reads all that it is sent.
func sink(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func TestAnUploadThatFailsIsNobodysFaultButItsOwners(t *testing.T) {
	const calls = 8 // more than enough to open a breaker and to eject a proxy
	for name, pools := range map[string]func(url string) map[string]proxypool.Config{
		"direct": func(string) map[string]proxypool.Config { return nil },
		"by proxy": func(url string) map[string]proxypool.Config {
			return map[string]proxypool.Config{"one": {Proxies: []proxypool.Address{proxypool.Address(url)}}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			url := sink(t)
			tr := transport(t, godwit.Config{Default: fast(), Pools: pools(url)})
			uploads(t, tr, url, calls)
			stats := tr.Stats()
			require.Equal(t, map[string]uint64{"local": calls}, stats.Domains[0].Verdicts)
			require.Zero(t, stats.Domains[0].Breaker.Failures)
			for _, pool := range stats.Pools {
				for _, p := range pool.Proxies {
					require.Equal(t, proxypool.Healthy, p.State)
					require.Empty(t, p.Bans)
				}
			}
		})
	}
}

func TestAWrapperAloneBlamesNobodyForAFailedUpload(t *testing.T) {
	const calls = 8
	url := sink(t)
	base := http.DefaultTransport

	broken, err := breaker.New(base, breaker.Config{})
	require.NoError(t, err)
	uploads(t, broken, url, calls)
	require.Equal(t, breaker.Closed, broken.Group().Stats()[0].State)
	require.Zero(t, broken.Group().Stats()[0].Failures)

	again, err := retry.New(base, retry.Config{})
	require.NoError(t, err)
	uploads(t, again, url, calls)

	pace, err := ratelimit.New(base, ratelimit.Config{Rate: 0.001}) // one, unless its token comes back
	require.NoError(t, err)
	uploads(t, pace, url, calls)

	for _, bottom := range []http.RoundTripper{nil, base} {
		pool, err := proxypool.New(bottom, proxypool.Config{Proxies: []proxypool.Address{proxypool.Address(url)}})
		require.NoError(t, err)
		defer pool.Pool().Close()
		uploads(t, pool, url, calls)
		state := pool.Pool().Snapshot().Proxies[0]
		require.Equal(t, proxypool.Healthy, state.State, fmt.Sprint(state))
		require.Empty(t, state.Bans)
		require.InDelta(t, 0.91, state.Score, 0.01, "that of a newcomer")
	}
}

package proxypool_test

import (
	"context"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/godwit-go/godwit/proxypool"
	"github.com/godwit-go/godwit/trip"
)

// bubble runs a test in virtual time with a lease layer over base.
func bubble(t *testing.T, cfg proxypool.Config, base roundTripper, test func(t *testing.T, rt *proxypool.Transport)) {
	synctest.Test(t, func(t *testing.T) {
		pool, err := proxypool.NewPool(cfg)
		require.NoError(t, err)
		defer pool.Close()
		test(t, pool.Wrap(base))
	})
}

func TestABusyPoolIsWaitedForUntilAPlaceIsFree(t *testing.T) {
	base := func(req *http.Request) (*http.Response, error) {
		time.Sleep(3 * time.Second)
		return ok(req), nil
	}
	bubble(t, proxypool.Config{Proxies: addresses(1), MaxInFlight: 1}, base, func(t *testing.T, rt *proxypool.Transport) {
		begin := time.Now()
		go get(t, rt, "http://a.test/") //nolint:errcheck // the other one is looked at
		synctest.Wait()
		_, err := get(t, rt, "http://b.test/")
		require.NoError(t, err)
		require.Equal(t, 6*time.Second, time.Since(begin))
	})
}

func TestAnEmptyPoolIsWaitedForWithinBounds(t *testing.T) {
	never := func(*http.Request) (*http.Response, error) { panic("sent") }
	bubble(t, proxypool.Config{}, never, func(t *testing.T, rt *proxypool.Transport) {
		begin := time.Now()
		_, err := get(t, rt, "http://a.test/")
		require.ErrorIs(t, err, proxypool.ErrNoProxy)
		require.Equal(t, proxypool.DefaultEmptyWait, time.Since(begin))

		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(2*time.Second, cancel)
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://a.test/", nil)
		require.NoError(t, err)
		begin = time.Now()
		_, err = rt.RoundTrip(req)
		require.ErrorIs(t, err, context.Canceled)
		require.Equal(t, 2*time.Second, time.Since(begin))
	})
}

func TestAReloadWakesThoseWhoWaitForAProxy(t *testing.T) {
	list := []proxypool.Proxy(nil)
	source := func(context.Context) ([]proxypool.Proxy, error) { return list, nil }
	bubble(t, proxypool.Config{Source: source}, func(req *http.Request) (*http.Response, error) { return ok(req), nil }, func(t *testing.T, rt *proxypool.Transport) {
		begin := time.Now()
		time.AfterFunc(4*time.Second, func() {
			p, err := proxypool.ParseProxy("10.0.0.1:80")
			require.NoError(t, err)
			list = append(list, p)
			require.NoError(t, rt.Pool().Reload(t.Context()))
		})
		_, err := get(t, rt, "http://a.test/")
		require.NoError(t, err)
		require.Equal(t, 4*time.Second, time.Since(begin))
	})
}

func TestNobodySleepsIntoADeadline(t *testing.T) {
	dead := func(*http.Request) (*http.Response, error) {
		return nil, &proxypool.ProxyError{Proxy: "p", Phase: trip.Dial}
	}
	bubble(t, proxypool.Config{Proxies: addresses(1)}, dead, func(t *testing.T, rt *proxypool.Transport) {
		for range 3 {
			_, err := get(t, rt, "http://a.test/")
			require.ErrorIs(t, err, proxypool.ErrProxy)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://a.test/", nil)
		require.NoError(t, err)
		begin := time.Now()
		_, err = rt.RoundTrip(req)
		var none *proxypool.NoProxyError
		require.ErrorAs(t, err, &none)
		require.Zero(t, time.Since(begin), "the proxy is due after the deadline")
		require.Equal(t, begin.Add(5*time.Second), none.RetryAt.Local())

		_, err = get(t, rt, "http://a.test/")
		require.ErrorIs(t, err, proxypool.ErrProxy, "without a deadline it is worth the wait")
		require.Equal(t, 5*time.Second, time.Since(begin))
	})
}

func TestASolvedChallengeDoesNotMakeTheProxyLookSlow(t *testing.T) {
	base := func(req *http.Request) (*http.Response, error) {
		time.Sleep(200 * time.Millisecond)
		return ok(req), nil
	}
	bubble(t, proxypool.Config{Proxies: addresses(1)}, base, func(t *testing.T, rt *proxypool.Transport) {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://a.test/", nil)
		require.NoError(t, err)
		ctx, call := trip.Start(req, trip.Spec{})
		ctx, a := call.StartAttempt(ctx)
		_, err = rt.RoundTrip(req.WithContext(ctx))
		require.NoError(t, err)
		before := a.Identity()
		time.Sleep(time.Minute) // the solver works
		_, err = rt.RoundTrip(req.WithContext(ctx))
		require.NoError(t, err)
		require.Same(t, before, a.Identity(), "the replay leaves by the same identity")
		a.Conclude(trip.Outcome{Verdict: trip.OK})
		a.Release(nil)
		require.Equal(t, 200*time.Millisecond, rt.Pool().Snapshot().Proxies[0].Latency)
	})
}

func TestAttemptsRotateByTheVerdictBefore(t *testing.T) {
	for name, c := range map[string]struct {
		verdicts []trip.Outcome
		want     string // one letter per attempt: which of the egresses
	}{
		"faults go elsewhere":              {[]trip.Outcome{broken, broken, fine}, "abc"},
		"blocks go elsewhere":              {[]trip.Outcome{banned, banned, fine}, "abc"},
		"unsolved challenges go elsewhere": {[]trip.Outcome{{Verdict: trip.Challenge}, fine}, "ab"},
		"throttles stay":                   {[]trip.Outcome{slowly, slowly, slowly, fine}, "aaaa"},
		"target errors stay once":          {[]trip.Outcome{{Verdict: trip.TargetError, Status: 500}, {Verdict: trip.TargetError, Status: 500}, fine}, "aab"},
		"ambiguous failures go elsewhere":  {[]trip.Outcome{unclear, unclear, fine}, "abc"},
	} {
		t.Run(name, func(t *testing.T) {
			pool := newPool(t, proxypool.Config{Proxies: addresses(200)})
			var got string
			letters := make(map[string]string)
			i := 0
			base := roundTripper(func(req *http.Request) (*http.Response, error) {
				a := trip.AttemptFrom(req.Context())
				egress := a.Identity().Egress
				if letters[egress] == "" {
					letters[egress] = string(rune('a' + len(letters)))
				}
				got += letters[egress]
				resp := answer(req, 200)
				a.Report(c.verdicts[i], resp, nil)
				i++
				return resp, nil
			})
			_, _, err := attempts(t, pool.Wrap(base), "http://a.test/", len(c.verdicts))
			require.NoError(t, err)
			require.Equal(t, c.want, got)
		})
	}
}

package retry_test

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/godwit-go/godwit/retry"
	"github.com/godwit-go/godwit/trip"
)

// load sends calls at the given rate for a minute and returns how many.
func load(t *testing.T, rt http.RoundTripper, perSecond int) (calls int) {
	var done sync.WaitGroup
	for range 60 * perSecond {
		calls++
		done.Go(func() { status(t, rt, get(t)) })
		time.Sleep(s / time.Duration(perSecond))
	}
	done.Wait()
	return calls
}

func TestATargetInTroubleIsNotBuried(t *testing.T) {
	for name, header := range map[string][]string{"503": nil, "503 with Retry-After": {"Retry-After", "2"}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				target := &target{answer: always(503, header...)}
				rt, err := retry.New(target, retry.Config{})
				require.NoError(t, err)
				calls := load(t, rt, 100)
				require.LessOrEqual(t, float64(target.count()), 1.25*float64(calls))
				require.GreaterOrEqual(t, float64(target.count()), 1.15*float64(calls), "the budget is there to be used")
			})
		})
	}
}

func TestProxyFaultsDoNotUseUpTheTargetsBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		target := &target{answer: func(n int, req *http.Request) (*http.Response, error) {
			if n%2 == 1 { // half of all proxies are dead
				return nil, judged{trip.Outcome{Verdict: trip.ProxyError}}
			}
			return respond(req, 200), nil
		}}
		rt, err := retry.New(target, retry.Config{})
		require.NoError(t, err)
		for range 100 {
			require.Equal(t, 200, status(t, rt, get(t)))
		}
		require.Equal(t, []retry.Stats{{Key: "shop.test", Calls: 100, Rotations: 100, Left: 20}}, rt.Group().Stats())

		target.answer = fails(1<<30, judged{trip.Outcome{Verdict: trip.ProxyError}})
		before := target.count()
		for range 100 {
			status(t, rt, get(t))
		}
		require.LessOrEqual(t, target.count()-before, 2*100, "they have a budget all the same")
	})
}

func TestWhatWasNeverSentCostsNoBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rt, err := retry.New(&target{answer: func(int, *http.Request) (*http.Response, error) {
			return nil, judged{trip.Outcome{Verdict: trip.Local, RetryAt: time.Now().Add(s)}}
		}}, retry.Config{})
		require.NoError(t, err)
		require.Zero(t, status(t, rt, get(t)))
		require.Equal(t, []retry.Stats{{Key: "shop.test", Calls: 1, Left: 3}}, rt.Group().Stats())
	})
}

func TestDomainsHaveBudgetsOfTheirOwnAndAreForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		target := &target{answer: always(503)}
		rt, err := retry.New(target, retry.Config{BaseDelay: -1, MaxKeys: 50})
		require.NoError(t, err)
		for i := range 200 {
			req := get(t)
			req.URL.Host = fmt.Sprintf("shop%d.test", i)
			status(t, rt, req)
		}
		require.Equal(t, 4*200, target.count(), "another domain's trouble is none of ours")
		require.Len(t, rt.Group().Stats(), 50)

		time.Sleep(time.Hour)
		status(t, rt, get(t))
		time.Sleep(time.Minute)
		req := get(t)
		req.URL.Host = "other.test"
		status(t, rt, req)
		require.LessOrEqual(t, len(rt.Group().Stats()), 20, "idle domains are forgotten")
	})
}

func TestACancelStormEndsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const calls = 1000
		for name, answer := range map[string]func(int, *http.Request) (*http.Response, error){
			"in flight": hangs,
			"waiting":   always(429, "Retry-After", "30"),
		} {
			ctx, cancel := context.WithCancel(t.Context())
			rt := build(t, &target{answer: answer}, nil)
			ended := make(chan error, calls)
			for range calls {
				go func() {
					_, err := rt.RoundTrip(get(t).WithContext(ctx))
					ended <- err
				}()
			}
			time.Sleep(5 * s)
			began := time.Now()
			cancel()
			for range calls {
				require.ErrorIs(t, <-ended, context.Canceled, name)
			}
			require.Zero(t, time.Since(began), name)
		}
	})
}

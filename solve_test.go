package godwit_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/godwit-go/godwit"
	"github.com/godwit-go/godwit/captcha"
	"github.com/godwit-go/godwit/captcha/solver"
	"github.com/godwit-go/godwit/hostile"
	"github.com/godwit-go/godwit/proxypool"
	"github.com/godwit-go/godwit/ratelimit"
	"github.com/godwit-go/godwit/secret"
	"github.com/godwit-go/godwit/trip"
)

// Two who have a lease and need a turn to replay, two who have a turn and need a
// lease: none of them may wait for the others.
func TestThoseWhoSolveDoNotKeepThePlacesThatOthersWaitFor(t *testing.T) {
	web, err := hostile.Start(hostile.Config{
		Sites:  []hostile.SiteConfig{{Host: "shop.test", Hazards: []hostile.Hazard{hostile.ReCaptcha{}}}},
		Solver: hostile.SolverConfig{Latency: 200 * time.Millisecond},
	})
	require.NoError(t, err)
	defer web.Close()
	service, err := solver.New(solver.Config{
		Service: solver.NameTwoCaptcha, Key: secret.Explicit(web.Solver().Key()), URL: web.Solver().URL(),
		Poll: solver.Poll{First: 10 * time.Millisecond, Every: 10 * time.Millisecond},
	})
	require.NoError(t, err)
	budget, err := captcha.NewBudget(captcha.BudgetConfig{Total: trip.Dollar})
	require.NoError(t, err)
	pool, _ := exits(t, web, hostile.ProxyConfig{})
	pool.MaxInFlight, pool.EmptyWait = 2, 4*time.Minute
	p := fast()
	p.Rate = ratelimit.Config{Rate: -1, InFlight: 2}
	p.Captcha = captcha.Config{Solvers: []captcha.Solver{service}, Budget: budget}
	tr := transport(t, godwit.Config{Default: p, Pools: map[string]proxypool.Config{"exits": pool}})

	began := time.Now()
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			page := web.Site("shop.test").URL(fmt.Sprint("/p/", i+1))
			_, body, err := get(t.Context(), tr, fmt.Sprint("visitor-", i), page)
			if err != nil || !web.Check(page, []byte(body)) {
				t.Errorf("%s: %v", page, err)
			}
		})
	}
	wg.Wait()
	require.Less(t, time.Since(began), 2*time.Minute, "somebody waited for a lease until EmptyWait was over")
	for _, s := range tr.Stats().Pools {
		for _, p := range s.Proxies {
			require.Zero(t, p.InFlight, p.Label)
		}
	}
}

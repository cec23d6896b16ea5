package captcha_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/godwit-go/godwit/captcha"
	"github.com/godwit-go/godwit/trip"
)

func TestAThousandCallsPayForExactlyAsManySolvesAsTheBudgetAllows(t *testing.T) {
	l := ledger(t, ledgerPath(t))
	cfg := captcha.Config{
		Solvers: []captcha.Solver{cookieSeller("good")},
		Budget:  budget(t, captcha.BudgetConfig{Total: 137*price + price - 1, Ledger: l}),
	}
	shop := cfg.Solvers[0].(*seller)
	rt := open(t, cookieGate(captcha.KindDataDome), cfg)
	var served, refused atomic.Int64
	var cost atomic.Int64
	var wg sync.WaitGroup
	for i := range 1000 {
		req, call := as(identity(fmt.Sprint("p", i)), get(t, page))
		wg.Go(func() {
			resp, err := rt.RoundTrip(req)
			cost.Add(int64(call.Cost()))
			switch {
			case err == nil:
				served.Add(1)
				_ = resp.Body.Close()
			case errors.Is(err, captcha.ErrBudget) && errors.Is(err, captcha.ErrChallenge):
				refused.Add(1)
			default:
				t.Error(err)
			}
		})
	}
	wg.Wait()
	require.Equal(t, 137, shop.sold())
	require.Equal(t, int64(137), served.Load())
	require.Equal(t, int64(863), refused.Load())
	require.Equal(t, int64(137*price), cost.Load())
	total, _ := cfg.Budget.Spent(time.Now())
	require.Equal(t, trip.USD(137*price), total)
}

func TestAThousandCallsOfOneVisitorPayForOneSolve(t *testing.T) {
	cfg := config(t, cookieSeller("good"))
	rt := open(t, cookieGate(captcha.KindDataDome), cfg)
	id := identity("p1")
	var wg sync.WaitGroup
	for range 1000 {
		req, _ := as(id, get(t, page))
		wg.Go(func() {
			resp, err := rt.RoundTrip(req)
			if err != nil {
				t.Error(err)
				return
			}
			_ = resp.Body.Close()
		})
	}
	wg.Wait()
	require.Equal(t, 1, cfg.Solvers[0].(*seller).sold())
}

func TestACrashBetweenPayingAndTheAnswerLosesNoMoneyFromTheCount(t *testing.T) {
	path := ledgerPath(t)
	working, crash := make(chan struct{}), make(chan struct{})
	shop := &seller{name: "slow", price: price, solve: func(ctx context.Context, _ *captcha.Challenge, _ captcha.Env) (captcha.Solution, error) {
		close(working) // the task has been created
		<-crash
		return captcha.Solution{Cost: price}, errors.New("gone")
	}}
	rt := open(t, cookieGate(captcha.KindDataDome), captcha.Config{
		Solvers: []captcha.Solver{shop},
		Budget:  budget(t, captcha.BudgetConfig{Total: trip.Dollar, Ledger: ledger(t, path)}),
	})
	req, _ := as(identity("p1"), get(t, page))
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_, err := rt.RoundTrip(req)
		if err == nil {
			t.Error("the crash was survived")
		}
	}()
	<-working
	disk, err := os.ReadFile(path) // what is left when the machine stops now
	require.NoError(t, err)
	close(crash)
	<-ended

	left := ledgerPath(t)
	require.NoError(t, os.WriteFile(left, disk, 0o600))
	b := budget(t, captcha.BudgetConfig{Total: trip.Dollar, Ledger: ledger(t, left)})
	require.Equal(t, trip.Dollar-price, b.Remaining(time.Now(), "").Total)
}

// failures watches for ChallengeFailed.
type failures struct {
	mu     sync.Mutex
	causes []string
}

func (f *failures) Observe(_ context.Context, e trip.Event) {
	if failed, ok := e.(*trip.ChallengeFailed); ok {
		f.mu.Lock()
		f.causes = append(f.causes, failed.Cause)
		f.mu.Unlock()
	}
}

func TestNothingIsBoughtThatCannotBeUsed(t *testing.T) {
	direct := &trip.Identity{Key: "d", Egress: "direct", Direct: true}
	upload := func(t *testing.T) *http.Request {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, page, io.NopCloser(strings.NewReader("once")))
		require.NoError(t, err)
		return req
	}
	for name, c := range map[string]struct {
		kind  captcha.Kind
		id    *trip.Identity
		req   func(t *testing.T) *http.Request
		edit  func(t *testing.T, cfg *captcha.Config)
		want  error
		cause string
	}{
		"nobody solves":        {edit: func(_ *testing.T, cfg *captcha.Config) { cfg.Solvers = nil }, want: captcha.ErrNoSolver, cause: "no_solver"},
		"no way to submit":     {kind: captcha.KindRecaptchaV2, want: captcha.ErrNoSubmitter, cause: "no_submitter"},
		"script of a browser":  {kind: captcha.KindScript, want: captcha.ErrNoSubmitter, cause: "no_submitter"},
		"the body is used up":  {req: upload, want: captcha.ErrNotReplayable, cause: "no_submitter"},
		"bound to our address": {id: direct, want: captcha.ErrNoEgress, cause: "no_egress"},
		"no budget":            {edit: func(_ *testing.T, cfg *captcha.Config) { cfg.Budget = nil }, want: captcha.ErrBudget, cause: "budget"},
		"over budget": {edit: func(t *testing.T, cfg *captcha.Config) {
			cfg.Budget = budget(t, captcha.BudgetConfig{Total: price - 1})
		}, want: captcha.ErrBudget, cause: "budget"},
		"over the call's share": {edit: func(t *testing.T, cfg *captcha.Config) {
			cfg.Budget = budget(t, captcha.BudgetConfig{PerCall: price - 1, Total: -1})
		}, want: captcha.ErrBudget, cause: "budget"},
		"no solves for any call": {edit: func(_ *testing.T, cfg *captcha.Config) { cfg.MaxSolves = -1 }, want: captcha.ErrSolves, cause: "budget"},
		"the solver does not fit": {edit: func(_ *testing.T, cfg *captcha.Config) {
			cfg.Solvers[0].(*seller).refuses = func(*captcha.Challenge) bool { return true }
		}, want: captcha.ErrNoSolver, cause: "no_solver"},
	} {
		t.Run(name, func(t *testing.T) {
			shop, seen := cookieSeller("good"), new(failures)
			cfg := config(t, shop)
			cfg.Observer = seen
			if c.edit != nil {
				c.edit(t, &cfg)
			}
			if c.kind == "" {
				c.kind = captcha.KindDataDome
			}
			if c.id == nil {
				c.id = identity("p1")
			}
			req := get(t, page)
			if c.req != nil {
				req = c.req(t)
			}
			req, call := as(c.id, req)
			gate := cookieGate(c.kind)
			_, err := open(t, gate, cfg).RoundTrip(req)
			require.ErrorIs(t, err, c.want)
			require.ErrorIs(t, err, captcha.ErrChallenge)
			require.Zero(t, shop.sold())
			require.Zero(t, call.Cost())
			require.Equal(t, 1, gate.count(), "nothing was sent again")
			require.Equal(t, []string{c.cause}, seen.causes)
			if cfg.Budget != nil {
				spent, _ := cfg.Budget.Spent(time.Now())
				require.Zero(t, spent)
			}
		})
	}
}

// broke is a solver's failure; final when no other solver would do better.
type broke struct{ final bool }

func (b broke) Error() string { return "solver failed" }
func (b broke) Final() bool   { return b.final }

func failing(name string, cost trip.USD, final bool) *seller {
	return &seller{name: name, price: price, solve: func(context.Context, *captcha.Challenge, captcha.Env) (captcha.Solution, error) {
		return captcha.Solution{Cost: cost}, broke{final}
	}}
}

func TestTheNextSolverIsAskedAndEveryCentIsBooked(t *testing.T) {
	first, second, third := failing("first", 700, false), cookieSeller("good"), cookieSeller("good")
	cfg := config(t, first, second, third)
	req, call := as(identity("p1"), get(t, page))
	resp, err := open(t, cookieGate(captcha.KindDataDome), cfg).RoundTrip(req)
	require.Equal(t, content, body(t, resp, err))
	require.Equal(t, []int{1, 1, 0}, []int{first.sold(), second.sold(), third.sold()})
	require.Equal(t, trip.USD(700+price), call.Cost())
	spent, _ := cfg.Budget.Spent(time.Now())
	require.Equal(t, trip.USD(700+price), spent)
}

// forgetful is a seller whose service has lost the first tasks that it took.
func forgetful(name string, losses int) *seller {
	shop, good := cookieSeller("good"), cookieSeller("good")
	shop.name = name
	shop.solve = func(ctx context.Context, c *captcha.Challenge, env captcha.Env) (captcha.Solution, error) {
		if losses--; losses >= 0 {
			return captcha.Solution{Cost: price}, lost{name}
		}
		return good.Solve(ctx, c, env)
	}
	return shop
}

type lost struct{ name string }

func (l lost) Error() string { return l.name + " lost the task" }
func (l lost) Lost() bool    { return true }

func TestATaskThatTheServiceLostIsBoughtAnewOnce(t *testing.T) {
	for name, c := range map[string]struct {
		losses int
		day    trip.USD
		sold   [2]int
		cost   trip.USD
		want   error
	}{
		"the new task is answered":             {losses: 1, day: -1, sold: [2]int{2, 0}, cost: 2 * price},
		"the new task is lost too":             {losses: 2, day: -1, sold: [2]int{2, 1}, cost: 3 * price},
		"there is money for one task":          {losses: 1, day: price, sold: [2]int{1, 0}, cost: price, want: captcha.ErrBudget},
		"there is money for two, and both are": {losses: 2, day: 2 * price, sold: [2]int{2, 0}, cost: 2 * price, want: captcha.ErrBudget},
	} {
		t.Run(name, func(t *testing.T) {
			first, second := forgetful("first", c.losses), cookieSeller("good")
			cfg := config(t, first, second)
			cfg.Budget = budget(t, captcha.BudgetConfig{PerCall: -1, PerDomain: -1, PerDay: c.day, Total: -1})
			req, call := as(identity("p1"), get(t, page))
			resp, err := open(t, cookieGate(captcha.KindDataDome), cfg).RoundTrip(req)
			if c.want == nil {
				require.Equal(t, content, body(t, resp, err))
			} else {
				require.ErrorIs(t, err, c.want)
				require.ErrorIs(t, err, lost{"first"}, "why money was spent is told as well")
			}
			require.Equal(t, c.sold, [2]int{first.sold(), second.sold()})
			require.Equal(t, c.cost, call.Cost())
			spent, _ := cfg.Budget.Spent(time.Now())
			require.Equal(t, c.cost, spent)
		})
	}
}

func TestAFailureThatIsNobodysFaultStopsTheSearch(t *testing.T) {
	first, second := failing("first", 0, true), cookieSeller("good")
	cfg := config(t, first, second)
	req, _ := as(identity("p1"), get(t, page))
	_, err := open(t, cookieGate(captcha.KindDataDome), cfg).RoundTrip(req)
	require.ErrorIs(t, err, broke{true})
	require.Zero(t, second.sold())
	spent, _ := cfg.Budget.Spent(time.Now())
	require.Zero(t, spent, "what was not charged is back in the budget")
}

func TestAllAttemptsOfACallShareItsSolves(t *testing.T) {
	shop := cookieSeller("bad")
	cfg := config(t, shop)
	cfg.MaxRejected = -1
	rt := open(t, cookieGate(captcha.KindDataDome), cfg)
	ctx, call := trip.Start(get(t, page), trip.Spec{})
	for i, want := range []error{captcha.ErrRejected, captcha.ErrSolves} {
		ctx, a := call.StartAttempt(ctx)
		a.Hold(identity(fmt.Sprint("p", i)), nil)
		_, err := rt.RoundTrip(get(t, page).WithContext(ctx))
		require.ErrorIs(t, err, want)
		a.Conclude(trip.Outcome{Verdict: trip.Challenge})
	}
	require.Equal(t, 1, shop.sold())
}

func TestAnswersThatAreNotAcceptedStopThePayingForThatDomain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		shop := cookieSeller("bad")
		rt := open(t, cookieGate(captcha.KindDataDome), config(t, shop))
		ask := func(raw string) error {
			req, _ := as(identity("p1"), get(t, raw))
			_, err := rt.RoundTrip(req)
			return err
		}
		for range captcha.DefaultMaxRejected {
			require.ErrorIs(t, ask(page), captcha.ErrRejected)
		}
		err := ask(page)
		var stopped *captcha.StoppedError
		require.ErrorAs(t, err, &stopped)
		require.ErrorIs(t, err, captcha.ErrStopped)
		require.Equal(t, captcha.DefaultMaxRejected, stopped.Rejected)
		require.Equal(t, time.Now().Add(captcha.DefaultRest), stopped.RetryAt)
		require.Equal(t, 3, shop.sold())
		require.ErrorIs(t, ask("https://other.test/"), captcha.ErrRejected, "another domain is none of its business")

		time.Sleep(captcha.DefaultRest)
		require.ErrorIs(t, ask(page), captcha.ErrRejected, "one more is tried")
		require.ErrorIs(t, ask(page), captcha.ErrStopped)
		require.Equal(t, 5, shop.sold())
	})
}

func TestOneGoodAnswerBeginsTheCountAnew(t *testing.T) {
	value := "bad"
	shop := &seller{name: "seller", price: price, solve: func(context.Context, *captcha.Challenge, captcha.Env) (captcha.Solution, error) {
		return captcha.Solution{Cookies: []*http.Cookie{{Name: "clearance", Value: value}}, Cost: price}, nil
	}}
	rt := open(t, cookieGate(captcha.KindDataDome), config(t, shop))
	for i := range 6 {
		value = "bad"
		if i == 2 {
			value = "good"
		}
		req, _ := as(identity(fmt.Sprint("p", i)), get(t, page))
		_, err := rt.RoundTrip(req)
		require.NotErrorIs(t, err, captcha.ErrStopped, "call %d", i)
		if i == 4 {
			break
		}
	}
	require.Equal(t, 5, shop.sold())
}

package captcha_test

import (
	"context"
	"errors"
	"math"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/godwit-go/godwit/captcha"
	"github.com/godwit-go/godwit/trip"
)

func TestAFaultAfterTheAnswerDoesNotMakeEveryWaitingCallPay(t *testing.T) {
	for name, breaks := range map[string]bool{"a fault": false, "a broken exchange": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var faults atomic.Int64
				gate := cookieGate(captcha.KindDataDome)
				through := gate.answer
				gate.answer = func(req *http.Request, body string) (int, string, http.Header, *captcha.Challenge) {
					status, text, header, c := through(req, body)
					if c == nil && faults.Add(1) == 1 {
						return 503, "busy", nil, nil
					}
					return status, text, header, c
				}
				base := http.RoundTripper(gate)
				if breaks {
					base = breaking{gate}
				}
				shop := cookieSeller("good")
				sell := shop.solve
				shop.solve = func(ctx context.Context, c *captcha.Challenge, env captcha.Env) (captcha.Solution, error) {
					time.Sleep(time.Second) // so that all the others wait
					return sell(ctx, c, env)
				}
				rt := open(t, base, config(t, shop))
				id := identity("p1")
				var wg sync.WaitGroup
				var served atomic.Int64
				for range 50 {
					req, _ := as(id, get(t, page))
					wg.Go(func() {
						resp, err := rt.RoundTrip(req)
						if err == nil && resp.StatusCode == 200 {
							served.Add(1)
						}
					})
				}
				wg.Wait()
				require.Equal(t, 1, shop.sold())
				require.Equal(t, int64(49), served.Load())
			})
		})
	}
}

// breaking loses what its site says with a status of 500 or more.
type breaking struct{ *site }

func (b breaking) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := b.site.RoundTrip(req)
	if err == nil && resp.StatusCode >= 500 {
		return nil, errors.New("connection reset")
	}
	return resp, err
}

// noTurn fails the first request to path before anything is sent.
type noTurn struct {
	*site
	path   string
	failed bool
}

type unsent struct{}

func (unsent) Error() string { return "no turn" }
func (unsent) Outcome() trip.Outcome {
	return trip.Outcome{Verdict: trip.Local, Reason: "no turn"}
}

func (n *noTurn) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.URL.Path == n.path && !n.failed {
		n.failed = true
		trip.CloseBody(req)
		return nil, unsent{}
	}
	return n.site.RoundTrip(req)
}

func TestAnAnswerThatWasNeverSentIsLeftForTheNextCall(t *testing.T) {
	for _, path := range []string{"/verify", "/p"} {
		t.Run(path, func(t *testing.T) {
			token := captcha.Solution{Token: "token", TaskID: "77", Provider: "seller"}
			gate := &formGate{kind: captcha.KindRecaptchaV2, method: "POST", wants: url.Values{"g-recaptcha-response": {"token"}}}
			shop := &resuming{seller: tokenSeller(token), answer: token}
			base := &noTurn{site: gate.site(), path: path, failed: path == "/p"}
			cfg := config(t, shop)
			rt := open(t, base, cfg)
			id := identity("p1")
			if path == "/p" { // what is refused is the request itself, after the form
				sell := shop.seller.solve
				shop.seller.solve = func(ctx context.Context, c *captcha.Challenge, env captcha.Env) (captcha.Solution, error) {
					base.failed = false
					return sell(ctx, c, env)
				}
			}
			first, _ := as(id, get(t, page))
			_, err := rt.RoundTrip(first)
			require.ErrorAs(t, err, new(unsent))
			second, call := as(id, get(t, page))
			resp, err := rt.RoundTrip(second)
			require.Equal(t, content, body(t, resp, err))
			require.Equal(t, 1, shop.sold())
			require.Zero(t, call.Cost())
			if path == "/verify" {
				require.Equal(t, []string{"77"}, shop.resumed)
			} else {
				require.Empty(t, shop.resumed, "a token counts once")
			}
		})
	}
}

func TestAPanicOfASolverStrandsNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		shop := cookieSeller("good")
		sell := shop.solve
		var calls atomic.Int64
		shop.solve = func(ctx context.Context, c *captcha.Challenge, env captcha.Env) (captcha.Solution, error) {
			if calls.Add(1) == 1 {
				time.Sleep(time.Second)
				panic("a fault of the user's")
			}
			return sell(ctx, c, env)
		}
		cfg := config(t, shop)
		cfg.Timeout = -1
		rt := open(t, cookieGate(captcha.KindDataDome), cfg)
		id := identity("p1")
		first, _ := as(id, get(t, page))
		go func() {
			defer func() { _ = recover() }()
			_, _ = rt.RoundTrip(first)
		}()
		synctest.Wait()
		second, _ := as(id, get(t, page))
		resp, err := rt.RoundTrip(second)
		require.Equal(t, content, body(t, resp, err))
		total, _ := cfg.Budget.Spent(time.Now())
		require.Equal(t, trip.USD(2*price), total, "what the first reserved counts as spent")
	})
}

func TestAnAbsurdPriceNeitherWrapsTheSumsNorSpoilsTheLedger(t *testing.T) {
	path, now := ledgerPath(t), time.Now()
	l := ledger(t, path)
	b := budget(t, captcha.BudgetConfig{Total: 4 * trip.Dollar, Ledger: l})
	var underWay []*captcha.Reservation
	for range 3 {
		r, err := b.Reserve(now, "shop.test", 0, trip.Dollar)
		require.NoError(t, err)
		underWay = append(underWay, r)
	}
	for _, r := range underWay {
		require.NoError(t, r.Settle(now, math.MaxInt64))
		require.Zero(t, b.Remaining(now, "").Total)
	}
	_, err := b.Reserve(now, "shop.test", 0, trip.Dollar)
	require.ErrorIs(t, err, captcha.ErrBudget)
	require.NoError(t, l.Close())
	_, err = captcha.NewBudget(captcha.BudgetConfig{Total: 1, Ledger: ledger(t, path)})
	require.NoError(t, err, "what was written is read again")
}

func TestNobodyPutsMoneyIntoABudgetByAskingForLess(t *testing.T) {
	b, now := budget(t, captcha.BudgetConfig{Total: 100}), time.Now()
	r, err := b.Reserve(now, "shop.test", 0, -1000)
	require.NoError(t, err)
	require.NoError(t, r.Settle(now, -1000))
	require.Equal(t, trip.USD(100), b.Remaining(now, "").Total)
}

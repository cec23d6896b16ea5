package captcha_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/godwit-go/godwit/captcha"
	"github.com/godwit-go/godwit/captcha/solver"
	"github.com/godwit-go/godwit/secret"
	"github.com/godwit-go/godwit/trip"
)

// boundGate takes the clearance "for X as Y" from egress X with user agent Y alone.
func boundGate() *site {
	return &site{answer: func(req *http.Request, _ string) (int, string, http.Header, *captcha.Challenge) {
		want := "for-" + trip.IdentityFrom(req.Context()).Egress + "-as-" + req.Header.Get("User-Agent")
		if c, err := req.Cookie("cf_clearance"); err == nil && c.Value == want {
			return 200, content, nil, nil
		}
		return 403, robot, nil, &captcha.Challenge{
			Verdict: captcha.Challenged, Vendor: captcha.Cloudflare, Kind: captcha.KindCloudflare, URL: req.URL, Status: 403, Rule: "test",
		}
	}}
}

// boundSeller earns clearances with the visitor's proxy and a browser of its own.
func boundSeller(agent string, lasts time.Duration) *seller {
	return &seller{name: "seller", price: price, solve: func(_ context.Context, _ *captcha.Challenge, env captcha.Env) (captcha.Solution, error) {
		ua := agent
		if ua == "" {
			ua = env.UserAgent
		}
		egress, _, _ := strings.Cut(env.Proxy().Hostname(), ".")
		return captcha.Solution{
			Cookies:   []*http.Cookie{{Name: "cf_clearance", Value: "for-" + egress + "-as-" + ua, MaxAge: int(lasts.Seconds())}},
			UserAgent: agent, Cost: price, TaskID: "1",
		}, nil
	}}
}

func TestAClearanceIsSharedByTheVisitorsOfAnEgressUntilItExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		shop := boundSeller("Solver/1.0", time.Hour)
		rt := open(t, boundGate(), config(t, shop))
		ask := func(key string, agent string) (trip.USD, string) {
			id := identity(key)
			req := get(t, page)
			if agent != "" {
				req.Header.Set("User-Agent", agent)
			}
			req, call := as(id, req)
			resp, err := rt.RoundTrip(req)
			require.Equal(t, content, body(t, resp, err))
			return call.Cost(), id.UserAgent("shop.test")
		}
		cost, agent := ask("p1", "")
		require.Equal(t, trip.USD(price), cost)
		require.Equal(t, "Solver/1.0", agent, "the solution's user agent is the identity's from now on")
		cost, agent = ask("p1", "") // another identity of the same egress
		require.Zero(t, cost)
		require.Equal(t, "Solver/1.0", agent)
		cost, _ = ask("p1", "Caller/2.0")
		require.Zero(t, cost, "a caller's user agent would make the clearance worthless")
		cost, _ = ask("p2", "")
		require.Equal(t, trip.USD(price), cost, "another egress has to earn its own")

		time.Sleep(time.Hour)
		cost, _ = ask("p1", "")
		require.Equal(t, trip.USD(price), cost)
		require.Equal(t, 3, shop.sold())
	})
}

func TestAClearanceThatIsNotTakenAnyMoreIsReplaced(t *testing.T) {
	generation := "1"
	gate := &site{answer: func(req *http.Request, _ string) (int, string, http.Header, *captcha.Challenge) {
		if c, err := req.Cookie("clearance"); err == nil && c.Value == generation {
			return 200, content, nil, nil
		}
		return 403, robot, nil, &captcha.Challenge{Verdict: captcha.Challenged, Kind: captcha.KindAWSWAF, URL: req.URL, Status: 403}
	}}
	shop := &seller{name: "seller", price: price, solve: func(context.Context, *captcha.Challenge, captcha.Env) (captcha.Solution, error) {
		return captcha.Solution{Cookies: []*http.Cookie{{Name: "clearance", Value: generation}}}, nil
	}}
	rt, id := open(t, gate, config(t, shop)), identity("p1")
	for _, generation = range []string{"1", "2"} {
		for range 2 {
			req, _ := as(id, get(t, page))
			resp, err := rt.RoundTrip(req)
			require.Equal(t, content, body(t, resp, err))
		}
	}
	require.Equal(t, 2, shop.sold())
	require.Equal(t, 6, gate.count(), "a stale clearance costs one exchange, not two")
}

func TestWithoutALeaseLayerTheTransportCarriesWhatItEarned(t *testing.T) {
	gate := &site{answer: func(req *http.Request, _ string) (int, string, http.Header, *captcha.Challenge) {
		c, err := req.Cookie("clearance")
		session, serr := req.Cookie("session")
		if err == nil && c.Value == "good" && serr == nil && session.Value == "set by the page" && req.UserAgent() == "Solver/1.0" {
			return 200, content, nil, nil
		}
		return 403, robot, http.Header{"Set-Cookie": {"session=set by the page"}}, &captcha.Challenge{
			Verdict: captcha.Challenged, Kind: captcha.KindAWSWAF, URL: req.URL, Status: 403,
		}
	}}
	shop := &seller{name: "seller", price: price, solve: func(_ context.Context, _ *captcha.Challenge, env captcha.Env) (captcha.Solution, error) {
		require.Equal(t, "session", env.Cookies[0].Name, "the page's own cookie goes with the task")
		return captcha.Solution{Cookies: []*http.Cookie{{Name: "clearance", Value: "good", Secure: true, Domain: ".else.where"}}, UserAgent: "Solver/1.0"}, nil
	}}
	rt := open(t, gate, config(t, shop))
	for range 2 {
		req := get(t, "http://shop.test/p?id=1") // a Secure cookie would not be sent here
		req.Header.Set("User-Agent", "Caller/1.0")
		resp, err := rt.RoundTrip(req)
		require.Equal(t, content, body(t, resp, err))
		require.Equal(t, http.Header{"User-Agent": {"Caller/1.0"}}, req.Header, "the caller's request is left alone")
	}
	require.Equal(t, 1, shop.sold())
	require.Equal(t, 3, gate.count())

	req := get(t, "http://shop.test/p?id=1")
	req.Header.Set("Cookie", "session=the caller's own")
	_, err := rt.RoundTrip(req)
	require.Error(t, err)
	require.Equal(t, "the caller's own", cookie(t, gate.reqs[3], "session"), "a caller's cookie wins")

	before := gate.count()
	_, err = rt.RoundTrip(get(t, "http://news.test/"))
	require.NoError(t, err)
	require.Empty(t, gate.reqs[before].Header.Get("Cookie"), "another site gets nothing of it")
}

func cookie(t *testing.T, req *http.Request, name string) string {
	t.Helper()
	c, err := req.Cookie(name)
	require.NoError(t, err)
	return c.Value
}

func TestACookieTakesThePlaceOfTheChallengesOwn(t *testing.T) {
	gate := &site{answer: func(req *http.Request, _ string) (int, string, http.Header, *captcha.Challenge) {
		if got := req.CookiesNamed("datadome"); len(got) == 1 && got[0].Value == "good" {
			return 200, content, nil, nil
		}
		header := http.Header{"Set-Cookie": {"datadome=asks; Domain=.shop.test; Path=/"}}
		return 403, robot, header, &captcha.Challenge{
			Verdict: captcha.Challenged, Kind: captcha.KindDataDome, URL: req.URL, Status: 403, Header: header,
		}
	}}
	shop := tokenSeller(captcha.Solution{Cookies: []*http.Cookie{{Name: "datadome", Value: "good"}}})
	req, _ := as(identity("p1"), get(t, "https://www.shop.test/"))
	resp, err := open(t, gate, config(t, shop)).RoundTrip(req)
	require.Equal(t, content, body(t, resp, err))
}

// resuming is a seller whose tasks outlive their callers.
type resuming struct {
	*seller
	resumed []string
	answer  captcha.Solution
	err     error
}

func (r *resuming) Resume(_ context.Context, _ *captcha.Challenge, id string) (captcha.Solution, error) {
	r.resumed = append(r.resumed, id)
	return r.answer, r.err
}

func TestAPaidTaskIsNotPaidForTwice(t *testing.T) {
	for name, c := range map[string]struct {
		after  time.Duration
		err    error
		egress string
		asked  int
	}{
		"answered by then":       {asked: 1},
		"failed by then":         {err: errors.New("unsolvable"), asked: 2},
		"too long ago":           {after: 6 * time.Minute, asked: 2},
		"wanted by another exit": {egress: "p2", asked: 2},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				good := captcha.Solution{Cookies: []*http.Cookie{{Name: "clearance", Value: "good"}}, Provider: "seller", TaskID: "77"}
				shop := &resuming{answer: good, err: c.err}
				shop.seller = &seller{name: "seller", price: price, solve: func(ctx context.Context, _ *captcha.Challenge, _ captcha.Env) (captcha.Solution, error) {
					if shop.asked > 1 {
						return captcha.Solution{Cookies: good.Cookies, Cost: price}, nil
					}
					<-ctx.Done()
					return captcha.Solution{Cost: price, TaskID: "77"}, ctx.Err()
				}}
				cfg := config(t, shop)
				rt := open(t, cookieGate(captcha.KindDataDome), cfg)
				start := time.Now()
				req, _ := as(identity("p1"), get(t, page))
				_, err := rt.RoundTrip(req)
				require.ErrorIs(t, err, context.DeadlineExceeded)
				require.Equal(t, captcha.DefaultTimeout, time.Since(start))
				var failed *captcha.Error
				require.ErrorAs(t, err, &failed)
				require.True(t, failed.Timeout())
				require.Equal(t, trip.Challenge, trip.OutcomeOf(req.Context(), nil, err).Verdict, "nobody canceled")

				time.Sleep(c.after)
				key := "p1"
				if c.egress != "" {
					key = c.egress
				}
				req, call := as(identity(key), get(t, page))
				resp, err := rt.RoundTrip(req)
				require.Equal(t, content, body(t, resp, err))
				require.Equal(t, c.asked, shop.sold())
				require.Equal(t, trip.USD(price*(c.asked-1)), call.Cost())
				spent, _ := cfg.Budget.Spent(time.Now())
				require.Equal(t, trip.USD(price*c.asked), spent)
				if c.asked == 1 {
					require.Equal(t, []string{"77"}, shop.resumed)
				}
			})
		})
	}
}

func TestWhenTheOneWhoSolvesGivesUpAnotherTakesOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first := true
		shop := &seller{name: "seller", price: price}
		shop.solve = func(ctx context.Context, _ *captcha.Challenge, _ captcha.Env) (captcha.Solution, error) {
			if first {
				first = false
				<-ctx.Done()
				return captcha.Solution{}, ctx.Err()
			}
			return captcha.Solution{Cookies: []*http.Cookie{{Name: "clearance", Value: "good"}}}, nil
		}
		rt, id := open(t, cookieGate(captcha.KindDataDome), config(t, shop)), identity("p1")
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() {
			req, _ := as(id, get(t, page).WithContext(ctx))
			if _, err := rt.RoundTrip(req); !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
		})
		synctest.Wait()
		for range 10 {
			wg.Go(func() {
				req, _ := as(id, get(t, page))
				resp, err := rt.RoundTrip(req)
				if err != nil {
					t.Error(err)
					return
				}
				_ = resp.Body.Close()
			})
		}
		synctest.Wait()
		cancel()
		wg.Wait()
		require.Equal(t, 2, shop.sold())
	})
}

func TestThoseWhoWaitShareTheFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		shop := &seller{name: "seller", price: price, solve: func(context.Context, *captcha.Challenge, captcha.Env) (captcha.Solution, error) {
			time.Sleep(time.Second)
			return captcha.Solution{}, broke{}
		}}
		rt, id := open(t, cookieGate(captcha.KindDataDome), config(t, shop)), identity("p1")
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() {
				req, _ := as(id, get(t, page))
				if _, err := rt.RoundTrip(req); !errors.Is(err, broke{}) {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		require.Equal(t, 1, shop.sold())
	})
}

func TestReportsFollowTheServicesRules(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		status, vendor := 403, captcha.DataDome
		gate := &site{answer: func(req *http.Request, _ string) (int, string, http.Header, *captcha.Challenge) {
			if c, err := req.Cookie("clearance"); err == nil && c.Value == "good" {
				return 200, content, nil, nil
			} else if err == nil && status == 500 {
				return 500, "", nil, nil
			} else if err == nil {
				return 403, robot, nil, &captcha.Challenge{Verdict: captcha.Challenged, Vendor: vendor, Kind: captcha.KindDataDome, URL: req.URL, Status: 403}
			}
			return 403, robot, nil, &captcha.Challenge{Verdict: captcha.Challenged, Vendor: captcha.DataDome, Kind: captcha.KindDataDome, URL: req.URL, Status: 403}
		}}
		value := "bad"
		shop := &seller{name: "seller", price: price, solve: func(context.Context, *captcha.Challenge, captcha.Env) (captcha.Solution, error) {
			return captcha.Solution{Cookies: []*http.Cookie{{Name: "clearance", Value: value}}, TaskID: "1", Provider: "seller"}, nil
		}}
		cfg := config(t, shop)
		cfg.MaxRejected = -1
		rt := open(t, gate, cfg)
		ask := func() {
			req, _ := as(identity(fmt.Sprint("p", shop.sold())), get(t, page))
			if resp, err := rt.RoundTrip(req); err == nil {
				_ = resp.Body.Close()
			}
			synctest.Wait() // for the report
		}
		for range 5 {
			ask()
		}
		require.Equal(t, []bool{false, false, false}, shop.reports, "who has had no good answer yet complains three times")
		status = 500
		ask()
		status, vendor = 403, captcha.Cloudflare
		ask()
		require.Len(t, shop.reports, 3, "a fault, or another vendor's challenge, says nothing about the answer")
		value, vendor = "good", captcha.DataDome
		ask()
		value = "bad"
		ask()
		require.Equal(t, []bool{false, false, false, true, false}, shop.reports)
	})
}

func TestCloseEndsTheReports(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		shop := cookieSeller("good")
		shop.told = make(chan bool) // which nobody reads
		rt := open(t, cookieGate(captcha.KindDataDome), config(t, hanging{shop}))
		req, _ := as(identity("p1"), get(t, page))
		resp, err := rt.RoundTrip(req)
		require.Equal(t, content, body(t, resp, err))
		require.NoError(t, rt.Close())
		require.NoError(t, rt.Close())
	})
}

type hanging struct{ *seller }

func (h hanging) Report(ctx context.Context, _ *captcha.Challenge, _ captcha.Solution, _ bool) error {
	<-ctx.Done()
	return ctx.Err()
}

func TestPassThroughGivesThePageAndKeepsTheVerdict(t *testing.T) {
	for name, page := range map[string]string{"short": robot, "long": strings.Repeat("robot ", 400_000)} {
		t.Run(name, func(t *testing.T) {
			web := &site{answer: func(req *http.Request, _ string) (int, string, http.Header, *captcha.Challenge) {
				return 200, page, nil, &captcha.Challenge{Verdict: captcha.Challenged, Kind: captcha.KindScript, URL: req.URL, Status: 200}
			}}
			req, _ := as(identity("p1"), get(t, "https://shop.test/"))
			resp, err := open(t, web, captcha.Config{PassThrough: true}).RoundTrip(req)
			require.Equal(t, page, body(t, resp, err))
			require.Equal(t, trip.Challenge, trip.OutcomeOf(req.Context(), resp, nil).Verdict)
		})
	}
}

func TestABlockPassesAsTheResponseItIs(t *testing.T) {
	shop, seen := cookieSeller("good"), new(events)
	web := &site{answer: func(req *http.Request, _ string) (int, string, http.Header, *captcha.Challenge) {
		return 403, "go away", nil, &captcha.Challenge{Verdict: captcha.Blocked, Vendor: captcha.Akamai, Kind: captcha.KindBlock, URL: req.URL, Status: 403}
	}}
	cfg := config(t, shop)
	cfg.Observer = seen
	req, _ := as(identity("p1"), get(t, page))
	resp, err := open(t, web, cfg).RoundTrip(req)
	require.Equal(t, "go away", body(t, resp, err))
	require.Zero(t, shop.sold())
	require.Equal(t, []string{"seen akamai blocked"}, seen.told)
}

type events struct{ told []string }

func (e *events) Observe(_ context.Context, event trip.Event) {
	switch event := event.(type) {
	case *trip.ChallengeSeen:
		what := "seen " + event.Vendor
		if event.Blocked {
			what += " blocked"
		}
		e.told = append(e.told, what)
	case *trip.ChallengeSolved:
		e.told = append(e.told, fmt.Sprintf("solved by %q for %s", event.Provider, event.Cost))
	case *trip.ChallengeFailed:
		e.told = append(e.told, fmt.Sprintf("failed by %q for %s: %s", event.Provider, event.Cost, event.Cause))
	}
}

func TestObserversAreToldTheStory(t *testing.T) {
	seen := new(events)
	cfg := config(t, cookieSeller("good"))
	cfg.Observer = seen
	rt := open(t, cookieGate(captcha.KindDataDome), cfg)
	for range 2 { // two visitors of one egress
		req, _ := as(identity("p1"), get(t, page))
		resp, err := rt.RoundTrip(req)
		require.Equal(t, content, body(t, resp, err))
	}
	require.Equal(t, []string{
		"seen datadome", `solved by "seller" for $0.00299`,
		"seen datadome", `solved by "" for $0.00`,
	}, seen.told)

	seen.told = nil
	cfg.Solvers = []captcha.Solver{cookieSeller("bad")}
	req, _ := as(identity("p2"), get(t, page))
	_, err := open(t, cookieGate(captcha.KindDataDome), cfg).RoundTrip(req)
	require.Error(t, err)
	require.Equal(t, []string{"seen datadome", "seen datadome", `failed by "seller" for $0.00299: rejected`}, seen.told)
}

func TestAnErrorKeepsThePageAndTheVisitorToItself(t *testing.T) {
	id := identity("p1")
	req, _ := as(id, get(t, page))
	_, err := open(t, cookieGate(captcha.KindDataDome), config(t, failing("seller", price, false))).RoundTrip(req)
	var failed *captcha.Error
	require.ErrorAs(t, err, &failed)
	encoded, jsonErr := json.Marshal(failed)
	require.NoError(t, jsonErr)
	var logged strings.Builder
	slog.New(slog.NewJSONHandler(&logged, nil)).Error("failed", "err", err)
	for _, text := range []string{err.Error(), fmt.Sprintf("%v %+v %#v %s %q", err, err, err, err, err), string(encoded), logged.String()} {
		require.NotContains(t, text, robot)
		require.NotContains(t, text, "password")
	}
	require.Equal(t, `captcha: "shop.test": datadome/datadome challenge (test, status 403), asked seller, spent $0.00299: solver failed`, err.Error())
	require.Equal(t, captcha.KindDataDome, failed.Challenge().Kind)
}

func TestSolvingStopsTheAttemptsClockAndExchangesDoNot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		shop, clock := cookieSeller("good"), new(clock)
		answer := shop.solve
		shop.solve = func(ctx context.Context, c *captcha.Challenge, env captcha.Env) (captcha.Solution, error) {
			require.True(t, clock.paused)
			time.Sleep(time.Minute)
			return answer(ctx, c, env)
		}
		gate := cookieGate(captcha.KindDataDome)
		pages := gate.answer
		gate.answer = func(req *http.Request, body string) (int, string, http.Header, *captcha.Challenge) {
			require.False(t, clock.paused, "an exchange that hangs has to be timed out")
			return pages(req, body)
		}
		req, _ := as(identity("p1"), get(t, page))
		trip.AttemptFrom(req.Context()).SetClock(clock)
		resp, err := open(t, gate, config(t, shop)).RoundTrip(req)
		require.Equal(t, content, body(t, resp, err))
		require.False(t, clock.paused)
		require.Equal(t, 1, clock.pauses)
	})
}

type clock struct {
	paused bool
	pauses int
}

func (c *clock) Pause()  { c.paused = true; c.pauses++ }
func (c *clock) Resume() { c.paused = false }

func TestTheHostsOfADomainHaveClearancesOfTheirOwn(t *testing.T) {
	gate := &site{answer: func(req *http.Request, _ string) (int, string, http.Header, *captcha.Challenge) {
		if c, err := req.Cookie("clearance"); err == nil && c.Value == req.URL.Host {
			return 200, content, nil, nil
		}
		return 403, robot, nil, &captcha.Challenge{Verdict: captcha.Challenged, Kind: captcha.KindAWSWAF, URL: req.URL, Status: 403}
	}}
	shop := &seller{name: "seller", price: price, solve: func(_ context.Context, c *captcha.Challenge, _ captcha.Env) (captcha.Solution, error) {
		return captcha.Solution{Cookies: []*http.Cookie{{Name: "clearance", Value: c.URL.Host}}}, nil
	}}
	rt := open(t, gate, config(t, shop))
	for range 3 {
		for _, host := range []string{"a.shop.test", "b.shop.test"} {
			req := get(t, "https://"+host+"/")
			ctx, call := trip.Start(req, trip.Spec{Domain: "*.shop.test"})
			ctx, a := call.StartAttempt(ctx)
			a.Hold(identity("p1"), nil) // another identity each time
			resp, err := rt.RoundTrip(req.WithContext(ctx))
			require.Equal(t, content, body(t, resp, err))
		}
	}
	require.Equal(t, 2, shop.sold())
}

func TestCloseLetsGoOfTheSolversConnections(t *testing.T) {
	wire := new(idle)
	s, err := solver.New(solver.Config{Service: solver.NameCapSolver, Key: secret.Explicit("k"), HTTP: wire})
	require.NoError(t, err)
	flare, err := solver.NewFlareSolverr(solver.FlareConfig{URL: "http://127.0.0.1:8191", HTTP: wire})
	require.NoError(t, err)
	rt, err := captcha.New(nil, captcha.Config{Solvers: []captcha.Solver{s, flare, cookieSeller("good")}})
	require.NoError(t, err)
	require.NoError(t, rt.Close())
	require.Equal(t, 2, wire.closed)
}

type idle struct{ closed int }

func (i *idle) RoundTrip(*http.Request) (*http.Response, error) { return nil, errors.New("closed") }
func (i *idle) CloseIdleConnections()                           { i.closed++ }

func TestANewConfigurationIsInForceForTheNextCall(t *testing.T) {
	g, err := captcha.NewGroup(captcha.Config{})
	require.NoError(t, err)
	t.Cleanup(func() { _ = g.Close() })
	rt, id := g.Wrap(cookieGate(captcha.KindDataDome)), identity("p1")
	req, _ := as(id, get(t, page))
	_, err = rt.RoundTrip(req)
	require.ErrorIs(t, err, captcha.ErrNoSolver)

	require.Error(t, g.Reconfigure(captcha.Config{Price: -1}))
	require.NoError(t, g.Reconfigure(config(t, cookieSeller("good"))))
	req, _ = as(id, get(t, page))
	resp, err := rt.RoundTrip(req)
	require.Equal(t, content, body(t, resp, err))

	require.NoError(t, g.Reconfigure(captcha.Config{}))
	req, _ = as(identity("p1"), get(t, page))
	resp, err = rt.RoundTrip(req)
	require.Equal(t, content, body(t, resp, err), "clearances outlive the configuration")
}

func TestValidateNamesEveryProblemAndField(t *testing.T) {
	err := captcha.Config{
		Solvers: []captcha.Solver{nil}, Price: -1, Clearance: -1, Rest: -1,
		Detector: captcha.DetectorConfig{Rules: []captcha.Rule{{}}},
	}.Validate()
	for _, problem := range []string{
		"Detector.Rules[0].Name", "Solvers[0]: nil, want a solver", "Price: -$0.000001, want 0 or more",
		"Clearance: -1ns, want 0 or more", "Rest: -1ns, want 0 or more",
	} {
		require.ErrorContains(t, err, problem)
	}
	require.NoError(t, captcha.Config{}.Validate())
}

func TestTheSolverIsToldWhoWasChallenged(t *testing.T) {
	gate := cookieGate(captcha.KindDataDome)
	var got captcha.Env
	shop := &seller{name: "seller", price: price, solve: func(_ context.Context, _ *captcha.Challenge, env captcha.Env) (captcha.Solution, error) {
		got = env
		return captcha.Solution{}, broke{}
	}}
	id := identity("p1")
	id.Jar.SetCookies(parse(page), []*http.Cookie{{Name: "session", Value: "s"}})
	id.SetUserAgent("shop.test", "Browser/1.0")
	req, _ := as(id, get(t, page))
	_, err := open(t, gate, config(t, shop)).RoundTrip(req)
	require.Error(t, err)
	require.Equal(t, "Browser/1.0", got.UserAgent, "the one that went onto the wire")
	require.Equal(t, id.Proxy(), got.Proxy())
	require.Equal(t, []*http.Cookie{{Name: "session", Value: "s"}}, got.Cookies)

	local := &trip.Identity{Key: "d", Egress: "direct", Direct: true, Jar: id.Jar, Proxy: func() *url.URL { return nil }}
	req, _ = as(local, get(t, page))
	_, err = open(t, gate, config(t, shop)).RoundTrip(req)
	require.ErrorIs(t, err, captcha.ErrNoEgress)
}

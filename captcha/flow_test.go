package captcha_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/godwit-go/godwit/captcha"
	"github.com/godwit-go/godwit/trip"
)

// site is a RoundTripper that answers as its func says. Where the func gives a
// challenge, it is reported as by the layer that classifies.
type site struct {
	answer func(req *http.Request, body string) (status int, page string, header http.Header, c *captcha.Challenge)

	mu   sync.Mutex
	reqs []*http.Request
}

func (s *site) RoundTrip(req *http.Request) (*http.Response, error) {
	var body []byte
	if req.Body != nil {
		body, _ = io.ReadAll(req.Body)
		_ = req.Body.Close()
	}
	if err := req.Context().Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	s.reqs = append(s.reqs, req)
	s.mu.Unlock()
	id := trip.IdentityFrom(req.Context())
	if id != nil && id.Jar != nil { // as the headers layer does
		req = req.Clone(req.Context())
		for _, c := range id.Jar.Cookies(req.URL) {
			req.AddCookie(c)
		}
		if ua := id.UserAgent(trip.Domain(req)); ua != "" {
			req.Header.Set("User-Agent", ua)
		}
	}
	status, page, header, c := s.answer(req, string(body))
	if header == nil {
		header = http.Header{}
	}
	resp := &http.Response{
		StatusCode: status, Header: header, Request: req, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Body: io.NopCloser(strings.NewReader(page)), ContentLength: int64(len(page)),
	}
	if id != nil && id.Jar != nil {
		id.Jar.SetCookies(req.URL, resp.Cookies())
	}
	if a := trip.AttemptFrom(req.Context()); a != nil {
		o := trip.Classify(req.Context(), resp, nil)
		if c != nil {
			o.Verdict, o.Detail, o.Reason = trip.Challenge, c, c.Rule
			if c.Verdict == captcha.Blocked {
				o.Verdict = trip.Blocked
			}
		}
		a.Report(o, resp, nil)
	}
	return resp, nil
}

func (s *site) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.reqs)
}

func parse(raw string) *url.URL {
	u, err := url.Parse(raw)
	if err != nil {
		panic(err)
	}
	return u
}

// seller is a solver that sells what its func gives.
type seller struct {
	name    string
	price   trip.USD
	refuses func(*captcha.Challenge) bool
	solve   func(ctx context.Context, c *captcha.Challenge, env captcha.Env) (captcha.Solution, error)

	mu      sync.Mutex
	asked   int
	reports []bool
	told    chan bool
}

func (s *seller) Name() string                       { return s.name }
func (s *seller) Price(*captcha.Challenge) trip.USD  { return s.price }
func (s *seller) Supports(c *captcha.Challenge) bool { return s.refuses == nil || !s.refuses(c) }
func (s *seller) sold() int                          { s.mu.Lock(); defer s.mu.Unlock(); return s.asked }

func (s *seller) Solve(ctx context.Context, c *captcha.Challenge, env captcha.Env) (captcha.Solution, error) {
	s.mu.Lock()
	s.asked++
	s.mu.Unlock()
	got, err := s.solve(ctx, c, env)
	got.Provider = s.name
	return got, err
}

func (s *seller) Report(_ context.Context, _ *captcha.Challenge, _ captcha.Solution, accepted bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reports = append(s.reports, accepted)
	if s.told != nil {
		s.told <- accepted
	}
	return nil
}

const (
	price   = 2990 // micro-dollars
	page    = "https://shop.test/p?id=1"
	robot   = "are you a robot?"
	content = "the content"
)

func budget(t *testing.T, cfg captcha.BudgetConfig) *captcha.Budget {
	t.Helper()
	b, err := captcha.NewBudget(cfg)
	require.NoError(t, err)
	return b
}

func open(t *testing.T, base http.RoundTripper, cfg captcha.Config) *captcha.Transport {
	t.Helper()
	rt, err := captcha.New(base, cfg)
	require.NoError(t, err)
	t.Cleanup(func() { _ = rt.Close() })
	return rt
}

func get(t *testing.T, raw string) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, raw, nil)
	require.NoError(t, err)
	return req
}

// as sends req in an attempt of its own that holds the identity.
func as(id *trip.Identity, req *http.Request) (*http.Request, *trip.Call) {
	ctx, call := trip.Start(req, trip.Spec{})
	ctx, a := call.StartAttempt(ctx)
	a.Hold(id, nil)
	return req.WithContext(ctx), call
}

func identity(key string) *trip.Identity {
	jar, _ := cookiejar.New(nil)
	proxy := parse("http://user:password@" + key + ".proxy.test:8080")
	return &trip.Identity{Key: key, Egress: key, Jar: jar, Proxy: func() *url.URL { return proxy }}
}

func body(t *testing.T, resp *http.Response, err error) string {
	t.Helper()
	require.NoError(t, err)
	b, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	return string(b)
}

// cookieGate lets those through who carry the clearance cookie.
func cookieGate(kind captcha.Kind) *site {
	return &site{answer: func(req *http.Request, _ string) (int, string, http.Header, *captcha.Challenge) {
		if c, err := req.Cookie("clearance"); err == nil && c.Value == "good" {
			return 200, content, nil, nil
		}
		return 403, robot, nil, &captcha.Challenge{
			Verdict: captcha.Challenged, Vendor: captcha.DataDome, Kind: kind, Rule: "test",
			URL: req.URL, Status: 403, Body: []byte(robot), Solvable: true,
		}
	}}
}

func cookieSeller(value string) *seller {
	return &seller{name: "seller", price: price, solve: func(context.Context, *captcha.Challenge, captcha.Env) (captcha.Solution, error) {
		return captcha.Solution{Cookies: []*http.Cookie{{Name: "clearance", Value: value, Secure: true}}, Cost: price, TaskID: "1"}, nil
	}}
}

func config(t *testing.T, solvers ...captcha.Solver) captcha.Config {
	return captcha.Config{Solvers: solvers, Budget: budget(t, captcha.BudgetConfig{Total: trip.Dollar})}
}

func TestAClearanceIsBoughtOnceAndTheRequestSentAgain(t *testing.T) {
	gate, shop := cookieGate(captcha.KindDataDome), cookieSeller("good")
	rt := open(t, gate, config(t, shop))
	id := identity("p1")
	req, call := as(id, get(t, page))
	resp, err := rt.RoundTrip(req)
	require.Equal(t, content, body(t, resp, err))
	require.Equal(t, 2, gate.count())
	require.Equal(t, trip.USD(price), call.Cost())

	req, call = as(id, get(t, page))
	resp, err = rt.RoundTrip(req)
	require.Equal(t, content, body(t, resp, err))
	require.Equal(t, 3, gate.count())
	require.Zero(t, call.Cost())
	require.Equal(t, 1, shop.sold())
}

func TestAnUnsolvedChallengeIsATypedErrorThatDoesNotQuoteThePage(t *testing.T) {
	rt := open(t, cookieGate(captcha.KindDataDome), captcha.Config{})
	req, _ := as(identity("p1"), get(t, page))
	resp, err := rt.RoundTrip(req)
	require.Nil(t, resp)
	require.ErrorIs(t, err, captcha.ErrChallenge)
	require.ErrorIs(t, err, captcha.ErrNoSolver)
	var failed *captcha.Error
	require.ErrorAs(t, err, &failed)
	require.Equal(t, robot, string(failed.Snippet()))
	require.NotContains(t, err.Error(), "robot")
	require.Equal(t, trip.Challenge, trip.OutcomeOf(req.Context(), nil, err).Verdict)
}

func TestASolveEndsWithItsCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		shop := &seller{name: "slow", price: price, solve: func(ctx context.Context, _ *captcha.Challenge, _ captcha.Env) (captcha.Solution, error) {
			<-ctx.Done()
			return captcha.Solution{Cost: price, TaskID: "7"}, ctx.Err()
		}}
		rt := open(t, cookieGate(captcha.KindDataDome), config(t, shop))
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(10*time.Second, cancel)
		req, _ := as(identity("p1"), get(t, page).WithContext(ctx))
		start := time.Now()
		_, err := rt.RoundTrip(req)
		require.ErrorIs(t, err, context.Canceled)
		require.Equal(t, 10*time.Second, time.Since(start))
		require.False(t, errors.Is(err, context.DeadlineExceeded))
	})
}

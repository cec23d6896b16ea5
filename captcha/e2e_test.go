package captcha_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/godwit-go/godwit/captcha"
	"github.com/godwit-go/godwit/captcha/solver"
	"github.com/godwit-go/godwit/headers"
	"github.com/godwit-go/godwit/hostile"
	"github.com/godwit-go/godwit/proxypool"
	"github.com/godwit-go/godwit/secret"
	"github.com/godwit-go/godwit/trip"
)

// journey is a crawl of a hostile web: real sites, real proxies, a real solver
// service, and the layers of the library that a challenge passes through.
type journey struct {
	t       *testing.T
	web     *hostile.Web
	proxies []*hostile.Proxy
	pool    *proxypool.Pool
	budget  *captcha.Budget
	crawler *captcha.Transport
}

// set is what differs between journeys.
type set struct {
	hazard  hostile.Hazard
	proxies int
	service string // as solver.Config.Service has it; empty = 2Captcha
	http1   bool
	scheme  string
	flare   bool
	wire    http.RoundTripper // to the solver; nil = a transport of its own
}

func depart(t *testing.T, s set) *journey {
	t.Helper()
	web, err := hostile.Start(hostile.Config{Sites: []hostile.SiteConfig{{
		Host: "shop.test", Pages: 20, Hazards: []hostile.Hazard{s.hazard}, HTTP1: s.http1,
	}}})
	require.NoError(t, err)
	t.Cleanup(web.Close)
	j := &journey{t: t, web: web}
	cfg := proxypool.Config{TLS: &tls.Config{RootCAs: web.CertPool()}}
	for range s.proxies {
		p, err := web.AddProxy(hostile.ProxyConfig{Scheme: s.scheme, User: "crawler", Password: "pass-word"})
		require.NoError(t, err)
		j.proxies = append(j.proxies, p)
		cfg.Proxies = append(cfg.Proxies, proxypool.Address(p.URL().String()))
	}
	j.pool, err = proxypool.NewPool(cfg)
	require.NoError(t, err)
	t.Cleanup(func() { _ = j.pool.Close() })
	browser, err := headers.New(j.pool.Egress(), headers.Config{})
	require.NoError(t, err)

	var solve captcha.Solver
	if s.flare {
		solve, err = solver.NewFlareSolverr(solver.FlareConfig{URL: web.Solver().URL()})
	} else {
		service := s.service
		if service == "" {
			service = solver.NameTwoCaptcha
		}
		solve, err = solver.New(solver.Config{
			Service: service, URL: web.Solver().URL(), Key: secret.Explicit(web.Solver().Key()),
			Poll: solver.Poll{First: time.Millisecond, Every: 5 * time.Millisecond}, HTTP: s.wire,
		})
	}
	require.NoError(t, err)
	j.budget = budget(t, captcha.BudgetConfig{Total: trip.Dollar})
	j.crawler = open(t, j.pool.Wrap(browser), captcha.Config{Solvers: []captcha.Solver{solve}, Budget: j.budget, PassThrough: false})
	return j
}

// visit fetches a page in a session, which is one visitor, and tells what it is
// worth and what it cost.
func (j *journey) visit(session, path string) (trip.Summary, error) {
	j.t.Helper()
	return j.visitWith(j.t.Context(), session, path)
}

func (j *journey) visitWith(ctx context.Context, session, path string) (trip.Summary, error) {
	j.t.Helper()
	ctx = trip.WithSession(ctx, session)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, j.web.Site("shop.test").URL(path), nil)
	require.NoError(j.t, err)
	ctx, call := trip.Start(req, trip.Spec{})
	resp, err := j.crawler.RoundTrip(req.WithContext(ctx))
	if err != nil {
		return call.Summary(), err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(j.t, err)
	if !j.web.Check(req.URL.String(), body) {
		return call.Summary(), errors.New("not the page")
	}
	return call.Summary(), nil
}

func (j *journey) arrive(session, path string) trip.Summary {
	j.t.Helper()
	got, err := j.visit(session, path)
	require.NoError(j.t, err)
	return got
}

// requirePaid checks what the service and the budget say against each other.
func (j *journey) requirePaid(solves int) {
	j.t.Helper()
	books := j.web.Solver().Ledger()
	require.Equal(j.t, solves, books.Paid)
	require.Equal(j.t, solves, books.Tasks)
	spent, _ := j.budget.Spent(time.Now())
	require.Equal(j.t, trip.USD(books.Spent), spent)
	require.Zero(j.t, j.web.MachineRequests(), "somebody went out on the machine's own address")
}

func TestEveryGateIsPassedOnceForEachVisitorThroughProxies(t *testing.T) {
	for name, s := range map[string]set{
		"recaptcha form":                {hazard: hostile.ReCaptcha{}},
		"recaptcha form over HTTP/1.1":  {hazard: hostile.ReCaptcha{}, http1: true},
		"turnstile form":                {hazard: hostile.Turnstile{}},
		"hcaptcha form":                 {hazard: hostile.HCaptcha{}},
		"datadome cookie":               {hazard: hostile.DataDome{}},
		"datadome cookie by capsolver":  {hazard: hostile.DataDome{}, service: solver.NameCapSolver},
		"datadome cookie by capmonster": {hazard: hostile.DataDome{}, service: solver.NameCapMonster},
		"cloudflare by capsolver":       {hazard: hostile.Cloudflare{}, service: solver.NameCapSolver},
		"cloudflare by capmonster":      {hazard: hostile.Cloudflare{}, service: solver.NameCapMonster},
		"cloudflare by anti-captcha":    {hazard: hostile.Cloudflare{}, service: solver.NameAntiCaptcha},
		"aws waf voucher":               {hazard: hostile.AWSWAF{}},
		"aws waf captcha voucher":       {hazard: hostile.AWSWAF{Captcha: true}},
		"aws waf cookie by capsolver":   {hazard: hostile.AWSWAF{}, service: solver.NameCapSolver},
		"aws waf cookie by capmonster":  {hazard: hostile.AWSWAF{Captcha: true}, service: solver.NameCapMonster},
		"aws waf token by anti-captcha": {hazard: hostile.AWSWAF{}, service: solver.NameAntiCaptcha},
		"through a SOCKS proxy":         {hazard: hostile.DataDome{}, scheme: "socks5", service: solver.NameCapSolver},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s.proxies = 1
			j := depart(t, s)
			first := j.arrive("one", "/p/1")
			require.Positive(t, first.Cost)
			require.Zero(t, j.arrive("one", "/p/2").Cost)
			require.Zero(t, j.arrive("one", "/").Cost)
			j.requirePaid(1)
		})
	}
}

func TestAmazonsButtonCostsNothing(t *testing.T) {
	j := depart(t, set{hazard: hostile.AmazonButton{}, proxies: 1})
	require.Zero(t, j.arrive("one", "/p/1").Cost)
	require.Zero(t, j.arrive("one", "/p/2").Cost)
	j.requirePaid(0)
	require.Equal(t, 1, j.web.Site("shop.test").Ledger().Challenged)
}

func TestAClearanceIsGoodForItsOwnEgressAlone(t *testing.T) {
	j := depart(t, set{hazard: hostile.Cloudflare{}, proxies: 2, service: solver.NameCapSolver})
	exits := make(map[string]int)
	for i := range 32 { // visitors, of whom each exit has several
		exits[j.arrive(fmt.Sprint("s", i), "/p/1").Egress]++
	}
	require.Len(t, exits, 2)
	require.Equal(t, 0, j.web.Site("shop.test").Ledger().Rejected, "a clearance was shown from another address")
	j.requirePaid(2) // those who share an exit share its clearance
}

func TestAFreeBrowserSolvesWithoutABudget(t *testing.T) {
	j := depart(t, set{hazard: hostile.Cloudflare{}, proxies: 1, flare: true})
	require.Zero(t, j.arrive("one", "/p/1").Cost)
	require.Zero(t, j.arrive("one", "/p/2").Cost)
	require.Zero(t, j.web.Solver().Ledger().Tasks)
}

func TestABannedAddressIsNotPaidFor(t *testing.T) {
	j := depart(t, set{hazard: hostile.DataDome{Banned: true}, proxies: 1})
	_, err := j.visit("one", "/p/1")
	require.Error(t, err)
	require.Zero(t, j.web.Solver().Ledger().Tasks)
}

func TestAManyTimesChallengedVisitorPaysOnce(t *testing.T) {
	j := depart(t, set{hazard: hostile.Cloudflare{}, proxies: 1, service: solver.NameCapSolver})
	var wg sync.WaitGroup
	for range 32 {
		wg.Go(func() {
			if _, err := j.visit("one", "/p/3"); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	j.requirePaid(1)
}

func TestAWrongAnswerIsReportedAndEndsTheCall(t *testing.T) {
	j := depart(t, set{hazard: hostile.ReCaptcha{}, proxies: 1})
	j.web.Solver().Inject(hostile.SolverWrongToken, 1)
	got, err := j.visit("one", "/p/1")
	require.ErrorIs(t, err, captcha.ErrRejected)
	require.Positive(t, got.Cost)
	require.Eventually(t, func() bool { return j.web.Solver().Ledger().Incorrect == 1 }, time.Minute, time.Millisecond)
	j.arrive("one", "/p/1")
	require.Eventually(t, func() bool { return j.web.Solver().Ledger().Correct == 1 }, time.Minute, time.Millisecond)
}

func TestATaskThatTookTooLongIsFetchedByTheNextCall(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var over atomic.Bool // the call whose caller gives up while the service works on the task
	j := depart(t, set{hazard: hostile.ReCaptcha{}, proxies: 1, wire: roundTripper(func(req *http.Request) (*http.Response, error) {
		if req.URL.Path != "/getTaskResult" || over.Load() {
			return http.DefaultTransport.RoundTrip(req)
		}
		cancel()
		trip.CloseBody(req)
		return response(http.StatusOK, nil, io.NopCloser(strings.NewReader(`{"errorId":0,"status":"processing"}`))), nil
	})})
	_, err := j.visitWith(ctx, "one", "/p/1")
	require.ErrorIs(t, err, context.Canceled)
	over.Store(true)
	require.Zero(t, j.arrive("one", "/p/1").Cost, "the answer was paid for by the call before")
	j.requirePaid(1)
}

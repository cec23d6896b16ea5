package solver_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/godwit-go/godwit/captcha"
	"github.com/godwit-go/godwit/captcha/solver"
	"github.com/godwit-go/godwit/secret"
	"github.com/godwit-go/godwit/trip"
)

func TestAChainAsksUntilOneSolves(t *testing.T) {
	poor := serve(t, map[string][]reply{"/createTask": {says(`{"errorId":10,"errorCode":"ERROR_ZERO_BALANCE"}`)}})
	hard := serve(t, sells(says(`{"errorId":12,"errorCode":"ERROR_CAPTCHA_UNSOLVABLE"}`)))
	good := serve(t, map[string][]reply{
		"/createTask": {says(created)}, "/getTaskResult": {says(solved)}, "/reportCorrect": {says(`{"errorId":0}`)},
	})
	first, second := poor.client(t, solver.NameCapSolver), hard.client(t, solver.NameAntiCaptcha)
	third := good.client(t, solver.NameTwoCaptcha)
	chain := solver.Chain(first, second, third)
	require.Equal(t, "capsolver+anti-captcha+2captcha", chain.Name())
	require.True(t, chain.Supports(recaptcha))
	require.EqualValues(t, 3000+3000+2990, chain.(captcha.Pricer).Price(recaptcha))
	require.False(t, chain.(captcha.Local).Local())

	got, err := chain.Solve(t.Context(), recaptcha, captcha.Env{})
	require.NoError(t, err)
	require.Equal(t, "2captcha", got.Provider)
	require.Equal(t, trip.USD(3000+2990), got.Cost, "the second charged for its failure")
	require.NoError(t, chain.(captcha.Reporter).Report(t.Context(), recaptcha, got, true))
	require.Len(t, good.to("/reportCorrect"), 1)
	require.Empty(t, hard.to("/reportCorrectRecaptcha"))
}

func TestAChainStopsWhereNobodyCouldDoBetter(t *testing.T) {
	stale := serve(t, sells(says(`{"errorId":1,"errorCode":"ERROR_TOKEN_EXPIRED"}`)))
	good := serve(t, sells(says(solved)))
	_, err := solver.Chain(stale.client(t, solver.NameTwoCaptcha), good.client(t, solver.NameTwoCaptcha)).Solve(t.Context(), recaptcha, captcha.Env{})
	require.Equal(t, solver.Stale, failure(t, err).Class)
	require.Empty(t, good.heard)

	_, err = solver.Chain(solver.CapSolver(secretKey)).Solve(t.Context(), challenge(captcha.KindHCaptcha, nil), captcha.Env{})
	require.ErrorIs(t, err, captcha.ErrNoSolver)
}

func TestAPersonCanBeAsked(t *testing.T) {
	person := solver.Manual("desk", func(_ context.Context, c *captcha.Challenge, _ captcha.Env) (captcha.Solution, error) {
		if c.Kind != captcha.KindImage {
			return captcha.Solution{}, errors.New("on a break")
		}
		return captcha.Solution{Token: "seen"}, nil
	})
	got, err := person.Solve(t.Context(), challenge(captcha.KindImage, nil), captcha.Env{})
	require.NoError(t, err)
	require.Equal(t, "desk", got.Provider)
	require.False(t, got.ObtainedAt.IsZero())
	require.Zero(t, person.(captcha.Pricer).Price(recaptcha))
	require.True(t, person.(captcha.Local).Local())

	good := serve(t, sells(says(solved)))
	got, err = solver.Chain(person, good.client(t, solver.NameTwoCaptcha)).Solve(t.Context(), recaptcha, captcha.Env{})
	require.NoError(t, err)
	require.Equal(t, solver.NameTwoCaptcha, got.Provider)
}

const flareReply = `{"status":"ok","message":"Challenge solved!","startTimestamp":1,"endTimestamp":2,"version":"3.3.21","solution":{
	"url":"https://shop.test/p","status":200,"headers":{},"response":"<html>","userAgent":"Mozilla/5.0 Flare",
	"cookies":[{"name":"cf_clearance","value":"c","domain":".shop.test","path":"/","expires":1900000000.5,"httpOnly":true,"secure":true,"sameSite":"None"}]}}`

func TestFlareSolverrGivesCookiesAndTheAgentThatTheyAreBoundTo(t *testing.T) {
	s := serve(t, map[string][]reply{"/v1": {says(flareReply)}})
	for _, base := range []string{s.URL, s.URL + "/", s.URL + "/v1"} {
		flare, err := solver.NewFlareSolverr(solver.FlareConfig{URL: base})
		require.NoError(t, err)
		c := challenge(captcha.KindCloudflare, nil)
		c.Vendor = captcha.Cloudflare
		require.True(t, flare.Supports(c))
		require.True(t, flare.Local(), "on this machine it leaves by the same address")
		require.Zero(t, flare.Price(c))
		got, err := flare.Solve(t.Context(), c, visitor())
		require.NoError(t, err)
		require.Equal(t, "Mozilla/5.0 Flare", got.UserAgent)
		require.Equal(t, "cf_clearance=c; Path=/; Domain=shop.test; Expires=Sun, 17 Mar 2030 17:46:40 GMT; HttpOnly; Secure", setCookies(got.Cookies))
		require.Zero(t, got.Cost)
	}
	require.JSONEq(t, `{"cmd":"request.get","url":"https://shop.test/p","maxTimeout":60000,"returnOnlyCookies":true,
		"proxy":{"url":"http://203.0.113.7:8080","username":"login","password":"pass-word"},
		"cookies":[{"name":"a","value":"1"},{"name":"datadome","value":"dd"},{"name":"incap_ses_1","value":"is"},{"name":"TS01","value":"ts"}]}`, s.to("/v1")[0])
}

func TestASolverIsOpenedByItsName(t *testing.T) {
	for _, name := range append(jsonDialects, solver.NameTwoCaptchaLegacy, solver.NameFlareSolverr) {
		s, err := solver.Open(solver.Config{Service: name, Key: secretKey, URL: "http://127.0.0.1:1"})
		require.NoError(t, err)
		require.Equal(t, name, s.Name())
	}
	for _, cfg := range []solver.Config{{Service: solver.NameFlareSolverr}, {Service: "other", Key: secretKey}} {
		s, err := solver.Open(cfg)
		require.Error(t, err)
		require.True(t, s == nil, "not even a typed nil")
	}
}

func TestFlareSolverrsFailures(t *testing.T) {
	for name, c := range map[string]struct {
		reply reply
		class solver.Class
	}{
		"not solved":    {reply{status: 500, body: `{"status":"error","message":"Error: Error solving the challenge. Timeout after 60.0 seconds."}`}, solver.Unsolvable},
		"bad proxy":     {reply{status: 500, body: `{"status":"error","message":"Error: net::ERR_PROXY_CONNECTION_FAILED login:pass-word@203.0.113.7"}`}, solver.Proxy},
		"banned":        {reply{status: 500, body: `{"status":"error","message":"Error: Cloudflare has blocked this request. Probably your IP is banned"}`}, solver.Proxy},
		"no answer":     {reply{resets: true}, solver.Busy},
		"error page":    {reply{status: 502, body: gateway}, solver.Busy},
		"no cookies":    {says(`{"status":"ok","solution":{"cookies":[],"userAgent":"A"}}`), solver.Unsolvable},
		"no challenge?": {says(`{"status":"ok","message":"Challenge not detected!"}`), solver.Unsolvable},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, map[string][]reply{"/v1": {c.reply}})
			flare, err := solver.NewFlareSolverr(solver.FlareConfig{URL: s.URL})
			require.NoError(t, err)
			_, err = flare.Solve(t.Context(), challenge(captcha.KindCloudflare, nil), visitor())
			require.Equal(t, c.class, failure(t, err).Class)
			require.NotContains(t, err.Error(), "pass-word")
		})
	}
	_, err := solver.NewFlareSolverr(solver.FlareConfig{URL: "localhost:8191", Timeout: -1})
	require.ErrorContains(t, err, "URL: want an http")
	require.ErrorContains(t, err, "Timeout: -1ns")
	flare, err := solver.NewFlareSolverr(solver.FlareConfig{URL: "http://flare.example:8191"})
	require.NoError(t, err)
	require.False(t, flare.Local())
	require.False(t, flare.Supports(recaptcha))
}

func TestFlareSolverrIsToldHowLongItMayTake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for limit, want := range map[time.Duration]int64{20 * time.Second: 20_000, 50 * time.Millisecond: 1000} {
			var order struct{ MaxTimeout int64 }
			wire := &scripted{answer: func(_ string, body []byte) string {
				require.NoError(t, json.Unmarshal(body, &order))
				return ""
			}}
			flare, err := solver.NewFlareSolverr(solver.FlareConfig{URL: "http://127.0.0.1:8191", HTTP: wire})
			require.NoError(t, err)
			ctx, cancel := context.WithTimeout(t.Context(), limit)
			defer cancel()
			start := time.Now()
			_, err = flare.Solve(ctx, challenge(captcha.KindCloudflare, nil), captcha.Env{})
			require.ErrorIs(t, err, context.DeadlineExceeded)
			require.Equal(t, limit, time.Since(start))
			require.Equal(t, want, order.MaxTimeout)
		}
	})
}

// The live tests spend real money: a fraction of a cent for each service whose key
// is in the environment. The sitekey is Google's own demonstration.
func TestLiveServices(t *testing.T) {
	for name, variable := range map[string]string{
		solver.NameTwoCaptcha: "GODWIT_LIVE_2CAPTCHA_KEY", solver.NameTwoCaptchaLegacy: "GODWIT_LIVE_2CAPTCHA_KEY",
		solver.NameAntiCaptcha: "GODWIT_LIVE_ANTICAPTCHA_KEY", solver.NameCapSolver: "GODWIT_LIVE_CAPSOLVER_KEY",
		solver.NameCapMonster: "GODWIT_LIVE_CAPMONSTER_KEY",
	} {
		key := secret.Env(variable)
		if _, err := key.Reveal(); err != nil {
			continue // not opted in
		}
		t.Run(name, func(t *testing.T) {
			client, err := solver.New(solver.Config{Service: name, Key: key})
			require.NoError(t, err)
			before, err := client.Balance(t.Context())
			require.NoError(t, err)
			t.Log("balance", before)
			page := &url.URL{Scheme: "https", Host: "www.google.com", Path: "/recaptcha/api2/demo"}
			got, err := client.Solve(t.Context(), &captcha.Challenge{
				Kind: captcha.KindRecaptchaV2, URL: page, SiteKey: "6Le-wvkSAAAAAPBMRTvw0Q4Muexq9bi0DJwx_mJ-",
			}, captcha.Env{})
			require.NoError(t, err)
			require.Greater(t, len(got.Token), 100)
			t.Log("cost", got.Cost)
		})
	}
	if base := os.Getenv("GODWIT_LIVE_FLARESOLVERR"); base != "" {
		flare, err := solver.NewFlareSolverr(solver.FlareConfig{URL: base, Vendors: []captcha.Vendor{captcha.Cloudflare}})
		require.NoError(t, err)
		page, err := url.Parse(strings.TrimSpace(os.Getenv("GODWIT_LIVE_CHALLENGED_URL")))
		require.NoError(t, err)
		_, err = flare.Solve(t.Context(), &captcha.Challenge{Vendor: captcha.Cloudflare, Kind: captcha.KindCloudflare, URL: page}, captcha.Env{})
		require.NoError(t, err)
	}
}

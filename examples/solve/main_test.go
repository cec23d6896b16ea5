package main

import (
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/godwit-go/godwit/hostile"
)

// stand starts a solving service on this machine that takes the key.
func stand(t *testing.T) *hostile.Web {
	t.Helper()
	web, err := hostile.Start(hostile.Config{Sites: []hostile.SiteConfig{{
		Host: "shop.test", Hazards: []hostile.Hazard{hostile.Turnstile{}},
	}}})
	require.NoError(t, err)
	t.Cleanup(web.Close)
	for _, k := range keys {
		t.Setenv(k.variable, "")
		t.Setenv(k.variable+"_FILE", "")
	}
	t.Setenv("CAPSOLVER_KEY", web.Solver().Key())
	return web
}

func TestBalancesAreTold(t *testing.T) {
	web := stand(t)
	var out strings.Builder
	require.NoError(t, run(t.Context(), &out, []string{"-endpoint", web.Solver().URL()}))
	require.Equal(t, "capsolver      $1.00\n", out.String())
	require.NotContains(t, out.String(), web.Solver().Key())
}

func TestWithoutAKeyItIsSaidWhereToPutOne(t *testing.T) {
	web := stand(t)
	t.Setenv("CAPSOLVER_KEY", "")
	require.ErrorContains(t, run(t.Context(), new(strings.Builder), []string{"-endpoint", web.Solver().URL()}), "CAPSOLVER_KEY")
}

func TestASitekeyIsSolvedAndTheCostTold(t *testing.T) {
	web := stand(t)
	transport := web.Transport()
	t.Cleanup(transport.CloseIdleConnections)
	resp, err := (&http.Client{Transport: transport}).Get("https://shop.test/p/1")
	require.NoError(t, err)
	page, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	key := regexp.MustCompile(`data-sitekey="([^"]+)"`).FindSubmatch(page)
	require.NotNil(t, key)

	var out strings.Builder
	require.NoError(t, run(t.Context(), &out, []string{
		"-endpoint", web.Solver().URL(), "-url", "https://shop.test/p/1", "-kind", "turnstile", "-sitekey", string(key[1]),
	}))
	require.Regexp(t, `(?s)^service: capsolver\ntask: \d+\ncost: \$0\.00299\ntook: .*\ntoken: 0\.`, out.String())
	require.Equal(t, 1, web.Solver().Ledger().Paid)
}

func TestNothingIsSolvedOverTheLimit(t *testing.T) {
	web := stand(t)
	err := run(t.Context(), new(strings.Builder), []string{
		"-endpoint", web.Solver().URL(), "-url", "https://shop.test/p/1", "-kind", "turnstile", "-sitekey", "0x4", "-max", "0.001",
	})
	require.ErrorContains(t, err, "Total cap of $0.001")
	require.Zero(t, web.Solver().Ledger().Tasks)
}

func TestAKindThatNoServiceTakesIsSaid(t *testing.T) {
	web := stand(t)
	err := run(t.Context(), new(strings.Builder), []string{"-endpoint", web.Solver().URL(), "-url", "https://shop.test/", "-kind", "perimeterx"})
	require.ErrorContains(t, err, `capsolver does not take "perimeterx"`)
}

func TestAServiceThatIsNotKnownIsSaid(t *testing.T) {
	stand(t)
	require.EqualError(t, run(t.Context(), new(strings.Builder), []string{"-service", "2capcha"}),
		`-service: "2capcha", want one of 2captcha, anti-captcha, capsolver, capmonster`)
}

func TestAKeyThatCannotBeReadDoesNotHideTheOthers(t *testing.T) {
	web := stand(t)
	t.Setenv("TWOCAPTCHA_KEY_FILE", "/nowhere/key")
	var out strings.Builder
	require.ErrorContains(t, run(t.Context(), &out, []string{"-endpoint", web.Solver().URL()}), "/nowhere/key")
	require.Equal(t, "capsolver      $1.00\n", out.String())
}

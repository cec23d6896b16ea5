package captcha_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/godwit-go/godwit/captcha"
	"github.com/godwit-go/godwit/captcha/solver"
	"github.com/godwit-go/godwit/internal/rttest"
	"github.com/godwit-go/godwit/trip"
)

// byHeader is a layer that classifies and needs no look at the page to do so.
type byHeader struct{ http.RoundTripper }

func (b byHeader) CloseIdleConnections() { trip.CloseIdle(b.RoundTripper) }

func (b byHeader) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := b.RoundTripper.RoundTrip(req)
	o := trip.Classify(req.Context(), resp, err)
	if resp != nil && resp.Header.Get("Cf-Mitigated") == "challenge" {
		o.Verdict = trip.Challenge
		o.Detail = &captcha.Challenge{
			Verdict: captcha.Challenged, Vendor: captcha.Cloudflare, Kind: captcha.KindCloudflare,
			URL: req.URL, Status: resp.StatusCode, Header: resp.Header, Rule: "header",
		}
	}
	if a := trip.AttemptFrom(req.Context()); a != nil {
		a.Report(o, resp, err)
	}
	return resp, err
}

func TestTransportKeepsTheRoundTripperContract(t *testing.T) {
	type solve = func(context.Context, *captcha.Challenge, captcha.Env) (captcha.Solution, error)
	lifts := func(context.Context, *captcha.Challenge, captcha.Env) (captcha.Solution, error) {
		return captcha.Solution{Cookies: []*http.Cookie{{Name: "cf_clearance", Value: "good"}}}, nil
	}
	waits := func(ctx context.Context, _ *captcha.Challenge, _ captcha.Env) (captcha.Solution, error) {
		<-ctx.Done()
		return captcha.Solution{}, ctx.Err()
	}
	wrap := func(by solve) rttest.Wrap {
		return func(base http.RoundTripper) http.RoundTripper {
			return open(t, byHeader{base}, captcha.Config{Solvers: []captcha.Solver{solver.Manual("test", by)}})
		}
	}
	challenge := func() *http.Response {
		return &http.Response{
			StatusCode: http.StatusForbidden,
			Header:     http.Header{"Cf-Mitigated": {"challenge"}, "Content-Type": {"text/html"}},
			Body:       io.NopCloser(strings.NewReader("<title>Just a moment...</title>")),
		}
	}
	t.Run("above a layer that classifies", func(t *testing.T) {
		rttest.Suite{Discards: challenge, Waits: wrap(waits)}.Run(t, wrap(lifts))
	})
	t.Run("alone", func(t *testing.T) {
		rttest.Contract(t, func(base http.RoundTripper) http.RoundTripper { return open(t, base, captcha.Config{}) })
	})
}

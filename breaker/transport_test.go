package breaker_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/godwit-go/godwit/breaker"
	"github.com/godwit-go/godwit/internal/rttest"
	"github.com/godwit-go/godwit/trip"
)

func TestContract(t *testing.T) {
	wrap := func(cfg breaker.Config) rttest.Wrap {
		return func(base http.RoundTripper) http.RoundTripper {
			rt, err := breaker.New(base, cfg)
			require.NoError(t, err)
			rt.Group().Open("down", time.Time{})
			return rt
		}
	}
	rttest.Suite{
		Refuses: wrap(breaker.Config{Key: func(*http.Request) string { return "down" }}),
	}.Run(t, wrap(breaker.Config{}))
}

func TestARefusedRequestIsNotSentAndItsBodyIsClosed(t *testing.T) {
	r := newRig(t, breaker.Config{})
	r.answers(status(500))
	require.NoError(t, r.send(5))
	body := &closing{Reader: strings.NewReader("form")}
	req, err := http.NewRequest(http.MethodPost, "http://"+host, body)
	require.NoError(t, err)
	resp, err := r.rt.RoundTrip(req)
	require.Nil(t, resp)
	r.wantOpen(err)
	require.True(t, body.closed)
	require.Equal(t, 5, r.sent)

	o := trip.OutcomeOf(t.Context(), nil, err)
	require.Equal(t, trip.Local, o.Verdict)
	require.Equal(t, r.stats(host).RetryAt, o.RetryAt)
}

type closing struct {
	io.Reader
	closed bool
}

func (c *closing) Close() error {
	c.closed = true
	return nil
}

func TestTheDomainOfTheCallIsTheKey(t *testing.T) {
	r := newRig(t, breaker.Config{})
	r.answers(status(200))
	req, err := http.NewRequest(http.MethodGet, "http://"+host, nil)
	require.NoError(t, err)
	ctx, _ := trip.Start(req, trip.Spec{Domain: "*.site.test"})
	require.NoError(t, r.sendCtx(ctx))
	require.Equal(t, 1, r.stats("*.site.test").Successes)
}

func TestABodyThatBreaksIsAFailure(t *testing.T) {
	r := newRig(t, breaker.Config{})
	reset := errors.New("connection reset")
	r.answers(func(req *http.Request) (*http.Response, error) {
		resp, err := status(200)(req)
		resp.Body = io.NopCloser(io.MultiReader(strings.NewReader("pa"), broken{reset}))
		return resp, err
	})
	require.ErrorIs(t, r.send(5), reset)
	r.wantState(host, breaker.Open)
}

type broken struct{ err error }

func (b broken) Read([]byte) (int, error) { return 0, b.err }

func TestSuccessIsBookedWhenTheBodyEnds(t *testing.T) {
	r := newRig(t, breaker.Config{})
	r.answers(status(200))
	req, err := http.NewRequest(http.MethodGet, "http://"+host, nil)
	require.NoError(t, err)
	resp, err := r.rt.RoundTrip(req)
	require.NoError(t, err)
	require.Zero(t, r.stats(host).Successes)
	require.NoError(t, resp.Body.Close())
	require.NoError(t, resp.Body.Close())
	require.Equal(t, 1, r.stats(host).Successes)
}

func TestTheCallersOwnCancelIsNoFailure(t *testing.T) {
	r := newRig(t, breaker.Config{})
	r.answers(func(req *http.Request) (*http.Response, error) { return nil, req.Context().Err() })
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range 20 {
		require.ErrorIs(t, r.sendCtx(ctx), context.Canceled)
	}
	require.Equal(t, breaker.Stats{Key: host, State: breaker.Closed, Excluded: 20}, r.stats(host))
}

func TestWhatTheClassifierReportedCounts(t *testing.T) {
	r := newRig(t, breaker.Config{})
	r.answers(func(req *http.Request) (*http.Response, error) {
		resp, err := status(200)(req) // a block page with status 200
		trip.AttemptFrom(req.Context()).Report(trip.Outcome{Verdict: trip.TargetError}, resp, err)
		return resp, err
	})
	for range 5 {
		req, err := http.NewRequest(http.MethodGet, "http://"+host, nil)
		require.NoError(t, err)
		ctx, _, _ := trip.EnsureAttempt(req)
		require.NoError(t, r.sendCtx(ctx))
	}
	r.wantState(host, breaker.Open)
}

func TestAnAttemptsTimeoutIsAFailureUnlessThroughAProxy(t *testing.T) {
	for name, c := range map[string]struct {
		identity *trip.Identity
		want     breaker.State
	}{
		"direct":        {&trip.Identity{Direct: true}, breaker.Open},
		"through proxy": {&trip.Identity{Egress: "proxy-1"}, breaker.Closed},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, breaker.Config{})
				r.answers(func(req *http.Request) (*http.Response, error) {
					trip.AttemptFrom(req.Context()).Hold(c.identity, nil)
					<-req.Context().Done()
					return nil, req.Context().Err()
				})
				for range 5 {
					req, err := http.NewRequest(http.MethodGet, "http://"+host, nil)
					require.NoError(t, err)
					ctx, _, _ := trip.EnsureAttempt(req)
					ctx, cancel := context.WithTimeout(ctx, time.Second)
					require.ErrorIs(t, r.sendCtx(ctx), context.DeadlineExceeded)
					cancel()
				}
				r.wantState(host, c.want)
			})
		})
	}
}

// openUntilDue opens the breaker and waits until a probe is due.
func (r *rig) openUntilDue() {
	r.Helper()
	r.fail(host, 5)
	time.Sleep(time.Minute)
}

func TestAForgottenProbeBodyEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, breaker.Config{})
		r.openUntilDue()
		r.answers(status(200))
		ctx, cancel := context.WithCancel(t.Context())
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+host, nil)
		require.NoError(t, err)
		_, err = r.rt.RoundTrip(req) // the body is never touched
		require.NoError(t, err)
		require.Equal(t, 1, r.stats(host).Probes)
		cancel()
		synctest.Wait()
		require.Equal(t, 0, r.stats(host).Probes)
		r.done(host, trip.OK, trip.OK)
		r.wantState(host, breaker.Closed)
	})
}

func TestAProbeWithALongBodyGivesItsPlaceBackWithoutBlame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, breaker.Config{})
		r.openUntilDue()
		r.answers(status(200))
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+host, nil)
		require.NoError(t, err)
		resp, err := r.rt.RoundTrip(req)
		require.NoError(t, err)
		time.Sleep(time.Minute + 1)
		r.wantState(host, breaker.HalfOpen)
		require.Equal(t, 0, r.stats(host).Probes)
		require.NoError(t, resp.Body.Close())
		require.Equal(t, 0, r.stats(host).Successes, "too late to count")
	})
}

func TestAProbeThatPanicsGivesItsPlaceBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, breaker.Config{})
		r.openUntilDue()
		r.answers(func(*http.Request) (*http.Response, error) { panic("below") })
		for range 10 {
			require.PanicsWithValue(t, "below", func() { _ = r.send(1) })
		}
		require.Equal(t, 0, r.stats(host).Probes)
		r.answers(status(200))
		require.NoError(t, r.send(2))
		r.wantState(host, breaker.Closed)
	})
}

func TestASwitchedProtocolIsASuccessAtOnce(t *testing.T) {
	r := newRig(t, breaker.Config{})
	r.answers(func(req *http.Request) (*http.Response, error) {
		resp, err := status(http.StatusSwitchingProtocols)(req)
		return resp, err
	})
	req, err := http.NewRequest(http.MethodGet, "http://"+host, nil)
	require.NoError(t, err)
	_, err = r.rt.RoundTrip(req)
	require.NoError(t, err)
	require.Equal(t, 1, r.stats(host).Successes)
}

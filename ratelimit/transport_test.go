package ratelimit_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/godwit-go/godwit/breaker"
	"github.com/godwit-go/godwit/internal/rttest"
	"github.com/godwit-go/godwit/ratelimit"
	"github.com/godwit-go/godwit/trip"
)

func TestContract(t *testing.T) {
	wrap := func(cfg ratelimit.Config, rest time.Duration) rttest.Wrap {
		return func(base http.RoundTripper) http.RoundTripper {
			cfg.Key = func(*http.Request) string { return host }
			l, err := ratelimit.NewLimiter(cfg)
			require.NoError(t, err)
			if rest > 0 {
				l.Pause(host, time.Now().Add(rest))
			}
			return l.Wrap(base)
		}
	}
	rttest.Suite{
		Refuses: wrap(ratelimit.Config{}, time.Hour),
		Waits:   wrap(ratelimit.Config{PauseWait: -1}, time.Hour),
	}.Run(t, wrap(ratelimit.Config{Rate: -1, InFlight: -1}, 0))
}

func respondWith(code int) roundTripper {
	return func(req *http.Request) (*http.Response, error) { return respond(req, code), nil }
}

func TestAnExchangeIsInFlightUntilItsBodyEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, ratelimit.Config{Rate: -1, InFlight: 1})
		rt := r.limiter.Wrap(respondWith(200))
		resp, err := rt.RoundTrip(get(t, t.Context()))
		require.NoError(t, err)
		require.Equal(t, 1, r.stats(host).InFlight)
		go func() {
			time.Sleep(time.Minute)
			_, _ = io.Copy(io.Discard, resp.Body)
		}()
		next, err := rt.RoundTrip(get(t, t.Context()))
		require.NoError(t, err)
		require.Equal(t, time.Minute, r.elapsed())
		require.NoError(t, next.Body.Close())
		require.NoError(t, resp.Body.Close())
		require.Zero(t, r.stats(host).InFlight)
	})
}

func TestFailuresAndPanicsGiveTheirPlaceBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, ratelimit.Config{Rate: -1, InFlight: 1})
		failing := r.limiter.Wrap(roundTripper(func(*http.Request) (*http.Response, error) { return nil, io.ErrUnexpectedEOF }))
		panicking := r.limiter.Wrap(roundTripper(func(*http.Request) (*http.Response, error) { panic("below") }))
		for range 3 {
			_, err := failing.RoundTrip(get(t, t.Context()))
			require.ErrorIs(t, err, io.ErrUnexpectedEOF)
			require.Panics(t, func() { _, _ = panicking.RoundTrip(get(t, t.Context())) })
		}
		require.Zero(t, r.stats(host).InFlight)
	})
}

func TestA429RestsTheDomainOfTheCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, ratelimit.Config{Rate: -1})
		rt := r.limiter.Wrap(roundTripper(func(req *http.Request) (*http.Response, error) {
			resp := respond(req, 429)
			resp.Header.Set("Retry-After", "17")
			return resp, nil
		}))
		req := get(t, t.Context())
		ctx, _ := trip.Start(req, trip.Spec{Domain: "*.site.test"})
		resp, err := rt.RoundTrip(req.WithContext(ctx))
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.Equal(t, r.start.Add(17*time.Second), r.stats("*.site.test").PausedUntil)
	})
}

func TestARefusedRequestsBodyIsClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, ratelimit.Config{})
		r.limiter.Pause(host, time.Now().Add(time.Hour))
		body := &closing{Reader: strings.NewReader("form")}
		req, err := http.NewRequest(http.MethodPost, "http://"+host, body)
		require.NoError(t, err)
		_, err = r.limiter.Wrap(nil).RoundTrip(req)
		require.ErrorIs(t, err, ratelimit.ErrWait)
		require.True(t, body.closed)
	})
}

type closing struct {
	io.Reader
	closed bool
}

func (c *closing) Close() error {
	c.closed = true
	return nil
}

// The scenario that decides where the limit stands: 100 calls are queued at one
// request per second when the host dies.
func TestWithABreakerBelowFiveRequestsReachADeadHost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var limiter *ratelimit.Limiter
		breakers, err := breaker.NewGroup(breaker.Config{Changed: func(key string, open bool) {
			if open {
				limiter.Wake(key)
			}
		}})
		require.NoError(t, err)
		cfg := even()
		cfg.InFlight = 2
		cfg.Peek = breakers.Refuse
		limiter, err = ratelimit.NewLimiter(cfg)
		require.NoError(t, err)
		var reached atomic.Int64
		rt := limiter.Wrap(breakers.Wrap(roundTripper(func(*http.Request) (*http.Response, error) {
			reached.Add(1)
			return nil, io.ErrUnexpectedEOF
		})))
		start := time.Now()
		var refused atomic.Int64
		var wg sync.WaitGroup
		for range 100 {
			wg.Go(func() {
				if _, err := rt.RoundTrip(get(t, t.Context())); errors.Is(err, breaker.ErrOpen) {
					refused.Add(1)
				}
			})
		}
		wg.Wait()
		require.EqualValues(t, 5, reached.Load())
		require.EqualValues(t, 95, refused.Load())
		require.Equal(t, 4*time.Second, time.Since(start))

		_, err = rt.RoundTrip(get(t, t.Context()))
		require.ErrorIs(t, err, breaker.ErrOpen)
		require.Equal(t, 4*time.Second, time.Since(start), "newcomers are refused at once")
		time.Sleep(time.Minute)
		_, err = rt.RoundTrip(get(t, t.Context()))
		require.ErrorIs(t, err, io.ErrUnexpectedEOF, "the probe went through")
		require.EqualValues(t, 6, reached.Load())
	})
}

func TestTheTimeInTheQueueIsNotTheAttempts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, even())
		rt := r.limiter.Wrap(respondWith(200))
		req := get(t, t.Context())
		ctx, attempt, _ := trip.EnsureAttempt(req)
		clock := &attemptClock{Context: ctx, left: 500 * time.Millisecond}
		attempt.SetClock(clock)
		for range 3 {
			resp, err := rt.RoundTrip(req.WithContext(clock))
			require.NoError(t, err)
			require.NoError(t, resp.Body.Close())
		}
		require.Equal(t, 2*time.Second, r.elapsed())
		require.Equal(t, []string{"pause", "resume", "pause", "resume"}, clock.told)
	})
}

// attemptClock is an attempt's context that leaves little time, as long as it runs.
type attemptClock struct {
	context.Context
	left   time.Duration
	paused bool
	told   []string
}

func (c *attemptClock) Pause()  { c.paused, c.told = true, append(c.told, "pause") }
func (c *attemptClock) Resume() { c.paused, c.told = false, append(c.told, "resume") }

func (c *attemptClock) Deadline() (time.Time, bool) {
	return time.Now().Add(c.left), !c.paused
}

func TestAnAttemptsOwnDeadlineCountsToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, even())
		rt := r.limiter.Wrap(respondWith(200))
		ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		defer cancel()
		_, err := rt.RoundTrip(get(t, ctx))
		require.NoError(t, err)
		_, err = rt.RoundTrip(get(t, ctx))
		require.ErrorIs(t, err, ratelimit.ErrWait)
		require.Zero(t, r.elapsed())
	})
}

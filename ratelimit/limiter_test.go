package ratelimit_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/godwit-go/godwit/ratelimit"
	"github.com/godwit-go/godwit/trip"
)

func TestRequestsAreSpacedEvenly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, even())
		for i := range 5 {
			r.sendOK(host)
			require.Equal(t, time.Duration(i)*time.Second, r.elapsed())
		}
		time.Sleep(time.Hour) // a rest saves up no more than the burst
		before := r.elapsed()
		r.sendOK(host)
		r.sendOK(host)
		require.Equal(t, time.Second, r.elapsed()-before)
		require.Equal(t, "waited 1s site.test", r.told()[0])
	})
}

func TestDomainsDoNotWaitForEachOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, even())
		for i := range 100 {
			r.sendOK(fmt.Sprint(i))
		}
		require.Zero(t, r.elapsed())
		require.Empty(t, r.told(), "who did not wait tells nothing")
	})
}

func TestABurstIsSentAtOnceWhileTheAverageStays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := even()
		cfg.Rate, cfg.Burst = 2, 10
		r := newRig(t, cfg)
		for range 10 {
			r.sendOK(host)
		}
		require.Zero(t, r.elapsed())
		for range 10 {
			r.sendOK(host)
		}
		require.Equal(t, 5*time.Second, r.elapsed())
	})
}

func TestTheIntervalIsJittered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		random := rand.New(rand.NewPCG(1, 2))
		r := newRig(t, ratelimit.Config{InFlight: -1, Rand: random.Float64})
		var shortest, longest time.Duration = time.Hour, 0
		r.sendOK(host)
		for range 2000 {
			before := r.elapsed()
			r.sendOK(host)
			gap := r.elapsed() - before
			shortest, longest = min(shortest, gap), max(longest, gap)
		}
		require.InDelta(t, 500*time.Millisecond, shortest, float64(5*time.Millisecond))
		require.InDelta(t, 1500*time.Millisecond, longest, float64(5*time.Millisecond))
		require.InDelta(t, 2000*time.Second, r.elapsed(), float64(40*time.Second), "on average one per second")
	})
}

func TestUnlimitedIsUnlimited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, ratelimit.Config{Rate: -1, InFlight: -1})
		for range 1000 {
			r.turn(host)
		}
		require.Zero(t, r.elapsed())
		require.Equal(t, ratelimit.Stats{Key: host, InFlight: 1000, Slowdown: 1}, r.stats(host))
	})
}

func TestFirstComeFirstServed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, ratelimit.Config{InFlight: 1})
		var order []int
		var wg sync.WaitGroup
		for i := range 50 {
			wg.Go(func() {
				time.Sleep(time.Duration(i)) // fixes who comes first
				turn := r.turn(host)
				order = append(order, i) // guarded by the only place in flight
				time.Sleep(time.Duration(i%3) * time.Second)
				turn.Release()
			})
		}
		wg.Wait()
		require.Len(t, order, 50)
		require.True(t, slices.IsSorted(order), "%v", order)
	})
}

func TestNoMoreInFlightThanAllowed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, ratelimit.Config{Rate: -1, InFlight: 3})
		var running, most atomic.Int64
		var wg sync.WaitGroup
		for range 64 {
			wg.Go(func() {
				for range 10 {
					turn := r.turn(host)
					most.Store(max(most.Load(), running.Add(1)))
					time.Sleep(time.Second)
					running.Add(-1)
					turn.Release()
					turn.Release() // counts once
				}
			})
		}
		wg.Wait()
		require.EqualValues(t, 3, most.Load())
		require.Equal(t, 214*time.Second, r.elapsed(), "640 of them, three at a time")
	})
}

func TestNobodySleepsIntoADeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, even())
		r.sendOK(host)
		for range 3 { // in the queue for seconds 1, 2 and 3
			go func() { _, _ = r.limiter.Wait(t.Context(), host) }()
		}
		synctest.Wait()
		within := func(patience time.Duration) error {
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			_, err := r.limiter.Wait(ctx, host)
			return err
		}
		for _, patience := range []time.Duration{1, 3, 4} {
			err := within(patience * time.Second)
			var wait *ratelimit.WaitError
			require.ErrorAs(t, err, &wait)
			require.ErrorIs(t, err, ratelimit.ErrWait)
			require.Equal(t, &ratelimit.WaitError{Key: host, RetryAt: r.start.Add(4 * time.Second)}, wait)
			require.Equal(t, trip.Outcome{Verdict: trip.Local, RetryAt: wait.RetryAt, Reason: "rate limit"}, trip.OutcomeOf(t.Context(), nil, err))
		}
		require.Zero(t, r.elapsed(), "at once")
		require.NoError(t, within(5*time.Second))
		require.Equal(t, 4*time.Second, r.elapsed())
	})
}

func TestMaxWaitBoundsTheWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := even()
		cfg.MaxWait = 2 * time.Second
		r := newRig(t, cfg)
		r.sendOK(host)
		var refused, served atomic.Int64
		var wg sync.WaitGroup
		for range 10 {
			wg.Go(func() {
				if _, err := r.limiter.Wait(t.Context(), host); err != nil {
					refused.Add(1)
					return
				}
				served.Add(1)
			})
		}
		wg.Wait()
		require.EqualValues(t, 2, served.Load())
		require.EqualValues(t, 8, refused.Load())
	})
}

func TestCancelEndsAWaitAtOnceAndCostsNobodyTheirTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, even())
		r.sendOK(host)
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		for range 100 {
			wg.Go(func() {
				_, err := r.limiter.Wait(ctx, host)
				require.ErrorIs(t, err, context.Canceled)
				require.Equal(t, 500*time.Millisecond, r.elapsed())
			})
		}
		synctest.Wait()
		require.Equal(t, 100, r.stats(host).Waiting)
		wg.Go(func() {
			r.sendOK(host)
			require.Equal(t, time.Second, r.elapsed(), "those in front have left")
		})
		time.Sleep(500 * time.Millisecond)
		cancel()
		wg.Wait()
		_, err := r.limiter.Wait(ctx, "other.test")
		require.ErrorIs(t, err, context.Canceled)
	})
}

// The domain dies under 100 queued calls: nobody stands in line to the end.
func TestAQueueInFrontOfADeadDomainEndsWithItsBreaker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		errOpen := errors.New("breaker open")
		var open atomic.Bool
		cfg := even()
		cfg.Peek = func(string) error {
			if open.Load() {
				return errOpen
			}
			return nil
		}
		r := newRig(t, cfg)
		var sent atomic.Int64
		var wg sync.WaitGroup
		for range 100 {
			wg.Go(func() {
				turn, err := r.limiter.Wait(t.Context(), host)
				if err != nil {
					require.ErrorIs(t, err, errOpen)
					return
				}
				if sent.Add(1) == 5 {
					open.Store(true)
					r.limiter.Wake(host)
				}
				turn.React(trip.Outcome{Verdict: trip.TargetError})
				turn.Release()
			})
		}
		wg.Wait()
		require.EqualValues(t, 5, sent.Load())
		require.Equal(t, 4*time.Second, r.elapsed(), "not after 99 s")

		_, err := r.limiter.Wait(t.Context(), host)
		require.ErrorIs(t, err, errOpen)
		require.Equal(t, 4*time.Second, r.elapsed(), "newcomers do not wait at all")
		open.Store(false)
		r.sendOK(host)
		require.Equal(t, 5*time.Second, r.elapsed(), "the refused took no tokens")
	})
}

func TestWakingWithoutReasonChangesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := even()
		cfg.Peek = func(string) error { return nil }
		r := newRig(t, cfg)
		r.limiter.Wake("never seen")
		r.sendOK(host)
		go func() {
			for range 9 {
				time.Sleep(100 * time.Millisecond)
				r.limiter.Wake(host)
			}
		}()
		r.sendOK(host)
		require.Equal(t, time.Second, r.elapsed())
	})
}

// The breaker opens after the first look and before the exchange has queued: the
// wake-up comes too early, yet nobody waits in vain.
func TestAWakeUpIsNotMissedOnTheWayIntoTheQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		errOpen := errors.New("breaker open")
		looks := 0
		cfg := even()
		cfg.Peek = func(string) error {
			if looks++; looks <= 2 {
				return nil
			}
			return errOpen
		}
		r := newRig(t, cfg)
		r.sendOK(host)
		_, err := r.limiter.Wait(t.Context(), host)
		require.ErrorIs(t, err, errOpen)
		require.Zero(t, r.elapsed())
		require.Zero(t, r.stats(host).Waiting)
	})
}

func TestAForgottenBodyGivesItsPlaceBackWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, ratelimit.Config{Rate: -1, InFlight: 2})
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		for range 2 {
			_, err := r.limiter.Wait(ctx, host)
			require.NoError(t, err)
		}
		var wg sync.WaitGroup
		for range 4 { // they forget as well, each for another minute
			wg.Go(func() {
				ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
				defer cancel()
				_, err := r.limiter.Wait(ctx, host)
				if err == nil {
					<-ctx.Done()
				}
			})
		}
		synctest.Wait()
		wg.Wait()
		require.Equal(t, 2*time.Minute, r.elapsed())
		r.turn(host)
		require.Equal(t, 2*time.Minute, r.elapsed())
	})
}

func TestForgottenBodiesDoNotPileUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, ratelimit.Config{Rate: -1, InFlight: -1})
		ctx, cancel := context.WithCancel(t.Context())
		forget := func(n int) {
			for range n {
				_, err := r.limiter.Wait(ctx, host)
				require.NoError(t, err)
			}
		}
		forget(10)
		cancel()
		require.Zero(t, r.stats(host).InFlight)

		most := 0
		for range 100 {
			ctx, cancel = context.WithCancel(t.Context())
			forget(10)
			cancel()
			most = max(most, r.limiter.Tracked(host))
		}
		require.LessOrEqual(t, most, 64+10)
	})
}

// The place was given to someone who stood in the queue behind the one who forgets.
func TestAForgottenBodyHoldsUpNobodyWhoQueuedBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, ratelimit.Config{Rate: -1, InFlight: 1})
		first := r.turn(host)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		var wg sync.WaitGroup
		wg.Go(func() {
			_, err := r.limiter.Wait(ctx, host)
			require.NoError(t, err)
		})
		synctest.Wait()
		wg.Go(func() {
			r.turn(host)
			require.Equal(t, time.Minute, r.elapsed())
		})
		synctest.Wait()
		first.Release()
		wg.Wait()
	})
}

func TestNewcomersDoNotOvertakeTheQueue(t *testing.T) {
	for range 50 { // who runs first of those due at the same instant is a matter of chance
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, even())
			r.sendOK(host)
			var wg sync.WaitGroup
			wg.Go(func() {
				r.sendOK(host)
				require.Equal(t, time.Second, r.elapsed())
			})
			synctest.Wait()
			wg.Add(1)
			time.AfterFunc(time.Second, func() { // when the one in the queue is due
				defer wg.Done()
				r.sendOK(host)
				require.Equal(t, 2*time.Second, r.elapsed())
			})
			wg.Wait()
		})
	}
}

func TestATurnThatIsRefusedAtTheLastMomentIsGivenBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		errOpen := errors.New("breaker open")
		looks := 0
		cfg := even()
		cfg.Peek = func(string) error {
			if looks++; looks == 3 {
				time.Sleep(1500 * time.Millisecond) // the turn comes meanwhile
				return errOpen
			}
			return nil
		}
		r := newRig(t, cfg)
		r.sendOK(host)
		_, err := r.limiter.Wait(t.Context(), host)
		require.ErrorIs(t, err, errOpen)
		require.Zero(t, r.stats(host).InFlight)
		r.sendOK(host)
		require.Equal(t, 1500*time.Millisecond, r.elapsed(), "its token is there for the next")
	})
}

// Both happen at the same instant. Whichever wins, the token and the place are
// either used or back.
func TestACancelAtTheMomentOfTheTurnLosesNothing(t *testing.T) {
	won := 0
	for range 200 {
		synctest.Test(t, func(t *testing.T) {
			cfg := even()
			cfg.InFlight = 1
			r := newRig(t, cfg)
			r.sendOK(host)
			ctx, cancel := context.WithCancel(t.Context())
			go func() {
				time.Sleep(time.Second)
				cancel()
			}()
			turn, err := r.limiter.Wait(ctx, host)
			next := time.Second
			if err == nil {
				won++
				turn.Release()
				next = 2 * time.Second
			}
			r.sendOK(host)
			require.Equal(t, next, r.elapsed())
			require.Zero(t, r.stats(host).InFlight)
		})
	}
	t.Logf("the turn won %d of 200", won)
}

func TestAnExchangeThatNeverReachedTheDomainGivesItsTokenBack(t *testing.T) {
	for _, verdict := range []trip.Verdict{trip.ProxyError, trip.Local} {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, even())
			for range 10 {
				r.send(host, trip.Outcome{Verdict: verdict})
			}
			require.Zero(t, r.elapsed())
			r.sendOK(host)
			require.Zero(t, r.elapsed())
			r.sendOK(host)
			require.Equal(t, time.Second, r.elapsed(), "what was given back is not more than a burst")

			turn := r.turn(host)
			require.Equal(t, 2*time.Second, r.elapsed())
			var wg sync.WaitGroup
			wg.Go(func() {
				r.sendOK(host)
				require.Equal(t, 2500*time.Millisecond, r.elapsed(), "who waits profits at once")
			})
			time.Sleep(500 * time.Millisecond)
			turn.React(trip.Outcome{Verdict: verdict})
			wg.Wait()
		})
	}
}

func TestReconfigureReachesThoseWhoWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := even()
		cfg.Rate = 1.0 / 3600
		r := newRig(t, cfg)
		r.sendOK(host)
		var wg sync.WaitGroup
		wg.Go(func() { r.sendOK(host) })
		wg.Go(func() {
			ctx, cancel := context.WithTimeout(t.Context(), 3*time.Hour)
			defer cancel()
			_, err := r.limiter.Wait(ctx, host)
			require.NoError(t, err)
		})
		synctest.Wait()
		require.Error(t, r.limiter.Reconfigure(ratelimit.Config{Burst: -1}))
		require.NoError(t, r.limiter.Reconfigure(even()))
		wg.Wait()
		require.Equal(t, 2*time.Second, r.elapsed())
	})
}

func TestTheNumberOfDomainsIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, ratelimit.Config{MaxKeys: 10})
		under := r.turn("under way")
		r.limiter.Pause("at rest", time.Now().Add(time.Minute))
		for i := range 1000 {
			r.sendOK(fmt.Sprint(i))
		}
		require.Len(t, r.limiter.Stats(), 10)
		require.Equal(t, 1, r.stats("under way").InFlight)
		require.Equal(t, time.Now().Add(time.Minute), r.stats("at rest").PausedUntil)
		time.Sleep(2 * time.Hour)
		r.sendOK("one")
		require.Len(t, r.limiter.Stats(), 1, "even a body that nobody closes is forgotten some time")
		under.Release()
	})
}

func TestAPacePerEgress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := even()
		cfg.PerEgress = true
		r := newRig(t, cfg)
		req := get(t, t.Context())
		ctx, attempt, _ := trip.EnsureAttempt(req)
		attempt.Hold(&trip.Identity{Egress: "proxy-1"}, nil)
		rt := r.limiter.Wrap(respondWith(429))
		for range 2 {
			resp, err := rt.RoundTrip(req.WithContext(ctx))
			require.NoError(t, err)
			require.NoError(t, resp.Body.Close())
		}
		require.Equal(t, []string{"waited 1s site.test proxy-1"}, r.told(), "and no rest: it was the domain that asked for one")
		require.Equal(t, ratelimit.Stats{Key: "proxy-1", Interval: time.Second, Slowdown: 1}, r.stats("proxy-1"))

		resp, err := rt.RoundTrip(req)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.Equal(t, "direct", r.limiter.Stats()[0].Key)
	})
}

func TestManyGoroutinesOnFewDomains(t *testing.T) {
	r := newRig(t, ratelimit.Config{Rate: 1e6, InFlight: 2, MaxKeys: 3, Pause: time.Microsecond, MaxPause: time.Microsecond, Slowdown: -1})
	verdicts := []trip.Verdict{trip.OK, trip.Throttled, trip.Blocked, trip.ProxyError, trip.TargetError}
	var wg sync.WaitGroup
	for i := range 64 {
		wg.Go(func() {
			for j := range 50 {
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(1+j%7)*time.Millisecond)
				turn, err := r.limiter.Wait(ctx, fmt.Sprint((i+j)%5))
				if err == nil {
					turn.React(trip.Outcome{Verdict: verdicts[(i*j)%len(verdicts)]})
					if j%4 != 0 {
						turn.Release()
					}
				}
				r.limiter.Wake(fmt.Sprint(j % 5))
				r.limiter.Stats()
				cancel()
			}
		})
	}
	wg.Wait()
	for key := range 5 { // whoever forgot to release has had a context that ended
		turn := r.turn(fmt.Sprint(key))
		turn.Release()
	}
	for _, s := range r.limiter.Stats() {
		require.Zero(t, s.Waiting)
	}
}

func TestValidateNamesEveryMistake(t *testing.T) {
	_, err := ratelimit.NewLimiter(ratelimit.Config{
		Rate: 1e-9, Burst: -1, Jitter: 1.5, MaxPause: -1, Slowdown: 0.5, MaxInterval: -1, MaxKeys: -1, IdleAfter: -1,
	})
	require.EqualError(t, err, strings.Join([]string{
		"Rate: 1e-09, want requests per second, at least one a day, or negative for unlimited",
		"Burst: -1, want a count, or 0 for 1",
		"Jitter: 1.5, want a share of at most 1",
		"MaxPause: -1ns, want a positive duration, or 0 for 5m0s",
		"Slowdown: 0.5, want a factor of at least 1, or negative for none",
		"MaxInterval: -1ns, want a positive duration, or 0 for 1m0s",
		"MaxKeys: -1, want a count, or 0 for 10000",
		"IdleAfter: -1ns, want a positive duration, or 0 for 1h0m0s",
	}, "\n"))
	require.EqualError(t, ratelimit.Config{Pause: time.Minute, MaxPause: time.Second}.Validate(),
		"MaxPause: 1s, want at least Pause, which is 1m0s")
	require.NoError(t, ratelimit.Config{Rate: 1.0 / 3600, Pause: time.Hour}.Validate())
	for _, rate := range []float64{math.Inf(1), math.NaN()} {
		require.ErrorContains(t, ratelimit.Config{Rate: rate}.Validate(), "Rate: ", "unlimited only by saying so")
	}
}

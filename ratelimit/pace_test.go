package ratelimit_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/godwit-go/godwit/ratelimit"
	"github.com/godwit-go/godwit/trip"
)

// throttled is a 429 that asks for a rest; 0 for one that does not say how long.
func throttled(rest time.Duration) trip.Outcome {
	o := trip.Outcome{Verdict: trip.Throttled, Status: 429, Reason: "status 429"}
	if rest > 0 {
		o.RetryAt = time.Now().Add(rest)
	}
	return o
}

func TestABurstOf429sIsOneRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, ratelimit.Config{Rate: -1, InFlight: -1})
		var burst []*ratelimit.Turn
		for range 20 {
			burst = append(burst, r.turn(host))
		}
		for i, turn := range burst {
			time.Sleep(time.Second)
			turn.React(throttled(time.Duration(30+i) * time.Second))
			turn.Release()
		}
		require.Equal(t, []string{"paused until 31s status 429"}, r.told())
		require.Equal(t, r.start.Add(31*time.Second), r.stats(host).PausedUntil)
		r.turn(host).React(throttled(40 * time.Second))
		require.Equal(t, 31*time.Second, r.elapsed())
		require.Equal(t, []string{"waited 11s site.test", "paused until 1m11s status 429"}, r.told(), "a request sent since then counts")
	})
}

func TestAVagueRestGrowsUntilASuccess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, ratelimit.Config{Rate: -1, InFlight: -1, MaxPause: 30 * time.Second})
		rest := func() time.Duration {
			before := r.elapsed()
			r.turn(host)
			return r.elapsed() - before
		}
		for _, seconds := range []time.Duration{5, 10, 20, 30, 30} {
			r.send(host, throttled(0))
			require.Equal(t, seconds*time.Second, rest())
		}
		old := r.turn(host)
		r.send(host, throttled(0))
		old.React(trip.Outcome{Verdict: trip.OK, Status: 200}) // sent before the rest: proves nothing
		require.Equal(t, 30*time.Second, rest())
		r.send(host, throttled(0))
		require.Equal(t, 30*time.Second, rest())
		r.sendOK(host)
		r.send(host, throttled(0))
		require.Equal(t, 5*time.Second, rest())
	})
}

func TestWithoutAPauseOnlyTheTargetsOwnWordCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, ratelimit.Config{Rate: -1, InFlight: -1, Pause: -1})
		r.send(host, throttled(0))
		r.sendOK(host)
		require.Zero(t, r.elapsed())
		r.send(host, throttled(7*time.Second))
		r.sendOK(host)
		require.Equal(t, 7*time.Second, r.elapsed())
	})
}

func TestALongRestRefusesAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, ratelimit.Config{Rate: -1, InFlight: 1})
		first := r.turn(host)
		var wg sync.WaitGroup
		for range 10 { // they wait for the place
			wg.Go(func() {
				_, err := r.limiter.Wait(t.Context(), host)
				var wait *ratelimit.WaitError
				require.ErrorAs(t, err, &wait)
				require.Equal(t, r.start.Add(10*time.Minute), wait.RetryAt)
				require.Equal(t, fmt.Sprintf(`ratelimit: no turn at "site.test" before %s`, wait.RetryAt.Format(time.RFC3339)), err.Error())
			})
		}
		synctest.Wait()
		first.React(throttled(10 * time.Minute))
		first.Release()
		wg.Wait()
		_, err := r.limiter.Wait(t.Context(), host)
		require.ErrorIs(t, err, ratelimit.ErrWait)
		require.Zero(t, r.elapsed())

		time.Sleep(9 * time.Minute)
		r.sendOK(host)
		require.Equal(t, 10*time.Minute, r.elapsed(), "the last minute is waited out")
	})
}

func TestARestRefusesThoseWhoseDeadlineItCrosses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, ratelimit.Config{Rate: -1, InFlight: 1})
		first := r.turn(host)
		var wg sync.WaitGroup
		for _, patience := range []time.Duration{10, 20, 40} {
			wg.Go(func() {
				ctx, cancel := context.WithTimeout(t.Context(), patience*time.Second)
				defer cancel()
				turn, err := r.limiter.Wait(ctx, host)
				if patience < 30 {
					require.ErrorIs(t, err, ratelimit.ErrWait)
					require.Zero(t, r.elapsed())
					return
				}
				require.NoError(t, err)
				require.Equal(t, 30*time.Second, r.elapsed())
				turn.Release()
			})
		}
		synctest.Wait()
		first.React(throttled(30 * time.Second))
		first.Release()
		wg.Wait()
	})
}

func TestPausingByHand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, ratelimit.Config{Rate: -1})
		r.limiter.Pause(host, time.Now().Add(50*time.Second))
		require.Equal(t, []string{"paused until 50s by hand"}, r.told())
		var wg sync.WaitGroup
		wg.Go(func() {
			r.sendOK(host)
			require.Equal(t, 20*time.Second, r.elapsed())
		})
		time.Sleep(20 * time.Second)
		r.limiter.Pause(host, time.Time{})
		wg.Wait()
		require.Zero(t, r.stats(host).PausedUntil)
	})
}

func TestBlocksSlowDownAndSuccessesRecover(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, even())
		blocked := trip.Outcome{Verdict: trip.Blocked, Status: 403}
		first, second, third := r.turn(host), r.turn(host), r.turn(host)
		first.React(blocked)
		second.React(blocked)                                    // of the same burst
		third.React(trip.Outcome{Verdict: trip.OK, Status: 200}) // sent before: proves nothing
		require.Equal(t, 2*time.Second, r.stats(host).Interval)
		before := r.elapsed()
		r.send(host, blocked)
		require.Equal(t, 2*time.Second, r.elapsed()-before)
		require.Equal(t, 4*time.Second, r.stats(host).Interval)
		for range 10 {
			r.send(host, blocked)
		}
		require.Equal(t, time.Minute, r.stats(host).Interval)

		r.sendOK(host)
		require.Equal(t, 54100*time.Millisecond, r.stats(host).Interval)
		for range 100 {
			r.sendOK(host)
		}
		require.Equal(t, ratelimit.Stats{Key: host, Interval: time.Second, Slowdown: 1, InFlight: 3}, r.stats(host))
	})
}

func TestSlowingDownCanBeSwitchedOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := even()
		cfg.Slowdown = -1
		r := newRig(t, cfg)
		r.send(host, trip.Outcome{Verdict: trip.Blocked})
		require.Equal(t, time.Second, r.stats(host).Interval)
	})
}

func TestACrawlDelayIsAFloorUnderTheInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, ratelimit.Config{Rate: 10, Burst: 5, InFlight: -1})
		r.limiter.SetFloor(host, 3*time.Second)
		r.sendOK(host)
		for range 50 {
			before := r.elapsed()
			r.limiter.SetFloor(host, 3*time.Second)
			r.sendOK(host)
			gap := r.elapsed() - before
			require.Equal(t, 3*time.Second, gap, "no jitter and no burst undercuts it")
		}
		r.limiter.SetFloor(host, 0)
		time.Sleep(time.Minute)
		before := r.elapsed()
		for range 5 {
			r.sendOK(host)
		}
		require.Zero(t, r.elapsed()-before)
	})
}

func TestAFloorRefusesThoseWhoseTurnWouldNowComeTooLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, even())
		r.sendOK(host)
		var wg sync.WaitGroup
		for i := range 3 {
			wg.Go(func() {
				ctx, cancel := context.WithTimeout(t.Context(), 25*time.Second)
				defer cancel()
				time.Sleep(time.Duration(i))
				_, err := r.limiter.Wait(ctx, host)
				if i < 2 {
					require.NoError(t, err)
					return
				}
				require.ErrorIs(t, err, ratelimit.ErrWait)
				require.Equal(t, 10*time.Millisecond, r.elapsed(), "at once")
			})
		}
		time.Sleep(10 * time.Millisecond)
		r.limiter.SetFloor(host, 10*time.Second)
		wg.Wait()
	})
}

func TestAFloorReachesThoseWhoWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, even())
		r.sendOK(host)
		var wg sync.WaitGroup
		for range 3 {
			wg.Go(func() { r.sendOK(host) })
		}
		synctest.Wait()
		r.limiter.SetFloor(host, 10*time.Second)
		wg.Wait()
		require.Equal(t, 30*time.Second, r.elapsed())
	})
}

// The rule of Scrapy's AutoThrottle.
func TestTheIntervalFollowsTheLatency(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := even()
		cfg.Rate, cfg.Concurrency = 2, 2
		r := newRig(t, cfg)
		answer := func(latency time.Duration, status int, verdict trip.Verdict) time.Duration {
			turn := r.turn(host)
			time.Sleep(latency)
			turn.React(trip.Outcome{Verdict: verdict, Status: status})
			turn.Release()
			return r.stats(host).Interval
		}
		require.Equal(t, 500*time.Millisecond, answer(200*time.Millisecond, 200, trip.OK), "never under the interval of Rate")
		require.Equal(t, 4*time.Second, answer(8*time.Second, 200, trip.OK), "slower at once")
		require.Equal(t, 4*time.Second, answer(time.Second, 404, trip.OK), "an error page comes fast")
		require.Equal(t, 4*time.Second, answer(time.Second, 500, trip.TargetError))
		require.Equal(t, 4*time.Second, answer(time.Second, 0, trip.TargetError))
		require.Equal(t, 2250*time.Millisecond, answer(time.Second, 200, trip.OK), "faster by and by")
		require.Equal(t, 5*time.Second, answer(10*time.Second, 503, trip.TargetError), "an error page may slow down")
		require.Equal(t, time.Minute, answer(time.Hour, 200, trip.OK), "within bounds")
	})
}

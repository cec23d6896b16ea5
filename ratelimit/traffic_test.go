package ratelimit_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/godwit-go/godwit/ratelimit"
	"github.com/godwit-go/godwit/trip"
)

// Whatever comes and goes in whatever order: never more in flight than allowed,
// never a request during a rest, never two closer than the shortest interval,
// always first come first served, and nobody is left behind.
func TestRandomTrafficKeepsEveryPromise(t *testing.T) {
	for seed := range uint64(30) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { randomTraffic(t, seed) })
		})
	}
}

func randomTraffic(t *testing.T, seed uint64) {
	random := rand.New(rand.NewPCG(seed, 1))
	const interval, slots = time.Second, 3
	cfg := ratelimit.Config{InFlight: slots, Jitter: 0.2, PauseWait: -1, Slowdown: 1.5}
	l, err := ratelimit.NewLimiter(cfg)
	require.NoError(t, err)

	var (
		mu       sync.Mutex
		under    = map[int]context.Context{} // in flight
		last     time.Time                   // of the last request that was not refunded
		rest     time.Time
		order    []int
		outcomes = map[string]int{}
	)
	verdicts := []trip.Verdict{trip.OK, trip.OK, trip.OK, trip.TargetError, trip.Blocked, trip.Throttled, trip.Canceled}
	var wg sync.WaitGroup
	for i := range 120 {
		arrival := time.Duration(i) * 800 * time.Millisecond
		patience := time.Duration(1+random.IntN(400)) * time.Second
		gone := random.IntN(4) == 0 // gives up early
		took := time.Duration(random.IntN(5000)) * time.Millisecond
		forgets := random.IntN(5) == 0
		verdict := verdicts[random.IntN(len(verdicts))]
		wg.Go(func() {
			time.Sleep(arrival)
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			if gone {
				time.AfterFunc(patience/10, cancel)
			}
			turn, err := l.Wait(ctx, host)
			mu.Lock()
			defer mu.Unlock()
			now := time.Now()
			switch {
			case errors.Is(err, ratelimit.ErrWait):
				outcomes["refused"]++
				return
			case err != nil:
				outcomes["gave up"]++
				require.Error(t, ctx.Err())
				return
			}
			outcomes["sent"]++
			// One whose context has ended has lost its turn, whether it knows yet or not.
			maps.DeleteFunc(under, func(_ int, ctx context.Context) bool { return ctx.Err() != nil })
			under[i] = ctx
			order = append(order, i)
			if len(under) > slots || now.Before(rest) || now.Sub(last) < interval*8/10-1 {
				t.Errorf("%d in flight, %v before the end of the rest, %v after the last", len(under), rest.Sub(now), now.Sub(last))
			}
			last = now
			mu.Unlock()
			if trip.Sleep(get(t, ctx), took) != nil {
				took = 0
			}
			mu.Lock()
			delete(under, i)
			o := trip.Outcome{Verdict: verdict, Status: 200}
			if verdict == trip.Throttled {
				o.RetryAt = time.Now().Add(7 * time.Second)
			}
			turn.React(o)
			rest = pausedUntil(l)
			if forgets {
				cancel()
			} else {
				turn.Release()
			}
		})
	}
	wg.Wait()
	require.IsIncreasing(t, order)
	require.Greater(t, outcomes["sent"], 20, "%v", outcomes)
	s := l.Stats()[0]
	require.Zero(t, s.Waiting)
}

func pausedUntil(l *ratelimit.Limiter) time.Time { return l.Stats()[0].PausedUntil }

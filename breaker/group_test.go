package breaker_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/godwit-go/godwit/breaker"
	"github.com/godwit-go/godwit/trip"
)

func TestADeadDomainIsLeftAloneAndTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, breaker.Config{})
		r.fail(host, 4)
		r.wantState(host, breaker.Closed)
		r.fail(host, 1)
		r.wantState(host, breaker.Open)

		due := time.Now().Add(time.Minute)
		_, err := r.group.Allow(t.Context(), host)
		require.Equal(t, &breaker.OpenError{Key: host, RetryAt: due}, r.wantOpen(err))
		require.Equal(t, r.wantOpen(err), r.wantOpen(r.group.Peek(host)))
		require.Equal(t, r.wantOpen(err), r.wantOpen(r.group.Refuse(host)))
		require.Equal(t, due, r.stats(host).RetryAt)
		require.NoError(t, r.group.Peek("other.test"))
		require.NoError(t, r.group.Refuse("other.test"))

		time.Sleep(time.Minute - time.Nanosecond)
		r.wantOpen(r.group.Peek(host))
		time.Sleep(time.Nanosecond)
		require.NoError(t, r.group.Peek(host))
		r.done(host, trip.OK)
		r.wantState(host, breaker.HalfOpen)
		r.done(host, trip.OK)
		r.wantState(host, breaker.Closed)

		require.Equal(t, []string{"closed>open", "rejected", "rejected", "open>half_open", "half_open>closed"}, r.told())
		require.Equal(t, []string{"open " + host, "closed " + host}, r.changes)
	})
}

func TestAnIdleBreakerTellsTheTruth(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, breaker.Config{})
		r.done(host, trip.OK, trip.TargetError, trip.Throttled)
		require.Equal(t, breaker.Stats{
			Key: host, State: breaker.Closed, Successes: 1, Failures: 1, Excluded: 1, Consecutive: 1,
		}, r.stats(host))
		time.Sleep(61 * time.Second)
		require.Equal(t, breaker.Stats{Key: host, State: breaker.Closed, Consecutive: 1}, r.stats(host), "the window moves on")

		r.fail(host, 4)
		require.Equal(t, breaker.Stats{
			Key: host, State: breaker.Open, Trips: 1, RetryAt: time.Now().Add(time.Minute),
		}, r.stats(host))
		time.Sleep(time.Minute)
		require.Equal(t, breaker.Stats{Key: host, State: breaker.HalfOpen, Trips: 1}, r.stats(host), "nobody asked, yet a probe is due")
	})
}

// gobreaker forgets its count of consecutive failures as the window moves on.
func TestConsecutiveFailuresCountHoweverFarApart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, breaker.Config{Window: 10 * time.Second})
		for range 5 {
			r.wantStateOrNew(breaker.Closed)
			r.fail(host, 1)
			time.Sleep(11 * time.Second)
		}
		r.wantState(host, breaker.Open)
	})
}

func (r *rig) wantStateOrNew(want breaker.State) {
	r.Helper()
	if len(r.group.Stats()) > 0 {
		r.wantState(host, want)
	}
}

func TestVerdictsCountAsTheTableSays(t *testing.T) {
	fail, ok := trip.TargetError, trip.OK
	for name, c := range map[string]struct {
		verdicts []trip.Verdict
		want     breaker.State
	}{
		"five failures":                    {[]trip.Verdict{fail, fail, fail, fail, fail}, breaker.Open},
		"a success starts the count again": {[]trip.Verdict{fail, fail, fail, fail, ok, fail, fail, fail, fail}, breaker.Closed},
		"half of ten":                      {[]trip.Verdict{ok, fail, ok, fail, ok, fail, ok, fail, ok, fail}, breaker.Open},
		"half of nine is too few":          {[]trip.Verdict{fail, ok, fail, ok, fail, ok, fail, ok, fail}, breaker.Closed},
		"four of ten":                      {[]trip.Verdict{ok, ok, ok, ok, ok, ok, fail, fail, fail, fail}, breaker.Closed},
		"refusals are no requests":         {[]trip.Verdict{trip.Throttled, trip.Blocked, trip.Challenge, fail, ok, fail, ok, fail, ok}, breaker.Closed},
		"refusals break no row":            {[]trip.Verdict{fail, fail, trip.Throttled, fail, trip.Blocked, fail, trip.Challenge, fail}, breaker.Open},
		"throttling never opens":           {slices.Repeat([]trip.Verdict{trip.Throttled}, 50), breaker.Closed},
		"the proxy's fault":                {slices.Repeat([]trip.Verdict{trip.ProxyError}, 50), breaker.Closed},
		"the caller's fault":               {slices.Repeat([]trip.Verdict{trip.Canceled}, 50), breaker.Closed},
		"our own fault":                    {slices.Repeat([]trip.Verdict{trip.Local, trip.Unknown}, 50), breaker.Closed},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, breaker.Config{})
			r.done(host, c.verdicts...)
			r.wantState(host, c.want)
		})
	}
}

func TestAnAmbiguousFailureIsNotHeldAgainstTheDomain(t *testing.T) {
	r := newRig(t, breaker.Config{})
	for range 50 {
		r.allow(host).Done(trip.Outcome{Verdict: trip.TargetError, Ambiguous: true})
	}
	r.wantState(host, breaker.Closed)
	require.Zero(t, r.stats(host).Consecutive)
}

func TestRulesCanBeSwitchedOff(t *testing.T) {
	r := newRig(t, breaker.Config{ConsecutiveFailures: -1})
	r.fail(host, 9)
	r.wantState(host, breaker.Closed)
	r.fail(host, 1)
	r.wantState(host, breaker.Open)

	r = newRig(t, breaker.Config{FailureRatio: -1})
	for range 20 {
		r.done(host, trip.OK)
		r.fail(host, 4)
	}
	r.wantState(host, breaker.Closed)
}

func TestExchangesUnderWayAreNoEvidence(t *testing.T) {
	r := newRig(t, breaker.Config{MinRequests: 4})
	for range 4 {
		r.allow(host)
	}
	r.done(host, trip.OK, trip.OK, trip.TargetError)
	r.wantState(host, breaker.Closed)
	r.done(host, trip.TargetError)
	r.wantState(host, breaker.Open)
}

func TestFailuresLeaveTheWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, breaker.Config{ConsecutiveFailures: -1})
		r.fail(host, 8)
		time.Sleep(66 * time.Second)
		r.done(host, trip.OK, trip.OK, trip.OK, trip.OK, trip.OK, trip.OK)
		r.fail(host, 4)
		r.wantState(host, breaker.Closed)
	})
}

func TestTheTimeOpenGrowsAndRecovers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, breaker.Config{})
		openFor := func() time.Duration { return time.Until(r.stats(host).RetryAt) }
		r.fail(host, 5)
		for _, minutes := range []time.Duration{1, 2, 4, 8, 10, 10} {
			require.Equal(t, minutes*time.Minute, openFor())
			time.Sleep(openFor())
			r.fail(host, 1) // the probe
		}

		time.Sleep(openFor())
		r.done(host, trip.OK, trip.OK)
		time.Sleep(9 * time.Minute) // not yet as long as it was down
		r.fail(host, 5)
		require.Equal(t, 10*time.Minute, openFor())

		time.Sleep(openFor())
		r.done(host, trip.OK, trip.OK)
		time.Sleep(10 * time.Minute)
		r.fail(host, 5)
		require.Equal(t, time.Minute, openFor(), "a healthy while makes up for it")
	})
}

func TestJitterSpreadsTheTimeOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for random, want := range map[float64]time.Duration{0: 48 * time.Second, 0.5: time.Minute, 0.75: 66 * time.Second} {
			r := newRig(t, breaker.Config{Jitter: 0.2, Rand: func() float64 { return random }})
			r.fail(host, 5)
			require.InDelta(t, want, time.Until(r.stats(host).RetryAt), float64(time.Microsecond))
		}
	})
}

func TestNoMoreProbesThanAllowedAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, breaker.Config{Probes: 3, OpenFor: time.Second, MaxOpenFor: time.Second})
		r.fail(host, 5)
		var running, most, refused atomic.Int64
		var wg sync.WaitGroup
		for i := range 2000 {
			wg.Go(func() {
				time.Sleep(time.Duration(i) * 7 * time.Millisecond)
				p, err := r.group.Allow(t.Context(), host)
				if err != nil {
					refused.Add(1)
					return
				}
				most.Store(max(most.Load(), running.Add(1)))
				time.Sleep(300 * time.Millisecond)
				running.Add(-1)
				verdict := trip.TargetError
				if i%3 == 0 {
					verdict = trip.Blocked
				}
				p.Done(trip.Outcome{Verdict: verdict})
			})
		}
		wg.Wait()
		require.EqualValues(t, 3, most.Load())
		require.NotZero(t, refused.Load())
	})
}

func TestARefusedProbeSaysToAskAgainSoon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, breaker.Config{})
		r.fail(host, 5)
		time.Sleep(time.Minute)
		r.allow(host)
		r.allow(host)
		require.Equal(t, time.Now().Add(time.Second), r.wantOpen(r.group.Peek(host)).RetryAt)
		require.Equal(t, 2, r.stats(host).Probes)
	})
}

func TestOneFailedProbeOpensAndTheOtherComesTooLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, breaker.Config{})
		r.fail(host, 5)
		time.Sleep(time.Minute)
		first, second := r.allow(host), r.allow(host)
		first.Done(trip.Outcome{Verdict: trip.TargetError})
		r.wantState(host, breaker.Open)
		second.Done(trip.Outcome{Verdict: trip.OK})
		r.wantState(host, breaker.Open)
		require.Equal(t, 0, r.stats(host).Probes)
	})
}

func TestResultsOfAnEarlierTimeAreIgnored(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, breaker.Config{})
		late := make([]*breaker.Permit, 20)
		for i := range late {
			late[i] = r.allow(host)
		}
		r.fail(host, 5)
		time.Sleep(time.Minute)
		r.done(host, trip.OK, trip.OK)
		for _, p := range late {
			p.Done(trip.Outcome{Verdict: trip.TargetError})
		}
		r.wantState(host, breaker.Closed)
		require.Zero(t, r.stats(host).Consecutive)
	})
}

// A probe that nobody reports would block recovery for good.
func TestALostProbeGivesItsPlaceBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, breaker.Config{})
		r.fail(host, 5)
		time.Sleep(time.Minute)
		lost := r.allow(host)
		time.Sleep(time.Minute + 1)
		r.wantState(host, breaker.Open)
		require.Equal(t, 2*time.Minute-1, time.Until(r.stats(host).RetryAt), "no answer is a failure")
		time.Sleep(2 * time.Minute)
		r.done(host, trip.OK, trip.OK)
		lost.Done(trip.Outcome{Verdict: trip.TargetError})
		r.wantState(host, breaker.Closed)
	})
}

func TestUncountedProbesGiveTheirPlacesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, breaker.Config{})
		r.fail(host, 5)
		time.Sleep(time.Minute)
		r.done(host, slices.Repeat([]trip.Verdict{trip.ProxyError, trip.Canceled, trip.Throttled}, 20)...)
		r.wantState(host, breaker.HalfOpen)
		r.done(host, trip.OK, trip.OK)
		r.wantState(host, breaker.Closed)
	})
}

func TestDoneCountsOnce(t *testing.T) {
	r := newRig(t, breaker.Config{})
	p := r.allow(host)
	for range 50 {
		p.Done(trip.Outcome{Verdict: trip.TargetError})
	}
	p.BodyEnded(nil)
	require.Equal(t, breaker.Stats{Key: host, State: breaker.Closed, Failures: 1, Consecutive: 1}, r.stats(host))
}

func TestOpeningByHand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, breaker.Config{})
		r.group.Open(host, time.Now().Add(time.Hour))
		require.Equal(t, time.Now().Add(time.Hour), r.wantOpen(r.group.Peek(host)).RetryAt)
		time.Sleep(time.Hour)
		r.wantState(host, breaker.HalfOpen)
		r.fail(host, 1)
		require.Equal(t, time.Minute, time.Until(r.stats(host).RetryAt), "it was not the domain that had failed before")

		r.group.Open(host, time.Time{})
		time.Sleep(1000 * time.Hour)
		open := r.wantOpen(r.group.Peek(host))
		require.True(t, open.RetryAt.IsZero())
		require.Equal(t, `breaker: circuit of "site.test" is open until it is closed by hand`, open.Error())
		r.told()

		r.group.Close(host)
		r.wantState(host, breaker.Closed)
		require.Equal(t, []string{"open>closed"}, r.told())
		r.group.Close(host)
		r.group.Close("never seen")
		require.Empty(t, r.told())
		require.Len(t, r.group.Stats(), 1)
	})
}

func TestClosingByHandForgetsTheFailures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, breaker.Config{})
		r.fail(host, 4)
		r.group.Close(host)
		r.fail(host, 4)
		r.wantState(host, breaker.Closed)
		r.fail(host, 1)
		time.Sleep(time.Minute)
		r.fail(host, 1)
		r.group.Close(host)
		r.fail(host, 5)
		require.Equal(t, time.Minute, time.Until(r.stats(host).RetryAt), "the growth is forgotten too")
	})
}

func TestAnOpenBreakerIsNeverForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, breaker.Config{MaxKeys: 10})
		r.fail("down.test", 5)
		r.group.Open("banned.test", time.Now().Add(100*time.Hour))
		for i := range 1000 {
			r.done(fmt.Sprint(i, ".test"), trip.OK)
		}
		require.Len(t, r.group.Stats(), 10)
		r.wantOpen(r.group.Peek("down.test"))

		for i := range 20 { // nothing but open ones: the rest goes unguarded
			key := fmt.Sprint("dead", i, ".test")
			r.fail(key, 5)
		}
		require.Len(t, r.group.Stats(), 10)
		r.wantOpen(r.group.Peek("down.test"))
		r.done("new.test", trip.OK, trip.TargetError)

		time.Sleep(2 * time.Hour) // all but one are over and idle
		r.done("one.test", trip.OK)
		r.wantOpen(r.group.Peek("banned.test"))
		require.Len(t, r.group.Stats(), 2)
	})
}

func TestReconfigureKeepsTheStates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, breaker.Config{})
		r.fail("down.test", 5)
		r.fail("weak.test", 3)
		r.fail("probed.test", 5)
		time.Sleep(30 * time.Second)
		r.fail("later.test", 5)
		time.Sleep(30 * time.Second)
		probe := r.allow("probed.test")

		require.Error(t, r.group.Reconfigure(breaker.Config{Window: -1}))
		require.NoError(t, r.group.Reconfigure(breaker.Config{Window: time.Hour, Probes: 1, OpenFor: time.Second}))
		r.wantState("down.test", breaker.HalfOpen)
		r.wantState("probed.test", breaker.HalfOpen)
		require.Equal(t, 30*time.Second, time.Until(r.stats("later.test").RetryAt))
		probe.Done(trip.Outcome{Verdict: trip.TargetError}) // of before: it does not count
		time.Sleep(time.Millisecond)
		r.done("probed.test", trip.OK)
		r.wantState("probed.test", breaker.Closed)
		r.fail("weak.test", 2)
		r.wantState("weak.test", breaker.Open)
		require.Equal(t, time.Second, time.Until(r.stats("weak.test").RetryAt))
	})
}

// gobreaker's own callback deadlocks when it asks the breaker for its state.
func TestObserversMayCallBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var group *breaker.Group
		var seen []string
		group, err := breaker.NewGroup(breaker.Config{
			Changed: func(key string, open bool) {
				seen = append(seen, fmt.Sprint(open, group.Peek(key)))
				if open {
					group.Close(key)
				}
			},
			Observer: trip.ObserverFunc(func(context.Context, trip.Event) { group.Stats() }),
		})
		require.NoError(t, err)
		for range 5 {
			p, err := group.Allow(t.Context(), host)
			require.NoError(t, err)
			p.Done(trip.Outcome{Verdict: trip.TargetError})
		}
		require.Len(t, seen, 2)
		require.Contains(t, seen[0], "true breaker: circuit")
		require.Equal(t, "false<nil>", strings.ReplaceAll(seen[1], " ", ""))
	})
}

func TestChangesAreToldInOrderWhoeverMakesThem(t *testing.T) {
	var group *breaker.Group
	var seen []string
	group, err := breaker.NewGroup(breaker.Config{
		Changed: func(key string, open bool) {
			if open {
				group.Close(key)
			}
		},
		Observer: trip.ObserverFunc(func(_ context.Context, e trip.Event) {
			if c, ok := e.(*trip.BreakerChanged); ok {
				seen = append(seen, c.From+">"+c.To)
			}
		}),
	})
	require.NoError(t, err)
	group.Open(host, time.Time{})
	require.Equal(t, []string{"closed>open", "open>closed"}, seen)
}

func TestAPanickingObserverLeavesTheGroupUsable(t *testing.T) {
	calls := 0
	group, err := breaker.NewGroup(breaker.Config{Changed: func(string, bool) {
		if calls++; calls == 1 {
			panic("observer")
		}
	}})
	require.NoError(t, err)
	require.PanicsWithValue(t, "observer", func() { group.Open(host, time.Time{}) })
	group.Close(host)
	require.NoError(t, group.Peek(host))
	require.Equal(t, 2, calls)
}

func TestManyGoroutinesOnFewBreakers(t *testing.T) {
	r := newRig(t, breaker.Config{OpenFor: time.Nanosecond, MaxOpenFor: time.Nanosecond, MaxKeys: 3})
	var wg sync.WaitGroup
	for i := range 64 {
		wg.Go(func() {
			for j := range 200 {
				key := fmt.Sprint((i + j) % 5)
				p, err := r.group.Allow(t.Context(), key)
				if err != nil {
					continue
				}
				r.group.Stats()
				p.Done(trip.Outcome{Verdict: []trip.Verdict{trip.OK, trip.TargetError, trip.TargetError, trip.Blocked}[j%4]})
			}
		})
	}
	wg.Wait()
	for _, s := range r.group.Stats() {
		require.Zero(t, s.Probes)
	}
}

func TestValidateNamesEveryMistake(t *testing.T) {
	_, err := breaker.NewGroup(breaker.Config{
		FailureRatio: 1.5, MinRequests: -1, Window: -1, OpenFor: -2, MaxOpenFor: -3,
		Jitter: 2, Probes: -1, ProbeTimeout: -1, MaxKeys: -1, IdleAfter: -1,
	})
	require.EqualError(t, err, strings.Join([]string{
		"FailureRatio: 1.5, want a share of at most 1",
		"MinRequests: -1, want a count, or 0 for 10",
		"Window: -1ns, want a positive duration, or 0 for 1m0s",
		"OpenFor: -2ns, want a positive duration, or 0 for 1m0s",
		"MaxOpenFor: -3ns, want a positive duration, or 0 for 10m0s",
		"Jitter: 2, want a share of at most 1",
		"Probes: -1, want a count, or 0 for 2",
		"ProbeTimeout: -1ns, want a positive duration, or 0 for 1m0s",
		"MaxKeys: -1, want a count, or 0 for 10000",
		"IdleAfter: -1ns, want a positive duration, or 0 for 1h0m0s",
	}, "\n"))
	require.EqualError(t, breaker.Config{MaxOpenFor: time.Second}.Validate(),
		"MaxOpenFor: 1s, want at least OpenFor, which is 1m0s")
	require.NoError(t, breaker.Config{OpenFor: time.Hour}.Validate())
}

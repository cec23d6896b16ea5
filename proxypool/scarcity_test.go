package proxypool_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/godwit-go/godwit/proxypool"
	"github.com/godwit-go/godwit/trip"
)

// callsOf sends five calls a second of up to two attempts each; serve tells what
// an egress does. It returns how many attempts failed and how many calls were
// served.
func callsOf(t *testing.T, pool *proxypool.Pool, from time.Time, length time.Duration, serve func(egress string) trip.Outcome) (failed, served int) {
	t.Helper()
	for now := from; now.Before(from.Add(length)); now = now.Add(200 * time.Millisecond) {
		w := proxypool.Want{Domain: "a.test"}
		for range 2 {
			l, err := pool.Pick(now, w)
			if err != nil {
				require.ErrorIs(t, err, proxypool.ErrNoProxy)
				break
			}
			o := serve(l.Egress())
			l.Done(now.Add(100*time.Millisecond), o)
			if o.Verdict == trip.OK {
				served++
				break
			}
			failed++
			w.Tried = append(w.Tried, l)
		}
	}
	return failed, served
}

func TestProxiesThatAreDeadForGoodAreLeftInPeace(t *testing.T) {
	pool := newPool(t, proxypool.Config{Proxies: addresses(50)})
	alive := make(map[string]bool)
	for i := range 5 {
		alive[pool.Snapshot().Proxies[i].Label] = true
	}
	serve := func(egress string) trip.Outcome {
		if alive[egress] {
			return fine
		}
		return broken
	}
	callsOf(t, pool, noon, 10*time.Minute, serve) // learns
	failed, served := callsOf(t, pool, noon.Add(10*time.Minute), 5*time.Minute, serve)
	require.Equal(t, 1500, served, "a probe that fails is made up for by the next attempt")
	require.Less(t, failed, 60, "4 %% of the attempts")

	// Those that are back are found all the same, and then quickly.
	_, _ = callsOf(t, pool, noon.Add(15*time.Minute), 5*time.Minute, func(string) trip.Outcome { return fine })
	require.Less(t, pool.Counts().States[proxypool.Ejected], 10)
}

func TestAWallIsProbedEverLessAndItsFallIsNoticedAtOnce(t *testing.T) {
	pool := newPool(t, proxypool.Config{Proxies: addresses(60)})
	all := func(o trip.Outcome) func(string) trip.Outcome { return func(string) trip.Outcome { return o } }
	callsOf(t, pool, noon, time.Minute, all(fine))
	first, _ := callsOf(t, pool, noon.Add(time.Minute), time.Minute, all(banned))
	callsOf(t, pool, noon.Add(2*time.Minute), 3*time.Minute, all(banned))
	fifth, _ := callsOf(t, pool, noon.Add(5*time.Minute), time.Minute, all(banned))
	require.Less(t, fifth, 120, "after %d in the first minute", first)
	_, served := callsOf(t, pool, noon.Add(6*time.Minute), 10*time.Second, all(fine))
	require.Greater(t, served, 40, "of 50")
}

func TestAGatewayIsNotToBlameForASingleExit(t *testing.T) {
	pool := newPool(t, proxypool.Config{Proxies: []proxypool.Address{"http://gw.test:80?kind=gateway"}})
	w := proxypool.Want{Domain: "a.test", Retry: true}
	for _, o := range []trip.Outcome{banned, broken, banned, broken} { // 32 blocks and 48 faults in a row are too many
		for range 15 {
			l := pick(t, pool, noon, w)
			require.Equal(t, proxypool.Normal, l.Mode())
			l.Done(noon, o)
		}
	}
	pick(t, pool, noon, w).Done(noon, fine)
	for range 32 {
		pick(t, pool, noon, w).Done(noon, banned)
	}
	_, err := pool.Pick(noon, w)
	require.ErrorIs(t, err, proxypool.ErrNoProxy, "the target has had enough of the gateway as a whole")
}

func TestAGatewayBearsMoreThanOneExit(t *testing.T) {
	pool := newPool(t, proxypool.Config{Proxies: []proxypool.Address{"http://gw.test:80?kind=gateway"}, MaxInFlight: 2})
	for range 32 {
		pick(t, pool, noon, proxypool.Want{Domain: "a.test"})
	}
	_, err := pool.Pick(noon, proxypool.Want{Domain: "a.test"})
	require.ErrorContains(t, err, "busy")
}

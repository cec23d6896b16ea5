package proxypool_test

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/godwit-go/godwit/proxypool"
	"github.com/godwit-go/godwit/trip"
)

// takes picks until it gets the given egress and concludes it with o.
func takes(t *testing.T, pool *proxypool.Pool, now time.Time, domain, egress string, o trip.Outcome) {
	t.Helper()
	for range 10_000 {
		l := pick(t, pool, now, proxypool.Want{Domain: domain, Retry: true})
		if l.Egress() == egress {
			l.Done(now, o)
			return
		}
		l.Release() // unused: says nothing
	}
	t.Fatalf("%s is never picked", egress)
}

// picked returns which egresses n retries leave by.
func picked(t *testing.T, pool *proxypool.Pool, now time.Time, domain string, n int) map[string]int {
	t.Helper()
	m := make(map[string]int)
	for range n {
		l := pick(t, pool, now, proxypool.Want{Domain: domain, Retry: true})
		m[l.Egress()]++
		l.Done(now, trip.Outcome{Verdict: trip.Canceled})
	}
	return m
}

const exit = "10.0.0.0:8080" // the first of addresses

func TestFaultsGateAProxyForAllDomainsAndAProbeReadmitsIt(t *testing.T) {
	var events []trip.Event
	pool := newPool(t, proxypool.Config{Proxies: addresses(10), IdentityUses: -1, Observer: observe(&events)})
	for i := range 3 {
		require.Equal(t, 10, pool.Counts().States[proxypool.Healthy], "after %d faults", i)
		takes(t, pool, noon, "a.test", exit, broken)
	}
	gated := gatesOf(events)[0].(*trip.ProxyGated)
	require.Equal(t, &trip.ProxyGated{Pool: "pool", Egress: exit, Reason: "faults", Until: gated.Until}, gated)
	require.InDelta(t, 30, gated.Until.Sub(noon).Seconds(), 3)
	require.NotContains(t, picked(t, pool, noon, "a.test", 500), exit)
	require.NotContains(t, picked(t, pool, noon, "b.test", 500), exit)

	due := gated.Until.Add(time.Millisecond)
	require.NotContains(t, picked(t, pool, due, "a.test", 500), exit, "retries are not experimented with")
	l := firstOn(t, pool, due, "a.test", exit)
	require.Equal(t, proxypool.Probe, l.Mode())
	require.NotContains(t, picked(t, pool, due, "b.test", 500), exit, "one probe at a time")
	l.Done(due, broken)
	again := gatesOf(events)[1].(*trip.ProxyGated)
	require.InDelta(t, 60, again.Until.Sub(due).Seconds(), 6, "twice as long")

	due = again.Until.Add(time.Millisecond)
	firstOn(t, pool, due, "b.test", exit).Done(due, fine)
	require.Equal(t, &trip.ProxyReadmitted{Pool: "pool", Egress: exit, Reason: "probe"}, gatesOf(events)[2])
	require.Contains(t, picked(t, pool, due, "a.test", 500), exit)
}

// firstOn makes first attempts until one leaves by egress.
func firstOn(t *testing.T, pool *proxypool.Pool, now time.Time, domain, egress string) proxypool.Lease {
	t.Helper()
	for range 10_000 {
		l := pick(t, pool, now, proxypool.Want{Domain: domain})
		if l.Egress() == egress {
			return l
		}
		l.Done(now, fine)
	}
	t.Fatalf("%s is never picked", egress)
	return proxypool.Lease{}
}

func TestBlocksBanAProxyFromOneDomainOnly(t *testing.T) {
	var events []trip.Event
	pool := newPool(t, proxypool.Config{Proxies: addresses(10), IdentityUses: -1, Observer: observe(&events)})
	takes(t, pool, noon, "a.test", exit, banned)
	require.Contains(t, picked(t, pool, noon, "a.test", 500), exit, "one block is no ban")
	takes(t, pool, noon, "a.test", exit, banned)
	require.NotContains(t, picked(t, pool, noon, "a.test", 500), exit)
	require.Contains(t, picked(t, pool, noon, "b.test", 500), exit)
	until := gatesOf(events)[0].(*trip.ProxyGated).Until
	require.InDelta(t, 60, until.Sub(noon).Seconds(), 6)
	require.Equal(t, proxypool.Ban{Domain: "a.test", Until: until.Local()}, pool.Snapshot().Proxies[0].Bans[0])
}

func TestABanLastsAsLongAsTheTargetAskedHoweverFewAreLeft(t *testing.T) {
	pool := newPool(t, proxypool.Config{Proxies: addresses(1)})
	until := noon.Add(10 * time.Minute)
	asked := banned
	asked.RetryAt = until
	for range 2 {
		pick(t, pool, noon, proxypool.Want{Domain: "a.test"}).Done(noon, asked)
	}
	_, err := pool.Pick(until.Add(-time.Second), proxypool.Want{Domain: "a.test"})
	var none *proxypool.NoProxyError
	require.ErrorAs(t, err, &none)
	require.ErrorIs(t, err, proxypool.ErrNoProxy)
	require.True(t, none.RetryAt.Equal(until), none.RetryAt)
	require.Equal(t, trip.Outcome{Verdict: trip.Local, RetryAt: none.RetryAt, Reason: "no proxy: gated"}, none.Outcome())
	pick(t, pool, until, proxypool.Want{Domain: "a.test"}).Done(until, fine)
}

func TestProbesAreFew(t *testing.T) {
	pool := newPool(t, proxypool.Config{Proxies: addresses(100), Selection: proxypool.Random})
	dead := make(map[string]bool)
	for i := range 20 {
		egress := fmt.Sprintf("10.0.0.%d:8080", i)
		dead[egress] = true
		for range 3 {
			takes(t, pool, noon, "a.test", egress, broken)
		}
	}
	now := noon.Add(time.Hour)
	probes := 0
	for range 5000 {
		l := pick(t, pool, now, proxypool.Want{Domain: "a.test"})
		if l.Mode() == proxypool.Probe {
			probes++
			l.Done(now, broken)
			now = now.Add(time.Minute) // so that there is always one due
			continue
		}
		require.False(t, dead[l.Egress()])
		l.Done(now, fine)
	}
	require.InDelta(t, 100, probes, 10, "2 % of the first attempts")
}

func TestTheInFlightCapHolds(t *testing.T) {
	pool := newPool(t, proxypool.Config{Proxies: addresses(4), MaxInFlight: 2})
	var leases []proxypool.Lease
	for range 8 {
		leases = append(leases, pick(t, pool, noon, proxypool.Want{Domain: "a.test"}))
	}
	_, err := pool.Pick(noon, proxypool.Want{Domain: "b.test"})
	var none *proxypool.NoProxyError
	require.ErrorAs(t, err, &none)
	require.Equal(t, "busy", none.Reason)
	leases[0].Done(noon, fine)
	require.Equal(t, leases[0].Egress(), pick(t, pool, noon, proxypool.Want{Domain: "b.test"}).Egress())
}

func TestADeadSiteDoesNotEmptyThePoolForTheOthers(t *testing.T) {
	for name, o := range map[string]trip.Outcome{
		"timeouts":         {Verdict: trip.TargetError, Ambiguous: true, Timeout: true},
		"CONNECT refusals": {Verdict: trip.ProxyError, Phase: trip.ProxyConnect, Status: 500},
		"server errors":    {Verdict: trip.TargetError, Status: 500},
	} {
		t.Run(name, func(t *testing.T) {
			pool := newPool(t, proxypool.Config{Proxies: addresses(20)})
			now := noon
			for range 1000 {
				now = now.Add(50 * time.Millisecond)
				pick(t, pool, now, proxypool.Want{Domain: "dead.test"}).Done(now, o)
			}
			s := pool.Snapshot()
			require.GreaterOrEqual(t, s.States[proxypool.Healthy], 18, "%v", s.States)
		})
	}
}

// A snapshot tells of now: where a test wants to see a gate in one, virtual time
// keeps the gate from ending while the machine is busy.

func TestWhileADomainIsFrozenNobodyPays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		now := time.Now()
		pool := newPool(t, proxypool.Config{Proxies: addresses(1), Frozen: func(domain string) bool { return domain == "down.test" }})
		for range 50 {
			pick(t, pool, now, proxypool.Want{Domain: "down.test"}).Done(now, unclear)
		}
		require.Equal(t, 1, pool.Snapshot().States[proxypool.Healthy])
		for range 6 { // two faults' worth each pair: nobody to compare with
			pick(t, pool, now, proxypool.Want{Domain: "up.test"}).Done(now, unclear)
		}
		require.Equal(t, 1, pool.Snapshot().States[proxypool.Ejected])
	})
}

func TestAnAmbiguousFailureIsHeldAgainstWhoAloneFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pool := newPool(t, proxypool.Config{Proxies: addresses(10), Selection: proxypool.Random})
		for range 400 {
			time.Sleep(10 * time.Millisecond)
			l := pick(t, pool, time.Now(), proxypool.Want{Domain: "a.test"})
			if l.Egress() == exit {
				l.Done(time.Now(), unclear)
			} else {
				l.Done(time.Now(), fine)
			}
		}
		s := pool.Snapshot()
		require.Equal(t, proxypool.Ejected, s.Proxies[0].State)
		require.Equal(t, 9, s.States[proxypool.Healthy])
	})
}

func TestTriedEgressesComeLast(t *testing.T) {
	pool := newPool(t, proxypool.Config{Proxies: addresses(3)})
	w := proxypool.Want{Domain: "a.test"}
	seen := make(map[string]bool)
	for range 3 {
		l := pick(t, pool, noon, w)
		require.False(t, seen[l.Egress()])
		seen[l.Egress()] = true
		l.Done(noon, broken)
		w.Tried = append(w.Tried, l)
	}
	l := pick(t, pool, noon, w)
	require.True(t, seen[l.Egress()], "better a second time than not at all")
}

func TestSlowProxiesAreAvoided(t *testing.T) {
	pool := newPool(t, proxypool.Config{Proxies: addresses(10)})
	now, uses := noon, 0
	for range 2000 {
		l := pick(t, pool, now, proxypool.Want{Domain: "a.test"})
		took := 100 * time.Millisecond
		if l.Egress() == exit {
			took, uses = time.Second, uses+1
		}
		l.Done(now.Add(took), fine)
		now = now.Add(20 * time.Millisecond)
	}
	require.Less(t, uses, 60, "a fair share is 200")
}

func TestEverySelectionHonoursGatesAndSharesAlike(t *testing.T) {
	for _, s := range []proxypool.Selection{proxypool.Gated, proxypool.RoundRobin, proxypool.Random, proxypool.LeastUsed} {
		t.Run(string(s), func(t *testing.T) {
			pool := newPool(t, proxypool.Config{Proxies: addresses(100), Selection: s})
			for range 3 {
				takes(t, pool, noon, "x.test", exit, broken)
			}
			got := picked(t, pool, noon, "a.test", 9900)
			require.NotContains(t, got, exit)
			require.Len(t, got, 99)
			for egress, n := range got {
				require.InDelta(t, 100, n, 60, egress)
			}
			if s == proxypool.RoundRobin || s == proxypool.LeastUsed {
				for _, n := range got {
					require.InDelta(t, 100, n, 1)
				}
			}
		})
	}
}

func TestWeightsScaleTheShare(t *testing.T) {
	pool := newPool(t, proxypool.Config{Proxies: append(addresses(10)[1:], "http://"+exit+"?weight=4")})
	got := picked(t, pool, noon, "a.test", 10_000)
	require.Greater(t, got[exit], 1500)
	sessions := 0
	for i := range 2000 {
		l := pick(t, pool, noon, proxypool.Want{Domain: "b.test", Session: fmt.Sprint(i)})
		if l.Egress() == exit {
			sessions++
		}
		l.Done(noon, fine)
	}
	require.InDelta(t, 2000*4/13, sessions, 120, "rendezvous hashing is exact")
}

func TestADomainClimbsToDearerProxiesOnBlocksAndComesBack(t *testing.T) {
	var list []proxypool.Address
	for i := range 10 {
		list = append(list, proxypool.Address(fmt.Sprintf("http://10.0.0.%d:80?label=cheap%d", i, i)), proxypool.Address(fmt.Sprintf("http://10.0.1.%d:80?label=dear%d&tier=1", i, i)))
	}
	pool := newPool(t, proxypool.Config{Proxies: list})
	blocking := true
	now := noon
	run := func(n int) (dear int) {
		for range n {
			now = now.Add(time.Second)
			l := pick(t, pool, now, proxypool.Want{Domain: "a.test"})
			if l.Egress()[:4] == "dear" {
				dear++
				l.Done(now, fine)
			} else if blocking {
				l.Done(now, banned)
			} else {
				l.Done(now, fine)
			}
		}
		return dear
	}
	require.Equal(t, 97, run(100), "three blocks are proof")
	require.GreaterOrEqual(t, run(1000), 990, "few probes of the cheap tier")
	require.Zero(t, pick(t, pool, now, proxypool.Want{Domain: "b.test"}).Identity().Egress[0]-'c', "other domains stay cheap")
	blocking = false
	run(4000)
	require.Zero(t, run(100), "back again")
}

func TestADearTierServesWhenTheCheapOneIsGone(t *testing.T) {
	pool := newPool(t, proxypool.Config{Proxies: []proxypool.Address{"http://10.0.0.1:80?label=cheap", "http://10.0.1.1:80?label=dear&tier=3"}})
	require.Equal(t, "cheap", pick(t, pool, noon, proxypool.Want{Domain: "a.test"}).Egress())
	for range 3 {
		pick(t, pool, noon, proxypool.Want{Domain: "a.test"}).Done(noon, broken)
	}
	require.Equal(t, "dear", pick(t, pool, noon, proxypool.Want{Domain: "a.test"}).Egress())
}

func TestTheSameSeedPicksTheSame(t *testing.T) {
	run := func() (order []string) {
		pool := newPool(t, proxypool.Config{Proxies: addresses(50), Rand: rand.NewPCG(9, 9)})
		for i := range 300 {
			l := pick(t, pool, noon.Add(time.Duration(i)*time.Second), proxypool.Want{Domain: "a.test"})
			order = append(order, l.Egress()+l.Identity().Key+fmt.Sprint(l.Identity().Seed))
			l.Done(noon.Add(time.Duration(i)*time.Second), []trip.Outcome{fine, fine, broken, banned}[i%4])
		}
		return order
	}
	require.Equal(t, run(), run())
}

func TestManyDomainsAreForgottenButNotTheirBans(t *testing.T) {
	pool := newPool(t, proxypool.Config{Proxies: addresses(5), MaxDomains: 320})
	for range 2 {
		takes(t, pool, noon, "banned.test", exit, banned)
	}
	for i := range 5000 {
		pick(t, pool, noon, proxypool.Want{Domain: fmt.Sprint(i)}).Done(noon, fine)
	}
	require.LessOrEqual(t, len(pool.Snapshot().Domains), 320)
	require.NotContains(t, picked(t, pool, noon, "banned.test", 200), exit)
}

func TestPicksFromManyGoroutinesKeepTheBooks(t *testing.T) {
	pool := newPool(t, proxypool.Config{Proxies: addresses(30), Observer: trip.Observers(observe(new([]trip.Event)))})
	var wg sync.WaitGroup
	for g := range 16 {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(uint64(g), 1))
			outcomes := []trip.Outcome{fine, fine, fine, broken, banned, unclear, slowly}
			for i := range 500 {
				now := noon.Add(time.Duration(i) * 100 * time.Millisecond)
				l, err := pool.Pick(now, proxypool.Want{Domain: fmt.Sprint(r.IntN(3)), Session: []string{"", "s"}[r.IntN(2)]})
				if errors.Is(err, proxypool.ErrNoProxy) {
					continue
				}
				l.Done(now, outcomes[r.IntN(len(outcomes))])
				if i%100 == 0 {
					_ = pool.Snapshot()
					_ = pool.Reload(t.Context())
				}
			}
		})
	}
	wg.Wait()
	for _, p := range pool.Snapshot().Proxies {
		require.Zero(t, p.InFlight)
	}
}

// RetryAt once was now in this case, and those who waited for it spun.
func TestWhileTheOnlyProxyIsProbedTheOthersAreSentAway(t *testing.T) {
	pool := newPool(t, proxypool.Config{Proxies: addresses(1)})
	for range 3 {
		takes(t, pool, noon, "a.test", exit, broken)
	}
	now := noon.Add(time.Hour)
	probe := pick(t, pool, now, proxypool.Want{Domain: "a.test"})
	_, err := pool.Pick(now, proxypool.Want{Domain: "a.test"})
	var none *proxypool.NoProxyError
	require.ErrorAs(t, err, &none)
	require.Greater(t, none.RetryAt.Sub(now), time.Second)
	probe.Done(now, fine)
	require.Equal(t, proxypool.Normal, pick(t, pool, now, proxypool.Want{Domain: "a.test"}).Mode())
}

func TestAWallDoesNotSendADomainToDeadProxies(t *testing.T) {
	pool := newPool(t, proxypool.Config{Proxies: addresses(20), Selection: proxypool.RoundRobin, IdentityUses: -1})
	for range 3 {
		takes(t, pool, noon, "b.test", exit, broken)
	}
	for range 2 * 19 {
		pick(t, pool, noon, proxypool.Want{Domain: "a.test", Retry: true}).Done(noon, banned)
	}
	now := noon.Add(6 * time.Second)
	for range 19 { // the banned ones are tried again, each once
		l := pick(t, pool, now, proxypool.Want{Domain: "a.test", Retry: true})
		require.Equal(t, proxypool.FailOpen, l.Mode())
		require.NotEqual(t, exit, l.Egress())
		l.Done(now, banned)
		_, err := pool.Pick(now, proxypool.Want{Domain: "a.test", Retry: true})
		var none *proxypool.NoProxyError
		require.ErrorAs(t, err, &none)
		require.Less(t, none.RetryAt.Sub(now), 2*time.Second)
		now = none.RetryAt
	}
}

func TestAThrottleRestsTheExitWhereOthersAreServed(t *testing.T) {
	pool := newPool(t, proxypool.Config{Proxies: addresses(10)})
	want := proxypool.Want{Domain: "a.test"}
	later := trip.Outcome{Verdict: trip.Throttled, Status: 429, RetryAt: noon.Add(20 * time.Second)}

	alone := pick(t, pool, noon, want)
	alone.Done(noon, later)
	require.Contains(t, picked(t, pool, noon, "a.test", 500), alone.Egress(), "it may be all of them")

	for range 20 {
		pick(t, pool, noon, want).Done(noon, fine)
	}
	l := pick(t, pool, noon, want)
	l.Done(noon, later)
	require.NotContains(t, picked(t, pool, noon, "a.test", 500), l.Egress())
	require.Contains(t, picked(t, pool, noon, "b.test", 500), l.Egress())

	now := noon.Add(20 * time.Second)
	want.Keep = l
	kept := pick(t, pool, now, want)
	require.Same(t, l.Identity(), kept.Identity(), "who waits as told keeps the identity")
	kept.Done(now, fine)
	require.Contains(t, picked(t, pool, now, "a.test", 2000), l.Egress())
}

// One exit that a target does not want must not make the whole domain pause for as
// long as others are served.
func TestAnExitThatIsThrottledAgainAfterItsRestRestsForLonger(t *testing.T) {
	var events []trip.Event
	pool := newPool(t, proxypool.Config{Proxies: addresses(10), IdentityUses: -1, Observer: observe(&events)})
	want := proxypool.Want{Domain: "a.test"}
	now := noon
	rest := 3 * time.Second
	for i, length := range []float64{3, 60, 120} {
		for range 20 {
			pick(t, pool, now, proxypool.Want{Domain: "a.test", Retry: true}).Done(now, fine)
		}
		l := pick(t, pool, now, want)
		l.Done(now, trip.Outcome{Verdict: trip.Throttled, Status: 429, RetryAt: now.Add(rest)})
		gates := gatesOf(events)
		require.Len(t, gates, i+1)
		until := gates[i].(*trip.ProxyGated).Until
		require.InDelta(t, length, until.Sub(now).Seconds(), length/10)
		other := pick(t, pool, now.Add(rest), proxypool.Want{Domain: "a.test", Keep: l})
		require.Equal(t, i == 0, other.Egress() == l.Egress(), "the call goes on by another")
		other.Done(now.Add(rest), trip.Outcome{Verdict: trip.Canceled})
		now = until
		want.Keep = l
	}
}

// Gates that a target asked for are not shortened when exits are scarce, but to what
// it asked for.
func TestNoGateEndsBeforeTheTargetSaid(t *testing.T) {
	pool := newPool(t, proxypool.Config{Proxies: addresses(1)})
	now := noon
	for range 5 {
		until := now.Add(20 * time.Second)
		for {
			l, err := pool.Pick(now, proxypool.Want{Domain: "a.test"})
			if err != nil {
				break
			}
			l.Done(now, trip.Outcome{Verdict: trip.Blocked, Status: 403, RetryAt: until})
		}
		_, err := pool.Pick(until.Add(-time.Millisecond), proxypool.Want{Domain: "a.test"})
		require.ErrorIs(t, err, proxypool.ErrNoProxy)
		now = until
		l, err := pool.Pick(now, proxypool.Want{Domain: "a.test"})
		require.NoError(t, err)
		l.Done(now, trip.Outcome{Verdict: trip.Canceled})
	}
}

func TestTheLargestNumbersMeanNeverAndForEver(t *testing.T) {
	never := proxypool.Gating{After: math.MaxInt}
	pool := newPool(t, proxypool.Config{Proxies: []proxypool.Address{"http://10.0.0.1:80?kind=gateway"}, Blocks: never, Faults: never, IdentityUses: -1})
	for range 20 {
		for _, o := range []trip.Outcome{banned, broken} {
			pick(t, pool, noon, proxypool.Want{Domain: "a.test"}).Done(noon, o)
			require.Empty(t, pool.Counts().Banned)
			require.Equal(t, 1, pool.Counts().States[proxypool.Healthy])
		}
	}

	forEver := proxypool.Gating{After: 1, For: math.MaxInt64, Max: math.MaxInt64}
	pool = newPool(t, proxypool.Config{Proxies: addresses(10), Blocks: forEver, Faults: forEver, IdentityUses: -1})
	takes(t, pool, noon, "a.test", exit, banned)
	takes(t, pool, noon, "b.test", "10.0.0.1:8080", broken)
	for i := range 1000 {
		now := noon.Add(time.Duration(i) * 24 * time.Hour)
		l := pick(t, pool, now, proxypool.Want{Domain: "a.test"})
		require.NotContains(t, []string{exit, "10.0.0.1:8080"}, l.Egress())
		l.Done(now, fine)
	}
}

func TestADomainThatThrottlesAllKeepsAllExits(t *testing.T) {
	pool := newPool(t, proxypool.Config{Proxies: addresses(10)})
	for range 40 {
		pick(t, pool, noon, proxypool.Want{Domain: "a.test"}).Done(noon, slowly)
	}
	require.Len(t, picked(t, pool, noon, "a.test", 1000), 10)
}

func TestWhatTheDeadSeeSaysNothingOfADomain(t *testing.T) {
	pool := newPool(t, proxypool.Config{Proxies: addresses(10)})
	now := noon
	for range 200 {
		now = now.Add(100 * time.Millisecond)
		l := pick(t, pool, now, proxypool.Want{Domain: "a.test", Retry: true})
		if l.Egress() == exit {
			l.Done(now, fine)
		} else {
			l.Done(now, unclear)
		}
	}
	require.Equal(t, 1, pool.Counts().States[proxypool.Healthy])
}

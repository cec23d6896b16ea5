package proxypool_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/godwit-go/godwit/proxypool"
	"github.com/godwit-go/godwit/trip"
)

func newTransportOf(base http.RoundTripper) func(*url.URL) (http.RoundTripper, error) {
	return func(*url.URL) (http.RoundTripper, error) { return base, nil }
}

// addresses are n proxies that nobody listens at.
func addresses(n int) (list []proxypool.Address) {
	for i := range n {
		list = append(list, proxypool.Address(fmt.Sprintf("10.%d.%d.%d:8080", i>>16, i>>8&255, i&255)))
	}
	return list
}

func newPool(t *testing.T, cfg proxypool.Config) *proxypool.Pool {
	t.Helper()
	if cfg.Rand == nil {
		cfg.Rand = rand.NewPCG(1, 2)
	}
	pool, err := proxypool.NewPool(cfg)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, pool.Close()) })
	return pool
}

// noon is when the tests of the engine begin. Only snapshots look at the clock.
var noon = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

func pick(t *testing.T, pool *proxypool.Pool, now time.Time, w proxypool.Want) proxypool.Lease {
	t.Helper()
	l, err := pool.Pick(now, w)
	require.NoError(t, err)
	return l
}

var (
	fine    = trip.Outcome{Verdict: trip.OK, Status: 200}
	banned  = trip.Outcome{Verdict: trip.Blocked, Status: 403}
	broken  = trip.Outcome{Verdict: trip.ProxyError, Phase: trip.Dial}
	unclear = trip.Outcome{Verdict: trip.TargetError, Ambiguous: true}
	slowly  = trip.Outcome{Verdict: trip.Throttled, Status: 429}
)

func TestASessionKeepsItsEgressAndVisitor(t *testing.T) {
	pool := newPool(t, proxypool.Config{Proxies: addresses(20)})
	first := make(map[string]*trip.Identity)
	for round := range 100 {
		for i := range 30 {
			key := fmt.Sprint("session ", i)
			l := pick(t, pool, noon.Add(time.Duration(round)*time.Second), proxypool.Want{Domain: "a.test", Session: key})
			require.Equal(t, proxypool.Sticky, l.Mode())
			if round == 0 {
				first[key] = l.Identity()
			}
			require.Same(t, first[key], l.Identity(), "also beyond the uses of an anonymous identity")
			l.Done(noon, fine)
		}
	}
	seen := make(map[*trip.Identity]bool)
	for _, id := range first {
		require.False(t, seen[id], "two sessions never share a visitor, and so a cookie jar")
		seen[id] = true
	}
}

func TestOnlyTheSessionsOfALostProxyMove(t *testing.T) {
	pool := newPool(t, proxypool.Config{Proxies: addresses(10), EmptyWait: -1})
	egressOf := func(now time.Time) map[string]string {
		m := make(map[string]string)
		for i := range 200 {
			key := fmt.Sprint("session ", i)
			l := pick(t, pool, now, proxypool.Want{Domain: "a.test", Session: key})
			m[key] = l.Egress()
			l.Done(now, fine)
		}
		return m
	}
	before := egressOf(noon)
	lost := before["session 0"]
	for range 3 {
		for {
			l := pick(t, pool, noon, proxypool.Want{Domain: "b.test", Retry: true})
			if l.Egress() == lost {
				l.Done(noon, broken)
				break
			}
			l.Done(noon, fine)
		}
	}
	after := egressOf(noon.Add(time.Second))
	moved := 0
	for key, egress := range before {
		if egress == lost {
			require.NotEqual(t, lost, after[key])
			moved++
		} else {
			require.Equal(t, egress, after[key], key)
		}
	}
	require.Positive(t, moved)
}

func TestASessionOfAnEmptyPoolFailsClosed(t *testing.T) {
	pool := newPool(t, proxypool.Config{})
	_, err := pool.Pick(noon, proxypool.Want{Domain: "a.test", Session: "cart"})
	var none *proxypool.NoProxyError
	require.ErrorAs(t, err, &none)
	require.Equal(t, "empty", none.Reason)
}

func TestASessionTriesItsProxyAgainWhenNoOtherIsLeft(t *testing.T) {
	pool := newPool(t, proxypool.Config{Proxies: addresses(2)})
	var tried []proxypool.Lease
	for range 3 {
		l := pick(t, pool, noon, proxypool.Want{Domain: "a.test", Session: "cart", Tried: tried})
		l.Done(noon, broken)
		tried = append(tried, l)
	}
	require.NotEqual(t, tried[0].Egress(), tried[1].Egress())
	require.Equal(t, tried[1].Egress(), tried[2].Egress(), "its own of now")
}

func TestASessionMovesToADearTierWhenTheCheapOneIsGone(t *testing.T) {
	pool := newPool(t, proxypool.Config{Proxies: []proxypool.Address{"http://10.0.0.1:80?label=cheap", "http://10.0.1.1:80?label=dear&tier=3"}})
	for range 3 {
		takes(t, pool, noon, "a.test", "cheap", broken)
	}
	for range 3 {
		l := pick(t, pool, noon, proxypool.Want{Domain: "a.test", Session: "cart"})
		require.Equal(t, "dear", l.Egress())
		l.Done(noon, fine)
	}
}

func TestAnIdentityIsRetiredOnABlockAndKeptThroughAThrottle(t *testing.T) {
	var events []trip.Event
	pool := newPool(t, proxypool.Config{Proxies: addresses(1), Observer: observe(&events)})
	l := pick(t, pool, noon, proxypool.Want{Domain: "a.test"})
	l.Done(noon, slowly)
	again := pick(t, pool, noon, proxypool.Want{Domain: "a.test"})
	require.Same(t, l.Identity(), again.Identity())
	again.Done(noon, banned)
	other := pick(t, pool, noon, proxypool.Want{Domain: "a.test"})
	require.NotSame(t, l.Identity(), other.Identity())
	require.NotEqual(t, l.Identity().Key, other.Identity().Key)
	require.NotEqual(t, l.Identity().Seed, other.Identity().Seed)
	require.Equal(t, []trip.Event{&trip.IdentityRetired{Pool: "pool", Egress: l.Egress(), Domain: "a.test", Reason: "blocked"}}, events)
	other.Done(noon, fine)
}

func TestAnIdentityAges(t *testing.T) {
	for name, c := range map[string]struct {
		reason string
		wear   func(pool *proxypool.Pool)
		at     time.Duration
	}{
		"by time": {"age", func(*proxypool.Pool) {}, 50 * time.Minute},
		"by uses": {"uses", func(pool *proxypool.Pool) {
			for range 49 {
				pick(t, pool, noon, proxypool.Want{Domain: "a.test"}).Done(noon, fine)
			}
		}, 0},
		"by score": {"score", func(pool *proxypool.Pool) {
			for range 6 { // each half to blame, as nobody else is there to compare with
				pick(t, pool, noon, proxypool.Want{Domain: "a.test"}).Done(noon, unclear)
			}
		}, time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			var events []trip.Event
			pool := newPool(t, proxypool.Config{Proxies: addresses(1), Observer: observe(&events), Faults: proxypool.Gating{After: -1}})
			first := pick(t, pool, noon, proxypool.Want{Domain: "a.test"})
			first.Done(noon, slowly)
			c.wear(pool)
			next := pick(t, pool, noon.Add(c.at), proxypool.Want{Domain: "a.test"})
			require.NotSame(t, first.Identity(), next.Identity())
			require.Equal(t, []trip.Event{&trip.IdentityRetired{Pool: "pool", Egress: first.Egress(), Domain: "a.test", Reason: c.reason}}, events)
		})
	}
}

func TestVisitorsOfDifferentDomainsLookAlikeAtFirst(t *testing.T) {
	pool := newPool(t, proxypool.Config{Direct: true})
	a := pick(t, pool, noon, proxypool.Want{Domain: "a.test"})
	b := pick(t, pool, noon, proxypool.Want{Domain: "b.test"})
	require.Equal(t, a.Identity().Seed, b.Identity().Seed, "one machine has one browser")
	require.NotSame(t, a.Identity(), b.Identity())
	require.True(t, a.Identity().Direct)
	require.Equal(t, "direct", a.Egress())
	require.Nil(t, a.Identity().Proxy)
}

func TestEachSessionOfAProxyHasALoginOfItsOwn(t *testing.T) {
	pool := newPool(t, proxypool.Config{Proxies: []proxypool.Address{"http://user-session-{session}:pass@gate.test:7000?sessions=5&label=gate"}})
	require.Equal(t, 5, pool.Len())
	logins := make(map[string]bool)
	for range 50 {
		l := pick(t, pool, noon, proxypool.Want{Domain: "a.test"})
		u := l.Identity().Proxy()
		require.Equal(t, "gate.test:7000", u.Host)
		require.NotContains(t, u.User.Username(), "{")
		logins[u.User.Username()] = true
		require.Contains(t, l.Egress(), "gate/")
		l.Done(noon, fine)
	}
	require.Len(t, logins, 5)
	l := pick(t, pool, noon, proxypool.Want{Domain: "a.test"})
	l.Done(noon, banned)
	for range 50 {
		l := pick(t, pool, noon, proxypool.Want{Domain: "a.test"})
		logins[l.Identity().Proxy().User.Username()] = true
		l.Done(noon, fine)
	}
	require.Len(t, logins, 6, "a blocked session is replaced by a new one")
}

func TestCookiesStayWithTheIdentityAndItsSite(t *testing.T) {
	pool := newPool(t, proxypool.Config{Proxies: addresses(2)})
	one := pick(t, pool, noon, proxypool.Want{Domain: "a.test"})
	two := pick(t, pool, noon, proxypool.Want{Domain: "a.test", Tried: []proxypool.Lease{one}})
	site := &url.URL{Scheme: "https", Host: "shop.example.co.uk"}
	one.Identity().Jar.SetCookies(site, []*http.Cookie{{Name: "id", Value: "1"}, {Name: "wide", Value: "1", Domain: "co.uk"}})
	require.Len(t, one.Identity().Jar.Cookies(site), 1, "no cookie for a public suffix")
	require.Empty(t, two.Identity().Jar.Cookies(site))
}

package proxypool

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestASumInAnEpochReadsAsIfItHadDecayedAllAlong(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC).UnixNano()
	d := newDomain(&Pool{}, "a.test", now, 1, 2)
	d.follow(newTable([]*egress{newEgress(Proxy{scheme: "http"}, 0)}))
	pr := d.pairWith(d.table.slots[0])
	var heat, good float64
	epochs := 0
	for range 20_000 {
		gap := int64(rng.ExpFloat64() * float64(20*time.Second))
		began := d.heatEpoch.began
		now = d.advance(now + gap)
		if d.heatEpoch.began != began {
			epochs++
		}
		heat = heat*math.Exp2(-float64(gap)*heatDecay.halves) + 1
		good = good*math.Exp2(-float64(gap)*banDecay.halves) + 1
		d.book(pr.e)
		pr.bans.good += d.banEpoch.weight
		require.InEpsilon(t, heat, pr.heat/d.heatEpoch.weight, 1e-3)
		require.InEpsilon(t, heat, d.heat/d.heatEpoch.weight, 1e-3)
		require.InEpsilon(t, (good+priorGood)/(good+priorGood+priorBad), pr.bans.mean(d.banEpoch.weight).value(), 1e-3)
	}
	require.Greater(t, epochs, 100)
	d.advance(now + int64(1000*time.Hour))
	require.Zero(t, pr.heat)
	require.InEpsilon(t, priorMean, pr.bans.mean(d.banEpoch.weight).value(), 1e-9)
}

func TestADomainsTimeDoesNotRunBackwards(t *testing.T) {
	now := time.Now().UnixNano()
	d := newDomain(&Pool{}, "a.test", now, 1, 2)
	d.follow(newTable([]*egress{newEgress(Proxy{scheme: "http"}, 0)}))
	pr := d.book(d.table.slots[0])
	require.Equal(t, now, d.advance(now-int64(time.Hour)))
	require.InDelta(t, 1, pr.heat/d.heatEpoch.weight, 1e-9)
}

func TestTheQualityOfAnEgressFadesToThatOfANewcomer(t *testing.T) {
	now := time.Now().UnixNano()
	e := newEgress(Proxy{}, 0)
	require.InDelta(t, priorMean, e.quality(now), 1e-6, "a newcomer")
	e.slowness = 4
	e.worked(now, 100, 4, time.Second)
	known := e.quality(now)
	require.InDelta(t, 0.25, known, 0.01)
	require.InDelta(t, known, e.quality(now-int64(time.Hour)), 1e-6, "the clock went back")
	require.InDelta(t, (known+priorMean)/2, e.quality(now+int64(time.Minute)), 0.01)
	require.InDelta(t, priorMean, e.quality(now+int64(24*time.Hour)), 1e-6)
}

func TestPlacesAndUsesAreCountedInOneWord(t *testing.T) {
	e := newEgress(Proxy{scheme: "http"}, 0)
	for range 3 {
		e.use()
	}
	e.enter()
	require.Equal(t, 3, e.leave())
	require.False(t, e.reserve(3))
	require.True(t, e.full(3))
	require.True(t, e.reserve(4))
	for want := 3; want >= 0; want-- {
		require.Equal(t, want, e.leave())
	}
	require.Equal(t, int64(4), e.uses())
	require.Zero(t, e.inFlight())
}

package proxypool

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/godwit-go/godwit/trip"
)

func TestAStepOfTheMachinesClockMovesNoGate(t *testing.T) {
	c := newClock()
	later := c.start.Add(time.Minute)
	require.Equal(t, c.nanos+int64(time.Minute), c.at(later))
	require.True(t, later.Equal(c.time(c.at(later))))
	require.Zero(t, c.time(c.at(later)).Sub(later), "by the same reading")

	stepped := c
	stepped.nanos += int64(5 * time.Hour) // as a pool that was made under a clock that was wrong
	require.Equal(t, int64(time.Minute), stepped.at(later)-stepped.at(c.start))
	require.Zero(t, stepped.time(stepped.at(later)).Sub(later))
}

func TestVirtualTimesAreTakenAsTheyAre(t *testing.T) {
	c := newClock()
	for _, virtual := range []time.Time{time.Unix(0, 1), time.Unix(1_700_000_000, 5), time.Date(2060, 1, 2, 3, 4, 5, 6, time.UTC)} {
		require.Equal(t, virtual.UnixNano(), c.at(virtual))
		require.True(t, virtual.Equal(c.time(c.at(virtual))))
	}
}

func TestTimesThatCannotBeToldAreNearTheEnds(t *testing.T) {
	c := newClock()
	require.Equal(t, int64(1), c.at(time.Time{}))
	require.Equal(t, c.nanos+farthest, c.at(time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)))
	require.Positive(t, c.nanos+farthest+int64(longestGate))
}

// All of a pool goes by its clock: were a time taken from elsewhere, it would be
// hours off in these.
func TestAPoolGoesByItsClockAlone(t *testing.T) {
	for _, off := range []time.Duration{5 * time.Hour, -5 * time.Hour} {
		p, err := NewPool(Config{Proxies: []Address{"http://10.0.0.1:8080"}, Blocks: Gating{After: 1}})
		require.NoError(t, err)
		defer p.Close()
		p.clock.nanos += int64(off)
		now := time.Now()
		near := func(want, got time.Time) {
			t.Helper()
			require.WithinDuration(t, want, got, time.Minute)
		}
		l, err := p.Pick(now, Want{Domain: "a.test"})
		require.NoError(t, err)
		due := now.Add(30 * time.Minute)
		l.Done(now, trip.Outcome{Verdict: trip.Blocked, Status: 403, RetryAt: due})
		_, err = p.Pick(now, Want{Domain: "a.test"})
		var none *NoProxyError
		require.ErrorAs(t, err, &none)
		near(due, none.RetryAt)
		near(due, p.Snapshot().Proxies[0].Bans[0].Until)

		for range DefaultFaultsToGate {
			l, err = p.Pick(now, Want{Domain: "b.test"})
			require.NoError(t, err)
			l.Done(now, trip.Outcome{Verdict: trip.ProxyError, Phase: trip.Dial})
		}
		s := p.Snapshot().Proxies[0]
		require.Equal(t, Ejected, s.State)
		near(now, s.Until)
		require.Equal(t, 1, p.Counts().States[Ejected])
	}
}

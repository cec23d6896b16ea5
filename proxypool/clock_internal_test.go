package proxypool

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
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

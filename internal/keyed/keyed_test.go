package keyed_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/godwit-go/godwit/internal/keyed"
)

type state struct{ held bool }

func bounded(limit int) *keyed.Map[*state] {
	return keyed.New(keyed.Bounds[*state]{
		Max: limit, Idle: time.Hour,
		Keep: func(s *state, _ time.Time) bool { return s.held },
	})
}

func keys(m *keyed.Map[*state]) []string {
	return slices.Sorted(maps.Keys(maps.Collect(m.All())))
}

func TestTheLeastRecentlyUsedMakesRoom(t *testing.T) {
	m, now := bounded(3), time.Unix(0, 0)
	for _, key := range []string{"a", "b", "c"} {
		require.True(t, m.Room(now))
		m.Put(key, new(state), now)
		now = now.Add(time.Second)
	}
	_, ok := m.Get("a", now)
	require.True(t, ok)
	_, ok = m.Look("b") // looking is not using
	require.True(t, ok)
	require.True(t, m.Room(now))
	m.Put("d", new(state), now)
	require.Equal(t, []string{"a", "c", "d"}, keys(m))
}

func TestWhatIsHeldOutlivesEverything(t *testing.T) {
	m, now := bounded(2), time.Unix(0, 0)
	held := &state{held: true}
	m.Put("held", held, now)
	for i := range 100 {
		now = now.Add(2 * time.Hour)
		require.True(t, m.Room(now))
		m.Put(fmt.Sprint(i), new(state), now)
		require.LessOrEqual(t, m.Len(), 2)
	}
	got, ok := m.Look("held")
	require.True(t, ok)
	require.Same(t, held, got)

	held.held = false
	require.True(t, m.Room(now))
	_, ok = m.Look("held")
	require.False(t, ok)
}

func TestThereIsNoRoomBesideHeldStatesOnly(t *testing.T) {
	m, now := bounded(100), time.Unix(0, 0)
	for i := range 100 {
		m.Put(fmt.Sprint(i), &state{held: true}, now)
	}
	require.False(t, m.Room(now.Add(24*time.Hour)))
	require.Equal(t, 100, m.Len())

	free, _ := m.Look("77")
	free.held = false
	found := false
	for range 4 { // 32 looks each
		found = found || m.Room(now)
	}
	require.True(t, found, "the one that may go is found within a few calls")
}

func TestIdleStatesGoAlthoughThereIsRoom(t *testing.T) {
	m, now := bounded(100), time.Unix(0, 0)
	m.Put("old", new(state), now)
	m.Put("young", new(state), now.Add(30*time.Minute))
	require.True(t, m.Room(now.Add(time.Hour)))
	require.Equal(t, []string{"young"}, keys(m))
}

func TestSmallerBoundsTakeEffectAsRoomIsMade(t *testing.T) {
	m, now := bounded(10), time.Unix(0, 0)
	for i := range 10 {
		m.Put(fmt.Sprint(i), new(state), now)
	}
	m.SetBounds(keyed.Bounds[*state]{Max: 4, Idle: time.Hour, Keep: func(*state, time.Time) bool { return false }})
	require.True(t, m.Room(now))
	require.Equal(t, 3, m.Len())
}

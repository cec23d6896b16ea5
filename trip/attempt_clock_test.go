package trip_test

import (
	"testing"

	"github.com/godwit-go/godwit/trip"
	"github.com/stretchr/testify/require"
)

type stopwatch []string

func (w *stopwatch) Pause()  { *w = append(*w, "pause") }
func (w *stopwatch) Resume() { *w = append(*w, "resume") }

func TestAnAttemptsClockStandsStillWhileItIsPaused(t *testing.T) {
	_, a, _ := trip.EnsureAttempt(request(t, "https://shop.test/"))
	a.Pause()() // without a clock there is nothing to stop

	var w stopwatch
	a.SetClock(&w)
	resume := a.Pause()
	require.Equal(t, stopwatch{"pause"}, w)
	resume()
	require.Equal(t, stopwatch{"pause", "resume"}, w)
	resume()
	require.Equal(t, stopwatch{"pause", "resume"}, w, "each pause is over once")
}

func TestACallHasItsChallengesCountedOverAllAttempts(t *testing.T) {
	_, call := trip.Start(request(t, "https://shop.test/"), trip.Spec{})
	require.True(t, call.TakeSolve(2))
	require.True(t, call.TakeSolve(2))
	require.False(t, call.TakeSolve(2))
	require.True(t, call.TakeSolve(3), "the third was not counted")
	require.True(t, (*trip.Call)(nil).TakeSolve(0))
}

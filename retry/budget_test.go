package retry_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/godwit-go/godwit/retry"
)

var start = time.Date(2026, 3, 4, 10, 0, 0, 0, time.UTC)

// drain takes retries until there is none left.
func drain(b *retry.Budget, now time.Time) (n int) {
	for b.Retry(now) {
		n++
	}
	return n
}

func calls(b *retry.Budget, n int, now time.Time) {
	for range n {
		b.Call(now)
	}
}

func TestBudgetIsAShareOfTheCalls(t *testing.T) {
	b := retry.NewBudget(retry.Limits{Ratio: 0.2, Min: 3, Window: 10 * time.Second})
	require.Equal(t, 3, drain(b, start), "the minimum, before any call")
	calls(b, 15, start)
	require.Zero(t, drain(b, start), "a fifth of 15 is the 3 that are gone")
	calls(b, 85, start)
	require.Equal(t, 17, b.Left(start))
	require.Equal(t, 17, drain(b, start))
}

func TestBudgetForgetsWithItsWindow(t *testing.T) {
	b := retry.NewBudget(retry.Limits{Ratio: 0.2, Min: 0, Window: 10 * time.Second})
	calls(b, 50, start)
	calls(b, 50, start.Add(5*time.Second))
	require.Equal(t, 20, b.Left(start.Add(9*time.Second)))
	require.Equal(t, 10, b.Left(start.Add(10*time.Second)), "the first half is gone")
	require.Equal(t, 10, drain(b, start.Add(10*time.Second)))
	calls(b, 50, start.Add(14*time.Second))
	require.Equal(t, 10, b.Left(start.Add(14*time.Second)))
	require.Equal(t, 0, b.Left(start.Add(15*time.Second)), "retries are remembered as long as calls")
	require.Equal(t, 10, b.Left(start.Add(20*time.Second)))
	require.Zero(t, b.Left(start.Add(time.Hour)))
}

func TestBudgetOutlivesAClockThatStepsBack(t *testing.T) {
	b := retry.NewBudget(retry.Limits{Ratio: 1, Min: 0, Window: 10 * time.Second})
	calls(b, 10, start)
	calls(b, 10, start.Add(-time.Hour))
	require.Equal(t, 20, b.Left(start))
}

func TestBudgetWithoutBound(t *testing.T) {
	b := retry.NewBudget(retry.Limits{Ratio: -1, Window: time.Second})
	for range 10_000 {
		require.True(t, b.Retry(start))
	}
	require.Equal(t, retry.Unlimited, b.Left(start))
}

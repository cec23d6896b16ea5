package retry_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/godwit-go/godwit/retry"
)

func TestBackoffDoublesItsBoundUpToTheMaximum(t *testing.T) {
	b := retry.Backoff{Base: time.Second, Max: 5 * time.Second}
	for n, bound := range map[int]time.Duration{
		1: time.Second, 2: 2 * time.Second, 3: 4 * time.Second, 4: 5 * time.Second, 5: 5 * time.Second, 1 << 30: 5 * time.Second,
	} {
		require.Zero(t, b.Delay(n, 0), "attempt %d", n)
		require.Equal(t, bound/2, b.Delay(n, 0.5), "attempt %d", n)
		require.Less(t, b.Delay(n, math.Nextafter(1, 0)), bound, "attempt %d", n)
		require.InDelta(t, bound, b.Delay(n, math.Nextafter(1, 0)), 1000, "attempt %d", n)
	}
}

func TestBackoffDoesNotOverflow(t *testing.T) {
	b := retry.Backoff{Base: time.Second, Max: math.MaxInt64}
	last := time.Duration(0)
	for n := 1; n < 200; n++ {
		d := b.Delay(n, 0.5)
		require.GreaterOrEqual(t, d, last, "attempt %d", n)
		last = d
	}
	require.Equal(t, time.Duration(math.MaxInt64/2+1), last)
}

func TestNoBaseMeansNoPause(t *testing.T) {
	require.Zero(t, retry.Backoff{Base: -1, Max: time.Minute}.Delay(3, 0.9))
}

func FuzzBackoff(f *testing.F) {
	f.Add(int64(time.Second), int64(time.Minute), 3, 0.5)
	f.Add(int64(math.MaxInt64), int64(math.MaxInt64), 64, 0.999)
	f.Fuzz(func(t *testing.T, base, limit int64, n int, random float64) {
		if !(random >= 0 && random < 1) || limit < base {
			return // outside of what Config allows
		}
		d := retry.Backoff{Base: time.Duration(base), Max: time.Duration(limit)}.Delay(n, random)
		require.GreaterOrEqual(t, d, time.Duration(0))
		require.LessOrEqual(t, d, time.Duration(max(limit, 0)))
	})
}

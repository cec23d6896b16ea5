package captcha

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
)

type cutoffKey struct{}

func TestACutoffEndsBeforeItsParent(t *testing.T) {
	parent := context.WithValue(t.Context(), cutoffKey{}, "value")
	for story, look := range map[string]func(*cutoff){
		"that nobody waited for": func(*cutoff) {},
		"that somebody waits for": func(c *cutoff) {
			require.NotNil(t, c.Done())
			select {
			case <-c.Done():
				t.Error("it is over already")
			default:
			}
		},
	} {
		t.Run(story, func(t *testing.T) {
			c := &cutoff{Context: parent}
			look(c)
			require.NoError(t, c.Err())
			require.Equal(t, "value", c.Value(cutoffKey{}))
			c.cut()
			require.ErrorIs(t, c.Err(), context.Canceled)
			<-c.Done()
			require.ErrorIs(t, c.Err(), context.Canceled)
			require.NoError(t, parent.Err())
		})
	}
}

func TestACutoffEndsWithItsParent(t *testing.T) {
	parent, cancel := context.WithCancel(t.Context())
	early, late := &cutoff{Context: parent}, &cutoff{Context: parent}
	done := early.Done()
	cancel()
	<-done
	require.ErrorIs(t, early.Err(), context.Canceled)
	require.ErrorIs(t, late.Err(), context.Canceled)
	<-late.Done()
}

// The bubble would not end with a goroutine left in it, and net/http makes a
// context of its own of every request's.
func TestChildrenOfACutoffNeedNoGoroutine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &cutoff{Context: t.Context()}
		child, cancel := context.WithCancel(context.WithValue(c, cutoffKey{}, 1))
		defer cancel()
		allocated := testing.AllocsPerRun(1000, func() {
			_, stop := context.WithCancel(c)
			stop()
		})
		require.LessOrEqual(t, allocated, 4.0, "a goroutine costs more")
		c.cut()
		require.ErrorIs(t, child.Err(), context.Canceled, "told at once, not by a goroutine that has yet to run")
	})
}

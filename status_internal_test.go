package godwit

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestTheStatusTakesATenthOfAProcessorAtTheMost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Second)
		var g glimpse
		looks := 0
		look := func(time.Time) status {
			looks++
			time.Sleep(100 * time.Millisecond) // of very many domains
			return status{Total: totalStatus{Domains: looks}}
		}
		for range 100 {
			s := g.of(look)
			require.Equal(t, looks, s.Total.Domains)
			require.Equal(t, time.Now(), s.Now, "the page sets its clock by it")
			time.Sleep(time.Millisecond)
		}
		require.Equal(t, 1, looks)
		time.Sleep(time.Second)
		require.Equal(t, 2, g.of(look).Total.Domains)
	})
}

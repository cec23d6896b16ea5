package godwit_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/godwit-go/godwit"
	"github.com/godwit-go/godwit/headers"
	"github.com/godwit-go/godwit/proxypool"
	"github.com/godwit-go/godwit/ratelimit"
	"github.com/godwit-go/godwit/robots"
)

// What a call through every layer costs beside the same call without any. Whoever
// has to raise one of these numbers should know what for.
func TestACallThroughEveryLayerHasItsPrice(t *testing.T) {
	ignored := robots.Config{Mode: robots.Ignore}
	for name, c := range map[string]struct {
		policy godwit.Policy
		limit  float64
	}{
		"by default":              {godwit.Policy{}, 19},
		"robots.txt ignored":      {godwit.Policy{Robots: ignored}, 19},
		"no browser's headers":    {godwit.Policy{Robots: ignored, Headers: headers.Config{UserAgent: "crawler/1.0"}}, 19},
		"with a limit per egress": {godwit.Policy{Robots: ignored, EgressRate: ratelimit.Config{InFlight: 1000}}, 21},
	} {
		t.Run(name, func(t *testing.T) {
			c.policy.Rate = ratelimit.Config{Rate: -1}
			rt, err := godwit.New(roundTripperFunc(stub), godwit.Config{
				Default: c.policy,
				Direct:  proxypool.Config{IdentityUses: -1}, // a new visitor now and then would be counted too
			})
			require.NoError(t, err)
			t.Cleanup(func() { require.NoError(t, rt.Close()) })
			req := request12(t)
			bare := allocations(func() { once(t, roundTripperFunc(stub), req) })
			with := allocations(func() { once(t, rt, req) })
			require.LessOrEqual(t, with-bare, c.limit)
		})
	}
}

// allocations is how often f allocates: the least of some measurements, since all
// goroutines are counted, also those that a test before has left to end.
func allocations(f func()) float64 {
	least := math.Inf(1)
	for range 5 {
		least = min(least, testing.AllocsPerRun(200, f))
	}
	return least
}

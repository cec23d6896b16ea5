package proxypool_test

import (
	"flag"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/godwit-go/godwit/proxypool"
)

var (
	simMinutes = flag.Int("minutes", 20, "simulated minutes of each run")
	simOnly    = flag.Int("seeds", 0, "simulated seeds, 0 for all")
	simTable   = flag.Bool("table", false, "print the table with the baselines as well")
)

// What our selection must reach on every seed.
var targets = map[string]struct {
	success, wasted, busiest float64
	p95                      time.Duration
}{
	"S1": {99.5, 2, 2.5, 900 * time.Millisecond},
	"S2": {97, 10, 2.5, 1200 * time.Millisecond},
	"S3": {99, 4, 45, 1200 * time.Millisecond},
	"S4": {99.5, 3, 2.5, 1000 * time.Millisecond},
}

func TestSelectionGetsThroughBadWeather(t *testing.T) {
	for _, s := range scenarios {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			for _, r := range runs(s, simSeeds, func(seed uint64) selector { return newOurs(s.proxies, seed, proxypool.Gated) }) {
				want := targets[s.name]
				t.Logf("%s gated: success %.2f %%, first %.2f %%, wasted %.2f %%, p50 %v, p95 %v, busiest %.2f %%",
					s.name, r.success, r.first, r.wasted, r.p50.Round(time.Millisecond), r.p95.Round(time.Millisecond), r.busiest)
				assert.GreaterOrEqual(t, r.success, want.success)
				assert.LessOrEqual(t, r.wasted, want.wasted)
				assert.LessOrEqual(t, r.p95, want.p95)
				assert.LessOrEqual(t, r.busiest, want.busiest)
			}
		})
	}
}

var simSeeds = 10

func runs(s scenario, seeds int, make func(seed uint64) selector) []result {
	if *simOnly > 0 {
		seeds = *simOnly
	}
	all := make2(seeds)
	var wg sync.WaitGroup
	gate := make3(2)
	for i := range seeds {
		wg.Go(func() {
			gate <- struct{}{}
			defer func() { <-gate }()
			seed := uint64(i + 1)
			all[i] = newSimulation(s, seed, time.Duration(*simMinutes)*time.Minute).run(make(seed))
		})
	}
	wg.Wait()
	return all
}

func make2(n int) []result      { return make([]result, n) }
func make3(n int) chan struct{} { return make(chan struct{}, n) }

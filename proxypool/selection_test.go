package proxypool_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/godwit-go/godwit/proxypool"
)

var (
	simMinutes = flag.Int("minutes", 20, "simulated minutes of each run")
	simSeeds   = flag.Int("seeds", defaultSeeds, "seeds of each world")
	simFrom    = flag.Int("from", 1, "first seed")
	simTable   = flag.Bool("table", false, "print the table with all selections and baselines")
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

// go test -run BadWeather -v -args -table prints how the others would have done.
func TestSelectionGetsThroughBadWeather(t *testing.T) {
	for _, s := range scenarios {
		t.Run(s.name, func(t *testing.T) {
			want := targets[s.name]
			all := runs(s, func(seed uint64) selector { return newOurs(s.proxies, seed, proxypool.Gated) })
			for i, r := range all {
				require.GreaterOrEqual(t, r.success, want.success, "seed %d: %v", *simFrom+i, r)
				require.LessOrEqual(t, r.wasted, want.wasted, "seed %d: %v", *simFrom+i, r)
				require.LessOrEqual(t, r.p95, want.p95, "seed %d: %v", *simFrom+i, r)
				require.LessOrEqual(t, r.busiest, want.busiest, "seed %d: %v", *simFrom+i, r)
			}
			t.Logf("%d seeds, median: %v", len(all), middle(all))
			t.Logf("%d seeds, worst:  %v", len(all), worst(all))
		})
	}
	if *simTable {
		printTable()
	}
}

// Worlds that taught something, at their worst: with callers who wait for nothing
// and do not tell a retry from a first attempt.
var hardships = []struct {
	scenario
	success, wasted float64
}{
	// What the dead see says nothing of a domain: nearly all fail, and it is fine.
	{scenario{name: "one of twenty works", proxies: 20, rate: 3, calm: true, gone: 0.95}, 97, 18},
	{scenario{name: "nine of ten are dead", proxies: 200, rate: 50, calm: true, gone: 0.9}, 99.4, 6},
	// Bans set each other off, unless all are used alike from the first minute on.
	{scenario{name: "close to the limit", proxies: 100, rate: 225, calm: true, perMin: 60}, 99.5, 1},
	{scenario{name: "close to the limit, some slow", proxies: 200, rate: 240, perMin: 60}, 99, 2.5},
	// A throttle where others are served is meant for the exit.
	{scenario{name: "bans are throttles", proxies: 200, rate: 200, perMin: 60, throttle: true}, 99.8, 2},
	{scenario{name: "many flap", proxies: 100, rate: 40, calm: true, flapping: 0.4}, 99.9, 3},
}

func TestSelectionGetsThroughHardship(t *testing.T) {
	for _, h := range hardships {
		t.Run(h.name, func(t *testing.T) {
			for seed := range uint64(2) {
				o := newOurs(h.proxies, seed, proxypool.Gated)
				o.naive = true
				r := newSimulation(h.scenario, seed, 10*time.Minute).run(o)
				t.Logf("seed %d: %v", seed, r)
				require.GreaterOrEqual(t, r.success, h.success)
				require.LessOrEqual(t, r.wasted, h.wasted)
			}
		})
	}
}

func (r result) String() string {
	return fmt.Sprintf("success %.2f %%, first try %.2f %%, wasted %.2f %%, p50 %d ms, p95 %d ms, busiest %.2f %%",
		r.success, r.first, r.wasted, r.p50.Milliseconds(), r.p95.Milliseconds(), r.busiest)
}

// runs runs a world once per seed.
func runs(s scenario, selector func(seed uint64) selector) []result {
	all := make([]result, *simSeeds)
	var wg sync.WaitGroup
	places := make(chan struct{}, 2)
	for i := range all {
		places <- struct{}{}
		wg.Go(func() {
			defer func() { <-places }()
			seed := uint64(*simFrom + i)
			all[i] = newSimulation(s, seed, time.Duration(*simMinutes)*time.Minute).run(selector(seed))
		})
	}
	wg.Wait()
	return all
}

func middle(all []result) result {
	return result{
		success: median(all, func(r result) float64 { return r.success }),
		first:   median(all, func(r result) float64 { return r.first }),
		wasted:  median(all, func(r result) float64 { return r.wasted }),
		busiest: median(all, func(r result) float64 { return r.busiest }),
		p50:     time.Duration(median(all, func(r result) float64 { return float64(r.p50) })),
		p95:     time.Duration(median(all, func(r result) float64 { return float64(r.p95) })),
	}
}

func worst(all []result) result {
	w := all[0]
	for _, r := range all {
		w.success, w.first = min(w.success, r.success), min(w.first, r.first)
		w.wasted, w.busiest = max(w.wasted, r.wasted), max(w.busiest, r.busiest)
		w.p50, w.p95 = max(w.p50, r.p50), max(w.p95, r.p95)
	}
	return w
}

func printTable() {
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "world\tselection\tsuccess %\tfirst try %\twasted %\tp50 ms\tp95 ms\tbusiest %\t")
	for _, s := range scenarios {
		row := func(name string, make func(seed uint64) selector) {
			r := middle(runs(s, make))
			fmt.Fprintf(w, "%s\t%s\t%.2f\t%.2f\t%.2f\t%d\t%d\t%.2f\t\n", s.name, name, r.success, r.first, r.wasted, r.p50.Milliseconds(), r.p95.Milliseconds(), r.busiest)
		}
		for _, name := range []proxypool.Selection{proxypool.Gated, proxypool.Performance, proxypool.LeastUsed, proxypool.Random, proxypool.RoundRobin} {
			row(strings.ReplaceAll(string(name), "_", " "), func(seed uint64) selector { return newOurs(s.proxies, seed, name) })
		}
		for _, b := range baselines {
			row(b.name, func(seed uint64) selector {
				return &plainSelector{rng: rand.New(rand.NewPCG(seed, 7)), proxy: make([]plainProxy, s.proxies), choose: b.choose, eject: b.eject}
			})
		}
	}
	_ = w.Flush()
}

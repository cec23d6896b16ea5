package main

import (
	"flag"
	"fmt"
	"math"
	"os"
	"runtime"
	"slices"
	"text/tabwriter"
	"time"
)

func main() {
	rounds := flag.Int("rounds", 20, "how many turns each contender has")
	turn := flag.Duration("turn", 30*time.Millisecond, "how long a turn takes")
	flag.Parse()
	if err := run(*rounds, *turn); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// entrant is one line of a table on its way through the rounds.
type entrant struct {
	name   string
	floor  *entrant // what it is compared with
	call   func() error
	cpu    []float64 // ns per call, one per round
	wall   []float64
	allocs float64
	bytes  float64
}

func run(rounds int, turn time.Duration) error {
	wrappers, err := wrapperEntrants()
	if err != nil {
		return err
	}
	if err := compare("one call through a wrapper", wrappers, rounds, turn); err != nil {
		return err
	}
	pickers, err := pickerEntrants(1000)
	if err != nil {
		return err
	}
	return compare("one of 1000 proxies", pickers, rounds, turn)
}

func wrapperEntrants() ([]*entrant, error) {
	var all []*entrant
	floors := make(map[int]*entrant) // by header fields
	for _, c := range contenders() {
		call, err := c.call()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.name, err)
		}
		e := &entrant{name: c.name, call: call}
		if floors[c.header] == nil {
			floors[c.header] = e
		}
		e.floor = floors[c.header]
		all = append(all, e)
	}
	return all, nil
}

func pickerEntrants(n int) ([]*entrant, error) {
	var all []*entrant
	for _, p := range pickers() {
		pick, err := p.make(proxies(n))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", p.name, err)
		}
		e := &entrant{name: p.name, call: pick}
		all = append(all, e)
		e.floor = all[0]
	}
	return all, nil
}

func compare(what string, all []*entrant, rounds int, turn time.Duration) error {
	for _, e := range all {
		if err := e.weigh(); err != nil {
			return fmt.Errorf("%s: %w", e.name, err)
		}
	}
	for range rounds {
		for _, e := range all {
			if err := e.turn(turn); err != nil {
				return fmt.Errorf("%s: %w", e.name, err)
			}
		}
	}
	return report(what, all)
}

// weigh counts what one call allocates, as testing.AllocsPerRun does.
func (e *entrant) weigh() error {
	const calls = 2000
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	var before, after runtime.MemStats
	for _, n := range []int{100, calls} { // caches fill first
		runtime.ReadMemStats(&before)
		for range n {
			if err := e.call(); err != nil {
				return err
			}
		}
		runtime.ReadMemStats(&after)
	}
	e.allocs = math.Floor(float64(after.Mallocs-before.Mallocs) / calls)
	e.bytes = float64(after.TotalAlloc-before.TotalAlloc) / calls
	return nil
}

// turn sends calls for about d.
func (e *entrant) turn(d time.Duration) error {
	runtime.GC() // nobody pays for the one before
	calls := 0
	began, spent := time.Now(), cpuTime()
	for time.Since(began) < d {
		for range 100 {
			if err := e.call(); err != nil {
				return err
			}
		}
		calls += 100
	}
	e.cpu = append(e.cpu, float64(cpuTime()-spent)/float64(calls))
	e.wall = append(e.wall, float64(time.Since(began))/float64(calls))
	return nil
}

// quartile is the first one: most of what lies above is other people's noise.
func quartile(values []float64) float64 {
	return slices.Sorted(slices.Values(values))[len(values)/4]
}

func report(what string, all []*entrant) error {
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(w, "%s\tcpu ns\tratio\tadded\twall min ns\tB/op\tallocs\tadded\t\n", what)
	for _, e := range all {
		cpu, floor := quartile(e.cpu), quartile(e.floor.cpu)
		fmt.Fprintf(w, "%s\t%.0f\t%.2f\t%+.0f\t%.0f\t%.0f\t%.0f\t%+.0f\t\n",
			e.name, cpu, cpu/floor, cpu-floor, slices.Min(e.wall), e.bytes, e.allocs, e.allocs-e.floor.allocs)
	}
	fmt.Fprintln(w)
	return w.Flush()
}

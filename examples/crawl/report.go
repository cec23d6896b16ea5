package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/godwit-go/godwit"
	"github.com/godwit-go/godwit/breaker"
	"github.com/godwit-go/godwit/trip"
)

// maxStories is how many lost pages the report names.
const maxStories = 5

// report compares the crawls and tells what each domain did.
type report struct {
	godwit *board
	stats  godwit.Stats
	known  int    // pages to get; outside the demonstration
	naive  *board // nil outside the demonstration
	facts  []fact // what the web saw; empty outside the demonstration
}

// fact is one row of the comparison.
type fact struct{ name, naive, godwit string }

func (r report) write(out io.Writer) {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w)
	if r.naive != nil {
		fmt.Fprintf(w, "\tnaive\tgodwit\n")
		r.compare(w, "pages got", func(b *board) string { return fmt.Sprintf("%d of %d", len(b.pages), len(b.wanted)) })
		for _, f := range r.facts {
			fmt.Fprintf(w, "%s\t%s\t%s\n", f.name, f.naive, f.godwit)
		}
		r.compare(w, "time", func(b *board) string { return b.elapsed.Round(100 * time.Millisecond).String() })
		fmt.Fprintln(w)
	} else {
		fmt.Fprintf(w, "%s, in %v\n\n", r.godwit.counts(r.known), r.godwit.elapsed.Round(100*time.Millisecond))
	}
	fmt.Fprintf(w, "domain\tcalls\tattempts\texchanges\tspent\tbreaker\tverdicts\n")
	for _, d := range r.stats.Domains {
		fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%v\t%v\t%s\n", d.Domain, d.Calls, d.Attempts, d.Exchanges, d.Cost, cmp.Or(d.Breaker.State, breaker.Closed), verdictMix(d))
	}
	_ = w.Flush() // the writer below keeps no error that could be acted on here
	r.stories(out)
}

func (r report) compare(w io.Writer, name string, of func(*board) string) {
	fmt.Fprintf(w, "%s\t%s\t%s\n", name, of(r.naive), of(r.godwit))
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

func verdictMix(d godwit.DomainStats) string {
	var parts []string
	for _, v := range trip.Verdicts {
		if n := d.Verdicts[v.String()]; n > 0 {
			parts = append(parts, fmt.Sprintf("%s %d", v, n))
		}
	}
	return strings.Join(parts, ", ")
}

// stories names lost pages, so that nobody has to look for them in a log.
func (r report) stories(out io.Writer) {
	lost := slices.Sorted(maps.Keys(r.godwit.losses))
	for i, u := range lost {
		if i == 0 {
			fmt.Fprintln(out)
		}
		if i == maxStories {
			fmt.Fprintf(out, "… and %d more\n", len(lost)-maxStories)
			return
		}
		if l := r.godwit.losses[u]; l.err != nil {
			fmt.Fprintf(out, "lost %s: %v\n", u, l.err)
		} else {
			fmt.Fprintf(out, "lost %s: status %d, %s\n", u, l.status, l.trip.Verdict)
		}
	}
}

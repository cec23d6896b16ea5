package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"
)

// board keeps the count of a crawl and shows it as it goes.
type board struct {
	name   string
	naive  bool            // no second call for a page: what a plain client does
	wanted map[string]bool // the pages that count; nil: all

	mu      sync.Mutex
	pages   map[string]bool // got
	losses  map[string]result
	putBack int
	gone    int
	settled int // URLs that are done with, one way or another
	start   time.Time
	elapsed time.Duration
}

func newBoard(name string, wanted map[string]bool) *board {
	return &board{name: name, wanted: wanted, pages: make(map[string]bool), losses: make(map[string]result), start: time.Now()}
}

func (b *board) got(u string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.settled++
	if b.wanted == nil || b.wanted[u] {
		b.pages[u] = true
	}
	delete(b.losses, u)
}

func (b *board) lost(u string, r result) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.settled++
	r.body = nil
	if b.wanted == nil || b.wanted[u] {
		b.losses[u] = r
	}
}

func (b *board) later() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.putBack++
}

// notToBeHad counts a page that nobody would get.
func (b *board) notToBeHad() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.settled++
	b.gone++
}

// counts tells what became of the known pages, once the crawl is over.
func (b *board) counts(known int) string {
	text := plural(len(b.pages), "page") + " got"
	if b.gone > 0 {
		text += fmt.Sprintf(", %d not to be had", b.gone)
	}
	text += fmt.Sprintf(", %d lost", len(b.losses))
	if left := known - b.settled; left > 0 { // it was interrupted
		text += fmt.Sprintf(", %d not tried to the end", left)
	}
	return text
}

// stop ends the crawl's clock.
func (b *board) stop() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.elapsed = time.Since(b.start)
}

const barWidth = 30

// line tells how far the crawl is.
func (b *board) line(known int) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	total := known
	if b.wanted != nil {
		total = len(b.wanted)
	}
	got, lost := len(b.pages), len(b.losses)
	full := 0
	if total > 0 {
		full = min(barWidth, barWidth*got/total)
	}
	return fmt.Sprintf("%-6s [%s%s] %3d/%s  %d lost  %d put back  %.0fs", b.name,
		strings.Repeat("█", full), strings.Repeat("░", barWidth-full), got, plural(total, "page"), lost, b.putBack, time.Since(b.start).Seconds())
}

// show draws the line until done is closed: in place on a terminal, else one line
// every few seconds.
func (b *board) show(out io.Writer, f *frontier, done <-chan struct{}) {
	every, begin, end := 5*time.Second, "", "\n"
	terminal := isTerminal(out)
	if terminal {
		every, begin, end = 200*time.Millisecond, "\r\033[K", ""
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			fmt.Fprint(out, begin, b.line(f.known()), end)
		case <-done:
			fmt.Fprint(out, begin, b.line(f.known()), "\n")
			return
		}
	}
}

func isTerminal(out io.Writer) bool {
	f, ok := out.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

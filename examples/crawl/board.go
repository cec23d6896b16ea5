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
	start   time.Time
	elapsed time.Duration
}

func newBoard(name string, wanted map[string]bool) *board {
	return &board{name: name, wanted: wanted, pages: make(map[string]bool), losses: make(map[string]result), start: time.Now()}
}

func (b *board) got(u string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.wanted == nil || b.wanted[u] {
		b.pages[u] = true
	}
	delete(b.losses, u)
}

func (b *board) lost(u string, r result) {
	b.mu.Lock()
	defer b.mu.Unlock()
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
	b.gone++
}

// goneText tells of pages that are neither got nor lost; empty without any.
func (b *board) goneText() string {
	if b.gone == 0 {
		return ""
	}
	return fmt.Sprintf(", %d not to be had", b.gone)
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

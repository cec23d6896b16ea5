package captcha

import (
	"context"
	"sync"
	"time"
)

const (
	// reportTimeout bounds one report.
	reportTimeout = 10 * time.Second
	// maxBadUnproven is how many bad answers in a row a provider without a single
	// good one is reported for. More say that the integration is wrong, and
	// services stop listening to those who complain about everything.
	maxBadUnproven = 3
)

// reports tells solvers whether their answers were accepted: in the background,
// as best it can. It is safe for concurrent use.
type reports struct {
	ctx  context.Context
	stop context.CancelFunc

	mu     sync.Mutex
	closed bool
	bad    map[string]int // by provider: bad answers since the last good one
	proven map[string]bool
	wg     sync.WaitGroup
}

func newReports() *reports {
	r := &reports{bad: make(map[string]int), proven: make(map[string]bool)}
	r.ctx, r.stop = context.WithCancel(context.Background())
	return r
}

// send reports in the background whether s was accepted.
func (r *reports) send(to Solver, c *Challenge, s Solution, accepted bool) {
	reporter, ok := to.(Reporter)
	if !ok || s.TaskID == "" || !r.due(s.Provider, accepted) {
		return
	}
	go func() {
		defer r.wg.Done()
		ctx, cancel := context.WithTimeout(r.ctx, reportTimeout)
		defer cancel()
		_ = reporter.Report(ctx, c, s, accepted) // best effort: nothing depends on it
	}()
}

// due tells whether a report is to be made, and then counts it as under way.
func (r *reports) due(provider string, accepted bool) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if accepted {
		r.proven[provider], r.bad[provider] = true, 0
	} else {
		r.bad[provider]++
	}
	if r.closed || !accepted && !r.proven[provider] && r.bad[provider] > maxBadUnproven {
		return false
	}
	r.wg.Add(1)
	return true
}

// close ends the reports under way and waits for them.
func (r *reports) close() {
	r.mu.Lock()
	r.closed = true
	r.mu.Unlock()
	r.stop()
	r.wg.Wait()
}

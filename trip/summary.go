package trip

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Summary tells what happened to a call. The zero Summary means that godwit had
// no part in it.
type Summary struct {
	// ID is the call's number within the process.
	ID uint64
	// Domain is the key that per-target state is kept under.
	Domain string
	// Policy names the policy that applied.
	Policy string
	// Egress is the label of the way out of the last attempt.
	Egress string
	// Verdict is that of the last attempt.
	Verdict Verdict
	// RetryAt is when the target wants to be asked again; zero when it did not say.
	RetryAt time.Time
	// Cost is what was spent on solving challenges.
	Cost USD
	// Elapsed is the time from the start of the call to the end of the last attempt.
	Elapsed time.Duration
	// Attempts lists every try in order.
	Attempts []AttemptInfo
}

// AttemptInfo is one line of a call's story.
type AttemptInfo struct {
	Number    int           // 1 for the first
	Egress    string        // label of the way out; empty when none was taken
	Verdict   Verdict       // what the attempt turned out to be
	Status    int           // HTTP status; 0 without a response
	Reason    string        // why, in a few fixed words
	Exchanges int           // requests on the wire
	Duration  time.Duration // until the response header or the error
}

// String tells the attempt in a few words: "#1 proxy-eu-3 403 blocked 0.8s".
func (i AttemptInfo) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "#%d", i.Number)
	if i.Egress != "" {
		b.WriteString(" " + i.Egress)
	}
	if i.Status != 0 {
		fmt.Fprintf(&b, " %d", i.Status)
	}
	b.WriteString(" " + i.Verdict.String())
	if i.Status == 0 && i.Reason != "" {
		b.WriteString(" (" + i.Reason + ")")
	}
	fmt.Fprintf(&b, " %.1fs", i.Duration.Seconds())
	return b.String()
}

// FromResponse tells which egress served a response, after how many attempts, at
// what cost. It works on responses that came through an http.Client too.
func FromResponse(resp *http.Response) Summary {
	if resp == nil || resp.Request == nil {
		return Summary{}
	}
	return FromContext(resp.Request.Context()).Summary()
}

// Summary tells what has happened to the call so far.
func (c *Call) Summary() Summary {
	if c == nil {
		return Summary{}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	s := Summary{ID: c.id, Domain: c.domain, Policy: c.policy, Cost: c.cost, RetryAt: c.retryAt}
	for a := c.last; a != nil; a = a.prev {
		s.Attempts = append(s.Attempts, a.info())
	}
	slices.Reverse(s.Attempts)
	if last := c.last; last != nil {
		s.Verdict = last.outcome.Verdict
		s.Egress = s.Attempts[len(s.Attempts)-1].Egress
		s.Elapsed = last.start.Sub(c.start) + last.duration()
		if s.RetryAt.IsZero() {
			s.RetryAt = last.outcome.RetryAt
		}
	}
	return s
}

func (a *Attempt) info() AttemptInfo {
	i := AttemptInfo{
		Number:    a.number,
		Verdict:   a.outcome.Verdict,
		Status:    a.outcome.Status,
		Reason:    a.outcome.Reason,
		Exchanges: a.exchanges,
		Duration:  a.duration(),
	}
	if a.identity != nil {
		i.Egress = a.identity.Egress
	}
	return i
}

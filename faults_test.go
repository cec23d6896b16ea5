package godwit_test

import (
	"context"
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"os"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/godwit-go/godwit"
	"github.com/godwit-go/godwit/breaker"
	"github.com/godwit-go/godwit/headers"
	"github.com/godwit-go/godwit/hostile"
	"github.com/godwit-go/godwit/internal/leaks"
	"github.com/godwit-go/godwit/proxypool"
	"github.com/godwit-go/godwit/ratelimit"
	"github.com/godwit-go/godwit/retry"
	"github.com/godwit-go/godwit/trip"
)

const (
	shortDeadline = 200 * time.Millisecond // of calls that no header comes for
	pageDeadline  = 8 * time.Second        // of those whose header comes at once, and their page never
	longDeadline  = 2 * time.Minute        // of all others, which end before
	volley        = 2                      // calls of each kind at the same time
	// slack is how much later than its deadline a call may end on a busy machine. In
	// virtual time the contract of round trippers wants it to the nanosecond.
	slack = 10 * time.Second
)

// The kinds of calls in the matrix.
const (
	read  = "GET"
	write = "POST"
	keyed = "keyed POST"
)

// fate is how a call has to end that meets a fault.
type fate struct {
	verdict trip.Verdict
	status  int  // of the response; 0 for none
	inBody  bool // it is the body that fails
	waits   bool // until the caller's deadline, for the header or after it
	is      error
	says    string // part of the error
	as      any    // the error's type
	once    bool   // another attempt is of no use, whatever the method
	unsent  bool   // nothing reached the target, so that any method goes again
}

var fates = map[hostile.Fault]fate{
	hostile.FaultRefuse:            {verdict: trip.TargetError, unsent: true},
	hostile.FaultBlackHole:         {verdict: trip.Canceled, waits: true, is: context.DeadlineExceeded},
	hostile.FaultTLSAlert:          {verdict: trip.TargetError, says: "tls: internal error"},
	hostile.FaultExpired:           {verdict: trip.TargetError, as: new(x509.CertificateInvalidError), once: true},
	hostile.FaultWrongHost:         {verdict: trip.TargetError, as: new(x509.HostnameError), once: true},
	hostile.FaultGoAway:            {verdict: trip.TargetError, says: "ENHANCE_YOUR_CALM"},
	hostile.FaultResetBeforeHeader: {verdict: trip.TargetError, is: syscall.ECONNRESET},
	hostile.FaultResetAfterHeader:  {verdict: trip.OK, status: 200, inBody: true, is: syscall.ECONNRESET},
	hostile.FaultLostReply:         {verdict: trip.TargetError, is: syscall.ECONNRESET},
	hostile.FaultEmptyReply:        {verdict: trip.TargetError, is: io.EOF},
	hostile.FaultShortBody:         {verdict: trip.OK, status: 200, inBody: true, is: io.ErrUnexpectedEOF},
	hostile.FaultTruncatedChunk:    {verdict: trip.OK, status: 200, inBody: true, is: io.ErrUnexpectedEOF},
	hostile.FaultLatency:           {verdict: trip.Canceled, waits: true, is: context.DeadlineExceeded},
	hostile.FaultDrip:              {verdict: trip.OK, status: 200, waits: true, inBody: true, is: context.DeadlineExceeded},
	hostile.FaultEndless:           {verdict: trip.OK, status: 200},
	hostile.FaultForbidden:         {verdict: trip.Blocked, status: 403},
	hostile.FaultThrottled:         {verdict: trip.Throttled, status: 429},
	hostile.FaultThrottledUnsaid:   {verdict: trip.Throttled, status: 429},
	hostile.FaultUnavailable:       {verdict: trip.Throttled, status: 503},
	hostile.FaultUnavailableUnsaid: {verdict: trip.TargetError, status: 503},
	hostile.FaultEarlyHints:        {verdict: trip.TargetError, says: "exceeded"},
	hostile.FaultBadStatusLine:     {verdict: trip.TargetError, says: "malformed HTTP"},
	hostile.FaultTwoLengths:        {verdict: trip.TargetError, says: "multiple Content-Length"},
	hostile.FaultBadChunk:          {verdict: trip.OK, status: 200, inBody: true, says: "invalid byte in chunk length"},
	hostile.FaultHeaderBomb:        {verdict: trip.TargetError, says: "exceeded"},
	hostile.FaultGzipBomb:          {verdict: trip.OK, status: 200, inBody: true, is: headers.ErrBodyTooLarge},
	hostile.FaultCorruptGzip:       {verdict: trip.OK, status: 200, inBody: true, is: headers.ErrCorruptBody},
	hostile.FaultMislabeled:        {verdict: trip.OK, status: 200, inBody: true, is: headers.ErrCorruptBody},
	hostile.FaultRedirectLoop:      {verdict: trip.OK, status: 302},
}

// shot is one call of the matrix and how it ended.
type shot struct {
	fault  hostile.Fault
	direct bool
	kind   string
	id     string

	status  int
	err     error // of the call, or of its body
	inBody  bool
	summary trip.Summary
	late    time.Duration // after the deadline
	ended   bool
}

// fire makes the call and reads up to 2 MiB of what comes.
func (s *shot) fire(tr *godwit.Transport, site *hostile.Site) {
	deadline := longDeadline
	switch want := fates[s.fault]; {
	case want.waits && want.status != 0:
		deadline = pageDeadline
	case want.waits:
		deadline = shortDeadline
	}
	ctx, cancel := context.WithTimeout(context.Background(), deadline)
	defer cancel()
	method, path, body := http.MethodGet, "/p/1", io.Reader(nil)
	if s.kind != read {
		method, path, body = http.MethodPost, "/orders", strings.NewReader("an order")
	}
	req, err := http.NewRequestWithContext(ctx, method, site.URL(path), body)
	if err != nil {
		s.err = err
		return
	}
	req.Close = true // on a used connection net/http would have a say in what is sent again
	switch s.kind {
	case write:
		req.Header.Set("X-Request-Id", s.id)
	case keyed:
		req.Header.Set("Idempotency-Key", s.id)
	}
	due := time.Now().Add(deadline)
	defer func() { s.late, s.ended = time.Since(due), true }()
	resp, err := tr.RoundTrip(req)
	if err != nil {
		s.err = err
		if story, ok := err.(*godwit.Error); ok {
			s.summary = story.Summary
		}
		return
	}
	defer resp.Body.Close()
	s.status, s.summary = resp.StatusCode, trip.FromResponse(resp)
	if _, err := io.CopyN(io.Discard, resp.Body, 2<<20); err != io.EOF {
		s.err, s.inBody = err, err != nil
	}
}

// check holds the shot against what its fault must lead to.
func (s *shot) check(t *testing.T) {
	t.Helper()
	want, told := fates[s.fault], fmt.Sprintf("%v, direct %t, %s: %+v", s.fault, s.direct, s.kind, s)
	require.True(t, s.ended, told)
	require.Less(t, s.late, slack, told)
	require.Equal(t, want.verdict, s.summary.Verdict, told)
	if want.status == http.StatusOK && s.kind != read {
		want.status = s.status // what is behind the fault, 201
	}
	require.Equal(t, want.status, s.status, told)
	require.Equal(t, want.inBody, s.inBody, told)
	require.Equal(t, want.status == 0 || want.inBody, s.err != nil, told)
	if want.is != nil {
		require.ErrorIs(t, s.err, want.is, told)
	}
	if want.as != nil {
		require.ErrorAs(t, s.err, want.as, told)
	}
	if want.says != "" {
		require.ErrorContains(t, s.err, want.says, told)
	}
	if want.verdict == trip.Throttled && s.fault != hostile.FaultThrottledUnsaid {
		require.False(t, s.summary.RetryAt.IsZero(), told)
	}
	require.Len(t, s.summary.Attempts, s.attempts(want), told)
}

// attempts is how often the call must have been tried, of two times at the most.
func (s *shot) attempts(want fate) int {
	switch {
	case s.fault == hostile.FaultTLSAlert && !s.direct:
		return 2 // godwit's own transport knows that nothing was sent
	case want.verdict == trip.OK, want.once, want.waits:
		return 1
	case want.verdict == trip.Throttled && s.fault != hostile.FaultThrottledUnsaid:
		return 1 // the policy waits for nobody
	case s.kind == write && !want.unsent:
		return 1
	}
	return 2
}

func openFiles() int {
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return 0 // not on this system
	}
	return len(list)
}

// Every fault of a target, met by every kind of call, direct and through proxies.
func TestEveryCallEndsInTheWayItsFaultAsksFor(t *testing.T) {
	before, files := goleak.IgnoreCurrent(), openFiles()
	web, err := hostile.Start(hostile.Config{Faults: true})
	require.NoError(t, err)
	defer web.Close()
	p := godwit.Policy{
		Rate:    ratelimit.Config{Rate: -1, InFlight: -1, Pause: -1},
		Breaker: breaker.Config{ConsecutiveFailures: -1, FailureRatio: -1},
		Retry:   retry.Config{MaxAttempts: 2, BaseDelay: time.Millisecond, BudgetRatio: -1, MaxRetryAfter: -1},
		Robots:  ignoreRobots,
	}
	pool, _ := exits(t, web, hostile.ProxyConfig{}, hostile.ProxyConfig{}, hostile.ProxyConfig{Scheme: "socks5"})
	pool.MaxInFlight, pool.Blocks.After, pool.Faults.After = -1, -1, -1
	base := web.Transport()
	base.MaxResponseHeaderBytes = 256 << 10 // as the pool's own transports have it
	direct, err := godwit.New(base, godwit.Config{Default: p})
	require.NoError(t, err)
	proxied, err := godwit.New(nil, godwit.Config{Default: p, Pools: map[string]proxypool.Config{"exits": pool}})
	require.NoError(t, err)

	require.Len(t, fates, len(hostile.Faults()), "every fault has its line")
	var shots []*shot
	var wg sync.WaitGroup
	slots := make(chan struct{}, 8*runtime.GOMAXPROCS(0))
	for i := range volley {
		for _, f := range hostile.Faults() {
			for _, kind := range []string{read, write, keyed} {
				for _, tr := range []*godwit.Transport{direct, proxied} {
					s := &shot{fault: f, direct: tr == direct, kind: kind, id: fmt.Sprintf("%s %t %d", kind, tr == direct, i)}
					shots = append(shots, s)
					slots <- struct{}{}
					wg.Go(func() {
						defer func() { <-slots }()
						s.fire(tr, web.Site(f.Host()))
					})
				}
			}
		}
	}
	wg.Wait()
	for _, s := range shots {
		s.check(t)
	}
	for _, f := range hostile.Faults() {
		for id, times := range web.Site(f.Host()).Ledger().Orders {
			if strings.HasPrefix(id, write+" ") {
				require.Equal(t, 1, times, "%v: POST %s took effect more than once", f, id)
			}
		}
	}
	lost := web.Site(hostile.FaultLostReply.Host()).Ledger()
	require.Len(t, lost.Orders, 2*2*volley, "all got there")
	require.Equal(t, 2*volley, lost.Duplicates(), "those with a key went there again")

	require.NoError(t, direct.Close())
	require.NoError(t, proxied.Close())
	web.Close()
	require.NoError(t, leaks.Find(before))
	require.Eventually(t, func() bool { return openFiles() <= files }, time.Minute, 10*time.Millisecond, "files stay open")
}

package rttest

import (
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func discardRules() []rule {
	return []rule{
		{name: "body_is_replayed_from_GetBody", check: bodyIsReplayed},
		{name: "body_without_GetBody_is_sent_once", check: bodyIsSentOnce},
		{name: "discarded_response_is_drained_and_closed_once", check: discardedIsDrained},
		{name: "endless_discarded_response_is_cut_off", check: endlessIsCutOff},
		{name: "dripping_discarded_response_holds_nobody", check: drippingHoldsNobody},
		{name: "discarded_response_gives_its_connection_back", sockets: true, check: connectionIsReused},
		{name: "early_answer_does_not_mix_bodies", check: earlyAnswerDoesNotMixBodies},
	}
}

const (
	maxDrained   = 256 << 10       // bytes that may be read of a response nobody wants
	maxDiscarded = 5 * time.Second // in which the request is sent again
)

// twice answers the first request with what the wrapper discards, more after it,
// and all others with 200.
func (s Suite) twice(more io.Reader, first func(*page)) *base {
	return &base{answer: func(n int, req *http.Request) (*http.Response, error) {
		if n == 1 {
			resp, p := s.discarded(req, more)
			first(p)
			return resp, nil
		}
		return status(req, http.StatusOK)
	}}
}

func requireSentAgain(t T, resp *http.Response, err error) {
	t.Helper()
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, resp.StatusCode, "the answer to be discarded was returned")
}

func bodyIsReplayed(t T, s Suite, wrap Wrap) {
	req, u := put(t, "content")
	bodies := replayable(req, "content")
	b := s.twice(strings.NewReader("thrown away"), func(*page) {})
	resp, err := open(t, wrap, b).RoundTrip(req)
	requireSentAgain(t, resp, err)
	finish(t, resp)
	seen := b.seen()
	require.GreaterOrEqual(t, len(seen), 2)
	for _, e := range seen {
		require.NoError(t, e.err)
		require.Equal(t, "content", e.body)
		require.Equal(t, int64(len("content")), e.req.ContentLength)
	}
	read := 0
	if u.touched() {
		read++
	}
	for _, copied := range bodies() {
		if copied.touched() {
			read++
		}
	}
	require.Equal(t, len(seen), read, "every request needs a body of its own from GetBody")
}

func bodyIsSentOnce(t T, s Suite, wrap Wrap) {
	req, _ := put(t, "content")
	b := s.twice(strings.NewReader("of the target"), func(*page) {})
	resp, err := open(t, wrap, b).RoundTrip(req)
	require.Len(t, b.seen(), 1, "a body that cannot be replayed was sent twice")
	if err == nil {
		require.True(t, strings.HasSuffix(finish(t, resp), "of the target"), "the only response was not returned whole")
	}
}

func discardedIsDrained(t T, s Suite, wrap Wrap) {
	var first *page
	b := s.twice(strings.NewReader(strings.Repeat("x", 10<<10)), func(p *page) { first = p })
	resp, err := open(t, wrap, b).RoundTrip(get(t))
	requireSentAgain(t, resp, err)
	_, closes, eof, overlap := first.account()
	require.True(t, eof, "a discarded response was not read to its end: its connection is lost")
	require.Equal(t, 1, closes, "a discarded response is closed once")
	require.False(t, overlap, "a body was closed while it was read")
	require.Equal(t, "OK", finish(t, resp))
}

func endlessIsCutOff(t T, s Suite, wrap Wrap) {
	var first *page
	// It does end, long after any bound: a wrapper without one fails instead of hanging.
	b := s.twice(io.LimitReader(endless{}, 64<<20), func(p *page) { first = p })
	resp, err := open(t, wrap, b).RoundTrip(get(t))
	requireSentAgain(t, resp, err)
	finish(t, resp)
	synctest.Wait()
	read, closes, _, overlap := first.account()
	require.LessOrEqual(t, read, maxDrained, "a discarded response was drained without bound")
	require.Equal(t, 1, closes, "a discarded response is closed once")
	require.False(t, overlap, "a body was closed while it was read")
}

type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

func drippingHoldsNobody(t T, s Suite, wrap Wrap) {
	var first *page
	b := s.twice(strings.NewReader(strings.Repeat("x", 100)), func(p *page) { p.drip, first = time.Minute, p })
	t.Cleanup(func() { time.Sleep(2 * time.Hour) }) // whoever still reads comes to an end
	start := time.Now()
	resp, err := open(t, wrap, b).RoundTrip(get(t))
	requireSentAgain(t, resp, err)
	require.Less(t, time.Since(start), maxDiscarded, "a discarded response held its caller")
	finish(t, resp)
	time.Sleep(time.Second)
	synctest.Wait()
	_, closes, _, overlap := first.account()
	require.Equal(t, 1, closes, "a discarded response that does not end must be cut off and closed once")
	require.False(t, overlap, "a body was closed while it was read")
}

func connectionIsReused(t T, s Suite, wrap Wrap) {
	const calls = 4
	var requests, connections atomic.Int64
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		got, _ := io.ReadAll(req.Body)
		if requests.Add(1)%2 == 0 {
			_, _ = w.Write(got)
			return
		}
		given, _ := s.discarded(req, strings.NewReader(strings.Repeat("x", 10<<10)))
		maps.Copy(w.Header(), given.Header)
		w.WriteHeader(given.StatusCode)
		_, _ = io.Copy(w, given.Body)
	}))
	srv.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	srv.Start()
	t.Cleanup(srv.Close)
	transport := new(http.Transport)
	t.Cleanup(transport.CloseIdleConnections)
	rt := open(t, wrap, transport)
	for i := range calls {
		content := "call " + strconv.Itoa(i)
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, srv.URL, strings.NewReader(content))
		require.NoError(t, err)
		resp, err := rt.RoundTrip(req)
		requireSentAgain(t, resp, err)
		require.Equal(t, content, finish(t, resp))
	}
	// One is enough, but net/http does without a connection whose goroutines a busy
	// machine does not let run in time.
	require.LessOrEqual(t, connections.Load(), int64(calls), "%d calls, each with one discarded answer, need one connection", calls)
}

// hasty is a base that answers the first request while it is still reading its
// body, as net/http does when the server answers early.
type hasty struct {
	base
	sending sync.WaitGroup
}

func (h *hasty) RoundTrip(req *http.Request) (*http.Response, error) {
	if len(h.seen()) > 0 {
		out := req.WithContext(req.Context())
		out.Body = struct {
			io.Reader
			io.Closer
		}{io.MultiReader(io.LimitReader(req.Body, 10), pause(time.Second), req.Body), req.Body}
		return h.base.RoundTrip(out)
	}
	out := req.WithContext(req.Context())
	out.Body = nil
	body := req.Body
	h.sending.Go(func() {
		defer body.Close()
		for err := error(nil); err == nil; time.Sleep(10 * time.Millisecond) {
			_, err = body.Read(make([]byte, 1))
		}
	})
	return h.base.RoundTrip(out)
}

// pause is an empty reader that takes its time to end.
type pause time.Duration

func (p pause) Read([]byte) (int, error) {
	time.Sleep(time.Duration(p))
	return 0, io.EOF
}

// net/http may still be reading the first body when RoundTrip has returned, so
// the second must be another reader, not the same one rewound.
func earlyAnswerDoesNotMixBodies(t T, s Suite, wrap Wrap) {
	content := strings.Repeat("content ", 1<<10)
	h := new(hasty)
	h.answer = s.twice(strings.NewReader("thrown away"), func(*page) {}).answer
	t.Cleanup(h.sending.Wait)
	req, _ := put(t, content)
	replayable(req, content)
	resp, err := open(t, wrap, h).RoundTrip(req)
	requireSentAgain(t, resp, err)
	finish(t, resp)
	seen := h.seen()
	require.NoError(t, seen[1].err)
	require.True(t, content == seen[1].body, "the second request was not sent whole: it shares the first one's body")
}

package rttest

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/stretchr/testify/require"
)

func cancelRules() []rule {
	return []rule{
		{name: "context_values_reach_the_base", check: contextValuesReachTheBase},
		{name: "cancel_reaches_the_base", check: cancelReachesTheBase},
		{name: "deadline_reaches_the_base", check: deadlineReachesTheBase},
		{name: "client_timeout_reaches_the_base", check: clientTimeoutReachesTheBase},
		{name: "request_cancel_reaches_the_base", check: requestCancelReachesTheBase},
		{name: "cancel_ends_the_response_body", check: cancelEndsTheBody},
	}
}

func waitRules() []rule {
	return []rule{
		{name: "cancel_ends_a_wait", check: cancelEndsAWait},
		{name: "request_cancel_ends_a_wait", check: requestCancelEndsAWait},
		{name: "deadline_ends_a_wait", check: deadlineEndsAWait},
		{name: "client_timeout_ends_a_wait", check: clientTimeoutEndsAWait},
	}
}

// patience is when callers give up; well before any wrapper's own timeout.
const patience = 10 * time.Second

func withValue(ctx context.Context, key, value any) context.Context {
	return context.WithValue(ctx, key, value)
}

func contextValuesReachTheBase(t T, _ Suite, wrap Wrap) {
	type key struct{}
	b := new(base)
	req := get(t)
	resp, err := open(t, wrap, b).RoundTrip(req.WithContext(withValue(req.Context(), key{}, "caller's")))
	require.NoError(t, err)
	finish(t, resp)
	require.Equal(t, "caller's", b.seen()[0].req.Context().Value(key{}))
}

func cancelReachesTheBase(t T, _ Suite, wrap Wrap) {
	requireCancelEnds(t, open(t, wrap, &base{answer: blocks}), get(t))
}

func requireCancelEnds(t T, rt http.RoundTripper, req *http.Request) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(patience, cancel)
	start := time.Now()
	resp, err := rt.RoundTrip(req.WithContext(ctx))
	require.Equal(t, patience, time.Since(start), "the call did not end at the cancel")
	finish(t, resp)
	require.ErrorIs(t, err, context.Canceled)
}

func deadlineReachesTheBase(t T, _ Suite, wrap Wrap) {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	start := time.Now()
	resp, err := open(t, wrap, &base{answer: blocks}).RoundTrip(get(t).WithContext(ctx))
	require.Equal(t, patience, time.Since(start), "the call did not end at the deadline")
	finish(t, resp)
	require.ErrorIs(t, err, context.DeadlineExceeded)
}

func clientTimeoutReachesTheBase(t T, _ Suite, wrap Wrap) {
	start := time.Now()
	resp, err := clientDo(t, open(t, wrap, &base{answer: blocks}))
	require.Equal(t, patience, time.Since(start), "the call did not end at Client.Timeout")
	finish(t, resp)
	var failure *url.Error
	require.ErrorAs(t, err, &failure)
	require.True(t, failure.Timeout(), "not a timeout: %v", err)
}

func clientDo(t T, rt http.RoundTripper) (*http.Response, error) {
	client := http.Client{Transport: rt, Timeout: patience}
	return client.Do(get(t))
}

// abandoned is a request that its caller gives up by the old means.
func abandoned(t T) *http.Request {
	req := get(t)
	giveUp := make(chan struct{})
	//lint:ignore SA1019 deprecated, yet http.Client.Timeout sets it on wrapped transports
	req.Cancel = giveUp
	time.AfterFunc(patience, func() { close(giveUp) })
	return req
}

func requestCancelReachesTheBase(t T, _ Suite, wrap Wrap) {
	req := abandoned(t)
	start := time.Now()
	resp, err := open(t, wrap, &base{answer: blocks}).RoundTrip(req)
	require.Equal(t, patience, time.Since(start), "the call did not end with Request.Cancel")
	finish(t, resp)
	require.Error(t, err)
}

func cancelEndsTheBody(t T, _ Suite, wrap Wrap) {
	b := &base{answer: func(_ int, req *http.Request) (*http.Response, error) {
		resp, p := answer(req, http.StatusOK, strings.NewReader("a page that takes its time"))
		p.drip = patience
		return resp, nil
	}}
	ctx, cancel := context.WithCancel(t.Context())
	resp, err := open(t, wrap, b).RoundTrip(get(t).WithContext(ctx))
	require.NoError(t, err)
	start := time.Now()
	time.AfterFunc(patience/2, cancel)
	_, err = io.ReadAll(resp.Body)
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, patience/2, time.Since(start), "reading did not end at the cancel")
	require.NoError(t, resp.Body.Close())
}

func (s Suite) waiting(t T) http.RoundTripper {
	b := new(base)
	if s.Discards != nil {
		b.answer = func(_ int, req *http.Request) (*http.Response, error) {
			resp, _ := s.discarded(req, strings.NewReader("thrown away"))
			return resp, nil
		}
	}
	return open(t, s.Waits, b)
}

func cancelEndsAWait(t T, s Suite, _ Wrap) {
	req, u := put(t, "content")
	replayable(req, "content")
	requireCancelEnds(t, s.waiting(t), req)
	require.True(t, u.closed(), "the request body was not closed")
}

func requestCancelEndsAWait(t T, s Suite, _ Wrap) {
	req := abandoned(t)
	start := time.Now()
	resp, err := s.waiting(t).RoundTrip(req)
	require.Equal(t, patience, time.Since(start), "the wait did not end with Request.Cancel")
	finish(t, resp)
	require.ErrorIs(t, err, context.Canceled)
}

// A wrapper that sees the deadline coming may return early, with what it has.
func deadlineEndsAWait(t T, s Suite, _ Wrap) {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	start := time.Now()
	resp, err := s.waiting(t).RoundTrip(get(t).WithContext(ctx))
	require.LessOrEqual(t, time.Since(start), patience, "the wait went on after the deadline")
	if time.Since(start) == patience {
		require.ErrorIs(t, err, context.DeadlineExceeded)
	}
	finish(t, resp)
}

func clientTimeoutEndsAWait(t T, s Suite, _ Wrap) {
	start := time.Now()
	resp, err := clientDo(t, s.waiting(t))
	require.LessOrEqual(t, time.Since(start), patience, "the wait went on after Client.Timeout")
	if time.Since(start) == patience {
		var failure *url.Error
		require.ErrorAs(t, err, &failure)
		require.True(t, failure.Timeout(), "not a timeout: %v", err)
	}
	finish(t, resp)
}

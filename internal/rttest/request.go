package rttest

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing/synctest"

	"github.com/stretchr/testify/require"
)

func requestRules() []rule {
	return []rule{
		{name: "request_is_never_written_to", check: requestIsNeverWrittenTo},
		{name: "request_body_is_closed_after_success", check: bodyIsClosedAfterSuccess},
		{name: "request_body_is_closed_after_an_error", check: bodyIsClosedAfterError},
		{name: "request_body_is_closed_when_canceled_before", check: bodyIsClosedWhenCanceledBefore},
		{name: "request_without_body_stays_without", check: emptyBodyStaysEmpty},
		{name: "request_reaches_the_base_whole", check: requestReachesTheBaseWhole},
		{name: "malformed_request_does_not_panic", check: malformedRequestDoesNotPanic},
	}
}

// outcomes are the ways in which a base can answer.
func (s Suite) outcomes() map[string]func(int, *http.Request) (*http.Response, error) {
	all := map[string]func(int, *http.Request) (*http.Response, error){
		"success":   nil,
		"not found": func(_ int, req *http.Request) (*http.Response, error) { return status(req, 404) },
		"failure":   func(_ int, req *http.Request) (*http.Response, error) { return status(req, 500) },
		"error":     func(int, *http.Request) (*http.Response, error) { return nil, errBase },
	}
	if s.Discards != nil {
		all["one answer discarded"] = func(n int, req *http.Request) (*http.Response, error) {
			if n == 1 {
				resp, _ := s.discarded(req, strings.NewReader("thrown away"))
				return resp, nil
			}
			return status(req, http.StatusOK)
		}
		all["every answer discarded"] = func(_ int, req *http.Request) (*http.Response, error) {
			resp, _ := s.discarded(req, strings.NewReader("thrown away"))
			return resp, nil
		}
	}
	return all
}

func status(req *http.Request, code int) (*http.Response, error) {
	resp, _ := answer(req, code, strings.NewReader(http.StatusText(code)))
	return resp, nil
}

// finish reads and closes what the wrapper returned, as its caller would.
func finish(t T, resp *http.Response) string {
	t.Helper()
	if resp == nil {
		return ""
	}
	require.NotNil(t, resp.Body, "a returned response always has a body")
	got, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	return string(got)
}

func requestIsNeverWrittenTo(t T, s Suite, wrap Wrap) {
	for name, outcome := range s.outcomes() {
		req, _ := put(t, "content")
		replayable(req, "content")
		req.Trailer = http.Header{"X-Checksum": {"1"}}
		before := snap(req)
		b := &base{answer: func(n int, out *http.Request) (*http.Response, error) {
			before.requireUnchanged(t, name+", while it is sent")
			if outcome == nil {
				return status(out, http.StatusOK)
			}
			return outcome(n, out)
		}}
		resp, _ := open(t, wrap, b).RoundTrip(req)
		before.requireUnchanged(t, name+", on return")
		finish(t, resp)
		before.requireUnchanged(t, name+", at the end of the body")
	}
	if s.Refuses != nil {
		req, _ := put(t, "content")
		before := snap(req)
		resp, _ := open(t, s.Refuses, new(base)).RoundTrip(req)
		finish(t, resp)
		before.requireUnchanged(t, "refused")
	}
}

func bodyIsClosedAfterSuccess(t T, s Suite, wrap Wrap) {
	for name, outcome := range s.outcomes() {
		if name != "error" {
			requireBodiesClosed(t, wrap, name, outcome)
		}
	}
}

func bodyIsClosedAfterError(t T, s Suite, wrap Wrap) {
	requireBodiesClosed(t, wrap, "error", s.outcomes()["error"])
}

func requireBodiesClosed(t T, wrap Wrap, name string, outcome func(int, *http.Request) (*http.Response, error)) {
	for _, again := range []bool{false, true} {
		req, u := put(t, "content")
		bodies := func() []*upload { return nil }
		if again {
			bodies = replayable(req, "content")
		}
		resp, _ := open(t, wrap, &base{answer: outcome}).RoundTrip(req)
		finish(t, resp)
		synctest.Wait()
		require.True(t, u.closed(), "%s (with GetBody: %v): the request body was not closed", name, again)
		for _, copied := range bodies() {
			require.True(t, copied.closed(), "%s: a body from GetBody was not closed", name)
		}
	}
}

func bodyIsClosedWhenCanceledBefore(t T, _ Suite, wrap Wrap) {
	req, u := put(t, "content")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	resp, err := open(t, wrap, new(base)).RoundTrip(req.WithContext(ctx))
	finish(t, resp)
	require.ErrorIs(t, err, context.Canceled)
	synctest.Wait()
	require.True(t, u.closed(), "the request body was not closed")
}

func refusedBodyIsClosed(t T, s Suite, _ Wrap) {
	req, u := put(t, "content")
	b := new(base)
	resp, err := open(t, s.Refuses, b).RoundTrip(req)
	finish(t, resp)
	require.Error(t, err)
	require.Empty(t, b.seen(), "a refused call was sent")
	synctest.Wait()
	require.True(t, u.closed(), "the request body was not closed")
}

func emptyBodyStaysEmpty(t T, _ Suite, wrap Wrap) {
	b := new(base)
	rt := open(t, wrap, b)
	for _, body := range []io.ReadCloser{nil, http.NoBody} {
		req := get(t)
		req.Method, req.Body = http.MethodPut, body
		resp, _ := rt.RoundTrip(req)
		finish(t, resp)
	}
	seen := b.seen()
	require.Len(t, seen, 2)
	require.Nil(t, seen[0].req.Body, "a nil body was replaced; the request would be sent chunked")
	require.True(t, seen[1].req.Body == http.NoBody, "http.NoBody was replaced; the request would be sent chunked")
}

func requestReachesTheBaseWhole(t T, _ Suite, wrap Wrap) {
	b := new(base)
	rt := open(t, wrap, b)
	req, _ := put(t, "content")
	replayable(req, "content")
	req.Trailer = http.Header{"X-Checksum": {"1"}}
	req.Host = "host.test"
	req.Close = true
	req.TransferEncoding = []string{"chunked"}
	resp, err := rt.RoundTrip(req)
	finish(t, resp)
	require.NoError(t, err)
	seen := b.seen()
	require.Len(t, seen, 1)
	out := seen[0].req
	require.NoError(t, seen[0].err)
	require.Equal(t, "content", seen[0].body)
	require.Equal(t, http.MethodPut, out.Method)
	require.Equal(t, target, out.URL.String())
	require.Equal(t, int64(len("content")), out.ContentLength)
	require.NotNil(t, out.GetBody, "GetBody was lost; net/http cannot send the request again by itself")
	require.Equal(t, req.Trailer, out.Trailer)
	require.Equal(t, "host.test", out.Host)
	require.True(t, out.Close)
	require.Equal(t, req.TransferEncoding, out.TransferEncoding)
	require.Equal(t, []string{"a", "b"}, out.Header["X-Caller"])
	require.Equal(t, []string{"text/html"}, out.Header["Accept"], "a header of the caller's was replaced")
}

func malformedRequestDoesNotPanic(t T, _ Suite, wrap Wrap) {
	for name, spoil := range map[string]func(*http.Request){
		"no URL":    func(req *http.Request) { req.URL = nil },
		"no header": func(req *http.Request) { req.Header = nil },
	} {
		req, u := put(t, "content")
		spoil(req)
		rt := open(t, wrap, new(base))
		require.NotPanics(t, func() {
			resp, _ := rt.RoundTrip(req)
			finish(t, resp)
		}, name)
		synctest.Wait()
		require.True(t, u.closed(), "%s: the request body was not closed", name)
	}
}

package rttest

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func responseRules() []rule {
	return []rule{
		{name: "either_a_response_or_an_error", check: eitherResponseOrError},
		{name: "response_is_kept", check: responseIsKept},
		{name: "response_trailer_is_kept", check: trailerIsKept},
		{name: "response_body_outlives_the_round_trip", check: bodyOutlivesTheRoundTrip},
		{name: "response_body_is_closed_with_the_callers", check: bodyIsClosedWithTheCallers},
		{name: "response_body_error_reaches_the_caller", check: bodyErrorReachesTheCaller},
		{name: "switched_protocol_stays_writable", check: switchedProtocolStaysWritable},
		{name: "idle_connections_are_closed", check: idleConnectionsAreClosed},
		{name: "bodies_are_never_mixed", check: bodiesAreNeverMixed},
	}
}

func eitherResponseOrError(t T, s Suite, wrap Wrap) {
	for name, outcome := range s.outcomes() {
		req, _ := put(t, "content")
		replayable(req, "content")
		resp, err := open(t, wrap, &base{answer: outcome}).RoundTrip(req)
		require.False(t, resp != nil && err != nil, "%s: a response and the error %v at once", name, err)
		require.False(t, resp == nil && err == nil, "%s: neither a response nor an error", name)
		finish(t, resp)
	}
}

func responseIsKept(t T, _ Suite, wrap Wrap) {
	state := new(tls.ConnectionState)
	header := http.Header{"Set-Cookie": {"a=1", "b=2"}, "X-Odd": {""}, "Content-Type": {"text/plain"}}
	b := &base{answer: func(_ int, req *http.Request) (*http.Response, error) {
		resp, _ := answer(req, http.StatusNotFound, strings.NewReader("not here"))
		resp.Header, resp.TLS, resp.ContentLength = header.Clone(), state, int64(len("not here"))
		resp.Proto, resp.ProtoMajor, resp.ProtoMinor = "HTTP/2.0", 2, 0
		return resp, nil
	}}
	type key struct{}
	req := get(t)
	req = req.WithContext(withValue(req.Context(), key{}, "caller's"))
	resp, err := open(t, wrap, b).RoundTrip(req)
	require.NoError(t, err)
	require.Equal(t, "not here", finish(t, resp))
	require.Equal(t, http.StatusNotFound, resp.StatusCode)
	require.Equal(t, "HTTP/2.0", resp.Proto)
	require.Equal(t, 2, resp.ProtoMajor)
	require.Equal(t, header, resp.Header)
	require.Equal(t, int64(len("not here")), resp.ContentLength)
	require.True(t, state == resp.TLS, "Response.TLS was lost")
	require.NotNil(t, resp.Request, "Response.Request was lost")
	require.Equal(t, target, resp.Request.URL.String())
	require.Equal(t, "caller's", resp.Request.Context().Value(key{}))
}

// net/http fills Response.Trailer of the very struct that it returned, so a
// wrapper that returns a copy of it loses trailers that were not announced.
func trailerIsKept(t T, _ Suite, wrap Wrap) {
	b := &base{answer: func(_ int, req *http.Request) (*http.Response, error) {
		resp, p := answer(req, http.StatusOK, strings.NewReader("hello"))
		p.atEOF = func() { resp.Trailer = http.Header{"X-Checksum": {"1"}} }
		return resp, nil
	}}
	resp, err := open(t, wrap, b).RoundTrip(get(t))
	require.NoError(t, err)
	finish(t, resp)
	require.Equal(t, http.Header{"X-Checksum": {"1"}}, resp.Trailer)
}

func bodyOutlivesTheRoundTrip(t T, _ Suite, wrap Wrap) {
	b := &base{answer: func(_ int, req *http.Request) (*http.Response, error) {
		resp, p := answer(req, http.StatusOK, strings.NewReader("slow page"))
		p.drip = 100 * time.Millisecond
		return resp, nil
	}}
	resp, err := open(t, wrap, b).RoundTrip(get(t))
	require.NoError(t, err)
	got, err := io.ReadAll(resp.Body)
	require.NoError(t, err, "the body was cut off after %q", got)
	require.Equal(t, "slow page", string(got))
	require.NoError(t, resp.Body.Close())
}

func bodyIsClosedWithTheCallers(t T, _ Suite, wrap Wrap) {
	var p *page
	b := &base{answer: func(_ int, req *http.Request) (resp *http.Response, _ error) {
		resp, p = answer(req, http.StatusOK, strings.NewReader("hello"))
		return resp, nil
	}}
	rt := open(t, wrap, b)
	resp, err := rt.RoundTrip(get(t))
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	synctest.Wait()
	_, closes, _, _ := p.account()
	require.NotZero(t, closes, "an unread body was not closed")

	resp, err = rt.RoundTrip(get(t))
	require.NoError(t, err)
	finish(t, resp)
	require.NotPanics(t, func() { _ = resp.Body.Close() }, "closed twice")
	_, closes, _, _ = p.account()
	require.NotZero(t, closes, "a body that was read was not closed")
}

func bodyErrorReachesTheCaller(t T, _ Suite, wrap Wrap) {
	b := &base{answer: func(_ int, req *http.Request) (*http.Response, error) {
		resp, _ := answer(req, http.StatusOK, io.MultiReader(strings.NewReader("half a pa"), failing{errBase}))
		return resp, nil
	}}
	resp, err := open(t, wrap, b).RoundTrip(get(t))
	if err == nil {
		var got []byte
		got, err = io.ReadAll(resp.Body)
		require.Equal(t, "half a pa", string(got))
		require.NoError(t, resp.Body.Close())
	}
	require.ErrorIs(t, err, errBase, "a broken body looks whole")
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func switchedProtocolStaysWritable(t T, _ Suite, wrap Wrap) {
	var sent strings.Builder
	b := &base{answer: func(_ int, req *http.Request) (*http.Response, error) {
		resp, p := answer(req, http.StatusSwitchingProtocols, strings.NewReader("pong"))
		resp.Header = http.Header{"Upgrade": {"websocket"}, "Connection": {"Upgrade"}}
		resp.Body = struct {
			io.ReadCloser
			io.Writer
		}{p, &sent}
		return resp, nil
	}}
	req := get(t)
	req.Header.Set("Upgrade", "websocket")
	req.Header.Set("Connection", "Upgrade")
	resp, err := open(t, wrap, b).RoundTrip(req)
	require.NoError(t, err)
	w, ok := resp.Body.(io.Writer)
	require.True(t, ok, "the body of a 101 response is no io.Writer any more")
	_, err = io.WriteString(w, "ping")
	require.NoError(t, err)
	require.Equal(t, "ping", sent.String())
	require.Equal(t, "pong", finish(t, resp))
}

func idleConnectionsAreClosed(t T, _ Suite, wrap Wrap) {
	b := new(base)
	rt := open(t, wrap, b)
	resp, err := rt.RoundTrip(get(t)) // a wrapper may make its bases as it needs them
	require.NoError(t, err)
	finish(t, resp)
	c, ok := rt.(interface{ CloseIdleConnections() })
	require.True(t, ok, "CloseIdleConnections is missing")
	c.CloseIdleConnections()
	b.mu.Lock()
	defer b.mu.Unlock()
	require.Equal(t, 1, b.idle, "CloseIdleConnections was not forwarded once")
}

// bodiesAreNeverMixed is meant to run under the race detector as well.
func bodiesAreNeverMixed(t T, s Suite, wrap Wrap) {
	const callers, calls = 64, 8
	var odd sync.Map // requests whose first answer is discarded
	b := &base{answer: func(_ int, req *http.Request) (*http.Response, error) {
		id := req.Header.Get("X-Id")
		if _, again := odd.LoadOrStore(id, true); !again && s.Discards != nil && strings.HasSuffix(id, "3") {
			resp, _ := s.discarded(req, strings.NewReader("thrown away "+id))
			return resp, nil
		}
		resp, _ := answer(req, http.StatusOK, strings.NewReader("page "+id))
		resp.Header.Set("X-Id", id)
		return resp, nil
	}}
	rt := open(t, wrap, b)
	failed := make(chan error, callers)
	for caller := range callers {
		go func() {
			failed <- func() error {
				for call := range calls {
					id := fmt.Sprintf("%d-%d", caller, call)
					req, _ := put(t, id)
					replayable(req, id)
					req.Header.Set("X-Id", id)
					resp, err := rt.RoundTrip(req)
					if err != nil {
						return err
					}
					got, err := io.ReadAll(resp.Body)
					if err = errors.Join(err, resp.Body.Close()); err != nil {
						return err
					}
					if resp.StatusCode == http.StatusOK && (string(got) != "page "+id || resp.Header.Get("X-Id") != id) {
						return fmt.Errorf("call %s was given %q", id, got)
					}
				}
				return nil
			}()
		}()
	}
	for range callers {
		require.NoError(t, <-failed)
	}
	for _, e := range b.seen() {
		require.Equal(t, e.req.Header.Get("X-Id"), e.body, "request bodies were mixed")
	}
}

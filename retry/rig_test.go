package retry_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/godwit-go/godwit/retry"
	"github.com/godwit-go/godwit/trip"
)

// target is the base of a Transport under test: a site that answers by script.
type target struct {
	answer func(n int, req *http.Request) (*http.Response, error) // n counts from 1

	mu     sync.Mutex
	bodies []string
	times  []time.Time
}

func (s *target) RoundTrip(req *http.Request) (*http.Response, error) {
	var body []byte
	if req.Body != nil {
		body, _ = io.ReadAll(req.Body)
		_ = req.Body.Close()
	}
	s.mu.Lock()
	s.bodies = append(s.bodies, string(body))
	s.times = append(s.times, time.Now())
	n := len(s.times)
	s.mu.Unlock()
	if err := req.Context().Err(); err != nil {
		return nil, err
	}
	return s.answer(n, req)
}

func (s *target) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.times)
}

// gaps are the pauses between the requests.
func (s *target) gaps() []time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	var gaps []time.Duration
	for i := 1; i < len(s.times); i++ {
		gaps = append(gaps, s.times[i].Sub(s.times[i-1]))
	}
	return gaps
}

func respond(req *http.Request, status int, header ...string) *http.Response {
	h := make(http.Header)
	for i := 0; i < len(header); i += 2 {
		h.Set(header[i], header[i+1])
	}
	return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(strings.NewReader(http.StatusText(status))), Request: req}
}

// always answers every request with status, then first answers only the first n so.
func always(status int, header ...string) func(int, *http.Request) (*http.Response, error) {
	return func(_ int, req *http.Request) (*http.Response, error) { return respond(req, status, header...), nil }
}

func first(n, status int, header ...string) func(int, *http.Request) (*http.Response, error) {
	return func(i int, req *http.Request) (*http.Response, error) {
		if i <= n {
			return respond(req, status, header...), nil
		}
		return respond(req, http.StatusOK), nil
	}
}

// fails answers the first n requests with err.
func fails(n int, err error) func(int, *http.Request) (*http.Response, error) {
	return func(i int, req *http.Request) (*http.Response, error) {
		if i <= n {
			return nil, err
		}
		return respond(req, http.StatusOK), nil
	}
}

// judged is an error of one of the layers below.
type judged struct{ outcome trip.Outcome }

func (judged) Error() string           { return "judged" }
func (e judged) Outcome() trip.Outcome { return e.outcome }

func get(t *testing.T) *http.Request { return request(t, http.MethodGet, nil) }

func request(t *testing.T, method string, body io.Reader) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, "http://shop.test/", body)
	require.NoError(t, err)
	return req
}

// status sends req and returns the response's status after reading its body, or 0.
func status(t *testing.T, rt http.RoundTripper, req *http.Request) int {
	t.Helper()
	resp, err := rt.RoundTrip(req)
	if err != nil {
		return 0
	}
	got, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusText(resp.StatusCode), string(got), "the response must come with its body")
	require.NoError(t, resp.Body.Close())
	return resp.StatusCode
}

// watch records events as short strings.
type watch struct {
	mu   sync.Mutex
	told []string
}

func (w *watch) Observe(_ context.Context, e trip.Event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch e := e.(type) {
	case *trip.AttemptDone:
		w.told = append(w.told, "attempt "+e.Outcome.Verdict.String())
	case *trip.Retrying:
		w.told = append(w.told, "retrying after "+e.Delay.String()+" "+e.Source)
	case *trip.RetrySuppressed:
		w.told = append(w.told, "suppressed "+e.Cause)
	}
}

// half makes all jitter the middle of its range.
func half() float64 { return 0.5 }

// build returns a Transport on target with predictable pauses and no budget.
func build(t *testing.T, base http.RoundTripper, change func(*retry.Config)) *retry.Transport {
	t.Helper()
	cfg := retry.Config{Rand: half, BudgetRatio: -1}
	if change != nil {
		change(&cfg)
	}
	rt, err := retry.New(base, cfg)
	require.NoError(t, err)
	return rt
}

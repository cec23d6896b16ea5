package breaker_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/godwit-go/godwit/breaker"
	"github.com/godwit-go/godwit/trip"
)

const host = "site.test"

// rig is a group and what it has told, with a target that answers as the test says.
type rig struct {
	*testing.T
	group *breaker.Group
	rt    http.RoundTripper

	mu      sync.Mutex
	events  []string
	changes []string
	answer  func(*http.Request) (*http.Response, error)
	sent    int
}

func newRig(t *testing.T, cfg breaker.Config) *rig {
	r := &rig{T: t}
	cfg.Changed = func(key string, open bool) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.changes = append(r.changes, map[bool]string{true: "open ", false: "closed "}[open]+key)
	}
	cfg.Observer = trip.ObserverFunc(func(_ context.Context, e trip.Event) {
		r.mu.Lock()
		defer r.mu.Unlock()
		switch e := e.(type) {
		case *trip.BreakerChanged:
			r.events = append(r.events, e.From+">"+e.To)
		case *trip.BreakerRejected:
			r.events = append(r.events, "rejected")
		}
	})
	group, err := breaker.NewGroup(cfg)
	require.NoError(t, err)
	r.group = group
	r.rt = group.Wrap(roundTripper(func(req *http.Request) (*http.Response, error) {
		r.mu.Lock()
		r.sent++
		answer := r.answer
		r.mu.Unlock()
		return answer(req)
	}))
	return r
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

func status(code int) func(*http.Request) (*http.Response, error) {
	return func(req *http.Request) (*http.Response, error) {
		return &http.Response{
			StatusCode: code, Header: http.Header{}, Request: req,
			Body: io.NopCloser(strings.NewReader("page")),
		}, nil
	}
}

func (r *rig) answers(f func(*http.Request) (*http.Response, error)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answer = f
}

// send makes n exchanges and reads what comes back. It returns the last error.
func (r *rig) send(n int) (err error) {
	r.Helper()
	for range n {
		err = r.sendCtx(r.Context())
	}
	return err
}

func (r *rig) sendCtx(ctx context.Context) error {
	r.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+host+"/", nil)
	require.NoError(r, err)
	resp, err := r.rt.RoundTrip(req)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, resp.Body)
	return errors.Join(err, resp.Body.Close())
}

// allow asks the engine for a permit and insists on getting it.
func (r *rig) allow(key string) *breaker.Permit {
	r.Helper()
	p, err := r.group.Allow(r.Context(), key)
	require.NoError(r, err)
	return p
}

func (r *rig) done(key string, verdicts ...trip.Verdict) {
	r.Helper()
	for _, v := range verdicts {
		r.allow(key).Done(trip.Outcome{Verdict: v})
	}
}

func (r *rig) fail(key string, n int) {
	r.Helper()
	for range n {
		r.done(key, trip.TargetError)
	}
}

func (r *rig) stats(key string) breaker.Stats {
	r.Helper()
	for _, s := range r.group.Stats() {
		if s.Key == key {
			return s
		}
	}
	require.Fail(r, "no stats", key)
	return breaker.Stats{}
}

func (r *rig) wantState(key string, want breaker.State) {
	r.Helper()
	require.Equal(r, want, r.stats(key).State)
}

func (r *rig) wantOpen(err error) *breaker.OpenError {
	r.Helper()
	require.ErrorIs(r, err, breaker.ErrOpen)
	var open *breaker.OpenError
	require.ErrorAs(r, err, &open)
	return open
}

func (r *rig) told() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	events := r.events
	r.events = nil
	return events
}

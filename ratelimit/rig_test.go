package ratelimit_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/godwit-go/godwit/ratelimit"
	"github.com/godwit-go/godwit/trip"
)

const host = "site.test"

// even is a pace without chance: one request per second, sharp.
func even() ratelimit.Config { return ratelimit.Config{Jitter: -1, InFlight: -1} }

// rig is a limiter and what it has told. It must be made inside the bubble.
type rig struct {
	*testing.T
	limiter *ratelimit.Limiter
	start   time.Time

	mu     sync.Mutex
	events []string
}

func newRig(t *testing.T, cfg ratelimit.Config) *rig {
	r := &rig{T: t, start: time.Now()}
	cfg.Observer = trip.ObserverFunc(func(_ context.Context, e trip.Event) {
		r.mu.Lock()
		defer r.mu.Unlock()
		switch e := e.(type) {
		case *trip.Waited:
			r.events = append(r.events, strings.TrimSpace(fmt.Sprint("waited ", e.Wait, " ", e.Domain, " ", e.Egress)))
		case *trip.Paused:
			r.events = append(r.events, fmt.Sprint("paused until ", e.Until.Sub(r.start), " ", e.Reason))
		}
	})
	l, err := ratelimit.NewLimiter(cfg)
	require.NoError(t, err)
	r.limiter = l
	return r
}

// turn waits for a turn and insists on getting it.
func (r *rig) turn(key string) *ratelimit.Turn {
	r.Helper()
	t, err := r.limiter.Wait(r.Context(), key)
	require.NoError(r, err)
	return t
}

// send is one exchange that ends at once with the given verdict.
func (r *rig) send(key string, o trip.Outcome) {
	r.Helper()
	t := r.turn(key)
	t.React(o)
	t.Release()
}

func (r *rig) sendOK(key string) {
	r.Helper()
	r.send(key, trip.Outcome{Verdict: trip.OK, Status: 200})
}

func (r *rig) elapsed() time.Duration { return time.Since(r.start) }

func (r *rig) stats(key string) ratelimit.Stats {
	r.Helper()
	for _, s := range r.limiter.Stats() {
		if s.Key == key {
			return s
		}
	}
	require.Fail(r, "no stats", key)
	return ratelimit.Stats{}
}

func (r *rig) told() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	events := r.events
	r.events = nil
	return events
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

func respond(req *http.Request, code int) *http.Response {
	return &http.Response{
		StatusCode: code, Header: http.Header{}, Request: req,
		Body: io.NopCloser(strings.NewReader("page")),
	}
}

func get(t testing.TB, ctx context.Context) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+host+"/", nil)
	require.NoError(t, err)
	return req
}

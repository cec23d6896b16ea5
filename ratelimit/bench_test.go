package ratelimit_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/godwit-go/godwit/ratelimit"
	"github.com/godwit-go/godwit/trip"
)

// still is a RoundTripper that costs nothing.
type still struct{ resp http.Response }

func (s *still) RoundTrip(*http.Request) (*http.Response, error) {
	s.resp.Body = page{}
	return &s.resp, nil
}

type page struct{}

func (page) Read([]byte) (int, error) { return 0, nil }
func (page) Close() error             { return nil }

type idle struct{}

func (idle) BodyEnded(error) {}

func onStill(t testing.TB, wrap bool) func() {
	t.Helper()
	base := &still{resp: http.Response{StatusCode: http.StatusOK, Header: http.Header{}}}
	var rt http.RoundTripper = base
	if wrap {
		var err error
		rt, err = ratelimit.New(base, ratelimit.Config{Rate: 1e9, Burst: 1e9})
		require.NoError(t, err)
	}
	req := get(t, t.Context())
	return func() {
		resp, err := rt.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		trip.WatchBody(resp, idle{}) // another layer watches the body anyway
		_ = resp.Body.Close()
	}
}

func TestAnExchangeThatNeedNotWaitCostsOneAllocation(t *testing.T) {
	bare := testing.AllocsPerRun(1000, onStill(t, false))
	with := testing.AllocsPerRun(1000, onStill(t, true))
	require.LessOrEqual(t, with-bare, 1.0)
}

func BenchmarkRoundTrip(b *testing.B) {
	for name, wrap := range map[string]bool{"bare": false, "ratelimit": true} {
		b.Run(name, func(b *testing.B) {
			send := onStill(b, wrap)
			b.ReportAllocs()
			for b.Loop() {
				send()
			}
		})
	}
}

func BenchmarkWaitParallel(b *testing.B) {
	l, err := ratelimit.NewLimiter(ratelimit.Config{Rate: -1, InFlight: -1})
	require.NoError(b, err)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			turn, err := l.Wait(b.Context(), host)
			if err != nil {
				b.Fatal(err)
			}
			turn.Release()
		}
	})
}

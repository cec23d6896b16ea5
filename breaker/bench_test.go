package breaker_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/godwit-go/godwit/breaker"
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

func onStill(t testing.TB, wrap bool) func() {
	t.Helper()
	base := &still{resp: http.Response{StatusCode: http.StatusOK, Header: http.Header{}}}
	var rt http.RoundTripper = base
	if wrap {
		var err error
		rt, err = breaker.New(base, breaker.Config{})
		require.NoError(t, err)
	}
	req, err := http.NewRequest(http.MethodGet, "http://"+host, nil)
	require.NoError(t, err)
	return func() {
		resp, err := rt.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		trip.WatchBody(resp, idle{}) // another layer watches the body anyway
		_ = resp.Body.Close()
	}
}

type idle struct{}

func (idle) BodyEnded(error) {}

func TestAnExchangeCostsTwoAllocations(t *testing.T) {
	bare := testing.AllocsPerRun(1000, onStill(t, false))
	with := testing.AllocsPerRun(1000, onStill(t, true))
	require.LessOrEqual(t, with-bare, 2.0)
}

func BenchmarkRoundTrip(b *testing.B) {
	for name, wrap := range map[string]bool{"bare": false, "breaker": true} {
		b.Run(name, func(b *testing.B) {
			send := onStill(b, wrap)
			b.ReportAllocs()
			for b.Loop() {
				send()
			}
		})
	}
}

func BenchmarkAllowParallel(b *testing.B) {
	g, err := breaker.NewGroup(breaker.Config{})
	require.NoError(b, err)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			p, err := g.Allow(b.Context(), host)
			if err != nil {
				b.Fatal(err)
			}
			p.Done(trip.Outcome{Verdict: trip.OK})
		}
	})
}

func BenchmarkRefuse(b *testing.B) {
	g, err := breaker.NewGroup(breaker.Config{})
	require.NoError(b, err)
	for range breaker.DefaultConsecutiveFailures {
		p, err := g.Allow(b.Context(), host)
		require.NoError(b, err)
		p.Done(trip.Outcome{Verdict: trip.TargetError})
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := g.Allow(b.Context(), host); err == nil {
			b.Fatal("admitted")
		}
	}
}

package captcha_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/godwit-go/godwit/captcha"
	"github.com/godwit-go/godwit/trip"
)

// openSite answers as every exchange but a few does: it has to be cheap to let through.
var openSite = roundTripper(func(req *http.Request) (*http.Response, error) {
	resp := &http.Response{StatusCode: 200, Body: http.NoBody, Request: req}
	if a := trip.AttemptFrom(req.Context()); a != nil {
		a.Report(trip.Outcome{Verdict: trip.OK, Status: 200}, resp, nil)
	}
	return resp, nil
})

func BenchmarkContentPasses(b *testing.B) {
	rt, err := captcha.New(openSite, captcha.Config{})
	require.NoError(b, err)
	b.Cleanup(func() { _ = rt.Close() })
	req, err := http.NewRequestWithContext(b.Context(), http.MethodGet, page, nil)
	require.NoError(b, err)
	ctx, call := trip.Start(req, trip.Spec{})
	ctx, _ = call.StartAttempt(ctx)
	req = req.WithContext(ctx)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := rt.RoundTrip(req); err != nil {
			b.Fatal(err)
		}
	}
}

func TestContentPassesWithFewAllocations(t *testing.T) {
	rt := open(t, openSite, captcha.Config{})
	ctx, call := trip.Start(get(t, page), trip.Spec{})
	ctx, _ = call.StartAttempt(ctx)
	req := get(t, page).WithContext(ctx)
	allocs := testing.AllocsPerRun(1000, func() {
		if _, err := rt.RoundTrip(req); err != nil {
			t.Error(err)
		}
	})
	require.LessOrEqual(t, allocs, 3.0, "the response itself is one of them")
}

package retry_test

import (
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/godwit-go/godwit/retry"
)

// stub answers at once, with what a response needs.
type stub struct{}

type emptyBody struct{}

func (emptyBody) Read([]byte) (int, error) { return 0, io.EOF }
func (emptyBody) Close() error             { return nil }

func (stub) RoundTrip(req *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: 200, Body: emptyBody{}, Request: req}, nil
}

func exchange(tb testing.TB, rt http.RoundTripper, req *http.Request) {
	resp, err := rt.RoundTrip(req)
	if err != nil {
		tb.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, resp.Body)
	_ = resp.Body.Close()
}

func plain(tb testing.TB) *http.Request {
	req, err := http.NewRequestWithContext(tb.Context(), http.MethodGet, "http://shop.test/", nil)
	require.NoError(tb, err)
	return req
}

func BenchmarkBare(b *testing.B) {
	req := plain(b)
	b.ReportAllocs()
	for b.Loop() {
		exchange(b, stub{}, req)
	}
}

func BenchmarkRetry(b *testing.B) {
	rt, err := retry.New(stub{}, retry.Config{})
	require.NoError(b, err)
	req := plain(b)
	b.ReportAllocs()
	for b.Loop() {
		exchange(b, rt, req)
	}
}

// A retry layer that nobody needs must cost next to nothing: the call, the
// attempt, the request's copy and the body's watch are one allocation each.
func TestSuccessCostsFourAllocations(t *testing.T) {
	rt, err := retry.New(stub{}, retry.Config{})
	require.NoError(t, err)
	req := plain(t)
	bare := testing.AllocsPerRun(1000, func() { exchange(t, stub{}, req) })
	with := testing.AllocsPerRun(1000, func() { exchange(t, rt, req) })
	require.LessOrEqual(t, with-bare, 4.0)
}

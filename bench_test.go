package godwit_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/godwit-go/godwit"
	"github.com/godwit-go/godwit/ratelimit"
	"github.com/godwit-go/godwit/robots"
)

// stub answers without a network, as the benchmarks of the peers do.
func stub(req *http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode: 200, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: req,
		Header: http.Header{"Content-Type": {"text/plain"}}, Body: io.NopCloser(strings.NewReader("a body of thirty-one characters")),
	}, nil
}

// request12 has twelve headers of the caller's.
func request12(tb testing.TB) *http.Request {
	req, err := http.NewRequestWithContext(tb.Context(), http.MethodGet, "https://shop.test/p/1", nil)
	require.NoError(tb, err)
	for _, name := range []string{"A", "B", "C", "D", "E", "F", "G", "H", "I", "J", "K", "L"} {
		req.Header.Set("X-Header-"+name, "value")
	}
	return req
}

func once(tb testing.TB, rt http.RoundTripper, req *http.Request) {
	resp, err := rt.RoundTrip(req)
	if err != nil {
		tb.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, resp.Body)
	_ = resp.Body.Close()
}

func wholeChain(tb testing.TB) *godwit.Transport {
	t, err := godwit.New(roundTripperFunc(stub), godwit.Config{Default: godwit.Policy{
		Rate:   ratelimit.Config{Rate: -1},
		Robots: robots.Config{Mode: robots.Ignore},
	}})
	require.NoError(tb, err)
	tb.Cleanup(func() { require.NoError(tb, t.Close()) })
	return t
}

func BenchmarkBare(b *testing.B) {
	req := request12(b)
	b.ReportAllocs()
	for b.Loop() {
		once(b, roundTripperFunc(stub), req)
	}
}

func BenchmarkWholeChain(b *testing.B) {
	t, req := wholeChain(b), request12(b)
	b.ReportAllocs()
	for b.Loop() {
		once(b, t, req)
	}
}

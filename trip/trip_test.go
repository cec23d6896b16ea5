package trip_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/godwit-go/godwit/trip"
	"github.com/stretchr/testify/require"
)

func request(t *testing.T, url string) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	require.NoError(t, err)
	return req
}

func TestDomainIsTheHostWithoutTheSchemesOwnPort(t *testing.T) {
	for url, want := range map[string]string{
		"https://Shop.Test/p":     "shop.test",
		"https://shop.test.:443/": "shop.test",
		"http://shop.test:443/":   "shop.test:443",
		"http://127.0.0.1:8080/":  "127.0.0.1:8080",
		"http://[::1]:80/":        "::1",
		"https://[::1]/":          "::1",
		"https://shop.test/p":     "shop.test",
		"https://shop.test./":     "shop.test",
		"https://192.0.2.7/":      "192.0.2.7",
		"https://BÜCHER.test/":    "bücher.test",
	} {
		require.Equal(t, want, trip.Domain(request(t, url)), url)
	}
}

func TestClassifyFollowsTheTable(t *testing.T) {
	later := http.Header{"Retry-After": {"30"}}
	for name, c := range map[string]struct {
		status int
		header http.Header
		want   trip.Verdict
	}{
		"ok":                    {200, nil, trip.OK},
		"not found":             {404, nil, trip.OK},
		"not implemented":       {501, nil, trip.OK},
		"server error":          {500, nil, trip.TargetError},
		"unavailable":           {503, nil, trip.TargetError},
		"unavailable for a bit": {503, later, trip.Throttled},
		"too many requests":     {429, nil, trip.Throttled},
		"forbidden":             {403, nil, trip.Blocked},
		"forbidden for a bit":   {403, later, trip.Throttled},
		"plain proxy wants key": {407, nil, trip.ProxyError},
	} {
		t.Run(name, func(t *testing.T) {
			resp := &http.Response{StatusCode: c.status, Header: c.header}
			o := trip.Classify(t.Context(), resp, nil)
			require.Equal(t, c.want, o.Verdict)
			require.Equal(t, c.header != nil, !o.RetryAt.IsZero())
		})
	}
}

func TestACallersCancelBlamesNobody(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	req := request(t, "https://a.test/").WithContext(ctx)
	ctx, _ = trip.Start(req, trip.Spec{})
	require.Equal(t, trip.TargetError, trip.Classify(ctx, nil, io.EOF).Verdict)
	cancel()
	require.Equal(t, trip.Canceled, trip.Classify(ctx, nil, io.EOF).Verdict)
}

func TestReportedOutcomeIsFoundByTheLayersAbove(t *testing.T) {
	ctx, a, owned := trip.EnsureAttempt(request(t, "https://a.test/"))
	require.True(t, owned)
	resp := &http.Response{StatusCode: 200}
	a.Report(trip.Outcome{Verdict: trip.Challenge}, resp, nil)
	require.Equal(t, trip.Challenge, trip.OutcomeOf(ctx, resp, nil).Verdict)
	require.Equal(t, trip.OK, trip.OutcomeOf(ctx, &http.Response{StatusCode: 200}, nil).Verdict, "another response")
	require.Equal(t, trip.TargetError, trip.OutcomeOf(ctx, nil, io.EOF).Verdict, "an error from above")
}

func TestSummaryTellsEveryAttempt(t *testing.T) {
	ctx, call := trip.Start(request(t, "https://a.test/"), trip.Spec{Policy: "shops"})
	for i, v := range []trip.Verdict{trip.ProxyError, trip.OK} {
		actx, a := call.StartAttempt(ctx)
		require.True(t, a.Hold(&trip.Identity{Egress: fmt.Sprintf("p%d", i+1)}, nil))
		a.Conclude(trip.Outcome{Verdict: v, Status: 200 * i})
		a.Release(nil)
		ctx2 := actx
		require.Same(t, call, trip.FromContext(ctx2))
	}
	call.AddCost(2990)
	s := call.Summary()
	require.Equal(t, "p2", s.Egress)
	require.Equal(t, trip.OK, s.Verdict)
	require.Equal(t, trip.USD(2990), s.Cost)
	require.Len(t, s.Attempts, 2)
	require.Equal(t, "#1 p1 proxy_error 0.0s", s.Attempts[0].String())
	require.Equal(t, "#2 p2 200 ok 0.0s", s.Attempts[1].String())
}

func TestFromResponseWorksThroughAClient(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer srv.Close()
	client := http.Client{Transport: roundTripper(func(req *http.Request) (*http.Response, error) {
		ctx, _ := trip.Start(req, trip.Spec{Policy: "p"})
		return http.DefaultTransport.RoundTrip(req.WithContext(ctx))
	})}
	resp, err := client.Get(srv.URL)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, "p", trip.FromResponse(resp).Policy)
	require.Zero(t, trip.FromResponse(&http.Response{}))
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

func TestBodyHooksRunOnceInOrder(t *testing.T) {
	var got []string
	resp := &http.Response{Body: io.NopCloser(strings.NewReader("abc"))}
	for i := range 4 {
		trip.OnBodyEnd(resp, func(err error) { got = append(got, fmt.Sprint(i, err)) })
	}
	_, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, []string{"0 <nil>", "1 <nil>", "2 <nil>", "3 <nil>"}, got)
	trip.OnBodyEnd(resp, func(error) { got = append(got, "late") })
	require.Equal(t, "late", got[len(got)-1])
}

func TestBodyHookSeesTheReadError(t *testing.T) {
	broken := errors.New("reset")
	resp := &http.Response{Body: io.NopCloser(io.MultiReader(strings.NewReader("a"), errReader{broken}))}
	var got error
	trip.OnBodyEnd(resp, func(err error) { got = err })
	_, err := io.ReadAll(resp.Body)
	require.ErrorIs(t, err, broken)
	require.ErrorIs(t, got, broken)
}

type errReader struct{ err error }

func (r errReader) Read([]byte) (int, error) { return 0, r.err }

type pipeBody struct {
	io.Reader
	io.Writer
}

func (pipeBody) Close() error { return nil }

type watcher struct{ ends int }

func (w *watcher) BodyEnded(error) { w.ends++ }

func TestWatchingABodyCostsOneAllocationForAllWatchers(t *testing.T) {
	first, second := new(watcher), new(watcher)
	inner := io.NopCloser(strings.NewReader(""))
	resp := new(http.Response)
	rounds := testing.AllocsPerRun(1000, func() {
		resp.Body = inner
		trip.WatchBody(resp, first)
		trip.WatchBody(resp, second)
		_ = resp.Body.Close()
	})
	require.LessOrEqual(t, rounds, 1.0)
	require.Equal(t, 1001, first.ends)
	require.Equal(t, 1001, second.ends)
}

func TestASwitchedProtocolStaysWritable(t *testing.T) {
	var sent strings.Builder
	resp := &http.Response{StatusCode: http.StatusSwitchingProtocols, Body: pipeBody{strings.NewReader(""), &sent}}
	trip.OnBodyEnd(resp, func(error) {})
	w, ok := resp.Body.(io.Writer)
	require.True(t, ok)
	_, err := io.WriteString(w, "hi")
	require.NoError(t, err)
	require.Equal(t, "hi", sent.String())
}

func TestUSDIsExact(t *testing.T) {
	for in, want := range map[string]string{
		"0.00299": "$0.00299", "$2.50": "$2.50", "7": "$7.00", "0.0000001": "$0.000001",
		"0.000700": "$0.0007", ".5": "$0.50",
	} {
		u, err := trip.ParseUSD(in)
		require.NoError(t, err, in)
		require.Equal(t, want, u.String(), in)
	}
	for _, in := range []string{"", "$", "-1", "1e3", "1.0000000x", "9999999999999999", "99999999999999999999"} {
		_, err := trip.ParseUSD(in)
		require.Error(t, err, in)
	}
	require.Equal(t, "-$0.50", (-trip.Dollar / 2).String())
}

func TestSleepEndsWithTheRequest(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, trip.Sleep(request(t, "http://a.test").WithContext(ctx), time.Hour), context.Canceled)
}

// packedBody fails when it is decoded.
type packedBody struct {
	io.Reader
	raw io.Reader
}

func (p packedBody) Close() error       { return nil }
func (p packedBody) Encoded() io.Reader { return p.raw }

func TestDiscardDecodesNothing(t *testing.T) {
	raw := strings.NewReader("packed")
	resp := &http.Response{Body: packedBody{errReader{errors.New("decoded")}, raw}}
	var ended error
	trip.OnBodyEnd(resp, func(err error) { ended = err })
	trip.Discard(resp, nil)
	require.Zero(t, raw.Len(), "the connection was left with bytes of the body")
	require.NoError(t, ended)
}

package otel_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/godwit-go/godwit/internal/rttest"
	"github.com/godwit-go/godwit/otel"
	"github.com/godwit-go/godwit/retry"
	"github.com/godwit-go/godwit/trip"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/codes"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
)

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(req *http.Request) (*http.Response, error) {
	trip.CloseBody(req)
	return f(req)
}

func status(code int, header ...string) *http.Response {
	resp := &http.Response{StatusCode: code, ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("page"))}
	for i := 0; i < len(header); i += 2 {
		resp.Header.Set(header[i], header[i+1])
	}
	return resp
}

// lab is a tracer whose spans stay in memory.
type lab struct {
	*otel.Tracer
	spans    *tracetest.InMemoryExporter
	provider *sdk.TracerProvider
}

func newLab(t testing.TB) *lab {
	t.Helper()
	spans := tracetest.NewInMemoryExporter()
	provider := sdk.NewTracerProvider(sdk.WithSyncer(spans))
	tracer, err := otel.New(otel.Config{TracerProvider: provider})
	require.NoError(t, err)
	return &lab{tracer, spans, provider}
}

// stack is what a godwit.Transport is to the tracer.
func (l *lab) stack(t testing.TB, wire http.RoundTripper) http.RoundTripper {
	t.Helper()
	loop, err := retry.New(l.Exchange(wire), retry.Config{Observer: l.Tracer})
	require.NoError(t, err)
	return l.Call(loop)
}

// tree prints the ended spans by parent, with the attributes asked for.
func (l *lab) tree(keys ...string) string {
	spans := l.spans.GetSpans()
	slices.SortStableFunc(spans, func(a, b tracetest.SpanStub) int { return a.StartTime.Compare(b.StartTime) })
	var b strings.Builder
	var below func(parent trace.SpanID, depth int)
	below = func(parent trace.SpanID, depth int) {
		for _, s := range spans {
			if s.Parent.SpanID() != parent {
				continue
			}
			fmt.Fprintf(&b, "%s%s", strings.Repeat("  ", depth), s.Name)
			for _, key := range keys {
				for _, a := range s.Attributes {
					if string(a.Key) == key {
						fmt.Fprintf(&b, " %s=%s", key, a.Value.String())
					}
				}
			}
			if s.Status.Code == codes.Error {
				b.WriteString(" !")
			}
			b.WriteString("\n")
			below(s.SpanContext.SpanID(), depth+1)
		}
	}
	below(trace.SpanID{}, 0)
	return b.String()
}

func get(t testing.TB, rt http.RoundTripper, ctx context.Context, url string) (*http.Response, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	require.NoError(t, err)
	return rt.RoundTrip(req)
}

func TestACallShowsItsAttemptsAndTheirExchanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t)
		answers := []*http.Response{status(503, "Retry-After", "2"), status(500), status(200)}
		n := 0
		rt := l.stack(t, roundTripper(func(req *http.Request) (*http.Response, error) {
			require.Empty(t, req.Header.Get("Traceparent"), "a target is shown the trace")
			a := trip.AttemptFrom(req.Context())
			a.Hold(&trip.Identity{Egress: fmt.Sprintf("proxy-%d", a.Number())}, nil)
			time.Sleep(time.Second)
			n++
			return answers[n-1], nil
		}))
		ctx, root := l.provider.Tracer("app").Start(t.Context(), "crawl")
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://user:hunter2@shop.test:8443/p?api_key=s3cret&q=shoes#top", nil)
		require.NoError(t, err)
		callCtx, _ := trip.Start(req, trip.Spec{Policy: "shops"})
		resp, err := rt.RoundTrip(req.WithContext(callCtx))
		require.NoError(t, err)
		_, err = io.ReadAll(resp.Body)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		root.End()

		require.Equal(t, `crawl
  call GET http.response.status_code=200 godwit.verdict=ok godwit.attempts=3 godwit.policy=shops
    attempt http.response.status_code=503 error.type=503 godwit.verdict=throttled godwit.egress=proxy-1 godwit.attempt=1 !
      GET http.response.status_code=503 error.type=503 godwit.verdict=throttled godwit.egress=proxy-1 !
    attempt http.response.status_code=500 error.type=500 godwit.verdict=target_error godwit.egress=proxy-2 godwit.attempt=2 !
      GET http.response.status_code=500 http.request.resend_count=1 error.type=500 godwit.verdict=target_error godwit.egress=proxy-2 !
    attempt http.response.status_code=200 godwit.verdict=ok godwit.egress=proxy-3 godwit.attempt=3
      GET http.response.status_code=200 http.request.resend_count=2 godwit.verdict=ok godwit.egress=proxy-3
`, l.tree("http.response.status_code", "http.request.resend_count", "error.type", "godwit.verdict", "godwit.attempts", "godwit.policy", "godwit.egress", "godwit.attempt"))

		var notes []string
		for _, s := range l.spans.GetSpans() {
			for _, e := range s.Events {
				notes = append(notes, fmt.Sprintf("%s: %s, %s", s.Name, e.Name, e.Attributes[1].Value.String()))
			}
			require.NotContains(t, fmt.Sprint(s), "hunter2")
			require.NotContains(t, fmt.Sprint(s), "s3cret")
			switch s.Name {
			case "GET":
				require.Equal(t, trace.SpanKindClient, s.SpanKind)
				require.Equal(t, time.Second, s.EndTime.Sub(s.StartTime))
				attrs := fmt.Sprint(s.Attributes)
				for _, want := range []string{"shop.test", "8443", `https://shop.test:8443/p"`, "1.1"} {
					require.Contains(t, attrs, want)
				}
			case "attempt":
				require.Equal(t, time.Second, s.EndTime.Sub(s.StartTime))
			}
		}
		require.Equal(t, []string{"call GET: retry, retry_after", "call GET: retry, jitter"}, notes)
	})
}

func TestTheCallsSpanLastsUntilItsBodyIsOver(t *testing.T) {
	l := newLab(t)
	broken := errors.New("reset by 10.0.0.7")
	rt := l.stack(t, roundTripper(func(*http.Request) (*http.Response, error) {
		resp := status(200)
		resp.Body = io.NopCloser(io.MultiReader(strings.NewReader("half a "), failing{broken}))
		return resp, nil
	}))
	resp, err := get(t, rt, t.Context(), "http://a.test/")
	require.NoError(t, err)
	require.Equal(t, "", l.tree(), "the call is not over") // its children hang on a span that is not there yet
	_, err = io.ReadAll(resp.Body)
	require.ErrorIs(t, err, broken)
	require.Equal(t, "call GET error.type=target_error !\n  attempt\n    GET\n", l.tree("error.type"))
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func TestErrorsAreWordsAndNeverText(t *testing.T) {
	l := newLab(t)
	secret := errors.New(`proxyconnect http://user:hunter2@proxy: refused`)
	_, err := get(t, l.stack(t, roundTripper(func(*http.Request) (*http.Response, error) { return nil, secret })), t.Context(), "http://a.test/")
	require.ErrorIs(t, err, secret)
	ctx, cancel := context.WithCancel(t.Context())
	_, err = get(t, l.stack(t, roundTripper(func(*http.Request) (*http.Response, error) {
		cancel()
		return nil, context.Canceled
	})), ctx, "http://b.test/")
	require.Error(t, err)
	tree := l.tree("server.address", "error.type")
	require.Contains(t, tree, "GET server.address=a.test error.type=target_error !")
	require.Contains(t, tree, "GET server.address=b.test error.type=canceled !")
	require.NotContains(t, fmt.Sprint(l.spans.GetSpans()), "hunter2")
}

// judged is an error of a layer between the retry loop and the wire.
type judged struct{ error }

func (judged) Outcome() trip.Outcome {
	return trip.Outcome{Verdict: trip.Local, Reason: "breaker open"}
}

func TestAnAttemptThatSendsNothingHasASpanToo(t *testing.T) {
	l := newLab(t)
	loop, err := retry.New(roundTripper(func(*http.Request) (*http.Response, error) {
		return nil, judged{errors.New("open")}
	}), retry.Config{Observer: l.Tracer})
	require.NoError(t, err)
	_, err = get(t, l.Call(loop), t.Context(), "http://a.test/")
	require.Error(t, err)
	require.Equal(t, "call GET error.type=local !\n  attempt error.type=local !\n", l.tree("error.type"))
}

func TestWhatTheTimeWentIntoIsNotedOnTheAttempt(t *testing.T) {
	l := newLab(t)
	wire := l.Exchange(roundTripper(func(*http.Request) (*http.Response, error) { return status(200), nil }))
	between := roundTripper(func(req *http.Request) (*http.Response, error) {
		resp, err := wire.RoundTrip(req)
		for _, e := range []trip.Event{
			&trip.Waited{Wait: time.Second},
			&trip.BreakerRejected{},
			&trip.ChallengeSolved{Vendor: "cloudflare", Provider: "2captcha", Cost: 2990},
			&trip.ChallengeFailed{Vendor: "cloudflare", Cause: "budget"},
			&trip.RetrySuppressed{Cause: "deadline"},
			&trip.ProxyPicked{},
		} {
			l.Observe(req.Context(), e)
			l.Observe(t.Context(), e) // of no call
		}
		return resp, err
	})
	loop, err := retry.New(between, retry.Config{Observer: l.Tracer})
	require.NoError(t, err)
	resp, err := get(t, l.Call(loop), t.Context(), "http://a.test/")
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	var notes []string
	for _, s := range l.spans.GetSpans() {
		for _, e := range s.Events {
			notes = append(notes, s.Name+": "+e.Name)
		}
	}
	require.Equal(t, []string{
		"attempt: waited for the rate limit", "attempt: breaker open", "attempt: challenge solved",
		"attempt: challenge not solved", "attempt: no retry",
	}, notes)
}

func TestEachPartWorksAlone(t *testing.T) {
	wire := roundTripper(func(*http.Request) (*http.Response, error) { return status(404), nil })
	for name, c := range map[string]struct {
		wrap func(*lab) http.RoundTripper
		want string
	}{
		"call":              {func(l *lab) http.RoundTripper { return l.Call(wire) }, "app\n  call GET error.type=404 !\n"},
		"exchange":          {func(l *lab) http.RoundTripper { return l.Exchange(wire) }, "app\n  GET error.type=404 !\n"},
		"without a retry":   {func(l *lab) http.RoundTripper { return l.Call(l.Exchange(wire)) }, "app\n  call GET error.type=404 !\n    GET error.type=404 !\n"},
		"without observing": {func(l *lab) http.RoundTripper { return l.Call(retrying(t, l.Exchange(wire))) }, "app\n  call GET error.type=404 !\n    attempt\n      GET error.type=404 !\n"},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t)
			ctx, root := l.provider.Tracer("app").Start(t.Context(), "app")
			resp, err := get(t, c.wrap(l), ctx, "http://a.test/")
			require.NoError(t, err)
			require.NoError(t, resp.Body.Close())
			root.End()
			require.Equal(t, c.want, l.tree("error.type"))
		})
	}
}

func retrying(t *testing.T, base http.RoundTripper) http.RoundTripper {
	rt, err := retry.New(base, retry.Config{})
	require.NoError(t, err)
	return rt
}

func TestSpanNamesStayFew(t *testing.T) {
	l := newLab(t)
	rt := l.Exchange(roundTripper(func(*http.Request) (*http.Response, error) { return status(200), nil }))
	req := httptest.NewRequest("BREW", "http://a.test/", nil)
	_, err := rt.RoundTrip(req)
	require.NoError(t, err)
	require.Equal(t, "HTTP http.request.method=_OTHER http.request.method_original=BREW server.port=80\n",
		l.tree("http.request.method", "http.request.method_original", "server.port"))
}

func TestURLsAreShownWithoutWhatMayBeSecret(t *testing.T) {
	l := newLab(t)
	rt := l.Exchange(roundTripper(func(*http.Request) (*http.Response, error) { return status(200), nil }))
	for url, want := range map[string]string{
		"http://u:p@a.test/x?y=1":     "http://a.test/x",
		"http://a.test:81/?sig=2&a#b": "http://a.test:81/",
		"http://a.test/a%2Fb?":        "http://a.test/a%2Fb",
	} {
		l.spans.Reset()
		_, err := get(t, rt, t.Context(), url)
		require.NoError(t, err)
		require.Equal(t, "GET url.full="+want+"\n", l.tree("url.full"))
	}
}

func TestManyCallsAtOnceKeepTheirSpansApart(t *testing.T) {
	l := newLab(t)
	rt := l.stack(t, roundTripper(func(*http.Request) (*http.Response, error) { return status(200), nil }))
	var wg sync.WaitGroup
	for range 64 {
		wg.Go(func() {
			if resp, err := get(t, rt, t.Context(), "http://a.test/"); err == nil {
				_ = resp.Body.Close()
			}
		})
	}
	wg.Wait()
	require.Equal(t, strings.Repeat("call GET\n  attempt\n    GET\n", 64), l.tree())
}

func TestBothMiddlewaresKeepTheContract(t *testing.T) {
	t.Run("call", func(t *testing.T) { rttest.Contract(t, newLab(t).Call) })
	t.Run("exchange", func(t *testing.T) { rttest.Contract(t, newLab(t).Exchange) })
}

func TestAProviderIsNeeded(t *testing.T) {
	_, err := otel.New(otel.Config{})
	require.ErrorContains(t, err, "TracerProvider: nil, want a provider")
}

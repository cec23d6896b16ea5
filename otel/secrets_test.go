package otel_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/godwit-go/godwit/retry"
	"github.com/godwit-go/godwit/trip"
)

// leaky is an error that quotes what it should not.
type leaky struct{ error }

func (e leaky) Outcome() trip.Outcome {
	return trip.Outcome{Verdict: trip.ProxyError, Phase: trip.Dial, Reason: "canary-reason", Detail: e.error}
}

// Everything that a caller, a proxy or a target says comes by a tracer: none of it
// is for those who may see traces.
func TestNoSecretIsFoundInASpan(t *testing.T) {
	came := 0
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Set-Cookie", "id=canary-set-cookie")
		switch came++; came % 4 {
		case 0:
			w.Header().Set("Retry-After", "0.001")
			http.Error(w, "canary-throttled", http.StatusTooManyRequests)
		case 1:
			w.Header().Set("Content-Length", "100")
			_, _ = io.WriteString(w, "canary-cut-short")
		case 2:
			panic(http.ErrAbortHandler)
		default:
			http.Error(w, "canary-broken", http.StatusInternalServerError)
		}
	}))
	defer site.Close()
	l := newLab(t)
	n := 0
	wire := roundTripper(func(req *http.Request) (*http.Response, error) {
		trip.AttemptFrom(req.Context()).Hold(&trip.Identity{Egress: "proxy-1:8080"}, nil)
		switch n++; n % 6 {
		case 0:
			return nil, errors.New("canary-text of " + req.URL.String())
		case 1:
			return nil, leaky{errors.New("canary-detail")}
		case 2:
			resp := status(302, "Location", "http://a.test/?canary-location", "Set-Cookie", "id=canary-set-cookie")
			resp.Status, resp.Proto = "302 canary-status", "canary-proto"
			resp.Body = io.NopCloser(failing{errors.New("canary-body")})
			return resp, nil
		}
		return http.DefaultTransport.RoundTrip(req)
	})
	loop, err := retry.New(l.Exchange(wire), retry.Config{Observer: l.Tracer, BaseDelay: time.Millisecond, MaxRetryAfter: time.Millisecond, BudgetMin: -1})
	require.NoError(t, err)
	rt := l.Call(loop)
	for range 40 {
		url := strings.Replace(site.URL, "://", "://canary-user:canary-pass@", 1) + "/p?q=canary-query&canary-name=1#canary-fragment"
		req, err := http.NewRequestWithContext(trip.WithSession(t.Context(), "canary-session"), http.MethodPut, url, strings.NewReader("canary-content"))
		require.NoError(t, err)
		req.Header.Set("Authorization", "Bearer canary-token")
		req.Header.Set("Cookie", "id=canary-cookie")
		resp, err := rt.RoundTrip(req)
		if err == nil {
			_, _ = io.Copy(io.Discard, resp.Body)
			require.NoError(t, resp.Body.Close())
		}
	}
	spans := l.spans.GetSpans()
	require.Greater(t, len(spans), 120, "of calls, attempts and exchanges")
	kinds, events := map[string]bool{}, 0
	for _, s := range spans {
		kinds[s.Name] = true
		events += len(s.Events)
		text, err := json.Marshal(s)
		require.NoError(t, err)
		require.NotContains(t, fmt.Sprintf("%+v", s)+string(text), "canary")
	}
	require.Equal(t, map[string]bool{"call PUT": true, "attempt": true, "PUT": true}, kinds)
	require.Positive(t, events)
}

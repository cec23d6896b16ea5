package proxypool_test

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/godwit-go/godwit/proxypool"
	"github.com/godwit-go/godwit/trip"
)

type answers func(*http.Request) (*http.Response, error)

func (f answers) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// traffic is a pool whose egress answers with the given body, and what is told
// about the bodies. It reads what is uploaded.
func traffic(t *testing.T, body io.ReadCloser) (http.RoundTripper, *[]trip.BodyDone) {
	t.Helper()
	var told []trip.BodyDone
	tr, err := proxypool.New(nil, proxypool.Config{
		Name: "exits", Direct: true,
		NewTransport: func(*url.URL) (http.RoundTripper, error) {
			return answers(func(req *http.Request) (*http.Response, error) {
				if req.Body != nil {
					_, _ = io.Copy(io.Discard, req.Body)
					_ = req.Body.Close()
				}
				return &http.Response{StatusCode: 200, Header: http.Header{}, Body: body, Request: req}, nil
			}), nil
		},
		Observer: trip.ObserverFunc(func(_ context.Context, e trip.Event) {
			if e, ok := e.(*trip.BodyDone); ok {
				told = append(told, *e)
			}
		}),
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, tr.Pool().Close()) })
	return tr, &told
}

func send(t *testing.T, rt http.RoundTripper, ctx context.Context, upload io.Reader) *http.Response {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://shop.test/", upload)
	require.NoError(t, err)
	resp, err := rt.RoundTrip(req)
	require.NoError(t, err)
	return resp
}

func TestTheEndOfABodyIsToldOnceWithWhatPassed(t *testing.T) {
	for name, c := range map[string]struct {
		upload io.Reader
		read   int64
		sent   int64
	}{
		"read to its end":           {strings.NewReader("12345"), 1 << 20, 5},
		"closed early":              {nil, 4, 0},
		"upload of unknown length":  {io.LimitReader(strings.NewReader("1234567890"), 7), 1 << 20, 7},
		"nothing of it was read on": {nil, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			rt, told := traffic(t, io.NopCloser(strings.NewReader("0123456789")))
			resp := send(t, rt, t.Context(), c.upload)
			require.Empty(t, *told, "it is not over yet")
			_, _ = io.CopyN(io.Discard, resp.Body, c.read)
			require.NoError(t, resp.Body.Close())
			require.NoError(t, resp.Body.Close())
			require.Len(t, *told, 1)
			e := (*told)[0]
			require.Equal(t, "shop.test", e.Attempt.Call().Domain())
			require.Equal(t, trip.BodyDone{
				Attempt: e.Attempt, Pool: "exits", Outcome: trip.Outcome{Verdict: trip.OK, Status: 200},
				Sent: c.sent, Received: min(c.read, 10),
			}, e)
		})
	}
}

func TestABodyThatBreaksOffTellsHow(t *testing.T) {
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	late, stop := context.WithDeadlineCause(t.Context(), time.Now().Add(-time.Second), nil)
	defer stop()
	for name, c := range map[string]struct {
		ctx  context.Context
		err  error
		want trip.Outcome
	}{
		"reset":                   {t.Context(), io.ErrUnexpectedEOF, trip.Outcome{Verdict: trip.TargetError, Reason: "connection"}},
		"too slow":                {t.Context(), context.DeadlineExceeded, trip.Outcome{Verdict: trip.TargetError, Timeout: true, Reason: "timeout"}},
		"the caller gave up":      {canceled, context.Canceled, trip.Outcome{Verdict: trip.Canceled, Reason: "caller's context"}},
		"the caller ran out time": {late, context.Canceled, trip.Outcome{Verdict: trip.Canceled, Timeout: true, Reason: "caller's context"}},
	} {
		t.Run(name, func(t *testing.T) {
			rt, told := traffic(t, io.NopCloser(io.MultiReader(strings.NewReader("0123"), iotest.ErrReader(c.err))))
			resp := send(t, rt, c.ctx, nil)
			_, err := io.ReadAll(resp.Body)
			require.ErrorIs(t, err, c.err)
			require.NoError(t, resp.Body.Close())
			c.want.Status, c.want.Phase = 200, trip.Body
			require.Len(t, *told, 1)
			require.Equal(t, c.want, (*told)[0].Outcome)
			require.EqualValues(t, 4, (*told)[0].Received)
		})
	}
}

func TestCountsAgreeWithTheSnapshot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // both look at the clock
		pool := newPool(t, proxypool.Config{Proxies: addresses(200), IdentityUses: -1})
		now := time.Now()
		for range 3 {
			takes(t, pool, now, "a.test", exit, broken)
		}
		for _, domain := range []string{"a.test", "b.test"} {
			for range 250 {
				pick(t, pool, now, proxypool.Want{Domain: domain, Retry: true}).Done(now, trip.Outcome{Verdict: trip.Blocked, Status: 403})
			}
		}
		want := pool.Snapshot()
		got := pool.Counts()
		require.Positive(t, want.States[proxypool.Ejected])
		for _, state := range []proxypool.State{proxypool.Healthy, proxypool.Ejected, proxypool.Probation, proxypool.Draining} {
			require.Equal(t, want.States[state], got.States[state], state)
		}
		bans := 0
		for _, d := range want.Domains {
			require.Equal(t, d.Banned, got.Banned[d.Domain], d.Domain)
			bans += d.Banned
		}
		require.Positive(t, bans)
		require.False(t, got.ReloadFailed)
	})
}

package retry_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/godwit-go/godwit/retry"
	"github.com/godwit-go/godwit/trip"
)

const s = time.Second

func TestTheLastResponseIsReturnedWithItsBody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		target := &target{answer: always(503)}
		seen := new(watch)
		rt := build(t, target, func(c *retry.Config) { c.Observer = seen })
		resp, err := rt.RoundTrip(get(t))
		require.NoError(t, err)
		got, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.Equal(t, "Service Unavailable", string(got))
		require.Equal(t, []time.Duration{s / 2, s, 2 * s}, target.gaps())
		require.Equal(t, []string{
			"attempt target_error", "retrying after 500ms jitter", "attempt target_error", "retrying after 1s jitter",
			"attempt target_error", "retrying after 2s jitter", "attempt target_error", "suppressed attempts",
		}, seen.told)
		require.Len(t, trip.FromResponse(resp).Attempts, 4)
	})
}

// what each verdict leads to, as seen from outside: how many requests, and the
// pauses between them.
func TestEveryVerdictHasItsWay(t *testing.T) {
	reset := &net.OpError{Op: "read", Net: "tcp", Err: errors.New("connection reset by peer")}
	soon := func() time.Time { return time.Now().Add(10 * s) }
	jitter := []time.Duration{s / 2, s, 2 * s}
	for name, c := range map[string]struct {
		answer func(int, *http.Request) (*http.Response, error)
		gaps   []time.Duration
		told   string // the last event but the attempt's
	}{
		"ok":                         {always(200), nil, ""},
		"not found":                  {always(404), nil, ""},
		"not implemented":            {always(501), nil, ""},
		"request timeout":            {always(408), jitter, "suppressed attempts"},
		"bad gateway":                {always(502), jitter, "suppressed attempts"},
		"cloudflare timeout":         {always(524), jitter, "suppressed attempts"},
		"server error not listed":    {always(505), nil, ""},
		"reset":                      {fails(9, reset), jitter, "suppressed attempts"},
		"end of file":                {fails(9, io.EOF), jitter, "suppressed attempts"},
		"throttled, nothing said":    {always(429), jitter, "suppressed attempts"},
		"throttled":                  {first(1, 429, "Retry-After", "20"), []time.Duration{21 * s}, "retrying after 21s retry_after"},
		"throttled by rate limit":    {first(1, 429, "RateLimit", `"a";r=0;t=20`), []time.Duration{21 * s}, "retrying after 21s ratelimit"},
		"throttled with 403":         {first(1, 403, "Retry-After", "20"), []time.Duration{21 * s}, "retrying after 21s retry_after"},
		"server error, asks":         {first(1, 500, "Retry-After", "20"), []time.Duration{21 * s}, "retrying after 21s retry_after"},
		"throttled for too long":     {always(429, "Retry-After", "61"), nil, "suppressed max_wait"},
		"throttled to the limit":     {first(1, 429, "Retry-After", "60"), []time.Duration{63 * s}, "retrying after 1m3s retry_after"},
		"blocked":                    {always(403), jitter, "suppressed attempts"},
		"proxy error":                {fails(9, judged{trip.Outcome{Verdict: trip.ProxyError}}), []time.Duration{0, 0, 0}, "suppressed attempts"},
		"plain proxy wants a key":    {first(1, 407), []time.Duration{0}, "retrying after 0s rotate"},
		"unsolved challenge":         {fails(9, judged{trip.Outcome{Verdict: trip.Challenge}}), jitter, "suppressed attempts"},
		"canceled below":             {fails(9, context.Canceled), nil, ""},
		"local for ever":             {fails(9, judged{trip.Outcome{Verdict: trip.Local}}), nil, ""},
		"a URL that is none":         {fails(9, judged{trip.Outcome{Verdict: trip.Local, Reason: "bad request"}}), nil, ""},
		"bad certificate":            {fails(9, &tls.CertificateVerificationError{Err: x509.HostnameError{}}), nil, ""},
		"bad certificate of a proxy": {fails(1, untrusted{}), []time.Duration{0}, "retrying after 0s rotate"},
		"unknown authority":          {fails(9, fmt.Errorf("get: %w", x509.UnknownAuthorityError{})), nil, ""},
		"verdict of a custom kind":   {fails(9, judged{}), nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				target, seen := &target{answer: c.answer}, new(watch)
				rt := build(t, target, func(c *retry.Config) { c.Observer = seen })
				status(t, rt, get(t))
				require.Equal(t, c.gaps, target.gaps())
				told := ""
				for _, line := range seen.told {
					if !strings.HasPrefix(line, "attempt") {
						told = line
					}
				}
				require.Equal(t, c.told, told)
			})
		})
	}
	t.Run("local until soon", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			target := &target{answer: fails(1, judged{trip.Outcome{Verdict: trip.Local, RetryAt: soon()}})}
			require.Equal(t, 200, status(t, build(t, target, nil), get(t)))
			require.Equal(t, []time.Duration{10*s + s/2}, target.gaps())
		})
	})
}

// untrusted is a proxy whose certificate nobody knows.
type untrusted struct{}

func (untrusted) Error() string         { return "proxy: tls" }
func (untrusted) Unwrap() error         { return x509.UnknownAuthorityError{} }
func (untrusted) Outcome() trip.Outcome { return trip.Outcome{Verdict: trip.ProxyError} }

func TestAReportedVerdictOutweighsTheStatus(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		report := func(v trip.Verdict, status int) func(int, *http.Request) (*http.Response, error) {
			return func(_ int, req *http.Request) (*http.Response, error) {
				resp := respond(req, status)
				trip.AttemptFrom(req.Context()).Report(trip.Outcome{Verdict: v, Status: status}, resp, nil)
				return resp, nil
			}
		}
		for want, answer := range map[int]func(int, *http.Request) (*http.Response, error){
			4: report(trip.TargetError, 200), // an error page that says 200
			1: report(trip.OK, 503),          // this site's way of saying "not yet"
		} {
			target := &target{answer: answer}
			status(t, build(t, target, nil), get(t))
			require.Equal(t, want, target.count())
		}
	})
}

func TestABlockedVisitorIsReplacedBeforeItsBanIsOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for direct, want := range map[bool]time.Duration{
			false: s / 2,  // somebody else asks; always after a short pause
			true:  21 * s, // nobody else there: the ban is sat out
		} {
			target := &target{}
			target.answer = func(n int, req *http.Request) (*http.Response, error) {
				a := trip.AttemptFrom(req.Context())
				a.Hold(&trip.Identity{Direct: direct}, nil)
				if n > 3 {
					return respond(req, 200), nil
				}
				return nil, judged{trip.Outcome{Verdict: trip.Blocked, RetryAt: time.Now().Add(20 * s)}}
			}
			require.Equal(t, 200, status(t, build(t, target, nil), get(t)))
			require.Equal(t, []time.Duration{want, want, want}, target.gaps())
		}
	})
}

func TestNobodySleepsIntoADeadline(t *testing.T) {
	for name, c := range map[string]struct {
		answer  func(int, *http.Request) (*http.Response, error)
		retryAt time.Duration
	}{
		"a response":    {always(429, "Retry-After", "20"), 20 * s},
		"an error":      {fails(9, judged{trip.Outcome{Verdict: trip.TargetError}}), 30 * s},
		"nothing asked": {always(500), 30 * s},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), 10*s)
				defer cancel()
				seen := new(watch)
				rt := build(t, &target{answer: c.answer}, func(cfg *retry.Config) {
					cfg.Observer = seen
					cfg.BaseDelay = time.Minute
				})
				began := time.Now()
				req := get(t).WithContext(ctx)
				ctx, call := trip.Start(req, trip.Spec{})
				_, _ = rt.RoundTrip(req.WithContext(ctx))
				require.Zero(t, time.Since(began))
				require.Equal(t, began.Add(c.retryAt), call.Summary().RetryAt)
				require.Equal(t, "suppressed deadline", seen.told[len(seen.told)-1])
			})
		})
	}
	t.Run("what fits is waited for", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 22*s)
			defer cancel()
			target := &target{answer: first(1, 429, "Retry-After", "20")}
			require.Equal(t, 200, status(t, build(t, target, nil), get(t).WithContext(ctx)))
		})
	})
}

func TestALongWaitIsReturnedWithItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		target := &target{answer: always(503, "Retry-After", "3600")}
		resp, err := build(t, target, nil).RoundTrip(get(t))
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.Equal(t, 1, target.count())
		require.Equal(t, time.Now().Add(time.Hour), trip.FromResponse(resp).RetryAt)
	})
}

func TestARetryThatTheBudgetRefusesSaysWhenToComeBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rt := build(t, &target{answer: always(500)}, func(c *retry.Config) { c.BudgetRatio, c.BudgetMin = 0.01, 1 })
		resp, err := rt.RoundTrip(get(t))
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.Equal(t, 500, resp.StatusCode)
		s := trip.FromResponse(resp)
		require.Len(t, s.Attempts, 2, "one retry was in the budget")
		require.Equal(t, time.Second, time.Until(s.RetryAt), "when the next would have been sent")
	})
}

func TestOnlyWhatMayBeSentTwiceIsSentTwice(t *testing.T) {
	body := func() io.Reader { return strings.NewReader("order") }
	dial := fails(1, &net.OpError{Op: "dial", Err: errors.New("refused")})
	refused := fails(1, judged{trip.Outcome{Verdict: trip.ProxyError, Phase: trip.ProxyConnect}})
	handshake := fails(1, judged{trip.Outcome{Verdict: trip.TargetError, Phase: trip.TLS}})
	lost := fails(1, judged{trip.Outcome{Verdict: trip.ProxyError, Phase: trip.FirstByte}})
	open := fails(1, judged{trip.Outcome{Verdict: trip.Local, RetryAt: time.Unix(1, 0)}}) // just passed
	for name, c := range map[string]struct {
		method string
		header string
		answer func(int, *http.Request) (*http.Response, error)
		want   int
		cause  string
	}{
		"GET":                              {"GET", "", first(1, 503), 2, ""},
		"no method is GET":                 {"", "", first(1, 503), 2, ""},
		"HEAD":                             {"HEAD", "", first(1, 503), 2, ""},
		"PUT":                              {"PUT", "", first(1, 503), 2, ""},
		"DELETE":                           {"DELETE", "", first(1, 503), 2, ""},
		"QUERY":                            {"QUERY", "", first(1, 503), 2, ""},
		"POST":                             {"POST", "", first(1, 503), 1, "suppressed not_idempotent"},
		"PATCH":                            {"PATCH", "", first(1, 429), 1, "suppressed not_idempotent"},
		"unknown method":                   {"BREW", "", first(1, 503), 1, "suppressed not_idempotent"},
		"POST with a key":                  {"POST", "Idempotency-Key", first(1, 503), 2, ""},
		"POST with an old key":             {"POST", "X-Idempotency-Key", first(1, 503), 2, ""},
		"POST, never dialed":               {"POST", "", dial, 2, ""},
		"POST, no handshake":               {"POST", "", handshake, 2, ""},
		"POST, refused by proxy":           {"POST", "", refused, 2, ""},
		"POST, lost behind proxy":          {"POST", "", lost, 1, "suppressed not_idempotent"},
		"POST, refused by a plain proxy":   {"POST", "", first(1, 407), 2, ""},
		"POST, breaker open":               {"POST", "", open, 2, ""},
		"POST, connection lost":            {"POST", "", fails(1, io.EOF), 1, "suppressed not_idempotent"},
		"GET, connection lost":             {"GET", "", fails(1, io.EOF), 2, ""},
		"GET, lost behind proxy":           {"GET", "", lost, 2, ""},
		"POST blocked is not asked again":  {"POST", "", first(1, 403), 1, "suppressed not_idempotent"},
		"POST answered, so no retry needs": {"POST", "", always(200), 1, ""},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				target, seen := &target{answer: c.answer}, new(watch)
				rt := build(t, target, func(cfg *retry.Config) { cfg.Observer = seen })
				req := request(t, c.method, body())
				req.Method = c.method
				if c.header != "" {
					req.Header[c.header] = nil // net/http takes a key without a value too
				}
				status(t, rt, req)
				require.Equal(t, c.want, target.count())
				for _, got := range target.bodies {
					require.Equal(t, "order", got)
				}
				if c.cause != "" {
					require.Equal(t, c.cause, seen.told[len(seen.told)-1])
				}
			})
		})
	}
}

func TestAPostThatWasAnsweredBeforeIsNotUnsent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		target := &target{}
		target.answer = func(_ int, req *http.Request) (*http.Response, error) {
			a := trip.AttemptFrom(req.Context())
			a.Report(trip.Outcome{Verdict: trip.Challenge}, respond(req, 403), nil)
			err := judged{trip.Outcome{Verdict: trip.ProxyError, Phase: trip.Dial}} // of the replay
			a.Report(err.outcome, nil, err)
			return nil, err
		}
		status(t, build(t, target, nil), request(t, http.MethodPost, strings.NewReader("order")))
		require.Equal(t, 1, target.count())
	})
}

func TestMalformedRequestsFailOnce(t *testing.T) {
	for _, raw := range []string{"ftp://shop.test/", "//shop.test/"} {
		target := &target{answer: fails(9, errors.New("unsupported protocol scheme"))}
		req := get(t)
		req.URL, _ = url.Parse(raw)
		require.Zero(t, status(t, build(t, target, nil), req))
		require.Equal(t, 1, target.count(), raw)
	}
}

func TestACancelEndsTheWaitAndSaysWhatForItWas(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(5*s, cancel)
		began := time.Now()
		_, err := build(t, &target{answer: always(429, "Retry-After", "20")}, nil).RoundTrip(get(t).WithContext(ctx))
		require.Equal(t, 5*s, time.Since(began))
		require.ErrorIs(t, err, context.Canceled)
		require.ErrorIs(t, err, retry.ErrInterrupted)
		require.EqualError(t, err, "retry: interrupted while waiting: context canceled, after status 429")
		var interrupted *retry.InterruptedError
		require.ErrorAs(t, err, &interrupted)
		require.False(t, interrupted.Timeout())
		require.Equal(t, 429, interrupted.Status)

		ctx, cancel = context.WithCancel(t.Context())
		time.AfterFunc(s/4, cancel)
		_, err = build(t, &target{answer: fails(9, io.EOF)}, nil).RoundTrip(get(t).WithContext(ctx))
		require.EqualError(t, err, "retry: interrupted while waiting: context canceled, after: EOF")
		require.NotErrorIs(t, err, io.EOF)
	})
}

func TestABodyThatIsNotSentAfterAllIsClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(s/4, cancel)
		req := request(t, http.MethodPut, strings.NewReader("order"))
		second := &once{Reader: strings.NewReader("order")}
		req.GetBody = func() (io.ReadCloser, error) { return second, nil }
		_, err := build(t, &target{answer: always(500)}, nil).RoundTrip(req.WithContext(ctx))
		require.ErrorIs(t, err, context.Canceled)
		require.Equal(t, 1, second.closed)
	})
}

func TestAnAbandonedRequestIsNotSentAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		giveUp := make(chan struct{})
		target := &target{answer: func(int, *http.Request) (*http.Response, error) {
			close(giveUp)
			return nil, errors.New("net/http: request canceled")
		}}
		seen := new(watch)
		req := get(t)
		//lint:ignore SA1019 deprecated, yet http.Client.Timeout sets it on wrapped transports
		req.Cancel = giveUp
		require.Zero(t, status(t, build(t, target, func(c *retry.Config) { c.Observer = seen }), req))
		require.Equal(t, []string{"attempt canceled"}, seen.told)
	})
}

func TestThePolicysKeyNamesTheBudget(t *testing.T) {
	target := &target{answer: always(200)}
	rt, err := retry.New(target, retry.Config{Key: func(req *http.Request) string { return "by " + req.Method }})
	require.NoError(t, err)
	status(t, rt, get(t))
	require.Equal(t, []retry.Stats{{Key: "by GET", Calls: 1, Left: 3}}, rt.Group().Stats())
}

func TestACallOfTheLayerAboveIsUsed(t *testing.T) {
	target := &target{answer: first(1, 500)}
	rt, err := retry.New(target, retry.Config{BaseDelay: -1})
	require.NoError(t, err)
	req := get(t)
	ctx, call := trip.Start(req, trip.Spec{Domain: "*.shop.test"})
	require.Equal(t, 200, status(t, rt, req.WithContext(ctx)))
	require.Len(t, call.Summary().Attempts, 2)
	require.Equal(t, "*.shop.test", rt.Group().Stats()[0].Key)
}

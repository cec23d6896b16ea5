package rttest

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/godwit-go/godwit/trip"
)

// mutant is a model that breaks one promise.
type mutant struct {
	flaw  string
	rules []string // that see it: exactly these
	spoil func(*model) http.RoundTripper
}

type send = func(*http.Request) (*http.Response, error)

// outside and inside put a flaw between the caller and the model, or between the
// model and its base; with spoils one of the model's own duties.
func outside(f func(req *http.Request, next send) (*http.Response, error)) func(*model) http.RoundTripper {
	return func(m *model) http.RoundTripper { return layer{m, f} }
}

func inside(f func(req *http.Request, next send) (*http.Response, error)) func(*model) http.RoundTripper {
	return func(m *model) http.RoundTripper {
		m.base = layer{m.base, f}
		return m
	}
}

func with(spoil func(*model)) func(*model) http.RoundTripper {
	return func(m *model) http.RoundTripper {
		spoil(m)
		return m
	}
}

type layer struct {
	next http.RoundTripper
	f    func(*http.Request, send) (*http.Response, error)
}

func (l layer) RoundTrip(req *http.Request) (*http.Response, error) {
	return l.f(req, l.next.RoundTrip)
}
func (l layer) CloseIdleConnections() { trip.CloseIdle(l.next) }

// onRequest spoils a shallow copy of each request that the model sends.
func onRequest(f func(*http.Request)) func(*model) http.RoundTripper {
	return inside(func(req *http.Request, next send) (*http.Response, error) {
		out := req.WithContext(req.Context())
		f(out)
		return next(out)
	})
}

// onResponse spoils what the model returns.
func onResponse(f func(*http.Response)) func(*model) http.RoundTripper {
	return outside(func(req *http.Request, next send) (*http.Response, error) {
		resp, err := next(req)
		if err == nil {
			f(resp)
		}
		return resp, err
	})
}

// onError spoils how the model fails.
func onError(f func(error) (*http.Response, error)) func(*model) http.RoundTripper {
	return outside(func(req *http.Request, next send) (*http.Response, error) {
		resp, err := next(req)
		if err != nil {
			return f(err)
		}
		return resp, nil
	})
}

// hasBody is false for the requests whose body no wrapper has to care for.
func hasBody(req *http.Request) bool { return req.Body != nil && req.Body != http.NoBody }

var mutants = []mutant{
	// The caller's request.
	{
		"writes a header",
		[]string{"request_is_never_written_to"},
		outside(func(req *http.Request, next send) (*http.Response, error) {
			if req.Header != nil {
				req.Header.Set("X-Added", "1")
			}
			return next(req)
		}),
	},
	{
		"writes a header and takes it away again",
		[]string{"request_is_never_written_to"},
		outside(func(req *http.Request, next send) (*http.Response, error) {
			if req.Header != nil {
				req.Header.Set("X-Added", "1")
				defer req.Header.Del("X-Added")
			}
			return next(req)
		}),
	},
	{
		"writes to the URL",
		[]string{"request_is_never_written_to"},
		outside(func(req *http.Request, next send) (*http.Response, error) {
			if req.URL != nil {
				req.URL.ForceQuery = true
			}
			return next(req)
		}),
	},
	{
		"replaces the body in the caller's request",
		[]string{"request_is_never_written_to"},
		outside(func(req *http.Request, next send) (*http.Response, error) {
			defer func() { req.Body = http.NoBody }()
			return next(req)
		}),
	},
	{
		"replaces the context of the caller's request",
		[]string{"request_is_never_written_to"},
		outside(func(req *http.Request, next send) (*http.Response, error) {
			type key struct{}
			*req = *req.WithContext(context.WithValue(req.Context(), key{}, 1))
			return next(req)
		}),
	},
	{
		"leaves the request body open",
		[]string{"request_body_is_closed_after_success"},
		leavesBodyOpen(func(err error) bool { return err == nil }),
	},
	{
		"leaves the request body open after an error",
		[]string{"request_body_is_closed_after_an_error"},
		leavesBodyOpen(func(err error) bool { return errors.Is(err, errBase) }),
	},
	{
		"leaves the body of a canceled request open",
		[]string{"request_body_is_closed_when_canceled_before"},
		outside(func(req *http.Request, next send) (*http.Response, error) {
			if err := req.Context().Err(); err != nil {
				return nil, err
			}
			return next(req)
		}),
	},
	{
		"leaves the body of a refused request open",
		[]string{"refused_request_body_is_closed"},
		with(func(m *model) {
			if m.refuses {
				m.refuse = func(*http.Request) {}
			}
		}),
	},
	{
		"leaves the body of a waiting request open",
		[]string{"cancel_ends_a_wait"},
		with(func(m *model) {
			if !m.refuses {
				m.refuse = func(*http.Request) {}
			}
		}),
	},
	{
		"sends what it should refuse",
		[]string{"refused_request_body_is_closed"},
		with(func(m *model) { m.refuses = false }),
	},
	{
		"wraps http.NoBody",
		[]string{"request_without_body_stays_without"},
		onRequest(func(req *http.Request) {
			if req.Body == http.NoBody {
				req.Body = io.NopCloser(http.NoBody)
			}
		}),
	},
	{
		"makes a body of none",
		[]string{"request_without_body_stays_without"},
		onRequest(func(req *http.Request) {
			if req.Body == nil {
				req.Body = io.NopCloser(strings.NewReader(""))
			}
		}),
	},
	{
		"loses the length",
		[]string{"request_reaches_the_base_whole", "body_is_replayed_from_GetBody"},
		onRequest(func(req *http.Request) { req.ContentLength = -1 }),
	},
	{
		"loses GetBody",
		[]string{"request_reaches_the_base_whole"},
		onRequest(func(req *http.Request) { req.GetBody = nil }),
	},
	{
		"loses the trailer",
		[]string{"request_reaches_the_base_whole"},
		onRequest(func(req *http.Request) { req.Trailer = nil }),
	},
	{
		"overrules the caller's header",
		[]string{"request_reaches_the_base_whole"},
		onRequest(func(req *http.Request) {
			if req.Header != nil {
				req.Header = req.Header.Clone()
				req.Header.Set("Accept", "*/*")
			}
		}),
	},
	{
		"needs a URL",
		[]string{"malformed_request_does_not_panic"},
		outside(func(req *http.Request, next send) (*http.Response, error) {
			_ = req.URL.Host
			return next(req)
		}),
	},
	{
		"needs a header",
		[]string{"malformed_request_does_not_panic"},
		onRequest(func(req *http.Request) {
			if req.Header == nil {
				req.Header["X-Added"] = nil
			}
		}),
	},

	// The response.
	{
		"returns a response and an error",
		[]string{"either_a_response_or_an_error"},
		onError(func(err error) (*http.Response, error) {
			return &http.Response{StatusCode: http.StatusBadGateway, Body: http.NoBody}, err
		}),
	},
	{
		"returns neither",
		[]string{"either_a_response_or_an_error"},
		onError(func(err error) (*http.Response, error) {
			if errors.Is(err, errBase) {
				err = nil
			}
			return nil, err
		}),
	},
	{
		"loses a header of the response",
		[]string{"response_is_kept"},
		onResponse(func(resp *http.Response) { resp.Header.Del("Set-Cookie") }),
	},
	{
		"loses the TLS state",
		[]string{"response_is_kept"},
		onResponse(func(resp *http.Response) { resp.TLS = nil }),
	},
	{
		"loses the response's request",
		[]string{"response_is_kept"},
		onResponse(func(resp *http.Response) { resp.Request = nil }),
	},
	{
		"copies the response",
		[]string{"response_trailer_is_kept"},
		outside(func(req *http.Request, next send) (*http.Response, error) {
			resp, err := next(req)
			if err != nil {
				return nil, err
			}
			copied := *resp
			return &copied, nil
		}),
	},
	{
		"gives the body less time than it needs",
		[]string{"response_body_outlives_the_round_trip", "cancel_ends_the_response_body"},
		with(func(m *model) {
			m.release = func(resp *http.Response, cancel context.CancelFunc) {
				timer := time.AfterFunc(500*time.Millisecond, cancel)
				trip.OnBodyEnd(resp, func(error) { timer.Stop(); cancel() })
			}
		}),
	},
	{
		"does not close the response body",
		[]string{"response_body_is_closed_with_the_callers"},
		onResponse(func(resp *http.Response) {
			if resp.StatusCode == http.StatusOK {
				resp.Body = io.NopCloser(resp.Body)
			}
		}),
	},
	{
		"takes a broken body for whole",
		[]string{"response_body_error_reaches_the_caller"},
		onResponse(func(resp *http.Response) {
			if resp.StatusCode == http.StatusOK {
				resp.Body = lenient{resp.Body}
			}
		}),
	},
	{
		"wraps the body of a switched protocol",
		[]string{"switched_protocol_stays_writable"},
		onResponse(func(resp *http.Response) { resp.Body = struct{ io.ReadCloser }{resp.Body} }),
	},
	{
		"keeps idle connections",
		[]string{"idle_connections_are_closed"},
		func(m *model) http.RoundTripper { return struct{ http.RoundTripper }{m} },
	},
	{"mixes bodies", []string{"bodies_are_never_mixed"}, mixes()},

	// The end of a call.
	{
		"loses the context's values",
		[]string{"response_is_kept", "context_values_reach_the_base"},
		inside(func(req *http.Request, next send) (*http.Response, error) {
			return next(req.WithContext(valueless{req.Context()}))
		}),
	},
	{
		"loses the cancel",
		[]string{
			"cancel_reaches_the_base", "deadline_reaches_the_base", "cancel_ends_the_response_body", "dripping_discarded_response_holds_nobody",
		},
		inside(func(req *http.Request, next send) (*http.Response, error) {
			return next(req.WithContext(cancelless(req.Context())))
		}),
	},
	{"hides the cancel", []string{
		"request_body_is_closed_when_canceled_before", "cancel_reaches_the_base", "cancel_ends_a_wait", "request_cancel_ends_a_wait",
	}, onError(func(err error) (*http.Response, error) {
		if errors.Is(err, context.Canceled) {
			err = errors.New("gave up")
		}
		return nil, err
	})},
	{
		"hides the deadline",
		[]string{"deadline_reaches_the_base", "deadline_ends_a_wait"},
		onError(func(err error) (*http.Response, error) {
			if errors.Is(err, context.DeadlineExceeded) {
				err = timeoutError{}
			}
			return nil, err
		}),
	},
	{
		"loses Request.Cancel",
		[]string{"request_cancel_reaches_the_base"},
		onRequest(func(req *http.Request) {
			//lint:ignore SA1019 deprecated, yet http.Client.Timeout sets it on wrapped transports
			req.Cancel = nil
		}),
	},
	{"loses the cancel and Request.Cancel", []string{
		"cancel_reaches_the_base", "deadline_reaches_the_base", "client_timeout_reaches_the_base", "request_cancel_reaches_the_base",
		"cancel_ends_the_response_body", "dripping_discarded_response_holds_nobody",
	}, onRequest(func(req *http.Request) {
		*req = *req.WithContext(cancelless(req.Context()))
		//lint:ignore SA1019 deprecated, yet http.Client.Timeout sets it on wrapped transports
		req.Cancel = nil
	})},
	{
		"waits on when canceled",
		[]string{"cancel_ends_a_wait", "deadline_ends_a_wait"},
		with(func(m *model) {
			m.sleep = func(req *http.Request, d time.Duration) error {
				return trip.Sleep(req.WithContext(context.WithoutCancel(req.Context())), d)
			}
		}),
	},
	{
		"waits on when Request.Cancel is closed",
		[]string{"request_cancel_ends_a_wait"},
		with(func(m *model) {
			m.sleep = func(req *http.Request, d time.Duration) error {
				out := req.WithContext(req.Context())
				//lint:ignore SA1019 deprecated, yet http.Client.Timeout sets it on wrapped transports
				out.Cancel = nil
				return trip.Sleep(out, d)
			}
		}),
	},
	{
		"waits on whatever happens",
		[]string{"cancel_ends_a_wait", "request_cancel_ends_a_wait", "deadline_ends_a_wait", "client_timeout_ends_a_wait"},
		with(func(m *model) {
			m.sleep = func(_ *http.Request, d time.Duration) error {
				time.Sleep(d)
				return nil
			}
		}),
	},

	// A response that is thrown away.
	{"sends the first body again", []string{"body_is_replayed_from_GetBody", "early_answer_does_not_mix_bodies"}, sendsFirstBodyAgain()},
	{
		"sends again without the body it cannot replay",
		[]string{"body_without_GetBody_is_sent_once"},
		with(func(m *model) {
			m.again = func(*http.Request) bool { return true }
			m.replay = func(req *http.Request) (io.ReadCloser, error) {
				if req.GetBody == nil {
					return http.NoBody, nil
				}
				return req.GetBody()
			}
		}),
	},
	{
		"returns what it should discard",
		[]string{
			"body_is_replayed_from_GetBody", "discarded_response_is_drained_and_closed_once", "endless_discarded_response_is_cut_off",
			"dripping_discarded_response_holds_nobody", "early_answer_does_not_mix_bodies",
		},
		with(func(m *model) { m.again = func(*http.Request) bool { return false } }),
	},
	{"leaks a discarded response", []string{
		"discarded_response_is_drained_and_closed_once", "endless_discarded_response_is_cut_off", "dripping_discarded_response_holds_nobody",
		"discarded_response_gives_its_connection_back",
	}, discards(func(*http.Response, context.CancelFunc) {})},
	{
		"closes a discarded response unread",
		[]string{"discarded_response_is_drained_and_closed_once", "discarded_response_gives_its_connection_back"},
		discards(func(resp *http.Response, _ context.CancelFunc) { _ = resp.Body.Close() }),
	},
	{
		"drains without a bound of bytes",
		[]string{"endless_discarded_response_is_cut_off"},
		discards(func(resp *http.Response, cancel context.CancelFunc) {
			done := make(chan struct{})
			go func() {
				defer close(done)
				_, _ = io.Copy(io.Discard, resp.Body)
				_ = resp.Body.Close()
			}()
			timer := time.NewTimer(trip.MaxDrainTime)
			defer timer.Stop()
			select {
			case <-done:
			case <-timer.C:
				cancel()
			}
		}),
	},
	{
		"drains without a bound of time",
		[]string{"dripping_discarded_response_holds_nobody"},
		discards(func(resp *http.Response, _ context.CancelFunc) {
			_, _ = io.CopyN(io.Discard, resp.Body, trip.MaxDrainBytes)
			_ = resp.Body.Close()
		}),
	},
	{
		"drains on in the background",
		[]string{"dripping_discarded_response_holds_nobody"},
		discards(func(resp *http.Response, _ context.CancelFunc) { trip.Discard(resp, nil) }),
	},
	{"closes a discarded response twice", []string{
		"discarded_response_is_drained_and_closed_once", "endless_discarded_response_is_cut_off", "dripping_discarded_response_holds_nobody",
	}, discards(func(resp *http.Response, cancel context.CancelFunc) {
		trip.Discard(resp, cancel)
		_ = resp.Body.Close()
	})},
	{
		"closes a discarded response while it reads it",
		[]string{"dripping_discarded_response_holds_nobody"},
		discards(func(resp *http.Response, cancel context.CancelFunc) {
			done := make(chan struct{})
			go func() {
				defer close(done)
				_, _ = io.CopyN(io.Discard, resp.Body, trip.MaxDrainBytes)
			}()
			timer := time.NewTimer(trip.MaxDrainTime)
			defer timer.Stop()
			select {
			case <-done:
			case <-timer.C:
			}
			_ = resp.Body.Close()
			cancel()
		}),
	},
}

func discards(f func(*http.Response, context.CancelFunc)) func(*model) http.RoundTripper {
	return with(func(m *model) { m.discard = f })
}

// leavesBodyOpen closes the request body in the base's stead, but not after all endings.
func leavesBodyOpen(when func(error) bool) func(*model) http.RoundTripper {
	return inside(func(req *http.Request, next send) (*http.Response, error) {
		out := req
		if hasBody(req) {
			out = req.WithContext(req.Context())
			out.Body = io.NopCloser(req.Body)
		}
		resp, err := next(out)
		if hasBody(req) && !when(err) {
			_ = req.Body.Close()
		}
		return resp, err
	})
}

// lenient ends early where it should tell that it broke.
type lenient struct{ io.ReadCloser }

func (l lenient) Read(p []byte) (int, error) {
	n, err := l.ReadCloser.Read(p)
	if errors.Is(err, errBase) {
		err = io.EOF
	}
	return n, err
}

// cancelless takes the end of ctx away, except one that has come already.
func cancelless(ctx context.Context) context.Context {
	if ctx.Err() != nil {
		return ctx
	}
	return context.WithoutCancel(ctx)
}

type timeoutError struct{}

func (timeoutError) Error() string { return "too late" }
func (timeoutError) Timeout() bool { return true }

type valueless struct{ context.Context }

func (valueless) Value(any) any { return nil }

// mixes gives a caller the body that was meant for the one before.
func mixes() func(*model) http.RoundTripper {
	return func(m *model) http.RoundTripper {
		var mu sync.Mutex
		var last io.ReadCloser
		return onResponse(func(resp *http.Response) {
			if resp.Header.Get("X-Id") == "" {
				return
			}
			mu.Lock()
			defer mu.Unlock()
			if last != nil {
				resp.Body, last = last, resp.Body
				return
			}
			last = resp.Body
			resp.Body = http.NoBody
		})(m)
	}
}

// sendsFirstBodyAgain rewinds the reader that the base may still be reading.
func sendsFirstBodyAgain() func(*model) http.RoundTripper {
	return with(func(m *model) {
		m.replay = func(req *http.Request) (io.ReadCloser, error) {
			u, ok := req.Body.(*upload)
			if !ok {
				return req.GetBody()
			}
			u.mu.Lock()
			defer u.mu.Unlock()
			u.closes = 0
			_, err := u.r.Seek(0, io.SeekStart)
			return u, err
		}
	})
}

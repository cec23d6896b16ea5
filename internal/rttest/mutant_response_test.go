package rttest

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/godwit-go/godwit/trip"
)

// responseMutants break the promises about what becomes of the response.
var responseMutants = []mutant{
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

package rttest

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/godwit-go/godwit/trip"
)

// cancelMutants break the promises about the end of a call.
var cancelMutants = []mutant{
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

package rttest

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
)

// requestMutants break the promises about what becomes of the request.
var requestMutants = []mutant{
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

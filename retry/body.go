package retry

import (
	"bytes"
	"io"
	"net/http"

	"github.com/godwit-go/godwit/trip"
)

// upload is where the request body of each attempt comes from. A body is never
// rewound: net/http may still be reading it when RoundTrip has returned.
type upload struct {
	body    io.ReadCloser                 // of the first attempt
	getBody func() (io.ReadCloser, error) // of all others; nil when there is no other
	empty   bool                          // there is no body; all attempts share body
}

func hasBody(req *http.Request) bool { return req.Body != nil && req.Body != http.NoBody }

// newUpload finds out whether the body of req can be had again. One that cannot
// is buffered up to limit bytes. On an error the body is closed.
func newUpload(req *http.Request, limit int64) (upload, error) {
	u := upload{body: req.Body, getBody: req.GetBody, empty: !hasBody(req)}
	if u.empty || u.getBody != nil || limit <= 0 || req.ContentLength > limit {
		return u, nil
	}
	data, err := io.ReadAll(io.LimitReader(req.Body, limit+1))
	if err != nil {
		trip.CloseBody(req)
		return u, err
	}
	if int64(len(data)) > limit {
		u.body = struct {
			io.Reader
			io.Closer
		}{io.MultiReader(bytes.NewReader(data), req.Body), req.Body}
		return u, nil
	}
	trip.CloseBody(req)
	u.getBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil }
	u.body, _ = u.getBody()
	return u, nil
}

func (u *upload) replayable() bool { return u.empty || u.getBody != nil }

// again returns the body of another attempt.
func (u *upload) again() (io.ReadCloser, error) {
	if u.empty {
		return u.body, nil
	}
	return u.getBody()
}

// on puts the body of an attempt on its request, which is not the caller's.
func (u *upload) on(out *http.Request, body io.ReadCloser) {
	out.Body = body
	if !u.empty {
		out.GetBody = u.getBody
	}
}

// idempotent tells whether req may reach the target twice (RFC 9110, section
// 9.2.2), by its method or because it says so. Like net/http, it takes the mere
// presence of the key for that, with no value to be sent.
func idempotent(req *http.Request) bool {
	switch req.Method {
	case "", http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace, http.MethodPut, http.MethodDelete, "QUERY":
		return true
	}
	for _, key := range [...]string{"Idempotency-Key", "X-Idempotency-Key"} {
		if _, ok := req.Header[key]; ok {
			return true
		}
	}
	return false
}

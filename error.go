package godwit

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/godwit-go/godwit/trip"
)

// Error is a call that came to no response. It tells the whole story on one
// line, every attempt with its egress, verdict and time; [errors.Is] and
// [errors.As] find the cause. It holds no credentials: of the URL it keeps the
// scheme, host and path.
type Error struct {
	// Method is the request's method.
	Method string
	// URL is the request's URL without user info, query and fragment.
	URL string
	// Summary tells what happened, with RetryAt where it makes sense to come back.
	Summary trip.Summary
	// Err is the cause.
	Err error
}

func newError(req *http.Request, s trip.Summary, err error) *Error {
	e := &Error{Method: req.Method, Summary: s, Err: err}
	if req.URL != nil {
		e.URL = (&url.URL{Scheme: req.URL.Scheme, Host: req.URL.Host, Path: req.URL.Path}).String()
	}
	return e
}

// Error tells the story on one line.
func (e *Error) Error() string {
	method := e.Method
	if method == "" {
		method = http.MethodGet
	}
	return "godwit: " + method + " " + e.URL + ": " + story(e.Err, e.Summary)
}

// story tells what came in the way, every attempt, and what it cost.
func story(err error, s trip.Summary) string {
	var b strings.Builder
	b.WriteString(err.Error())
	for i, a := range s.Attempts {
		sep := "; "
		if i == 0 {
			sep = " ["
		}
		b.WriteString(sep + a.String())
	}
	if len(s.Attempts) > 0 {
		b.WriteByte(']')
	}
	if s.Cost > 0 {
		fmt.Fprintf(&b, " (cost %v)", s.Cost)
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Timeout tells whether the cause was a deadline, as net.Error has it.
func (e *Error) Timeout() bool {
	var t net.Error
	return errors.As(e.Err, &t) && t.Timeout()
}

// Temporary is here to make [Error] a net.Error; it is always false.
//
// Deprecated: net.Error deprecates it. Ask the Summary's Verdict and RetryAt.
func (e *Error) Temporary() bool { return false }

package trip

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strings"
	"sync/atomic"
)

// ErrUpload is what every [UploadError] is.
var ErrUpload = errors.New("trip: request body failed")

// UploadError tells that a request's body could not be read to its end, or has
// not the length that the request says. That is its owner's fault: nobody else is
// blamed, and nothing is sent again.
type UploadError struct {
	// Err is what the body's Read, or the request's GetBody, returned.
	Err error
}

// Error tells what went wrong with the body.
func (e *UploadError) Error() string { return fmt.Sprintf("%v: %v", ErrUpload, e.Err) }

// Is makes errors.Is(err, ErrUpload) true.
func (e *UploadError) Is(target error) bool { return target == ErrUpload }

// Unwrap returns Err.
func (e *UploadError) Unwrap() error { return e.Err }

// Outcome is [Local].
func (e *UploadError) Outcome() Outcome { return Outcome{Verdict: Local, Reason: "request body"} }

// WatchUpload returns req, if its body may fail as a copy whose body does so with
// an [*UploadError]. Transports pass on what a body's Read returns, and it cannot
// be told from what the network returns. So every layer that judges errors calls
// it before it sends; the second call for a request changes nothing.
func WatchUpload(req *http.Request) *http.Request {
	body := watched(req, req.Body)
	if body == req.Body {
		return req
	}
	out := *req
	out.Body = body
	if req.GetBody != nil {
		out.GetBody = func() (io.ReadCloser, error) {
			again, err := req.GetBody()
			if err != nil {
				return nil, &UploadError{Err: err}
			}
			return watched(req, again), nil
		}
	}
	return &out
}

// watched returns body itself where it cannot fail: net/http sends the header and
// a body that it knows to be in memory in one piece.
func watched(req *http.Request, body io.ReadCloser) io.ReadCloser {
	if body == nil || body == http.NoBody {
		return body
	}
	if _, ok := body.(*upload); ok {
		return body
	}
	u := &upload{body: body, length: -1}
	if req.ContentLength > 0 && len(req.TransferEncoding) == 0 { // 0 is unknown where there is a body
		u.length = req.ContentLength
	}
	if held, ok := inMemory(body); ok && (u.length < 0 || u.length == held) {
		return body
	}
	return u
}

// upload is a request body that tells its own failures from all others.
type upload struct {
	body   io.ReadCloser
	length int64 // that the request says; -1 when it does not
	read   int64
	err    error // what ended it
	closed atomic.Bool
}

func (u *upload) Read(p []byte) (int, error) {
	if u.err != nil {
		return 0, u.err
	}
	n, err := u.body.Read(p)
	switch {
	case u.closed.Load():
		return n, err // because of that
	case u.length >= 0 && int64(n) > u.length-u.read:
		n = int(u.length - u.read)
		err = &UploadError{Err: fmt.Errorf("longer than its ContentLength of %d", u.length)}
	case err == io.EOF && u.length >= 0 && u.read+int64(n) < u.length:
		err = &UploadError{Err: fmt.Errorf("ends after %d bytes, with a ContentLength of %d", u.read+int64(n), u.length)}
	case err != nil && err != io.EOF:
		err = &UploadError{Err: err}
	}
	u.read += int64(n)
	u.err = err
	return n, err
}

func (u *upload) Close() error {
	u.closed.Store(true)
	return u.body.Close()
}

// inMemory returns how much there is to read in a body of the kinds that net/http
// knows to be in memory.
func inMemory(body io.Reader) (int64, bool) {
	switch b := body.(type) {
	case *bytes.Reader:
		return int64(b.Len()), true
	case *bytes.Buffer:
		return int64(b.Len()), true
	case *strings.Reader:
		return int64(b.Len()), true
	}
	switch t := reflect.TypeOf(body); t {
	case reflect.TypeOf(io.NopCloser(nil)), reflect.TypeOf(io.NopCloser((*bytes.Reader)(nil))):
		inner, _ := reflect.ValueOf(body).Field(0).Interface().(io.Reader)
		return inMemory(inner)
	}
	return 0, false
}

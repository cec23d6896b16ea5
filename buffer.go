package godwit

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"

	"github.com/godwit-go/godwit/trip"
)

// TruncatedError is a body that broke off while it was being buffered; see
// [Policy.Buffer].
type TruncatedError struct {
	Status int   // of the response
	Read   int64 // bytes that came
	Err    error // why no more did

	ambiguous bool
}

// Error tells how much came and why no more.
func (e *TruncatedError) Error() string {
	return fmt.Sprintf("body of status %d broke off after %d bytes: %v", e.Status, e.Read, e.Err)
}

// Unwrap returns the error of reading the body.
func (e *TruncatedError) Unwrap() error { return e.Err }

// Outcome is a [trip.TargetError] in the body.
func (e *TruncatedError) Outcome() trip.Outcome {
	if own := trip.Judged(nil); errors.As(e.Err, &own) {
		return own.Outcome() // a body that is too large stays so
	}
	o := trip.Outcome{Verdict: trip.TargetError, Phase: trip.Body, Status: e.Status, Reason: "truncated", Ambiguous: e.ambiguous}
	var n net.Error
	o.Timeout = errors.As(e.Err, &n) && n.Timeout()
	return o
}

// buffer is the layer that reads up to limit bytes of a body before the response
// counts.
type buffer struct {
	next  http.RoundTripper
	limit int64
}

func (b *buffer) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := b.next.RoundTrip(req)
	if err != nil || b.limit <= 0 || resp.ContentLength > b.limit || !mayHaveBody(req, resp) {
		return resp, err
	}
	head := new(bytes.Buffer)
	if resp.ContentLength > 0 {
		head.Grow(int(resp.ContentLength) + bytes.MinRead)
	}
	n, err := io.CopyN(head, resp.Body, b.limit)
	switch err {
	case nil: // there may be more
		resp.Body = struct {
			io.Reader
			io.Closer
		}{io.MultiReader(head, resp.Body), resp.Body}
		return resp, nil
	case io.EOF:
		_ = resp.Body.Close() // it has given all it had
		resp.Body = io.NopCloser(head)
		return resp, nil
	}
	_ = resp.Body.Close() // broken already
	return nil, &TruncatedError{Status: resp.StatusCode, Read: n, Err: err, ambiguous: viaProxy(req.Context())}
}

func mayHaveBody(req *http.Request, resp *http.Response) bool {
	return resp.Body != nil && resp.Body != http.NoBody && req.Method != http.MethodHead &&
		resp.StatusCode != http.StatusSwitchingProtocols
}

func viaProxy(ctx context.Context) bool {
	id := trip.IdentityFrom(ctx)
	return id != nil && !id.Direct
}

// CloseIdleConnections forwards to the layers below.
func (b *buffer) CloseIdleConnections() { trip.CloseIdle(b.next) }

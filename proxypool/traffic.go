package proxypool

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync/atomic"

	"github.com/godwit-go/godwit/trip"
)

// wire is the response body of one exchange as it comes over the wire. It counts
// what passes and tells the observer when it is over.
type wire struct {
	io.ReadCloser
	ctx      context.Context
	observer trip.Observer
	done     trip.BodyDone // filled in but for what the end brings
	upload   *upload       // nil when the length of the request body is known
	received atomic.Int64
	over     atomic.Bool
}

// received is what is put around the body of a response.
type received struct {
	stream stream
	wire   wire
}

// metered has the observer told, by w, when resp's body is over.
func (h *hold) metered(w *wire, o trip.Observer, a *trip.Attempt, req *http.Request, resp *http.Response) {
	w.ReadCloser, w.ctx, w.observer = resp.Body, req.Context(), o
	w.done = trip.BodyDone{Attempt: a, Pool: h.d.pool.name, Outcome: trip.Outcome{Verdict: trip.OK, Status: resp.StatusCode}}
	if u, ok := req.Body.(*upload); ok {
		w.upload = u
	} else {
		w.done.Sent = max(0, req.ContentLength)
	}
	switch {
	case resp.Body == nil || resp.Body == http.NoBody:
		w.end(nil)
	case resp.StatusCode == http.StatusSwitchingProtocols:
		if rw, ok := resp.Body.(io.Writer); ok {
			resp.Body = struct {
				*wire
				io.Writer
			}{w, rw}
		}
	default:
		resp.Body = w
	}
}

func (w *wire) Read(p []byte) (int, error) {
	n, err := w.ReadCloser.Read(p)
	w.received.Add(int64(n))
	if err == io.EOF {
		w.end(nil)
	} else if err != nil {
		w.end(err)
	}
	return n, err
}

func (w *wire) Close() error {
	err := w.ReadCloser.Close()
	w.end(nil)
	return err
}

func (w *wire) end(err error) {
	if w.over.Swap(true) {
		return
	}
	w.done.Received = w.received.Load()
	if w.upload != nil {
		w.done.Sent = w.upload.sent.Load()
	}
	if err != nil {
		if cause := context.Cause(w.ctx); cause != nil && errors.Is(err, context.Canceled) {
			err = cause // an attempt that took too long says so there
		}
		status := w.done.Outcome.Status
		w.done.Outcome = trip.Classify(w.ctx, nil, err)
		w.done.Outcome.Status, w.done.Outcome.Phase = status, trip.Body
	}
	w.observer.Observe(w.ctx, &w.done)
}

// upload is a request body of unknown length that is counted as it is sent.
type upload struct {
	io.ReadCloser
	sent atomic.Int64
}

func (u *upload) Read(p []byte) (int, error) {
	n, err := u.ReadCloser.Read(p)
	u.sent.Add(int64(n))
	return n, err
}

// ofUnknownLength tells whether req has a body whose length net/http does not know.
func ofUnknownLength(req *http.Request) bool {
	return req.ContentLength < 0 || req.ContentLength == 0 && req.Body != nil && req.Body != http.NoBody
}

package trip

import (
	"context"
	"io"
	"net/http"
	"sync"
	"time"
)

const (
	// MaxDrainBytes is how much of a discarded body [Discard] reads at the most.
	MaxDrainBytes = 64 << 10
	// MaxDrainTime is how long [Discard] keeps its caller at the most.
	MaxDrainTime = 100 * time.Millisecond
)

// OnBodyEnd calls hook once when resp's body is over: with nil when it was read
// to its end or closed, with the error when reading it failed. The hooks of
// several layers share one wrapper and run in the order they were added. The body
// of a 101 response stays an io.ReadWriteCloser; its hook runs at Close.
//
// A response without a body runs hook at once.
func OnBodyEnd(resp *http.Response, hook func(error)) { WatchBody(resp, bodyHook(hook)) }

// BodyWatcher is told once, by BodyEnded, that a response body is over; see
// [WatchBody].
type BodyWatcher interface{ BodyEnded(err error) }

type bodyHook func(error)

func (hook bodyHook) BodyEnded(err error) { hook(err) }

// WatchBody is [OnBodyEnd] for those who keep state per exchange anyway: a
// watcher that is a pointer costs no closure.
func WatchBody(resp *http.Response, w BodyWatcher) {
	switch b := resp.Body.(type) {
	case nil:
		w.BodyEnded(nil)
	case *body:
		b.add(w)
	case *duplex:
		b.add(w)
	default:
		if b == http.NoBody {
			w.BodyEnded(nil)
			return
		}
		if rw, ok := b.(io.Writer); ok && resp.StatusCode == http.StatusSwitchingProtocols {
			d := &duplex{Writer: rw}
			d.wrap(b, w)
			resp.Body = d
			return
		}
		wrapped := new(body)
		wrapped.wrap(b, w)
		resp.Body = wrapped
	}
}

type body struct {
	rc       io.ReadCloser
	mu       sync.Mutex
	watchers []BodyWatcher
	first    [5]BodyWatcher // backs watchers: room for those of a whole chain
	over     bool
	err      error
}

// duplex is the body of a 101 response: net/http promises that it can be written to.
type duplex struct {
	body
	io.Writer
}

func (b *body) wrap(rc io.ReadCloser, w BodyWatcher) {
	b.rc = rc
	b.watchers = append(b.first[:0], w)
}

func (b *body) add(w BodyWatcher) {
	b.mu.Lock()
	if !b.over {
		b.watchers = append(b.watchers, w)
		b.mu.Unlock()
		return
	}
	err := b.err
	b.mu.Unlock()
	w.BodyEnded(err)
}

func (b *body) Read(p []byte) (int, error) {
	n, err := b.rc.Read(p)
	switch err {
	case nil:
	case io.EOF:
		b.end(nil)
	default:
		b.end(err)
	}
	return n, err
}

func (b *body) Close() error {
	err := b.rc.Close()
	b.end(nil)
	return err
}

func (b *body) end(err error) {
	b.mu.Lock()
	if b.over {
		b.mu.Unlock()
		return
	}
	b.over, b.err = true, err
	watchers := b.watchers
	b.watchers = nil
	b.mu.Unlock()
	for _, w := range watchers {
		w.BodyEnded(err)
	}
}

// Encoded is a body that decodes what it reads from another. Layers that wrap
// such a body should pass the method on.
type Encoded interface {
	// Encoded returns the body before decoding. Whoever reads from it can only
	// close the decoding body afterwards.
	Encoded() io.Reader
}

// Encoded passes on that of the body that b watches; it is b when there is none.
func (b *body) Encoded() io.Reader {
	if e, ok := b.rc.(Encoded); ok {
		return e.Encoded()
	}
	return b
}

// Discard drains and closes the body of a response that nobody will read, so that
// its connection can be reused. It decodes nothing ([Encoded]), so that a bomb
// costs no more than any body. It reads at most [MaxDrainBytes] and returns after
// at most [MaxDrainTime]; a body that is not over by then is cut off with cancel,
// which ends the exchange's context and may be nil. It never reads and closes at
// the same time, which net/http does not support.
func Discard(resp *http.Response, cancel context.CancelFunc) {
	if resp == nil || resp.Body == nil || resp.Body == http.NoBody {
		return
	}
	var rest io.Reader = resp.Body
	if e, ok := rest.(Encoded); ok {
		rest = e.Encoded()
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = io.CopyN(io.Discard, rest, MaxDrainBytes)
		_ = resp.Body.Close()
	}()
	timer := time.NewTimer(MaxDrainTime)
	defer timer.Stop()
	select {
	case <-done:
	case <-timer.C:
		if cancel != nil {
			cancel()
		}
	}
}

// CloseBody closes the body of a request that will not be sent. A RoundTripper
// must close it on every path, failures included.
func CloseBody(req *http.Request) {
	if req.Body != nil {
		_ = req.Body.Close()
	}
}

// CloseIdle forwards CloseIdleConnections to rt if it has the method.
func CloseIdle(rt http.RoundTripper) {
	if c, ok := rt.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

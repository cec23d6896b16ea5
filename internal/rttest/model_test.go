package rttest

import (
	"context"
	"errors"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/godwit-go/godwit/trip"
)

// model is a small retrying wrapper that keeps the whole contract. The functions
// are those of its duties that a mutant may do badly.
type model struct {
	base    http.RoundTripper
	wait    time.Duration
	refuses bool

	sleep   func(*http.Request, time.Duration) error
	refuse  func(*http.Request)
	again   func(*http.Request) bool
	replay  func(*http.Request) (io.ReadCloser, error)
	discard func(*http.Response, context.CancelFunc)
	release func(*http.Response, context.CancelFunc)
}

func newModel(base http.RoundTripper) *model {
	return &model{
		base:   base,
		sleep:  trip.Sleep,
		refuse: trip.CloseBody,
		again:  func(req *http.Request) bool { return req.Body == nil || req.Body == http.NoBody || req.GetBody != nil },
		replay: func(req *http.Request) (io.ReadCloser, error) { return req.GetBody() },
		discard: func(resp *http.Response, cancel context.CancelFunc) {
			trip.Discard(resp, cancel)
			cancel()
		},
		release: func(resp *http.Response, cancel context.CancelFunc) {
			trip.OnBodyEnd(resp, func(error) { cancel() })
		},
	}
}

func (m *model) RoundTrip(req *http.Request) (*http.Response, error) {
	if m.refuses {
		m.refuse(req)
		return nil, errors.New("refused")
	}
	if m.wait > 0 {
		if err := m.sleep(req, m.wait); err != nil {
			m.refuse(req)
			return nil, err
		}
	}
	for sent := 0; ; sent++ {
		ctx, cancel := context.WithCancel(req.Context())
		out := req.WithContext(ctx)
		if sent > 0 && req.Body != nil && req.Body != http.NoBody {
			body, err := m.replay(req)
			if err != nil {
				cancel()
				return nil, err
			}
			out.Body = body
		}
		resp, err := m.base.RoundTrip(out)
		if err != nil {
			cancel()
			return resp, err
		}
		if resp.StatusCode == http.StatusServiceUnavailable && sent < 2 && m.again(req) {
			m.discard(resp, cancel)
			continue
		}
		m.release(resp, cancel)
		return resp, nil
	}
}

func (m *model) CloseIdleConnections() { trip.CloseIdle(m.base) }

// suite runs the contract on models that have been spoilt.
func suite(spoil func(*model) http.RoundTripper) (Suite, Wrap) {
	wrap := func(wait time.Duration, refuses bool) Wrap {
		return func(base http.RoundTripper) http.RoundTripper {
			m := newModel(base)
			m.wait, m.refuses = wait, refuses
			return spoil(m)
		}
	}
	return Suite{
		Discards: func() *http.Response { return &http.Response{StatusCode: http.StatusServiceUnavailable} },
		Refuses:  wrap(0, true),
		Waits:    wrap(time.Hour, false),
	}, wrap(0, false)
}

func TestTheModelKeepsTheContract(t *testing.T) {
	s, wrap := suite(func(m *model) http.RoundTripper { return m })
	s.Run(t, wrap)
}

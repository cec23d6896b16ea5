package rttest

import (
	"context"
	"io"
	"net/http"
	"time"

	"github.com/godwit-go/godwit/trip"
)

// discardMutants break the promises about a response that is thrown away.
var discardMutants = []mutant{
	{"sends the first body again", []string{"body_is_replayed_from_GetBody", "early_answer_does_not_mix_bodies"}, sendsFirstBodyAgain()},
	{
		"sends again without the body it cannot replay",
		[]string{"body_without_GetBody_is_sent_once"},
		with(func(m *model) {
			m.again = func(*http.Request) bool { return true }
			m.replay = func(req *http.Request) (io.ReadCloser, error) {
				if req.GetBody == nil {
					return http.NoBody, nil
				}
				return req.GetBody()
			}
		}),
	},
	{
		"returns what it should discard",
		[]string{
			"body_is_replayed_from_GetBody", "discarded_response_is_drained_and_closed_once", "endless_discarded_response_is_cut_off",
			"dripping_discarded_response_holds_nobody", "early_answer_does_not_mix_bodies",
		},
		with(func(m *model) { m.again = func(*http.Request) bool { return false } }),
	},
	{"leaks a discarded response", []string{
		"discarded_response_is_drained_and_closed_once", "endless_discarded_response_is_cut_off", "dripping_discarded_response_holds_nobody",
		"discarded_response_gives_its_connection_back",
	}, discards(func(*http.Response, context.CancelFunc) {})},
	{
		"closes a discarded response unread",
		[]string{"discarded_response_is_drained_and_closed_once", "discarded_response_gives_its_connection_back"},
		discards(func(resp *http.Response, _ context.CancelFunc) { _ = resp.Body.Close() }),
	},
	{
		"drains without a bound of bytes",
		[]string{"endless_discarded_response_is_cut_off"},
		discards(func(resp *http.Response, cancel context.CancelFunc) {
			done := make(chan struct{})
			go func() {
				defer close(done)
				_, _ = io.Copy(io.Discard, resp.Body)
				_ = resp.Body.Close()
			}()
			timer := time.NewTimer(trip.MaxDrainTime)
			defer timer.Stop()
			select {
			case <-done:
			case <-timer.C:
				cancel()
			}
		}),
	},
	{
		"drains without a bound of time",
		[]string{"dripping_discarded_response_holds_nobody"},
		discards(func(resp *http.Response, _ context.CancelFunc) {
			_, _ = io.CopyN(io.Discard, resp.Body, trip.MaxDrainBytes)
			_ = resp.Body.Close()
		}),
	},
	{
		"drains on in the background",
		[]string{"dripping_discarded_response_holds_nobody"},
		discards(func(resp *http.Response, _ context.CancelFunc) { trip.Discard(resp, nil) }),
	},
	{"closes a discarded response twice", []string{
		"discarded_response_is_drained_and_closed_once", "endless_discarded_response_is_cut_off", "dripping_discarded_response_holds_nobody",
	}, discards(func(resp *http.Response, cancel context.CancelFunc) {
		trip.Discard(resp, cancel)
		_ = resp.Body.Close()
	})},
	{
		"closes a discarded response while it reads it",
		[]string{"dripping_discarded_response_holds_nobody"},
		discards(func(resp *http.Response, cancel context.CancelFunc) {
			done := make(chan struct{})
			go func() {
				defer close(done)
				_, _ = io.CopyN(io.Discard, resp.Body, trip.MaxDrainBytes)
			}()
			timer := time.NewTimer(trip.MaxDrainTime)
			defer timer.Stop()
			select {
			case <-done:
			case <-timer.C:
			}
			_ = resp.Body.Close()
			cancel()
		}),
	},
}

func discards(f func(*http.Response, context.CancelFunc)) func(*model) http.RoundTripper {
	return with(func(m *model) { m.discard = f })
}

// sendsFirstBodyAgain rewinds the reader that the base may still be reading.
func sendsFirstBodyAgain() func(*model) http.RoundTripper {
	return with(func(m *model) {
		m.replay = func(req *http.Request) (io.ReadCloser, error) {
			u, ok := req.Body.(*upload)
			if !ok {
				return req.GetBody()
			}
			u.mu.Lock()
			defer u.mu.Unlock()
			u.closes = 0
			_, err := u.r.Seek(0, io.SeekStart)
			return u, err
		}
	})
}

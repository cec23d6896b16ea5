// Package rttest is the contract that every http.RoundTripper wrapper of this
// module keeps, as a test suite. Each rule is a subtest of its own:
//
//	func TestContract(t *testing.T) {
//		rttest.Contract(t, func(base http.RoundTripper) http.RoundTripper {
//			rt, err := breaker.New(base, breaker.Config{})
//			require.NoError(t, err)
//			return rt
//		})
//	}
//
// A wrapper that throws responses away, refuses calls or makes them wait tells
// the suite how to provoke that; see [Suite].
//
// Rules run in a [testing/synctest] bubble unless they need real sockets, so the
// wrapper is built anew for every rule, and waiting costs nothing. A wrapper with
// a Close method is closed at the end of its rule.
package rttest

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
)

// Wrap builds the wrapper under test around base. It is called for every rule.
type Wrap func(base http.RoundTripper) http.RoundTripper

// Suite is the contract together with what it needs to know of a wrapper. Rules
// that need a field which is nil are left out. The zero Suite fits a wrapper that
// sends every call at once and exactly once.
type Suite struct {
	// Discards makes the answer that the wrapper throws away in order to send the
	// request again, such as a 503. The suite lets the body go on, or never end,
	// after the one that is given here, which may be nil. After the answer the
	// wrapper sends the request again within a few seconds, and in the rules on
	// real sockets within milliseconds.
	Discards func() *http.Response
	// Refuses builds the wrapper so that it refuses every call without sending it.
	Refuses Wrap
	// Waits builds the wrapper so that every call waits a minute or longer, with
	// or without having been sent before. The base answers it with Discards where
	// that is set, else with 200.
	Waits Wrap
}

// Contract runs the whole contract against a wrapper that sends every call at
// once and exactly once. It is short for the zero [Suite].
func Contract(t *testing.T, wrap Wrap) {
	t.Helper()
	Suite{}.Run(t, wrap)
}

// Run runs the contract, one subtest per rule.
func (s Suite) Run(t *testing.T, wrap Wrap) {
	t.Helper()
	for _, r := range s.rules() {
		t.Run(r.name, func(t *testing.T) {
			if r.sockets {
				r.check(t, s, wrap)
				return
			}
			synctest.Test(t, func(t *testing.T) { r.check(t, s, wrap) })
		})
	}
}

// T is the part of *testing.T that a rule needs. The suite's own tests put a
// recorder in its place, to see a rule fail.
type T interface {
	Helper()
	Errorf(format string, args ...any)
	FailNow()
	Cleanup(func())
	Context() context.Context
}

type rule struct {
	name    string // as a test name: with underscores
	sockets bool   // needs real sockets, hence no bubble
	check   func(T, Suite, Wrap)
}

func (s Suite) rules() []rule {
	all := requestRules()
	all = append(all, responseRules()...)
	all = append(all, cancelRules()...)
	if s.Discards != nil {
		all = append(all, discardRules()...)
	}
	if s.Refuses != nil {
		all = append(all, rule{name: "refused_request_body_is_closed", check: refusedBodyIsClosed})
	}
	if s.Waits != nil {
		all = append(all, waitRules()...)
	}
	return all
}

// open builds the wrapper and sees to its end.
func open(t T, wrap Wrap, base http.RoundTripper) http.RoundTripper {
	rt := wrap(base)
	t.Cleanup(func() {
		switch c := rt.(type) {
		case io.Closer:
			_ = c.Close()
		case interface{ Close() }:
			c.Close()
		}
	})
	return rt
}

// discarded is the answer that the wrapper throws away, with more after its body.
func (s Suite) discarded(req *http.Request, more io.Reader) (*http.Response, *page) {
	given := s.Discards()
	var start io.Reader = strings.NewReader("")
	if given.Body != nil {
		start = given.Body
	}
	resp, p := answer(req, given.StatusCode, io.MultiReader(start, more))
	if given.Header != nil {
		resp.Header = given.Header.Clone()
	}
	return resp, p
}

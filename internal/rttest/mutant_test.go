package rttest

import (
	"net/http"
	"slices"

	"github.com/godwit-go/godwit/trip"
)

// mutant is a model that breaks one promise.
type mutant struct {
	flaw  string
	rules []string // that see it: exactly these
	spoil func(*model) http.RoundTripper
}

type send = func(*http.Request) (*http.Response, error)

// outside and inside put a flaw between the caller and the model, or between the
// model and its base; with spoils one of the model's own duties.
func outside(f func(req *http.Request, next send) (*http.Response, error)) func(*model) http.RoundTripper {
	return func(m *model) http.RoundTripper { return layer{m, f} }
}

func inside(f func(req *http.Request, next send) (*http.Response, error)) func(*model) http.RoundTripper {
	return func(m *model) http.RoundTripper {
		m.base = layer{m.base, f}
		return m
	}
}

func with(spoil func(*model)) func(*model) http.RoundTripper {
	return func(m *model) http.RoundTripper {
		spoil(m)
		return m
	}
}

type layer struct {
	next http.RoundTripper
	f    func(*http.Request, send) (*http.Response, error)
}

func (l layer) RoundTrip(req *http.Request) (*http.Response, error) {
	return l.f(req, l.next.RoundTrip)
}
func (l layer) CloseIdleConnections() { trip.CloseIdle(l.next) }

// onRequest spoils a shallow copy of each request that the model sends.
func onRequest(f func(*http.Request)) func(*model) http.RoundTripper {
	return inside(func(req *http.Request, next send) (*http.Response, error) {
		out := req.WithContext(req.Context())
		f(out)
		return next(out)
	})
}

// onResponse spoils what the model returns.
func onResponse(f func(*http.Response)) func(*model) http.RoundTripper {
	return outside(func(req *http.Request, next send) (*http.Response, error) {
		resp, err := next(req)
		if err == nil {
			f(resp)
		}
		return resp, err
	})
}

// onError spoils how the model fails.
func onError(f func(error) (*http.Response, error)) func(*model) http.RoundTripper {
	return outside(func(req *http.Request, next send) (*http.Response, error) {
		resp, err := next(req)
		if err != nil {
			return f(err)
		}
		return resp, nil
	})
}

// hasBody is false for the requests whose body no wrapper has to care for.
func hasBody(req *http.Request) bool { return req.Body != nil && req.Body != http.NoBody }

func mutants() []mutant {
	return slices.Concat(requestMutants, responseMutants, cancelMutants, discardMutants)
}

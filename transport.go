package godwit

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"

	"golang.org/x/net/idna"

	"github.com/godwit-go/godwit/trip"
)

// Transport is an [http.RoundTripper] that sends every request by the policy of
// its domain, through all layers. It is safe for concurrent use. Make one per
// process with [New] and close it with [Transport.Close].
type Transport struct {
	base    http.RoundTripper
	tally   *tally
	current atomic.Pointer[assembly]
	closed  atomic.Bool
	reload  sync.Mutex // one at a time
	glimpse glimpse
}

// ErrClosed is what a call gets after [Transport.Close].
var ErrClosed = errors.New("godwit: transport is closed")

// New returns a Transport for cfg, or an error that lists everything that is wrong
// with it. The base sends what goes direct; nil means godwit's own transport. What
// leaves by a proxy never touches base: see [proxypool.Config.NewTransport].
func New(base http.RoundTripper, cfg Config) (*Transport, error) {
	t := &Transport{base: base, tally: newTally()}
	a, err := t.assembler(cfg, nil).assemble()
	if err != nil {
		return nil, err
	}
	t.current.Store(a)
	cfg.warn(a)
	return t, nil
}

func (t *Transport) assembler(cfg Config, prev *assembly) assembler {
	return assembler{
		base:     t.base,
		cfg:      cfg,
		observer: trip.Observers(t.tally, cfg.Observer, NewLogger(cfg.Logger)),
		prev:     prev,
	}
}

// RoundTrip sends req by the policy of its host. A response that was obtained is
// returned whatever its status; one departure, an unsolved challenge, is a
// *captcha.Error. Every error is an [*Error].
func (t *Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	a := t.current.Load()
	chain, spec, err := a.route(req)
	switch {
	case err != nil:
	case t.closed.Load():
		err = ErrClosed
	default:
		err = req.Context().Err()
	}
	if err != nil {
		trip.CloseBody(req)
		return nil, newError(req, trip.Summary{Verdict: trip.Local}, err)
	}
	req, cancel := chain.bounded(req)
	ctx, call := trip.Start(req, spec)
	resp, err := chain.entry.RoundTrip(req.WithContext(ctx))
	a.observer.Observe(ctx, call.Done(req.Method, resp, err))
	if err != nil {
		cancel()
		s := call.Summary()
		if len(s.Attempts) == 0 {
			s.Verdict = trip.Local
		}
		var judged trip.Judged
		if s.RetryAt.IsZero() && errors.As(err, &judged) {
			s.RetryAt = judged.Outcome().RetryAt // of a layer above the retry loop, which tells of its own
		}
		return nil, newError(req, s, err)
	}
	if chain.policy.Timeout > 0 {
		trip.OnBodyEnd(resp, func(error) { cancel() })
	}
	return resp, nil
}

// Client returns an http.Client that uses t. It has no Jar, since the identities
// keep the cookies, and no Timeout: give requests a context with a deadline, or
// the policy a Timeout.
func (t *Transport) Client() *http.Client { return &http.Client{Transport: t} }

// CloseIdleConnections closes the idle connections of every egress.
func (t *Transport) CloseIdleConnections() { t.current.Load().closeIdle() }

// Close ends all background work and closes idle connections. Calls under way may
// finish; new ones get [ErrClosed]. It may be called more than once.
func (t *Transport) Close() error {
	if t.closed.Swap(true) {
		return nil
	}
	return t.current.Load().close()
}

// route finds the chain for req and the key that its state is kept under.
func (a *assembly) route(req *http.Request) (*chain, trip.Spec, error) {
	switch {
	case req.URL == nil:
		return nil, trip.Spec{}, &RequestError{Field: "URL", Problem: "is nil"}
	case req.Header == nil:
		return nil, trip.Spec{}, &RequestError{Field: "Header", Problem: "is nil"}
	case req.URL.Scheme != "http" && req.URL.Scheme != "https":
		return nil, trip.Spec{}, &RequestError{Field: "URL.Scheme", Problem: fmt.Sprintf("is %q, want http or https", req.URL.Scheme)}
	case req.URL.Hostname() == "":
		return nil, trip.Spec{}, &RequestError{Field: "URL.Host", Problem: "is empty"}
	case req.URL.Port() != "" && !isPort(req.URL.Port()):
		return nil, trip.Spec{}, &RequestError{Field: "URL.Host", Problem: "has a port out of range, want 1 to 65535"}
	}
	c := a.match.find(hostOf(req))
	return c, trip.Spec{Domain: c.domain, Policy: c.name, Observed: true}, nil
}

// hostOf returns the URL's host in the form patterns have, and the port.
func hostOf(req *http.Request) (host, port string) {
	host = strings.TrimSuffix(strings.ToLower(req.URL.Hostname()), ".")
	for i := range len(host) {
		if host[i] >= 0x80 {
			if ascii, err := idna.Lookup.ToASCII(host); err == nil {
				host = ascii
			}
			break
		}
	}
	switch port = req.URL.Port(); {
	case port != "":
	case req.URL.Scheme == "https":
		port = "443"
	default:
		port = "80"
	}
	return host, port
}

func noCancel() {}

// bounded gives the call the policy's Timeout.
func (c *chain) bounded(req *http.Request) (*http.Request, context.CancelFunc) {
	if c.policy.Timeout <= 0 {
		return req, noCancel
	}
	ctx, cancel := context.WithTimeout(req.Context(), c.policy.Timeout)
	return req.WithContext(ctx), cancel
}

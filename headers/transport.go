package headers

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/godwit-go/godwit/trip"
)

// Group holds what outlives a change of the chain below it: the profiles and what
// each identity's browser remembers. It is safe for concurrent use.
type Group struct {
	cfg      Config
	seed     uint64
	rotation *rotation
	sessions *sessions
	stale    atomic.Bool // OnStale has been told
}

// NewGroup returns a Group. Its error is that of [Config.Validate].
func NewGroup(cfg Config) (*Group, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("headers: %w", err)
	}
	cfg = cfg.withDefaults()
	g := &Group{cfg: cfg, seed: cfg.Seed, rotation: newRotation(cfg.Profiles), sessions: new(sessions)}
	for g.seed == 0 {
		g.seed = rand.Uint64()
	}
	return g, nil
}

// Inherit makes g go on with what the browsers of old remember, as a new
// configuration of a running program should. It is called before g is used; a nil
// old has nothing to give.
func (g *Group) Inherit(old *Group) {
	if old == nil {
		return
	}
	g.sessions = old.sessions
	if g.cfg.Seed == 0 {
		g.seed = old.seed
	}
}

// Stats returns a snapshot.
func (g *Group) Stats() Stats {
	return Stats{Profiles: g.rotation.stats(), Sessions: g.sessions.size()}
}

// Transport is the RoundTripper that gives each exchange the headers and cookies
// of its identity's browser. It is the one layer that clones the request, so that
// the ones below may write to its headers. It is safe for concurrent use.
type Transport struct {
	group *Group
	base  http.RoundTripper
}

// New returns a Transport over base; nil means [http.DefaultTransport]. Its error
// is that of [Config.Validate].
func New(base http.RoundTripper, cfg Config) (*Transport, error) {
	g, err := NewGroup(cfg)
	if err != nil {
		return nil, err
	}
	return g.Wrap(base), nil
}

// Wrap returns a Transport of the group over base; nil means [http.DefaultTransport].
func (g *Group) Wrap(base http.RoundTripper) *Transport {
	base = trip.Base(base)
	if !g.cfg.DecodedBelow && !g.cfg.Off {
		if d, err := NewDecoder(base, DecodeConfig{}); err == nil { // the zero DecodeConfig is valid
			base = d
		}
	}
	return &Transport{group: g, base: base}
}

// Stats returns a snapshot of the group.
func (t *Transport) Stats() Stats { return t.group.Stats() }

// CloseIdleConnections closes those of the base.
func (t *Transport) CloseIdleConnections() { trip.CloseIdle(t.base) }

// RoundTrip sends a clone of req with the headers of its identity's browser.
func (t *Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.URL == nil || req.Header == nil {
		return t.base.RoundTrip(req) // net/http closes the body and says what is missing
	}
	g := t.group
	now := time.Now()
	g.checkAge(now)
	id := trip.IdentityFrom(req.Context())
	v := visit{group: g, req: req, identity: id, domain: trip.Domain(req)}
	v.findSession(now)
	if err := v.choose(); err != nil {
		trip.CloseBody(req)
		return nil, err
	}
	out := v.outgoing(false)
	resp, err := t.base.RoundTrip(out)
	if err != nil || resp == nil {
		v.count(out, resp, err)
		return resp, err
	}
	if again := v.learn(resp); again {
		v.count(out, resp, nil)
		trip.Discard(resp, nil)
		out = v.outgoing(true)
		if resp, err = t.base.RoundTrip(out); err == nil && resp != nil {
			v.learn(resp)
		}
	}
	v.count(out, resp, err)
	return resp, err
}

// checkAge tells OnStale once when the catalogue has become too old.
func (g *Group) checkAge(now time.Time) {
	if g.cfg.OnStale == nil || g.cfg.MaxAge < 0 || g.stale.Load() {
		return
	}
	if err := Catalogue().Check(now, g.cfg.MaxAge); err != nil && g.stale.CompareAndSwap(false, true) {
		g.cfg.OnStale(err)
	}
}

package godwit

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"

	"github.com/godwit-go/godwit/breaker"
	"github.com/godwit-go/godwit/captcha"
	"github.com/godwit-go/godwit/headers"
	"github.com/godwit-go/godwit/proxypool"
	"github.com/godwit-go/godwit/ratelimit"
	"github.com/godwit-go/godwit/retry"
	"github.com/godwit-go/godwit/robots"
	"github.com/godwit-go/godwit/trip"
)

// assembly is everything that belongs to one Config: the pools, and for every
// policy a chain of layers. It does not change once it is built.
type assembly struct {
	match    *matcher[*chain]
	chains   map[string]*chain // by domain; the fallback by defaultPolicy
	pools    map[string]*proxypool.Pool
	observer trip.Observer
	suspects *suspects
}

// chain is the layers of one policy, and the engines in them that keep state.
type chain struct {
	name   string // as written in Config.Domains; "default" for the fallback
	domain string // key that the state of all its hosts is kept under; empty: each host's own
	policy Policy // merged
	entry  http.RoundTripper
	engines
}

// engines are the parts of a chain that remember something. They outlive a reload.
type engines struct {
	retries  *retry.Group
	captchas *captcha.Group
	pace     *ratelimit.Limiter
	egress   *ratelimit.Limiter
	breakers *breaker.Group
	headers  *headers.Group
	rules    *robots.Transport
}

// defaultPolicy is the name of the policy that applies where no pattern matches.
const defaultPolicy = "default"

// assembler builds an assembly.
type assembler struct {
	base     http.RoundTripper // sends what goes direct; nil: godwit's own
	cfg      Config
	observer trip.Observer
	prev     *assembly // what to take engines and pools over from; nil at first
	// probe is put in front of every layer; nil outside of tests.
	probe func(layer string, next http.RoundTripper) http.RoundTripper
}

func (b assembler) assemble() (*assembly, error) {
	if err := b.cfg.Validate(); err != nil {
		return nil, fmt.Errorf("godwit: invalid configuration:\n%w", err)
	}
	a := &assembly{chains: make(map[string]*chain), pools: make(map[string]*proxypool.Pool), observer: b.observer}
	if a.suspects = newSuspects(); b.prev != nil {
		a.suspects = b.prev.suspects
	}
	var errs []error
	for name, cfg := range b.pools() {
		pool, err := b.pool(a, name, cfg)
		if err != nil {
			errs = append(errs, fmt.Errorf("Pools[%q]: %w", name, err))
			continue
		}
		a.pools[name] = pool
	}
	if err := errors.Join(errs...); err != nil {
		b.discard(a)
		return nil, fmt.Errorf("godwit: %w", err)
	}

	base := resolved(Policy{}, b.cfg.Default)
	fallback, err := b.chain(a, defaultPolicy, "", base)
	errs = append(errs, err)
	a.match = newMatcher(fallback)
	for _, name := range slices.Sorted(maps.Keys(b.cfg.Domains)) {
		p, err := parsePattern(name)
		errs = append(errs, err)
		c, err := b.chain(a, name, p.String(), resolved(base, b.cfg.Domains[name]))
		errs = append(errs, err)
		a.match.add(p, c)
	}
	if err := errors.Join(errs...); err != nil {
		b.discard(a)
		return nil, fmt.Errorf("godwit: %w", err)
	}
	return a, nil
}

// pools returns the configured pools and the built-in one.
func (b assembler) pools() map[string]proxypool.Config {
	pools := maps.Clone(b.cfg.Pools)
	if pools == nil {
		pools = make(map[string]proxypool.Config, 1)
	}
	direct := b.cfg.Direct
	direct.Direct = true
	if base := b.base; base != nil && direct.NewTransport == nil {
		direct.NewTransport = func(*url.URL) (http.RoundTripper, error) { return base, nil }
	}
	pools[Direct] = direct
	return pools
}

func (b assembler) pool(a *assembly, name string, cfg proxypool.Config) (*proxypool.Pool, error) {
	cfg.Name = name
	cfg.Observer = trip.Observers(b.observer, cfg.Observer)
	frozen := cfg.Frozen
	cfg.Frozen = func(domain string) bool {
		return a.down(domain) || frozen != nil && frozen(domain)
	}
	if b.prev != nil && b.prev.pools[name] != nil {
		pool := b.prev.pools[name]
		return pool, pool.Reconfigure(context.Background(), cfg)
	}
	return proxypool.NewPool(cfg)
}

// down tells that a domain's breaker is open, so that no proxy is to blame.
func (a *assembly) down(domain string) bool {
	c := a.of(domain)
	return c != nil && c.breakers.Peek(domain) != nil
}

// layer is one wrapper of a chain, under the name that doc.go draws.
type layer struct {
	name string
	wrap func(next http.RoundTripper) (http.RoundTripper, error)
}

// chain builds the layers of a policy. They are listed outermost first, in the
// order that doc.go draws and order_test.go holds.
func (b assembler) chain(a *assembly, name, domain string, p Policy) (*chain, error) {
	c := &chain{name: name, domain: domain, policy: p}
	if err := b.engines(c); err != nil {
		return nil, fmt.Errorf("policy %q: %w", name, err)
	}
	detector, err := captcha.NewDetector(p.Captcha.Detector)
	if err != nil {
		return nil, fmt.Errorf("policy %q: %w", name, err)
	}
	pool := a.pools[b.cfg.poolOf(p)]
	layers := []layer{
		{"PerCall", middleware(p.PerCall)},
		{"robots", c.obey},
		{"retry", sure(c.retries.Wrap)},
		{"captcha", sure(c.captchas.Wrap)},
		{"ratelimit", sure(c.pace.Wrap)},
		{"breaker", sure(c.breakers.Wrap)},
		{"lease", sure(pool.Wrap)},
		{"egressrate", c.egressLimit},
		{"headers", sure(c.headers.Wrap)},
		{"PerExchange", middleware(p.PerExchange)},
		{"classify", func(next http.RoundTripper) (http.RoundTripper, error) {
			return &classify{next: next, detector: detector, custom: p.Classify, suspects: a.suspects, observer: b.observer}, nil
		}},
		{"buffer", func(next http.RoundTripper) (http.RoundTripper, error) {
			return &buffer{next: next, limit: p.Buffer}, nil
		}},
		{"decode", func(next http.RoundTripper) (http.RoundTripper, error) { return headers.NewDecoder(next, p.Decode) }},
		{"egress", func(http.RoundTripper) (http.RoundTripper, error) { return pool.Egress(), nil }},
	}
	var rt http.RoundTripper
	for _, l := range slices.Backward(layers) {
		if rt, err = l.wrap(rt); err != nil {
			return nil, fmt.Errorf("policy %q: %w", name, err)
		}
		if b.probe != nil {
			rt = b.probe(l.name, rt)
		}
	}
	c.entry = rt
	a.chains[cmp.Or(domain, defaultPolicy)] = c
	return c, nil
}

// sure makes a layer's wrap of one that cannot fail.
func sure[T http.RoundTripper](wrap func(http.RoundTripper) T) func(http.RoundTripper) (http.RoundTripper, error) {
	return func(next http.RoundTripper) (http.RoundTripper, error) { return wrap(next), nil }
}

// middleware makes one layer of a user's list, first = outermost.
func middleware(list []Middleware) func(http.RoundTripper) (http.RoundTripper, error) {
	return func(next http.RoundTripper) (http.RoundTripper, error) {
		for _, m := range slices.Backward(list) {
			next = m(next)
		}
		return next, nil
	}
}

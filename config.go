package godwit

import (
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/godwit-go/godwit/breaker"
	"github.com/godwit-go/godwit/captcha"
	"github.com/godwit-go/godwit/headers"
	"github.com/godwit-go/godwit/proxypool"
	"github.com/godwit-go/godwit/ratelimit"
	"github.com/godwit-go/godwit/retry"
	"github.com/godwit-go/godwit/robots"
	"github.com/godwit-go/godwit/trip"
)

// Direct is the name of the built-in pool whose only egress is the machine's own
// address. A policy goes direct only by naming it, unless no pool is configured.
const Direct = "direct"

// Config is everything a [Transport] can be told. The zero value is usable: it
// goes direct, politely (one request a second per domain, two in flight), with
// retries, a breaker and a browser's headers.
//
// In this and every nested Config the zero value of a field means its documented
// default, and a negative number means off or unlimited where the field says so.
type Config struct {
	// Default is the policy of every domain that no pattern in Domains matches, and
	// what the policies in Domains inherit from: a field that is zero there has
	// Default's value. Zero: all defaults.
	Default Policy
	// Domains maps domain patterns to policies. "example.com" matches that host
	// alone, "*.example.com" every host below it; with a port, "example.com:8080",
	// only that port. The longest match wins. Hosts that share a pattern share its
	// rate, breaker and bans. A policy whose Headers.Extra hold a secret should name
	// the port, "example.com:443", or a redirect to plain http takes it along.
	// Default: none.
	Domains map[string]Policy
	// Pools are the proxy pools that policies name. Default: none, all goes direct.
	Pools map[string]proxypool.Config
	// Direct are the settings of the built-in pool [Direct]: time-outs, TLS, a
	// transport of your own. It takes no proxies. Default: those of proxypool.
	Direct proxypool.Config
	// Observer is told everything. Default: nil, nobody.
	Observer trip.Observer
	// Logger gets a line for every finished call; see [NewLogger]. Default: nil, silent.
	Logger *slog.Logger

	secretsIn string // the file that [Load] found secrets in; empty without any
}

// Policy is how godwit treats one domain. In [Config.Domains] a zero field
// inherits from [Config.Default].
type Policy struct {
	// Preset names a policy of [Presets] to start from: its values come before
	// those inherited from [Config.Default], and after those given here. Default: none.
	Preset string
	// Pool names the proxy pool that this domain's exchanges leave by; [Direct] for
	// the machine's own address. Default: the only pool when there is just one,
	// direct when there is none; with several it must be given.
	Pool string
	// Timeout bounds a whole call: all attempts, waits and the body. The caller's
	// own context may end it sooner. Default: no bound.
	Timeout time.Duration
	// Retry is the retry loop; [retry.Config].
	Retry retry.Config
	// Captcha solves challenges; off until it has a solver and a budget; [captcha.Config].
	Captcha captcha.Config
	// Rate is the pace per domain; [ratelimit.Config].
	Rate ratelimit.Config
	// EgressRate is the pace per egress on this domain, below the lease. Default: unlimited.
	EgressRate ratelimit.Config
	// Breaker is the domain's circuit breaker; [breaker.Config].
	Breaker breaker.Config
	// Headers are the browser's headers and the cookies; [headers.Config].
	Headers headers.Config
	// Decode bounds the decoding of compressed bodies; [headers.DecodeConfig].
	Decode headers.DecodeConfig
	// Buffer is how many bytes of a body are read before the response counts. A
	// body that breaks off within them is a failed attempt, which is retried, and not
	// a surprise for the caller. A longer body is passed on as it comes from there
	// on. Default: 0, nothing is buffered.
	Buffer int64
	// Robots says how robots.txt is honoured; [robots.Config].
	Robots robots.Config
	// PerCall is the user's own middleware outside the retry loop, first =
	// outermost. It sees one final result per call. Default: none.
	PerCall []Middleware
	// PerExchange is the user's own middleware just above the wire, first =
	// outermost. It sees each wire request with its final headers. Default: none.
	PerExchange []Middleware
	// Classify has the last word on every exchange's outcome. It must not read the
	// body beyond what it restores. Default: nil, godwit's own judgement stands.
	Classify Classifier
}

// Middleware wraps a RoundTripper.
type Middleware func(http.RoundTripper) http.RoundTripper

// Validate reports every problem of the configuration at once, each with the path
// of its field: `Domains["*.shop.test"].Retry.MaxAttempts: -3, want …`.
func (c Config) Validate() error {
	var errs []error
	errs = append(errs, prefixed("Default", c.Default.validate()))
	seen := make(map[string]string, len(c.Domains))
	for _, name := range slices.Sorted(maps.Keys(c.Domains)) {
		path := fmt.Sprintf("Domains[%q]", name)
		p, err := parsePattern(name)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", path, err))
		} else if other, dup := seen[p.String()]; dup {
			errs = append(errs, fmt.Errorf("%s: the same domain as %q, want each once", path, other))
		} else {
			seen[p.String()] = name
		}
		policy := c.Domains[name]
		errs = append(errs, prefixed(path, policy.validate()))
		if p := resolved(c.Default, policy); p.Pool != c.Default.Pool { // else it is said once, of Default
			errs = append(errs, prefixed(path, c.checkPool(p)))
		}
	}
	errs = append(errs, prefixed("Default", c.checkPool(c.Default)))
	for _, name := range slices.Sorted(maps.Keys(c.Pools)) {
		path := fmt.Sprintf("Pools[%q]", name)
		switch pool := c.Pools[name]; {
		case reserved(name):
			errs = append(errs, fmt.Errorf("%s: reserved name, want any but %q and the empty one", path, Direct))
		case pool.Direct:
			errs = append(errs, fmt.Errorf("%s.Direct: true, want a pool of proxies; policies go direct by Pool: %q", path, Direct))
		default:
			errs = append(errs, prefixed(path, pool.Validate()))
		}
	}
	direct := c.Direct
	if len(direct.Proxies) > 0 || direct.File != "" || direct.Env != "" || direct.URL != "" || direct.Source != nil {
		errs = append(errs, errors.New("Direct: has proxies, want none: it is the machine's own address"))
	} else {
		direct.Direct = true
		errs = append(errs, prefixed("Direct", direct.Validate()))
	}
	return errors.Join(errs...)
}

func reserved(pool string) bool { return pool == "" || pool == Direct }

func (c Config) checkPool(p Policy) error {
	name := c.poolOf(p)
	if name == Direct {
		return nil
	}
	if _, ok := c.Pools[name]; ok {
		return nil
	}
	want := slices.DeleteFunc(slices.Sorted(maps.Keys(c.Pools)), reserved)
	want = append(want, Direct)
	return fmt.Errorf("Pool: %q, want one of %s", name, strings.Join(want, ", "))
}

// poolOf returns the name of the pool that a merged policy uses. It fails closed:
// with several pools and no choice the result names none of them.
func (c Config) poolOf(p Policy) string {
	if p.Pool != "" {
		return p.Pool
	}
	switch len(c.Pools) {
	case 0:
		return Direct
	case 1:
		for name := range c.Pools {
			return name
		}
	}
	return ""
}

func (p Policy) validate() error {
	errs := []error{validatePreset(p.Preset)}
	if p.Timeout < 0 {
		errs = append(errs, fmt.Errorf("Timeout: %v, want a positive duration, or 0 for no bound", p.Timeout))
	}
	if p.Buffer < 0 {
		errs = append(errs, fmt.Errorf("Buffer: %d, want a number of bytes, or 0 for none", p.Buffer))
	}
	errs = append(errs,
		prefixed("Retry", p.Retry.Validate()),
		prefixed("Captcha", p.Captcha.Validate()),
		prefixed("Rate", p.Rate.Validate()),
		prefixed("EgressRate", p.EgressRate.Validate()),
		prefixed("Breaker", p.Breaker.Validate()),
		prefixed("Headers", p.Headers.Validate()),
		prefixed("Decode", p.Decode.Validate()),
		prefixed("Robots", p.Robots.Validate()),
	)
	for _, slot := range []struct {
		name string
		list []Middleware
	}{{"PerCall", p.PerCall}, {"PerExchange", p.PerExchange}} {
		for i, m := range slot.list {
			if m == nil {
				errs = append(errs, fmt.Errorf("%s[%d]: nil, want a Middleware", slot.name, i))
			}
		}
	}
	return errors.Join(errs...)
}

// prefixed puts path before every problem in err, each of which starts with the
// name of its field.
func prefixed(path string, err error) error {
	if err == nil {
		return nil
	}
	list, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return fmt.Errorf("%s.%w", path, err)
	}
	var errs []error
	for _, e := range list.Unwrap() {
		errs = append(errs, prefixed(path, e))
	}
	return errors.Join(errs...)
}

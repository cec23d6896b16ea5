package solver

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/godwit-go/godwit/captcha"
	"github.com/godwit-go/godwit/secret"
	"github.com/godwit-go/godwit/trip"
)

// The services by the names that [Config.Service] takes.
const (
	NameTwoCaptcha       = "2captcha"
	NameTwoCaptchaLegacy = "2captcha-legacy"
	NameAntiCaptcha      = "anti-captcha"
	NameCapSolver        = "capsolver"
	NameCapMonster       = "capmonster"
	// NameFlareSolverr is for [Open] alone: it has no account.
	NameFlareSolverr = "flaresolverr"
)

const (
	// DefaultLimit is how long a task is waited for.
	DefaultLimit = 180 * time.Second
	// DefaultMinScore is the score that a reCAPTCHA v3 token is asked for with.
	DefaultMinScore = 0.3
	// DefaultBusyRetries is how often a task is offered again to a busy service.
	DefaultBusyRetries = 2
)

// Config says how a service is used. Service and Key are required.
type Config struct {
	// Service is one of the names above.
	Service string
	// Key is the account's API key. It is read for every request, so that it can
	// be rotated.
	Key secret.Value
	// URL is where the service is, for those that have several names or for a
	// stand-in. It takes no user name: the URL is printed with the rest. Default:
	// the service's own address.
	URL string
	// Name tells solvers apart in errors, events and metrics. Default: Service.
	Name string
	// HTTP sends the requests; it should not be a Transport of this library's
	// with a captcha layer. Default: a transport of its own.
	HTTP http.RoundTripper
	// Poll paces the questions for the result. Default: by the service's rules.
	Poll Poll
	// Prices is what a solve costs at the most, by kind, over the table that the
	// package has. Default none.
	Prices map[captcha.Kind]trip.USD
	// Tasks makes the task for kinds that the dialect does not know, or instead
	// of it. Default none.
	Tasks map[captcha.Kind]func(c *captcha.Challenge, env captcha.Env) (Task, error)
	// ProxyAlways hands over the visitor's proxy for every kind. Default false:
	// only for answers that are bound to an address, since a proxy makes the
	// others slower, dearer and less likely.
	ProxyAlways bool
	// MinScore is what reCAPTCHA v3 tokens are asked for with when the challenge
	// does not say; negative = no demand. Default [DefaultMinScore].
	MinScore float64
	// SoftID is the affiliate number of the program; 0 = none. Default 0.
	SoftID int
	// BusyRetries is how often a task is offered again to a service that says it
	// is busy; negative = never. Default [DefaultBusyRetries].
	BusyRetries int
	// Resolver finds the address of a proxy for services that want no host
	// names. Default: the system's.
	Resolver *net.Resolver
}

// Poll paces the questions for a result. A pause is never shorter than the
// service allows, unless the service is on this machine.
type Poll struct {
	// First is the pause before the first question. Default: the service's rule.
	First time.Duration
	// Every is the pause before each further one, ± 10 %. Default: the service's rule.
	Every time.Duration
	// Limit is how long a task is waited for; negative = only the context ends
	// it. Default [DefaultLimit].
	Limit time.Duration
}

// Validate tells everything that is wrong with the configuration.
func (c Config) Validate() error {
	var errs []error
	if _, ok := dialects[c.Service]; !ok {
		errs = append(errs, fmt.Errorf("Service: %q, want one of %s", c.Service, strings.Join(slices.Sorted(maps.Keys(dialects)), ", ")))
	}
	if c.Key.IsZero() {
		errs = append(errs, errors.New("Key: unset, want the account's API key"))
	}
	if c.URL != "" {
		if u, err := url.Parse(c.URL); err != nil || u.Host == "" || u.User != nil || u.Scheme != "https" && u.Scheme != "http" {
			errs = append(errs, errors.New("URL: want an http or https address, without user name"))
		}
	}
	if c.Poll.First < 0 {
		errs = append(errs, fmt.Errorf("Poll.First: %s, want 0 or more", c.Poll.First))
	}
	if c.Poll.Every < 0 {
		errs = append(errs, fmt.Errorf("Poll.Every: %s, want 0 or more", c.Poll.Every))
	}
	for _, kind := range slices.Sorted(maps.Keys(c.Prices)) {
		if c.Prices[kind] < 0 {
			errs = append(errs, fmt.Errorf("Prices[%q]: %s, want 0 or more", kind, c.Prices[kind]))
		}
	}
	return errors.Join(errs...)
}

// TwoCaptcha returns a client for 2Captcha's API v2. RuCaptcha is the same
// service under another [Config.URL].
func TwoCaptcha(key secret.Value) *Service { return preset(NameTwoCaptcha, key) }

// TwoCaptchaLegacy returns a client for 2Captcha's older in.php and res.php,
// which many other services imitate; see [Config.URL].
func TwoCaptchaLegacy(key secret.Value) *Service { return preset(NameTwoCaptchaLegacy, key) }

// AntiCaptcha returns a client for Anti-Captcha.
func AntiCaptcha(key secret.Value) *Service { return preset(NameAntiCaptcha, key) }

// CapSolver returns a client for CapSolver.
func CapSolver(key secret.Value) *Service { return preset(NameCapSolver, key) }

// CapMonster returns a client for CapMonster Cloud.
func CapMonster(key secret.Value) *Service { return preset(NameCapMonster, key) }

// preset makes a service with its defaults. Without a key it is made all the same
// and says so when it is used: presets stand in literals, where no error fits.
func preset(name string, key secret.Value) *Service {
	return newService(Config{Service: name, Key: key})
}

// local tells whether the service is on this machine, where no floor protects it.
func local(address string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	if u.Hostname() == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(u.Hostname())
	return err == nil && ip.IsLoopback()
}

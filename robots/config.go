package robots

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// The defaults of [Config].
const (
	DefaultTTL           = 24 * time.Hour
	DefaultRetry         = 5 * time.Minute
	DefaultFetchTimeout  = time.Minute
	DefaultMaxCrawlDelay = 5 * time.Minute
	DefaultMaxSites      = 10_000
)

// Mode says how much of robots.txt is honoured.
type Mode string

// The modes.
const (
	Obey           Mode = "obey"        // requests that are disallowed are not sent
	CrawlDelayOnly Mode = "crawl_delay" // only the crawl-delay counts
	Ignore         Mode = "ignore"      // robots.txt is not even fetched
)

// Config says how robots.txt is honoured. The zero Config obeys.
type Config struct {
	// Mode says how much of robots.txt is honoured. Default: [Obey].
	Mode Mode
	// Agent is the product token that names this crawler in a robots.txt, such as
	// "ExampleBot"; letters, digits, "-" and "_". Default: none; the rules for all
	// robots apply.
	Agent string
	// TTL is how long a robots.txt is used before it is fetched again; its
	// Cache-Control may shorten that. RFC 9309 allows a day. Default: [DefaultTTL].
	TTL time.Duration
	// Retry is how soon after a failure the robots.txt is fetched again, and the
	// shortest time that its Cache-Control can ask for. Default: [DefaultRetry], or
	// TTL if that is shorter.
	Retry time.Duration
	// FetchTimeout bounds a fetch, redirects and all. Default: [DefaultFetchTimeout].
	FetchTimeout time.Duration
	// MaxCrawlDelay bounds the crawl-delay that is handed on. Negative means no
	// bound. Default: [DefaultMaxCrawlDelay].
	MaxCrawlDelay time.Duration
	// MaxSites is how many sites are remembered. Default: [DefaultMaxSites].
	MaxSites int

	// CrawlDelay is called with the domain of a request and the crawl-delay of its
	// site: before each request while there is one, and with 0 when a site has
	// given its own up. Default: none.
	CrawlDelay func(key string, delay time.Duration)
	// Fetch sends the requests for robots.txt. It must not lead back through this
	// wrapper. Default: the RoundTripper that is wrapped.
	Fetch http.RoundTripper
}

// Validate returns everything that is wrong with c, joined; nil if nothing is.
func (c Config) Validate() error {
	var errs []error
	check := func(ok bool, format string, args ...any) {
		if !ok {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	switch c.Mode {
	case "", Obey, CrawlDelayOnly, Ignore:
	default:
		check(false, "Mode: %q, want %q, %q or %q", c.Mode, Obey, CrawlDelayOnly, Ignore)
	}
	check(product(c.Agent) == c.Agent, "Agent: %q, want a product token of letters, digits, - and _, without version", c.Agent)
	check(c.TTL >= 0, "TTL: %v, want a positive duration, or 0 for %v", c.TTL, DefaultTTL)
	check(c.Retry >= 0, "Retry: %v, want a positive duration, or 0 for %v", c.Retry, DefaultRetry)
	check(c.FetchTimeout >= 0, "FetchTimeout: %v, want a positive duration, or 0 for %v", c.FetchTimeout, DefaultFetchTimeout)
	check(c.MaxSites >= 0, "MaxSites: %d, want a count, or 0 for %d", c.MaxSites, DefaultMaxSites)
	return errors.Join(errs...)
}

func (c Config) withDefaults() Config {
	c.Mode = cmp.Or(c.Mode, Obey)
	c.TTL = cmp.Or(c.TTL, DefaultTTL)
	c.Retry = min(cmp.Or(c.Retry, DefaultRetry), c.TTL)
	c.FetchTimeout = cmp.Or(c.FetchTimeout, DefaultFetchTimeout)
	c.MaxCrawlDelay = cmp.Or(c.MaxCrawlDelay, DefaultMaxCrawlDelay)
	c.MaxSites = cmp.Or(c.MaxSites, DefaultMaxSites)
	return c
}

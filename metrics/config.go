package metrics

import (
	"errors"
	"fmt"
)

const (
	// DefaultMaxDomains is the default of [Config.MaxDomains].
	DefaultMaxDomains = 20
	// MaxPools is how many pools have a label of their own; the rest share "other".
	MaxPools = 50
)

// Config says what a [Collector] exposes. The zero value means the defaults.
type Config struct {
	// Domains are the domains that always have series of their own, from the first
	// scrape on: those that the policies name. Each has about 200. Default none.
	Domains []string
	// MaxDomains is how many other domains get series of their own, first come,
	// first served. All further ones share the label "other". Negative means none.
	// Default [DefaultMaxDomains].
	MaxDomains int
	// Pools are the names of the proxy pools, whose counters then exist from the
	// first scrape on. Default none; pools are added as they are used.
	Pools []string
	// NativeHistograms exposes native histograms instead of classic ones. [Dashboard]
	// and [Alerts] are written for classic ones. Default false.
	NativeHistograms bool
	// APITimeouts also exposes godwit_request_timeouts_total under the name
	// api_request_timeouts_total. Default false.
	APITimeouts bool
}

// Validate reports every problem of the configuration at once.
func (c Config) Validate() error {
	var problems []error
	for i, d := range c.Domains {
		if d == "" || d == other {
			problems = append(problems, fmt.Errorf("Domains[%d]: %q, want a domain", i, d))
		}
	}
	for i, p := range c.Pools {
		if p == "" || p == other {
			problems = append(problems, fmt.Errorf("Pools[%d]: %q, want a pool's name", i, p))
		}
	}
	if len(c.Pools) > MaxPools {
		problems = append(problems, fmt.Errorf("Pools: %d of them, want at most %d", len(c.Pools), MaxPools))
	}
	return errors.Join(problems...)
}

func (c Config) withDefaults() Config {
	if c.MaxDomains == 0 {
		c.MaxDomains = DefaultMaxDomains
	}
	c.MaxDomains = max(0, c.MaxDomains)
	return c
}

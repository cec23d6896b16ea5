package proxypool

import (
	"fmt"
	"sync/atomic"
	"time"
)

// Defaults of the fields of [Check].
const (
	DefaultCheckEvery    = 5 * time.Minute
	DefaultCheckTimeout  = 10 * time.Second
	DefaultCheckParallel = 10
)

// Check configures active checks: requests to a neutral URL by proxies that are
// gated or idle. A check that passes may end the gate of a proxy, never the ban
// of a domain. Their counts are kept apart from those of real traffic.
type Check struct {
	// URL is what is fetched; a status below 400 passes. Default none: checks are off.
	URL string
	// Every is the time between the checks of one proxy, ± 20 %. Default [DefaultCheckEvery].
	Every time.Duration
	// Timeout limits one check. Default [DefaultCheckTimeout].
	Timeout time.Duration
	// Parallel is how many run at a time. Default [DefaultCheckParallel].
	Parallel int
}

func (c Check) withDefaults() Check {
	def(&c.Every, DefaultCheckEvery)
	def(&c.Timeout, DefaultCheckTimeout)
	def(&c.Parallel, DefaultCheckParallel)
	return c
}

func (c Check) validate() (errs []error) {
	if c.Every < 0 || c.Timeout < 0 || c.Parallel < 0 {
		errs = append(errs, fmt.Errorf("Check: want no negative Every, Timeout or Parallel"))
	}
	return errs
}

type checkCounts struct {
	passed, failed atomic.Int64
	last           atomic.Int64
}

func (p *Pool) wind() {}

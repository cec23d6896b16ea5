package proxypool

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/godwit-go/godwit/trip"
)

// Defaults of the fields of [Check].
const (
	DefaultCheckEvery    = 5 * time.Minute
	DefaultCheckTimeout  = 10 * time.Second
	DefaultCheckParallel = 10
)

// Check configures active checks: requests to a neutral URL by proxies that are
// gated or idle. A check that passes may end the gate of a proxy, never the ban
// of a domain. Their counts are kept apart from those of real traffic, and a
// check that fails is held against nobody.
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
	if c.URL != "" {
		if u, err := url.Parse(c.URL); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			errs = append(errs, errors.New("Check.URL: want an http or https URL"))
		}
	}
	for _, f := range []struct {
		path  string
		value time.Duration
	}{{"Check.Every", c.Every}, {"Check.Timeout", c.Timeout}} {
		if f.value < 0 {
			errs = append(errs, fmt.Errorf("%s: %v, want 0 (the default) or more", f.path, f.value))
		}
	}
	if c.Parallel < 0 {
		errs = append(errs, fmt.Errorf("Check.Parallel: %d, want 0 (the default) or more", c.Parallel))
	}
	return errs
}

type checkCounts struct {
	passed, failed atomic.Int64
	last, next     atomic.Int64
}

// Check checks every proxy that is gated or was idle, now, and returns how many
// of them passed and failed. It needs Config.Check.URL.
func (p *Pool) Check(ctx context.Context) (passed, failed int, err error) {
	c := p.config.Load()
	if c.Check.URL == "" {
		return 0, 0, errors.New("proxypool: Check.URL: not set")
	}
	passed, failed = p.check(ctx, c, func(*egress) bool { return true })
	return passed, failed, ctx.Err()
}

// check checks the gated and idle egresses that are due.
func (p *Pool) check(ctx context.Context, c *Config, due func(*egress) bool) (passed, failed int) {
	var (
		wg     sync.WaitGroup
		places = make(chan struct{}, c.Check.Parallel)
		counts [2]atomic.Int64
	)
	for _, e := range p.gates.table.Load().slots {
		if e == nil || e.gone.Load() || e.direct || !due(e) || !p.wantsCheck(e, c) {
			continue
		}
		select {
		case places <- struct{}{}:
		case <-ctx.Done():
		}
		if ctx.Err() != nil {
			break
		}
		wg.Go(func() {
			defer func() { <-places }()
			if p.checkOne(ctx, e, c) {
				counts[0].Add(1)
			} else {
				counts[1].Add(1)
			}
		})
	}
	wg.Wait()
	return int(counts[0].Load()), int(counts[1].Load())
}

// wantsCheck tells whether e is gated or idle: real traffic says more than a check.
func (p *Pool) wantsCheck(e *egress, c *Config) bool {
	p.gates.mu.Lock()
	shut := e.gate.shut()
	p.gates.mu.Unlock()
	e.mu.Lock()
	defer e.mu.Unlock()
	return shut || p.clock.now()-e.lastUse > int64(c.Check.Every)
}

// checkOne fetches the URL by e.
func (p *Pool) checkOne(ctx context.Context, e *egress, c *Config) bool {
	attemptCtx, cancel := context.WithTimeout(ctx, c.Check.Timeout)
	defer cancel()
	ok := p.fetchBy(attemptCtx, e, c)
	if ctx.Err() != nil {
		return ok // the pool is being closed: that says nothing
	}
	now := p.clock.now()
	e.checks.last.Store(now)
	if !ok {
		e.checks.failed.Add(1)
		return false
	}
	e.checks.passed.Add(1)
	var said notices
	p.gates.settle(p, e, now, true, "check", &said)
	p.tell(ctx, said)
	return true
}

func (p *Pool) fetchBy(ctx context.Context, e *egress, c *Config) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.Check.URL, nil)
	if err != nil {
		return false
	}
	session := ""
	if e.proxy.Load().hasSessions() {
		session = "check"
	}
	resp, err := p.routes.send(e, session, req, new(stream))
	if err != nil {
		return false
	}
	trip.Discard(resp, nil)
	return resp.StatusCode < 400
}

// wind starts the goroutines that the configuration asks for, unless they run.
func (p *Pool) wind(c *Config) {
	if c.Check.URL != "" && !p.checking {
		p.checking = true
		p.work.Go(p.keepChecking)
	}
	if c.ReloadEvery > 0 && !p.watching {
		p.watching = true
		p.work.Go(p.keepReloading)
	}
}

// keepChecking looks every now and then for egresses whose check is due.
func (p *Pool) keepChecking() {
	for {
		c := p.config.Load()
		if !p.pause(max(c.Check.Every/10, time.Millisecond)) {
			return
		}
		if c.Check.URL == "" {
			continue
		}
		now := p.clock.now()
		p.check(p.ctx, c, func(e *egress) bool {
			next := e.checks.next.Load()
			if next > now {
				return false
			}
			e.checks.next.Store(now + int64(float64(c.Check.Every)*(0.8+0.4*rand.Float64())))
			return next != 0 // a new one gets its first check later
		})
	}
}

// keepReloading reads the sources again and again. A list that cannot be read
// leaves the old one in place until the next time.
func (p *Pool) keepReloading() {
	for {
		every := p.config.Load().ReloadEvery
		if every <= 0 {
			every = time.Minute // switched off by a reconfiguration; it may come back
		}
		if !p.pause(every) {
			return
		}
		if p.config.Load().ReloadEvery > 0 {
			_ = p.Reload(p.ctx) // Snapshot tells
		}
	}
}

// pause waits for d or until the pool is closed, which it reports as false.
func (p *Pool) pause(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-p.ctx.Done():
		return false
	}
}

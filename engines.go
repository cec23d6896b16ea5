package godwit

import (
	"cmp"
	"net/http"

	"github.com/godwit-go/godwit/breaker"
	"github.com/godwit-go/godwit/captcha"
	"github.com/godwit-go/godwit/headers"
	"github.com/godwit-go/godwit/ratelimit"
	"github.com/godwit-go/godwit/retry"
	"github.com/godwit-go/godwit/robots"
	"github.com/godwit-go/godwit/trip"
)

// engines gives the chain its engines: those of the policy of the same name
// before a reload, with the new settings, or new ones.
func (b assembler) engines(c *chain) (err error) {
	if b.prev != nil {
		if old := b.prev.chains[cmp.Or(c.domain, defaultPolicy)]; old != nil {
			c.engines = old.engines
		}
	}
	p := c.policy
	p.Retry.Observer = trip.Observers(b.observer, p.Retry.Observer)
	if c.retries, err = kept(c.retries, p.Retry, retry.NewGroup, (*retry.Group).Reconfigure); err != nil {
		return err
	}
	p.Captcha.Observer = trip.Observers(b.observer, p.Captcha.Observer)
	if c.captchas, err = kept(c.captchas, p.Captcha, captcha.NewGroup, (*captcha.Group).Reconfigure); err != nil {
		return err
	}
	p.Breaker.Observer = trip.Observers(b.observer, p.Breaker.Observer)
	p.Breaker.Changed = c.changed(p.Breaker.Changed)
	if c.breakers, err = kept(c.breakers, p.Breaker, breaker.NewGroup, (*breaker.Group).Reconfigure); err != nil {
		return err
	}
	p.Rate.Observer = trip.Observers(b.observer, p.Rate.Observer)
	p.Rate.Peek = c.breakers.Refuse
	if c.pace, err = kept(c.pace, p.Rate, ratelimit.NewLimiter, (*ratelimit.Limiter).Reconfigure); err != nil {
		return err
	}
	p.EgressRate = egressRate(p.EgressRate)
	p.EgressRate.Observer = trip.Observers(b.observer, p.EgressRate.Observer)
	if c.egress, err = kept(c.egress, p.EgressRate, ratelimit.NewLimiter, (*ratelimit.Limiter).Reconfigure); err != nil {
		return err
	}
	p.Headers.DecodedBelow = true // by the chain's own decode layer
	before := c.headers
	if c.headers, err = headers.NewGroup(p.Headers); err != nil {
		return err
	}
	c.headers.Inherit(before)
	return nil
}

// kept gives an engine new settings, or makes one where there is none yet.
func kept[E, C any](old *E, cfg C, build func(C) (*E, error), reconfigure func(*E, C) error) (*E, error) {
	if old == nil {
		return build(cfg)
	}
	return old, reconfigure(old, cfg)
}

// changed wakes those who queue for a domain whose breaker has opened: they would
// wait for a token only to be refused.
func (c *chain) changed(also func(string, bool)) func(string, bool) {
	return func(key string, open bool) {
		if open {
			c.pace.Wake(key)
		}
		if also != nil {
			also(key, open)
		}
	}
}

// egressRate makes unlimited what the policy leaves open: a domain's own pace is
// on by default, a second one per egress is not.
func egressRate(cfg ratelimit.Config) ratelimit.Config {
	cfg.PerEgress = true
	cfg.Rate = cmp.Or(cfg.Rate, -1)
	cfg.InFlight = cmp.Or(cfg.InFlight, -1)
	return cfg
}

// egressLimit is the layer that keeps the pace of each egress. It is left out where
// there is none to keep: its turns would cost every exchange something all the same.
func (c *chain) egressLimit(next http.RoundTripper) (http.RoundTripper, error) {
	if cfg := egressRate(c.policy.EgressRate); cfg.Rate < 0 && cfg.InFlight < 0 && cfg.Peek == nil {
		return next, nil
	}
	return c.egress.Wrap(next), nil
}

// obey is the robots layer over next. It knows the copies that the chain had
// before a reload.
func (c *chain) obey(next http.RoundTripper) (http.RoundTripper, error) {
	r, err := robots.New(next, c.robots())
	if err != nil {
		return nil, err
	}
	r.Inherit(c.rules)
	c.rules = r
	return r, nil
}

// robots is the policy's robots.txt setting, whose Crawl-delay is a floor under
// the domain's interval.
func (c *chain) robots() robots.Config {
	cfg := c.policy.Robots
	if cfg.CrawlDelay == nil {
		cfg.CrawlDelay = c.pace.SetFloor
	}
	return cfg
}

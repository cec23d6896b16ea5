package ratelimit

import (
	"time"

	"golang.org/x/time/rate"

	"github.com/godwit-go/godwit/trip"
)

// recovery is how much of a slowdown is left after each success.
const recovery = 0.9

// pace decides when the next request may be sent to one domain. The tokens are
// those of x/time/rate. A jittered interval is a rate that changes with every
// token taken.
type pace struct {
	cfg    *Config
	bucket *rate.Limiter

	slow     float64       // what the interval of Rate is multiplied by
	adaptive time.Duration // the interval that the domain's latency suggests
	floor    time.Duration // the interval that robots.txt asks for
	until    time.Time     // end of the rest
	vague    int           // rests in a row whose length was for us to guess

	// A reply belongs to the burst that caused a rest or slowdown when its request
	// was sent before it. These count them, and requests remember the count.
	pauses, slowdowns uint32
}

func newPace(cfg *Config, now time.Time) pace {
	p := pace{bucket: rate.NewLimiter(rate.Inf, cfg.Burst), slow: 1}
	p.configure(cfg, now)
	return p
}

func (p *pace) configure(cfg *Config, now time.Time) {
	p.cfg = cfg
	p.adaptive = min(max(p.adaptive, cfg.interval()), cfg.MaxInterval)
	p.setFloor(p.floor, now)
}

// interval is the mean time between two requests.
func (p *pace) interval() time.Duration { return max(p.own(), p.floor) }

// own is the interval that we would keep without a floor.
func (p *pace) own() time.Duration {
	d := time.Duration(float64(p.cfg.interval()) * p.slow)
	if p.cfg.Concurrency > 0 {
		d = max(d, p.adaptive)
	}
	return min(d, p.cfg.MaxInterval)
}

// space decides how long the next token takes to come.
func (p *pace) space(now time.Time) {
	d := float64(p.own())
	if d == 0 && p.floor == 0 && p.bucket.Limit() == rate.Inf {
		return // unlimited, as before
	}
	if p.cfg.Jitter > 0 {
		d *= 1 + p.cfg.Jitter*(2*p.cfg.Rand()-1)
	}
	p.bucket.SetLimitAt(now, rate.Every(max(time.Duration(d), p.floor)))
}

// take takes a token if there is one and the domain is not at rest.
func (p *pace) take(now time.Time) bool {
	if now.Before(p.until) || !p.bucket.AllowN(now, 1) {
		return false
	}
	p.space(now)
	return true
}

// refund gives a token back that bought nothing. The bucket has no other way to
// take one in after the fact: a Reservation can be canceled only before its time.
func (p *pace) refund(now time.Time) { p.bucket.AllowN(now, -1) }

// next estimates when there is a token for who stands behind so many others. For
// the first in line it is exact.
func (p *pace) next(now time.Time, ahead int) time.Time {
	if now.Before(p.until) {
		now = p.until
	}
	missing := float64(ahead+1) - p.bucket.TokensAt(now)
	if missing <= 0 {
		return now
	}
	first := min(missing, 1)
	wait := first / float64(p.bucket.Limit()) * float64(time.Second)
	wait += (missing - first) * float64(p.interval())
	return now.Add(max(time.Duration(wait), 1))
}

// pause makes the domain rest. Earlier requests have no more say in it.
func (p *pace) pause(until time.Time) {
	p.until = until
	p.pauses++
}

// throttled reacts to a reply that asks to be left alone until retryAt, which is
// zero when it does not say. It tells whether a rest has begun.
func (p *pace) throttled(now, retryAt time.Time) bool {
	if !retryAt.After(now) {
		if p.cfg.Pause < 0 {
			return false
		}
		rest := p.cfg.Pause
		for range p.vague {
			if rest *= 2; rest >= p.cfg.MaxPause || rest <= 0 {
				rest = p.cfg.MaxPause
				break
			}
		}
		p.vague++
		retryAt = now.Add(rest)
	}
	if retryAt.Before(p.until) {
		retryAt = p.until
	}
	p.pause(retryAt)
	return true
}

// blocked slows down.
func (p *pace) blocked(now time.Time) {
	p.slowdowns++
	base := p.cfg.interval()
	if p.cfg.Slowdown < 0 || base == 0 {
		return
	}
	p.slow = min(p.slow*p.cfg.Slowdown, float64(p.cfg.MaxInterval)/float64(base))
	p.space(now)
}

// recover takes back part of what blocked did.
func (p *pace) recover() {
	if p.slow = 1 + (p.slow-1)*recovery; p.slow < 1.01 {
		p.slow = 1
	}
}

// adapt moves the interval towards what the latency suggests, after the rule of
// Scrapy's AutoThrottle.
func (p *pace) adapt(o trip.Outcome, latency time.Duration) {
	if p.cfg.Concurrency <= 0 || o.Status == 0 {
		return
	}
	target := time.Duration(float64(latency) / p.cfg.Concurrency)
	interval := max(target, (p.adaptive+target)/2)
	if interval < p.adaptive && (o.Verdict != trip.OK || o.Status < 200 || o.Status > 299) {
		return
	}
	p.adaptive = min(max(interval, p.cfg.interval()), p.cfg.MaxInterval)
}

// setFloor makes d the shortest interval. A burst would undercut it.
func (p *pace) setFloor(d time.Duration, now time.Time) {
	p.floor = d
	burst := p.cfg.Burst
	if d > 0 {
		burst = 1
	}
	p.bucket.SetBurstAt(now, burst)
	p.space(now)
}

package proxypool

import (
	"math"
	"time"
)

// A decay says how fast old evidence loses weight.
type decay struct{ halves float64 } // half-lives per nanosecond

func halfLife(d time.Duration) decay { return decay{halves: 1 / float64(d)} }

// Evidence about connectivity is forgotten sooner than evidence about bans, which
// targets keep up for minutes and hours.
var (
	healthDecay = halfLife(60 * time.Second)
	banDecay    = halfLife(300 * time.Second)
	heatDecay   = halfLife(heatWindow * 693 / 1000) // 1/e after heatWindow: a steady rate reads as requests per window
)

// An epoch lets sums decay without being touched: what is added at a time counts
// 2^(half-lives since the epoch began), and a sum divided by the weight of now is
// what it would be had it decayed all along (forward decay; Cormode and others,
// ICDE 2009). So a pick computes one weight, whatever it looks at.
type epoch struct {
	decay
	began  int64
	weight float64 // of now
}

// lastingHalves is how many half-lives an epoch lasts at most: all its numbers
// stay far inside of what a float64 holds.
const lastingHalves = 48

// advance sets the weight to that of now. When the epoch has lasted long enough
// another one begins, and old sums are to be multiplied by the scale it returns,
// which is 1 otherwise.
func (p *epoch) advance(now int64) (scale float64) {
	scale = 1
	if float64(now-p.began)*p.halves >= lastingHalves {
		scale = p.after(now - p.began)
		p.began = now
	}
	p.weight = 1 / p.after(now-p.began)
	return scale
}

// heatWindow is the time over which the load on one exit is measured. Targets
// that ban by rate commonly count by the minute.
const heatWindow = time.Minute

// after returns the weight left after d nanoseconds.
func (k decay) after(d int64) float64 {
	if d <= 0 {
		return 1
	}
	halves := float64(d) * k.halves
	if halves >= 64 {
		return 0
	}
	whole := int(halves)
	x := halves - float64(whole)
	// 2^-x on [0,1) by interpolation in a table: well within the noise of the evidence, and
	// several times faster than math.Exp2.
	i := x * float64(len(powers)-1)
	n := int(i)
	p := powers[n] + (powers[n+1]-powers[n])*(i-float64(n))
	return p * wholePowers[whole]
}

var powers, wholePowers = func() (fine [65]float64, whole [64]float64) {
	for i := range fine {
		fine[i] = math.Exp2(-float64(i) / float64(len(fine)-1))
	}
	for i := range whole {
		whole[i] = math.Exp2(-float64(i))
	}
	return fine, whole
}()

// A tally counts good and bad results, older ones for less.
type tally struct{ good, bad float64 }

func (c *tally) scale(by float64) { c.good, c.bad = c.good*by, c.bad*by }

// mean estimates the chance of success, as a fraction, where one result of now
// counts unit. Without evidence it is optimistic, so that newcomers are tried;
// evidence that ages drifts back there.
func (c *tally) mean(unit float64) fraction {
	return fraction{c.good + priorGood*unit, c.good + c.bad + (priorGood+priorBad)*unit}
}

// A fraction is compared without being divided, which picks would do more than
// anything else.
type fraction struct{ over, under float64 }

func (f fraction) above(g fraction) bool { return f.over*g.under > g.over*f.under }

func (f fraction) value() float64 { return f.over / f.under }

const (
	priorGood = 2
	priorBad  = 0.2
	priorMean = priorGood / (priorGood + priorBad)
)

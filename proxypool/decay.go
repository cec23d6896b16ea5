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
type tally struct {
	good, bad float64
	at        int64
}

func (c *tally) age(now int64, k decay) {
	if now > c.at {
		w := k.after(now - c.at)
		c.good, c.bad, c.at = c.good*w, c.bad*w, now
	}
}

// mean estimates the chance of success. Without evidence it is optimistic, so
// that newcomers are tried; evidence that ages drifts back there.
func (c *tally) mean() float64 {
	return (c.good + priorGood) / (c.good + c.bad + priorGood + priorBad)
}

const (
	priorGood = 2
	priorBad  = 0.2
	priorMean = priorGood / (priorGood + priorBad)
)

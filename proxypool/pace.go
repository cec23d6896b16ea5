package proxypool

import "time"

// A pace is what a domain taught about how often one exit may call. Gates are the
// first line of defence; the pace keeps healthy exits from earning one. Near it
// the load is spread evenly over all that are eligible, slow ones too: an exit that
// is banned leaves its load to the others, and they follow.
type pace struct {
	ceiling float64 // heat that is feared to be too much
	usual   float64 // heat that nine of ten exits had at most when they were served
	liftAt  int64   // when the ceiling was last lifted
	taught  bool    // a block taught the ceiling
}

const (
	// Before a domain taught anything, it may be one of the many that ban at some
	// tens a minute. Where all exits call more often than any target tolerates that
	// counts, it is not.
	paceFeared   = 30.0
	paceUnlikely = 120.0
	paceMargin   = 0.8
	paceMemory   = int64(time.Minute)
)

// blocked notes that an exit which had worked was blocked at heat. If it was one of
// the hottest, the target counts, and those that come next are about as hot.
func (p *pace) blocked(heat float64) {
	if heat >= p.usual {
		p.ceiling, p.taught = min(p.ceiling, max(paceMargin*heat, 1)), true
	}
}

// served notes that an exit was served at heat, in the given unit. If that is above
// the ceiling, the ceiling follows within minutes.
func (p *pace) served(now int64, heat, unit float64) {
	if heat > p.usual*unit {
		p.usual += 0.018*p.usual + 0.01
	} else {
		p.usual -= 0.002 * p.usual
	}
	if heat > p.ceiling*unit {
		p.ceiling += (heat/unit - p.ceiling) * min(float64(now-p.liftAt)/float64(paceMemory), 0.1)
		p.liftAt = now
	}
}

// slowness is 1 ÷ the ceiling in the given unit, where fair is the usual heat of an
// exit. It is zero when there is nothing to fear.
func (p *pace) slowness(fair, unit float64) float64 {
	if !p.taught && fair > paceUnlikely*unit {
		return 0
	}
	return 1 / (p.ceiling * unit)
}

// limit is the ceiling if a block taught it, else zero.
func (p *pace) limit() float64 {
	if !p.taught {
		return 0
	}
	return p.ceiling
}

package retry

import "time"

// Backoff spaces retries out: exponentially, with full jitter, so that those who
// failed together do not come back together.
type Backoff struct {
	Base time.Duration // bound of the first pause; not positive means no pauses
	Max  time.Duration // bound of all
}

// Delay returns the pause after the nth failure, from 1: random, in [0, 1), times
// the smaller of Max and Base × 2ⁿ⁻¹.
func (b Backoff) Delay(n int, random float64) time.Duration {
	if b.Base <= 0 {
		return 0
	}
	bound := b.Base
	for ; n > 1 && bound < b.Max; n-- {
		if bound > b.Max/2 {
			bound = b.Max
			break
		}
		bound *= 2
	}
	return time.Duration(random * float64(min(bound, b.Max)))
}

// asked returns the pause that somebody asked for, a little longer: never early,
// and not all at the same moment.
func asked(wait time.Duration, random float64) time.Duration {
	return wait + time.Duration(random*0.1*float64(wait))
}

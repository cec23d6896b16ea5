package proxypool

import "math"

// score ranks the candidates of [Gated]:
//
//	success on all domains × success here × weight
//	─────────────────────────────────────────────────────────
//	slowness × (in flight + 1) × (1 + heat ÷ fair share)²
//
// The divisor keeps the load even: the best exits are those that a target bans
// first when everything runs over them. An exit above the learned pace comes last
// of all; when every one is, they still share evenly.
func (d *domain) score(now int64, e *egress, y yardstick) fraction {
	pr := d.known(e)
	s := d.merit(now, e, pr)
	s.under *= float64(e.inFlight() + 1)
	if pr == nil {
		return s
	}
	crowd := 1 + pr.heat*y.crowd
	s.under *= crowd * crowd
	if pr.heat >= y.ceiling {
		s.under *= overPace
	}
	return s
}

// overPace divides the score of an exit that is above the learned pace.
const overPace = 1e6

// merit is success ÷ slowness, whatever the load.
func (d *domain) merit(now int64, e *egress, pr *pair) fraction {
	m := fraction{priorGood, priorGood + priorBad}
	if pr != nil {
		m = pr.bans.mean(d.banEpoch.weight)
	}
	m.over *= e.appeal(now)
	return m
}

// A yardstick is what all candidates of a pick are measured by.
type yardstick struct {
	crowd   float64 // 1 ÷ the heat that an egress has when all are used alike
	ceiling float64 // the learned pace; infinite when there is none
}

// yardstick is in the weights of the epoch of heats.
func (d *domain) yardstick(now int64) yardstick {
	fair := max(d.heat/float64(max(d.eligible, 1)), d.heatEpoch.weight)
	y := yardstick{crowd: 1 / fair, ceiling: math.Inf(1)}
	if pace := d.pace.limit(now); pace > 0 {
		y.ceiling = pace * d.heatEpoch.weight
	}
	return y
}

package proxypool

// score ranks the candidates of [Gated]:
//
//	success on all domains × success here × weight
//	─────────────────────────────────────────────────────────
//	slowness × (in flight + 1) × (1 + heat ÷ fair share)²
//
// The divisor keeps the load even: the best exits are those that a target bans
// first when everything runs over them. From near the pace on it grows with the
// 32nd power of the heat, so that a few percent of heat outweigh any other merit.
func (d *domain) score(now int64, e *egress, y yardstick) fraction {
	pr := d.known(e)
	s := d.merit(now, e, pr)
	s.under *= float64(e.inFlight() + 1)
	if pr == nil {
		return s
	}
	crowd := 1 + pr.heat*y.crowd
	s.under *= crowd * crowd
	if haste := pr.heat * y.pace; haste > 0.7 {
		for range 5 {
			haste *= haste
		}
		s.under *= 1 + haste
	}
	return s
}

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
	crowd float64 // 1 ÷ the heat that an egress has when all are used alike
	pace  float64 // 1 ÷ the heat at which a target is feared to ban; 0: none
}

// yardstick is in the weights of the epoch of heats.
func (d *domain) yardstick() yardstick {
	fair := max(d.heat/float64(max(d.eligible, 1)), d.heatEpoch.weight)
	return yardstick{crowd: 1 / fair, pace: d.pace.slowness(fair, d.minute)}
}

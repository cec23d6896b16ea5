package proxypool

// score ranks the candidates of [Gated]:
//
//	success on all domains × success here × weight
//	─────────────────────────────────────────────────────────
//	slowness × (in flight + 1) × (1 + heat ÷ fair share)²
//
// The divisor keeps the load even: the best exits are those that a target bans
// first when everything runs over them. An exit above the learned pace comes last
// of all; when every one is, they still share evenly.
func (d *domain) score(now int64, e *egress, fair, ceiling float64) float64 {
	pr := d.known(e)
	s := d.merit(now, e, pr) / float64(e.inflight.Load()+1)
	if pr == nil {
		return s
	}
	heat := pr.heatAfter(now)
	crowd := 1 + heat/fair
	s /= crowd * crowd
	if ceiling > 0 && heat >= ceiling {
		s /= overPace
	}
	return s
}

// overPace divides the score of an exit that is above the learned pace.
const overPace = 1e6

// merit is success ÷ slowness, whatever the load.
func (d *domain) merit(now int64, e *egress, pr *pair) float64 {
	m := e.qualityAfter(now) * e.proxy.Load().weight()
	if pr == nil {
		return m * priorMean
	}
	pr.bans.age(now, banDecay)
	return m * pr.bans.mean()
}

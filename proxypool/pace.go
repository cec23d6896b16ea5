package proxypool

import "time"

// A pace is what a domain taught about how often one exit may call. Gates are the
// first line of defence; the pace keeps healthy exits from earning one.
type pace struct {
	heats [3]float64 // of the newest blocked pairs
	at    [3]int64
	next  uint8

	ceiling float64 // zero: none
	learned int64
}

const (
	paceWindow = int64(30 * time.Second)
	paceMemory = int64(10 * time.Minute)
	paceMargin = 0.85
)

// blocked notes that a pair which had worked was blocked at heat. Three of them
// in short order mean that the target counts.
func (p *pace) blocked(now int64, heat float64) {
	p.heats[p.next], p.at[p.next] = heat, now
	p.next = (p.next + 1) % uint8(len(p.heats))
	sum := 0.0
	for i, at := range p.at {
		if at == 0 || now-at > paceWindow {
			return
		}
		sum += p.heats[i]
	}
	ceiling := max(paceMargin*sum/float64(len(p.heats)), 1)
	if old := p.limit(now); old == 0 || ceiling < old {
		p.ceiling, p.learned = ceiling, now
	}
	p.at = [3]int64{}
}

// limit is the heat above which no exit should be used; zero when there is none.
// It loosens as it ages.
func (p *pace) limit(now int64) float64 {
	if p.ceiling == 0 {
		return 0
	}
	age := now - p.learned
	if age >= paceMemory {
		p.ceiling = 0
		return 0
	}
	return p.ceiling * (1 + float64(age)/float64(paceMemory))
}

package breaker

import (
	"context"
	"net/http"
	"time"

	"github.com/godwit-go/godwit/trip"
)

// Permit is the leave to send one exchange. Whoever got it from [Group.Allow] says
// with Done how the exchange went. Its methods are safe for concurrent use.
type Permit struct {
	group   *Group
	circuit *circuit // nil: the domain goes unguarded
	done    func(error)
	era     uint64
	probe   bool
	ctx     context.Context // of the exchange, to judge a broken body by

	// guarded by group.mu
	over  bool
	body  bool        // the response header was fine
	timer *time.Timer // bounds a probe
	stop  func() bool // ends the watch over ctx
}

// Done books how the exchange went. Only the first call counts. Which verdicts
// are failures is told in the documentation of the package; an ambiguous failure
// counts as nothing, for it may be the egress that failed.
func (p *Permit) Done(o trip.Outcome) {
	if p.circuit == nil {
		return
	}
	p.group.mu.Lock()
	p.settle(o)
}

// expire ends a probe that takes too long.
func (p *Permit) expire() {
	p.group.mu.Lock()
	if p.body {
		p.settle(trip.Outcome{}) // a large body is no failure, but no success yet
	} else {
		p.settle(trip.Outcome{Verdict: trip.TargetError, Timeout: true})
	}
}

// settle is called with the group's lock held, which it releases.
func (p *Permit) settle(o trip.Outcome) {
	stop := p.stop
	p.stop = nil
	if !p.over {
		p.over = true
		if p.timer != nil {
			p.timer.Stop()
		}
		p.group.cause = p.ctx
		p.circuit.settle(p, o)
	}
	p.group.unlock()
	if stop != nil {
		stop()
	}
}

// await leaves the judgement to the end of resp's body. A probe is also over when
// ctx ends: its caller may have forgotten the body, and the place must come back.
func (p *Permit) await(resp *http.Response) {
	if p.circuit == nil {
		return
	}
	if p.probe {
		p.group.mu.Lock()
		p.body = true
		p.group.mu.Unlock()
		stop := context.AfterFunc(p.ctx, func() { p.BodyEnded(p.ctx.Err()) })
		p.group.mu.Lock()
		p.stop = stop // called when the permit is settled, be that in WatchBody below
		p.group.mu.Unlock()
	}
	trip.WatchBody(resp, p)
}

// BodyEnded judges an exchange whose response header was fine by the end of its
// body, where err is nil. It makes the permit a [trip.BodyWatcher].
func (p *Permit) BodyEnded(err error) {
	if err == nil {
		p.Done(trip.Outcome{Verdict: trip.OK})
		return
	}
	p.Done(trip.Classify(p.ctx, nil, err))
}

package captcha

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/godwit-go/godwit/trip"
)

// lead lifts the challenge for all who wait for it: nothing is bought before it
// is known that the answer can be handed in, and by whom.
func (f *flow) lead(ctx context.Context) (resp *http.Response, err error) {
	door := &door{flow: f}
	defer func() { door.shut(resp) }()
	if gone, err := f.visit(ctx, door); err != nil || gone {
		if err != nil {
			return nil, err
		}
		return f.afresh(ctx)
	}
	sub := f.submitter()
	if sub == nil {
		return nil, f.fail(ctx, ErrNoSubmitter)
	}
	var answer Solution
	var by Solver
	if f.challenge.Kind != KindButton {
		if err := f.illustrate(ctx, door); err != nil {
			return nil, err
		}
		if answer, by, err = f.buy(ctx); err != nil {
			return nil, f.fail(ctx, err)
		}
		if err := f.adopt(ctx, door, &answer); err != nil {
			return nil, f.fail(ctx, err)
		}
	}
	return f.handIn(ctx, door, sub, answer, by)
}

// afresh sends the request again after its challenge turned out to be gone.
func (f *flow) afresh(ctx context.Context) (*http.Response, error) {
	resp, err := f.again(ctx)
	if resp == nil && err == nil {
		err = f.fail(ctx, ErrRejected)
	}
	return resp, err
}

func (f *flow) submitter() Submitter {
	if own := f.settings.Submitter; own != nil {
		if s := own(f.domain, f.challenge); s != nil {
			return s
		}
	}
	return builtinSubmitter(f.challenge)
}

// adopt gives the visitor what the answer carries beside its token.
func (f *flow) adopt(ctx context.Context, d *door, s *Solution) error {
	if f.challenge.Kind == KindAWSWAF && len(s.Cookies) == 0 && s.Fields[FieldVoucher] != "" {
		cookies, err := redeemVoucher(ctx, d, f.req, f.challenge, *s)
		if err != nil {
			return err
		}
		s.Cookies = cookies
	}
	s.Cookies = fit(s.Cookies, f.req.URL, f.challenge.Header)
	ua := s.UserAgent
	if len(s.Cookies) == 0 {
		ua = "" // a token is bound to no user agent
	}
	f.grant(visitorOf(ctx, f.group.self), clearance{cookies: s.Cookies, userAgent: ua})
	return nil
}

// handIn submits the answer and sees whether it was accepted.
func (f *flow) handIn(ctx context.Context, d *door, sub Submitter, answer Solution, by Solver) (*http.Response, error) {
	v, before := visitorOf(ctx, f.group.self), f.challenge
	sent, passed := f.group.turn.Load(), d.passed()
	resp, err := sub.Submit(ctx, d, f.req, before, answer)
	var got *Challenge
	switch {
	case errors.Is(err, ErrUnusable):
		return nil, f.fail(ctx, err)
	case err != nil:
		f.untold(v)
		if by != nil && d.passed() == passed && trip.OutcomeOf(ctx, nil, err).Verdict == trip.Local {
			f.keep(ctx, by, answer) // it was never sent, say for want of a turn
		}
		return nil, err
	case resp == nil:
		e, err := f.replay(ctx)
		if err != nil {
			f.untold(v)
			return nil, err
		}
		resp, got = e.resp, e.challenge
		d.enter(e)
	default:
		got = d.find(ctx, resp).challenge
	}
	now := time.Now()
	switch {
	case got != nil && got.Verdict == Challenged:
		f.meet(ctx, got, resp, sent)
		f.rejected(v, before, answer, by, now)
		f.snippet = discard(d.find(ctx, resp))
		return nil, f.fail(ctx, ErrRejected)
	case got == nil && resp.StatusCode < 500:
		f.accepted(ctx, v, before, answer, by, now)
	default:
		f.untold(v)
	}
	return resp, nil
}

// untold is for an answer that was handed in and met a block or a fault, which
// says nothing about it. Those who wait send their request again before they pay
// for an answer of their own: it may have counted.
func (f *flow) untold(v visitor) {
	f.group.visitors.accepted(visitorKey(v, f.domain), f.group.turn.Add(1), time.Now())
}

func (f *flow) accepted(ctx context.Context, v visitor, c *Challenge, answer Solution, by Solver, now time.Time) {
	g, s := f.group, f.settings
	turn := g.turn.Add(1)
	g.domains.accepted(f.domain, turn, now)
	g.visitors.accepted(visitorKey(v, f.domain), turn, now)
	if len(answer.Cookies) > 0 {
		ua := answer.UserAgent
		if ua == "" {
			ua = f.userAgent
		}
		g.clearances.add(f.clearanceKey(v), newClearance(answer, ua, now, s.Clearance), now)
	}
	if by != nil {
		g.reports.send(by, c, answer, true)
	}
	f.solved(ctx, answer.Provider)
}

// rejected books an answer that did not help. Only the same challenge once more
// speaks against the solver.
func (f *flow) rejected(v visitor, asked *Challenge, answer Solution, by Solver, now time.Time) {
	if by == nil {
		return
	}
	f.group.domains.rejected(f.domain, now, f.settings.MaxRejected, f.settings.Rest)
	if f.challenge.Vendor == asked.Vendor {
		f.group.reports.send(by, asked, answer, false)
	}
}

// buy gets an answer from the first solver that has one.
func (f *flow) buy(ctx context.Context) (Solution, Solver, error) {
	c, now := f.challenge, time.Now()
	env := f.env(ctx)
	able := slices.DeleteFunc(slices.Clone(f.settings.Solvers), func(s Solver) bool { return !s.Supports(c) })
	if len(able) == 0 {
		return Solution{}, nil, ErrNoSolver
	}
	able = slices.DeleteFunc(able, func(s Solver) bool { return !reaches(s, c, env) })
	if len(able) == 0 {
		return Solution{}, nil, ErrNoEgress
	}
	ctx, cancel := f.patience(ctx)
	defer cancel()
	if s, by, ok := f.resume(ctx); ok {
		return s, by, nil
	}
	if r := f.group.domains.get(f.domain, now); now.Before(r.until) {
		return Solution{}, nil, &StoppedError{Rejected: r.rejected, RetryAt: r.until}
	}
	if !f.attempt.Call().TakeSolve(f.settings.MaxSolves) {
		return Solution{}, nil, ErrSolves
	}
	var errs []error
	for _, s := range able {
		answer, err := f.ask(ctx, s, env)
		var lost Lost
		if errors.As(err, &lost) && lost.Lost() && ctx.Err() == nil {
			errs = append(errs, err)
			answer, err = f.ask(ctx, s, env) // out of money of its own
		}
		if err == nil {
			return answer, s, nil
		}
		errs = append(errs, err)
		var final Final
		if ctx.Err() != nil || errors.As(err, &final) && final.Final() {
			break
		}
	}
	return Solution{}, nil, errors.Join(errs...)
}

// reaches tells whether s can earn an answer for the visitor: what is bound to an
// address has to be earned from it.
func reaches(s Solver, c *Challenge, env Env) bool {
	if env.Proxy != nil || !ipBound(c) {
		return true
	}
	local, ok := s.(Local)
	return ok && local.Local()
}

// ipBound tells whether an answer is good for one address alone: clearances are,
// except AWS WAF's, and so is what Google's own pages ask.
func ipBound(c *Challenge) bool {
	return c.Kind != KindAWSWAF && slices.Contains(cookieKinds[:], c.Kind) || c.Params[ParamDataS] != ""
}

func (f *flow) env(ctx context.Context) Env {
	v := visitorOf(ctx, f.group.self)
	env := Env{UserAgent: f.userAgent, Cookies: v.jar.Cookies(f.req.URL)}
	if v.id.Proxy != nil && v.id.Proxy() != nil {
		env.Proxy = v.id.Proxy
	}
	return env
}

// ask pays s for an answer, out of money that was reserved for it.
func (f *flow) ask(ctx context.Context, s Solver, env Env) (Solution, error) {
	price := f.settings.Price
	if p, ok := s.(Pricer); ok {
		price = p.Price(f.challenge)
	}
	call := f.attempt.Call()
	settle := func(trip.USD) {}
	switch budget := f.settings.Budget; {
	case price <= 0:
	case budget == nil:
		return Solution{}, &BudgetError{Price: price}
	default:
		r, err := budget.Reserve(time.Now(), f.domain, call.Cost(), price)
		if err != nil {
			return Solution{}, err
		}
		// A ledger that cannot be written to refuses the next reservation.
		settle = func(cost trip.USD) { _ = r.Settle(time.Now(), cost) }
	}
	f.provider = s.Name()
	answer, err := s.Solve(ctx, f.challenge, env)
	answer.Cost = sane(answer.Cost)
	settle(answer.Cost)
	call.AddCost(answer.Cost)
	f.cost += answer.Cost
	if err != nil {
		f.keep(ctx, s, answer)
		return Solution{}, err
	}
	return answer, nil
}

// keep remembers a task whose answer may yet be used.
func (f *flow) keep(ctx context.Context, s Solver, unused Solution) {
	if r, ok := s.(Resumer); ok && unused.TaskID != "" {
		f.group.pendings.add(f.taskKey(ctx), pending{r, s.Name(), unused.TaskID, time.Now()})
	}
}

// resume fetches the answer that an earlier call paid for and did not get.
func (f *flow) resume(ctx context.Context) (Solution, Solver, bool) {
	p, ok := f.group.pendings.take(f.taskKey(ctx), time.Now())
	if !ok {
		return Solution{}, nil, false
	}
	f.provider = p.provider
	answer, err := p.solver.Resume(ctx, f.challenge, p.taskID)
	if err != nil {
		if ctx.Err() != nil {
			f.group.pendings.add(f.taskKey(ctx), p)
		}
		return Solution{}, nil, false
	}
	by, _ := p.solver.(Solver)
	return answer, by, true
}

// taskKey is what a paid task may be used for: an answer of this kind for this
// egress on this domain.
func (f *flow) taskKey(ctx context.Context) string {
	return visitorOf(ctx, f.group.self).egress() + " " + f.domain + " " + sameAnswer(f.challenge)
}

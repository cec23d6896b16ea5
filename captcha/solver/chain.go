package solver

import (
	"context"
	"errors"
	"strings"

	"github.com/godwit-go/godwit/captcha"
	"github.com/godwit-go/godwit/trip"
)

// Chain returns a solver that asks the given ones in order until one solves the
// challenge. It is for use without a [captcha.Transport], whose Config.Solvers is
// a chain already and reserves the money for each solver by itself.
func Chain(solvers ...captcha.Solver) captcha.Solver { return chain(solvers) }

type chain []captcha.Solver

func (ch chain) Name() string {
	var names []string
	for _, s := range ch {
		names = append(names, s.Name())
	}
	return strings.Join(names, "+")
}

func (ch chain) Supports(c *captcha.Challenge) bool {
	for _, s := range ch {
		if s.Supports(c) {
			return true
		}
	}
	return false
}

// Price is what it costs when every solver but the last is paid for nothing.
func (ch chain) Price(c *captcha.Challenge) trip.USD {
	var sum trip.USD
	for _, s := range ch {
		if !s.Supports(c) {
			continue
		}
		if p, ok := s.(captcha.Pricer); ok {
			sum += p.Price(c)
		} else {
			sum += captcha.DefaultPrice
		}
	}
	return sum
}

// Local tells whether every one of the solvers is on this machine.
func (ch chain) Local() bool {
	for _, s := range ch {
		if l, ok := s.(captcha.Local); !ok || !l.Local() {
			return false
		}
	}
	return len(ch) > 0
}

func (ch chain) Solve(ctx context.Context, c *captcha.Challenge, env captcha.Env) (captcha.Solution, error) {
	var errs []error
	var spent trip.USD
	for _, s := range ch {
		if !s.Supports(c) {
			continue
		}
		got, err := s.Solve(ctx, c, env)
		spent += got.Cost
		got.Cost = spent
		if err == nil {
			return got, nil
		}
		errs = append(errs, err)
		var final captcha.Final
		if ctx.Err() != nil || errors.As(err, &final) && final.Final() {
			break
		}
	}
	if errs == nil {
		errs = []error{captcha.ErrNoSolver}
	}
	return captcha.Solution{Cost: spent}, errors.Join(errs...)
}

// Report tells the one that gave the answer.
func (ch chain) Report(ctx context.Context, c *captcha.Challenge, got captcha.Solution, accepted bool) error {
	for _, s := range ch {
		if r, ok := s.(captcha.Reporter); ok && s.Name() == got.Provider {
			return r.Report(ctx, c, got, accepted)
		}
	}
	return nil
}

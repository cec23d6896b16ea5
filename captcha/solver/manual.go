package solver

import (
	"context"
	"time"

	"github.com/godwit-go/godwit/captcha"
	"github.com/godwit-go/godwit/trip"
)

// Manual returns a free solver that asks a func: one that shows the challenge to
// a person, or has another way to an answer. It is asked about every challenge,
// and for the machine's own address too; an error from it passes the challenge on
// to the next solver.
func Manual(name string, solve func(ctx context.Context, c *captcha.Challenge, env captcha.Env) (captcha.Solution, error)) captcha.Solver {
	return &manual{name, solve}
}

type manual struct {
	name  string
	solve func(context.Context, *captcha.Challenge, captcha.Env) (captcha.Solution, error)
}

func (m *manual) Name() string                      { return m.name }
func (m *manual) Supports(*captcha.Challenge) bool  { return true }
func (m *manual) Price(*captcha.Challenge) trip.USD { return 0 }
func (m *manual) Local() bool                       { return true }

func (m *manual) Solve(ctx context.Context, c *captcha.Challenge, env captcha.Env) (captcha.Solution, error) {
	got, err := m.solve(ctx, c, env)
	if got.Provider == "" {
		got.Provider = m.name
	}
	if got.ObtainedAt.IsZero() {
		got.ObtainedAt = time.Now()
	}
	return got, err
}

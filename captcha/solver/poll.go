package solver

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/godwit-go/godwit/captcha"
)

// await polls for the answer to a task.
func (s *Service) await(ctx context.Context, kind captcha.Kind, id string, first time.Duration) (*answer, error) {
	patient, cancel := ctx, context.CancelFunc(func() {})
	if s.cfg.Poll.Limit > 0 {
		patient, cancel = context.WithTimeout(ctx, s.cfg.Poll.Limit)
	}
	defer cancel()
	pause := first
	for poll := 0; s.dialect.polls == 0 || poll < s.dialect.polls; poll++ {
		if err := sleep(patient, pause); err != nil {
			return nil, s.late(ctx, id)
		}
		a, err := s.wire.result(patient, id)
		var failed *Error
		switch {
		case err == nil && a != nil:
			return a, nil
		case err == nil:
		case errors.As(err, &failed) && failed.Class == TimedOut:
			return nil, s.late(ctx, id)
		case failed != nil && (failed.Class == Busy || failed.Class == NotReady):
			// The task lives on whatever happens to one question about it.
		default:
			if failed != nil {
				failed.TaskID = id
			}
			s.remember(err)
			return nil, err
		}
		pause = s.every(kind)
	}
	return nil, &Error{Provider: s.name, Class: TimedOut, TaskID: id, Err: errors.New("too many questions")}
}

// late is a task that was given up before its answer came.
func (s *Service) late(ctx context.Context, id string) error {
	e := &Error{Provider: s.name, Class: TimedOut, TaskID: id, Err: ctx.Err()}
	if e.Err == nil {
		e.Err = fmt.Errorf("no answer within %s", s.cfg.Poll.Limit)
	}
	return e
}

// first and every are the pauses before questions about a task.
func (s *Service) first(kind captcha.Kind) time.Duration {
	p := s.pace(kind)
	return s.bounded(cmp.Or(s.cfg.Poll.First, p.first), p.first)
}

func (s *Service) every(kind captcha.Kind) time.Duration {
	p := s.pace(kind)
	pause := cmp.Or(s.cfg.Poll.Every, p.every)
	pause = time.Duration(float64(pause) * (0.9 + 0.2*rand.Float64())) //nolint:gosec // spreads load, guards nothing
	return s.bounded(pause, p.floor)
}

func (s *Service) bounded(pause, floor time.Duration) time.Duration {
	if s.local {
		return pause
	}
	return max(pause, floor)
}

func (s *Service) pace(kind captcha.Kind) pace {
	if p, ok := s.dialect.paces[kind]; ok {
		return p
	}
	return s.dialect.pace
}

func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

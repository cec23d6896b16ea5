package godwit

import (
	"context"
	"log/slog"
	"time"

	"golang.org/x/time/rate"

	"github.com/godwit-go/godwit/trip"
)

// Warnings of one kind are logged this often at the most, so that a wall of bans
// does not drown the log; the calls' own lines are never sampled.
const (
	warningBurst    = 10
	warningInterval = time.Second
)

// NewLogger returns an observer that writes to l: one Info line for every
// finished call (Warn when it came to no response), one Debug line per attempt,
// and sampled warnings about bans, breakers, pauses and challenges. The keys are
// the words of the documentation: domain, egress, verdict, attempt. It logs no
// URL, header or body. A nil l gives a nil observer.
func NewLogger(l *slog.Logger) trip.Observer {
	if l == nil {
		return nil
	}
	sampled := func() *rate.Sometimes { return &rate.Sometimes{First: warningBurst, Interval: warningInterval} }
	return &logger{log: l, gated: sampled(), changed: sampled(), paused: sampled(), unsolved: sampled()}
}

type logger struct {
	log                              *slog.Logger
	gated, changed, paused, unsolved *rate.Sometimes
}

func (l *logger) Observe(ctx context.Context, e trip.Event) {
	switch e := e.(type) {
	case *trip.CallDone:
		l.call(ctx, e)
	case *trip.AttemptDone:
		l.attempt(ctx, e)
	case *trip.Retrying:
		l.write(ctx, slog.LevelDebug, "retrying", slog.String("domain", e.Attempt.Call().Domain()),
			slog.Int("attempt", e.Attempt.Number()+1), slog.Duration("delay", e.Delay), slog.String("source", e.Source))
	case *trip.ProxyGated:
		l.gated.Do(func() {
			l.write(ctx, slog.LevelWarn, "egress gated", slog.String("pool", e.Pool), slog.String("egress", e.Egress),
				slog.String("domain", e.Domain), slog.String("reason", e.Reason), slog.Time("until", e.Until))
		})
	case *trip.BreakerChanged:
		l.changed.Do(func() {
			l.write(ctx, slog.LevelWarn, "breaker changed", slog.String("domain", e.Domain),
				slog.String("from", e.From), slog.String("to", e.To), slog.Time("retry_at", e.RetryAt))
		})
	case *trip.Paused:
		l.paused.Do(func() {
			l.write(ctx, slog.LevelWarn, "domain paused", slog.String("domain", e.Domain),
				slog.Time("until", e.Until), slog.String("reason", e.Reason))
		})
	case *trip.ChallengeFailed:
		l.unsolved.Do(func() {
			l.write(ctx, slog.LevelWarn, "challenge not solved", slog.String("domain", e.Domain), slog.String("vendor", e.Vendor),
				slog.String("kind", e.Kind), slog.String("provider", e.Provider), slog.String("cause", e.Cause), slog.String("cost", e.Cost.String()))
		})
	}
}

func (l *logger) write(ctx context.Context, level slog.Level, msg string, attrs ...slog.Attr) {
	l.log.LogAttrs(ctx, level, msg, attrs...)
}

func (l *logger) call(ctx context.Context, e *trip.CallDone) {
	level, msg := slog.LevelInfo, "call done"
	if e.Err != nil {
		level, msg = slog.LevelWarn, "call failed"
	}
	if !l.log.Enabled(ctx, level) {
		return
	}
	attrs := make([]slog.Attr, 0, 9)
	attrs = append(attrs,
		slog.Uint64("call", e.Call.ID()),
		slog.String("domain", e.Call.Domain()),
		slog.String("method", e.Method),
		slog.String("verdict", e.Verdict.String()),
		slog.Int("status", e.Status),
		slog.Int("attempts", e.Attempts),
		slog.Duration("duration", e.Duration),
	)
	if e.Cost > 0 {
		attrs = append(attrs, slog.String("cost", e.Cost.String()))
	}
	if e.Err != nil {
		attrs = append(attrs, slog.String("error", bounded(story(e.Err, e.Call.Summary()), maxStory)))
	}
	l.log.LogAttrs(ctx, level, msg, attrs...)
}

func (l *logger) attempt(ctx context.Context, e *trip.AttemptDone) {
	if !l.log.Enabled(ctx, slog.LevelDebug) {
		return
	}
	egress := ""
	if id := e.Attempt.Identity(); id != nil {
		egress = id.Egress
	}
	l.write(ctx, slog.LevelDebug, "attempt done",
		slog.Uint64("call", e.Attempt.Call().ID()),
		slog.Int("attempt", e.Attempt.Number()),
		slog.String("domain", e.Attempt.Call().Domain()),
		slog.String("egress", egress),
		slog.String("verdict", e.Outcome.Verdict.String()),
		slog.Int("status", e.Outcome.Status),
		slog.String("reason", e.Outcome.Reason),
		slog.Duration("duration", e.Duration),
	)
}

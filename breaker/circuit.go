package breaker

import (
	"errors"
	"time"

	"github.com/sony/gobreaker/v2"

	"github.com/godwit-go/godwit/trip"
)

// State is what a breaker does with the exchanges of its domain.
type State string

// The states of a breaker.
const (
	Closed   State = "closed"    // lets everything through
	HalfOpen State = "half_open" // lets a few probes through
	Open     State = "open"      // refuses everything
)

const (
	windowBuckets = 12
	// probePoll is when to ask again while all probes of a half-open breaker are
	// under way: their answers are due any moment.
	probePoll = time.Second
)

// What gobreaker is told of a result that is no success.
var (
	errFailure  = errors.New("failure")
	errExcluded = errors.New("excluded")
)

// circuit is the breaker of one domain. gobreaker keeps the rolling window and
// admits the probes. The circuit adds what gobreaker has not: a time open that
// grows and can be told, a count of consecutive failures that outlives the
// window, and opening and closing by hand. The group's lock guards it, and with
// it all calls of gobreaker, whose callbacks run inside them.
type circuit struct {
	key string
	cfg func() *Config
	// changed is called after every change of state, still under the lock.
	changed func(c *circuit, from State)

	gb       *gobreaker.TwoStepCircuitBreaker[struct{}]
	state    State     // Open also when a probe is due
	until    time.Time // when an open circuit is due; zero: when closed by hand
	era      uint64    // grows with every change, so that late results can be told
	failures int       // in a row
	probes   int       // under way
	trips    int

	doublings int           // of the time open
	lastOpen  time.Duration // the last time open that was not set by hand
	closedAt  time.Time
}

func newCircuit(key string, cfg func() *Config, changed func(*circuit, State)) *circuit {
	c := &circuit{key: key, cfg: cfg, changed: changed, state: Closed}
	c.gb = c.newWindow()
	return c
}

// newWindow makes a gobreaker for c. Until it is installed as c.gb, its first
// failure opens it and nobody is told; see newTripped.
func (c *circuit) newWindow() *gobreaker.TwoStepCircuitBreaker[struct{}] {
	cfg := c.cfg()
	var gb *gobreaker.TwoStepCircuitBreaker[struct{}]
	gb = gobreaker.NewTwoStepCircuitBreaker[struct{}](gobreaker.Settings{
		MaxRequests:  uint32(cfg.Probes),
		Interval:     cfg.Window,
		BucketPeriod: max(cfg.Window/windowBuckets, 1),
		Timeout:      1, // the circuit decides when gobreaker gets to see a request again
		IsExcluded:   func(err error) bool { return err == errExcluded },
		ReadyToTrip:  func(n gobreaker.Counts) bool { return c.gb != gb || c.exhausted(n) },
		OnStateChange: func(_ string, _, to gobreaker.State) {
			if c.gb == gb {
				c.follow(to)
			}
		},
	})
	return gb
}

// newTripped makes a gobreaker that is open from the start.
func (c *circuit) newTripped() *gobreaker.TwoStepCircuitBreaker[struct{}] {
	gb := c.newWindow()
	if done, err := gb.Allow(); err == nil {
		done(errFailure)
	}
	return gb
}

// exhausted tells whether the failures are too many. Exchanges under way are not
// counted: nothing is known of them.
func (c *circuit) exhausted(n gobreaker.Counts) bool {
	cfg := c.cfg()
	if cfg.ConsecutiveFailures > 0 && c.failures >= cfg.ConsecutiveFailures {
		return true
	}
	judged := n.TotalSuccesses + n.TotalFailures
	return cfg.FailureRatio > 0 && int64(judged) >= int64(cfg.MinRequests) &&
		float64(n.TotalFailures) >= cfg.FailureRatio*float64(judged)
}

// follow makes the circuit's state that of gobreaker.
func (c *circuit) follow(to gobreaker.State) {
	now := time.Now()
	switch to {
	case gobreaker.StateOpen:
		c.open(now.Add(c.nextOpen(now)))
	case gobreaker.StateHalfOpen:
		c.move(HalfOpen)
	case gobreaker.StateClosed:
		c.close(now)
	}
}

// nextOpen decides how long the circuit is open this time.
func (c *circuit) nextOpen(now time.Time) time.Duration {
	cfg := c.cfg()
	switch {
	case c.lastOpen == 0, c.state == Closed && now.Sub(c.closedAt) >= max(cfg.Window, c.lastOpen):
		c.doublings = 0
	default:
		c.doublings++
	}
	c.lastOpen = cfg.openFor(c.doublings)
	return cfg.spread(c.lastOpen, cfg.Rand())
}

func (c *circuit) open(until time.Time) {
	c.until = until
	c.trips++
	c.move(Open)
}

func (c *circuit) close(now time.Time) {
	c.until, c.closedAt = time.Time{}, now
	c.move(Closed)
}

func (c *circuit) move(to State) {
	from := c.state
	c.state = to
	c.era++
	c.failures, c.probes = 0, 0
	if from != to {
		c.changed(c, from)
	}
}

// openByHand opens the circuit until the given time; zero means until closeByHand.
func (c *circuit) openByHand(until time.Time) {
	c.gb = c.newTripped()
	c.open(until)
}

// closeByHand closes the circuit and forgets all failures.
func (c *circuit) closeByHand(now time.Time) {
	c.gb = c.newWindow()
	c.doublings, c.lastOpen = 0, 0
	c.close(now)
}

// rebuild adapts the circuit to a new window or number of probes. Its state stays,
// but what the window held is forgotten and running probes are started over.
func (c *circuit) rebuild(now time.Time) {
	switch c.state {
	case Closed:
		c.gb = c.newWindow()
		c.era++
	case Open:
		c.gb = c.newTripped()
	case HalfOpen:
		c.gb = c.newTripped()
		c.until = now
		c.move(Open)
	}
}

// refusal tells whether an exchange would be refused at now, and until when.
func (c *circuit) refusal(now time.Time) (retryAt time.Time, refused bool) {
	switch c.state {
	case Open:
		return c.until, c.until.IsZero() || now.Before(c.until)
	case HalfOpen:
		n := c.gb.Counts()
		return now.Add(probePoll), int64(n.Requests)-int64(n.TotalExclusions) >= int64(c.cfg().Probes)
	default:
		return time.Time{}, false
	}
}

// admit asks for a place. The caller has made sure that there is no refusal.
func (c *circuit) admit(p *Permit) error {
	done, err := c.gb.Allow()
	if err != nil {
		return err
	}
	p.circuit, p.done, p.era = c, done, c.era
	if p.probe = c.state == HalfOpen; p.probe {
		c.probes++
	}
	return nil
}

// settle books the result of an exchange that admit let through.
func (c *circuit) settle(p *Permit, o trip.Outcome) {
	if p.era != c.era {
		return // the state has changed since: the result tells of another time
	}
	if p.probe {
		c.probes--
	}
	switch {
	case o.Verdict == trip.OK:
		c.failures = 0
		p.done(nil)
	case o.Verdict == trip.TargetError && !o.Ambiguous:
		c.failures++
		p.done(errFailure)
	default:
		p.done(errExcluded)
	}
}

// busy tells that the circuit must not be forgotten: it is open, or probes are
// under way.
func (c *circuit) busy(now time.Time) bool {
	return c.probes > 0 || c.state == Open && (c.until.IsZero() || now.Before(c.until))
}

func (c *circuit) stats(now time.Time) Stats {
	if c.state == Closed {
		c.gb.State() // moves the window on; nothing else can happen to a closed one
	}
	n := c.gb.Counts()
	s := Stats{
		Key:         c.key,
		State:       c.state,
		Successes:   int(n.TotalSuccesses),
		Failures:    int(n.TotalFailures),
		Excluded:    int(n.TotalExclusions),
		Consecutive: c.failures,
		Probes:      c.probes,
		Trips:       c.trips,
	}
	if retryAt, refused := c.refusal(now); refused {
		s.RetryAt = retryAt
	} else if c.state == Open {
		s.State = HalfOpen // due, although no exchange has come to find out
	}
	return s
}

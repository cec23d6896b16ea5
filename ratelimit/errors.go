package ratelimit

import (
	"errors"
	"fmt"
	"time"

	"github.com/godwit-go/godwit/trip"
)

// ErrWait is what every [WaitError] is.
var ErrWait = errors.New("ratelimit: the wait would be too long")

// WaitError refuses an exchange because its turn would come too late for its
// deadline, or later than [Config] lets it wait. Nothing was sent.
type WaitError struct {
	// Key is the domain, or the egress of a limit per egress.
	Key string
	// RetryAt is when the exchange would have had its turn.
	RetryAt time.Time
}

// Error names the key and when to come back.
func (e *WaitError) Error() string {
	return fmt.Sprintf("ratelimit: no turn at %q before %s", e.Key, e.RetryAt.Format(time.RFC3339))
}

// Is makes errors.Is(err, ErrWait) true.
func (e *WaitError) Is(target error) bool { return target == ErrWait }

// Outcome is [trip.Local], to be retried at RetryAt.
func (e *WaitError) Outcome() trip.Outcome {
	return trip.Outcome{Verdict: trip.Local, RetryAt: e.RetryAt, Reason: "rate limit"}
}

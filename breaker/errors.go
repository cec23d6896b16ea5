package breaker

import (
	"errors"
	"fmt"
	"time"

	"github.com/godwit-go/godwit/trip"
)

// ErrOpen is what every [OpenError] is.
var ErrOpen = errors.New("breaker: circuit open")

// OpenError refuses an exchange because its domain is down. Nothing was sent.
type OpenError struct {
	// Key is the domain.
	Key string
	// RetryAt is when to ask again. It is zero for a breaker that was opened by
	// hand and stays so until it is closed by hand.
	RetryAt time.Time
}

// Error names the domain and when it will be tried again.
func (e *OpenError) Error() string {
	if e.RetryAt.IsZero() {
		return fmt.Sprintf("breaker: circuit of %q is open until it is closed by hand", e.Key)
	}
	return fmt.Sprintf("breaker: circuit of %q is open until %s", e.Key, e.RetryAt.Format(time.RFC3339))
}

// Is makes errors.Is(err, ErrOpen) true.
func (e *OpenError) Is(target error) bool { return target == ErrOpen }

// Outcome is [trip.Local], to be retried at RetryAt.
func (e *OpenError) Outcome() trip.Outcome {
	return trip.Outcome{Verdict: trip.Local, RetryAt: e.RetryAt, Reason: "breaker open"}
}

// rejection is an OpenError with the event that tells of it, in one allocation.
type rejection struct {
	err   OpenError
	event trip.BreakerRejected
}

package retry

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// ErrAttemptTimeout is what every [AttemptTimeoutError] is.
var ErrAttemptTimeout = errors.New("retry: attempt took too long")

// AttemptTimeoutError tells that the last attempt ran into
// [Config.AttemptTimeout], as opposed to the caller's own deadline. It is
// context.DeadlineExceeded too.
type AttemptTimeoutError struct {
	// After is the timeout.
	After time.Duration
	// Err is what the attempt failed with.
	Err error
}

// Error names the timeout.
func (e *AttemptTimeoutError) Error() string {
	return fmt.Sprintf("%v: more than %v: %v", ErrAttemptTimeout, e.After, e.Err)
}

// Is makes errors.Is true for [ErrAttemptTimeout] and context.DeadlineExceeded.
func (e *AttemptTimeoutError) Is(target error) bool {
	return target == ErrAttemptTimeout || target == context.DeadlineExceeded
}

// Unwrap returns Err.
func (e *AttemptTimeoutError) Unwrap() error { return e.Err }

// Timeout is true, as net.Error has it.
func (e *AttemptTimeoutError) Timeout() bool { return true }

// ErrInterrupted is what every [InterruptedError] is.
var ErrInterrupted = errors.New("retry: interrupted while waiting")

// InterruptedError tells that the caller gave up between two attempts.
type InterruptedError struct {
	// Err is the context's error.
	Err error
	// Last is the error of the attempt before; nil when that was a response.
	Last error
	// Status is that of the attempt before; 0 when that was an error.
	Status int
}

// Error tells why the call would have been tried again.
func (e *InterruptedError) Error() string {
	if e.Last != nil {
		return fmt.Sprintf("%v: %v, after: %v", ErrInterrupted, e.Err, e.Last)
	}
	return fmt.Sprintf("%v: %v, after status %d", ErrInterrupted, e.Err, e.Status)
}

// Is makes errors.Is(err, ErrInterrupted) true.
func (e *InterruptedError) Is(target error) bool { return target == ErrInterrupted }

// Unwrap returns Err, so that errors.Is finds the context's error. Last is left
// out: it is not why the call failed.
func (e *InterruptedError) Unwrap() error { return e.Err }

// Timeout tells whether the caller's deadline ran out, as net.Error has it.
func (e *InterruptedError) Timeout() bool { return errors.Is(e.Err, context.DeadlineExceeded) }

package headers

import (
	"errors"
	"fmt"

	"github.com/godwit-go/godwit/trip"
)

var (
	// ErrBodyTooLarge is what every [BodyTooLargeError] is.
	ErrBodyTooLarge = errors.New("headers: decoded body too large")
	// ErrCorruptBody is what every [CorruptBodyError] is.
	ErrCorruptBody = errors.New("headers: corrupt encoded body")

	errConcurrentRead = errors.New("headers: response body read by two goroutines at once")
)

// Bound names the limit that a body ran into.
type Bound string

const (
	// BoundBytes is [DecodeConfig.MaxBytes].
	BoundBytes Bound = "bytes"
	// BoundRatio is [DecodeConfig.MaxRatio].
	BoundRatio Bound = "ratio"
	// BoundWindow is [MaxZstdWindow].
	BoundWindow Bound = "window"
)

// BodyTooLargeError is returned by Read of a body that decodes to more than
// [DecodeConfig] allows. What was read before is valid. It is no fault of the
// egress and no failure of the target: its verdict is [trip.Local], which is not
// retried and blames nobody.
type BodyTooLargeError struct {
	// Bound tells which limit it was.
	Bound Bound
	// Limit is that limit: in bytes, or for [BoundRatio] in times.
	Limit int64
	// Encoded is how many bytes had come by then; 0 when net/http decoded them.
	Encoded int64
	// Decoded is how many bytes they had become.
	Decoded int64
}

// Error names the bound that was passed.
func (e *BodyTooLargeError) Error() string {
	switch e.Bound {
	case BoundRatio:
		return fmt.Sprintf("headers: body decodes to more than %d times its size (%d bytes from %d)", e.Limit, e.Decoded, e.Encoded)
	case BoundWindow:
		return fmt.Sprintf("headers: zstd body needs a window of more than %d bytes", e.Limit)
	}
	return fmt.Sprintf("headers: body decodes to more than %d bytes", e.Limit)
}

// Is makes errors.Is find [ErrBodyTooLarge].
func (e *BodyTooLargeError) Is(target error) bool { return target == ErrBodyTooLarge }

// Outcome implements [trip.Judged].
func (e *BodyTooLargeError) Outcome() trip.Outcome {
	return trip.Outcome{Verdict: trip.Local, Phase: trip.Body, Reason: "body too large"}
}

// CorruptBodyError is returned by Read of a body that is not what its
// Content-Encoding says. What was read before is valid as far as it goes.
type CorruptBodyError struct {
	// Coding is the one that could not be undone: gzip, deflate, br or zstd.
	Coding string
	// Err is what its decoder said.
	Err error
}

// Error names the coding and what its decoder said.
func (e *CorruptBodyError) Error() string {
	return fmt.Sprintf("headers: corrupt %s body: %v", e.Coding, e.Err)
}

// Is makes errors.Is find [ErrCorruptBody].
func (e *CorruptBodyError) Is(target error) bool { return target == ErrCorruptBody }

// Unwrap returns what the decoder said.
func (e *CorruptBodyError) Unwrap() error { return e.Err }

// Outcome implements [trip.Judged].
func (e *CorruptBodyError) Outcome() trip.Outcome {
	return trip.Outcome{Verdict: trip.TargetError, Phase: trip.Body, Reason: "corrupt body"}
}

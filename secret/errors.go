package secret

import (
	"errors"
	"fmt"
)

var (
	// ErrUnset means that there is no secret where one was looked for: the zero
	// [Value], an environment variable that is absent or empty, an empty file.
	ErrUnset = errors.New("not set")
	// ErrTooLarge means that a file holds more than [MaxFileSize] and is
	// therefore not what was meant.
	ErrTooLarge = errors.New("larger than any secret")
	// ErrReference means that [Parse] cannot tell what is meant.
	ErrReference = errors.New("bad reference")
)

// Error tells which source gave no secret and why. It never holds the secret.
type Error struct {
	// Source names where the secret was to come from; see [Value.Source].
	Source string
	// Err is the cause: one of this package's sentinels or a file error.
	Err error
}

// Error names the source and the cause.
func (e *Error) Error() string { return fmt.Sprintf("secret: %s: %v", e.Source, e.Err) }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

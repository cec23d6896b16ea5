package headers

import (
	"errors"
	"fmt"
	"time"
)

// ErrConflict matches every [*ConflictError].
var ErrConflict = errors.New("headers: no browser does that")

// ConflictError says that a profile or a situation cannot exist.
type ConflictError struct {
	Field  string // of Profile or Situation
	Value  string
	Reason string
}

// Error names the field, its value and what it contradicts.
func (e *ConflictError) Error() string {
	return fmt.Sprintf("%s: %.80q, %s", e.Field, e.Value, e.Reason)
}

// Is matches [ErrConflict].
func (e *ConflictError) Is(target error) bool { return target == ErrConflict }

// ErrStale matches every [*StaleError].
var ErrStale = errors.New("headers: the catalogue of browsers is stale")

// StaleError says that the catalogue has not been brought up to date for longer
// than [Config.MaxAge]: real visitors use newer browsers by now.
type StaleError struct {
	Updated time.Time
	MaxAge  time.Duration
}

// Error tells the date of the catalogue.
func (e *StaleError) Error() string {
	return fmt.Sprintf("headers: the catalogue of browsers is of %s, older than %s: update the module or set Profiles",
		e.Updated.Format(time.DateOnly), e.MaxAge)
}

// Is matches [ErrStale].
func (e *StaleError) Is(target error) bool { return target == ErrStale }

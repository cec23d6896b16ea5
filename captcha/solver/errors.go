package solver

import (
	"errors"
	"fmt"
	"strings"

	"github.com/godwit-go/godwit/captcha"
)

// ErrSolver is what every [*Error] is: a service did not give an answer.
var ErrSolver = errors.New("solver: no answer")

// ErrRested means that a service was not asked because it refused the account, or
// had no money, a short while ago.
var ErrRested = errors.New("not asked again so soon")

// Error is a service's failure. It is [ErrSolver], and its Err.
type Error struct {
	// Provider is the service's name.
	Provider string
	// Class says what the failure means.
	Class Class
	// Code is the service's own, such as "ERROR_ZERO_BALANCE"; empty when it gave none.
	Code string
	// Description is the service's explanation, with everything secret taken out
	// and cut to 200 bytes; it may be empty.
	Description string
	// Status is the HTTP status; 0 when there was no answer.
	Status int
	// TaskID is the task that the failure is about; empty when none was created.
	TaskID string
	// Err is the cause where it was not the service's: a connection error, the
	// context's. It may be nil.
	Err error
}

// Error tells the service and what it said, on one line.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "solver %s: %s", e.Provider, e.Class)
	if e.Code != "" {
		fmt.Fprintf(&b, " %.60q", e.Code)
	}
	if e.Status != 0 && e.Status != 200 {
		fmt.Fprintf(&b, " (status %d)", e.Status)
	}
	if e.TaskID != "" {
		fmt.Fprintf(&b, " task %.60q", e.TaskID)
	}
	if e.Description != "" {
		fmt.Fprintf(&b, ": %q", e.Description)
	}
	if e.Err != nil {
		fmt.Fprintf(&b, ": %v", e.Err)
	}
	return b.String()
}

// Unwrap returns [ErrSolver] and the cause.
func (e *Error) Unwrap() []error {
	if e.Err == nil {
		return []error{ErrSolver}
	}
	return []error{ErrSolver, e.Err}
}

// Final implements [captcha.Final]: no other service can do anything about a
// stale challenge or a bad proxy.
func (e *Error) Final() bool { return e.Class == Stale || e.Class == Proxy }

// Lost implements [captcha.Lost]: a task that the service has lost is spent, and a
// new one is worth its price.
func (e *Error) Lost() bool { return e.Class == UnknownID && e.TaskID != "" }

var (
	_ captcha.Final = (*Error)(nil)
	_ captcha.Lost  = (*Error)(nil)
)

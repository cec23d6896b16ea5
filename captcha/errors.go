package captcha

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/godwit-go/godwit/trip"
)

var (
	// ErrChallenge is what every [*Error] is: a challenge stood in the way and was not lifted.
	ErrChallenge = errors.New("captcha: challenge not lifted")
	// ErrNoSolver means that no configured solver takes on the challenge.
	ErrNoSolver = errors.New("no solver for it")
	// ErrNoSubmitter means that there is no way to hand in an answer, so none was bought.
	ErrNoSubmitter = errors.New("no way to submit an answer")
	// ErrNoEgress means that the answer would be bound to an address that the
	// solver cannot use, so none was bought.
	ErrNoEgress = errors.New("bound to an address that the solver cannot use")
	// ErrNotReplayable means that the request has a body without GetBody, so that
	// an answer could not be followed by the request.
	ErrNotReplayable = errors.New("request body cannot be sent again")
	// ErrSolves means that the call has had its share of solves; see [Config.MaxSolves].
	ErrSolves = errors.New("no more solves for this call")
	// ErrStopped means that paying for the domain has stopped because its answers
	// are not accepted; see [StoppedError].
	ErrStopped = errors.New("answers are not accepted")
	// ErrBudget means that a solve would go over the budget, or that there is
	// none; see [BudgetError].
	ErrBudget = errors.New("over budget")
	// ErrRejected means that the target asked again after the answer was handed in.
	ErrRejected = errors.New("answer was not accepted")
	// ErrUnusable means that the solver's answer is not what the challenge takes.
	ErrUnusable = errors.New("answer does not fit the challenge")
	// ErrLedger means that a ledger's file cannot be used; see [LedgerError].
	ErrLedger = errors.New("captcha: ledger")
)

// errInUse means that a ledger's file is open elsewhere: in another process, or in
// a Budget of this one.
var errInUse = errors.New("in use by another budget")

// SnippetBytes is how much of a challenge page an [Error] keeps at the most.
const SnippetBytes = 4 << 10

// Error is a challenge that stood in the way of a call and was not lifted. It is
// [ErrChallenge], and its Cause.
type Error struct {
	// Domain is what the target's state is kept under.
	Domain string
	// Vendor and Kind tell what stood in the way.
	Vendor Vendor
	Kind   Kind
	// Rule is the detection rule that fired.
	Rule string
	// Status is the status code of the challenge page.
	Status int
	// Provider is the solver that was asked last; empty when none was.
	Provider string
	// Cost is what was spent for the call all the same.
	Cost trip.USD
	// Cause tells why it was not lifted: one of the sentinels, a solver's error,
	// the context's.
	Cause error

	challenge *Challenge
	snippet   []byte
}

// Error tells what stood in the way and why it still does, on one line and
// without anything that the target wrote.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "captcha: %q: %s/%s challenge (%s, status %d)", e.Domain, e.Vendor, e.Kind, e.Rule, e.Status)
	if e.Provider != "" {
		fmt.Fprintf(&b, ", asked %s", e.Provider)
	}
	if e.Cost > 0 {
		fmt.Fprintf(&b, ", spent %s", e.Cost)
	}
	fmt.Fprintf(&b, ": %v", e.Cause)
	return b.String()
}

// Unwrap returns [ErrChallenge] and the cause.
func (e *Error) Unwrap() []error { return []error{ErrChallenge, e.Cause} }

// Timeout tells whether time ran out, as net.Error has it.
func (e *Error) Timeout() bool { return errors.Is(e.Cause, context.DeadlineExceeded) }

// Challenge returns what was detected. It is shared; not to be written to.
func (e *Error) Challenge() *Challenge { return e.challenge }

// Snippet returns the beginning of the challenge page, at most [SnippetBytes].
// It is the target's own text, which is why no log gets to see it unasked.
func (e *Error) Snippet() []byte { return e.snippet }

// GoString is Error: %#v must not print the page.
func (e *Error) GoString() string { return e.Error() }

// Outcome implements [trip.Judged]: an unsolved challenge.
func (e *Error) Outcome() trip.Outcome {
	return trip.Outcome{
		Verdict: trip.Challenge, Status: e.Status, Reason: e.Rule,
		Detail: e.challenge, Timeout: e.Timeout(),
	}
}

// BudgetError tells which cap a solve would have gone over. It is [ErrBudget].
type BudgetError struct {
	// Cap is the field of [BudgetConfig] that said no: "PerCall", "PerDomain",
	// "PerDay" or "Total"; empty when there is no budget at all.
	Cap string
	// Limit is the cap, Spent what has been used up of it, reservations included,
	// and Price what was asked for.
	Limit, Spent, Price trip.USD
	// RetryAt is when the cap is new; zero when that is never.
	RetryAt time.Time
}

// Error tells the cap and how far it is used up.
func (e *BudgetError) Error() string {
	if e.Cap == "" {
		return ErrBudget.Error() + ": no budget was given"
	}
	return fmt.Sprintf("%v: %s cap of %s, %s used, %s asked for", ErrBudget, e.Cap, e.Limit, e.Spent, e.Price)
}

// Unwrap returns [ErrBudget].
func (e *BudgetError) Unwrap() error { return ErrBudget }

// StoppedError tells that paying for a domain has stopped. It is [ErrStopped].
type StoppedError struct {
	// Rejected is how many answers in a row were not accepted.
	Rejected int
	// RetryAt is when one more will be bought, to see.
	RetryAt time.Time
}

// Error tells how many answers were rejected and until when none is bought.
func (e *StoppedError) Error() string {
	return fmt.Sprintf("%v: %d rejected in a row, none bought until %s", ErrStopped, e.Rejected, e.RetryAt.UTC().Format(time.RFC3339))
}

// Unwrap returns [ErrStopped].
func (e *StoppedError) Unwrap() error { return ErrStopped }

// LedgerError tells what is wrong with a ledger's file. It is [ErrLedger].
type LedgerError struct {
	// Path is the file.
	Path string
	// Line is the number of the bad line; 0 when it is not a matter of one.
	Line int
	// Err is the cause.
	Err error
}

// Error tells the file, the line and the cause.
func (e *LedgerError) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("%v %s: %v", ErrLedger, e.Path, e.Err)
	}
	return fmt.Sprintf("%v %s:%d: %v", ErrLedger, e.Path, e.Line, e.Err)
}

// Unwrap returns [ErrLedger] and the cause.
func (e *LedgerError) Unwrap() []error { return []error{ErrLedger, e.Err} }

// causes are the words of [trip.ChallengeFailed].
func causeWord(err error) string {
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return "canceled"
	case errors.Is(err, ErrNoSolver):
		return "no_solver"
	case errors.Is(err, ErrNoSubmitter), errors.Is(err, ErrNotReplayable):
		return "no_submitter"
	case errors.Is(err, ErrNoEgress):
		return "no_egress"
	case errors.Is(err, ErrBudget), errors.Is(err, ErrSolves), errors.Is(err, ErrStopped):
		return "budget"
	case errors.Is(err, ErrRejected):
		return "rejected"
	}
	return "provider"
}

package captcha

import (
	"fmt"
	"time"

	"github.com/godwit-go/godwit/trip"
)

// Ledger remembers what a [Budget] reserves and settles, so that the caps outlive
// the process. One Ledger belongs to one Budget. [OpenLedger] has it in a file.
type Ledger interface {
	// Load gives every entry of the past in order. It is called once, before the
	// first Append, and stops with the error that its argument returns.
	Load(func(Entry) error) error
	// Append remembers one more entry. When it returns nil, the entry survives
	// the end of the process and of the machine. It is called concurrently.
	Append(Entry) error
}

// Op tells what an [Entry] is.
type Op string

// What is entered into a ledger.
const (
	// Reserved takes an amount off the budget before it is spent.
	Reserved Op = "reserve"
	// Settled puts what was really spent in its place.
	Settled Op = "settle"
)

// Entry is one line of a [Ledger].
type Entry struct {
	// Op tells what happened.
	Op Op `json:"op"`
	// ID is the number of the reservation; it occurs once with each Op at the most.
	ID uint64 `json:"id"`
	// At is when.
	At time.Time `json:"at"`
	// Domain is for whom; empty with [Settled].
	Domain string `json:"domain,omitempty"`
	// Amount is what was reserved or spent, in millionths of a dollar.
	Amount trip.USD `json:"micros"`
}

// maxEntry is more than any challenge costs. It keeps a damaged number from
// overflowing the sums.
const maxEntry = 1_000_000 * trip.Dollar

// sane is an amount that fits into an [Entry]: what a service charges is what it
// says, and a single absurd number must neither wrap the sums nor make a ledger
// that cannot be read again.
func sane(amount trip.USD) trip.USD { return min(max(0, amount), maxEntry) }

func (e Entry) validate() error {
	switch {
	case e.Op != Reserved && e.Op != Settled:
		return fmt.Errorf("op %.20q, want %q or %q", e.Op, Reserved, Settled)
	case e.ID == 0:
		return fmt.Errorf("id 0, want 1 or more")
	case e.Amount < 0 || e.Amount > maxEntry:
		return fmt.Errorf("micros %d, want 0 to %d", e.Amount, maxEntry)
	}
	return nil
}

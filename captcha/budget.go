package captcha

import (
	"errors"
	"fmt"
	"reflect"
	"sync"
	"time"

	"github.com/godwit-go/godwit/trip"
)

// Unlimited is an amount of [Remaining] that has no cap.
const Unlimited trip.USD = -1

// BudgetConfig says how much may be spent on challenges. In each field 0 means
// that there is no such cap and a negative amount is the same said aloud; at
// least one of the last three must be given, so that nobody has an open end
// without having said so.
type BudgetConfig struct {
	// PerCall caps one call, all its attempts together. Default 0, no such cap.
	PerCall trip.USD
	// PerDomain caps one domain on one day. Default 0, no such cap.
	PerDomain trip.USD
	// PerDay caps all domains together on one day, which is a day of UTC. Default 0, no such cap.
	PerDay trip.USD
	// Total caps everything that the ledger knows of. Default 0, no such cap.
	Total trip.USD
	// Ledger remembers what was spent, so that a restart does not make the caps
	// new. Default nil, in memory only.
	Ledger Ledger
	// LedgerFile is the path of a file to keep the ledger in, in place of Ledger.
	// The budget opens it as [OpenLedger] does, and a later Budget over the same
	// file, as a reloaded configuration has it, takes it over. Default "", no file.
	LedgerFile string
}

// Validate tells what is wrong with the configuration.
func (c BudgetConfig) Validate() error {
	var errs []error
	if c.PerDomain == 0 && c.PerDay == 0 && c.Total == 0 {
		errs = append(errs, errors.New("PerDomain, PerDay, Total: all 0, want a cap, or -1 for unlimited spending"))
	}
	if c.Ledger != nil && c.LedgerFile != "" {
		errs = append(errs, fmt.Errorf("LedgerFile: %q, want none beside Ledger", c.LedgerFile))
	}
	return errors.Join(errs...)
}

// Budget is money for challenges: what is reserved of it cannot be reserved
// again, so that its caps hold exactly however many calls ask at once. One Budget
// is to be shared by all that spend from the same purse. Its methods are safe for
// concurrent use.
type Budget struct {
	cfg BudgetConfig

	mu    sync.Mutex
	purse *purse // nil while another Budget of the process has the ledger's file
}

// NewBudget returns a budget from which everything that the ledger remembers has
// been taken. A reservation that was never settled counts as spent: the process
// may have ended between paying and learning the price.
func NewBudget(cfg BudgetConfig) (*Budget, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	b := &Budget{cfg: cfg}
	if _, err := b.open(); err != nil && (cfg.LedgerFile == "" || !errors.Is(err, errInUse)) {
		return nil, err
	}
	return b, nil
}

// open returns the budget's purse, and opens it when that has not been done.
func (b *Budget) open() (*purse, error) {
	b.mu.Lock()
	p := b.purse
	b.mu.Unlock()
	if p != nil {
		return p, nil
	}
	p, err := newPurse(b.cfg)
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.purse != nil: // somebody was faster, or it was handed over
		p.close()
	case err == nil:
		b.purse = p
	default:
		return nil, err
	}
	return b.purse, nil
}

// succeed makes b go on with old's purse when both are about the same: the new
// configuration of a running program has a new Budget, and what was spent is spent.
func (b *Budget) succeed(old *Budget) {
	if b == nil || old == nil || b == old || b.cfg.LedgerFile != old.cfg.LedgerFile || !sameLedger(b.cfg.Ledger, old.cfg.Ledger) {
		return
	}
	old.mu.Lock()
	p := old.purse
	old.mu.Unlock()
	b.mu.Lock()
	defer b.mu.Unlock()
	inMemory := b.cfg.Ledger == nil && b.cfg.LedgerFile == ""
	if p != nil && (b.purse == nil || !inMemory || !b.purse.used()) {
		b.purse = p
	}
}

func sameLedger(a, b Ledger) bool {
	return a == nil && b == nil || a != nil && reflect.TypeOf(a).Comparable() && a == b
}

// Close closes the file that [BudgetConfig.LedgerFile] names, after which nothing
// can be reserved any more.
func (b *Budget) Close() error {
	b.mu.Lock()
	p := b.purse
	b.mu.Unlock()
	return p.close()
}

// Reserve takes amount off the budget before it is spent for domain. The call
// has spent so much already. When it returns, the reservation is in the ledger.
// The error is a [*BudgetError], or the ledger's, and then nothing is reserved.
// A negative amount is none: nobody puts money in by asking for it.
func (b *Budget) Reserve(now time.Time, domain string, call, amount trip.USD) (*Reservation, error) {
	amount = sane(amount)
	p, err := b.open()
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	p.turn(now)
	if err := b.over(p, now, domain, call, amount); err != nil {
		p.mu.Unlock()
		return nil, err
	}
	p.nextID++
	r := &Reservation{purse: p, id: p.nextID, day: p.day, domain: domain, amount: amount}
	p.book(r.day, domain, amount)
	p.mu.Unlock()

	if p.ledger != nil {
		if err := p.ledger.Append(Entry{Op: Reserved, ID: r.id, At: now, Domain: domain, Amount: amount}); err != nil {
			p.mu.Lock()
			p.book(r.day, domain, -amount)
			p.mu.Unlock()
			return nil, err
		}
	}
	return r, nil
}

// over tells which cap amount would break. The purse is locked.
func (b *Budget) over(p *purse, now time.Time, domain string, call, amount trip.USD) error {
	midnight := time.Unix((dayOf(now)+1)*secondsPerDay, 0).UTC()
	for _, c := range [...]struct {
		name         string
		limit, spent trip.USD
		renewed      time.Time
	}{
		{"PerCall", b.cfg.PerCall, call, time.Time{}},
		{"PerDomain", b.cfg.PerDomain, p.domains[domain], midnight},
		{"PerDay", b.cfg.PerDay, p.today, midnight},
		{"Total", b.cfg.Total, p.total, time.Time{}},
	} {
		if c.limit > 0 && c.spent+amount > c.limit {
			return &BudgetError{Cap: c.name, Limit: c.limit, Spent: c.spent, Price: amount, RetryAt: c.renewed}
		}
	}
	return nil
}

// Remaining is how much may still be spent; [Unlimited] where there is no cap. A
// price that turned out higher than reserved can leave less than nothing, which
// is given as 0.
type Remaining struct {
	Total  trip.USD
	Day    trip.USD
	Domain trip.USD // of the domain that was asked for
}

// Remaining tells how much may still be spent, in all and for domain, which may
// be empty. It is nothing while the ledger cannot be opened.
func (b *Budget) Remaining(now time.Time, domain string) Remaining {
	p, err := b.open()
	if err != nil {
		return Remaining{}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.turn(now)
	left := func(limit, spent trip.USD) trip.USD {
		if limit <= 0 {
			return Unlimited
		}
		return max(0, limit-spent)
	}
	return Remaining{
		Total:  left(b.cfg.Total, p.total),
		Day:    left(b.cfg.PerDay, p.today),
		Domain: left(b.cfg.PerDomain, p.domains[domain]),
	}
}

// Spent tells how much has been spent in all and today, open reservations included.
func (b *Budget) Spent(now time.Time) (total, today trip.USD) {
	p, err := b.open()
	if err != nil {
		return 0, 0
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.turn(now)
	return p.total, p.today
}

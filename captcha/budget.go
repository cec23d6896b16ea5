package captcha

import (
	"errors"
	"fmt"
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
}

// Validate tells what is wrong with the configuration.
func (c BudgetConfig) Validate() error {
	if c.PerDomain == 0 && c.PerDay == 0 && c.Total == 0 {
		return errors.New("PerDomain, PerDay, Total: all 0, want a cap, or -1 for unlimited spending")
	}
	return nil
}

// Budget is money for challenges: what is reserved of it cannot be reserved
// again, so that its caps hold exactly however many calls ask at once. One Budget
// is to be shared by all that spend from the same purse. Its methods are safe for
// concurrent use.
type Budget struct {
	cfg BudgetConfig

	mu      sync.Mutex
	nextID  uint64
	total   trip.USD
	day     int64 // days since 1970; what today and domains are about
	today   trip.USD
	domains map[string]trip.USD
}

// NewBudget returns a budget from which everything that the ledger remembers has
// been taken. A reservation that was never settled counts as spent: the process
// may have ended between paying and learning the price.
func NewBudget(cfg BudgetConfig) (*Budget, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	b := &Budget{cfg: cfg, day: dayOf(time.Now()), domains: make(map[string]trip.USD)}
	if cfg.Ledger == nil {
		return b, nil
	}
	if err := b.recall(cfg.Ledger); err != nil {
		return nil, err
	}
	return b, nil
}

func (b *Budget) recall(l Ledger) error {
	open := make(map[uint64]Entry)
	err := l.Load(func(e Entry) error {
		b.nextID = max(b.nextID, e.ID)
		if e.Op == Reserved {
			if _, twice := open[e.ID]; twice {
				return fmt.Errorf("reservation %d was made before", e.ID)
			}
			open[e.ID] = e
			b.book(dayOf(e.At), e.Domain, e.Amount)
			return nil
		}
		r, known := open[e.ID]
		if !known {
			return fmt.Errorf("settlement of unknown reservation %d", e.ID)
		}
		delete(open, e.ID)
		b.book(dayOf(r.At), r.Domain, e.Amount-r.Amount)
		return nil
	})
	return err
}

// book adds an amount to all sums. The lock is held, or the budget not shared yet.
func (b *Budget) book(day int64, domain string, amount trip.USD) {
	b.total += amount
	if day == b.day {
		b.today += amount
		b.domains[domain] += amount
	}
}

func dayOf(t time.Time) int64 { return t.Unix() / int64(24*time.Hour/time.Second) }

// turn begins a new day when there is one. A clock that goes back begins none.
func (b *Budget) turn(now time.Time) {
	if day := dayOf(now); day > b.day {
		b.day, b.today = day, 0
		clear(b.domains)
	}
}

// Reserve takes amount off the budget before it is spent for domain. The call
// has spent so much already. When it returns, the reservation is in the ledger.
// The error is a [*BudgetError], or the ledger's, and then nothing is reserved.
func (b *Budget) Reserve(now time.Time, domain string, call, amount trip.USD) (*Reservation, error) {
	b.mu.Lock()
	b.turn(now)
	if err := b.over(now, domain, call, amount); err != nil {
		b.mu.Unlock()
		return nil, err
	}
	b.nextID++
	r := &Reservation{budget: b, id: b.nextID, day: b.day, domain: domain, amount: amount}
	b.book(r.day, domain, amount)
	b.mu.Unlock()

	if b.cfg.Ledger != nil {
		if err := b.cfg.Ledger.Append(Entry{Op: Reserved, ID: r.id, At: now, Domain: domain, Amount: amount}); err != nil {
			b.mu.Lock()
			b.book(r.day, domain, -amount)
			b.mu.Unlock()
			return nil, err
		}
	}
	return r, nil
}

// over tells which cap amount would break.
func (b *Budget) over(now time.Time, domain string, call, amount trip.USD) error {
	midnight := time.Unix((dayOf(now)+1)*int64(24*time.Hour/time.Second), 0).UTC()
	for _, c := range [...]struct {
		name         string
		limit, spent trip.USD
		renewed      time.Time
	}{
		{"PerCall", b.cfg.PerCall, call, time.Time{}},
		{"PerDomain", b.cfg.PerDomain, b.domains[domain], midnight},
		{"PerDay", b.cfg.PerDay, b.today, midnight},
		{"Total", b.cfg.Total, b.total, time.Time{}},
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
// be empty.
func (b *Budget) Remaining(now time.Time, domain string) Remaining {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.turn(now)
	left := func(limit, spent trip.USD) trip.USD {
		if limit <= 0 {
			return Unlimited
		}
		return max(0, limit-spent)
	}
	return Remaining{
		Total:  left(b.cfg.Total, b.total),
		Day:    left(b.cfg.PerDay, b.today),
		Domain: left(b.cfg.PerDomain, b.domains[domain]),
	}
}

// Spent tells how much has been spent in all and today, open reservations included.
func (b *Budget) Spent(now time.Time) (total, today trip.USD) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.turn(now)
	return b.total, b.today
}

// Reservation is money that was taken off a [Budget]. It must be settled, once.
type Reservation struct {
	budget *Budget
	id     uint64
	day    int64
	domain string
	amount trip.USD

	mu      sync.Mutex
	settled bool
}

// Settle puts what was spent in place of what was reserved: 0 is a refund in
// full. More than was reserved is booked as well, since it is gone. Only the
// first call counts. The error is the ledger's; the budget is right regardless,
// and after a restart the reservation counts in full.
func (r *Reservation) Settle(now time.Time, spent trip.USD) error {
	r.mu.Lock()
	if r.settled {
		r.mu.Unlock()
		return nil
	}
	r.settled = true
	r.mu.Unlock()

	b, spent := r.budget, max(0, spent)
	b.mu.Lock()
	b.turn(now)
	b.book(r.day, r.domain, spent-r.amount)
	b.mu.Unlock()
	if b.cfg.Ledger == nil {
		return nil
	}
	return b.cfg.Ledger.Append(Entry{Op: Settled, ID: r.id, At: now, Amount: spent})
}

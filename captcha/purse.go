package captcha

import (
	"fmt"
	"sync"
	"time"

	"github.com/godwit-go/godwit/trip"
)

const secondsPerDay = int64(24 * time.Hour / time.Second)

// dayOf numbers the days of UTC from 1970 on.
func dayOf(t time.Time) int64 { return t.Unix() / secondsPerDay }

// purse is what was spent and reserved, and where that is remembered. Budgets put
// their caps on it.
type purse struct {
	ledger Ledger      // nil: memory only
	file   *FileLedger // the ledger, if the purse opened it itself

	mu      sync.Mutex
	nextID  uint64
	total   trip.USD
	day     int64 // what today and domains are about
	today   trip.USD
	domains map[string]trip.USD
}

// newPurse opens the ledger and takes everything that it remembers.
func newPurse(cfg BudgetConfig) (*purse, error) {
	p := &purse{ledger: cfg.Ledger, day: dayOf(time.Now()), domains: make(map[string]trip.USD)}
	if cfg.LedgerFile != "" {
		file, err := OpenLedger(cfg.LedgerFile)
		if err != nil {
			return nil, err
		}
		p.file, p.ledger = file, file
	}
	if p.ledger == nil {
		return p, nil
	}
	if err := p.recall(); err != nil {
		_ = p.close()
		return nil, err
	}
	return p, nil
}

func (p *purse) recall() error {
	open := make(map[uint64]Entry)
	return p.ledger.Load(func(e Entry) error {
		p.nextID = max(p.nextID, e.ID)
		r, known := open[e.ID]
		switch {
		case e.Op == Reserved && known:
			return fmt.Errorf("reservation %d was made before", e.ID)
		case e.Op == Reserved:
			open[e.ID] = e
			p.book(dayOf(e.At), e.Domain, e.Amount)
		case !known:
			return fmt.Errorf("settlement of unknown reservation %d", e.ID)
		default:
			delete(open, e.ID)
			p.book(dayOf(r.At), r.Domain, e.Amount-r.Amount)
		}
		return nil
	})
}

// close closes the file that the purse opened.
func (p *purse) close() error {
	if p == nil || p.file == nil {
		return nil
	}
	return p.file.Close()
}

// used tells whether anything was ever taken from the purse.
func (p *purse) used() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.nextID > 0
}

// book adds an amount to all sums. The purse is locked, or not shared yet.
func (p *purse) book(day int64, domain string, amount trip.USD) {
	p.total += amount
	if day == p.day {
		p.today += amount
		p.domains[domain] += amount
	}
}

// turn begins a new day when there is one. A clock that goes back begins none.
func (p *purse) turn(now time.Time) {
	if day := dayOf(now); day > p.day {
		p.day, p.today = day, 0
		clear(p.domains)
	}
}

// Reservation is money that was taken off a [Budget]. It must be settled, once.
type Reservation struct {
	purse  *purse
	id     uint64
	day    int64
	domain string
	amount trip.USD

	mu      sync.Mutex
	settled bool
}

// Settle puts what was spent in place of what was reserved: 0 is a refund in
// full. More than was reserved is booked as well, since it is gone, up to a
// million dollars, above which it is a mistake of whoever said so. Only the
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

	p, spent := r.purse, sane(spent)
	p.mu.Lock()
	p.turn(now)
	p.book(r.day, r.domain, spent-r.amount)
	p.mu.Unlock()
	if p.ledger == nil {
		return nil
	}
	return p.ledger.Append(Entry{Op: Settled, ID: r.id, At: now, Amount: spent})
}

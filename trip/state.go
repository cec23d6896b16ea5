package trip

import "time"

// State is how things stand at one moment: what counting events does not tell. It
// names no proxy and holds no secret. The metrics collector asks for it at every
// scrape; what is left out is not shown.
type State struct {
	Pools    []PoolState    // by name; without the one that goes direct
	Breakers []BreakerState // of domains that were asked for lately
	Paces    []PaceState    // likewise
	Budgets  []BudgetState  // those with a limit
	Stores   []StoreState
}

// PoolState tells of one proxy pool. It counts proxies and names none.
type PoolState struct {
	Pool string
	// Healthy proxies serve, those on Probation have to prove themselves, Gated
	// ones are set aside, Disabled ones are out of use until told otherwise.
	Healthy, Probation, Gated, Disabled int
	// Bans tells by domain how many of the pool's proxies are set aside for it.
	Bans map[string]int
}

// BreakerState tells of the circuit breaker of one domain.
type BreakerState struct {
	Domain string
	State  string // closed, half_open or open
}

// PaceState tells of the rate limit of one domain.
type PaceState struct {
	Domain      string
	Interval    time.Duration // between two requests; 0 when unlimited
	InFlight    int           // exchanges under way
	Waiting     int           // exchanges that wait for their turn
	PausedUntil time.Time     // zero when the domain does not rest
}

// BudgetState tells of one budget for solving challenges.
type BudgetState struct {
	Budget    string // its name: total, day, a domain
	Limit     USD    // what may be spent in all
	Remaining USD    // of that
}

// StoreState tells of one store outside of the process: a pool's list of proxies,
// a state that is shared with others.
type StoreState struct {
	Store    string
	Degraded bool // it cannot be reached, and this process goes on with what it has
}

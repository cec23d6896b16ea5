package captcha

import (
	"net/http"
	"sync/atomic"

	"github.com/godwit-go/godwit/trip"
)

// Group is what calls through several Transports share: solves under way,
// clearances, which domains reject answers. It outlives a change of the
// configuration. Its methods are safe for concurrent use.
type Group struct {
	current    atomic.Pointer[settings]
	turn       atomic.Uint64 // counts accepted answers: what was sent before one has to be sent again
	self       visitor
	flights    flights
	clearances *clearances
	visitors   *records // by egress and domain of visitor
	domains    *records
	pendings   pendings
	reports    *reports
}

// settings are a configuration in force.
type settings struct {
	Config
	detector *Detector
}

// NewGroup returns a Group. The caller ends it with [Group.Close].
func NewGroup(cfg Config) (*Group, error) {
	g := &Group{
		self: newSelf(), clearances: newClearances(),
		visitors: newRecords(), domains: newRecords(), reports: newReports(),
	}
	if err := g.Reconfigure(cfg); err != nil {
		return nil, err
	}
	return g, nil
}

// Reconfigure puts cfg in force for calls that begin from now on. With an error the
// old configuration stays. Where cfg has a new Budget over the same ledger, or both
// have none, what was spent from the old one is spent from the new one too.
func (g *Group) Reconfigure(cfg Config) error {
	if err := cfg.Validate(); err != nil {
		return err
	}
	detector, err := NewDetector(cfg.Detector)
	if err != nil {
		return err
	}
	if old := g.current.Load(); old != nil {
		cfg.Budget.succeed(old.Budget)
	}
	g.current.Store(&settings{Config: cfg.withDefaults(), detector: detector})
	return nil
}

// Wrap returns a Transport over base that shares the group's state; nil base is
// [http.DefaultTransport].
func (g *Group) Wrap(base http.RoundTripper) *Transport {
	base = trip.Base(base)
	return &Transport{group: g, next: base}
}

// Close ends the reports to solvers that are under way, waits for them, and closes
// the solvers' idle connections. Calls go on as before, without reports.
func (g *Group) Close() error {
	g.reports.close()
	for _, s := range g.current.Load().Solvers {
		if idle, ok := s.(interface{ CloseIdleConnections() }); ok {
			idle.CloseIdleConnections()
		}
	}
	return nil
}

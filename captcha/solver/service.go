package solver

import (
	"cmp"
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/godwit-go/godwit/captcha"
	"github.com/godwit-go/godwit/trip"
)

// busyPause is the least that a busy service is left alone for.
const busyPause = 5 * time.Second

// turnPause is how long 2Captcha shuts out who asked too often.
const turnPause = 10 * time.Second

// maxCost is more than any service charges for a task. Above it the answer's cost
// is a mistake, and the price table counts, as where there is no cost at all.
const maxCost = 1000 * trip.Dollar

// Service is a client of one solving service. It is safe for concurrent use.
type Service struct {
	cfg     Config
	dialect *dialect
	name    string
	url     string
	local   bool
	http    http.RoundTripper
	softID  int
	wire    wire

	rest rest
}

var (
	_ captcha.Solver   = (*Service)(nil)
	_ captcha.Pricer   = (*Service)(nil)
	_ captcha.Reporter = (*Service)(nil)
	_ captcha.Balancer = (*Service)(nil)
	_ captcha.Resumer  = (*Service)(nil)
)

// New returns a client for the service that cfg names.
func New(cfg Config) (*Service, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	return newService(cfg), nil
}

// Open is [New] for those who read the name of the service from a file: it knows
// [NameFlareSolverr] too, of whose configuration only Name, URL and HTTP count.
func Open(cfg Config) (captcha.Solver, error) {
	if cfg.Service != NameFlareSolverr {
		s, err := New(cfg)
		if err != nil {
			return nil, err
		}
		return s, nil
	}
	f, err := NewFlareSolverr(FlareConfig{Name: cfg.Name, URL: cfg.URL, HTTP: cfg.HTTP})
	if err != nil {
		return nil, err
	}
	return f, nil
}

func newService(cfg Config) *Service {
	d := dialects[cfg.Service]
	cfg.MinScore = cmp.Or(cfg.MinScore, DefaultMinScore)
	cfg.BusyRetries = cmp.Or(cfg.BusyRetries, DefaultBusyRetries)
	cfg.Poll.Limit = cmp.Or(cfg.Poll.Limit, DefaultLimit)
	s := &Service{
		cfg: cfg, dialect: d, http: cfg.HTTP, softID: cfg.SoftID,
		name: cmp.Or(cfg.Name, d.name), url: strings.TrimRight(cmp.Or(cfg.URL, d.url), "/"),
	}
	if s.http == nil {
		s.http = &http.Transport{Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true, IdleConnTimeout: 90 * time.Second}
	}
	if s.cfg.Resolver == nil {
		s.cfg.Resolver = net.DefaultResolver
	}
	s.local = local(s.url)
	s.wire = d.wire(s)
	return s
}

// CloseIdleConnections closes the connections to the service that are not in use.
func (s *Service) CloseIdleConnections() { trip.CloseIdle(s.http) }

// Warnings tells what is careless about how the account's key is kept; see
// [secret.Value.Warnings].
func (s *Service) Warnings() []string { return s.cfg.Key.Warnings() }

// Name returns the service's name.
func (s *Service) Name() string { return s.name }

// Supports tells whether the service takes challenges like c, as far as the page
// gives what it needs.
func (s *Service) Supports(c *captcha.Challenge) bool {
	if _, ok := s.cfg.Tasks[c.Kind]; ok {
		return true
	}
	k, ok := s.dialect.kinds[c.Kind]
	if !ok || banned(c) {
		return false
	}
	a := &asked{Challenge: c, minScore: s.cfg.MinScore}
	return !slices.ContainsFunc(k.needs, func(need source) bool {
		_, given := a.value(need)
		return !given && need != fromAgent
	})
}

// banned tells whether DataDome's page says that the address is banned, which no
// answer changes.
func banned(c *captcha.Challenge) bool {
	u, err := url.Parse(c.Params[captcha.ParamCaptchaURL])
	return err == nil && c.Kind == captcha.KindDataDome && u.Query().Get("t") == "bv"
}

// Price is the most that a solve of c costs.
func (s *Service) Price(c *captcha.Challenge) trip.USD { return s.price(c.Kind) }

func (s *Service) price(kind captcha.Kind) trip.USD {
	if p, ok := s.cfg.Prices[kind]; ok {
		return p
	}
	if p, ok := s.dialect.prices[kind]; ok {
		return p
	}
	return priceAny
}

// Task returns what Solve would ask the service to do. It may be changed and
// given to [Service.Run]. Its Fields hold the proxy's credentials.
func (s *Service) Task(ctx context.Context, c *captcha.Challenge, env captcha.Env) (Task, error) {
	if own, ok := s.cfg.Tasks[c.Kind]; ok {
		t, err := own(c, env)
		if err != nil {
			return Task{}, s.bad(err)
		}
		t.Kind = c.Kind
		return t, nil
	}
	a := &asked{Challenge: c, env: env, minScore: s.cfg.MinScore}
	k := s.dialect.kinds[c.Kind]
	bound := k.free == "" || c.Kind == captcha.KindDataDome || c.Params[captcha.ParamDataS] != ""
	a.proxied = env.Proxy != nil && (s.cfg.ProxyAlways || bound) || k.free == ""
	t, err := s.dialect.task(a)
	if err != nil {
		return Task{}, s.bad(err)
	}
	if a.proxied {
		if err := s.addProxy(ctx, env, &t); err != nil {
			return Task{}, err
		}
	}
	return t, nil
}

func (s *Service) addProxy(ctx context.Context, env captcha.Env, t *Task) error {
	u := env.Proxy()
	if u == nil {
		return s.bad(captcha.ErrNoEgress)
	}
	p, err := splitProxy(u)
	if err != nil {
		return &Error{Provider: s.name, Class: Proxy, Err: err}
	}
	if err := s.dialect.proxy(ctx, s.cfg.Resolver, p, t); err != nil {
		if ctx.Err() != nil {
			return &Error{Provider: s.name, Class: TimedOut, Err: ctx.Err()}
		}
		return &Error{Provider: s.name, Class: Proxy, Err: errors.New("the proxy's host name has no address")}
	}
	return nil
}

func (s *Service) bad(err error) error { return &Error{Provider: s.name, Class: BadTask, Err: err} }

// Solve implements [captcha.Solver].
func (s *Service) Solve(ctx context.Context, c *captcha.Challenge, env captcha.Env) (captcha.Solution, error) {
	t, err := s.Task(ctx, c, env)
	if err != nil {
		return captcha.Solution{Provider: s.name}, err
	}
	return s.Run(ctx, t)
}

// Run has the service do a task and returns its answer. The answer to a kind that
// the package does not know is given as Fields.
func (s *Service) Run(ctx context.Context, t Task) (captcha.Solution, error) {
	ctx = veil(ctx, t)
	none := captcha.Solution{Provider: s.name}
	if err := s.resting(time.Now()); err != nil {
		return none, err
	}
	if err := ctx.Err(); err != nil {
		return none, &Error{Provider: s.name, Class: TimedOut, Err: err}
	}
	id, a, err := s.create(ctx, t)
	if err != nil {
		s.remember(err)
		var failed *Error
		if errors.As(err, &failed) && failed.Err != nil && failed.Status == 0 && !unsent(failed.Err) && failed.Class != Account {
			none.Cost = s.price(t.Kind) // nobody knows whether the task exists
		}
		return none, err
	}
	if a == nil {
		if a, err = s.await(ctx, t.Kind, id, s.first(t.Kind)); err != nil {
			return s.unanswered(t.Kind, id, err)
		}
	}
	return s.answered(t.Kind, id, *a)
}

// Resume implements [captcha.Resumer]: it fetches the answer to a task that was
// created before.
func (s *Service) Resume(ctx context.Context, c *captcha.Challenge, taskID string) (captcha.Solution, error) {
	a, err := s.await(ctx, c.Kind, taskID, 0)
	if err != nil {
		none, err := s.unanswered(c.Kind, taskID, err)
		none.Cost = 0 // it was booked when the task was given up
		return none, err
	}
	got, err := s.answered(c.Kind, taskID, *a)
	got.Cost = 0
	return got, err
}

// create offers a task, again after a pause while the service is busy.
func (s *Service) create(ctx context.Context, t Task) (string, *answer, error) {
	for try := 0; ; try++ {
		id, a, err := s.wire.create(ctx, t)
		var failed *Error
		// A connection that broke may have carried the task: it is not offered again.
		busy := errors.As(err, &failed) && failed.Class == Busy && failed.Err == nil || failed != nil && failed.Class == Busy && failed.Status != 0
		if !busy || try >= s.cfg.BusyRetries {
			return id, a, err
		}
		pause := busyPause
		if normal(failed.Code) == "MAX_USER_TURN" {
			pause = turnPause
		}
		if s.local {
			pause = min(pause, cmp.Or(s.cfg.Poll.Every, pause))
		}
		if ended := sleep(ctx, pause); ended != nil {
			failed.Err = ended
			return "", nil, err
		}
	}
}

// answered makes the solution of an answer.
func (s *Service) answered(kind captcha.Kind, id string, a answer) (captcha.Solution, error) {
	got, ok := a.read(kind, time.Now())
	got.Provider, got.TaskID, got.Cost = s.name, id, s.price(kind)
	if a.cost != "" {
		if cost, err := amount(a.cost); err == nil && cost >= 0 && cost <= maxCost {
			got.Cost = cost
		}
	}
	if !ok {
		return captcha.Solution{Provider: s.name, Cost: got.Cost},
			&Error{Provider: s.name, Class: Protocol, TaskID: id, Err: errors.New("the answer is empty")}
	}
	return got, nil
}

// unanswered tells what a failed task costs, and whether it may yet be answered.
func (s *Service) unanswered(kind captcha.Kind, id string, err error) (captcha.Solution, error) {
	none := captcha.Solution{Provider: s.name, Cost: s.price(kind)}
	var failed *Error
	if !errors.As(err, &failed) {
		return none, err
	}
	switch failed.Class {
	case TimedOut:
		none.TaskID = id
	case Unsolvable, Stale, Proxy, BadTask, Balance:
		if !slices.Contains(s.dialect.charged, failed.Class) {
			none.Cost = 0
		}
	}
	return none, err
}

// Balance implements [captcha.Balancer].
func (s *Service) Balance(ctx context.Context) (trip.USD, error) { return s.wire.balance(ctx) }

// Report implements [captcha.Reporter]. A service that takes no such report, or
// not as late, is not asked.
func (s *Service) Report(ctx context.Context, c *captcha.Challenge, got captcha.Solution, accepted bool) error {
	if got.TaskID == "" {
		return nil
	}
	if within := s.dialect.reportWithin; within > 0 && time.Since(got.ObtainedAt) > within {
		return nil
	}
	return s.wire.report(ctx, c.Kind, got.TaskID, accepted)
}

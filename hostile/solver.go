package hostile

import (
	"cmp"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Defaults of [SolverConfig].
const (
	DefaultPrice   = 2_990     // micro-USD: $2.99 for a thousand
	DefaultBalance = 1_000_000 // micro-USD: one dollar
)

// firstTask is where the solver's task ids start. Real ones no longer fit 32 bits.
const firstTask = 74_372_499_131

// SolverConfig describes the web's solver service.
type SolverConfig struct {
	// Key is the account's API key. Default: one that follows from the seed, see
	// [Solver.Key].
	Key string
	// Price of one solution in micro-USD; negative is free. Default [DefaultPrice].
	Price int64
	// Balance of the account in micro-USD; negative is empty. Default [DefaultBalance].
	Balance int64
	// Latency is how long the service works on a task. Default 0: solutions are
	// ready at the first poll.
	Latency time.Duration
	// TokenLasts is how long a token is good for. Default two minutes.
	TokenLasts time.Duration
}

// SolverFault is a way in which the solver service fails one task.
type SolverFault uint8

// The solver's faults. See [Solver.Inject].
const (
	SolverZeroBalance   SolverFault = iota // createTask: ERROR_ZERO_BALANCE
	SolverNoSlot                           // createTask: ERROR_NO_SLOT_AVAILABLE
	SolverBadKey                           // createTask: ERROR_KEY_DOES_NOT_EXIST
	SolverCreateGateway                    // createTask: an HTML page with status 502
	SolverPollGateway                      // the first getTaskResult: an HTML page with status 502
	SolverUnsolvable                       // getTaskResult: ERROR_CAPTCHA_UNSOLVABLE, which is not charged
	SolverWrongToken                       // a solution that no site takes, and that is charged
	SolverStuck                            // getTaskResult: processing, for ever
)

// SolverLedger is a copy of the solver's books. Money is in micro-USD.
type SolverLedger struct {
	Tasks     int   // tasks created
	Refused   int   // createTask calls refused
	Paid      int   // solutions charged
	Spent     int64 // what was charged for them, refunds taken off
	Balance   int64 // what is left
	Polls     int   // getTaskResult calls
	Redeemed  int   // tokens that a site took
	Correct   int   // solutions reported correct
	Incorrect int   // solutions reported incorrect, which are refunded once
}

// Solver is the web's solver service. It speaks 2Captcha's second protocol
// (createTask, getTaskResult, getBalance, reportCorrect, reportIncorrect), and
// understands the task types of the services that share it. It speaks
// FlareSolverr's protocol too, for nothing, at the path /v1. What it sells, the
// web's challenges take. All methods may be called concurrently.
type Solver struct {
	web *Web
	cfg SolverConfig
	url string
	srv *http.Server

	mu     sync.Mutex
	books  SolverLedger
	tasks  map[int64]*task
	tokens map[string]*token
	faults []SolverFault
	serial int // of tokens
}

// A token is an answer to a form challenge that was not used yet. No two
// challenges have the same site key.
type token struct {
	siteKey string
	until   time.Time
}

func startSolver(web *Web, cfg SolverConfig) (*Solver, error) {
	cfg.Price = max(0, cmp.Or(cfg.Price, DefaultPrice))
	cfg.TokenLasts = cmp.Or(cfg.TokenLasts, 2*time.Minute)
	l, err := net.Listen("tcp", anyPort)
	if err != nil {
		return nil, fmt.Errorf("hostile: solver: %w", err)
	}
	s := &Solver{web: web, cfg: cfg, url: "http://" + l.Addr().String(), tasks: make(map[int64]*task), tokens: make(map[string]*token)}
	s.books.Balance = max(0, cmp.Or(cfg.Balance, DefaultBalance))
	if s.cfg.Key == "" {
		s.cfg.Key = (&Site{web: web}).digits("solver key", hexDigits, 32)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /createTask", s.createTask)
	mux.HandleFunc("POST /getTaskResult", s.getTaskResult)
	mux.HandleFunc("POST /getBalance", s.getBalance)
	mux.HandleFunc("POST /reportCorrect", s.report(true))
	mux.HandleFunc("POST /reportIncorrect", s.report(false))
	mux.HandleFunc("POST /v1", s.flareSolverr)
	s.srv = &http.Server{Handler: web.tracked(mux), ErrorLog: log.New(io.Discard, "", 0), ReadHeaderTimeout: 30 * time.Second}
	web.work.run(func() { _ = s.srv.Serve(l) })
	return s, nil
}

func (s *Solver) close() { s.srv.Close() }

// URL returns the service's base URL, to which a client appends /createTask, or
// /v1 for FlareSolverr.
func (s *Solver) URL() string { return s.url }

// Key returns the API key of the account.
func (s *Solver) Key() string { return s.cfg.Key }

// Inject makes the next n tasks meet the fault, after those injected before.
func (s *Solver) Inject(fault SolverFault, n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for range n {
		s.faults = append(s.faults, fault)
	}
}

// Ledger returns a copy of the solver's books as they are now.
func (s *Solver) Ledger() SolverLedger {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.books
}

// redeem takes a token, once.
func (s *Solver) redeem(value, siteKey string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.tokens[value]
	if t == nil || t.siteKey != siteKey || time.Now().After(t.until) {
		return false
	}
	delete(s.tokens, value)
	s.books.Redeemed++
	return true
}

// issue makes a token for a gate; one that no site takes when wrong.
func (s *Solver) issue(g *gate, wrong bool) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.serial++
	prefix := map[challengeKind]string{recaptcha: "03AFcWeA", hcaptcha: "P1_", turnstile: "0."}[g.kind]
	var b strings.Builder
	b.WriteString(prefix)
	for part := range 8 {
		b.WriteString(g.site.secret("token", strconv.Itoa(s.serial), strconv.Itoa(part)))
	}
	if !wrong {
		s.tokens[b.String()] = &token{siteKey: g.siteKey, until: time.Now().Add(s.cfg.TokenLasts)}
	}
	return b.String()
}

// usd writes micro-USD as a decimal number of dollars, as the services do.
func usd(micros int64) string {
	text := fmt.Sprintf("%d.%06d", micros/1_000_000, micros%1_000_000)
	return strings.TrimSuffix(strings.TrimRight(text, "0"), ".")
}

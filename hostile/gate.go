package hostile

import (
	"cmp"
	"encoding/base64"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// DefaultClearance is how long a passed challenge is good for unless told otherwise.
const DefaultClearance = 10 * time.Minute

// Gate is what all challenges have in common: whom they stop, and how long one
// who passed is left alone.
type Gate struct {
	// After is how many requests an address makes before it is challenged first.
	// Default 0: the first is challenged.
	After int
	// Lasts is how long a clearance is good for. Default [DefaultClearance].
	Lasts time.Duration
	// Uses is how many requests a clearance is good for. Default 0: any number.
	Uses int
}

func (g Gate) check(at string, found *problems) {
	notNegative(found, at+"After", g.After)
	notNegative(found, at+"Lasts", g.Lasts)
	notNegative(found, at+"Uses", g.Uses)
}

// A gate is a challenge on one site: who passed it, and what a solver needs to
// know about it.
type gate struct {
	Gate
	site    *Site
	kind    challengeKind
	cookie  string // the name of the cookie that carries a clearance
	bound   bool   // whether a clearance is good for one address and user agent only
	siteKey string // what a solver is to be told; empty for cookie challenges

	mu     sync.Mutex
	asked  map[string]int // requests without a clearance, by address
	passes map[string]*pass
	serial int

	vouchers map[string]string // of AWS WAF: the cookie that each is worth
}

// A pass is one clearance.
type pass struct {
	address, agent string
	until          time.Time
	used           int
}

// challengeKind names a challenge, for the solver's tasks.
type challengeKind string

const (
	recaptcha  challengeKind = "recaptcha"
	turnstile  challengeKind = "turnstile"
	hcaptcha   challengeKind = "hcaptcha"
	cloudflare challengeKind = "cloudflare"
	datadome   challengeKind = "datadome"
	awswaf     challengeKind = "awswaf"
	amazon     challengeKind = "amazon"
)

func newGate(site *Site, terms Gate, kind challengeKind, cookie string, bound bool) *gate {
	g := &gate{
		Gate: terms, site: site, kind: kind, cookie: cookie, bound: bound,
		asked: make(map[string]int), passes: make(map[string]*pass), vouchers: make(map[string]string),
	}
	site.gates[kind] = g
	return g
}

// admits reports whether the request may pass: it is one of the first, or its
// cookie is a clearance of this visitor's.
func (g *gate) admits(r *http.Request) bool {
	var value string
	if cookie, err := r.Cookie(g.cookie); err == nil {
		value = cookie.Value
	}
	ok, act := g.judge(value, VisitorOf(r).Address, r.UserAgent(), time.Now())
	if act != nothing {
		g.site.Book(r, act)
	}
	return ok
}

// judge decides on a request with that cookie value, and what to book for it.
func (g *gate) judge(value, address, agent string, now time.Time) (ok bool, act Act) {
	g.mu.Lock()
	defer g.mu.Unlock()
	act = nothing
	p := g.passes[value]
	switch {
	case p == nil: // none, or one that the visitor made up, or the vendor's before a clearance
	case now.After(p.until) || g.Uses > 0 && p.used >= g.Uses:
		delete(g.passes, value)
	case g.bound && (p.address != address || p.agent != agent):
		act = Rejected
	default:
		p.used++
		if p.used == 1 {
			act = Cleared
		}
		return true, act
	}
	g.asked[address]++
	return g.asked[address] <= g.After, act
}

// grant makes a clearance for a visitor and returns its cookie value.
func (g *gate) grant(address, agent string) string {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.serial++
	value := g.site.secret(string(g.kind)+" clearance", strconv.Itoa(g.serial))
	g.passes[value] = &pass{address: address, agent: agent, until: time.Now().Add(g.lasts())}
	return value
}

func (g *gate) lasts() time.Duration { return cmp.Or(g.Lasts, DefaultClearance) }

// clear lets the visitor through from now on.
func (g *gate) clear(w http.ResponseWriter, r *http.Request) {
	http.SetCookie(w, &http.Cookie{
		Name: g.cookie, Value: g.grant(VisitorOf(r).Address, r.UserAgent()),
		Path: "/", MaxAge: int(g.lasts() / time.Second), HttpOnly: true,
	})
}

// challenge serves a challenge page.
func (g *gate) challenge(w http.ResponseWriter, r *http.Request, status int, page string) {
	g.site.Book(r, Challenged)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "private, no-store")
	_ = g.site.reply(w, r, status, []byte(page)) // a visitor who left does not see it
}

// secret returns a value that nobody can guess who does not know the seed.
func (s *Site) secret(purpose string, of ...string) string {
	sum := s.sum(purpose, of...)
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// digits returns n characters drawn from alphabet, the same every time.
func (s *Site) digits(purpose, alphabet string, n int) string {
	dice, text := s.dice(purpose), make([]byte, n)
	for i := range text {
		text[i] = alphabet[dice.IntN(len(alphabet))]
	}
	return string(text)
}

const (
	hexDigits = "0123456789abcdef"
	keyDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"
)

package headers

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/godwit-go/godwit/trip"
)

// visit is one exchange on its way through the Transport.
type visit struct {
	group    *Group
	req      *http.Request
	identity *trip.Identity
	domain   string
	key      sessionKey
	session  *session
	odd      bool // the caller has header names that are not canonical

	generator *Generator // nil: no browser
	stats     *profileStats
	userAgent string // to send in place of the generator's
	exchange  *exchange
}

// findSession finds whose browser sends the request: the identity's, that of the
// call's session, or the group's own.
func (v *visit) findSession(now time.Time) {
	g := v.group
	switch session := trip.Session(v.req.Context()); {
	case v.identity != nil:
		v.key = sessionKey{v.identity.Seed, v.identity.Key}
	case session != "":
		v.key = sessionKey{g.seed ^ hash(session), session}
	default:
		v.key = sessionKey{g.seed, ""}
	}
	v.session = g.sessions.get(v.key, now)
}

// hash is FNV-1a: the same in every process, so that a session keeps its browser.
func hash(s string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	return h
}

// choose finds the browser: that of the User-Agent which the caller, the Config
// or a clearance has fixed, else the one that the seed picks.
func (v *visit) choose() error {
	if told, ok := v.req.Context().Value(situationKey{}).(*Situation); ok && int(told.Kind) >= len(kinds) {
		return &ConflictError{Field: "Kind", Value: told.Kind.String(), Reason: "no such kind"}
	}
	v.odd = odd(v.req.Header)
	if v.group.cfg.Off {
		v.userAgent = v.group.cfg.UserAgent
		return nil
	}
	languages := v.group.cfg.Languages
	g, stats, err := v.group.rotation.pick(v.key.seed, languages)
	if err == nil && v.group.cfg.CountryLanguages && len(languages) == 0 && v.identity != nil {
		if languages = CountryLanguages(v.identity.Country, g.profile.Browser); languages != nil {
			g, stats, err = v.group.rotation.pick(v.key.seed, languages)
		}
	}
	if err != nil {
		return err
	}
	v.userAgent = v.fixedUserAgent()
	if v.userAgent == "" || v.userAgent == g.userAgent {
		v.generator, v.stats, v.userAgent = g, stats, ""
		return nil
	}
	// Nil is no browser, or none we know: it speaks for itself alone.
	v.generator, err = v.group.rotation.speaker(v.userAgent, g)
	return err
}

// fixedUserAgent returns the User-Agent that is not ours to choose.
func (v *visit) fixedUserAgent() string {
	if values, ok := v.callerValues(nUserAgent.h1); ok {
		if ua := strings.Join(values, " "); ua != "" {
			return ua
		}
		return "none" // the caller wants none sent, and thus no browser
	}
	if ua := v.identity.UserAgent(v.domain); ua != "" {
		return ua
	}
	return v.group.cfg.UserAgent
}

// learn remembers what a browser would from the response: cookies, the page, and
// the hints that the origin asks for. again asks to repeat the request with hints
// that it should have had (Client Hints Reliability, section 4).
func (v *visit) learn(resp *http.Response) (again bool) {
	if jar := v.jar(); jar != nil {
		if cookies := resp.Cookies(); len(cookies) > 0 {
			jar.SetCookies(v.req.URL, cookies)
		}
	}
	if v.exchange == nil {
		return false
	}
	s := &v.exchange.situation
	if !s.Kind.topLevel() {
		return false
	}
	if resp.StatusCode >= 200 && resp.StatusCode < 300 && isPage(resp.Header.Get("Content-Type")) {
		v.session.visited(v.req.URL)
	}
	if v.generator.family != chromiumFamily || !secure(v.req.URL) {
		return false
	}
	lines, ok := resp.Header["Accept-Ch"]
	if !ok {
		return false
	}
	hints := parseHints(lines)
	v.session.asked(v.req.URL, hints)
	if s.CriticalCH || s.unsafeMethod() {
		return false
	}
	for _, hint := range parseHints(resp.Header["Critical-Ch"]) {
		_, has := v.generator.hints[hint]
		if has && slices.Contains(hints, hint) && !v.exchange.list.Has(hint) {
			return true
		}
	}
	return false
}

func isPage(contentType string) bool {
	essence, _, _ := strings.Cut(contentType, ";")
	switch strings.ToLower(strings.TrimSpace(essence)) {
	case "text/html", "application/xhtml+xml":
		return true
	}
	return false
}

// count books the exchange under its browser.
func (v *visit) count(out *http.Request, resp *http.Response, err error) {
	if v.stats == nil {
		return
	}
	v.stats.exchanges.Add(1)
	switch trip.OutcomeOf(out.Context(), resp, err).Verdict {
	case trip.OK:
		v.stats.ok.Add(1)
	case trip.Blocked:
		v.stats.blocked.Add(1)
	case trip.Challenge:
		v.stats.challenged.Add(1)
	case trip.Canceled, trip.Local:
	default:
		v.stats.failed.Add(1)
	}
}

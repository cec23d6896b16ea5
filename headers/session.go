package headers

import (
	"container/list"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	// MaxSessions is how many identities a [Group] remembers at the most.
	MaxSessions = 10_000
	// SessionIdle is after how long without a request an identity is forgotten.
	SessionIdle = time.Hour
	// maxSessionSites bounds what is remembered per identity.
	maxSessionSites = 64
)

// sessions remembers what a browser would, per identity: which origins have asked
// for client hints, and the page that it has last seen of each site.
type sessions struct {
	mu    sync.Mutex
	byKey map[sessionKey]*list.Element
	order list.List // of *session, most recently used first
}

type sessionKey struct {
	seed uint64
	key  string
}

type session struct {
	key  sessionKey
	used time.Time

	mu    sync.Mutex
	hints map[string][]string // by origin
	pages map[string]*url.URL // by site
}

// get returns the session of that key and forgets idle ones.
func (s *sessions) get(key sessionKey, now time.Time) *session {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e, ok := s.byKey[key]; ok {
		s.order.MoveToFront(e)
		found := e.Value.(*session)
		found.used = now
		return found
	}
	if s.byKey == nil {
		s.byKey = make(map[sessionKey]*list.Element)
	}
	for e := s.order.Back(); e != nil; e = s.order.Back() {
		last := e.Value.(*session)
		if len(s.byKey) < MaxSessions && now.Sub(last.used) < SessionIdle {
			break
		}
		s.order.Remove(e)
		delete(s.byKey, last.key)
	}
	fresh := &session{key: key, used: now}
	s.byKey[key] = s.order.PushFront(fresh)
	return fresh
}

func (s *sessions) size() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.byKey)
}

// page returns the page last seen of u's site; nil if there is none.
func (s *session) page(u *url.URL) *url.URL {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.pages) == 0 {
		return nil
	}
	return s.pages[siteKey(u)]
}

// visited remembers u as the page that the next request of its site comes from.
func (s *session) visited(u *url.URL) {
	key := siteKey(u)
	page := *u
	page.User = nil
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.pages == nil {
		s.pages = make(map[string]*url.URL)
	}
	s.pages[key] = &page
	bound(s.pages, key)
}

// hintsFor returns what the origin of u has asked for.
func (s *session) hintsFor(u *url.URL) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.hints) == 0 {
		return nil
	}
	return s.hints[originOf(u)]
}

// asked replaces what the origin of u has asked for.
func (s *session) asked(u *url.URL, hints []string) {
	key := originOf(u)
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(hints) == 0 {
		delete(s.hints, key)
		return
	}
	if s.hints == nil {
		s.hints = make(map[string][]string)
	}
	s.hints[key] = hints
	bound(s.hints, key)
}

// bound drops an entry other than keep when the map has grown too large.
func bound[V any](m map[string]V, keep string) {
	if len(m) <= maxSessionSites {
		return
	}
	for key := range m {
		if key != keep {
			delete(m, key)
			return
		}
	}
}

// siteKey keeps the pages of http and https apart, as browsers do.
func siteKey(u *url.URL) string { return webScheme(u) + "://" + site(u.Hostname()) }

// parseHints reads Accept-CH or Critical-CH: the known names, in lower case
// (Client Hints Infrastructure, section 3.1).
func parseHints(lines []string) []string {
	var hints []string
	for _, line := range lines {
		for token := range strings.SplitSeq(line, ",") {
			hint := strings.ToLower(strings.TrimSpace(token))
			if knownHint(hint) && !slices.Contains(hints, hint) {
				hints = append(hints, hint)
			}
		}
	}
	return hints
}

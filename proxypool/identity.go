package proxypool

import (
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/net/publicsuffix"

	"github.com/godwit-go/godwit/trip"
)

// A visitor is an identity and how worn it is.
type visitor struct {
	trip.Identity
	e       *egress
	pinned  string // the key of the session it belongs to
	session string // fills in the {session} of the proxy's credentials
	born    int64
	uses    int
	score   float64 // rises with trouble, falls with success
	retired atomic.Bool
	jar     lazyJar
}

// maxScore is the trouble that retires a visitor: three failures in a row, or
// more of them among successes.
const maxScore = 3

// Reasons for which an identity is retired.
const (
	retiredBlocked = "blocked"
	retiredAge     = "age"
	retiredUses    = "uses"
	retiredScore   = "score"
	retiredGone    = "gone"
)

func (p *Pool) newVisitor(now int64, domain string, e *egress, generation uint32, session string) *visitor {
	proxy := e.proxy.Load()
	v := &visitor{e: e, born: now, pinned: session}
	v.Key = proxy.Label + "/" + strconv.Itoa(int(generation))
	v.Egress = proxy.Label
	v.Direct = e.direct
	v.Country = proxy.Country
	// The first visitors of an egress look alike to all domains, as one machine would.
	v.Seed = mix(mix(p.seed, e.seed), uint64(generation))
	if session != "" {
		v.Key += "/" + strconv.FormatUint(hashString(session), 36)
		v.Seed = mix(v.Seed, hashString(session))
	}
	if proxy.hasSessions() {
		id := mix(mix(p.seed, e.seed), mix(hashString(domain), v.Seed))
		v.session = strconv.FormatUint(id>>4, 36)
	}
	v.Jar = &v.jar
	if !e.direct {
		v.Proxy = v.proxyURL
	}
	return v
}

func (v *visitor) proxyURL() *url.URL {
	return v.e.proxy.Load().withSession(v.session).URL()
}

// worn tells why the visitor should not be used for another attempt; empty when
// it may be.
func (v *visitor) worn(now int64, c *Config, pinned bool) string {
	switch {
	case c.IdentityAge > 0 && now-v.born >= int64(c.IdentityAge):
		return retiredAge
	case v.score >= maxScore:
		return retiredScore
	case !pinned && c.IdentityUses > 0 && v.uses >= c.IdentityUses:
		return retiredUses
	}
	return ""
}

// A session pins the calls of one key to one visitor.
type session struct {
	e       *egress
	visitor *visitor
	lastUse int64
	born    uint32
}

const maxSessions = 10_000 // per domain

// trimSessions makes room for another session: those idle for longer than an
// identity lives go, and when all are fresh, the oldest of a few. They would
// find the same egress again.
func (d *domain) trimSessions(now int64, age time.Duration) {
	if len(d.sessions) < maxSessions {
		return
	}
	var oldest string
	var at int64
	looked := 0
	for key, s := range d.sessions {
		if age > 0 && now-s.lastUse > int64(age) {
			delete(d.sessions, key)
			continue
		}
		if oldest == "" || s.lastUse < at {
			oldest, at = key, s.lastUse
		}
		if looked++; looked >= 64 {
			break
		}
	}
	if len(d.sessions) >= maxSessions {
		delete(d.sessions, oldest)
	}
}

// A lazyJar is a cookie jar that is made when the first cookie comes.
type lazyJar struct {
	once sync.Once
	jar  atomic.Pointer[cookiejar.Jar]
}

// SetCookies implements [http.CookieJar].
func (l *lazyJar) SetCookies(u *url.URL, cookies []*http.Cookie) {
	if len(cookies) == 0 {
		return
	}
	l.once.Do(func() {
		jar, _ := cookiejar.New(&cookiejar.Options{PublicSuffixList: publicsuffix.List}) // it has no error to return
		l.jar.Store(jar)
	})
	l.jar.Load().SetCookies(u, cookies)
}

// Cookies implements [http.CookieJar].
func (l *lazyJar) Cookies(u *url.URL) []*http.Cookie {
	if jar := l.jar.Load(); jar != nil {
		return jar.Cookies(u)
	}
	return nil
}

func hashString(s string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	return mix(h, uint64(len(s)))
}

package trip

import (
	"context"
	"net/http"
	"net/url"
	"sync"
)

// Identity is what a target sees as one visitor: a way out, a header profile and
// a cookie jar, retired as one unit. The lease layer puts it into the attempt;
// the layers below read it. The exported fields are set before the identity is
// used and do not change; the methods are safe for concurrent use.
type Identity struct {
	// Key names the identity within its pool. It holds no secret.
	Key string
	// Egress is the label of the way out, for people: "direct" or a proxy's label,
	// never with credentials.
	Egress string
	// Direct is true when the way out is the machine's own address.
	Direct bool
	// Seed makes the header profile sticky: the same seed gets the same profile.
	Seed uint64
	// Country is the ISO 3166 code of the egress where the proxy list names one; else empty.
	Country string
	// Jar keeps the cookies of this identity; nil keeps none.
	Jar http.CookieJar
	// Proxy returns the proxy's URL with its credentials, for a solver that has to
	// leave by the same way. It is nil for a direct identity. Its result must
	// never be printed.
	Proxy func() *url.URL

	mu         sync.Mutex
	userAgents map[string]string // domain → User-Agent that a clearance is bound to
}

// SetUserAgent makes the identity present ua to domain from now on: a clearance
// that a solver earned is only valid with the user agent that earned it.
func (id *Identity) SetUserAgent(domain, ua string) {
	id.mu.Lock()
	defer id.mu.Unlock()
	if id.userAgents == nil {
		id.userAgents = make(map[string]string, 1)
	}
	id.userAgents[domain] = ua
}

// UserAgent returns what [Identity.SetUserAgent] set for domain; empty when the
// header profile decides. It is safe on a nil Identity.
func (id *Identity) UserAgent(domain string) string {
	if id == nil {
		return ""
	}
	id.mu.Lock()
	defer id.mu.Unlock()
	return id.userAgents[domain]
}

// IdentityFrom returns the identity of the attempt that ctx belongs to; nil when
// there is none yet, or no lease layer.
func IdentityFrom(ctx context.Context) *Identity {
	if a := AttemptFrom(ctx); a != nil {
		return a.Identity()
	}
	return nil
}

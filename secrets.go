package godwit

import (
	"maps"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"

	"github.com/godwit-go/godwit/proxypool"
	"github.com/godwit-go/godwit/secret"
)

// warn logs what is careless about a configuration that was put in force, each
// thing once.
func (c Config) warn(a *assembly) {
	if c.Logger == nil {
		return
	}
	found := make(map[string]bool)
	for _, w := range slices.Concat(a.warnings(), c.warnings()) {
		found[w] = true
	}
	for _, w := range slices.Sorted(maps.Keys(found)) {
		c.Logger.Warn("secret kept carelessly", "problem", w)
	}
}

// warnings tells what is careless about how the solvers' keys are kept now.
func (a *assembly) warnings() (found []string) {
	for _, c := range a.chains {
		for _, s := range c.policy.Captcha.Solvers {
			if s, ok := s.(interface{ Warnings() []string }); ok {
				found = append(found, s.Warnings()...)
			}
		}
	}
	return found
}

// warnings tells which files with logins in them every user can read.
func (c Config) warnings() (found []string) {
	if c.secretsIn != "" {
		if w := secret.Exposed(c.secretsIn); w != "" {
			found = append(found, w)
		}
	}
	for _, pool := range c.Pools {
		if w := secret.Exposed(pool.File); w != "" && listHoldsLogins(pool.File) {
			found = append(found, w)
		}
	}
	return found
}

// listHoldsLogins reads a list of proxies again, which only those pay for who keep
// it where everybody can read it.
func listHoldsLogins(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	list, _ := proxypool.ParseList(f) // the pool has told what is wrong with it
	return slices.ContainsFunc(list, hasLogin)
}

func hasLogin(p proxypool.Proxy) bool {
	u := p.URL()
	return u != nil && u.User != nil
}

// holdsLogins tells whether proxies in place, addresses of lists or headers to add
// hold what nobody else should read.
func (c Config) holdsLogins() bool {
	for _, pool := range c.Pools {
		for _, a := range pool.Proxies {
			if p, err := proxypool.ParseProxy(string(a)); err == nil && hasLogin(p) {
				return true
			}
		}
		// Providers put the account's token into the query.
		if u, err := url.Parse(string(pool.URL)); err == nil && (u.User != nil || u.RawQuery != "") {
			return true
		}
	}
	for _, p := range c.Domains {
		if holdsLogin(p.Headers.Extra) {
			return true
		}
	}
	return holdsLogin(c.Default.Headers.Extra)
}

func holdsLogin(h http.Header) bool {
	for name := range h {
		for _, part := range [...]string{"auth", "cookie", "key", "secret", "token"} {
			if strings.Contains(strings.ToLower(name), part) {
				return true
			}
		}
	}
	return false
}

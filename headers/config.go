package headers

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"golang.org/x/net/http/httpguts"
)

// DefaultMaxAge is the default of [Config.MaxAge]: browsers release every four
// weeks, and a visitor four releases behind stands out.
const DefaultMaxAge = 120 * 24 * time.Hour

// Config says which headers the requests get. The zero value is the rolling
// default: a current browser, sticky per identity.
type Config struct {
	// Off leaves the requests as the caller made them, but for cookies, From,
	// UserAgent, Extra and what must not be passed on (hop-by-hop fields). net/http
	// then decodes gzip by itself. Default: a browser's headers.
	Off bool
	// Profiles are the browsers to choose from, by their Weight; the choice sticks
	// to the identity's seed. One entry pins the domain that the Config is for to
	// it. Default: [Catalog.Profiles] of the built-in catalogue.
	Profiles []Profile
	// Seed makes the choice for requests without an identity or a session, the same
	// in every run. Default: 0, a random one per [Group].
	Seed uint64
	// Languages override those of the profiles, best first. Default: theirs.
	Languages []string
	// CountryLanguages takes the languages from the country of the identity's
	// egress, where the proxy list names one that is known. Default: false.
	CountryLanguages bool
	// UserAgent replaces the profile's, and with it everything that only the
	// profile's browser sends: a bot that says who it is does not claim to be a
	// browser. With a User-Agent that the catalogue knows, its browser is used.
	// Default: that of the profile.
	UserAgent string
	// From is the contact address for whom it may concern (RFC 9110, section 10.1.2). Default: none.
	From string
	// Extra are added to every request that this Config is for, and to no other
	// one: they do not follow a redirect to a domain with another Config. They
	// replace a profile's field but never the caller's. Default: none.
	Extra http.Header
	// DisableCookies leaves the identity's cookie jar alone. Default: false.
	DisableCookies bool
	// DisableReferer makes every inferred navigation one that the user typed, so
	// that no page learns which one came before. Default: false.
	DisableReferer bool
	// HTTP1 says that the base speaks HTTP/1.1 also over https, which decides
	// about Priority and the order in [FieldsFrom]. Default: h2 over https.
	HTTP1 bool
	// DecodedBelow says that a layer below unpacks every coding which a browser
	// accepts. Default: false, New puts a [Decoder] in front of the base.
	DecodedBelow bool
	// MaxAge is the age of the catalogue from which on OnStale is called.
	// Negative: never. Default [DefaultMaxAge].
	MaxAge time.Duration
	// OnStale is told once, by the first request after the catalogue has become
	// older than MaxAge, with a [*StaleError]. Default: nobody.
	OnStale func(error)
}

// Validate reports every problem of the Config, each with the path of its field.
func (c Config) Validate() error {
	var errs []error
	problem := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	total := 0.0
	for i, p := range c.Profiles {
		if err := p.Validate(); err != nil {
			problem("Profiles[%d]: %w", i, err)
		}
		total += p.weight()
	}
	if !(total >= 0 && total <= maxWeight) {
		problem("Profiles: weights add up to %g, want at most %g", total, maxWeight)
	}
	for _, tag := range c.Languages {
		if !validTag(tag) {
			problem("Languages: %q, want a language tag such as en-US", tag)
		}
	}
	if !validValue(c.UserAgent) {
		problem("UserAgent: %q, want a header value without control characters", c.UserAgent)
	}
	if !validValue(c.From) {
		problem("From: %q, want a header value without control characters", c.From)
	}
	for n, values := range c.Extra {
		switch {
		case !httpguts.ValidHeaderFieldName(n):
			problem("Extra: %q, want a header name (RFC 9110, section 5.1)", n)
		case ownedByTransport(n):
			problem("Extra: %q, want a header that is not the connection's own", n)
		}
		for _, v := range values {
			if !validValue(v) {
				problem("Extra[%q]: its value has control characters", n)
			}
		}
	}
	return errors.Join(errs...)
}

// maxWeight keeps the sum of all weights finite.
const maxWeight = 1e12

// weight is the share of the profile; [Profile.Weight] 0 means 1.
func (p Profile) weight() float64 {
	if p.Weight == 0 {
		return 1
	}
	return p.Weight
}

func (c Config) withDefaults() Config {
	if c.MaxAge == 0 {
		c.MaxAge = DefaultMaxAge
	}
	if len(c.Profiles) == 0 {
		c.Profiles = Catalogue().Profiles()
	}
	return c
}

// connectionFields are what net/http or the connection writes by itself.
var connectionFields = [...]string{
	"Host", "Content-Length", "Connection", "Proxy-Connection", "Keep-Alive", "Proxy-Authenticate",
	"Proxy-Authorization", "Te", "Trailer", "Transfer-Encoding", "Upgrade",
}

func ownedByTransport(n string) bool {
	for _, own := range connectionFields {
		if equalFold(n, own) {
			return true
		}
	}
	return false
}

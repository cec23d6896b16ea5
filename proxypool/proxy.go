package proxypool

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
)

// Kind is how a proxy's connections relate to its exits.
type Kind uint8

const (
	// Static is the zero Kind: one exit, whose connections are reused.
	Static Kind = iota
	// Gateway is one address in front of many exits that gives every connection
	// another one. A request gets a fresh connection, so that it gets a fresh exit.
	// Since one exit says little about the others, a gateway counts as 16 of them
	// where gates and the cap in flight are concerned.
	Gateway
)

// String returns "static" or "gateway".
func (k Kind) String() string {
	if k == Gateway {
		return "gateway"
	}
	return "static"
}

// MarshalText implements [encoding.TextMarshaler].
func (k Kind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// UnmarshalText reads "static" and "gateway", or "rotating", which means the same.
func (k *Kind) UnmarshalText(text []byte) error {
	switch strings.ToLower(string(text)) {
	case "", "static":
		*k = Static
	case "gateway", "rotating":
		*k = Gateway
	default:
		return errKind
	}
	return nil
}

// Proxy is one way out through somebody else's machine. [ParseProxy] and
// [ParseList] make it. It prints, logs and marshals without its credentials; only
// [Proxy.URL] has them.
type Proxy struct {
	// Label names the proxy for people: host:port by default, with a few
	// hexadecimal digits behind it where several logins share an address.
	Label string
	// Kind is Static unless the list says otherwise.
	Kind Kind
	// Country is the ISO 3166 code of the exit where the list names one.
	Country string
	// Tier orders proxies by price: 0, the cheapest and the default, is used first.
	Tier int
	// Weight scales how often the proxy is chosen; zero means 1.
	Weight float64
	// Sessions is how many visitors at a time share the proxy by way of a
	// {session} in its user name or password. Each gets an exit of its own, and a
	// new one when it is blocked. Zero means [DefaultSessions] where there is a
	// {session}, else 1.
	Sessions int

	scheme, host   string // host includes the port
	user, password string
}

// DefaultSessions is how many visitors share a proxy with a {session} placeholder.
const DefaultSessions = 10

const sessionMark = "{session}"

// URL returns the proxy's URL with its credentials. It must never be printed.
func (p Proxy) URL() *url.URL {
	if p.scheme == "" {
		return nil
	}
	u := &url.URL{Scheme: p.scheme, Host: p.host}
	switch {
	case p.password != "":
		u.User = url.UserPassword(p.user, p.password)
	case p.user != "":
		u.User = url.User(p.user)
	}
	return u
}

// Address is the proxy's URL without credentials.
func (p Proxy) Address() string {
	if p.scheme == "" {
		return ""
	}
	return p.scheme + "://" + p.host
}

// protocol is what is spoken to the proxy: socks5h is another name of socks5.
func (p Proxy) protocol() string { return strings.TrimSuffix(p.scheme, "h") }

// ID is the same for the same protocol, host, port and login, and tells none of
// them: 16 hexadecimal digits. Lists are deduplicated by it.
func (p Proxy) ID() string {
	sum := p.hash()
	return hex.EncodeToString(sum[:8])
}

func (p Proxy) hash() [sha256.Size]byte {
	return sha256.Sum256([]byte(p.protocol() + "\x00" + p.host + "\x00" + p.user + "\x00" + p.password))
}

// account identifies the proxy whatever its password is now.
func (p Proxy) account() string { return p.protocol() + "\x00" + p.host + "\x00" + p.user }

func (p Proxy) seed() uint64 {
	sum := p.hash()
	return binary.BigEndian.Uint64(sum[:])
}

// String returns the label.
func (p Proxy) String() string { return p.Label }

// GoString is String, so that %#v shows no credentials either.
func (p Proxy) GoString() string { return fmt.Sprintf("proxypool.Proxy(%s)", p.Label) }

// LogValue implements [slog.LogValuer].
func (p Proxy) LogValue() slog.Value { return slog.StringValue(p.Label) }

// withSession fills in the {session} of the credentials.
func (p *Proxy) withSession(id string) *Proxy {
	if id == "" {
		return p
	}
	filled := *p
	filled.user = strings.ReplaceAll(p.user, sessionMark, id)
	filled.password = strings.ReplaceAll(p.password, sessionMark, id)
	return &filled
}

func (p Proxy) hasSessions() bool {
	return strings.Contains(p.user, sessionMark) || strings.Contains(p.password, sessionMark)
}

func (p Proxy) weight() float64 {
	if p.Weight == 0 {
		return 1
	}
	return p.Weight
}

// An Address is a proxy as people write it, in any of the formats of
// [ParseProxy], or the URL of a list of them. It holds credentials, so it prints
// as "[address]" wherever it is formatted, logged or marshalled.
type Address string

const hiddenAddress = "[address]"

// String hides the address.
func (Address) String() string { return hiddenAddress }

// GoString hides the address.
func (Address) GoString() string { return hiddenAddress }

// MarshalText hides the address. JSON uses it too.
func (Address) MarshalText() ([]byte, error) { return []byte(hiddenAddress), nil }

// UnmarshalText sets the address.
func (a *Address) UnmarshalText(text []byte) error {
	*a = Address(text)
	return nil
}

// LogValue implements [slog.LogValuer].
func (Address) LogValue() slog.Value { return slog.StringValue(hiddenAddress) }

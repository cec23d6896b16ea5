package proxypool

import (
	"errors"
	"math"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"unicode"
)

// The errors of parsing never quote what was read: any part of a line may turn
// out to be a credential.
var (
	errFormat  = errors.New("want scheme://user:password@host:port, host:port, host:port:user:password, user:password@host:port or user:password:host:port")
	errScheme  = errors.New("unsupported scheme, want http, https, socks5 or socks5h")
	errHost    = errors.New("host: want a name or an IP address")
	errPort    = errors.New("port: want 1 to 65535")
	errLogin   = errors.New("login: want no control characters, and no colon in the user name")
	errLong    = errors.New("login: want at most 255 bytes each for user name and password with SOCKS5")
	errNoUser  = errors.New("login: want a user name with the password")
	errPath    = errors.New("want no path behind host:port")
	errOption  = errors.New("options: want label, kind, country, tier, weight or sessions")
	errLabel   = errors.New("label: want at most 64 printable characters")
	errKind    = errors.New("kind: want static or gateway")
	errCountry = errors.New("country: want two letters")
	errTier    = errors.New("tier: want 0 to 99")
	errWeight  = errors.New("weight: want a number over 0, at most 1000")
	errSession = errors.New("sessions: want 1 to 100000, and a {session} in the login")
)

// fields are the parts of a proxy as text.
type fields struct {
	scheme, host, port, user, password           string
	label, kind, country, tier, weight, sessions string
}

func (f *fields) options(tail string) error {
	tail = strings.TrimPrefix(tail, "/")
	tail, fragment, _ := strings.Cut(tail, "#")
	path, query, _ := strings.Cut(tail, "?")
	if path != "" {
		return errPath
	}
	values, err := url.ParseQuery(query)
	if err != nil {
		return errOption
	}
	if label, err := url.PathUnescape(fragment); err == nil {
		f.label = label
	}
	for key := range values {
		field := f.option(key)
		if field == nil {
			return errOption
		}
		*field = values.Get(key)
	}
	return nil
}

func (f *fields) option(name string) *string {
	switch name {
	case "label":
		return &f.label
	case "kind":
		return &f.kind
	case "country":
		return &f.country
	case "tier":
		return &f.tier
	case "weight":
		return &f.weight
	case "sessions":
		return &f.sessions
	}
	return nil
}

// proxy checks the parts and puts them together.
func (f fields) proxy() (p Proxy, err error) {
	p.scheme = strings.ToLower(f.scheme)
	if p.scheme == "" {
		p.scheme = "http"
	}
	port, ok := defaultPorts[p.scheme]
	if !ok {
		return Proxy{}, errScheme
	}
	host, err := cleanHost(f.host)
	if err != nil {
		return Proxy{}, err
	}
	if f.port != "" || f.scheme == "" {
		if port, err = cleanPort(f.port); err != nil {
			return Proxy{}, err
		}
	}
	p.host = net.JoinHostPort(host, port)
	if err := checkLogin(p.scheme, f.user, f.password); err != nil {
		return Proxy{}, err
	}
	p.user, p.password = f.user, f.password
	if p.Label, err = cleanLabel(f.label); err != nil {
		return Proxy{}, err
	}
	if p.Kind.UnmarshalText([]byte(f.kind)) != nil {
		return Proxy{}, errKind
	}
	if p.Country = strings.ToUpper(f.country); p.Country != "" && (len(p.Country) != 2 || strings.Trim(p.Country, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "") {
		return Proxy{}, errCountry
	}
	if p.Tier, err = number(f.tier, 0, 99, errTier); err != nil {
		return Proxy{}, err
	}
	if p.Sessions, err = number(f.sessions, 1, 100_000, errSession); err != nil || p.Sessions > 0 && !p.hasSessions() {
		return Proxy{}, errSession
	}
	if f.weight != "" {
		if p.Weight, err = strconv.ParseFloat(f.weight, 64); err != nil || !(p.Weight > 0 && p.Weight <= 1000) {
			return Proxy{}, errWeight
		}
	}
	if p.Label == "" {
		p.Label = p.host
		if p.user != "" || p.password != "" {
			p.Label += "~" + p.ID()[:4]
		}
	}
	return p, nil
}

func number(s string, low, high int, wrong error) (int, error) {
	if s == "" {
		return 0, nil
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || f != math.Trunc(f) || f < float64(low) || f > float64(high) {
		return 0, wrong
	}
	return int(f), nil
}

func cleanHost(host string) (string, error) {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if addr, err := netip.ParseAddr(host); err == nil && addr.Zone() == "" {
		return addr.String(), nil
	}
	if host == "" || len(host) > 253 || strings.Trim(host, "abcdefghijklmnopqrstuvwxyz0123456789-._") != "" {
		return "", errHost
	}
	for label := range strings.SplitSeq(host, ".") {
		if label == "" || len(label) > 63 {
			return "", errHost
		}
	}
	// All digits and dots, but no address: 1.2.3, 300.1.1.1, 0x7f.1 are spellings
	// that resolvers disagree about.
	if strings.Trim(host, "0123456789.") == "" {
		return "", errHost
	}
	return host, nil
}

func cleanPort(port string) (string, error) {
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil || n == 0 {
		return "", errPort
	}
	return strconv.FormatUint(n, 10), nil
}

func checkLogin(scheme, user, password string) error {
	for _, s := range []string{user, password} {
		if strings.ContainsFunc(s, unicode.IsControl) {
			return errLogin
		}
	}
	switch socks := strings.HasPrefix(scheme, "socks"); {
	case user == "" && password != "":
		return errNoUser
	case socks && (len(user) > 255 || len(password) > 255):
		return errLong
	case !socks && strings.Contains(user, ":"):
		return errLogin
	}
	return nil
}

func cleanLabel(label string) (string, error) {
	label = strings.TrimSpace(label)
	if len(label) > 64 || strings.ContainsFunc(label, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return "", errLabel
	}
	return label, nil
}

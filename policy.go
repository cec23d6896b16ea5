package godwit

import (
	"fmt"
	"net"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/idna"
)

// pattern is a parsed key of [Config.Domains].
type pattern struct {
	host     string // lower case, in ASCII form, without the "*."
	port     string // empty: any
	wildcard bool   // every host below host, but not host itself
}

func (p pattern) String() string {
	s := p.host
	if p.wildcard {
		s = "*." + s
	}
	if p.port != "" {
		s = net.JoinHostPort(s, p.port)
	}
	return s
}

func parsePattern(s string) (pattern, error) {
	const want = "want a host name like example.com, *.example.com or example.com:8080"
	var p pattern
	host, wildcard := strings.CutPrefix(s, "*.")
	p.wildcard = wildcard
	switch {
	case strings.Contains(host, "://"):
		return p, fmt.Errorf("has a scheme, %s", want)
	case strings.ContainsAny(host, "/?#"):
		return p, fmt.Errorf("has a path, %s", want)
	case strings.ContainsAny(host, "*@ \t\r\n"):
		return p, fmt.Errorf("has a character that no host has, %s", want)
	}
	if strings.HasPrefix(host, "[") || strings.Count(host, ":") == 1 {
		name, port, err := net.SplitHostPort(host)
		if err == nil && !isPort(port) {
			return p, fmt.Errorf("port %q is out of range, want 1 to 65535", port)
		}
		if err != nil {
			name = strings.Trim(host, "[]")
		}
		host, p.port = name, port
	}
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	if net.ParseIP(host) == nil {
		ascii, err := idna.Lookup.ToASCII(host)
		if err != nil || slices.Contains(strings.Split(ascii, "."), "") {
			return p, fmt.Errorf("is no host name, %s", want)
		}
		host = ascii
	}
	p.host = host
	return p, nil
}

func isPort(s string) bool {
	n, err := strconv.ParseUint(s, 10, 16)
	return err == nil && n > 0
}

// matcher finds the policy of a host. It is immutable once built.
type matcher[T any] struct {
	exact    map[hostPort]T
	wildcard map[hostPort]T // keyed by what stands behind "*."
	fallback T
}

// hostPort is a host and, where the pattern has one, a port.
type hostPort struct{ host, port string }

func newMatcher[T any](fallback T) *matcher[T] {
	return &matcher[T]{exact: map[hostPort]T{}, wildcard: map[hostPort]T{}, fallback: fallback}
}

func (m *matcher[T]) add(p pattern, v T) {
	if p.wildcard {
		m.wildcard[hostPort{p.host, p.port}] = v
	} else {
		m.exact[hostPort{p.host, p.port}] = v
	}
}

// find returns the value for host, which is lower-case and without a port. An
// exact pattern beats a wildcard, a longer wildcard beats a shorter one, and at
// equal length the pattern with the port wins.
func (m *matcher[T]) find(host, port string) T {
	if v, ok := lookup(m.exact, host, port); ok {
		return v
	}
	for rest := host; len(m.wildcard) > 0; {
		_, parent, ok := strings.Cut(rest, ".")
		if !ok {
			break
		}
		if v, ok := lookup(m.wildcard, parent, port); ok {
			return v
		}
		rest = parent
	}
	return m.fallback
}

func lookup[T any](m map[hostPort]T, host, port string) (T, bool) {
	if v, ok := m[hostPort{host, port}]; ok {
		return v, true
	}
	v, ok := m[hostPort{host: host}]
	return v, ok
}

// merged returns override with every zero field taken from base, struct by
// struct. Slices, maps and functions count as one value each.
func merged[T any](base, override T) T {
	merge(reflect.ValueOf(&override).Elem(), reflect.ValueOf(base))
	return override
}

func merge(dst, base reflect.Value) {
	if dst.Kind() == reflect.Struct && allExported(dst.Type()) {
		for i := range dst.NumField() {
			merge(dst.Field(i), base.Field(i))
		}
		return
	}
	if dst.IsZero() {
		dst.Set(base)
	}
}

// allExported tells a plain Config apart from a value with a life of its own,
// like a secret, which is inherited whole.
func allExported(t reflect.Type) bool {
	for i := range t.NumField() {
		if !t.Field(i).IsExported() {
			return false
		}
	}
	return true
}

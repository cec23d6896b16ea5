package proxypool

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
)

// MaxListBytes is the size of the largest list that is read.
const MaxListBytes = 64 << 20

// LineError tells which line of a list is wrong, without quoting it.
type LineError struct {
	Line int // 1 is the first
	Err  error
}

// Error names the line.
func (e *LineError) Error() string { return fmt.Sprintf("line %d: %v", e.Line, e.Err) }

// Unwrap returns what is wrong with the line.
func (e *LineError) Unwrap() error { return e.Err }

// ParseList reads a list of proxies: one per line in the forms of [ParseProxy];
// CSV with a header line, or with host, port, user, password in this order; or
// JSON, as an array or one value per line, of strings or objects. Columns and
// fields are called
//
//	url, scheme, host, port, user, password,
//	label, kind, country, tier, weight, sessions
//
// or by other names in common use, such as ip, username and country_code. Blank
// lines, comments from # on, a byte order mark and CRLF are fine.
//
// It returns the proxies of all lines that are right, each once, and for the
// others an error that joins a [*LineError] for each.
func ParseList(r io.Reader) ([]Proxy, error) {
	text, err := io.ReadAll(io.LimitReader(r, MaxListBytes+1))
	if err != nil {
		return nil, fmt.Errorf("proxypool: list: %w", err)
	}
	if len(text) > MaxListBytes {
		return nil, fmt.Errorf("proxypool: list: want at most %d bytes", MaxListBytes)
	}
	l := listReader{seen: make(map[string]struct{})}
	text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
	switch {
	case isJSON(text):
		l.readJSON(text)
	default:
		l.readLines(string(text))
	}
	if l.wrong > len(l.errs) {
		l.errs = append(l.errs, fmt.Errorf("and %d more wrong lines", l.wrong-len(l.errs)))
	}
	if err := errors.Join(l.errs...); err != nil {
		return l.proxies, fmt.Errorf("proxypool: list: %w", err)
	}
	return l.proxies, nil
}

type listReader struct {
	proxies []Proxy
	seen    map[string]struct{}
	errs    []error
	wrong   int
}

const maxLineErrors = 20

func (l *listReader) add(line int, p Proxy, err error) {
	if err != nil {
		if l.wrong++; l.wrong <= maxLineErrors {
			l.errs = append(l.errs, &LineError{Line: line, Err: err})
		}
		return
	}
	id := p.ID()
	if _, dup := l.seen[id]; !dup {
		l.seen[id] = struct{}{}
		l.proxies = append(l.proxies, p)
	}
}

// columns maps the names in use to ours.
var columns = map[string]string{
	"url": "url", "proxy": "url", "address": "url", "uri": "url",
	"scheme": "scheme", "protocol": "scheme", "protocols": "scheme", "type": "scheme",
	"host": "host", "ip": "host", "server": "host", "hostname": "host", "proxy_address": "host", "proxyhost": "host", "ip_address": "host",
	"port": "port", "proxyport": "port",
	"user": "user", "username": "user", "login": "user", "proxyusername": "user",
	"password": "password", "pass": "password", "proxypassword": "password",
	"label": "label", "name": "label", "id": "label",
	"kind":    "kind",
	"country": "country", "country_code": "country", "countrycode": "country", "cc": "country",
	"tier":   "tier",
	"weight": "weight", "sessions": "sessions",
}

// set puts a column's value into the fields. Columns that say nothing to us are
// left out.
func (f *fields) set(name, value string, address *string) {
	value = strings.TrimSpace(value)
	switch columns[strings.ToLower(strings.TrimSpace(name))] {
	case "":
	case "url":
		*address = value
	case "scheme":
		f.scheme = strings.ToLower(value)
	case "host":
		f.host = strings.Trim(value, "[]")
	case "port":
		f.port = value
	case "user":
		f.user = value
	case "password":
		f.password = value
	default:
		*f.option(columns[strings.ToLower(strings.TrimSpace(name))]) = value
	}
}

// over puts the columns of a row over what its url column said.
func (f fields) over(address string) (Proxy, error) {
	if address == "" {
		if f.port == "" {
			return Proxy{}, errFormat
		}
		return f.proxy()
	}
	if !strings.Contains(address, "://") && f.scheme != "" {
		if plain, err := splitPlain(address); err == nil {
			plain.scheme = f.scheme
			return f.onto(plain).proxy()
		}
		if f.port != "" {
			f.host = address
			return f.proxy()
		}
	}
	if f.port != "" && f.host == "" && !strings.Contains(address, ":") {
		f.host = address
		return f.proxy()
	}
	p, err := ParseProxy(address)
	if err != nil {
		return p, err
	}
	host, port := splitHost(p.host)
	whole := fields{scheme: p.scheme, host: host, port: port, user: p.user, password: p.password}
	if p.Kind != Static {
		whole.kind = p.Kind.String()
	}
	if p.Sessions > 0 {
		whole.sessions = fmt.Sprint(p.Sessions)
	}
	return f.onto(whole).proxy()
}

func (f fields) onto(base fields) fields {
	for _, x := range []struct{ to, from *string }{
		{&base.user, &f.user},
		{&base.password, &f.password},
		{&base.label, &f.label},
		{&base.kind, &f.kind},
		{&base.country, &f.country},
		{&base.tier, &f.tier},
		{&base.weight, &f.weight},
		{&base.sessions, &f.sessions},
	} {
		if *x.from != "" {
			*x.to = *x.from
		}
	}
	return base
}

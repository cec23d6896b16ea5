package proxypool

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
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
	"scheme": "scheme", "protocol": "scheme", "type": "scheme",
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
		{&base.user, &f.user}, {&base.password, &f.password}, {&base.label, &f.label}, {&base.kind, &f.kind},
		{&base.country, &f.country}, {&base.tier, &f.tier}, {&base.weight, &f.weight}, {&base.sessions, &f.sessions},
	} {
		if *x.from != "" {
			*x.to = *x.from
		}
	}
	return base
}

// readLines reads plain lines and CSV, line by line: a quoted field does not span
// lines in any list that we know.
func (l *listReader) readLines(text string) {
	var header []string
	first := true
	number := 0
	for line := range strings.Lines(text) {
		number++
		line = strings.TrimSpace(stripComment(strings.TrimRight(line, "\r\n")))
		if line == "" {
			continue
		}
		comma := separator(line)
		if comma == 0 {
			first = false
			p, err := ParseProxy(line)
			l.add(number, p, err)
			continue
		}
		row, err := splitRow(line, comma)
		if err != nil {
			l.add(number, Proxy{}, errFormat)
			continue
		}
		if first {
			first = false
			if isHeader(row) {
				header = row
				continue
			}
		}
		p, err := readRow(header, row)
		l.add(number, p, err)
	}
}

// stripComment cuts a comment that starts a line or follows a blank; elsewhere #
// may be part of a password or start a label.
func stripComment(line string) string {
	for i := range len(line) {
		if line[i] == '#' && (i == 0 || line[i-1] == ' ' || line[i-1] == '\t') {
			return line[:i]
		}
	}
	return line
}

// separator returns the separator of a CSV row, 0 when the line is no row.
func separator(line string) rune {
	if strings.Contains(line, "://") && !strings.ContainsAny(line, ",;\t\"") {
		return 0
	}
	for _, c := range ",;\t" {
		if strings.ContainsRune(line, c) {
			// A password may have a comma: host:port:user:pass,word reads as a proxy as it is.
			if head, _, _ := strings.Cut(line, string(c)); strings.Count(head, ":") >= 2 && !strings.Contains(head, "://") && !strings.Contains(head, "@") {
				return 0
			}
			return c
		}
	}
	return 0
}

func splitRow(line string, comma rune) ([]string, error) {
	r := csv.NewReader(strings.NewReader(line))
	r.Comma = comma
	r.TrimLeadingSpace = comma != '\t'
	return r.Read()
}

func isHeader(row []string) bool {
	for _, name := range row {
		switch columns[strings.ToLower(strings.TrimSpace(name))] {
		case "url", "host":
			return true
		}
	}
	return false
}

func readRow(header, row []string) (Proxy, error) {
	var f fields
	var address string
	switch {
	case header == nil && strings.Contains(row[0], ":") && strings.Count(row[0], ":") < 3 || header == nil && strings.Contains(row[0], "://"):
		return Proxy{}, errors.New("want a header line that names the columns")
	case header == nil:
		header = []string{"host", "port", "user", "password"}
	}
	if len(row) > len(header) {
		return Proxy{}, errors.New("more fields than columns")
	}
	for i, value := range row {
		f.set(header[i], value, &address)
	}
	return f.over(address)
}

// isJSON tells JSON from lines, of which one may start with the bracket of an
// IPv6 address.
func isJSON(text []byte) bool {
	text = bytes.TrimSpace(text)
	if len(text) == 0 || text[0] != '[' {
		return len(text) > 0 && text[0] == '{'
	}
	next := bytes.TrimSpace(text[1:])
	return len(next) > 0 && bytes.IndexByte([]byte(`{"]`), next[0]) >= 0
}

func (l *listReader) readJSON(text []byte) {
	dec := json.NewDecoder(bytes.NewReader(text))
	line := func() int { return 1 + bytes.Count(text[:dec.InputOffset()], []byte("\n")) }
	inArray := false
	for {
		if inArray && !dec.More() {
			inArray = false
			if _, err := dec.Token(); err != nil {
				l.add(line(), Proxy{}, errJSON)
				return
			}
			continue
		}
		rest := bytes.TrimSpace(text[dec.InputOffset():])
		if !inArray && len(rest) > 0 && rest[0] == '[' {
			inArray = true
			_, _ = dec.Token() // the bracket just seen
			continue
		}
		var value any
		err := dec.Decode(&value)
		if err == io.EOF && !inArray {
			return
		}
		if err != nil {
			l.add(line(), Proxy{}, errJSON)
			return
		}
		p, err := readValue(value)
		l.add(line(), p, err)
	}
}

var errJSON = errors.New("not valid JSON")

func readValue(value any) (Proxy, error) {
	switch v := value.(type) {
	case string:
		return ParseProxy(v)
	case map[string]any:
		var f fields
		var address string
		for name, x := range v {
			switch x := x.(type) {
			case string:
				f.set(name, x, &address)
			case float64:
				f.set(name, fmt.Sprint(x), &address)
			}
		}
		return f.over(address)
	}
	return Proxy{}, errors.New("want a string or an object")
}

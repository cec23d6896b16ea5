package proxypool

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
)

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
	dec.UseNumber() // a password may be one
	lines, counted := 1, int64(0)
	line := func() int {
		lines += bytes.Count(text[counted:dec.InputOffset()], []byte("\n"))
		counted = dec.InputOffset()
		return lines
	}
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
			case json.Number:
				f.set(name, x.String(), &address)
			case []any:
				f.set(name, oneOf(x), &address)
			}
		}
		return f.over(address)
	}
	return Proxy{}, errors.New("want a string or an object")
}

// oneOf returns the first of several protocols that is supported, and if there is
// none the first, which will be refused.
func oneOf(list []any) (first string) {
	for _, x := range list {
		name, _ := x.(string)
		if _, ok := defaultPorts[strings.ToLower(name)]; ok {
			return name
		}
		if first == "" {
			first = name
		}
	}
	return first
}

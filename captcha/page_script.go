package captcha

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A script's text is read just closely enough to tell code from what the code
// quotes: a page that documents a challenge, or carries an article about one in
// its state, has the same words in its strings and comments.

// quotesPage tells whether a script has the end of a page in its strings.
func quotesPage(script []byte) bool {
	for _, end := range []string{"/html>", "/body>", `/html\u003e`, `/body\u003e`} {
		if bytes.Contains(script, []byte(end)) {
			return true
		}
	}
	return false
}

// assignment returns what follows "name =" in the script's code, wherever the
// name stands at the end of a path: window.name, window["name"], var name.
func assignment(script []byte, name string) ([]byte, bool) {
	return afterName(script, name, '=')
}

// call returns what follows "name(" in the script's code.
func call(script []byte, name string) ([]byte, bool) {
	return afterName(script, name, '(')
}

// afterName finds the first place in the script's code where name is followed by
// the given byte, and returns what comes after.
func afterName(script []byte, name string, next byte) ([]byte, bool) {
	if !bytes.Contains(script, []byte(name)) {
		return nil, false
	}
	prev := byte(0) // last byte of code that was no space
	noRegexp := 0   // no regular expression ends before
	for i := 0; i < len(script); {
		switch c := script[i]; {
		case c == '/' || c == '<':
			n := comment(script[i:])
			if n == 0 && c == '/' && i >= noRegexp && beforeRegexp(prev) {
				var ok bool
				if n, ok = regexpLiteral(script[i:]); !ok {
					noRegexp = i + n // spares looking again from every slash
					n = 0
				}
			}
			if n == 0 {
				prev, n = c, 1
			}
			i += n
		case c == '"' || c == '\'' || c == '`':
			n := stringLiteral(script[i:])
			if prev == '[' && n == len(name)+2 && string(script[i+1:i+n-1]) == name {
				if rest, ok := follows(script[i+n:], ']'); ok {
					if rest, ok = follows(rest, next); ok {
						return rest, true
					}
				}
			}
			i += n
			prev = c
		case identifierByte(c):
			n := 1
			for i+n < len(script) && identifierByte(script[i+n]) {
				n++
			}
			if n == len(name) && string(script[i:i+n]) == name {
				if rest, ok := follows(script[i+n:], next); ok {
					return rest, true
				}
			}
			i += n
			prev = c
			if w := script[i-n : i]; string(w) == "return" || string(w) == "typeof" {
				prev = '(' // a slash after a keyword begins a regular expression
			}
		default:
			if !space(c) {
				prev = c
			}
			i++
		}
	}
	return nil, false
}

// follows skips spaces and wants c, which must not be part of ==, => or ===.
func follows(b []byte, c byte) ([]byte, bool) {
	b = bytes.TrimLeft(b, spaces)
	if len(b) == 0 || b[0] != c {
		return nil, false
	}
	if b = b[1:]; c == '=' && len(b) > 0 && (b[0] == '=' || b[0] == '>') {
		return nil, false
	}
	return b, true
}

// comment returns the length of the comment that b begins with, or 0. The HTML
// opening comment hides one line from browsers older than scripts.
func comment(b []byte) int {
	switch {
	case bytes.HasPrefix(b, []byte("//")), bytes.HasPrefix(b, []byte("<!--")):
		if n := bytes.IndexAny(b, "\n\r"); n >= 0 {
			return n
		}
		return len(b)
	case bytes.HasPrefix(b, []byte("/*")):
		if n := bytes.Index(b[2:], []byte("*/")); n >= 0 {
			return n + 4
		}
		return len(b)
	}
	return 0
}

func beforeRegexp(prev byte) bool {
	return prev == 0 || strings.IndexByte("(,=:[!&|?{};+-*%~^<>", prev) >= 0
}

// regexpLiteral returns the length of the regular expression that b begins with,
// or how far it looked for the end of one.
func regexpLiteral(b []byte) (n int, ok bool) {
	class := false
	i := 1
	for ; i < len(b) && b[i] != '\n' && b[i] != '\r'; i++ {
		switch b[i] {
		case '\\':
			i++
		case '[':
			class = true
		case ']':
			class = false
		case '/':
			if !class {
				return i + 1, true
			}
		}
	}
	return min(i, len(b)), false
}

// stringLiteral returns the length of the string that b begins with, quotes
// included. A plain string ends with its line at the latest.
func stringLiteral(b []byte) int {
	quote := b[0]
	for i := 1; i < len(b); i++ {
		switch b[i] {
		case quote:
			return i + 1
		case '\\':
			i++
		case '\n', '\r':
			if quote != '`' {
				return i + 1
			}
		}
	}
	return len(b)
}

func identifierByte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' ||
		c == '_' || c == '$' || c >= utf8.RuneSelf
}

const spaces = " \t\r\n\f"

func space(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' }

const (
	maxObjectFields = 64
	maxObjectValue  = 8 << 10
)

// object reads the literal that b begins with: its own strings, numbers and
// words. What else it holds is skipped.
func object(b []byte) map[string]string {
	b = bytes.TrimLeft(b, spaces+"(")
	if len(b) == 0 || b[0] != '{' {
		return nil
	}
	fields := make(map[string]string)
	for b = b[1:]; len(fields) < maxObjectFields; {
		b = bytes.TrimLeft(b, spaces+",")
		key, rest := word(b)
		value, ok := follows(rest, ':')
		if key == "" || !ok {
			break
		}
		value = bytes.TrimLeft(value, spaces)
		v, rest := word(value)
		after := bytes.TrimLeft(rest, spaces)
		if len(after) > 0 && (after[0] == ',' || after[0] == '}') && len(v) <= maxObjectValue {
			fields[key], b = v, after
			continue
		}
		b = skipValue(value)
	}
	return fields
}

// word reads a string or a bare word and returns what follows it.
func word(b []byte) (string, []byte) {
	if len(b) == 0 {
		return "", b
	}
	if b[0] == '"' || b[0] == '\'' || b[0] == '`' {
		n := stringLiteral(b)
		if n < 2 || b[n-1] != b[0] {
			return "", nil
		}
		return unescape(string(b[1 : n-1])), b[n:]
	}
	n := 0
	for n < len(b) && (identifierByte(b[n]) || b[n] == '.' || b[n] == '-') {
		n++
	}
	return string(b[:n]), b[n:]
}

// unescape resolves the escapes of a script's string.
func unescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		if s[0] == '\\' && len(s) > 1 && strings.IndexByte(`"'/`+"`", s[1]) >= 0 {
			b.WriteByte(s[1])
			s = s[2:]
			continue
		}
		r, _, tail, err := strconv.UnquoteChar(s, 0)
		if err != nil {
			r, tail = rune(s[0]), s[1:]
		}
		b.WriteRune(r)
		s = tail
	}
	return b.String()
}

// skipValue passes over an expression up to the comma or brace that ends it.
func skipValue(b []byte) []byte {
	depth := 0
	for i := 0; i < len(b); i++ {
		switch b[i] {
		case '"', '\'', '`':
			i += stringLiteral(b[i:]) - 1
		case '{', '[', '(':
			depth++
		case '}', ']', ')':
			if depth == 0 {
				return b[i:]
			}
			depth--
		case ',':
			if depth == 0 {
				return b[i:]
			}
		}
	}
	return nil
}

// text reads the string that b begins with; empty when it begins with none.
func text(b []byte) string {
	b = bytes.TrimLeft(b, spaces+"(")
	if len(b) == 0 || b[0] != '"' && b[0] != '\'' && b[0] != '`' {
		return ""
	}
	s, _ := word(b)
	return s
}

package robots

import "strings"

// pattern is the path of a rule: a prefix in which "*" stands for anything, and
// which a "$" at its end makes a whole path.
type pattern struct {
	text     string // normalized
	anchored bool
}

func newPattern(path string) pattern {
	if path[0] != '/' && path[0] != '*' {
		path = "/" + path
	}
	body, anchored := strings.CutSuffix(path, "$")
	text := normalized(body, false)
	if anchored {
		text += "$"
	}
	return pattern{text: text, anchored: anchored}
}

// match tells whether a normalized path matches. It never tries again further on,
// so it takes time in proportion to the lengths of both at worst.
func (p *pattern) match(path string) bool {
	rest := p.text
	if p.anchored {
		rest = rest[:len(rest)-1]
	}
	first, rest, more := strings.Cut(rest, "*")
	if !strings.HasPrefix(path, first) {
		return false
	}
	path = path[len(first):]
	for more {
		var part string
		part, rest, more = strings.Cut(rest, "*")
		if !more && p.anchored {
			return strings.HasSuffix(path, part)
		}
		i := strings.Index(path, part)
		if i < 0 {
			return false
		}
		path = path[i+len(part):]
	}
	return !p.anchored || path == ""
}

// normalized writes a path so that paths that mean the same are equal (RFC 9309,
// section 2.2.2): what must be escaped is, in capitals, and what need not be is
// not. The characters that are special in a pattern are escaped in the path of a
// URL, where they stand for themselves; so is a "$" within a pattern.
func normalized(path string, ofURL bool) string {
	if !needsWork(path, ofURL) {
		return strings.Clone(path)
	}
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	b.Grow(len(path) + 8)
	for i := 0; i < len(path); i++ {
		c := path[i]
		switch {
		case c == '%' && i+2 < len(path) && isHex(path[i+1]) && isHex(path[i+2]):
			c = unhex(path[i+1])<<4 | unhex(path[i+2])
			i += 2
			if isUnreserved(c) {
				b.WriteByte(c)
				continue
			}
		case mustEscape(c, ofURL):
		default:
			b.WriteByte(c)
			continue
		}
		b.WriteByte('%')
		b.WriteByte(hex[c>>4])
		b.WriteByte(hex[c&15])
	}
	return b.String()
}

func needsWork(path string, ofURL bool) bool {
	for i := range len(path) {
		if path[i] == '%' || mustEscape(path[i], ofURL) {
			return true
		}
	}
	return false
}

func mustEscape(c byte, ofURL bool) bool {
	return c <= ' ' || c >= 0x7f || c == '$' || c == '*' && ofURL
}

func isUnreserved(c byte) bool {
	return isAlphanumeric(c) || c == '-' || c == '.' || c == '_' || c == '~'
}

func isAlphanumeric(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

func unhex(c byte) byte {
	switch {
	case c <= '9':
		return c - '0'
	case c <= 'F':
		return c - 'A' + 10
	default:
		return c - 'a' + 10
	}
}

package captcha

import (
	"bytes"
	"slices"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// attr is an attribute, its key in lower case.
type attr struct{ key, value []byte }

// tagName splits a tag, without its opening bracket, after the name.
func tagName(raw []byte) (name, rest []byte) {
	for i, c := range raw {
		if space(c) || c == '/' || c == '>' {
			return raw[:i], raw[i:]
		}
	}
	return raw, nil
}

// lookupTag returns the atom of a tag's name in any case; 0 = none that matters.
func lookupTag(name []byte) atom.Atom {
	var folded [16]byte
	if len(name) > len(folded) {
		return 0
	}
	for i, c := range name {
		folded[i] = lower(c)
	}
	return atom.Lookup(folded[:len(name)])
}

// attributes appends the attributes of the tokenizer's current tag, of which rest
// is what follows the name. The tokenizer copies every key and value: two
// allocations each for what is mostly of no interest. So only a tag with a
// character reference in it is left to the tokenizer, which knows to resolve
// those; the others are split here, by the same rules.
func attributes(attrs []attr, z *html.Tokenizer, rest []byte) []attr {
	if bytes.IndexByte(rest, '&') < 0 {
		return split(attrs, rest)
	}
	for more := true; more; {
		var a attr
		a.key, a.value, more = z.TagAttr()
		attrs = append(attrs, a)
	}
	return attrs
}

func split(attrs []attr, b []byte) []attr {
	for {
		for len(b) > 0 && (space(b[0]) || b[0] == '/') {
			b = b[1:]
		}
		if len(b) == 0 || b[0] == '>' {
			return attrs
		}
		n := 1 // an equals sign may begin a key
		for n < len(b) && !space(b[n]) && b[n] != '/' && b[n] != '=' && b[n] != '>' {
			n++
		}
		a := attr{key: foldKey(b[:n])}
		b = b[n:]
		if after := bytes.TrimLeft(b, spaces); len(after) > 0 && after[0] == '=' {
			a.value, b = attrValue(after[1:])
		}
		attrs = append(attrs, a)
	}
}

// attrValue splits what follows an equals sign after the value.
func attrValue(b []byte) (value, rest []byte) {
	b = bytes.TrimLeft(b, spaces)
	if len(b) > 0 && (b[0] == '"' || b[0] == '\'') {
		if n := bytes.IndexByte(b[1:], b[0]); n >= 0 {
			return b[1 : 1+n], b[n+2:]
		}
		return b[1:], nil
	}
	for i, c := range b {
		if space(c) || c == '>' {
			return b[:i], b[i:]
		}
	}
	return b, nil
}

// foldKey returns key in lower case, which it is already as a rule.
func foldKey(key []byte) []byte {
	if !slices.ContainsFunc(key, func(c byte) bool { return c != lower(c) }) {
		return key
	}
	key = bytes.Clone(key)
	for i, c := range key {
		key[i] = lower(c)
	}
	return key
}

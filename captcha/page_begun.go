package captcha

import (
	"bytes"

	"golang.org/x/net/html/atom"
)

const (
	maxSigns = 16   // elements of content that more than a gate has
	maxProse = 3000 // bytes of text that more than a gate has
)

// begun tells whether a page has begun to show itself in what was read of it: an
// ordinary one has after a few kilobytes, while a challenge with its style, script
// and pictures in it may have said nothing so far. It is a glance and no parse, and
// ends where it knows.
func begun(body []byte) bool {
	signs, prose := 0, 0
	for signs <= maxSigns && prose <= maxProse {
		i := bytes.IndexByte(body, '<')
		if i < 0 {
			return prose+len(body) > maxProse
		}
		prose += len(bytes.TrimSpace(body[:i]))
		body = body[i+1:]
		if bytes.HasPrefix(body, []byte("!--")) {
			body = after(body[len("!--"):], "-->")
			continue
		}
		name, rest := tagName(clip(body, 32))
		tag := lookupTag(name)
		body = after(body[len(name):], ">")
		switch tag {
		case atom.Script, atom.Style, atom.Noscript, atom.Template, atom.Textarea, atom.Title:
			if !bytes.HasPrefix(rest, []byte("/>")) {
				body = afterEnd(body, tag)
			}
		case atom.A, atom.P, atom.Li, atom.Td, atom.Dd, atom.Img, atom.H1, atom.H2, atom.H3, atom.H4:
			signs++
		}
	}
	return true
}

// after returns what follows the first mark; nothing when there is none.
func after(b []byte, mark string) []byte {
	_, rest, _ := bytes.Cut(b, []byte(mark))
	return rest
}

// afterEnd returns what follows the end tag of an element whose contents are no
// markup.
func afterEnd(b []byte, tag atom.Atom) []byte {
	for {
		b = after(b, "</")
		if len(b) == 0 || hasPrefixFold(b, tag.String()) {
			return b
		}
	}
}

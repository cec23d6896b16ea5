package captcha

import "slices"

// scanner looks for many short markers in one pass, in any ASCII case. It is the
// cheap question asked of every page, and the answer for an ordinary one is no.
//
// The method is that of Wu and Manber (1994) with blocks of two bytes: a block
// that ends no marker's window lets the scan leap over the bytes before it, so
// that most of a page is never looked at.
type scanner struct {
	window  int            // length of the shortest marker, of all markers' prefixes
	shift   [1 << 16]uint8 // by block: how far the window may move
	bucket  [1 << 16]uint8 // by block that ends a window: index into buckets
	buckets [][]marker     // markers whose window ends in the block
}

type marker struct {
	id   int
	text string // in lower case
}

// maxMarkers is how many markers a [marks] can tell apart.
const maxMarkers = 255

// marks is the set of markers that a scan found.
type marks [maxMarkers/64 + 1]uint64

func (m *marks) set(i int)      { m[i/64] |= 1 << (i % 64) }
func (m *marks) has(i int) bool { return m[i/64]&(1<<(i%64)) != 0 }

func (m *marks) meets(other *marks) bool {
	for i := range m {
		if m[i]&other[i] != 0 {
			return true
		}
	}
	return false
}

// newScanner prepares the search for words, which are in lower case and at least
// two bytes long. The index of a word is its id.
func newScanner(words []string) *scanner {
	s := &scanner{window: 255}
	for _, w := range words {
		s.window = min(s.window, len(w))
	}
	for i := range s.shift {
		s.shift[i] = uint8(s.window - 1)
	}
	s.buckets = make([][]marker, 1)
	for id, w := range words {
		for end := 2; end <= s.window; end++ {
			for _, block := range foldings(w[end-2], w[end-1]) {
				s.shift[block] = min(s.shift[block], uint8(s.window-end))
			}
		}
		s.add(marker{id, w})
	}
	return s
}

// add puts a marker into the bucket of the block that its window ends in.
func (s *scanner) add(m marker) {
	blocks := foldings(m.text[s.window-2], m.text[s.window-1])
	at := s.bucket[blocks[0]]
	if at == 0 {
		at = uint8(len(s.buckets))
		s.buckets = append(s.buckets, nil)
		for _, block := range blocks {
			s.bucket[block] = at
		}
	}
	s.buckets[at] = append(s.buckets[at], m)
}

// foldings are the blocks that two bytes in lower case may stand for.
func foldings(a, b byte) []uint16 {
	var blocks []uint16
	for _, x := range slices.Compact([]byte{a, upper(a)}) {
		for _, y := range slices.Compact([]byte{b, upper(b)}) {
			blocks = append(blocks, uint16(x)<<8|uint16(y))
		}
	}
	return blocks
}

// scan returns the markers that body holds.
func (s *scanner) scan(body []byte) (found marks) {
	if s.window > len(body) {
		return found
	}
	for i := s.window - 1; i < len(body); {
		block := uint16(body[i-1])<<8 | uint16(body[i])
		if n := int(s.shift[block]); n > 0 {
			i += n
			continue
		}
		rest := body[i-s.window+1:]
		for _, m := range s.buckets[s.bucket[block]] {
			if !found.has(m.id) && hasPrefixFold(rest, m.text) {
				found.set(m.id)
			}
		}
		i++
	}
	return found
}

// hasPrefixFold tells whether b begins with the lower-case s in any ASCII case.
func hasPrefixFold(b []byte, s string) bool {
	if len(b) < len(s) {
		return false
	}
	for i := range len(s) {
		if lower(b[i]) != s[i] {
			return false
		}
	}
	return true
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

func upper(c byte) byte {
	if 'a' <= c && c <= 'z' {
		return c - ('a' - 'A')
	}
	return c
}

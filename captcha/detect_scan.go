package captcha

import "encoding/binary"

// scanner looks for many short markers in one pass, in any ASCII case. It is the
// cheap question asked of every page, and the answer for an ordinary one is no.
//
// The method is that of Wu and Manber (1994) with blocks of three bytes: a block
// that is in no marker lets the scan leap, so that most of a page is never looked
// at. Blocks are compared by hash, with letters folded; what seems to be a marker
// is then compared byte by byte.
type scanner struct {
	window  int                   // length of the shortest marker, and of all markers' prefixes
	shift   [1 << hashBits]uint8  // by block: how far the window may move
	bucket  [1 << hashBits]uint16 // by block that ends a window: index into buckets
	buckets [][]marker            // markers whose window ends in the block
}

const (
	block    = 3
	hashBits = 14
)

// hash folds and hashes the block that is the upper three bytes of four.
func hash(four uint32) uint32 {
	return ((four | 0x20202020) >> 8 * 0x9E3779B1) >> (32 - hashBits)
}

type marker struct {
	id   int
	text string // in lower case
}

// marks is a set of markers by id.
type marks []uint64

func (m *marks) set(i int) {
	for len(*m) <= i/64 {
		*m = append(*m, 0)
	}
	(*m)[i/64] |= 1 << (i % 64)
}

func (m marks) has(i int) bool { return i/64 < len(m) && m[i/64]&(1<<(i%64)) != 0 }

func (m marks) any() bool { return len(m) > 0 }

// merge adds the other's markers.
func (m *marks) merge(other marks) {
	for i, bits := range other {
		if i == len(*m) {
			*m = append(*m, 0)
		}
		(*m)[i] |= bits
	}
}

func (m marks) meets(other marks) bool {
	for i := range min(len(m), len(other)) {
		if m[i]&other[i] != 0 {
			return true
		}
	}
	return false
}

// newScanner prepares the search for words, which are in lower case and of at
// least minMarker bytes. The index of a word is its id.
func newScanner(words []string) *scanner {
	s := &scanner{window: 64, buckets: make([][]marker, 1)}
	for _, w := range words {
		s.window = min(s.window, len(w))
	}
	for i := range s.shift {
		s.shift[i] = uint8(s.window - block + 1)
	}
	for id, w := range words {
		var h uint32
		for end := block; end <= s.window; end++ {
			h = hash(uint32(w[end-3])<<8 | uint32(w[end-2])<<16 | uint32(w[end-1])<<24)
			s.shift[h] = min(s.shift[h], uint8(s.window-end))
		}
		if s.bucket[h] == 0 {
			s.bucket[h] = uint16(len(s.buckets))
			s.buckets = append(s.buckets, nil)
		}
		at := &s.buckets[s.bucket[h]]
		*at = append(*at, marker{id, w})
	}
	return s
}

// scan returns the markers that body holds. It goes through both halves at once:
// each step waits for the table to tell where the next one is, and two do not
// wait for each other.
func (s *scanner) scan(body []byte) (found marks) {
	half := len(body) / 2
	i, j := s.window, half+1
	if j < s.window {
		half, j = len(body), len(body)+1
	}
	for i <= half && j <= len(body) {
		h := hash(binary.LittleEndian.Uint32(body[i-4:]))
		k := hash(binary.LittleEndian.Uint32(body[j-4:]))
		m, n := int(s.shift[h]), int(s.shift[k])
		if m == 0 {
			m = s.compare(body[i-s.window:], h, &found)
		}
		if n == 0 {
			n = s.compare(body[j-s.window:], k, &found)
		}
		i += m
		j += n
	}
	s.rest(body, i, half, &found)
	s.rest(body, j, len(body), &found)
	return found
}

// rest finishes one half alone.
func (s *scanner) rest(body []byte, i, end int, found *marks) {
	for i <= end {
		h := hash(binary.LittleEndian.Uint32(body[i-4:]))
		n := int(s.shift[h])
		if n == 0 {
			n = s.compare(body[i-s.window:], h, found)
		}
		i += n
	}
}

// compare looks which of the markers of a block body begins with, and returns how
// far to move on.
func (s *scanner) compare(body []byte, h uint32, found *marks) int {
	for _, m := range s.buckets[s.bucket[h]] {
		if !found.has(m.id) && hasPrefixFold(body, m.text) {
			found.set(m.id)
		}
	}
	return 1
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

package headers

import (
	"encoding/binary"
	"math/bits"
)

// blinkMap computes the order in which the Chromium family sends the headers of a
// subresource. Blink keeps them in a hash map and the network stack writes them in
// bucket order: an open-addressing table of case-insensitive names that starts
// with 8 buckets, doubles once it is half full and probes quadratically
// (wtf/hash_table.h).
type blinkMap struct {
	rapid   bool // version of the hash function
	entries []blinkEntry
	buckets []uint16 // 1 + index into entries; 0: empty

	// Memory for the usual sizes, so that a request costs no allocation here.
	room   [24]blinkEntry
	tables [2][64]uint16
}

type blinkEntry struct {
	Field
	hash uint32
}

const blinkMinBuckets = 8

func (m *blinkMap) init(rapid bool) {
	m.rapid = rapid
	m.entries = m.room[:0]
	m.buckets = m.tables[0][:blinkMinBuckets]
}

// set inserts the field or, where its name is present, appends to the value as
// the Headers object of a page does.
func (m *blinkMap) set(f Field) {
	hash := m.hash(f.Name)
	slot := m.find(f.Name, hash)
	if at := m.buckets[slot]; at != 0 {
		m.entries[at-1].Value += ", " + f.Value
		return
	}
	m.entries = append(m.entries, blinkEntry{f, hash})
	m.buckets[slot] = uint16(len(m.entries))
	if 2*len(m.entries) >= len(m.buckets) {
		m.grow()
	}
}

func (m *blinkMap) has(n name) bool {
	return m.buckets[m.find(n.h2, m.hash(n.h2))] != 0
}

// inOrder yields the fields in bucket order.
func (m *blinkMap) inOrder(yield func(Field) bool) {
	for _, at := range m.buckets {
		if at != 0 && !yield(m.entries[at-1].Field) {
			return
		}
	}
}

func (m *blinkMap) grow() {
	old, size := m.buckets, 2*len(m.buckets)
	switch {
	case size > len(m.tables[0]):
		m.buckets = make([]uint16, size)
	case &old[0] == &m.tables[0][0]:
		m.buckets = m.tables[1][:size]
	default:
		m.buckets = m.tables[0][:size]
	}
	clear(m.buckets)
	for _, at := range old { // in bucket order: it decides who is displaced
		if at != 0 {
			e := &m.entries[at-1]
			m.buckets[m.find(e.Name, e.hash)] = at
		}
	}
}

func (m *blinkMap) find(name string, hash uint32) uint32 {
	mask := uint32(len(m.buckets) - 1)
	i := hash & mask
	for step := uint32(1); m.buckets[i] != 0 && !equalFold(m.entries[m.buckets[i]-1].Name, name); step++ {
		i = (i + step) & mask
	}
	return i
}

// equalFold compares header names, which are ASCII.
func equalFold(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range len(a) {
		if lower(a[i]) != lower(b[i]) {
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

// hashMask: WTF strings keep 24 bits of their hash and 8 of flags; 0 means "not computed".
const (
	hashMask    = 1<<24 - 1
	hashInstead = 1 << 23
)

// hash is that of the lower-cased name: rapidhash over UTF-16LE, before it
// Paul Hsieh's SuperFastHash over UTF-16 units.
func (m *blinkMap) hash(name string) uint32 {
	var h uint32
	if m.rapid {
		var local [128]byte
		wide := local[:0]
		for i := range len(name) {
			wide = append(wide, lower(name[i]), 0)
		}
		h = uint32(rapidhash(wide)) & hashMask
	} else {
		h = superFastHash(name) & hashMask
	}
	if h == 0 {
		return hashInstead
	}
	return h
}

func superFastHash(name string) uint32 {
	h := uint32(0x9E3779B9)
	i := 0
	for ; i+1 < len(name); i += 2 {
		h += uint32(lower(name[i]))
		h = h<<16 ^ (uint32(lower(name[i+1]))<<11 ^ h)
		h += h >> 11
	}
	if i < len(name) {
		h += uint32(lower(name[i]))
		h ^= h << 11
		h += h >> 17
	}
	h ^= h << 3
	h += h >> 5
	h ^= h << 2
	h += h >> 15
	h ^= h << 10
	return h
}

// The seed and secrets of rapidhash v1.
const (
	rapidSeed = 0xbdd89aa982704029
	rapid0    = 0x2d358dccaa6c78a5
	rapid1    = 0x8bb84b93962eacc9
	rapid2    = 0x4b33a62ed433d4a3
)

func rapidMix(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}

// rapidhash is version 1 of Nicolas De Carli's hash. A name of one letter, which
// is two bytes long here, Blink reads as its one UTF-16 unit, unlike the reference.
func rapidhash(p []byte) uint64 {
	size := uint64(len(p))
	seed := uint64(rapidSeed)
	seed ^= rapidMix(seed^rapid0, rapid1) ^ size
	u32 := func(i int) uint64 { return uint64(binary.LittleEndian.Uint32(p[i:])) }
	u64 := func(i int) uint64 { return binary.LittleEndian.Uint64(p[i:]) }
	var a, b uint64
	switch n := len(p); {
	case n > 16:
		i, at := n, 0
		if i > 48 {
			seed1, seed2 := seed, seed
			for {
				seed = rapidMix(u64(at)^rapid0, u64(at+8)^seed)
				seed1 = rapidMix(u64(at+16)^rapid1, u64(at+24)^seed1)
				seed2 = rapidMix(u64(at+32)^rapid2, u64(at+40)^seed2)
				at, i = at+48, i-48
				if i < 48 {
					break
				}
			}
			seed ^= seed1 ^ seed2
		}
		if i > 16 {
			seed = rapidMix(u64(at)^rapid2, u64(at+8)^seed^rapid1)
			if i > 32 {
				seed = rapidMix(u64(at+16)^rapid2, u64(at+24)^seed)
			}
		}
		a, b = u64(at+i-16), u64(at+i-8)
	case n >= 4:
		last := n - 4
		delta := (n & 24) >> (n >> 3)
		a = u32(0)<<32 | u32(last)
		b = u32(delta)<<32 | u32(last-delta)
	case n > 0:
		a = uint64(p[0])
	}
	a ^= rapid1
	b ^= seed
	b, a = bits.Mul64(a, b)
	return rapidMix(a^rapid0^size, b^rapid1)
}

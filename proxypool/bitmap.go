package proxypool

import (
	"math/bits"
	"sync/atomic"
)

// A bitmap has one bit per egress of the pool. A set bit rules the egress out, so
// that the question "may this one be picked?" costs an OR of a few words that
// stay in the cache even with 100,000 proxies.
type bitmap []uint64

func bitmapFor(n int) bitmap { return make(bitmap, (n+63)/64) }

func (b bitmap) has(i uint32) bool { return b[i>>6]>>(i&63)&1 != 0 }
func (b bitmap) set(i uint32)      { b[i>>6] |= 1 << (i & 63) }
func (b bitmap) clear(i uint32)    { b[i>>6] &^= 1 << (i & 63) }

// An atomicBitmap is the pool-wide one, read by all domains without a lock.
type atomicBitmap []atomic.Uint64

func (b atomicBitmap) set(i uint32)   { b[i>>6].Or(1 << (i & 63)) }
func (b atomicBitmap) clear(i uint32) { b[i>>6].And(^(uint64(1) << (i & 63))) }

// zeros counts the bits that are clear in all of the given words.
func zeros(words uint64) int { return bits.OnesCount64(^words) }

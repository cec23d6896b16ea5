package proxypool

import (
	"slices"
	"sync/atomic"
)

// A table is the pool's egresses by index. It is replaced as a whole on reload;
// an egress keeps its index for life. Only out and version change in place, under
// the lock of Pool.gates.
type table struct {
	slots   []*egress
	out     atomicBitmap // gated as a whole, gone, or a hole
	version atomic.Uint64
	tiers   []tierSlots
	size    int // egresses that are not gone
}

// tierSlots are the egresses of one tier.
type tierSlots struct {
	tier int
	mask bitmap // a set bit is outside of the tier
	size int
}

func newTable(slots []*egress) *table {
	t := &table{slots: slots}
	t.out = make(atomicBitmap, len(bitmapFor(len(slots))))
	for i := range len(t.out) * 64 {
		if i >= len(slots) || slots[i] == nil || slots[i].gone.Load() || slots[i].gate.shut() {
			t.out.set(uint32(i))
		}
	}
	for _, e := range slots {
		if e == nil || e.gone.Load() {
			continue
		}
		t.size++
		i := slices.IndexFunc(t.tiers, func(s tierSlots) bool { return s.tier == e.proxy.Load().Tier })
		if i < 0 {
			i = len(t.tiers)
			mask := bitmapFor(len(slots))
			for w := range mask {
				mask[w] = ^uint64(0)
			}
			t.tiers = append(t.tiers, tierSlots{tier: e.proxy.Load().Tier, mask: mask})
		}
		t.tiers[i].mask.clear(e.index)
		t.tiers[i].size++
	}
	slices.SortFunc(t.tiers, func(a, b tierSlots) int { return a.tier - b.tier })
	return t
}

// live is how many egresses the tier at index i has.
func (t *table) live(i int) int {
	if i < len(t.tiers) {
		return t.tiers[i].size
	}
	return 0
}

// tierOf returns the index of e's tier.
func (t *table) tierOf(e *egress) int {
	return slices.IndexFunc(t.tiers, func(s tierSlots) bool { return !s.mask.has(e.index) })
}

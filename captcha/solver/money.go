package solver

import (
	"fmt"
	"math/big"
	"strings"

	"github.com/godwit-go/godwit/trip"
)

// amount reads money as services write it: a number or a string, "0.00299",
// 345.678, 1e-05. It is rounded up, so that a cost is never understated.
func amount(s string) (trip.USD, error) {
	s = strings.TrimSpace(s)
	if len(s) > 40 || strings.ContainsAny(s, "/_xXpP") {
		return 0, fmt.Errorf("amount %.40q, want a decimal number", s)
	}
	if i := strings.IndexAny(s, "eE"); i >= 0 && len(s)-i > 4 {
		return 0, fmt.Errorf("amount %.40q is out of range", s)
	}
	r, ok := new(big.Rat).SetString(s)
	if !ok {
		return 0, fmt.Errorf("amount %.40q, want a decimal number", s)
	}
	r.Mul(r, new(big.Rat).SetInt64(int64(trip.Dollar)))
	whole, rest := new(big.Int).QuoRem(r.Num(), r.Denom(), new(big.Int))
	if rest.Sign() > 0 {
		whole.Add(whole, big.NewInt(1))
	}
	if !whole.IsInt64() {
		return 0, fmt.Errorf("amount %.40q is out of range", s)
	}
	return trip.USD(whole.Int64()), nil
}

package trip

import (
	"fmt"
	"math"
	"strings"
)

// USD is an amount of money in millionths of a US dollar. Sums of it are exact.
type USD int64

// Dollar is one US dollar.
const Dollar USD = 1_000_000

// ParseUSD reads a decimal amount of dollars, with or without a leading "$":
// "0.00299", "$2.50". Digits beyond the sixth decimal are rounded up, so that a
// cost is never understated.
func ParseUSD(s string) (USD, error) {
	digits := strings.TrimPrefix(strings.TrimSpace(s), "$")
	whole, frac, _ := strings.Cut(digits, ".")
	if whole == "" && frac == "" {
		return 0, fmt.Errorf("trip: amount %q: want decimal dollars like 2.50", s)
	}
	var sum USD
	for i, r := range whole + frac {
		if r < '0' || r > '9' {
			return 0, fmt.Errorf("trip: amount %q: want decimal dollars like 2.50", s)
		}
		switch decimal := i - len(whole); {
		case decimal >= 6:
			if r != '0' {
				return sum + 1, checkDigits(s, frac[decimal:])
			}
			continue
		case sum > (math.MaxInt64-9)/10-1:
			return 0, fmt.Errorf("trip: amount %q is too large", s)
		}
		sum = sum*10 + USD(r-'0')
	}
	for range 6 - min(6, len(frac)) {
		if sum > math.MaxInt64/10 {
			return 0, fmt.Errorf("trip: amount %q is too large", s)
		}
		sum *= 10
	}
	return sum, nil
}

func checkDigits(amount, rest string) error {
	if strings.Trim(rest, "0123456789") != "" {
		return fmt.Errorf("trip: amount %q: want decimal dollars like 2.50", amount)
	}
	return nil
}

// String returns the amount in dollars with as many decimals as it needs, at
// least two: "$2.50", "$0.00299".
func (u USD) String() string {
	sign, n := "", uint64(u)
	if u < 0 {
		sign, n = "-", -n
	}
	frac := strings.TrimRight(fmt.Sprintf("%06d", n%uint64(Dollar)), "0")
	for len(frac) < 2 {
		frac += "0"
	}
	return fmt.Sprintf("%s$%d.%s", sign, n/uint64(Dollar), frac)
}

// Dollars returns the amount as a floating-point number, for display and metrics only.
func (u USD) Dollars() float64 { return float64(u) / float64(Dollar) }

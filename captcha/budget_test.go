package captcha_test

import (
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/godwit-go/godwit/captcha"
	"github.com/godwit-go/godwit/trip"
)

func TestABudgetWithoutAnEndHasToBeAskedFor(t *testing.T) {
	_, err := captcha.NewBudget(captcha.BudgetConfig{PerCall: trip.Dollar})
	require.EqualError(t, err, "PerDomain, PerDay, Total: all 0, want a cap, or -1 for unlimited spending")
	b := budget(t, captcha.BudgetConfig{PerDay: -1})
	_, err = b.Reserve(time.Now(), "shop.test", 0, 1_000_000*trip.Dollar)
	require.NoError(t, err)
	require.Equal(t, captcha.Remaining{Total: captcha.Unlimited, Day: captcha.Unlimited, Domain: captcha.Unlimited},
		b.Remaining(time.Now(), "shop.test"))
}

func TestEachCapRefusesWhatGoesOverIt(t *testing.T) {
	noon := time.Now().UTC().Truncate(24 * time.Hour).Add(12 * time.Hour)
	midnight := noon.Add(12 * time.Hour)
	for name, c := range map[string]struct {
		cfg  captcha.BudgetConfig
		call trip.USD
		want captcha.BudgetError
	}{
		"per call":   {captcha.BudgetConfig{PerCall: 100, Total: -1}, 80, captcha.BudgetError{Cap: "PerCall", Limit: 100, Spent: 80}},
		"per domain": {captcha.BudgetConfig{PerDomain: 100}, 0, captcha.BudgetError{Cap: "PerDomain", Limit: 100, Spent: 90, RetryAt: midnight}},
		"per day":    {captcha.BudgetConfig{PerDay: 100}, 0, captcha.BudgetError{Cap: "PerDay", Limit: 100, Spent: 90, RetryAt: midnight}},
		"total":      {captcha.BudgetConfig{Total: 100}, 0, captcha.BudgetError{Cap: "Total", Limit: 100, Spent: 90}},
	} {
		t.Run(name, func(t *testing.T) {
			b := budget(t, c.cfg)
			if c.call == 0 {
				_, err := b.Reserve(noon, "shop.test", 0, 90)
				require.NoError(t, err)
			}
			_, err := b.Reserve(noon, "shop.test", c.call, 21)
			var over *captcha.BudgetError
			require.ErrorAs(t, err, &over)
			require.ErrorIs(t, err, captcha.ErrBudget)
			c.want.Price = over.Price
			require.Equal(t, c.want, *over)
			_, err = b.Reserve(noon, "shop.test", c.call, 10)
			require.NoError(t, err, "what fits to the last micro-dollar is allowed")
		})
	}
}

func TestACapPerDomainLeavesOtherDomainsAlone(t *testing.T) {
	b, now := budget(t, captcha.BudgetConfig{PerDomain: 100}), time.Now()
	_, err := b.Reserve(now, "a.test", 0, 100)
	require.NoError(t, err)
	_, err = b.Reserve(now, "b.test", 0, 100)
	require.NoError(t, err)
	require.Equal(t, trip.USD(0), b.Remaining(now, "a.test").Domain)
	require.Equal(t, trip.USD(100), b.Remaining(now, "").Domain)
}

func TestADayBeginsAtMidnightUTCAndTheTotalGoesOn(t *testing.T) {
	evening := time.Now().UTC().Truncate(24 * time.Hour).Add(24*time.Hour - time.Second)
	b := budget(t, captcha.BudgetConfig{PerDay: 100, PerDomain: 100, Total: 250})
	late, err := b.Reserve(evening, "shop.test", 0, 100)
	require.NoError(t, err)
	_, err = b.Reserve(evening, "shop.test", 0, 1)
	require.ErrorIs(t, err, captcha.ErrBudget)

	morning := evening.Add(time.Second)
	_, err = b.Reserve(morning, "shop.test", 0, 100)
	require.NoError(t, err)
	require.NoError(t, late.Settle(morning, 40), "it is yesterday's")
	require.Equal(t, captcha.Remaining{Total: 110, Day: 0, Domain: 0}, b.Remaining(morning, "shop.test"))
	_, err = b.Reserve(evening, "shop.test", 0, 1)
	require.ErrorIs(t, err, captcha.ErrBudget, "a clock that goes back begins no new day")
}

func TestSettlingPutsTheTruePriceInPlaceOnce(t *testing.T) {
	b, now := budget(t, captcha.BudgetConfig{Total: 1000}), time.Now()
	r, err := b.Reserve(now, "shop.test", 0, 300)
	require.NoError(t, err)
	require.Equal(t, trip.USD(700), b.Remaining(now, "").Total)
	require.NoError(t, r.Settle(now, 120))
	require.Equal(t, trip.USD(880), b.Remaining(now, "").Total)
	require.NoError(t, r.Settle(now, 0))
	require.Equal(t, trip.USD(880), b.Remaining(now, "").Total, "only the first counts")

	dear, err := b.Reserve(now, "shop.test", 0, 800)
	require.NoError(t, err)
	require.NoError(t, dear.Settle(now, 2000))
	require.Equal(t, trip.USD(0), b.Remaining(now, "").Total)
	total, today := b.Spent(now)
	require.Equal(t, trip.USD(2120), total, "what is gone is booked, cap or not")
	require.Equal(t, total, today)
}

func TestCapsAreExactUnderConcurrency(t *testing.T) {
	b, now := budget(t, captcha.BudgetConfig{Total: 137 * price, PerDay: 1000 * price, PerDomain: 1000 * price}), time.Now()
	var granted, refunded atomic.Int64
	var wg sync.WaitGroup
	for i := range 1000 {
		wg.Go(func() {
			for {
				r, err := b.Reserve(now, "shop.test", 0, price)
				if err != nil {
					return
				}
				if i%3 == 0 && refunded.Add(1) < 200 {
					_ = r.Settle(now, 0) // unsolvable: try again
					continue
				}
				granted.Add(1)
				_ = r.Settle(now, price)
				return
			}
		})
	}
	wg.Wait()
	require.Equal(t, int64(137), granted.Load())
	total, _ := b.Spent(now)
	require.Equal(t, trip.USD(137*price), total)
}

// The sums must follow from the open and settled reservations alone, whatever the
// order of things.
func TestSumsFollowFromTheReservations(t *testing.T) {
	dice := rand.New(rand.NewPCG(1, 2))
	b, now := budget(t, captcha.BudgetConfig{Total: 5000}), time.Now()
	open := make(map[*captcha.Reservation]trip.USD)
	var settled trip.USD
	for range 5000 {
		if dice.IntN(2) == 0 {
			amount := trip.USD(dice.IntN(100))
			if r, err := b.Reserve(now, "shop.test", 0, amount); err == nil {
				open[r] = amount
			} else if !errors.Is(err, captcha.ErrBudget) {
				require.NoError(t, err)
			}
		} else {
			for r, amount := range open {
				cost := trip.USD(dice.IntN(int(amount) + 1))
				require.NoError(t, r.Settle(now, cost))
				settled += cost
				delete(open, r)
				break
			}
		}
		want := settled
		for _, amount := range open {
			want += amount
		}
		total, _ := b.Spent(now)
		require.Equal(t, want, total)
		require.LessOrEqual(t, total, trip.USD(5000))
	}
}

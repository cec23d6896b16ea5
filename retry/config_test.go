package retry_test

import (
	"context"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/godwit-go/godwit/retry"
)

func TestTheZeroConfigIsValid(t *testing.T) {
	require.NoError(t, retry.Config{}.Validate())
	require.NoError(t, retry.Config{BaseDelay: -1, AttemptTimeout: -1, MaxRetryAfter: -1, BudgetRatio: -1, BudgetMin: -1, BufferBody: -1, Statuses: []int{}}.Validate())
}

func TestValidateNamesEveryField(t *testing.T) {
	err := retry.Config{
		MaxAttempts: -3, BaseDelay: time.Minute, MaxDelay: time.Second, Statuses: []int{503, 42}, BudgetRatio: 20,
		BudgetWindow: -1, BufferBody: 2 << 20, MaxKeys: -1, IdleAfter: -time.Second,
	}.Validate()
	require.EqualError(t, err, `MaxAttempts: -3, want at least 1, or 0 for 4
MaxDelay: 1s, want at least BaseDelay, which is 1m0s
Statuses: 42, want statuses from 300 to 999
BudgetWindow: -1ns, want a positive duration, or 0 for 10s
BudgetRatio: 20, want a share such as 0.2, or a negative number for no bound
BufferBody: 2097152, want at most 1048576 bytes
MaxKeys: -1, want a count, or 0 for 10000
IdleAfter: -1s, want a positive duration, or 0 for 1h0m0s`)
	require.ErrorContains(t, retry.Config{MaxDelay: -time.Second}.Validate(), "MaxDelay: -1s, want a positive duration, or 0 for 1m0s")
	_, err = retry.New(nil, retry.Config{MaxAttempts: -1})
	require.ErrorContains(t, err, "MaxAttempts: -1")
}

func TestALongBaseDelayRaisesTheBound(t *testing.T) {
	require.NoError(t, retry.Config{BaseDelay: time.Hour}.Validate())
}

func TestReconfigureActsOnCallsToComeAndKeepsBudgets(t *testing.T) {
	target := &target{answer: always(500)}
	group, err := retry.NewGroup(retry.Config{BaseDelay: -1})
	require.NoError(t, err)
	rt := group.Wrap(target)
	require.Equal(t, 500, status(t, rt, get(t)))
	require.Equal(t, 4, target.count())
	require.Equal(t, []retry.Stats{{Key: "shop.test", Calls: 1, Retries: 3}}, group.Stats())

	require.Error(t, group.Reconfigure(retry.Config{MaxAttempts: -1}))
	require.NoError(t, group.Reconfigure(retry.Config{BaseDelay: -1, MaxAttempts: 2}))
	require.Equal(t, 500, status(t, rt, get(t)))
	require.Equal(t, 5, target.count(), "the budget of the domain is used up")

	require.NoError(t, group.Reconfigure(retry.Config{BaseDelay: -1, MaxAttempts: 2, BudgetMin: 9}))
	require.Equal(t, 500, status(t, rt, get(t)))
	require.Equal(t, 7, target.count(), "another limit starts anew")
	require.Equal(t, []retry.Stats{{Key: "shop.test", Calls: 1, Retries: 1, Left: 8}}, group.Stats())
}

func TestConfigIsCopied(t *testing.T) {
	statuses := []int{500}
	target := &target{answer: always(500)}
	rt, err := retry.New(target, retry.Config{BaseDelay: -1, Statuses: statuses})
	require.NoError(t, err)
	statuses[0] = 404
	status(t, rt, get(t))
	require.Equal(t, 4, target.count())
}

func TestOverrideAppliesToTheCallsOfItsContext(t *testing.T) {
	post := func(ctx context.Context) *http.Request {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://shop.test/search", nil)
		require.NoError(t, err)
		return req
	}
	for name, c := range map[string]struct {
		override retry.Override
		status   int
		want     int
	}{
		"none":              {retry.Override{}, 503, 1},
		"unsafe":            {retry.Override{RetryUnsafe: true}, 503, 4},
		"unsafe, less":      {retry.Override{RetryUnsafe: true, MaxAttempts: 2}, 503, 2},
		"no retries":        {retry.Override{RetryUnsafe: true, MaxAttempts: -1}, 503, 1},
		"other statuses":    {retry.Override{RetryUnsafe: true, Statuses: []int{404}}, 503, 1},
		"another status":    {retry.Override{RetryUnsafe: true, Statuses: []int{404}}, 404, 4},
		"no status at all":  {retry.Override{RetryUnsafe: true, Statuses: []int{}}, 503, 1},
		"statuses as given": {retry.Override{RetryUnsafe: true}, 404, 1},
	} {
		target := &target{answer: always(c.status)}
		rt, err := retry.New(target, retry.Config{BaseDelay: -1})
		require.NoError(t, err)
		require.Equal(t, c.status, status(t, rt, post(retry.WithOverride(t.Context(), c.override))), name)
		require.Equal(t, c.want, target.count(), name)
	}
}

func TestOverrideReplacesTimesAndKeepsTheRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hanging := build(t, &target{answer: hangs}, func(c *retry.Config) { c.MaxAttempts = 1 })
		began := time.Now()
		_, err := hanging.RoundTrip(get(t).WithContext(retry.WithOverride(t.Context(), retry.Override{AttemptTimeout: time.Hour})))
		require.ErrorContains(t, err, "more than 1h0m0s")
		require.Equal(t, time.Hour, time.Since(began))

		throttled := &target{answer: always(429, "Retry-After", "600")}
		rt := build(t, throttled, func(c *retry.Config) { c.RetryUnsafe = true })
		ctx := retry.WithOverride(t.Context(), retry.Override{MaxRetryAfter: time.Hour, MaxAttempts: 2})
		require.Equal(t, 429, status(t, rt, request(t, http.MethodPost, nil).WithContext(ctx)))
		require.Equal(t, []time.Duration{630 * s}, throttled.gaps())
	})
}

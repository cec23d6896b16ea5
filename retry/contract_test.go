package retry_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/godwit-go/godwit/internal/rttest"
	"github.com/godwit-go/godwit/retry"
)

func wrap(t *testing.T, cfg retry.Config) rttest.Wrap {
	return func(base http.RoundTripper) http.RoundTripper {
		rt, err := retry.New(base, cfg)
		require.NoError(t, err)
		return rt
	}
}

func TestContract(t *testing.T) {
	unavailable := func() *http.Response { return &http.Response{StatusCode: http.StatusServiceUnavailable} }
	quick := retry.Config{BaseDelay: time.Millisecond, BudgetRatio: -1}
	rttest.Suite{Discards: unavailable, Waits: wrap(t, retry.Config{BaseDelay: time.Hour, Rand: func() float64 { return 0.5 }})}.Run(t, wrap(t, quick))
}

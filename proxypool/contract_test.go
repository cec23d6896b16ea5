package proxypool_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/godwit-go/godwit/internal/rttest"
	"github.com/godwit-go/godwit/proxypool"
)

func TestContract(t *testing.T) {
	wrap := func(cfg proxypool.Config) rttest.Wrap {
		return func(base http.RoundTripper) http.RoundTripper {
			pool, err := proxypool.NewPool(cfg)
			require.NoError(t, err)
			return pool.Wrap(base)
		}
	}
	suite := rttest.Suite{
		Refuses: wrap(proxypool.Config{EmptyWait: -1}),
		Waits:   wrap(proxypool.Config{EmptyWait: time.Hour}),
	}
	t.Run("lease", func(t *testing.T) {
		suite.Run(t, wrap(proxypool.Config{Proxies: []proxypool.Address{"10.0.0.1:80", "10.0.0.2:80"}, MaxInFlight: 64}))
	})
	t.Run("direct", func(t *testing.T) {
		suite.Run(t, wrap(proxypool.Config{Direct: true}))
	})
	t.Run("custom transport", func(t *testing.T) {
		rttest.Contract(t, func(base http.RoundTripper) http.RoundTripper {
			rt, err := proxypool.New(nil, proxypool.Config{Direct: true, NewTransport: newTransportOf(base)})
			require.NoError(t, err)
			return rt
		})
	})
}

package proxypool

import (
	"net"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

// Its request may have gone before a dial so much as begins. What it would open
// then, nobody would ever close.
func TestADialOnARouteThatHasEndedIsRefused(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	var config atomic.Pointer[Config]
	config.Store(&Config{})
	all := routes{config: &config}
	rt := all.get(newEgress(Proxy{Label: DirectLabel}, 0), "")
	conn, err := rt.toTarget(t.Context(), "tcp", l.Addr().String())
	require.NoError(t, err)
	rt.leave()
	require.Equal(t, 1, all.len(), "it has a connection")
	require.NoError(t, conn.Close())
	require.Error(t, conn.Close())
	require.Zero(t, all.len())
	_, err = rt.toTarget(t.Context(), "tcp", l.Addr().String())
	require.ErrorIs(t, err, net.ErrClosed)
	require.Zero(t, rt.users.Load())
}

package proxypool_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/godwit-go/godwit/proxypool"
	"github.com/godwit-go/godwit/trip"
)

// listen runs serve for every connection to a loopback socket.
func listen(t *testing.T, serve func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				serve(conn)
			}()
		}
	}()
	return l.Addr().String()
}

// says answers whatever comes first.
func says(answer string) func(net.Conn) {
	return func(conn net.Conn) {
		_, _ = conn.Read(make([]byte, 4096))
		_, _ = io.WriteString(conn, answer)
	}
}

func hangs(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) }

func resets(conn net.Conn) {
	_, _ = conn.Read(make([]byte, 4096))
	_ = conn.(*net.TCPConn).SetLinger(0)
}

// socksSays plays a SOCKS5 server that refuses with reply.
func socksSays(reply byte) func(net.Conn) {
	return func(conn net.Conn) {
		_, _ = io.ReadFull(conn, make([]byte, 3))
		_, _ = conn.Write([]byte{5, 0})
		_, _ = conn.Read(make([]byte, 300))
		_, _ = conn.Write([]byte{5, reply, 0, 1, 0, 0, 0, 0, 0, 0})
	}
}

// Every row of facts about error shapes: what the proxy does, and who is blamed.
func TestEveryFaultLandsInItsClass(t *testing.T) {
	secure := newTarget(t, true, "h2")
	for name, c := range map[string]struct {
		scheme string
		serve  func(net.Conn)
		want   trip.Outcome
		status int
		reply  byte
	}{
		"CONNECT wants a login": {
			"http", says("HTTP/1.1 407 no\r\nContent-Length: 0\r\n\r\n"),
			trip.Outcome{Verdict: trip.ProxyError, Phase: trip.ProxyConnect, Status: 407},
			407, 0,
		},
		"CONNECT forbidden": {
			"http", says("HTTP/1.1 403 no\r\nContent-Length: 0\r\n\r\n"),
			trip.Outcome{Verdict: trip.ProxyError, Phase: trip.ProxyConnect, Status: 403},
			403, 0,
		},
		"CONNECT bad gateway": {
			"http", says("HTTP/1.1 502\r\nContent-Length: 0\r\n\r\n"),
			trip.Outcome{Verdict: trip.TargetError, Ambiguous: true, Phase: trip.ProxyConnect},
			502, 0,
		},
		"CONNECT bad gateway of its own making": {
			"http", says("HTTP/1.1 502 x\r\nProxy-Status: p.test; error=proxy_internal_error\r\nContent-Length: 0\r\n\r\n"),
			trip.Outcome{Verdict: trip.ProxyError, Phase: trip.ProxyConnect, Status: 502},
			502, 0,
		},
		"CONNECT forbidden by the target's name": {
			"http", says("HTTP/1.1 403 x\r\nProxy-Status: a.test, p.test;error=dns_error;rcode=NXDOMAIN\r\nContent-Length: 0\r\n\r\n"),
			trip.Outcome{Verdict: trip.TargetError, Ambiguous: true, Phase: trip.ProxyConnect},
			403, 0,
		},
		"CONNECT refused by Squid": {
			"http", says("HTTP/1.1 503 x\r\nX-Squid-Error: ERR_CONNECT_FAIL 111\r\nContent-Length: 0\r\n\r\n"),
			trip.Outcome{Verdict: trip.TargetError, Ambiguous: true, Phase: trip.ProxyConnect},
			503, 0,
		},
		"CONNECT hangs": {
			"http", hangs,
			trip.Outcome{Verdict: trip.ProxyError, Phase: trip.ProxyConnect, Timeout: true},
			0, 0,
		},
		"CONNECT ends": {
			"http", says(""),
			trip.Outcome{Verdict: trip.ProxyError, Phase: trip.ProxyConnect},
			0, 0,
		},
		"CONNECT reset": {
			"http", resets,
			trip.Outcome{Verdict: trip.ProxyError, Phase: trip.ProxyConnect},
			0, 0,
		},
		"CONNECT answered with garbage": {
			"http", says("SSH-2.0-secret\r\n\r\n"),
			trip.Outcome{Verdict: trip.ProxyError, Phase: trip.ProxyConnect},
			0, 0,
		},
		"https proxy speaks plain text": {
			"https", says("HTTP/1.1 200 OK\r\n\r\n"),
			trip.Outcome{Verdict: trip.ProxyError, Phase: trip.Dial},
			0, 0,
		},
		"tunnel ends in the handshake": {
			"http", says("HTTP/1.1 200 OK\r\n\r\n"),
			trip.Outcome{Verdict: trip.TargetError, Ambiguous: true, Phase: trip.TLS},
			0, 0,
		},
		"tunnel speaks plain text": {
			"http", says("HTTP/1.1 200 OK\r\n\r\nhello, this is no TLS at all"),
			trip.Outcome{Verdict: trip.TargetError, Ambiguous: true, Phase: trip.TLS},
			0, 0,
		},
		"tunnel hangs in the handshake": {
			"http", func(conn net.Conn) { says("HTTP/1.1 200 OK\r\n\r\n")(conn); hangs(conn) },
			trip.Outcome{Verdict: trip.TargetError, Ambiguous: true, Phase: trip.TLS, Timeout: true},
			0, 0,
		},
		"SOCKS general failure": {
			"socks5h", socksSays(1),
			trip.Outcome{Verdict: trip.ProxyError, Phase: trip.ProxyConnect},
			0, 1,
		},
		"SOCKS not allowed": {
			"socks5h", socksSays(2),
			trip.Outcome{Verdict: trip.ProxyError, Phase: trip.ProxyConnect},
			0, 2,
		},
		"SOCKS host unreachable": {
			"socks5", socksSays(4),
			trip.Outcome{Verdict: trip.TargetError, Ambiguous: true, Phase: trip.ProxyConnect},
			0, 4,
		},
		"SOCKS target refuses": {
			"socks5", socksSays(5),
			trip.Outcome{Verdict: trip.TargetError, Ambiguous: true, Phase: trip.ProxyConnect},
			0, 5,
		},
		"SOCKS wants a login": {
			"socks5", says("\x05\xff"),
			trip.Outcome{Verdict: trip.ProxyError, Phase: trip.ProxyConnect},
			0, 0,
		},
		"SOCKS bad greeting": {
			"socks5h", says("HTTP/1.1 400 no\r\n\r\n"),
			trip.Outcome{Verdict: trip.ProxyError, Phase: trip.ProxyConnect},
			0, 0,
		},
		"SOCKS hangs": {
			"socks5h", hangs,
			trip.Outcome{Verdict: trip.ProxyError, Phase: trip.ProxyConnect, Timeout: true},
			0, 0,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := proxypool.Config{
				Proxies:        []proxypool.Address{proxypool.Address(c.scheme + "://user0:secret0@" + listen(t, c.serve))},
				ConnectTimeout: time.Minute, TLSTimeout: time.Minute, TLS: trust(secure),
			}
			switch { // what hangs will do so however long; what answers may take its time
			case c.want.Timeout && c.want.Phase == trip.ProxyConnect:
				cfg.ConnectTimeout = 50 * time.Millisecond
			case c.want.Timeout:
				cfg.TLSTimeout = 50 * time.Millisecond
			}
			rt := newTransport(t, cfg)
			_, err := get(t, rt, secure.URL)
			require.Error(t, err)
			var judged trip.Judged
			require.ErrorAs(t, err, &judged)
			got := judged.Outcome()
			require.NotEmpty(t, got.Reason)
			got.Reason = ""
			require.Equal(t, c.want, got, "%v", err)
			require.NotContains(t, err.Error(), "secret")
			require.NotContains(t, err.Error(), "user0")
			var byProxy *proxypool.ProxyError
			if errors.As(err, &byProxy) {
				require.ErrorIs(t, err, proxypool.ErrProxy)
				require.Equal(t, c.status, byProxy.Status)
				require.Equal(t, c.reply, byProxy.Reply)
			} else {
				require.ErrorIs(t, err, proxypool.ErrTarget)
			}
		})
	}
}

// expiring is a context whose deadline is over when the test says so.
type expiring struct {
	context.Context
	over chan struct{}
}

func (c expiring) Done() <-chan struct{} { return c.over }

func (c expiring) Err() error {
	select {
	case <-c.over:
		return context.DeadlineExceeded
	default:
		return nil
	}
}

func TestAnAttemptsDeadlineIsBlamedByPhase(t *testing.T) {
	for name, c := range map[string]struct {
		tunnel bool // is there before the deadline
		want   trip.Outcome
	}{
		"in CONNECT":       {false, trip.Outcome{Verdict: trip.ProxyError, Phase: trip.ProxyConnect, Timeout: true, Reason: "proxy proxy_connect"}},
		"after the tunnel": {true, trip.Outcome{Verdict: trip.TargetError, Ambiguous: true, Phase: trip.FirstByte, Timeout: true, Reason: "timeout"}},
	} {
		t.Run(name, func(t *testing.T) {
			over := make(chan struct{})
			slow := newTarget(t, true, "h2")
			slow.handle(func(_ http.ResponseWriter, r *http.Request) {
				close(over)
				<-r.Context().Done()
			})
			proxy := newForwarder(t, "").url()
			if !c.tunnel {
				proxy = proxypool.Address(listen(t, func(conn net.Conn) {
					_, _ = conn.Read(make([]byte, 1))
					close(over)
					hangs(conn)
				}))
			}
			rt := newTransport(t, proxypool.Config{Proxies: []proxypool.Address{proxy}, TLS: trust(slow)})
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, slow.URL, nil)
			require.NoError(t, err)
			ctx, call := trip.Start(req, trip.Spec{})
			ctx, a := call.StartAttempt(ctx)
			ctx = expiring{ctx, over}
			_, err = rt.RoundTrip(req.WithContext(ctx))
			require.ErrorIs(t, err, context.DeadlineExceeded)
			require.Equal(t, c.want, trip.OutcomeOf(ctx, nil, err))
			a.Conclude(trip.OutcomeOf(ctx, nil, err))
			a.Release(nil)
		})
	}
}

func TestTheFirstByteHasALimitOfItsOwn(t *testing.T) {
	for _, protocol := range []string{"h1", "h2"} {
		t.Run(protocol, func(t *testing.T) {
			slow := newTarget(t, true, protocol)
			slow.handle(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
			rt := newTransport(t, proxypool.Config{Proxies: []proxypool.Address{newForwarder(t, "").url()}, TLS: trust(slow), FirstByteTimeout: 100 * time.Millisecond})
			_, err := get(t, rt, slow.URL)
			var e *proxypool.TargetError
			require.ErrorAs(t, err, &e)
			require.Equal(t, trip.FirstByte, e.Phase)
			require.True(t, e.Timeout())
		})
	}
}

func TestThePlainProxysOwnAnswersAreKnown(t *testing.T) {
	site := newTarget(t, false, "h1")
	f := newForwarder(t, "")
	rt := newTransport(t, proxypool.Config{Proxies: []proxypool.Address{f.url()}})
	for status, want := range map[string]trip.Outcome{
		"407 x": {Verdict: trip.ProxyError, Status: 407, Phase: trip.ProxyConnect, Reason: "status 407"},
		"502 x": {Verdict: trip.TargetError, Ambiguous: true, Status: 502, Reason: "status 5xx"},
	} {
		f.answerWith("HTTP/1.1 " + status + "\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
		all, _, err := attempts(t, rt, site.URL, 1)
		require.NoError(t, err)
		require.Equal(t, want, all[0].Outcome())
	}
}

func TestErrorsOfTheDirectEgressAreNotProxyErrors(t *testing.T) {
	rt := newTransport(t, proxypool.Config{Direct: true})
	_, err := get(t, rt, "http://127.0.0.1:1/")
	require.NotErrorIs(t, err, proxypool.ErrProxy)
	var e *proxypool.TargetError
	require.ErrorAs(t, err, &e)
	require.Equal(t, trip.Outcome{Verdict: trip.TargetError, Phase: trip.Dial, Reason: "connection"}, e.Outcome())
}

func TestNamesAreResolvedByTheSOCKSProxyHoweverItsSchemeIsSpelt(t *testing.T) {
	asked := make(chan string, 1)
	server := listen(t, func(conn net.Conn) {
		_, _ = io.ReadFull(conn, make([]byte, 3))
		_, _ = conn.Write([]byte{5, 0})
		head := make([]byte, 5)
		_, _ = io.ReadFull(conn, head)
		name := make([]byte, head[4])
		_, _ = io.ReadFull(conn, name)
		asked <- fmt.Sprint(head[3], " ", string(name))
		_, _ = conn.Write([]byte{5, 1, 0, 1, 0, 0, 0, 0, 0, 0})
	})
	for _, scheme := range []string{"socks5", "socks5h"} {
		for _, target := range []string{"http", "https"} {
			rt := newTransport(t, proxypool.Config{Proxies: []proxypool.Address{proxypool.Address(scheme + "://" + server)}})
			// localhost is a name that every resolver knows: it must go out as a name all the same.
			_, err := get(t, rt, target+"://localhost/")
			require.ErrorIs(t, err, proxypool.ErrProxy)
			require.Equal(t, "3 localhost", <-asked, scheme)
		}
	}
}

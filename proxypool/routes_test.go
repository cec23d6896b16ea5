package proxypool_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/godwit-go/godwit/proxypool"
)

// closing counts how often its idle connections are closed.
type closing struct {
	roundTripper
	closed *int
}

func (c closing) CloseIdleConnections() { *c.closed++ }

func TestTransportsAreBoundedAndTheOldestOneIsClosed(t *testing.T) {
	built := make(map[string]int)
	closed := make(map[string]*int)
	rt := newTransport(t, proxypool.Config{
		Proxies: addresses(5), MaxTransports: 3, Selection: proxypool.RoundRobin,
		NewTransport: func(proxy *url.URL) (http.RoundTripper, error) {
			built[proxy.Host]++
			closed[proxy.Host] = new(int)
			return closing{func(req *http.Request) (*http.Response, error) { return ok(req), nil }, closed[proxy.Host]}, nil
		},
	})
	for i := range 5 {
		fetch(t, rt, "http://a.test/")
		require.Equal(t, min(i+1, 3), rt.Pool().Snapshot().Transports)
	}
	sum := 0
	for _, n := range closed {
		sum += *n
	}
	require.Equal(t, 2, sum)
	require.Len(t, built, 5)
	fetch(t, rt, "http://a.test/")
	require.Equal(t, 2, built[exit], "the first one was evicted, the others stayed")
	rt.CloseIdleConnections()
	require.NoError(t, rt.Pool().Close())
	require.Zero(t, rt.Pool().Snapshot().Transports)
}

func TestATransportThatCannotBeBuiltIsTheProxysFault(t *testing.T) {
	rt := newTransport(t, proxypool.Config{Proxies: addresses(1), NewTransport: func(*url.URL) (http.RoundTripper, error) {
		return nil, errors.New("user:secret")
	}})
	_, err := get(t, rt, "http://a.test/")
	require.ErrorIs(t, err, proxypool.ErrProxy)
	require.NotContains(t, err.Error(), "secret")
}

// A rotating gateway gives each connection another exit, so that no connection
// may be used twice; a static proxy's are.
func TestAGatewayGetsAFreshConnectionPerRequest(t *testing.T) {
	for _, secure := range []bool{false, true} {
		site := newTarget(t, secure, "h2")
		for kind, want := range map[string]int{"static": 1, "gateway": 5} {
			f := newForwarder(t, "")
			var mu sync.Mutex
			conns := make(map[string]bool)
			site.handle(func(_ http.ResponseWriter, r *http.Request) {
				mu.Lock()
				defer mu.Unlock()
				conns[r.RemoteAddr] = true
			})
			rt := newTransport(t, proxypool.Config{Proxies: []proxypool.Address{f.url() + "?kind=" + proxypool.Address(kind)}, TLS: trust(site)})
			for range 5 {
				fetch(t, rt, site.URL)
			}
			if secure {
				mu.Lock()
				require.Len(t, conns, want, kind)
				mu.Unlock()
			}
			s := rt.Pool().Snapshot().Proxies[0]
			require.Positive(t, s.BytesIn)
			require.Positive(t, s.BytesOut)
			require.Equal(t, kind, s.Kind.String())
		}
	}
}

// net/http keeps kilobytes for connections that are no more.
func TestATransportGoesWithItsLastConnection(t *testing.T) {
	site := newTarget(t, true, "h2")
	f := newForwarder(t, "")
	plain := newTarget(t, false, "h1")
	transports := func(rt *proxypool.Transport) int { return rt.Pool().Snapshot().Transports }

	t.Run("when it is closed as idle", func(t *testing.T) {
		rt := newTransport(t, proxypool.Config{Proxies: []proxypool.Address{f.url()}, TLS: trust(site)})
		for range 2 {
			fetch(t, rt, site.URL)
			require.Equal(t, 1, transports(rt))
			fetch(t, rt, plain.URL)
			require.Equal(t, 1, transports(rt), "of one way out")
			becomesIdle(t, rt)
		}
	})
	t.Run("when it has been idle for too long", func(t *testing.T) {
		rt := newTransport(t, proxypool.Config{Proxies: []proxypool.Address{f.url()}, TLS: trust(site), IdleConnTimeout: time.Millisecond})
		for _, url := range []string{site.URL, plain.URL, site.URL, plain.URL} {
			fetch(t, rt, url)
			require.Eventually(t, func() bool { return transports(rt) == 0 }, 10*time.Second, time.Millisecond)
		}
	})
	t.Run("when the target closes it", func(t *testing.T) {
		rt := newTransport(t, proxypool.Config{Proxies: []proxypool.Address{f.url()}, TLS: trust(site)})
		fetch(t, rt, site.URL)
		site.CloseClientConnections()
		require.Eventually(t, func() bool { return transports(rt) == 0 }, 10*time.Second, time.Millisecond)
		fetch(t, rt, site.URL)
	})
	t.Run("not before the body has been read", func(t *testing.T) {
		rt := newTransport(t, proxypool.Config{Proxies: []proxypool.Address{f.url()}, TLS: trust(site)})
		for _, target := range []*target{site, plain} {
			goOn := make(chan bool)
			target.handle(func(w http.ResponseWriter, _ *http.Request) {
				_, _ = w.Write(make([]byte, 64<<10))
				<-goOn
			})
			resp, err := get(t, rt, target.URL)
			require.NoError(t, err)
			rt.CloseIdleConnections()
			require.Equal(t, 1, transports(rt))
			close(goOn)
			body, err := io.ReadAll(resp.Body)
			require.NoError(t, err)
			require.Len(t, body, 64<<10)
			require.NoError(t, resp.Body.Close())
			becomesIdle(t, rt)
		}
	})
	t.Run("and at once when there is none", func(t *testing.T) {
		rt := newTransport(t, proxypool.Config{Proxies: []proxypool.Address{"127.0.0.1:1"}})
		_, err := get(t, rt, plain.URL)
		require.ErrorIs(t, err, proxypool.ErrProxy)
		require.Zero(t, transports(rt))
	})
}

// The dial of a request that was canceled goes on, and what it opens must not be
// lost to those who close connections.
func TestADialThatOutlivesItsRequestKeepsTheTransport(t *testing.T) {
	asked, answer, over := make(chan bool), make(chan bool), make(chan bool)
	addr := listen(t, func(conn net.Conn) {
		defer close(over)
		close(asked)
		<-answer
		socksServes(conn)
	})
	site := newTarget(t, true, "h2")
	rt := newTransport(t, proxypool.Config{Proxies: []proxypool.Address{proxypool.Address("socks5://u:p@" + addr)}, TLS: trust(site)})
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-asked
		cancel()
	}()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, site.URL, nil)
	require.NoError(t, err)
	_, err = rt.RoundTrip(req)
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, 1, rt.Pool().Snapshot().Transports)
	close(answer)
	becomesIdle(t, rt)
	<-over
}

// An exchange that begins while its transport is being closed may leave a
// connection behind in it.
func TestATransportThatIsEvictedInUseIsClosedAfterwardsToo(t *testing.T) {
	began, finish := make(chan bool), make(chan bool)
	closed := 0
	rt := newTransport(t, proxypool.Config{
		Proxies: addresses(2), MaxTransports: 1, Selection: proxypool.RoundRobin,
		NewTransport: func(*url.URL) (http.RoundTripper, error) {
			return closing{func(req *http.Request) (*http.Response, error) {
				if req.URL.Path == "/slow" {
					close(began)
					<-finish
				}
				return ok(req), nil
			}, &closed}, nil
		},
	})
	var slow sync.WaitGroup
	slow.Go(func() { _, _ = get(t, rt, "http://a.test/slow") })
	<-began
	fetch(t, rt, "http://a.test/")
	require.Equal(t, 1, closed)
	close(finish)
	slow.Wait()
	require.Equal(t, 2, closed)
	require.Equal(t, 1, rt.Pool().Snapshot().Transports)
}

// net/http does not close a connection with a stream under way, and nobody would
// come back to do it.
func TestNoConnectionOutlivesItsTransportAndItsLastResponse(t *testing.T) {
	for _, protocol := range []string{"h1", "h2"} {
		site := newTarget(t, true, protocol)
		for how, left := range map[string]int32{"close": 0, "close before": 0, "reload": 0, "reconfigure": 0, "evict": 1} {
			t.Run(protocol+" "+how, func(t *testing.T) {
				var open atomic.Int32
				addr := listen(t, func(conn net.Conn) {
					open.Add(1)
					defer open.Add(-1)
					socksServes(conn)
				})
				goOn := make(chan bool)
				site.handle(func(w http.ResponseWriter, r *http.Request) {
					if r.URL.Path == "/slow" {
						_, _ = w.Write(make([]byte, 64<<10))
						<-goOn
					}
				})
				cfg := proxypool.Config{
					Proxies: []proxypool.Address{proxypool.Address("socks5://u:p@" + addr), proxypool.Address("socks5://v:p@" + addr)},
					TLS:     trust(site), IdleConnTimeout: -1, MaxTransports: 1, Selection: proxypool.RoundRobin,
				}
				pool, err := proxypool.NewPool(cfg)
				require.NoError(t, err)
				defer pool.Close()
				egress := pool.Egress()
				rt := pool.Wrap(roundTripper(func(req *http.Request) (*http.Response, error) {
					if how == "close before" {
						require.NoError(t, pool.Close())
					}
					return egress.RoundTrip(req)
				}))
				resp, err := get(t, rt, site.URL+"/slow")
				require.NoError(t, err)
				switch how {
				case "close":
					require.NoError(t, pool.Close())
				case "reload":
					cfg.Proxies = cfg.Proxies[1:]
					require.NoError(t, pool.Reconfigure(t.Context(), cfg))
				case "reconfigure":
					require.NoError(t, pool.Reconfigure(t.Context(), cfg))
				case "evict":
					fetch(t, rt, site.URL)
				}
				close(goOn)
				body, err := io.ReadAll(resp.Body)
				require.NoError(t, err)
				require.Len(t, body, 64<<10)
				_, err = resp.Body.Read(make([]byte, 1))
				require.Equal(t, io.EOF, err, "and again")
				require.NoError(t, resp.Body.Close())
				require.Eventually(t, func() bool { return open.Load() == left }, 10*time.Second, time.Millisecond)
			})
		}
	}
}

func TestNewTransportMayUseThePool(t *testing.T) {
	var rt *proxypool.Transport
	rt = newTransport(t, proxypool.Config{Proxies: addresses(1), NewTransport: func(*url.URL) (http.RoundTripper, error) {
		rt.CloseIdleConnections()
		require.Equal(t, 1, rt.Pool().Snapshot().Transports)
		return roundTripper(func(req *http.Request) (*http.Response, error) { return ok(req), nil }), nil
	}})
	fetch(t, rt, "http://a.test/")
}

// Transports come and go under those who use them.
func TestTransportsThatComeAndGoLoseNoRequestAndNoConnection(t *testing.T) {
	for protocol, timeout := range map[string]time.Duration{
		"h1": -1,               // only what is closed ends
		"h2": time.Millisecond, // a stream may be under way when its transport is evicted
	} {
		t.Run(protocol, func(t *testing.T) {
			var open, opened atomic.Int32
			addr := listen(t, func(conn net.Conn) {
				opened.Add(1)
				open.Add(1)
				defer open.Add(-1)
				socksServes(conn)
			})
			var list []proxypool.Address
			for i := range 4 {
				list = append(list, proxypool.Address(fmt.Sprintf("socks5://u%d:p@%s", i, addr)))
			}
			site, plain := newTarget(t, true, protocol), newTarget(t, false, "h1")
			rt := newTransport(t, proxypool.Config{
				Proxies: list, TLS: trust(site), Selection: proxypool.RoundRobin, MaxTransports: 2, IdleConnTimeout: timeout,
			})
			var users sync.WaitGroup
			var served atomic.Int32
			for range 4 {
				users.Go(func() {
					for i := range 30 {
						target := plain
						if i%5 == 0 {
							target = site
						}
						resp, err := get(t, rt, target.URL)
						if err != nil {
							t.Log(err)
							continue
						}
						if body, err := io.ReadAll(resp.Body); err == nil && strings.HasPrefix(string(body), "HTTP/") {
							served.Add(1)
						}
						_ = resp.Body.Close()
						if i%3 == 0 {
							rt.CloseIdleConnections()
						}
					}
				})
			}
			users.Wait()
			require.EqualValues(t, 4*30, served.Load())
			require.Greater(t, opened.Load(), int32(len(list)))
			becomesIdle(t, rt)
			require.Eventually(t, func() bool { return open.Load() == 0 }, 10*time.Second, time.Millisecond)
		})
	}
}

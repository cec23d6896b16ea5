package hostile_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/godwit-go/godwit/hostile"
	"github.com/stretchr/testify/require"
)

// schemes are those of the proxies.
var schemes = []string{"http", "https", "socks5"}

func TestProxiesWantTheirCredentials(t *testing.T) {
	for _, scheme := range schemes {
		web, s := site(t)
		proxy := addProxy(t, web, hostile.ProxyConfig{Scheme: scheme, User: "me", Password: "p:ä@/"})
		for _, target := range []string{"http://shop.test/p/1", s.URL("/p/1")} {
			_, body := get(t, visitor(t, web, proxy), target)
			require.True(t, web.Check(target, []byte(body)))

			client := visitor(t, web, nil)
			wrong := proxy.URL()
			wrong.User = url.UserPassword("me", "guess")
			client.Transport.(*http.Transport).Proxy = http.ProxyURL(wrong)
			resp, err := client.Get(target)
			if err == nil {
				resp.Body.Close()
				require.Equal(t, http.StatusProxyAuthRequired, resp.StatusCode)
				require.NotEmpty(t, resp.Header.Get("Proxy-Authenticate"))
			}
		}
		ledger := proxy.Ledger()
		require.Equal(t, 2, ledger.Refused, scheme)
		require.Equal(t, 4, ledger.Requests)
		require.Equal(t, map[string]int{"me:p:ä@/": 2, "me:guess": 2}, ledger.Credentials)
		require.Equal(t, map[string]int{"shop.test:80": 1, "shop.test:443": 1}, ledger.Targets)
		require.Equal(t, 2, s.Ledger().Requests)
		require.Zero(t, s.Ledger().Leaked)
	}
}

func TestAGatewayGivesEverySessionAnExitOfItsOwn(t *testing.T) {
	for _, scheme := range schemes {
		web, s := site(t, hostile.Cloudflare{Gate: hostile.Gate{After: 2}})
		gateway := addProxy(t, web, hostile.ProxyConfig{Scheme: scheme, User: "me", Password: "p", Sessions: true})
		session := func(name string) *http.Client {
			u := gateway.URL()
			u.User = url.UserPassword(name, "p")
			client := visitor(t, web, nil)
			client.Transport.(*http.Transport).Proxy = http.ProxyURL(u)
			return client
		}
		exits := make(map[string]bool)
		for _, name := range []string{"me", "me-1", "me-2"} {
			for _, target := range []string{"http://shop.test/visitor", s.URL("/visitor")} {
				_, body := get(t, session(name), target)
				require.Contains(t, body, `"`+gateway.ExitOf(name)+`"`, name)
				exits[gateway.ExitOf(name)] = true
			}
		}
		require.Len(t, exits, 3)
		require.Equal(t, gateway.Exit(), gateway.ExitOf("me"))
		require.False(t, exits[addProxy(t, web, hostile.ProxyConfig{}).Exit()])

		resp, err := session("you-1").Get("http://shop.test/visitor")
		if err == nil {
			resp.Body.Close()
			require.Equal(t, http.StatusProxyAuthRequired, resp.StatusCode)
		}
		require.Equal(t, 1, gateway.Ledger().Refused)

		task := proxyFields(gateway, map[string]any{"type": "AntiCloudflareTask", "websiteURL": s.URL("/"), "userAgent": "x"})
		task["proxyLogin"] = "me-2"
		req := request(t, http.MethodGet, s.URL("/p/1"), nil)
		req.Header.Set("User-Agent", "x")
		req.Header.Set("Cookie", "cf_clearance="+solve(t, web, task)["cookies"].(map[string]any)["cf_clearance"].(string))
		for name, lifted := range map[string]bool{"me-1": false, "me-2": true} {
			_, body := do(t, session(name), req.Clone(t.Context()))
			require.Equal(t, lifted, web.Check(s.URL("/p/1"), []byte(body)), name)
		}
	}
}

func TestASiteBooksLeakedCredentials(t *testing.T) {
	web, s := site(t)
	req := request(t, http.MethodGet, s.URL("/p/1"), nil)
	req.Header.Set("Proxy-Authorization", "Basic bWU6eA==")
	do(t, visitor(t, web, nil), req)
	require.Equal(t, 1, s.Ledger().Leaked)
}

func TestEveryProxyFaultEndsInItsOwnWay(t *testing.T) {
	web := start(t, hostile.Config{Sites: []hostile.SiteConfig{{Host: "shop.test", Identity: true}}})
	for _, fault := range hostile.ProxyFaults() {
		for _, scheme := range schemes {
			for _, target := range []string{"http://shop.test/p/1", "https://shop.test/p/1"} {
				t.Run(fault.String()+" "+scheme+" "+target, func(t *testing.T) {
					proxy := addProxy(t, web, hostile.ProxyConfig{Scheme: scheme, Fault: fault, ProxyStatus: "p; error=connection_limit_reached", ResetAfter: 600})
					client := visitor(t, web, proxy)
					waits := fault == hostile.ProxyBlackHole || fault == hostile.ProxyHang
					if waits {
						client.Timeout = 20 * time.Millisecond
					}
					resp, err := client.Get(target)
					if err == nil {
						_, err = io.ReadAll(resp.Body)
						resp.Body.Close()
					}
					plain := scheme != "socks5" && strings.HasPrefix(target, "http:")
					statuses := map[hostile.ProxyFault]int{
						hostile.ProxyUnauthorized: 407, hostile.ProxyForbidden: 403, hostile.ProxyBadGateway: 502,
						hostile.ProxyUnavailable: 503, hostile.ProxyGatewayTimeout: 504,
					}
					if status := statuses[fault]; status != 0 && plain {
						require.NoError(t, err)
						require.Equal(t, status, resp.StatusCode)
						require.Equal(t, "p; error=connection_limit_reached", resp.Header.Get("Proxy-Status"))
					} else {
						require.Error(t, err)
					}
					timeout, _ := errors.AsType[net.Error](err)
					require.Equal(t, waits, timeout != nil && timeout.Timeout(), "%v", err)
					switch fault {
					case hostile.ProxyRefuse:
						require.ErrorIs(t, err, syscall.ECONNREFUSED)
					case hostile.ProxyReset:
						require.ErrorIs(t, err, syscall.ECONNRESET)
					}

					require.NoError(t, proxy.SetFault(hostile.ProxySound))
					client.CloseIdleConnections()
					client.Timeout = patience
					_, body := get(t, client, target)
					require.True(t, web.Check(target, []byte(body)), "sound again")
				})
			}
		}
	}
}

func TestAProxyAnswersForTargetsItCannotReach(t *testing.T) {
	web, _ := site(t)
	proxy := addProxy(t, web, hostile.ProxyConfig{})
	resp, _ := get(t, visitor(t, web, proxy), "http://elsewhere.test/")
	require.Equal(t, http.StatusBadGateway, resp.StatusCode)
	require.Equal(t, "hostile; error=dns_error", resp.Header.Get("Proxy-Status"))

	var status string
	client := visitor(t, web, proxy)
	client.Transport.(*http.Transport).OnProxyConnectResponse = func(_ context.Context, _ *url.URL, _ *http.Request, resp *http.Response) error {
		status = resp.Header.Get("Proxy-Status")
		return nil
	}
	_, err := client.Get("https://elsewhere.test/")
	require.Error(t, err)
	require.Equal(t, "hostile; error=dns_error", status)

	_, err = visitor(t, web, addProxy(t, web, hostile.ProxyConfig{Scheme: "socks5"})).Get("http://elsewhere.test/")
	require.ErrorContains(t, err, "unreachable")
}

func TestAProxyIsStoppedAndComesBackAtItsAddress(t *testing.T) {
	for _, scheme := range schemes {
		web, s := site(t, hostile.Latency{Min: 10 * time.Millisecond})
		proxy := addProxy(t, web, hostile.ProxyConfig{Scheme: scheme})
		client := visitor(t, web, proxy)
		get(t, client, s.URL("/p/1"))
		url := proxy.URL()
		proxy.Stop()
		_, err := client.Get(s.URL("/p/1"))
		require.Error(t, err, "the connection it had is broken too")
		require.NoError(t, proxy.Restart())
		require.NoError(t, proxy.Restart())
		require.Equal(t, url, proxy.URL())
		require.Eventually(t, func() bool {
			resp, err := client.Get(s.URL("/p/1"))
			if err != nil {
				return false
			}
			resp.Body.Close()
			return resp.StatusCode == http.StatusOK
		}, patience, time.Millisecond)
	}
}

func TestAFlappingProxyIsSoundHalfTheTime(t *testing.T) {
	web, _ := site(t)
	proxy := addProxy(t, web, hostile.ProxyConfig{Fault: hostile.ProxyBadGateway, Flap: 20 * time.Millisecond})
	client := visitor(t, web, proxy)
	changes, last := 0, 0
	require.Eventually(t, func() bool {
		resp, _ := get(t, client, "http://shop.test/p/1")
		if resp.StatusCode != last {
			changes++
		}
		last = resp.StatusCode
		return changes == 4
	}, patience, time.Millisecond)
}

func TestASlowProxyTakesItsTime(t *testing.T) {
	web, s := site(t)
	for _, scheme := range schemes {
		begin := time.Now()
		get(t, visitor(t, web, addProxy(t, web, hostile.ProxyConfig{Scheme: scheme, Latency: 5 * time.Millisecond})), s.URL("/p/1"))
		require.GreaterOrEqual(t, time.Since(begin), 5*time.Millisecond)
	}
}

func TestManyVisitorsAreNeverTakenForOneAnother(t *testing.T) {
	web, s := site(t)
	var group sync.WaitGroup
	for _, scheme := range schemes {
		for range 4 {
			proxy := addProxy(t, web, hostile.ProxyConfig{Scheme: scheme})
			for _, base := range []string{"http://shop.test", "https://shop.test"} {
				client := visitor(t, web, proxy)
				client.Transport.(*http.Transport).DisableKeepAlives = true
				group.Go(func() {
					for range 10 {
						resp, err := client.Get(base + "/visitor")
						if err != nil {
							t.Error(err)
							return
						}
						body, err := io.ReadAll(resp.Body)
						resp.Body.Close()
						if err != nil || !strings.Contains(string(body), `"`+proxy.Exit()+`"`) {
							t.Errorf("%v: not %s: %s", err, proxy.Exit(), body)
						}
					}
				})
			}
		}
	}
	group.Wait()
	require.Zero(t, web.MachineRequests())
	require.Len(t, s.Ledger().Visitors, 12)
}

func TestSOCKSKnowsAddressesAndRefusesWhatItDoesNotSpeak(t *testing.T) {
	web, _ := site(t)
	proxy := addProxy(t, web, hostile.ProxyConfig{Scheme: "socks5"})
	service, err := url.Parse(web.Solver().URL())
	require.NoError(t, err)
	port, err := strconv.ParseUint(service.Port(), 10, 16)
	require.NoError(t, err)
	to := string([]byte{byte(port >> 8), byte(port)})
	ipv6 := strings.Repeat("\x00", 15) + "\x01"
	for name, c := range map[string]struct{ say, want string }{
		"IPv4":                       {"\x05\x01\x00" + "\x05\x01\x00\x01\x7f\x00\x00\x01" + to, "\x05\x00" + "\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00"},
		"IPv6, where nobody listens": {"\x05\x01\x00" + "\x05\x01\x00\x04" + ipv6 + "\x00\x01", "\x05\x00" + "\x05\x04\x00\x01\x00\x00\x00\x00\x00\x00"},
		"BIND":                       {"\x05\x01\x00" + "\x05\x02\x00\x01\x7f\x00\x00\x01" + to, "\x05\x00" + "\x05\x07\x00\x01\x00\x00\x00\x00\x00\x00"},
		"no method in common":        {"\x05\x01\x02", "\x05\xff"},
		"SOCKS4":                     {"\x04\x01", ""},
		"SOCKS4 after the login":     {"\x05\x01\x00" + "\x04\x01\x00\x01", "\x05\x00"},
		"an address of no kind":      {"\x05\x01\x00" + "\x05\x01\x00\x09", "\x05\x00"},
	} {
		t.Run(name, func(t *testing.T) {
			conn, err := net.Dial("tcp", proxy.URL().Host)
			require.NoError(t, err)
			defer conn.Close()
			require.NoError(t, conn.SetDeadline(time.Now().Add(patience)))
			_, err = io.WriteString(conn, c.say)
			require.NoError(t, err)
			got := make([]byte, len(c.want))
			_, err = io.ReadFull(conn, got)
			require.NoError(t, err)
			require.Equal(t, c.want, string(got))
			if name == "IPv4" {
				_, err = io.WriteString(conn, "GET / HTTP/1.0\r\n\r\n")
				require.NoError(t, err)
				answer, err := io.ReadAll(conn)
				require.NoError(t, err)
				require.Contains(t, string(answer), "404 Not Found")
				return
			}
			rest, _ := io.ReadAll(conn)
			require.Empty(t, rest, "it hangs up")
		})
	}
}

func TestExitsAreAddressesOfTheirOwnWhereTheSystemAllows(t *testing.T) {
	probe, err := net.Listen("tcp", "127.0.0.2:0")
	want := "127.0.0.2"
	if err != nil {
		want = "127.0.0.1"
	} else {
		require.NoError(t, probe.Close())
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	web, _ := site(t)
	for _, scheme := range schemes {
		client := visitor(t, web, addProxy(t, web, hostile.ProxyConfig{Scheme: scheme, Exit: "127.0.0.2"}))
		client.Transport.(*http.Transport).DisableKeepAlives = true
		from := make(chan string, 1)
		go func() {
			conn, err := listener.Accept()
			if err != nil {
				from <- err.Error()
				return
			}
			defer conn.Close()
			host, _, _ := net.SplitHostPort(conn.RemoteAddr().String())
			from <- host
		}()
		resp, err := client.Get("http://" + listener.Addr().String())
		if err == nil {
			resp.Body.Close()
		}
		require.Equal(t, want, <-from, scheme)
	}
}

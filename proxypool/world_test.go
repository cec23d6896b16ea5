package proxypool_test

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/godwit-go/godwit/proxypool"
	"github.com/godwit-go/godwit/trip"
)

// A forwarder is a small HTTP proxy on a loopback socket.
type forwarder struct {
	*httptest.Server
	user, password string
	// answer, when set, answers in place of forwarding.
	answer atomic.Pointer[func(conn net.Conn, req *http.Request) bool]

	mu       sync.Mutex
	logins   map[string]int // Proxy-Authorization seen
	targets  map[string]int // hosts asked for
	requests int
}

func newForwarder(t *testing.T, login string) *forwarder {
	f := &forwarder{logins: make(map[string]int), targets: make(map[string]int)}
	f.user, f.password, _ = strings.Cut(login, ":")
	f.Server = httptest.NewServer(http.HandlerFunc(f.serve))
	t.Cleanup(f.Close)
	return f
}

func (f *forwarder) addr() string { return f.Listener.Addr().String() }

func (f *forwarder) url() proxypool.Address {
	u := url.URL{Scheme: "http", Host: f.addr()}
	if f.user != "" {
		u.User = url.UserPassword(f.user, f.password)
	}
	return proxypool.Address(u.String())
}

func (f *forwarder) count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.requests
}

func (f *forwarder) answerWith(raw string) {
	answer := func(conn net.Conn, _ *http.Request) bool {
		_, _ = io.WriteString(conn, raw)
		return true
	}
	f.answer.Store(&answer)
}

func (f *forwarder) serve(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	f.requests++
	f.logins[r.Header.Get("Proxy-Authorization")]++
	f.targets[r.Host]++
	f.mu.Unlock()
	if answer := f.answer.Load(); answer != nil {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			return
		}
		if (*answer)(conn, r) {
			_ = conn.Close()
			return
		}
	}
	if f.user != "" {
		want := "Basic " + base64.StdEncoding.EncodeToString([]byte(f.user+":"+f.password))
		if r.Header.Get("Proxy-Authorization") != want {
			w.Header().Set("Proxy-Authenticate", "Basic")
			w.WriteHeader(http.StatusProxyAuthRequired)
			return
		}
	}
	if r.Method != http.MethodConnect {
		r.RequestURI = ""
		r.Header.Del("Proxy-Authorization")
		resp, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		defer resp.Body.Close()
		for k, v := range resp.Header {
			w.Header()[k] = v
		}
		w.WriteHeader(resp.StatusCode)
		_, _ = io.Copy(w, resp.Body)
		return
	}
	up, err := net.Dial("tcp", r.Host)
	if err != nil {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	conn, buffered, err := w.(http.Hijacker).Hijack()
	if err != nil {
		_ = up.Close()
		return
	}
	_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\n\r\n")
	pipe(conn, up, buffered.Reader)
}

func pipe(client, up net.Conn, early *bufio.Reader) {
	var once sync.Once
	end := func() { once.Do(func() { _ = client.Close(); _ = up.Close() }) }
	go func() { defer end(); _, _ = io.Copy(up, early) }()
	go func() { defer end(); _, _ = io.Copy(client, up) }()
}

// socksServes plays a SOCKS5 server that wants a login and takes any.
func socksServes(conn net.Conn) {
	r := bufio.NewReader(conn)
	var broken error
	read := func(n byte) []byte {
		b := make([]byte, n)
		_, err := io.ReadFull(r, b)
		broken = errors.Join(broken, err)
		return b
	}
	read(read(2)[1]) // methods
	_, _ = conn.Write([]byte{5, 2})
	read(read(2)[1]) // user
	read(read(1)[0]) // password
	_, _ = conn.Write([]byte{1, 0})
	read(4) // the address that follows is an IPv4 one
	addr := &net.TCPAddr{IP: read(4), Port: int(binary.BigEndian.Uint16(read(2)))}
	if broken != nil {
		return
	}
	up, err := net.DialTCP("tcp", nil, addr)
	if err != nil {
		return
	}
	defer up.Close()
	_, _ = conn.Write([]byte{5, 0, 0, 1, 0, 0, 0, 0, 0, 0})
	go func() { defer conn.Close(); _, _ = io.Copy(conn, up) }()
	_, _ = io.Copy(up, r)
}

// A target is a site that remembers who called.
type target struct {
	*httptest.Server
	mu      sync.Mutex
	peers   map[string]int
	headers []http.Header
	handler atomic.Pointer[http.HandlerFunc]
}

func newTarget(t *testing.T, secure bool, protocol string) *target {
	g := &target{peers: make(map[string]int)}
	g.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, _ := net.SplitHostPort(r.RemoteAddr)
		g.mu.Lock()
		g.peers[host]++
		g.headers = append(g.headers, r.Header.Clone())
		g.mu.Unlock()
		if h := g.handler.Load(); h != nil {
			(*h)(w, r)
			return
		}
		fmt.Fprintf(w, "%s %s", r.Proto, r.URL.Path)
	}))
	g.EnableHTTP2 = protocol == "h2"
	if secure {
		g.StartTLS()
	} else {
		g.Start()
	}
	t.Cleanup(g.Close)
	return g
}

func (g *target) handle(h http.HandlerFunc) { g.handler.Store(&h) }

func (g *target) seen() []http.Header {
	g.mu.Lock()
	defer g.mu.Unlock()
	return append([]http.Header(nil), g.headers...)
}

func trust(servers ...*target) *tls.Config {
	roots := x509.NewCertPool()
	for _, s := range servers {
		if s.Certificate() != nil {
			roots.AddCert(s.Certificate())
		}
	}
	return &tls.Config{RootCAs: roots}
}

func newTransport(t *testing.T, cfg proxypool.Config) *proxypool.Transport {
	t.Helper()
	tr, err := proxypool.New(nil, cfg)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, tr.Pool().Close()) })
	return tr
}

func get(t *testing.T, rt http.RoundTripper, url string) (*http.Response, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	require.NoError(t, err)
	return rt.RoundTrip(req)
}

func fetch(t *testing.T, rt http.RoundTripper, url string) string {
	t.Helper()
	resp, err := get(t, rt, url)
	require.NoError(t, err)
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, 200, resp.StatusCode, string(body))
	return string(body)
}

// becomesIdle closes the connections of rt, which is over with all requests. It
// takes HTTP/2 a moment to see that a stream has ended.
func becomesIdle(t *testing.T, rt *proxypool.Transport) {
	t.Helper()
	require.Eventually(t, func() bool {
		rt.CloseIdleConnections()
		return rt.Pool().Snapshot().Transports == 0
	}, 10*time.Second, time.Millisecond)
}

// attempts is a small retry loop: what the pool does from attempt to attempt
// shows only below one.
func attempts(t *testing.T, rt http.RoundTripper, url string, n int) ([]*trip.Attempt, *http.Response, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	require.NoError(t, err)
	ctx, call := trip.Start(req, trip.Spec{})
	var all []*trip.Attempt
	for i := 1; ; i++ {
		actx, a := call.StartAttempt(ctx)
		all = append(all, a)
		resp, err := rt.RoundTrip(req.WithContext(actx))
		a.Conclude(trip.OutcomeOf(actx, resp, err))
		if o := a.Outcome().Verdict; i == n || o == trip.OK || o == trip.Local {
			if resp == nil {
				a.Release(nil)
			} else {
				trip.OnBodyEnd(resp, a.Release)
				t.Cleanup(func() { _ = resp.Body.Close() })
			}
			return all, resp, err
		}
		trip.Discard(resp, nil)
		a.Release(nil)
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

func ok(req *http.Request) *http.Response { return answer(req, 200) }

func answer(req *http.Request, status int) *http.Response {
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: http.NoBody, Request: req}
}

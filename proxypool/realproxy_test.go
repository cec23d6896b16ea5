package proxypool_test

import (
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/godwit-go/godwit/proxypool"
	"github.com/godwit-go/godwit/trip"
)

// A realProxy is one of the proxies that people run, on a loopback port. Debian's
// packages of the same names have them.
type realProxy struct {
	t       *testing.T
	program string
	scheme  string
	port    int
	login   string // user:password, empty for none
	dir     string
	cmd     *exec.Cmd
}

func newRealProxy(t *testing.T, program, scheme, login string) *realProxy {
	t.Helper()
	if _, err := exec.LookPath(program); err != nil {
		t.Skipf("%s is not installed", program)
	}
	dir, err := os.MkdirTemp("/tmp", program) //nolint:usetesting // squid runs as another user, who may not enter t.TempDir
	require.NoError(t, err)
	require.NoError(t, os.Chmod(dir, 0o777)) //nolint:gosec // the same
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	p := &realProxy{t: t, program: program, scheme: scheme, login: login, dir: dir, port: quietPort(t)}
	p.start()
	t.Cleanup(p.kill)
	return p
}

// ports counts those that were handed out, from a place that other runs of the
// tests on the machine hardly share.
var firstPort, ports = rand.Int32N(quietPorts), atomic.Int32{}

const quietPorts = 18_000

// quietPort returns a free port below those that the system gives to outgoing
// connections: one of them would take the port of a proxy that is not up yet. For
// the same reason no two proxies are given the same one.
func quietPort(t *testing.T) int {
	t.Helper()
	for range 100 {
		port := 12_000 + int((firstPort+ports.Add(1))%quietPorts)
		if l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port)); err == nil {
			require.NoError(t, l.Close())
			return port
		}
	}
	require.Fail(t, "no free port")
	return 0
}

func (p *realProxy) address() proxypool.Address {
	at := ""
	if p.login != "" {
		at = p.login + "@"
	}
	return proxypool.Address(fmt.Sprintf("%s://%s127.0.0.1:%d", p.scheme, at, p.port))
}

func (p *realProxy) file(name, text string) string {
	path := filepath.Join(p.dir, name)
	require.NoError(p.t, os.WriteFile(path, []byte(text), 0o644)) //nolint:gosec // see newRealProxy
	return path
}

func (p *realProxy) start() {
	p.t.Helper()
	user, password, _ := strings.Cut(p.login, ":")
	switch p.program {
	case "squid":
		auth := ""
		if p.login != "" {
			// The helper protocol: a line "user password" in, OK or ERR out.
			helper := p.file("auth.sh", fmt.Sprintf("#!/bin/sh\nwhile read u w; do if [ \"$u $w\" = '%s %s' ]; then echo OK; else echo ERR; fi; done\n", user, password))
			require.NoError(p.t, os.Chmod(helper, 0o755)) //nolint:gosec // a program
			auth = "auth_param basic program " + helper + "\nauth_param basic children 1\nauth_param basic realm x\nacl known proxy_auth REQUIRED\nhttp_access deny !known\n"
		}
		// A killed squid leaves it behind, and its number may be another's by now.
		_ = os.Remove(filepath.Join(p.dir, "squid.pid"))
		conf := p.file("squid.conf", fmt.Sprintf(`http_port 127.0.0.1:%d
pid_filename %s/squid.pid
cache_log %s/cache.log
access_log none
coredump_dir %s
cache deny all
%shttp_access allow all
shutdown_lifetime 0 seconds
dns_v4_first on
`, p.port, p.dir, p.dir, p.dir, auth))
		// The name keeps apart what instances that run at the same time share.
		p.cmd = exec.Command("squid", "-N", "-n", "s"+itoa(p.port), "-f", conf)
	case "tinyproxy":
		auth := ""
		if p.login != "" {
			auth = "BasicAuth " + user + " " + password + "\n"
		}
		p.cmd = exec.Command("tinyproxy", "-d", "-c", p.file("tinyproxy.conf", fmt.Sprintf("Port %d\nListen 127.0.0.1\nTimeout 60\nMaxClients 100\n%s", p.port, auth)))
	case "microsocks":
		args := []string{"-i", "127.0.0.1", "-p", itoa(p.port)}
		if p.login != "" {
			args = append(args, "-u", user, "-P", password)
		}
		p.cmd = exec.Command("microsocks", args...)
	}
	said := p.file("said", "")
	out, err := os.OpenFile(said, os.O_WRONLY|os.O_APPEND, 0)
	require.NoError(p.t, err)
	defer out.Close()
	p.cmd.Stdout, p.cmd.Stderr = out, out
	require.NoError(p.t, p.cmd.Start())
	listens := within(patience, func() bool {
		conn, err := net.DialTimeout("tcp", fmt.Sprintf("127.0.0.1:%d", p.port), time.Second)
		if err == nil {
			_ = conn.Close()
		}
		return err == nil
	})
	if !listens {
		text, _ := os.ReadFile(said)
		require.Fail(p.t, p.program+" does not listen", string(text))
	}
}

// patience is how long what must happen may take, on a busy machine too.
const patience = 2 * time.Minute

// within asks until ok says so, for d at the most. These are real programs, so it
// is real time.
func within(d time.Duration, ok func() bool) bool {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(d); time.Now().Before(end); <-tick.C {
		if ok() {
			return true
		}
	}
	return false
}

func (p *realProxy) kill() {
	if p.cmd != nil {
		_ = p.cmd.Process.Kill()
		_ = p.cmd.Wait()
		p.cmd = nil
	}
}

var realPrograms = []struct{ program, scheme string }{
	{"squid", "http"}, {"tinyproxy", "http"}, {"microsocks", "socks5"}, {"microsocks", "socks5h"},
}

// closedPort is a loopback address where nobody listens.
const closedPort = "127.0.0.1:1"

func TestRealProxiesFailInTheirClasses(t *testing.T) {
	secure, plain := newTarget(t, true, "h2"), newTarget(t, false, "h1")
	for _, c := range realPrograms {
		t.Run(c.program+" "+c.scheme, func(t *testing.T) {
			t.Parallel()
			p := newRealProxy(t, c.program, c.scheme, "alice:wonder1and")
			wrong := *p
			wrong.login = "mallory:guess1ng"
			verdict := func(a proxypool.Address, url string) trip.Outcome {
				rt := newTransport(t, proxypool.Config{Proxies: []proxypool.Address{a}, TLS: trust(secure), EmptyWait: -1})
				all, _, err := attempts(t, rt, url, 1)
				if err != nil {
					require.NotContains(t, err.Error(), "wonder1and")
					require.NotContains(t, err.Error(), "guess1ng")
				}
				return all[0].Outcome()
			}
			for _, url := range []string{secure.URL, plain.URL} {
				require.Equal(t, trip.OK, verdict(p.address(), url).Verdict, url)
				o := verdict(wrong.address(), url)
				require.Equal(t, trip.ProxyError, o.Verdict, "a wrong login: %+v", o)
				require.Equal(t, trip.ProxyConnect, o.Phase)
			}
			for _, url := range []string{"https://" + closedPort, "http://" + closedPort} {
				o := verdict(p.address(), url)
				require.Equal(t, trip.TargetError, o.Verdict, "the target refuses: %s %+v", url, o)
				require.True(t, o.Ambiguous)
			}
			p.kill()
			o := verdict(p.address(), secure.URL)
			require.Equal(t, trip.ProxyError, o.Verdict)
			require.Equal(t, trip.Dial, o.Phase)
		})
	}
}

// Three real proxies, one of them killed and restarted in mid-run: no call is
// lost, and none leaves but by the proxy that its identity names.
func TestNoCallIsLostWhileRealProxiesDie(t *testing.T) {
	for _, protocol := range []string{"h1", "h2"} {
		t.Run(protocol, func(t *testing.T) {
			t.Parallel()
			site := newTarget(t, true, protocol)
			proxies := []*realProxy{
				newRealProxy(t, "squid", "http", "alice:wonder1and"),
				newRealProxy(t, "tinyproxy", "http", ""),
				newRealProxy(t, "microsocks", "socks5h", "bob:bu1lder"),
			}
			// What the target sees is the proxy's own connection: its local port
			// belongs to that process, which is looked up while the call is open.
			var direct atomic.Int64
			own := os.Getpid()
			var known sync.Map // connections that were looked up
			site.handle(func(w http.ResponseWriter, r *http.Request) {
				if _, looked := known.LoadOrStore(r.RemoteAddr, true); !looked && owns(own, r) {
					direct.Add(1)
				}
				fmt.Fprint(w, r.Proto)
			})
			rt := newTransport(t, proxypool.Config{
				Proxies: []proxypool.Address{proxies[0].address(), proxies[1].address(), proxies[2].address()},
				TLS:     trust(site), MaxInFlight: 64,
				Faults: proxypool.Gating{For: time.Second}, Scarcity: proxypool.Scarcity{MinGate: 200 * time.Millisecond},
			})
			var lost, done atomic.Int64
			var wg sync.WaitGroup
			stop := make(chan struct{})
			for range 8 {
				wg.Go(func() {
					for {
						select {
						case <-stop:
							return
						default:
						}
						_, resp, err := attempts(t, rt, site.URL, 4)
						if err != nil || resp.StatusCode != 200 {
							lost.Add(1)
							t.Log(err)
							continue
						}
						trip.Discard(resp, nil)
						done.Add(1)
					}
				})
			}
			reach := func(n int64) {
				require.Eventually(t, func() bool { return done.Load() >= n }, patience, time.Millisecond)
			}
			reach(50)
			for _, p := range proxies {
				p.kill()
				reach(done.Load() + 50)
				p.start()
				reach(done.Load() + 50)
			}
			close(stop)
			wg.Wait()
			require.Zero(t, lost.Load(), "of %d", done.Load())
			require.Zero(t, direct.Load())
			for _, p := range rt.Pool().Snapshot().Proxies {
				require.Positive(t, p.BytesIn, p.Label)
				require.Zero(t, p.InFlight, p.Label)
			}
		})
	}
}

// owns tells whether it is the process's own socket that a request came over. Both
// ends are compared: a local port may serve connections to several addresses.
func owns(pid int, r *http.Request) bool {
	table, err := os.ReadFile("/proc/net/tcp")
	if err != nil {
		return false
	}
	site, _ := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	from, to := inTable(r.RemoteAddr), inTable(site.String())
	for line := range strings.Lines(string(table)) {
		f := strings.Fields(line)
		if len(f) > 9 && f[1] == from && f[2] == to && f[3] == "01" {
			return socketOf(pid, f[9])
		}
	}
	return false
}

// inTable is a loopback address as /proc/net/tcp writes it.
func inTable(addr string) string {
	_, port, _ := net.SplitHostPort(addr)
	n, _ := strconv.Atoi(port)
	return fmt.Sprintf("0100007F:%04X", n)
}

func socketOf(pid int, inode string) bool {
	dir := fmt.Sprintf("/proc/%d/fd", pid)
	fds, _ := os.ReadDir(dir)
	for _, fd := range fds {
		if link, err := os.Readlink(filepath.Join(dir, fd.Name())); err == nil && link == "socket:["+inode+"]" {
			return true
		}
	}
	return false
}

package hostile

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Web is a running web: its sites, proxies and solver service. All methods may
// be called concurrently.
type Web struct {
	seed      uint64
	started   time.Time
	authority *authority
	sites     map[string]*Site
	solver    *Solver
	coders    coders
	hosts     []string // of the sites in the configuration, in their order
	manyExits bool     // whether the system lets a socket leave from all of 127.0.0.0/8

	machine atomic.Int64 // requests from the machine's own address
	exits   sync.Map     // local address of a proxy's connection to a site → origin

	ctx    context.Context // ends when the web closes
	cancel context.CancelFunc
	work   tracker

	mu      sync.Mutex
	proxies []*Proxy
	taken   map[string]bool // addresses that are exits
}

// Start starts a web. Close it when done.
func Start(cfg Config) (*Web, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("hostile: %w", err)
	}
	web := &Web{
		seed: cfg.Seed, started: time.Now(), coders: newCoders(), manyExits: leavesFrom("127.0.0.2"),
		sites: make(map[string]*Site), taken: make(map[string]bool),
	}
	web.ctx, web.cancel = context.WithCancel(context.Background())
	if err := web.start(cfg); err != nil {
		web.Close()
		return nil, err
	}
	return web, nil
}

func (w *Web) start(cfg Config) (err error) {
	if w.authority, err = newAuthority(w.started); err != nil {
		return err
	}
	if w.solver, err = startSolver(w, cfg.Solver); err != nil {
		return err
	}
	sites := slices.Clone(cfg.Sites)
	for _, site := range sites {
		w.hosts = append(w.hosts, site.Host)
	}
	if cfg.Faults {
		for _, fault := range Faults() {
			sites = append(sites, SiteConfig{Host: fault.Host(), Pages: 10, Fault: fault})
		}
	}
	for _, site := range sites {
		s, err := startSite(w, site)
		if err != nil {
			return err
		}
		w.sites[site.Host] = s
	}
	return nil
}

// Close stops everything, breaks every connection and waits for the web's
// goroutines. It may be called more than once.
func (w *Web) Close() {
	w.cancel()
	w.mu.Lock()
	proxies := slices.Clone(w.proxies)
	w.mu.Unlock()
	for _, proxy := range proxies {
		proxy.leave()
	}
	for _, site := range w.sites {
		site.close()
	}
	if w.solver != nil {
		w.solver.close()
	}
	w.work.wait()
}

// Site returns the site of that host, nil when the web has none.
func (w *Web) Site(host string) *Site { return w.sites[host] }

// siteAt returns the site that a URL leads to, nil if none.
func (w *Web) siteAt(u *url.URL) *Site { return w.sites[strings.ToLower(u.Hostname())] }

// Solver returns the web's solver service.
func (w *Web) Solver() *Solver { return w.solver }

// CertPool returns a pool with the web's own authority, for the RootCAs of those
// who visit its sites and its https proxies.
func (w *Web) CertPool() *x509.CertPool { return w.authority.pool.Clone() }

// MachineRequests returns how many requests reached sites from the machine's own
// address and not through a proxy. A crawler that fails closed keeps it at zero.
func (w *Web) MachineRequests() int { return int(w.machine.Load()) }

// Check reports whether body is, byte for byte and decoded, what the site has at
// that URL: neither a challenge page nor a page cut short.
func (w *Web) Check(rawURL string, body []byte) bool {
	u, err := url.Parse(rawURL)
	if err != nil {
		return false
	}
	site := w.siteAt(u)
	if site == nil {
		return false
	}
	content, ok := site.content(u.Path)
	return ok && string(content.body) == string(body)
}

// pause waits for d. It returns false at once when ctx ends or the web closes.
func (w *Web) pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
	case <-w.ctx.Done():
	}
	return false
}

// tracked lets Close wait for the requests under way.
func (w *Web) tracked(next http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if !w.work.enter() {
			panic(http.ErrAbortHandler)
		}
		defer w.work.leave()
		next.ServeHTTP(rw, r)
	})
}

// anyPort is where the web's servers listen: on loopback, at a port of the
// system's choice.
const anyPort = "127.0.0.1:0"

// errNoSuchHost is the resolver's answer for names outside the web.
var errNoSuchHost = errors.New("no such host in this web")

// resolve returns the loopback address of what answers at addr. Nothing outside
// the machine is ever reached: foreign names and addresses do not resolve.
func (w *Web) resolve(addr string) (string, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return "", err
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if ip := net.ParseIP(host); ip != nil && ip.IsLoopback() {
		return addr, nil
	}
	if site := w.sites[host]; site != nil {
		return site.listens(port)
	}
	return "", &net.DNSError{Err: errNoSuchHost.Error(), Name: host, IsNotFound: true}
}

// DialContext connects to a site by its name and port 80 or 443, or to a loopback
// address. It has the form of [net.Dialer.DialContext].
func (w *Web) DialContext(ctx context.Context, network, addr string) (net.Conn, error) {
	to, err := w.resolve(addr)
	if err != nil {
		return nil, &net.OpError{Op: "dial", Net: network, Err: err}
	}
	return new(net.Dialer).DialContext(ctx, network, to)
}

// Transport returns a new transport that visits the web directly, over HTTP/2
// where the site speaks it. Set its Proxy to go through one.
func (w *Web) Transport() *http.Transport {
	return &http.Transport{
		DialContext:       w.DialContext,
		TLSClientConfig:   &tls.Config{RootCAs: w.CertPool()},
		ForceAttemptHTTP2: true,
	}
}

// leavesFrom reports whether the system lets sockets use a loopback address
// besides 127.0.0.1. Linux does, macOS does not unless it was told to.
func leavesFrom(addr string) bool {
	l, err := net.Listen("tcp", net.JoinHostPort(addr, "0"))
	if err != nil {
		return false
	}
	return l.Close() == nil
}

package hostile

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"maps"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"time"
)

// ProxyLedger is a copy of a proxy's books.
type ProxyLedger struct {
	Connections int // accepted
	Requests    int // CONNECT, SOCKS and plain requests
	Refused     int // for want of the right credentials
	// Targets counts the requests that were let through, by host and port.
	Targets map[string]int
	// Credentials counts what visitors presented, as user:password.
	Credentials map[string]int
}

// Proxy is a running forward proxy of a [Web]. All methods may be called
// concurrently.
type Proxy struct {
	web  *Web
	cfg  ProxyConfig
	exit string
	addr string // where it listens, kept over restarts
	// place keeps the address for it while it does not listen.
	place io.Closer
	born  time.Time
	tls   *tls.Config // for https

	mu       sync.Mutex
	fault    ProxyFault
	listener net.Listener      // nil while stopped
	server   *http.Server      // nil while stopped, and for socks5
	conns    *connections      // of this run
	sessions map[string]string // exits by user name
	books    ProxyLedger
}

// AddProxy starts a proxy, which lives until it is stopped or the web is closed.
func (w *Web) AddProxy(cfg ProxyConfig) (*Proxy, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("hostile: proxy: %w", err)
	}
	cfg.Scheme = cmp.Or(cfg.Scheme, "http")
	p := &Proxy{
		web: w, cfg: cfg, fault: cfg.Fault, born: time.Now(),
		sessions: make(map[string]string),
		books:    ProxyLedger{Targets: make(map[string]int), Credentials: make(map[string]int)},
	}
	if cfg.Scheme == "https" {
		cert, err := w.authority.issue(w.started.Add(24*time.Hour), []string{"localhost"}, net.IPv4(127, 0, 0, 1))
		if err != nil {
			return nil, err
		}
		p.tls = &tls.Config{Certificates: []tls.Certificate{cert}, NextProtos: []string{"http/1.1"}}
	}
	var err error
	if p.addr, p.place, err = reserve(); err != nil {
		return nil, fmt.Errorf("hostile: proxy: %w", err)
	}
	w.mu.Lock()
	p.exit = cfg.Exit
	if p.exit == "" {
		p.exit = w.nextExit()
	}
	w.taken[p.exit] = true
	w.mu.Unlock()
	// The port is taken in any case, so that a proxy that refuses has one too.
	if err := p.Restart(); err != nil {
		p.place.Close()
		return nil, err
	}
	if cfg.Fault == ProxyRefuse {
		p.Stop()
	}
	w.mu.Lock()
	w.proxies = append(w.proxies, p)
	w.mu.Unlock()
	if w.ctx.Err() != nil { // Close may not have seen it
		p.leave()
		return nil, errClosed
	}
	return p, nil
}

// leave stops the proxy for good.
func (p *Proxy) leave() {
	p.Stop()
	p.place.Close()
}

var errClosed = errors.New("hostile: the web is closed")

// nextExit takes the first loopback address after the machine's own that no
// proxy has. The web's lock is held.
func (w *Web) nextExit() string {
	address := netip.AddrFrom4([4]byte{127, 0, 0, 2})
	for w.taken[address.String()] {
		address = address.Next()
	}
	w.taken[address.String()] = true
	return address.String()
}

// proxyAt returns the proxy that listens there, nil if none does.
func (w *Web) proxyAt(addr string) *Proxy {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, p := range w.proxies {
		if p.addr == addr {
			return p
		}
	}
	return nil
}

// URL returns the proxy's URL, with its credentials.
func (p *Proxy) URL() *url.URL {
	u := &url.URL{Scheme: p.cfg.Scheme, Host: p.addr}
	if p.cfg.User != "" {
		u.User = url.UserPassword(p.cfg.User, p.cfg.Password)
	}
	return u
}

// Exit returns the address at which sites see the proxy's visitors.
func (p *Proxy) Exit() string { return p.exit }

// ExitOf returns the address at which sites see those who log in as user. It is
// [Proxy.Exit] unless the proxy has sessions.
func (p *Proxy) ExitOf(user string) string {
	if !p.cfg.Sessions || user == p.cfg.User {
		return p.exit
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	exit := p.sessions[user]
	if exit == "" {
		p.web.mu.Lock()
		exit = p.web.nextExit()
		p.web.mu.Unlock()
		p.sessions[user] = exit
	}
	return exit
}

// Ledger returns a copy of the proxy's books as they are now.
func (p *Proxy) Ledger() ProxyLedger {
	p.mu.Lock()
	defer p.mu.Unlock()
	l := p.books
	l.Targets, l.Credentials = maps.Clone(l.Targets), maps.Clone(l.Credentials)
	return l
}

// Stop makes the proxy refuse connections and breaks those it has.
func (p *Proxy) Stop() {
	p.mu.Lock()
	listener, server, conns := p.listener, p.server, p.conns
	p.listener, p.server, p.conns = nil, nil, nil
	p.mu.Unlock()
	if listener == nil {
		return
	}
	listener.Close()
	if server != nil {
		server.Close()
	}
	conns.closeAll()
}

// Restart lets a stopped proxy listen at its old address again. It does nothing
// to one that runs.
func (p *Proxy) Restart() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.listener != nil {
		return nil
	}
	if p.web.ctx.Err() != nil {
		return errClosed
	}
	l, err := net.Listen("tcp", p.addr)
	if err != nil {
		return fmt.Errorf("hostile: proxy: %w", err)
	}
	if p.addr == anyPort {
		p.addr = l.Addr().String()
	}
	p.conns = new(connections)
	door := &door{Listener: l, proxy: p, conns: p.conns}
	serve := func() { p.serveSOCKS(door) }
	if p.cfg.Scheme != "socks5" {
		srv := &http.Server{
			Handler:           p.web.tracked(p.handler()),
			ErrorLog:          log.New(io.Discard, "", 0),
			ReadHeaderTimeout: 30 * time.Second,
		}
		knowCallers(srv)
		p.server = srv
		serve = func() { _ = srv.Serve(door) }
	}
	if !p.web.work.run(serve) {
		l.Close()
		return errClosed
	}
	p.listener = l
	return nil
}

// SetFault changes what is wrong with the proxy from now on. [ProxyRefuse] stops
// it, any other fault restarts it if it was stopped.
func (p *Proxy) SetFault(fault ProxyFault) error {
	p.mu.Lock()
	p.fault = fault
	p.mu.Unlock()
	if fault == ProxyRefuse {
		p.Stop()
		return nil
	}
	return p.Restart()
}

// faultNow returns what is wrong with the proxy at this moment.
func (p *Proxy) faultNow() ProxyFault {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cfg.Flap > 0 && time.Since(p.born)/p.cfg.Flap%2 == 0 {
		return ProxySound
	}
	return p.fault
}

// reachable reports whether a service could use the proxy at this moment.
func (p *Proxy) reachable() bool {
	p.mu.Lock()
	running := p.listener != nil
	p.mu.Unlock()
	return running && p.faultNow() == ProxySound
}

// admits reports whether these are the credentials the proxy wants.
func (p *Proxy) admits(user, password string) bool {
	name := p.cfg.User
	if p.cfg.Sessions && strings.HasPrefix(user, name+"-") {
		name = user
	}
	return name == "" || user == name && password == p.cfg.Password
}

// asked books a request with the credentials it presented, and reports whether
// they are the right ones.
func (p *Proxy) asked(user, password string, presented bool) bool {
	ok := p.admits(user, password)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.books.Requests++
	if presented {
		p.books.Credentials[user+":"+password]++
	}
	if !ok {
		p.books.Refused++
	}
	return ok
}

// userKey is the context's key for the name that a visitor logged in with.
type userKey struct{}

// origin is where a connection to a site comes from.
type origin struct {
	proxy *Proxy
	exit  string
}

// dial connects to a target from the exit of the context's user, and lets the
// sites know whose connection it is before a byte is sent.
func (p *Proxy) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	to, err := p.web.resolve(addr)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	p.books.Targets[addr]++
	p.mu.Unlock()
	user, _ := ctx.Value(userKey{}).(string)
	from := origin{proxy: p, exit: p.ExitOf(user)}
	var dialer net.Dialer
	if exit := net.ParseIP(from.exit); exit.IsLoopback() && p.web.manyExits {
		dialer.LocalAddr = &net.TCPAddr{IP: exit}
	}
	conn, err := dialer.DialContext(ctx, network, to)
	if err != nil {
		return nil, err
	}
	if to != addr { // a site's; anybody else at a loopback address does not ask
		p.web.exits.Store(conn.LocalAddr().String(), from)
	}
	return conn, nil
}

// pause waits for d, unless ctx or the web ends before.
func (p *Proxy) pause(ctx context.Context, d time.Duration) bool {
	return d <= 0 || p.web.pause(ctx, d)
}

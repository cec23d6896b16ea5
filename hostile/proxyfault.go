package hostile

import (
	"crypto/tls"
	"net"
	"net/http"
	"sync"
)

// ProxyFault is what is wrong with a proxy.
type ProxyFault uint8

// The faults of proxies. A SOCKS5 proxy has its protocol's counterparts of the
// HTTP statuses.
const (
	ProxySound          ProxyFault = iota // nothing
	ProxyRefuse                           // nobody listens at its address
	ProxyBlackHole                        // it accepts connections and never says a word
	ProxyGarbage                          // it answers everything with bytes that are no protocol
	ProxyUnauthorized                     // it takes nobody's credentials: 407
	ProxyForbidden                        // it refuses the target: 403
	ProxyBadGateway                       // it cannot reach the target: 502
	ProxyUnavailable                      // it has had enough: 503
	ProxyGatewayTimeout                   // it gave up on the target: 504
	ProxyHang                             // it reads the request and never answers
	ProxyTunnelGarbage                    // it opens the tunnel, and then sends bytes that are no protocol
	ProxyReset                            // it resets connections in the middle of the response
)

var proxyFaultNames = [...]string{
	"sound", "refuse", "black hole", "garbage", "unauthorized", "forbidden", "bad gateway",
	"unavailable", "gateway timeout", "hang", "tunnel garbage", "reset",
}

// ProxyFaults returns every fault but [ProxySound].
func ProxyFaults() []ProxyFault { return all(ProxyRefuse, len(proxyFaultNames)) }

// all lists the values from first to the one before end.
func all[T ~uint8](first T, end int) []T {
	list := make([]T, 0, end)
	for v := first; int(v) < end; v++ {
		list = append(list, v)
	}
	return list
}

// String returns the fault in words.
func (f ProxyFault) String() string {
	if int(f) < len(proxyFaultNames) {
		return proxyFaultNames[f]
	}
	return "unknown"
}

// garbage is no HTTP, no TLS and no SOCKS.
const garbage = "\x7fELF\x00 this is not the protocol you are looking for\r\n\r\n"

// status returns the status by which the fault refuses, 0 if it does otherwise.
func (f ProxyFault) status() int {
	switch f {
	case ProxyUnauthorized:
		return http.StatusProxyAuthRequired
	case ProxyForbidden:
		return http.StatusForbidden
	case ProxyBadGateway:
		return http.StatusBadGateway
	case ProxyUnavailable:
		return http.StatusServiceUnavailable
	case ProxyGatewayTimeout:
		return http.StatusGatewayTimeout
	}
	return 0
}

// A door is a proxy's listener: it keeps the faults that show before the first
// byte away from those who serve.
type door struct {
	net.Listener
	proxy *Proxy
	conns *connections
}

// Accept returns the next connection that is to be served.
func (d *door) Accept() (net.Conn, error) {
	for {
		conn, err := d.Listener.Accept()
		if err != nil {
			return nil, err
		}
		visitor := &guest{Conn: conn, conns: d.conns}
		d.conns.add(visitor)
		if !d.proxy.opens(d.conns) { // stopped meanwhile: closeAll may not have seen it
			visitor.Close()
			continue
		}
		switch d.proxy.faultNow() {
		case ProxyBlackHole: // held open until the proxy stops
			continue
		case ProxyGarbage:
			_, _ = conn.Write([]byte(garbage))
			visitor.Close()
			continue
		}
		if d.proxy.tls != nil {
			return tls.Server(visitor, d.proxy.tls), nil
		}
		return visitor, nil
	}
}

// opens books a connection and reports whether the proxy still runs as it did
// when these were its connections.
func (p *Proxy) opens(conns *connections) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.books.Connections++
	return p.conns == conns
}

// A guest is a visitor's connection, which its proxy can break at any time.
type guest struct {
	net.Conn
	conns *connections
	once  sync.Once
}

// NetConn returns the connection itself, as [tls.Conn.NetConn] does.
func (g *guest) NetConn() net.Conn { return g.Conn }

// CloseWrite ends the connection in one direction.
func (g *guest) CloseWrite() error {
	if half, ok := g.Conn.(*net.TCPConn); ok {
		return half.CloseWrite()
	}
	return g.Conn.Close()
}

// Close closes the connection and takes it off the proxy's list.
func (g *guest) Close() error {
	g.once.Do(func() { g.conns.remove(g) })
	return g.Conn.Close()
}

package hostile

import (
	"context"
	"net"
	"net/http"
	"sync"
)

// Visitor is whom a site sees: an address, and the proxy it came through.
type Visitor struct {
	// Address is the IP address that the visitor left from.
	Address string
	// Proxy is the proxy that the visitor came through; nil for the machine itself.
	Proxy *Proxy
}

type (
	visitKey  struct{}
	callerKey struct{}
)

// visit is what a site knows about one request.
type visit struct {
	visitor Visitor
	turn    int // how often the path was asked for, this time included
}

// VisitorOf returns the visitor of a request that a site is serving; the zero
// Visitor for any other request.
func VisitorOf(r *http.Request) Visitor { return visitOf(r).visitor }

func visitOf(r *http.Request) visit {
	v, _ := r.Context().Value(visitKey{}).(visit)
	return v
}

// A caller is one connection to a server of the web.
type caller struct {
	net.Conn
	once    sync.Once
	visitor Visitor
}

// visitor finds out who is behind a connection. Proxies enter their connections
// before they forward a byte, so this works on systems too where all of them
// leave from 127.0.0.1. The entry is taken out: the next connection from the same
// port has one of its own.
func (w *Web) visitor(c *caller) Visitor {
	c.once.Do(func() {
		remote := c.RemoteAddr().String()
		if entry, ok := w.exits.LoadAndDelete(remote); ok {
			from := entry.(origin)
			c.visitor = Visitor{Address: from.exit, Proxy: from.proxy}
			return
		}
		host, _, err := net.SplitHostPort(remote)
		if err != nil {
			host = remote
		}
		c.visitor = Visitor{Address: host}
	})
	return c.visitor
}

// knowCallers makes a server's requests know the connection they came on.
func knowCallers(srv *http.Server) {
	srv.ConnContext = func(ctx context.Context, conn net.Conn) context.Context {
		return context.WithValue(ctx, callerKey{}, &caller{Conn: conn})
	}
}

func callerOf(r *http.Request) *caller {
	c, _ := r.Context().Value(callerKey{}).(*caller)
	return c
}

// abort breaks the request's connection with a reset; over HTTP/2, where others
// share the connection, its stream.
func abort(r *http.Request) {
	if r.ProtoMajor == 1 {
		reset(callerOf(r).Conn)
	}
	panic(http.ErrAbortHandler)
}

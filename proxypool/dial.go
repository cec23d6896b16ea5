package proxypool

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/godwit-go/godwit/trip"
)

// toTarget opens a connection to the target's addr. net/http could do the CONNECT
// and the SOCKS handshake itself, but it would tell a failure by its text alone,
// and it gives CONNECT a fixed minute.
func (rt *route) toTarget(ctx context.Context, _, addr string) (net.Conn, error) {
	if rt.e.direct {
		return rt.direct(ctx, addr)
	}
	conn, err := rt.toProxy(ctx, "", "")
	if err != nil {
		return nil, err
	}
	reached(ctx, trip.ProxyConnect)
	var failed error
	err = within(ctx, conn, rt.c.ConnectTimeout, func() error {
		if rt.proxy.protocol() == "socks5" {
			return socksConnect(conn, addr, rt.proxy.user, rt.proxy.password)
		}
		conn, failed = rt.connect(conn, addr)
		return failed
	})
	if err != nil {
		_ = conn.Close()
		var typed *ProxyError
		if !errors.As(err, &typed) {
			typed = &ProxyError{Phase: trip.ProxyConnect, Err: err}
		}
		typed.Proxy = rt.e.label()
		return nil, typed
	}
	reached(ctx, trip.FirstByte)
	return conn, nil
}

// secure opens a tunnel and shakes hands with the target.
func (rt *route) secure(ctx context.Context, network, addr string) (net.Conn, error) {
	conn, err := rt.toTarget(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	reached(ctx, trip.TLS)
	cfg := new(tls.Config)
	if rt.c.TLS != nil {
		cfg = rt.c.TLS.Clone()
	}
	if cfg.NextProtos == nil {
		cfg.NextProtos = []string{"h2", "http/1.1"}
	}
	secured, err := handshake(ctx, conn, addr, cfg, rt.c.TLSTimeout)
	if err != nil {
		return nil, &TargetError{Egress: rt.e.label(), Phase: trip.TLS, Direct: rt.e.direct, Err: err}
	}
	reached(ctx, trip.FirstByte)
	return secured, nil
}

func (rt *route) direct(ctx context.Context, addr string) (net.Conn, error) {
	reached(ctx, trip.Dial)
	conn, err := rt.dial(ctx, addr)
	if err != nil {
		return nil, &TargetError{Egress: rt.e.label(), Phase: trip.Dial, Direct: true, Err: err}
	}
	reached(ctx, trip.FirstByte)
	return conn, nil
}

// toProxy opens a connection to the proxy itself.
func (rt *route) toProxy(ctx context.Context, _, _ string) (net.Conn, error) {
	reached(ctx, trip.Dial)
	conn, err := rt.dial(ctx, rt.proxy.host)
	if err == nil && rt.proxy.scheme == "https" {
		cfg := new(tls.Config)
		if rt.c.ProxyTLS != nil {
			cfg = rt.c.ProxyTLS.Clone()
		}
		conn, err = handshake(ctx, conn, rt.proxy.host, cfg, rt.c.ConnectTimeout)
	}
	if err != nil {
		return nil, &ProxyError{Proxy: rt.e.label(), Phase: trip.Dial, Err: err}
	}
	reached(ctx, trip.FirstByte)
	return conn, nil
}

func (rt *route) dial(ctx context.Context, addr string) (net.Conn, error) {
	if !rt.join() {
		return nil, net.ErrClosed // whoever wanted it has gone
	}
	nd := net.Dialer{Timeout: max(rt.c.DialTimeout, 0)}
	conn, err := nd.DialContext(ctx, "tcp", addr)
	if err != nil {
		rt.leave()
		return nil, err
	}
	return &counted{Conn: conn, rt: rt}, nil
}

// handshake does TLS over conn, which it closes on failure.
func handshake(ctx context.Context, conn net.Conn, addr string, cfg *tls.Config, limit time.Duration) (net.Conn, error) {
	if cfg.ServerName == "" {
		cfg.ServerName, _ = splitHost(addr)
	}
	secured := tls.Client(conn, cfg)
	err := within(ctx, conn, limit, secured.Handshake)
	if err != nil {
		_ = conn.Close()
		return nil, err
	}
	return secured, nil
}

// within runs a step of a handshake on conn under a time limit of its own, and
// ends it with ctx.
func within(ctx context.Context, conn net.Conn, limit time.Duration, step func() error) error {
	if limit > 0 {
		_ = conn.SetDeadline(time.Now().Add(limit))
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	err := step()
	if !stop() && err == nil {
		err = ctx.Err()
	} else if err != nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	_ = conn.SetDeadline(time.Time{})
	return err
}

// maxConnectHeader bounds the header of an answer to CONNECT.
const maxConnectHeader = 256 << 10

// connect asks an HTTP proxy for a tunnel (RFC 9110, section 9.3.6). On failure it
// returns conn as well, for the caller to close.
func (rt *route) connect(conn net.Conn, addr string) (net.Conn, error) {
	req := &http.Request{Method: http.MethodConnect, URL: &url.URL{Opaque: addr}, Host: addr, Header: http.Header{"User-Agent": nil}}
	if rt.proxy.user != "" {
		login := base64.StdEncoding.EncodeToString([]byte(rt.proxy.user + ":" + rt.proxy.password))
		req.Header.Set("Proxy-Authorization", "Basic "+login)
	}
	if err := req.Write(conn); err != nil {
		return conn, err
	}
	limited := &io.LimitedReader{R: conn, N: maxConnectHeader}
	r := bufio.NewReader(limited)
	resp, err := http.ReadResponse(r, req)
	if err != nil {
		if limited.N <= 0 {
			err = errors.New("answer too large")
		}
		return conn, plain(err)
	}
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return conn, refusal("", resp)
	}
	if n := r.Buffered(); n > 0 {
		early := make([]byte, n)
		_, _ = io.ReadFull(r, early)
		return &prefixed{Conn: conn, early: early}, nil
	}
	return conn, nil
}

// plain keeps what a proxy sent out of error texts: net/http quotes malformed
// answers.
func plain(err error) error {
	var netErr net.Error
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.As(err, &netErr):
		return err
	}
	return errors.New("malformed answer")
}

// prefixed is a connection of which some bytes were read ahead.
type prefixed struct {
	net.Conn
	early []byte
}

func (p *prefixed) Read(b []byte) (int, error) {
	if len(p.early) > 0 {
		n := copy(b, p.early)
		p.early = p.early[n:]
		return n, nil
	}
	return p.Conn.Read(b)
}

// counted is a connection of a route. It counts its bytes: all of them, as those
// who sell proxies do.
type counted struct {
	net.Conn
	rt     *route
	closed atomic.Bool
}

func (c *counted) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.rt.e.bytesIn.Add(int64(n))
	return n, err
}

func (c *counted) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	c.rt.e.bytesOut.Add(int64(n))
	return n, err
}

func (c *counted) Close() error {
	err := c.Conn.Close()
	if !c.closed.Swap(true) {
		c.rt.leave()
	}
	return err
}

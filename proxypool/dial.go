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
	"time"

	"github.com/godwit-go/godwit/trip"
)

// A dialer opens connections by one egress. net/http could do the CONNECT and the
// SOCKS handshake itself, but it would tell a failure by its text alone, and it
// gives CONNECT a fixed minute.
type dialer struct {
	e     *egress
	proxy *Proxy // its session filled in
	c     *Config
}

// tunnel opens a connection to the target's addr.
func (d *dialer) tunnel(ctx context.Context, _, addr string) (net.Conn, error) {
	if d.e.direct {
		return d.direct(ctx, addr)
	}
	conn, err := d.toProxy(ctx, "", "")
	if err != nil {
		return nil, err
	}
	reached(ctx, trip.ProxyConnect)
	var failed error
	err = within(ctx, conn, d.c.ConnectTimeout, func() error {
		if d.proxy.protocol() == "socks5" {
			return socksConnect(conn, addr, d.proxy.user, d.proxy.password)
		}
		conn, failed = d.connect(conn, addr)
		return failed
	})
	if err != nil {
		_ = conn.Close()
		var typed *ProxyError
		if !errors.As(err, &typed) {
			typed = &ProxyError{Phase: trip.ProxyConnect, Err: err}
		}
		typed.Proxy = d.e.label()
		return nil, typed
	}
	reached(ctx, trip.FirstByte)
	return conn, nil
}

// secure opens a tunnel and shakes hands with the target.
func (d *dialer) secure(ctx context.Context, network, addr string) (net.Conn, error) {
	conn, err := d.tunnel(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	reached(ctx, trip.TLS)
	cfg := new(tls.Config)
	if d.c.TLS != nil {
		cfg = d.c.TLS.Clone()
	}
	if cfg.NextProtos == nil {
		cfg.NextProtos = []string{"h2", "http/1.1"}
	}
	secured, err := handshake(ctx, conn, addr, cfg, d.c.TLSTimeout)
	if err != nil {
		return nil, &TargetError{Egress: d.e.label(), Phase: trip.TLS, Direct: d.e.direct, Err: err}
	}
	reached(ctx, trip.FirstByte)
	return secured, nil
}

func (d *dialer) direct(ctx context.Context, addr string) (net.Conn, error) {
	reached(ctx, trip.Dial)
	conn, err := d.dial(ctx, addr)
	if err != nil {
		return nil, &TargetError{Egress: d.e.label(), Phase: trip.Dial, Direct: true, Err: err}
	}
	reached(ctx, trip.FirstByte)
	return conn, nil
}

// toProxy opens a connection to the proxy itself.
func (d *dialer) toProxy(ctx context.Context, _, _ string) (net.Conn, error) {
	reached(ctx, trip.Dial)
	conn, err := d.dial(ctx, d.proxy.host)
	if err == nil && d.proxy.scheme == "https" {
		cfg := new(tls.Config)
		if d.c.ProxyTLS != nil {
			cfg = d.c.ProxyTLS.Clone()
		}
		conn, err = handshake(ctx, conn, d.proxy.host, cfg, d.c.ConnectTimeout)
	}
	if err != nil {
		return nil, &ProxyError{Proxy: d.e.label(), Phase: trip.Dial, Err: err}
	}
	reached(ctx, trip.FirstByte)
	return conn, nil
}

func (d *dialer) dial(ctx context.Context, addr string) (net.Conn, error) {
	nd := net.Dialer{Timeout: max(d.c.DialTimeout, 0)}
	conn, err := nd.DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	return &counted{Conn: conn, e: d.e}, nil
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
func (d *dialer) connect(conn net.Conn, addr string) (net.Conn, error) {
	req := &http.Request{Method: http.MethodConnect, URL: &url.URL{Opaque: addr}, Host: addr, Header: http.Header{"User-Agent": nil}}
	if d.proxy.user != "" {
		login := base64.StdEncoding.EncodeToString([]byte(d.proxy.user + ":" + d.proxy.password))
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

// counted counts the bytes of a connection: all of them, as those who sell
// proxies do.
type counted struct {
	net.Conn
	e *egress
}

func (c *counted) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.e.bytesIn.Add(int64(n))
	return n, err
}

func (c *counted) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	c.e.bytesOut.Add(int64(n))
	return n, err
}

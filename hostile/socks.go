package hostile

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"strconv"
	"time"
)

// Replies of a SOCKS5 proxy (RFC 1928, section 6).
const (
	socksGranted     = 0
	socksForbidden   = 2
	socksUnreachable = 4
	socksRefused     = 5
	socksUnsupported = 7
)

// serveSOCKS serves RFC 1928 with the credentials of RFC 1929.
func (p *Proxy) serveSOCKS(door net.Listener) {
	for {
		conn, err := door.Accept()
		if err != nil {
			return
		}
		if !p.web.work.run(func() {
			defer conn.Close()
			p.socks(conn)
		}) {
			conn.Close()
		}
	}
}

// socks serves one connection. A visitor who breaks the protocol is hung up on.
func (p *Proxy) socks(conn net.Conn) {
	ctx, cancel := context.WithTimeout(p.web.ctx, time.Minute)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	user, err := p.socksLogin(conn)
	if err != nil {
		return
	}
	ctx = context.WithValue(ctx, userKey{}, user)
	addr, err := socksTarget(conn)
	if err != nil {
		return
	}
	if !p.pause(ctx, p.cfg.Latency) {
		return
	}
	fault := p.faultNow()
	if fault == ProxyHang {
		_, _ = io.Copy(io.Discard, conn) // until the visitor gives up
		return
	}
	if code := fault.socksReply(); code != socksGranted {
		_ = socksAnswer(conn, code)
		return
	}
	target, err := p.dial(ctx, "tcp", addr)
	if err != nil {
		_ = socksAnswer(conn, socksUnreachable)
		return
	}
	defer target.Close()
	if socksAnswer(conn, socksGranted) != nil {
		return
	}
	stop()
	p.tunnel(conn, target, fault)
}

func (f ProxyFault) socksReply() byte {
	switch f {
	case ProxyForbidden:
		return socksForbidden
	case ProxyBadGateway, ProxyUnavailable:
		return socksRefused
	case ProxyGatewayTimeout:
		return socksUnreachable
	}
	return socksGranted
}

var errSOCKS = errors.New("hostile: not the SOCKS5 that was expected")

// socksLogin agrees on a method, checks the credentials and returns the name.
func (p *Proxy) socksLogin(conn net.Conn) (string, error) {
	methods, err := socksField(conn, 5)
	if err != nil {
		return "", err
	}
	const open, password, none = 0, 2, 0xff
	method := byte(open)
	if p.cfg.User != "" || p.faultNow() == ProxyUnauthorized {
		method = password
	}
	offered := false
	for _, m := range methods {
		offered = offered || m == method
	}
	if !offered {
		p.asked("", "", false)
		_, _ = conn.Write([]byte{5, none})
		return "", errSOCKS
	}
	if _, err := conn.Write([]byte{5, method}); err != nil {
		return "", err
	}
	if method == open {
		p.asked("", "", false)
		return "", nil
	}
	user, err := socksField(conn, 1)
	if err != nil {
		return "", err
	}
	secret, err := socksText(conn)
	if err != nil {
		return "", err
	}
	if !p.asked(string(user), string(secret), true) || p.faultNow() == ProxyUnauthorized {
		_, _ = conn.Write([]byte{1, 1})
		return "", errSOCKS
	}
	_, err = conn.Write([]byte{1, 0})
	return string(user), err
}

// socksTarget reads the request for a connection.
func socksTarget(conn net.Conn) (string, error) {
	var head [4]byte
	if _, err := io.ReadFull(conn, head[:]); err != nil {
		return "", err
	}
	if head[0] != 5 {
		return "", errSOCKS
	}
	if head[1] != 1 { // neither BIND nor UDP
		_ = socksAnswer(conn, socksUnsupported)
		return "", errSOCKS
	}
	var host string
	switch head[3] {
	case 1, 4:
		ip := make([]byte, map[byte]int{1: net.IPv4len, 4: net.IPv6len}[head[3]])
		if _, err := io.ReadFull(conn, ip); err != nil {
			return "", err
		}
		host = net.IP(ip).String()
	case 3:
		name, err := socksText(conn)
		if err != nil {
			return "", err
		}
		host = string(name)
	default:
		return "", errSOCKS
	}
	var port [2]byte
	if _, err := io.ReadFull(conn, port[:]); err != nil {
		return "", err
	}
	return net.JoinHostPort(host, strconv.Itoa(int(binary.BigEndian.Uint16(port[:])))), nil
}

// socksField reads a version, which must be the given one, and a text.
func socksField(conn net.Conn, version byte) ([]byte, error) {
	var got [1]byte
	if _, err := io.ReadFull(conn, got[:]); err != nil {
		return nil, err
	}
	if got[0] != version {
		return nil, errSOCKS
	}
	return socksText(conn)
}

// socksText reads a length in one byte and so many bytes.
func socksText(conn net.Conn) ([]byte, error) {
	var length [1]byte
	if _, err := io.ReadFull(conn, length[:]); err != nil {
		return nil, err
	}
	text := make([]byte, length[0])
	_, err := io.ReadFull(conn, text)
	return text, err
}

func socksAnswer(conn net.Conn, code byte) error {
	_, err := conn.Write([]byte{5, code, 0, 1, 0, 0, 0, 0, 0, 0})
	return err
}

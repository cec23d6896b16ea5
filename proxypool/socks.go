package proxypool

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"strconv"

	"github.com/godwit-go/godwit/trip"
)

// socksReplies are the failures of RFC 1928, section 6.
var socksReplies = map[byte]string{
	1: "general failure",
	2: "not allowed by ruleset",
	3: "network unreachable",
	4: "host unreachable",
	5: "connection refused",
	6: "TTL expired",
	7: "command not supported",
	8: "address type not supported",
}

const (
	socksVersion   = 5
	socksNoLogin   = 0
	socksUserLogin = 2
)

var errSOCKS = errors.New("not a SOCKS5 answer")

// socksConnect asks a SOCKS5 server for a connection to addr (RFC 1928, and RFC
// 1929 for the login).
func socksConnect(conn net.Conn, addr, user, password string) error {
	hello := []byte{socksVersion, 1, socksNoLogin}
	if user != "" {
		hello = []byte{socksVersion, 2, socksNoLogin, socksUserLogin}
	}
	if _, err := conn.Write(hello); err != nil {
		return err
	}
	var answer [4]byte
	if _, err := io.ReadFull(conn, answer[:2]); err != nil {
		return err
	}
	switch {
	case answer[0] != socksVersion:
		return errSOCKS
	case answer[1] == socksUserLogin && user != "":
		if err := socksLogin(conn, user, password); err != nil {
			return err
		}
	case answer[1] != socksNoLogin:
		return &ProxyError{Phase: trip.ProxyConnect, Cause: "login wanted"}
	}
	request, err := socksRequest(addr)
	if err != nil {
		return err
	}
	if _, err := conn.Write(request); err != nil {
		return err
	}
	if _, err := io.ReadFull(conn, answer[:]); err != nil {
		return err
	}
	if answer[0] != socksVersion {
		return errSOCKS
	}
	if reply := answer[1]; reply != 0 {
		// 3 to 6 tell of the way from the proxy to the target.
		return &ProxyError{Phase: trip.ProxyConnect, Reply: reply, Target: reply >= 3 && reply <= 6}
	}
	return socksSkipAddress(conn, answer[3])
}

func socksLogin(conn net.Conn, user, password string) error {
	b := append([]byte{1, byte(len(user))}, user...)
	b = append(append(b, byte(len(password))), password...)
	if _, err := conn.Write(b); err != nil {
		return err
	}
	var answer [2]byte
	if _, err := io.ReadFull(conn, answer[:]); err != nil {
		return err
	}
	if answer[1] != 0 {
		return &ProxyError{Phase: trip.ProxyConnect, Cause: "login refused"}
	}
	return nil
}

func socksRequest(addr string) ([]byte, error) {
	host, port := splitHost(addr)
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return nil, errPort
	}
	b := []byte{socksVersion, 1, 0}
	if ip, err := netip.ParseAddr(host); err == nil {
		if ip = ip.Unmap(); ip.Is4() {
			b = append(b, 1)
		} else {
			b = append(b, 4)
		}
		b = append(b, ip.WithZone("").AsSlice()...)
	} else {
		if len(host) > 255 {
			return nil, errHost
		}
		b = append(append(b, 3, byte(len(host))), host...)
	}
	return append(b, byte(n>>8), byte(n)), nil
}

// socksSkipAddress reads past the address the server is bound to.
func socksSkipAddress(conn net.Conn, kind byte) error {
	size := 0
	switch kind {
	case 1:
		size = 4
	case 4:
		size = 16
	case 3:
		var n [1]byte
		if _, err := io.ReadFull(conn, n[:]); err != nil {
			return err
		}
		size = int(n[0])
	default:
		return errSOCKS
	}
	var skip [257]byte
	_, err := io.ReadFull(conn, skip[:size+2])
	return err
}

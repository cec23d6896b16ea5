package hostile

import (
	"crypto/tls"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"time"
)

// nobody is an address at which nothing ever listens: the port multiplexer's.
const nobody = "127.0.0.1:1"

// certificate issues the site's certificate, which a fault can make a wrong one.
func (s *Site) certificate() (tls.Certificate, error) {
	name, until := s.host, 24*time.Hour
	switch s.cfg.Fault {
	case FaultExpired:
		until = -24 * time.Hour
	case FaultWrongHost:
		name = "elsewhere.test"
	}
	return s.web.authority.issue(s.web.started.Add(until), []string{name})
}

var errAlert = errors.New("hostile: no TLS with you")

// tlsConfig returns the configuration of the site's TLS listener.
func (s *Site) tlsConfig() (*tls.Config, error) {
	cert, err := s.certificate()
	if err != nil {
		return nil, err
	}
	cfg := &tls.Config{Certificates: []tls.Certificate{cert}}
	if s.cfg.Fault == FaultTLSAlert {
		cfg.GetConfigForClient = func(*tls.ClientHelloInfo) (*tls.Config, error) { return nil, errAlert }
	}
	if s.cfg.Fault == FaultGoAway {
		cfg.NextProtos = []string{"h2"}
	}
	return cfg, nil
}

// serveBadly accepts connections for a fault that needs no HTTP server.
func (s *Site) serveBadly(l net.Listener, serve func(conn net.Conn)) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		s.conns.add(conn)
		if !s.web.work.run(func() {
			defer s.conns.remove(conn)
			defer conn.Close()
			serve(conn)
		}) {
			conn.Close()
		}
	}
}

// swallow reads everything and never answers.
func swallow(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) }

// Frames of HTTP/2 (RFC 9113, section 6): length, type, flags, stream, payload.
const (
	h2Preface  = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
	h2Settings = "\x00\x00\x00\x04\x00\x00\x00\x00\x00"
	h2GoAway   = "\x00\x00\x08\x07\x00\x00\x00\x00\x00" + "\x00\x00\x00\x01" + "\x00\x00\x00\x0b" // last stream 1, ENHANCE_YOUR_CALM
	h2Headers  = 1                                                                                // the type of the frame that begins a request
)

// goAway speaks HTTP/2 until a request comes, and then sends the visitor away.
func (s *Site) goAway(conn net.Conn) {
	preface := make([]byte, len(h2Preface))
	if _, err := io.ReadFull(conn, preface); err != nil || string(preface) != h2Preface {
		return
	}
	if _, err := io.WriteString(conn, h2Settings); err != nil {
		return
	}
	for {
		var head [9]byte
		if _, err := io.ReadFull(conn, head[:]); err != nil {
			return
		}
		length := int64(binary.BigEndian.Uint32(head[:4]) >> 8)
		if _, err := io.CopyN(io.Discard, conn, length); err != nil {
			return
		}
		if head[3] != h2Headers {
			continue
		}
		visitor := s.web.visitor(&caller{Conn: conn})
		s.arrive(Arrival{Time: time.Now(), Visitor: visitor, Path: "/", Proto: "HTTP/2.0"}, "/")
		s.books.book(visitor.Address, Failed)
		_, _ = io.WriteString(conn, h2GoAway)
		if half, ok := conn.(*tls.Conn); ok && half.CloseWrite() == nil {
			swallow(conn) // a close with something unread would be a reset
		}
		return
	}
}

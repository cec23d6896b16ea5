//go:build browsers

package headers_test

import (
	"bufio"
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/textproto"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/godwit-go/godwit/headers"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// captured is one request as it came off the socket.
type captured struct {
	method, path, authority string
	list                    headers.List
}

// reply is what the capture server answers.
type reply struct {
	status int
	header []headers.Field
	body   string
}

// capture is a server that keeps the order and the spelling of header fields.
type capture struct {
	answer func(c captured) reply
	cert   tls.Certificate

	mu   sync.Mutex
	seen []captured
}

func newCapture(t *testing.T, hosts ...string) *capture {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()),
		Subject:      pkix.Name{CommonName: hosts[0]},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(24 * time.Hour),
		DNSNames:     hosts,
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	return &capture{cert: tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}}
}

// listen serves on a loopback port until the test ends. protocol is "" for plain
// HTTP, else the one offered by ALPN.
func (s *capture) listen(t *testing.T, protocol string) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	port := l.Addr().(*net.TCPAddr).Port
	if protocol != "" {
		l = tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{s.cert}, NextProtos: []string{protocol}})
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				if protocol == "h2" {
					_ = s.serveHTTP2(conn)
				} else {
					_ = s.serveHTTP1(conn)
				}
			}()
		}
	}()
	return port
}

func (s *capture) record(c captured) reply {
	s.mu.Lock()
	s.seen = append(s.seen, c)
	s.mu.Unlock()
	return s.answer(c)
}

func (s *capture) requests() []captured {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]captured(nil), s.seen...)
}

func (s *capture) serveHTTP1(conn net.Conn) error {
	r := textproto.NewReader(bufio.NewReader(conn))
	for {
		line, err := r.ReadLine()
		if err != nil {
			return err
		}
		parts := strings.Split(line, " ")
		if len(parts) != 3 {
			return fmt.Errorf("request line %q", line)
		}
		c := captured{method: parts[0], path: parts[1], list: headers.List{Protocol: headers.HTTP1}}
		for {
			line, err := r.ReadLine()
			if err != nil {
				return err
			}
			if line == "" {
				break
			}
			n, v, _ := strings.Cut(line, ":")
			c.list.Fields = append(c.list.Fields, headers.Field{Name: n, Value: strings.TrimLeft(v, " ")})
		}
		c.authority = c.list.Get("Host")
		length, _ := strconv.ParseInt(c.list.Get("Content-Length"), 10, 64)
		if _, err := io.CopyN(io.Discard, r.R, length); err != nil {
			return err
		}
		a := s.record(c)
		var b bytes.Buffer
		fmt.Fprintf(&b, "HTTP/1.1 %d %s\r\nContent-Length: %d\r\n", a.status, http.StatusText(a.status), len(a.body))
		for _, f := range a.header {
			fmt.Fprintf(&b, "%s: %s\r\n", f.Name, f.Value)
		}
		b.WriteString("\r\n")
		if c.method != "HEAD" {
			b.WriteString(a.body)
		}
		if _, err := conn.Write(b.Bytes()); err != nil {
			return err
		}
	}
}

func (s *capture) serveHTTP2(conn net.Conn) error {
	preface := make([]byte, len(http2.ClientPreface))
	if _, err := io.ReadFull(conn, preface); err != nil {
		return err
	}
	f := http2.NewFramer(conn, conn)
	f.ReadMetaHeaders = hpack.NewDecoder(65536, nil)
	if err := f.WriteSettings(); err != nil {
		return err
	}
	pending := make(map[uint32]captured)
	for {
		frame, err := f.ReadFrame()
		if err != nil {
			return err
		}
		switch frame := frame.(type) {
		case *http2.SettingsFrame:
			if !frame.IsAck() {
				if err := f.WriteSettingsAck(); err != nil {
					return err
				}
			}
		case *http2.PingFrame:
			if !frame.IsAck() {
				if err := f.WritePing(true, frame.Data); err != nil {
					return err
				}
			}
		case *http2.MetaHeadersFrame:
			c := captured{list: headers.List{Protocol: headers.HTTP2}}
			for _, h := range frame.Fields {
				switch h.Name {
				case ":method":
					c.method = h.Value
				case ":path":
					c.path = h.Value
				case ":authority":
					c.authority = h.Value
				}
				if h.IsPseudo() {
					c.list.Pseudo = append(c.list.Pseudo, h.Name)
				} else {
					c.list.Fields = append(c.list.Fields, headers.Field{Name: h.Name, Value: h.Value})
				}
			}
			if !frame.StreamEnded() {
				pending[frame.StreamID] = c
				continue
			}
			if err := respond(f, frame.StreamID, c, s.record(c)); err != nil {
				return err
			}
		case *http2.DataFrame:
			if n := uint32(len(frame.Data())); n > 0 {
				_ = f.WriteWindowUpdate(0, n)
				_ = f.WriteWindowUpdate(frame.StreamID, n)
			}
			if c, ok := pending[frame.StreamID]; ok && frame.StreamEnded() {
				delete(pending, frame.StreamID)
				if err := respond(f, frame.StreamID, c, s.record(c)); err != nil {
					return err
				}
			}
		}
	}
}

func respond(f *http2.Framer, stream uint32, c captured, a reply) error {
	var block bytes.Buffer
	enc := hpack.NewEncoder(&block)
	write := func(n, v string) { _ = enc.WriteField(hpack.HeaderField{Name: strings.ToLower(n), Value: v}) }
	write(":status", strconv.Itoa(a.status))
	for _, h := range a.header {
		write(h.Name, h.Value)
	}
	end := c.method == "HEAD" || a.body == ""
	if err := f.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, BlockFragment: block.Bytes(), EndHeaders: true, EndStream: end}); err != nil || end {
		return err
	}
	for body := a.body; ; {
		n := min(len(body), 16<<10)
		if err := f.WriteData(stream, n == len(body), []byte(body[:n])); err != nil || n == len(body) {
			return err
		}
		body = body[n:]
	}
}

func mustURL(raw string) *url.URL {
	u, err := url.Parse(raw)
	if err != nil {
		panic(err)
	}
	return u
}

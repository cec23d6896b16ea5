package hostile

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"strings"
)

// handler serves CONNECT and plain requests in absolute form (RFC 9110, 9.3.6
// and RFC 9112, 3.2.2).
func (p *Proxy) handler() http.Handler {
	plain := &httputil.ReverseProxy{
		Rewrite:       func(*httputil.ProxyRequest) {}, // the request goes where it says
		Transport:     &http.Transport{DialContext: p.dial, DisableCompression: true, DisableKeepAlives: true},
		FlushInterval: -1,
		ErrorLog:      log.New(io.Discard, "", 0),
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, err error) {
			p.unreachable(w, err)
		},
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, password, presented := proxyCredentials(r)
		authorised := p.asked(user, password, presented)
		r = r.WithContext(context.WithValue(r.Context(), userKey{}, user))
		if !p.pause(r.Context(), p.cfg.Latency) {
			panic(http.ErrAbortHandler)
		}
		fault := p.faultNow()
		switch status := fault.status(); {
		case fault == ProxyHang:
			p.hang(r.Context())
			panic(http.ErrAbortHandler)
		case status != 0:
			p.refuse(w, status)
		case !authorised:
			p.refuse(w, http.StatusProxyAuthRequired)
		case r.Method == http.MethodConnect:
			p.connect(w, r, fault)
		case r.URL.Host == "":
			p.refuse(w, http.StatusBadRequest)
		case fault == ProxyTunnelGarbage:
			_, _ = io.WriteString(callerOf(r), garbage)
			panic(http.ErrAbortHandler)
		case fault == ProxyReset:
			plain.ServeHTTP(&resettingWriter{ResponseWriter: w, left: p.resetAfter(), reset: func() { abort(r) }}, r)
		default:
			plain.ServeHTTP(w, r)
		}
	})
}

func proxyCredentials(r *http.Request) (user, password string, presented bool) {
	scheme, secret, _ := strings.Cut(r.Header.Get("Proxy-Authorization"), " ")
	if !strings.EqualFold(scheme, "Basic") {
		return "", "", false
	}
	text, err := base64.StdEncoding.DecodeString(secret)
	user, password, _ = strings.Cut(string(text), ":")
	return user, password, err == nil
}

// hang waits until the visitor gives up.
func (p *Proxy) hang(ctx context.Context) {
	select {
	case <-ctx.Done():
	case <-p.web.ctx.Done():
	}
}

// refuse answers for the proxy itself.
func (p *Proxy) refuse(w http.ResponseWriter, status int) {
	if status == http.StatusProxyAuthRequired {
		w.Header().Set("Proxy-Authenticate", `Basic realm="proxy"`)
	}
	if p.cfg.ProxyStatus != "" {
		w.Header().Set("Proxy-Status", p.cfg.ProxyStatus)
	}
	http.Error(w, http.StatusText(status), status)
}

// unreachable answers for a target that could not be connected to.
func (p *Proxy) unreachable(w http.ResponseWriter, err error) {
	reason := "connection_refused"
	if _, ok := errors.AsType[*net.DNSError](err); ok {
		reason = "dns_error"
	}
	w.Header().Set("Proxy-Status", cmp.Or(p.cfg.ProxyStatus, "hostile; error="+reason))
	http.Error(w, http.StatusText(http.StatusBadGateway), http.StatusBadGateway)
}

func (p *Proxy) connect(w http.ResponseWriter, r *http.Request, fault ProxyFault) {
	target, err := p.dial(r.Context(), "tcp", r.Host)
	if err != nil {
		p.unreachable(w, err)
		return
	}
	defer target.Close()
	conn, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, "HTTP/1.1 200 Connection established\r\n\r\n"); err != nil {
		return
	}
	early, _ := buffered.Reader.Peek(buffered.Reader.Buffered())
	if _, err := target.Write(early); err != nil {
		return
	}
	p.tunnel(conn, target, fault)
}

func (p *Proxy) resetAfter() int64 { return cmp.Or(p.cfg.ResetAfter, 2048) }

// tunnel carries bytes both ways until both sides have ended or one has broken,
// and passes an end on as an end and a break as a break.
func (p *Proxy) tunnel(visitor, target net.Conn, fault ProxyFault) {
	if fault == ProxyTunnelGarbage {
		_, _ = io.WriteString(visitor, garbage)
		return
	}
	stop := context.AfterFunc(p.web.ctx, func() { visitor.Close(); target.Close() })
	defer stop()
	up := make(chan struct{})
	go func() {
		defer close(up)
		carry(target, visitor, -1)
	}()
	limit := int64(-1)
	if fault == ProxyReset {
		limit = p.resetAfter()
	}
	carry(visitor, target, limit)
	<-up
}

// carry copies from one side to the other, at most limit bytes unless negative.
func carry(to, from net.Conn, limit int64) {
	var source io.Reader = from
	if limit >= 0 {
		source = io.LimitReader(from, limit)
	}
	n, err := io.Copy(to, source)
	if err != nil || limit >= 0 && n == limit {
		reset(to)
		reset(from)
		return
	}
	if half, ok := to.(interface{ CloseWrite() error }); ok && half.CloseWrite() == nil {
		return
	}
	to.Close()
}

// resettingWriter lets some bytes through and then breaks the connection.
type resettingWriter struct {
	http.ResponseWriter
	left  int64
	reset func()
}

// Unwrap lets [http.ResponseController] find the writer itself.
func (w *resettingWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *resettingWriter) Write(p []byte) (int, error) {
	if int64(len(p)) < w.left {
		w.left -= int64(len(p))
		return w.ResponseWriter.Write(p)
	}
	_, _ = w.ResponseWriter.Write(p[:w.left])
	_ = http.NewResponseController(w.ResponseWriter).Flush()
	w.reset()
	return int(w.left), io.ErrShortWrite
}

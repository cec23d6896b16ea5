package rttest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/stretchr/testify/require"
)

const target = "http://target.test/page?q=1"

var errBase = errors.New("rttest: connection reset")

// base is the RoundTripper below the wrapper. It keeps the contract itself: it
// reads the request body to its end and closes it, and it honours the context.
type base struct {
	// answer makes the nth answer, from 1; nil means 200 with a short body.
	answer func(n int, req *http.Request) (*http.Response, error)

	mu        sync.Mutex
	exchanges []exchange
	idle      int
}

type exchange struct {
	req  *http.Request
	body string
	err  error // of reading the body
}

func (b *base) RoundTrip(req *http.Request) (*http.Response, error) {
	e := exchange{req: req}
	if req.Body != nil {
		defer req.Body.Close()
		var got []byte
		got, e.err = io.ReadAll(req.Body)
		e.body = string(got)
	}
	b.mu.Lock()
	b.exchanges = append(b.exchanges, e)
	n := len(b.exchanges)
	b.mu.Unlock()
	if err := req.Context().Err(); err != nil {
		return nil, err
	}
	switch {
	case req.URL == nil:
		return nil, errors.New("rttest: nil Request.URL")
	case req.Header == nil:
		return nil, errors.New("rttest: nil Request.Header")
	case b.answer != nil:
		return b.answer(n, req)
	}
	resp, _ := answer(req, http.StatusOK, strings.NewReader("hello"))
	return resp, nil
}

func (b *base) CloseIdleConnections() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.idle++
}

func (b *base) seen() []exchange {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.exchanges
}

// blocks is an answer that comes only when the request is given up.
func blocks(_ int, req *http.Request) (*http.Response, error) {
	forever := time.NewTimer(24 * time.Hour) // or the bubble would be in deadlock
	defer forever.Stop()
	select {
	case <-forever.C:
		return nil, errors.New("rttest: nobody gave up")
	case <-req.Context().Done():
		return nil, req.Context().Err()
	//lint:ignore SA1019 deprecated, yet http.Client.Timeout sets it on wrapped transports
	case <-req.Cancel:
		return nil, errors.New("net/http: request canceled")
	}
}

func answer(req *http.Request, status int, body io.Reader) (*http.Response, *page) {
	p := &page{ctx: req.Context(), r: body}
	return &http.Response{
		Status:        http.StatusText(status),
		StatusCode:    status,
		Proto:         "HTTP/1.1",
		ProtoMajor:    1,
		ProtoMinor:    1,
		Header:        http.Header{"Content-Type": {"text/plain"}},
		Body:          p,
		ContentLength: -1,
		Request:       req,
	}, p
}

// page is a response body that ends with its exchange's context, as net/http's
// do, and keeps account of how it is treated.
type page struct {
	ctx   context.Context
	r     io.Reader
	drip  time.Duration // passes before each read
	atEOF func()

	mu      sync.Mutex
	bytes   int
	eof     bool
	closes  int
	reading bool
	overlap bool // closed while being read
}

func (p *page) Read(b []byte) (int, error) {
	p.mu.Lock()
	p.reading = true
	closed := p.closes > 0
	p.mu.Unlock()
	n, err := 0, errors.New("http: read on closed response body")
	if !closed {
		n, err = p.read(b)
	}
	p.mu.Lock()
	p.reading = false
	p.bytes += n
	first := err == io.EOF && !p.eof
	p.eof = p.eof || err == io.EOF
	p.mu.Unlock()
	if first && p.atEOF != nil {
		p.atEOF()
	}
	return n, err
}

func (p *page) read(b []byte) (int, error) {
	if p.drip > 0 {
		timer := time.NewTimer(p.drip)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-p.ctx.Done():
		}
		b = b[:min(1, len(b))]
	}
	if err := p.ctx.Err(); err != nil {
		return 0, err
	}
	return p.r.Read(b)
}

func (p *page) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closes++
	p.overlap = p.overlap || p.reading
	return nil
}

func (p *page) account() (bytes, closes int, eof, overlap bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.bytes, p.closes, p.eof, p.overlap
}

// upload is a request body that keeps account of how it is treated.
type upload struct {
	r *bytes.Reader

	mu     sync.Mutex
	reads  int
	closes int
}

func newUpload(content string) *upload { return &upload{r: bytes.NewReader([]byte(content))} }

func (u *upload) Read(p []byte) (int, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.closes > 0 {
		return 0, errors.New("rttest: read on closed request body")
	}
	u.reads++
	return u.r.Read(p)
}

func (u *upload) Close() error {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.closes++
	return nil
}

func (u *upload) closed() bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.closes > 0
}

func (u *upload) touched() bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.reads > 0
}

// get is a GET, and put a PUT, which may be sent again when body has a GetBody.
func get(t T) *http.Request {
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, target, nil)
	require.NoError(t, err)
	req.Header = http.Header{"X-Caller": {"a", "b"}, "Accept": {"text/html"}}
	return req
}

func put(t T, content string) (*http.Request, *upload) {
	req := get(t)
	u := newUpload(content)
	req.Method, req.Body, req.ContentLength = http.MethodPut, u, int64(len(content))
	return req, u
}

// replayable gives req a GetBody and returns what keeps account of its bodies.
func replayable(req *http.Request, content string) func() []*upload {
	var mu sync.Mutex
	var made []*upload
	req.GetBody = func() (io.ReadCloser, error) {
		u := newUpload(content)
		mu.Lock()
		defer mu.Unlock()
		made = append(made, u)
		return u, nil
	}
	return func() []*upload {
		mu.Lock()
		defer mu.Unlock()
		return made
	}
}

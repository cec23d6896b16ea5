package captcha

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/url"
	"sync/atomic"
)

// Inspect judges a response. It reads no more of the body than the configured
// bounds, and only of HTML and JSON; resp.Body is replaced by one that gives the
// whole body again. It returns nil for an ordinary response. The error is that of
// reading the body, which its reader will meet again at the same place; the
// judgement of what came before is valid nevertheless.
//
// The body must be decoded already: one that still has a Content-Encoding is not
// looked into.
func (d *Detector) Inspect(resp *http.Response) (*Challenge, error) {
	p := &Page{URL: address(resp), Status: resp.StatusCode, Header: resp.Header}
	head, decided := d.ruleSet().judgeHead(p)
	if decided && !head.Stands() {
		return nil, nil
	}
	var found Challenge
	var err error
	if bodyToInspect(resp) && d.peekBytes() > 0 {
		found, err = d.inspectBody(p, resp)
	}
	if found = merge(head, found); found.Verdict == None {
		return nil, err
	}
	judged := found // only what was found goes to the heap
	return &judged, err
}

func (d *Detector) inspectBody(p *Page, resp *http.Response) (Challenge, error) {
	kind := formatOf(resp.Header)
	if kind == otherFormat {
		return Challenge{}, nil
	}
	body, err := peek(resp, nil, d.peekBytes())
	if kind == unknownFormat {
		if kind = sniff(body); kind == otherFormat || len(body) == 0 {
			return Challenge{}, err
		}
	}
	for size := d.peekBytes(); err == nil && len(body) == size; {
		size = d.worth(p, kind, body)
		if size == len(body) {
			break
		}
		body, err = peek(resp, body, size)
	}
	return d.detect(p, kind, body), err
}

// worth tells how much of a page that begins with body is worth reading: all that
// may be where a marker or the status speaks for a challenge, twice as much where
// the page has shown nothing yet, and else no more.
func (d *Detector) worth(p *Page, kind format, body []byte) int {
	if len(body) == d.suspectBytes() {
		return len(body)
	}
	refused := p.Status >= 400 && p.Status != http.StatusNotFound && p.Status != http.StatusGone
	text := utf8Of(body)
	switch {
	case refused, p.Status == http.StatusAccepted, d.ruleSet().scanner.scan(text).any():
		return d.suspectBytes()
	case kind == htmlFormat && !begun(text):
		return min(2*len(body), d.suspectBytes())
	}
	return len(body)
}

// bodyToInspect tells whether the response has a body that is a page.
func bodyToInspect(resp *http.Response) bool {
	switch {
	case resp.Body == nil, resp.Body == http.NoBody,
		resp.StatusCode < 200, resp.StatusCode == http.StatusNoContent, resp.StatusCode == http.StatusNotModified,
		resp.Request != nil && resp.Request.Method == http.MethodHead:
		return false
	}
	return true
}

func address(resp *http.Response) *url.URL {
	if resp.Request == nil {
		return nil
	}
	return resp.Request.URL
}

// firstRead is how much room is made for a body of unknown length.
const firstRead = 16 << 10

// peek reads on in a body of which got has been peeked already, until size bytes
// are there, and puts them back in front of the rest.
func peek(resp *http.Response, got []byte, size int) ([]byte, error) {
	rest := resp.Body
	if p, ok := rest.(*peeked); ok && got != nil {
		rest = p.body
	}
	buf := bytes.NewBuffer(got)
	want := int64(firstRead)
	if resp.ContentLength > 0 {
		want = resp.ContentLength
	}
	// Room for the read that finds the end saves growing the buffer for it.
	buf.Grow(int(min(want, int64(size))) + bytes.MinRead)
	_, err := buf.ReadFrom(io.LimitReader(rest, int64(size-len(got))))
	body := buf.Bytes()
	p := &peeked{ahead: bytes.NewReader(body), body: rest, err: err}
	resp.Body = p
	return body, err
}

// peeked is a body of which the beginning has been read ahead.
type peeked struct {
	ahead  *bytes.Reader
	body   io.ReadCloser
	err    error // what reading ahead ended with, to be met again
	closed atomic.Bool
}

var errClosed = errors.New("captcha: read on closed response body")

func (p *peeked) Read(b []byte) (int, error) {
	if p.closed.Load() {
		return 0, errClosed
	}
	if p.ahead.Len() > 0 {
		return p.ahead.Read(b)
	}
	if p.err != nil {
		return 0, p.err
	}
	return p.body.Read(b)
}

func (p *peeked) Close() error {
	p.closed.Store(true)
	return p.body.Close()
}

package captcha

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"github.com/godwit-go/godwit/trip"
)

const (
	// maxPicture bounds the picture of an image challenge.
	maxPicture = 1 << 20
	// maxAside bounds what is kept of a page that is to be passed through.
	maxAside = 1 << 20
)

// door is the RoundTripper that submitters go through: out as the visitor that
// was challenged, every answer judged.
type door struct {
	flow *flow

	mu  sync.Mutex
	all []*exchange
}

func (d *door) RoundTrip(req *http.Request) (*http.Response, error) {
	e := new(exchange)
	if err := d.flow.send(req.Context(), req, e); err != nil {
		return nil, err
	}
	d.enter(e)
	return e.resp, nil
}

func (d *door) enter(e *exchange) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.all = append(d.all, e)
}

// passed is how many requests were answered.
func (d *door) passed() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.all)
}

// find returns the exchange that ended in resp; one of its own when resp came
// another way.
func (d *door) find(ctx context.Context, resp *http.Response) *exchange {
	d.mu.Lock()
	for _, e := range d.all {
		if e.resp == resp {
			d.mu.Unlock()
			return e
		}
	}
	d.mu.Unlock()
	return &exchange{resp: resp, challenge: d.flow.judge(ctx, resp, d.flow.attempt.Exchanges())}
}

// shut cuts off every exchange but the one that ended in resp: what was discarded
// on the way and does not end by itself.
func (d *door) shut(resp *http.Response) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, e := range d.all {
		if e.resp != resp {
			e.cancel()
		}
	}
}

// visit fetches the page that a redirect to a challenge leads to, since only the
// page has the form. It tells when there is no challenge on it after all.
func (f *flow) visit(ctx context.Context, d *door) (gone bool, err error) {
	c := f.challenge
	if c.Status < 300 || c.Status > 399 || !sameSite(f.req.URL, c.URL) {
		return false, nil
	}
	resp, err := d.RoundTrip(inner(ctx, f.req, c.URL))
	if err != nil {
		return false, err
	}
	page := d.find(ctx, resp)
	f.snippet = discard(page)
	if page.challenge == nil {
		return true, nil
	}
	f.challenge = page.challenge
	return false, nil
}

// illustrate fetches the picture of an image challenge, as the visitor that it
// was made for, and puts it into the challenge.
func (f *flow) illustrate(ctx context.Context, d *door) error {
	c := f.challenge
	source := c.Params[ParamImageURL]
	if c.Kind != KindImage || source == "" || c.Params[ParamImage] != "" {
		return nil
	}
	picture, inline := strings.CutPrefix(source, "data:")
	if _, after, ok := strings.Cut(picture, ";base64,"); inline && ok {
		picture = after
	} else {
		page := c.URL
		if page == nil {
			page = f.req.URL
		}
		target, err := page.Parse(source)
		if err != nil || target.Scheme != "http" && target.Scheme != "https" {
			return f.fail(ctx, fmt.Errorf("%w: no picture", ErrUnusable))
		}
		if picture, err = f.fetch(ctx, d, target); err != nil {
			return err
		}
	}
	with := *c
	with.Params = maps.Clone(c.Params)
	with.Params[ParamImage] = picture
	f.challenge = &with
	return nil
}

func (f *flow) fetch(ctx context.Context, d *door, target *url.URL) (string, error) {
	req := inner(ctx, f.req, target)
	if !sameSite(f.req.URL, target) {
		for _, name := range [...]string{"Authorization", "Cookie"} {
			req.Header.Del(name)
		}
	}
	req.Header.Set("Accept", "image/*")
	resp, err := d.RoundTrip(req)
	if err != nil {
		return "", err
	}
	defer trip.Discard(resp, d.find(ctx, resp).cancel)
	picture, err := io.ReadAll(io.LimitReader(resp.Body, maxPicture+1))
	switch {
	case err != nil:
		return "", err
	case resp.StatusCode != http.StatusOK || len(picture) == 0 || len(picture) > maxPicture:
		return "", f.fail(ctx, fmt.Errorf("%w: no picture (status %d)", ErrUnusable, resp.StatusCode))
	}
	return base64.StdEncoding.EncodeToString(picture), nil
}

// discard takes a page off the wire and returns its beginning.
func discard(e *exchange) []byte {
	if e.challenge != nil && e.challenge.Body != nil {
		trip.Discard(e.resp, e.cancel)
		return opening(e.challenge.Body)
	}
	top := &beginning{ReadCloser: e.resp.Body}
	if e.resp.Body != nil {
		e.resp.Body = top
	}
	trip.Discard(e.resp, e.cancel)
	top.mu.Lock()
	defer top.mu.Unlock()
	return bytes.Clone(top.read)
}

func opening(page []byte) []byte { return bytes.Clone(page[:min(len(page), SnippetBytes)]) }

// beginning keeps the first bytes that are read from a body.
type beginning struct {
	io.ReadCloser
	mu   sync.Mutex
	read []byte
}

func (b *beginning) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.mu.Lock()
	b.read = append(b.read, p[:min(n, SnippetBytes-len(b.read))]...)
	b.mu.Unlock()
	return n, err
}

// buffered reads resp to its end, as far as that is sensible, so that its
// connection is free while the page is kept.
func buffered(resp *http.Response) *http.Response {
	if resp.Body == nil {
		return resp
	}
	head, err := io.ReadAll(io.LimitReader(resp.Body, maxAside))
	rest := io.Reader(resp.Body)
	closer := io.Closer(resp.Body)
	if err != nil {
		rest = failing{err}
	} else if len(head) < maxAside {
		_ = resp.Body.Close()
		rest, closer = http.NoBody, http.NoBody
	}
	resp.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(head), rest), closer}
	return resp
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

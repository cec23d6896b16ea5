package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"golang.org/x/net/html"

	"github.com/godwit-go/godwit"
	"github.com/godwit-go/godwit/robots"
	"github.com/godwit-go/godwit/trip"
)

const (
	maxPage  = 8 << 20         // bytes kept of one page
	putBack  = 2 * time.Second // when nobody said when to come back
	maxSleep = time.Minute     // a page due back later than this is given up
)

// crawler fetches pages with a client until the frontier is empty.
type crawler struct {
	client  *http.Client
	workers int
	follow  bool                             // follow links within the hosts of the frontier
	accept  func(u string, body []byte) bool // is it the page, and not something in its place?
	session func(u string) string            // the visitor that fetches u; nil: anyone
	save    func(u string, r result) error   // nil: nowhere
	board   *board
}

// result is what became of one page.
type result struct {
	url    string // the one that answered, after redirects
	status int
	body   []byte
	trip   trip.Summary
	err    error
}

// run crawls until nothing is left or ctx ends.
func (c *crawler) run(ctx context.Context, f *frontier) {
	hosts := make(map[string]bool)
	for u := range f.seen {
		hosts[hostOf(u)] = true
	}
	var wg sync.WaitGroup
	for range c.workers {
		wg.Go(func() {
			for {
				p, ok := f.next(ctx)
				if !ok {
					return
				}
				c.visit(ctx, f, hosts, p)
			}
		})
	}
	wg.Wait()
}

func (c *crawler) visit(ctx context.Context, f *frontier, hosts map[string]bool, p page) {
	r := c.fetch(ctx, p.url)
	got := r.err == nil && r.status == http.StatusOK && c.accept(r.url, r.body)
	if got && c.follow {
		for _, link := range links(r.url, r.body) {
			if hosts[hostOf(link)] {
				f.add(link)
			}
		}
	}
	if got && c.save != nil {
		if err := c.save(p.url, r); err != nil {
			r.err, got = err, false
		}
	}
	switch due, again := c.comeBack(r, got); {
	case got:
		c.board.got(r.url)
		f.done()
	case r.gone():
		if c.save != nil {
			_ = c.save(p.url, r) // its line says why
		}
		c.board.notToBeHad()
		f.done()
	case ctx.Err() != nil:
		f.done()
	case again && f.again(p, due):
		c.board.later()
	default:
		c.board.lost(p.url, r)
		if c.save != nil {
			_ = c.save(p.url, r) // the loss itself is what matters here
		}
		if !again {
			f.done()
		}
	}
}

// comeBack says whether and when a failed page is worth another call: when godwit
// says so, and for a response that turned out not to be the page.
func (c *crawler) comeBack(r result, got bool) (time.Time, bool) {
	if got || r.gone() || c.board.naive {
		return time.Time{}, false
	}
	now := time.Now()
	switch at := r.trip.RetryAt; {
	case at.IsZero():
		return now.Add(putBack), true
	case at.Sub(now) > maxSleep:
		return time.Time{}, false
	default:
		return at, true
	}
}

// errGone marks what no client would get: a malformed link, a page that robots.txt
// keeps for itself.
var errGone = errors.New("not to be had")

// gone tells that there is no such page, or not for us.
func (r result) gone() bool {
	return errors.Is(r.err, errGone) || r.err == nil && (r.status == http.StatusNotFound || r.status == http.StatusGone)
}

func (c *crawler) fetch(ctx context.Context, u string) result {
	if c.session != nil {
		ctx = trip.WithSession(ctx, c.session(u))
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u, nil)
	if err != nil {
		return result{err: fmt.Errorf("%w: %w", errGone, err)}
	}
	resp, err := c.client.Do(req)
	if err != nil {
		r := result{err: err}
		var story *godwit.Error
		if errors.As(err, &story) {
			r.trip, r.err = story.Summary, story
			var bad *godwit.RequestError
			if errors.Is(story, robots.ErrDisallowed) && story.Summary.RetryAt.IsZero() || errors.As(story, &bad) {
				r.err = fmt.Errorf("%w: %w", errGone, story)
			}
		}
		return r
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxPage))
	return result{url: resp.Request.URL.String(), status: resp.StatusCode, body: body, trip: trip.FromResponse(resp), err: err}
}

// links returns the targets of the page's anchors, absolute and without fragment.
func links(base string, body []byte) []string {
	root, err := url.Parse(base)
	if err != nil {
		return nil
	}
	var found []string
	for z := html.NewTokenizer(bytes.NewReader(body)); ; {
		switch z.Next() {
		case html.ErrorToken:
			return found
		case html.StartTagToken:
			name, more := z.TagName()
			if string(name) != "a" {
				continue
			}
			for more {
				var key, value []byte
				key, value, more = z.TagAttr()
				if string(key) != "href" {
					continue
				}
				if u, err := root.Parse(strings.TrimSpace(string(value))); err == nil && (u.Scheme == "http" || u.Scheme == "https") {
					u.Fragment = ""
					found = append(found, u.String())
				}
			}
		}
	}
}

func hostOf(u string) string {
	parsed, err := url.Parse(u)
	if err != nil {
		return ""
	}
	return parsed.Host
}

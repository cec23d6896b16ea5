package robots

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/godwit-go/godwit/trip"
)

// Transport is an http.RoundTripper that keeps to robots.txt. It is safe for
// concurrent use. It belongs outside the retry loop: what is disallowed stays so.
type Transport struct {
	base  http.RoundTripper
	cfg   Config
	sites *sites
}

// New returns a Transport over base, or an error that lists everything that is
// wrong with cfg. A nil base is http.DefaultTransport.
func New(base http.RoundTripper, cfg Config) (*Transport, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	base = trip.Base(base)
	cfg = cfg.withDefaults()
	if cfg.Fetch == nil {
		cfg.Fetch = base
	}
	return &Transport{base: base, cfg: cfg, sites: newSites(&cfg)}, nil
}

// Inherit makes t go on with the copies that old has, as a new configuration of a
// running program should, unless they ask for different agents. It is called
// before t is used; a nil old has nothing to give.
func (t *Transport) Inherit(old *Transport) {
	if old != nil && old.cfg.Agent == t.cfg.Agent {
		t.sites = old.sites
	}
}

// RoundTrip sends req, or returns a [*DisallowedError] without sending it. A
// request for /robots.txt itself is always allowed.
func (t *Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	if err := t.check(req); err != nil {
		trip.CloseBody(req)
		return nil, err
	}
	return t.base.RoundTrip(req)
}

// check returns why req must not be sent, nil if it may.
func (t *Transport) check(req *http.Request) error {
	if t.cfg.Mode == Ignore || !subject(req.URL) {
		return nil
	}
	got, err := t.copyFor(req)
	if t.cfg.Mode == CrawlDelayOnly && req.Context().Err() == nil {
		err = nil // whatever is wrong, the request itself will find out
	}
	if err != nil {
		return err
	}
	t.handDelay(req, got)
	if t.cfg.Mode != Obey {
		return nil
	}
	if got.rules == nil {
		return t.nothing(req.URL, got)
	}
	if len(got.rules.rules) == 0 {
		return nil // before there is a path to be put together
	}
	if allowed, line := got.rules.Allowed(pathOf(req.URL)); !allowed {
		return &DisallowedError{URL: redacted(req.URL), Agent: t.cfg.Agent, Rule: line}
	}
	return nil
}

// nothing is the error when there is no robots.txt to be had.
func (t *Transport) nothing(u *url.URL, got copied) error {
	return &DisallowedError{URL: redacted(u), Agent: t.cfg.Agent, RetryAt: got.expires, Cause: got.cause}
}

// subject tells whether robots.txt has a say about u.
func subject(u *url.URL) bool {
	return u != nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && u.Path != "/robots.txt"
}

// pathOf is what the rules are matched with.
func pathOf(u *url.URL) string {
	path := u.EscapedPath()
	if path == "" {
		path = "/"
	}
	if u.RawQuery != "" || u.ForceQuery {
		path += "?" + u.RawQuery
	}
	return path
}

// copyFor returns the robots.txt that is in force for req.
func (t *Transport) copyFor(req *http.Request) (copied, error) {
	key := strings.ToLower(req.URL.Host)
	if req.URL.Scheme != "https" { // nearly every site has the key that its URLs spell out
		key = req.URL.Scheme + "://" + key
	}
	if got, ok := t.sites.fresh(key, time.Now()); ok {
		return got, nil
	}
	fetch := func(ctx context.Context, old *Rules) (copied, error) {
		got, err := t.fetch(ctx, req, old)
		if err == nil && old.CrawlDelay() > 0 && got.rules.delay == 0 && t.cfg.CrawlDelay != nil {
			t.cfg.CrawlDelay(trip.Domain(req), 0)
		}
		return got, err
	}
	//lint:ignore SA1019 deprecated, yet http.Client.Timeout sets it on wrapped transports
	return t.sites.get(req.Context(), req.Cancel, key, fetch)
}

func (t *Transport) handDelay(req *http.Request, got copied) {
	if t.cfg.CrawlDelay == nil || got.rules == nil || got.rules.delay == 0 {
		return
	}
	delay := got.rules.delay
	if t.cfg.MaxCrawlDelay > 0 {
		delay = min(delay, t.cfg.MaxCrawlDelay)
	}
	t.cfg.CrawlDelay(trip.Domain(req), delay)
}

// Rules returns the robots.txt of the site of u, which it fetches if need be; for
// its sitemaps and to look ahead. An error means that there is none to be had.
func (t *Transport) Rules(ctx context.Context, u *url.URL) (*Rules, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, err
	}
	got, err := t.copyFor(req)
	if err == nil && got.rules == nil {
		err = t.nothing(u, got)
	}
	if err != nil {
		return nil, err
	}
	return got.rules, nil
}

// CloseIdleConnections closes the idle connections of base.
func (t *Transport) CloseIdleConnections() { trip.CloseIdle(t.base) }

package robots

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/godwit-go/godwit/trip"
)

// maxRedirects is how many redirects are followed (RFC 9309, section 2.3.1.2).
const maxRedirects = 5

// fetch gets the robots.txt of the site of req. An error means that it could not
// even be asked for, which says nothing about the site.
func (t *Transport) fetch(ctx context.Context, req *http.Request, old *Rules) (copied, error) {
	ctx, cancel := context.WithTimeout(ctx, t.cfg.FetchTimeout)
	defer cancel()
	resp, err := t.follow(ctx, req)
	if err == nil {
		defer trip.Discard(resp, cancel)
		var body []byte
		if resp.StatusCode/100 == 2 {
			body, err = io.ReadAll(io.LimitReader(resp.Body, MaxBytes+1))
		}
		if err == nil {
			return t.judge(resp, body, old), nil
		}
	}
	var judged trip.Judged
	if ctx.Err() != nil || !errors.As(err, &judged) {
		return t.unreachable(err, old), nil
	}
	switch o := judged.Outcome(); {
	case o.Verdict == trip.Local, o.Verdict == trip.ProxyError:
		return copied{}, err
	case o.Status/100 == 4: // a layer has made an error of the answer, as of a challenge
		return t.everything(t.cfg.Retry), nil
	default:
		return t.unreachable(err, old), nil
	}
}

// everything allows everything for some time.
func (t *Transport) everything(lifetime time.Duration) copied {
	return copied{rules: new(Rules), expires: time.Now().Add(lifetime)}
}

// judge draws the conclusions from an answer to robots.txt.
func (t *Transport) judge(resp *http.Response, body []byte, old *Rules) copied {
	switch {
	case resp.StatusCode >= 500:
		return t.unreachable(statusError(resp.StatusCode), old)
	case resp.StatusCode/100 == 2:
		return copied{rules: Parse(body, t.cfg.Agent), expires: time.Now().Add(t.lifetime(resp.Header))}
	case resp.StatusCode == http.StatusTooManyRequests:
		return t.everything(t.cfg.Retry)
	default:
		return t.everything(t.cfg.TTL)
	}
}

// unreachable falls back on the old copy: the RFC allows it as long as there is no
// newer one to be had.
func (t *Transport) unreachable(cause error, old *Rules) copied {
	return copied{rules: old, cause: cause, expires: time.Now().Add(t.cfg.Retry)}
}

// lifetime is how long an answer may be used.
func (t *Transport) lifetime(h http.Header) time.Duration {
	for directive := range strings.SplitSeq(strings.Join(h.Values("Cache-Control"), ","), ",") {
		name, value, _ := strings.Cut(strings.ToLower(strings.TrimSpace(directive)), "=")
		switch name {
		case "no-store", "no-cache":
			return t.cfg.Retry
		case "max-age":
			if age, err := strconv.ParseUint(strings.Trim(value, `"`), 10, 31); err == nil {
				return min(max(time.Duration(age)*time.Second, t.cfg.Retry), t.cfg.TTL)
			}
		}
	}
	return t.cfg.TTL
}

// follow asks for the robots.txt of the site of req and follows redirects. More of
// them than allowed count like 404, so the last redirect is returned.
func (t *Transport) follow(ctx context.Context, req *http.Request) (*http.Response, error) {
	target := &url.URL{Scheme: req.URL.Scheme, Host: req.URL.Host, Path: "/robots.txt"}
	for hops := 0; ; hops++ {
		resp, err := t.ask(ctx, req, target)
		if err != nil {
			return nil, err
		}
		next, err := resp.Location()
		if resp.StatusCode/100 != 3 || err != nil || hops == maxRedirects || next.Scheme != "http" && next.Scheme != "https" {
			return resp, nil
		}
		trip.Discard(resp, nil)
		target = next
	}
}

// ask sends one request in a call of its own, so that it does not show up as an
// attempt of the call it is made for.
func (t *Transport) ask(ctx context.Context, of *http.Request, target *url.URL) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, target.String(), nil)
	if err != nil {
		return nil, err
	}
	if ua, ok := of.Header["User-Agent"]; ok {
		req.Header["User-Agent"] = ua
	}
	spec := trip.Spec{}
	if call := trip.FromContext(of.Context()); call != nil && target.Host == of.URL.Host {
		spec = trip.Spec{Domain: call.Domain(), Policy: call.Policy()}
	}
	callCtx, _ := trip.Start(req, spec)
	resp, err := t.cfg.Fetch.RoundTrip(req.WithContext(callCtx))
	if err != nil {
		return nil, err
	}
	if resp.Request == nil {
		resp.Request = req // what a relative Location is resolved against
	}
	return resp, nil
}

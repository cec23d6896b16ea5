package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"sync"
	"time"

	"github.com/godwit-go/godwit/proxypool"
	"github.com/godwit-go/godwit/trip"
)

// A result is what a check of one proxy found.
type result struct {
	Proxy   string        `json:"proxy"`
	Scheme  string        `json:"scheme"`
	Country string        `json:"country,omitempty"`
	OK      bool          `json:"ok"`
	Took    time.Duration `json:"-"`
	Millis  int64         `json:"ms"`
	Exit    string        `json:"exit,omitempty"` // the address that the target saw
	// Protocols are those that went through: http (relayed), https, and h2 inside of it.
	Protocols []string `json:"protocols,omitempty"`
	Status    int      `json:"status,omitempty"`
	Reason    string   `json:"reason,omitempty"` // why it failed
	Phase     string   `json:"phase,omitempty"`  // where
}

// checkAll checks the proxies, some at a time, and draws a progress bar. When ctx
// ends, the rest is left out.
func checkAll(ctx context.Context, o options, proxies []proxypool.Proxy, progress io.Writer) []result {
	var (
		mu      sync.Mutex
		results []result
		working int
		wg      sync.WaitGroup
		places  = make(chan struct{}, o.parallel)
	)
	bar(progress, 0, len(proxies), 0)
	for _, p := range proxies {
		select {
		case places <- struct{}{}:
		case <-ctx.Done():
		}
		if ctx.Err() != nil {
			break
		}
		wg.Go(func() {
			defer func() { <-places }()
			r := check(ctx, o, p)
			mu.Lock()
			defer mu.Unlock()
			results = append(results, r)
			if r.OK {
				working++
			}
			bar(progress, len(results), len(proxies), working)
		})
	}
	wg.Wait()
	fmt.Fprintln(progress)
	return results
}

// check fetches the URL by one proxy, and then tries the other scheme.
func check(ctx context.Context, o options, p proxypool.Proxy) result {
	r := result{Proxy: p.Label, Country: p.Country}
	if u := p.URL(); u != nil {
		r.Scheme = u.Scheme
	}
	rt, err := proxypool.New(nil, proxypool.Config{
		Source:    func(context.Context) ([]proxypool.Proxy, error) { return []proxypool.Proxy{p}, nil },
		EmptyWait: -1,
		Faults:    proxypool.Gating{After: -1},
		TLS:       &tls.Config{InsecureSkipVerify: o.insecure, MinVersion: tls.VersionTLS12},
	})
	if err != nil {
		r.Reason = err.Error()
		return r
	}
	defer rt.Pool().Close()
	page, err := fetch(ctx, rt, o.url, o.timeout)
	r.Took, r.Millis, r.Status = page.took, page.took.Milliseconds(), page.status
	if err != nil {
		r.Reason, r.Phase = explain(err)
		return r
	}
	if page.status == http.StatusProxyAuthRequired {
		r.Reason, r.Phase = "login refused", trip.ProxyConnect.String()
		return r
	}
	r.OK = page.status < 400
	if !r.OK {
		r.Reason = fmt.Sprintf("status %d", page.status)
	}
	r.Exit, r.Protocols = page.exit, page.protocols
	if other := otherScheme(o.url); other != "" && r.OK {
		if page, err := fetch(ctx, rt, other, o.timeout); err == nil && page.status < 400 {
			r.Protocols = append(r.Protocols, page.protocols...)
		}
	}
	return r
}

type page struct {
	took      time.Duration
	status    int
	exit      string
	protocols []string
}

const maxPage = 64 << 10

func fetch(ctx context.Context, rt http.RoundTripper, target string, limit time.Duration) (page, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	begin := time.Now()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, target, nil)
	if err != nil {
		return page{}, errors.New("bad URL")
	}
	resp, err := rt.RoundTrip(req)
	if err != nil {
		return page{took: time.Since(begin)}, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxPage))
	got := page{took: time.Since(begin), status: resp.StatusCode, exit: addressIn(body), protocols: []string{req.URL.Scheme}}
	if resp.ProtoMajor == 2 {
		got.protocols = append(got.protocols, "h2")
	}
	return got, err
}

// explain says in a few words why and where a fetch failed.
func explain(err error) (reason, phase string) {
	var byProxy *proxypool.ProxyError
	var judged trip.Judged
	switch {
	case errors.As(err, &byProxy) && byProxy.Status != 0:
		return fmt.Sprintf("proxy says %d", byProxy.Status), byProxy.Phase.String()
	case errors.As(err, &byProxy) && byProxy.Reply != 0:
		return fmt.Sprintf("SOCKS reply %d", byProxy.Reply), byProxy.Phase.String()
	case errors.As(err, &byProxy) && byProxy.Cause != "":
		return byProxy.Cause, byProxy.Phase.String()
	case errors.Is(err, context.Canceled):
		return "interrupted", ""
	case errors.As(err, &judged):
		o := judged.Outcome()
		if o.Timeout {
			return "timeout", o.Phase.String()
		}
		cause := err
		for next := errors.Unwrap(cause); next != nil; next = errors.Unwrap(cause) {
			cause = next
		}
		return cause.Error(), o.Phase.String()
	}
	return "body broke off", trip.Body.String()
}

// otherScheme is the same page by http in place of https or the reverse; empty
// for a URL with a port, which speaks one of them only.
func otherScheme(target string) string {
	u, err := url.Parse(target)
	if err != nil || u.Port() != "" {
		return ""
	}
	u.Scheme = map[string]string{"http": "https", "https": "http"}[u.Scheme]
	return u.String()
}

var addressLike = regexp.MustCompile(`[0-9A-Fa-f:.]{3,45}`)

// addressIn returns the first IP address in a page; services that tell the
// caller's address answer with it alone or in JSON.
func addressIn(body []byte) string {
	for _, word := range addressLike.FindAll(body, 1000) {
		if addr, err := netip.ParseAddr(string(word)); err == nil {
			return addr.String()
		}
	}
	return ""
}

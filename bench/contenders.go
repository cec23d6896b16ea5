package main

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/PuerkitoBio/rehttp"
	"github.com/failsafe-go/failsafe-go/circuitbreaker"
	"github.com/failsafe-go/failsafe-go/failsafehttp"
	"github.com/failsafe-go/failsafe-go/ratelimiter"
	"github.com/failsafe-go/failsafe-go/timeout"
	"github.com/hashicorp/go-retryablehttp"

	"github.com/godwit-go/godwit"
	"github.com/godwit-go/godwit/breaker"
	"github.com/godwit-go/godwit/headers"
	"github.com/godwit-go/godwit/ratelimit"
	"github.com/godwit-go/godwit/retry"
)

// contender is a stack of wrappers around the stub. All but the bare one retry
// or break with their own defaults; none of them ever has to.
type contender struct {
	name   string
	header int // how many header fields the caller's request has
	wrap   func(base http.RoundTripper) (http.RoundTripper, error)
}

func contenders() []contender {
	return []contender{
		{"bare stub", 2, func(base http.RoundTripper) (http.RoundTripper, error) { return base, nil }},
		{"rehttp", 2, rehttpRetry(0)},
		{"rehttp, attempt timeout", 2, rehttpRetry(30 * time.Second)},
		{"go-retryablehttp", 2, retryable},
		{"failsafe retry", 2, failsafeRetry},
		{"failsafe breaker", 2, failsafeBreaker},
		{"failsafe retry, breaker", 2, failsafeBoth},
		{"failsafe retry, breaker, limiter, timeout", 2, failsafeFour},
		{"godwit retry", 2, func(base http.RoundTripper) (http.RoundTripper, error) { return retry.New(base, retry.Config{}) }},
		{"godwit breaker", 2, func(base http.RoundTripper) (http.RoundTripper, error) { return breaker.New(base, breaker.Config{}) }},
		{"godwit retry, breaker", 2, retryBreaker},
		{"bare stub, 12 headers", 12, func(base http.RoundTripper) (http.RoundTripper, error) { return base, nil }},
		{"godwit whole chain, caller's 12 headers", 12, chain(godwit.Policy{Headers: headers.Config{UserAgent: "bench/1.0"}})},
		{"godwit whole chain, a browser's headers", 2, chain(godwit.Policy{})},
	}
}

func rehttpRetry(perAttempt time.Duration) func(http.RoundTripper) (http.RoundTripper, error) {
	return func(base http.RoundTripper) (http.RoundTripper, error) {
		rt := rehttp.NewTransport(base,
			rehttp.RetryAll(rehttp.RetryMaxRetries(3), rehttp.RetryStatuses(retry.DefaultStatuses()...)),
			rehttp.ExpJitterDelay(time.Second, time.Minute))
		rt.PerAttemptTimeout = perAttempt
		return rt, nil
	}
}

func retryable(base http.RoundTripper) (http.RoundTripper, error) {
	client := retryablehttp.NewClient()
	client.HTTPClient = &http.Client{Transport: base}
	client.Logger = nil
	return &retryablehttp.RoundTripper{Client: client}, nil
}

func failsafeRetry(base http.RoundTripper) (http.RoundTripper, error) {
	return failsafehttp.NewRoundTripper(base, failsafehttp.NewRetryPolicyBuilder().Build()), nil
}

func failsafeBreaker(base http.RoundTripper) (http.RoundTripper, error) {
	return failsafehttp.NewRoundTripper(base, circuitbreaker.NewWithDefaults[*http.Response]()), nil
}

func failsafeBoth(base http.RoundTripper) (http.RoundTripper, error) {
	return failsafehttp.NewRoundTripper(base,
		failsafehttp.NewRetryPolicyBuilder().Build(), circuitbreaker.NewWithDefaults[*http.Response]()), nil
}

func failsafeFour(base http.RoundTripper) (http.RoundTripper, error) {
	return failsafehttp.NewRoundTripper(base,
		failsafehttp.NewRetryPolicyBuilder().Build(),
		circuitbreaker.NewWithDefaults[*http.Response](),
		ratelimiter.NewBursty[*http.Response](1<<30, time.Second),
		timeout.New[*http.Response](30*time.Second)), nil
}

func retryBreaker(base http.RoundTripper) (http.RoundTripper, error) {
	inner, err := breaker.New(base, breaker.Config{})
	if err != nil {
		return nil, err
	}
	return retry.New(inner, retry.Config{})
}

// chain is the assembled Transport with every layer on, except that nothing has
// to wait for its turn. The robots.txt that it keeps to is fetched once.
func chain(p godwit.Policy) func(http.RoundTripper) (http.RoundTripper, error) {
	p.Rate = ratelimit.Config{Rate: -1, InFlight: 1 << 20}
	return func(base http.RoundTripper) (http.RoundTripper, error) {
		return godwit.New(base, godwit.Config{Default: p})
	}
}

// stub answers every request at once with 200 and 31 bytes.
type stub struct{}

const text = "the quick brown fox jumps, twic"

func (stub) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Body != nil {
		_ = req.Body.Close()
	}
	return &http.Response{
		Status: "200 OK", StatusCode: http.StatusOK, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header:        http.Header{"Content-Type": {"text/plain"}, "Date": {"Wed, 04 Mar 2026 10:00:00 GMT"}},
		Body:          io.NopCloser(strings.NewReader(text)),
		ContentLength: int64(len(text)),
		Request:       req,
	}, nil
}

var fields = [...][2]string{
	{"Accept", "text/html,application/xhtml+xml"},
	{"User-Agent", "Mozilla/5.0 (X11; Linux x86_64) bench/1.0"},
	{"Accept-Language", "en-US,en;q=0.9"},
	{"Accept-Encoding", "gzip, deflate, br, zstd"},
	{"Cache-Control", "max-age=0"},
	{"Upgrade-Insecure-Requests", "1"},
	{"Sec-Fetch-Site", "none"},
	{"Sec-Fetch-Mode", "navigate"},
	{"Sec-Fetch-User", "?1"},
	{"Sec-Fetch-Dest", "document"},
	{"Priority", "u=0, i"},
	{"Referer", "https://shop.test/"},
}

func (c contender) request() (*http.Request, error) {
	u, err := url.Parse("https://shop.test/products?page=1")
	if err != nil {
		return nil, err
	}
	req := &http.Request{Method: http.MethodGet, URL: u, Host: u.Host, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: make(http.Header)}
	for _, f := range fields[:c.header] {
		req.Header.Set(f[0], f[1])
	}
	return req, nil
}

// call returns a function that sends the request and reads the response to its end.
func (c contender) call() (func() error, error) {
	rt, err := c.wrap(stub{})
	if err != nil {
		return nil, err
	}
	req, err := c.request()
	if err != nil {
		return nil, err
	}
	return func() error {
		resp, err := rt.RoundTrip(req)
		if err != nil {
			return err
		}
		if _, err := io.Copy(io.Discard, resp.Body); err != nil {
			return err
		}
		return resp.Body.Close()
	}, nil
}

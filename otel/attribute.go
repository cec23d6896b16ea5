package otel

import (
	"net/http"
	"net/url"
	"strconv"

	"github.com/godwit-go/godwit/trip"
	"go.opentelemetry.io/otel/attribute"
)

const (
	domainKey   = attribute.Key("godwit.domain")
	policyKey   = attribute.Key("godwit.policy")
	attemptsKey = attribute.Key("godwit.attempts")
	costKey     = attribute.Key("godwit.cost_usd")
	attemptKey  = attribute.Key("godwit.attempt")
	egressKey   = attribute.Key("godwit.egress")
	verdictKey  = attribute.Key("godwit.verdict")
	resendKey   = attribute.Key("http.request.resend_count")
	statusKey   = attribute.Key("http.response.status_code")
)

type urlWriter func(*url.URL) string

// requested are the attributes that a request has before it is sent.
func (t *Tracer) requested(req *http.Request) []attribute.KeyValue {
	attrs := make([]attribute.KeyValue, 0, 8)
	name := methodName(req.Method)
	if name == "HTTP" {
		attrs = append(attrs, attribute.String("http.request.method", "_OTHER"), attribute.String("http.request.method_original", req.Method))
	} else {
		attrs = append(attrs, attribute.String("http.request.method", name))
	}
	if req.URL == nil {
		return attrs
	}
	return append(attrs,
		attribute.String("url.full", t.url(req.URL)),
		attribute.String("server.address", req.URL.Hostname()),
		attribute.Int("server.port", port(req.URL)))
}

// methodName is the method if it is one that everybody knows, else "HTTP": span
// names must be few.
func methodName(method string) string {
	switch method {
	case "":
		return http.MethodGet
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch,
		http.MethodDelete, http.MethodConnect, http.MethodOptions, http.MethodTrace, "QUERY":
		return method
	}
	return "HTTP"
}

func port(u *url.URL) int {
	if n, err := strconv.Atoi(u.Port()); err == nil {
		return n
	}
	if u.Scheme == "http" {
		return 80
	}
	return 443
}

func protocol(resp *http.Response) attribute.KeyValue {
	version := strconv.Itoa(resp.ProtoMajor)
	if resp.ProtoMajor == 1 {
		version += "." + strconv.Itoa(resp.ProtoMinor)
	}
	return attribute.String("network.protocol.version", version)
}

// errorType is one of few words: a status code, "timeout", "canceled" or a verdict.
func errorType(o trip.Outcome) string {
	switch {
	case o.Timeout:
		return "timeout"
	case o.Status >= 400:
		return strconv.Itoa(o.Status)
	}
	return o.Verdict.String()
}

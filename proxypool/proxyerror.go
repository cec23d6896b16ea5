package proxypool

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"

	"github.com/godwit-go/godwit/trip"
)

var (
	// ErrProxy is what every [ProxyError] is.
	ErrProxy = errors.New("proxypool: proxy failed")
	// ErrTarget is what every [TargetError] is.
	ErrTarget = errors.New("proxypool: exchange failed")
)

// ProxyError tells that a request did not get past its proxy: nothing was sent to
// the target.
type ProxyError struct {
	Proxy  string     // label
	Phase  trip.Phase // [trip.Dial], TLS to the proxy included, or [trip.ProxyConnect]
	Status int        // of the answer to CONNECT; 0 without one
	Reply  byte       // of a SOCKS server (RFC 1928, section 6); 0 without one
	// Cause is the error type of a Proxy-Status field (RFC 9209) or a similar
	// fixed word; it may be empty.
	Cause string
	// Target tells that the proxy works but could not reach the target. Whether
	// that is the target's fault or the proxy's, nobody knows: the verdict is an
	// ambiguous [trip.TargetError].
	Target bool
	Err    error // what lies behind it; nil when the proxy said it
}

// Error names the proxy by its label, and how far the request got.
func (e *ProxyError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "proxypool: proxy %s: %s", e.Proxy, e.Phase)
	if e.Target {
		b.WriteString(": target not reached")
	}
	if e.Status != 0 {
		fmt.Fprintf(&b, ": status %d", e.Status)
	}
	if e.Reply != 0 {
		fmt.Fprintf(&b, ": SOCKS reply %d (%s)", e.Reply, socksReplies[e.Reply])
	}
	if e.Cause != "" {
		b.WriteString(": " + e.Cause)
	}
	if e.Err != nil {
		b.WriteString(": " + e.Err.Error())
	}
	return b.String()
}

// Is makes errors.Is(err, ErrProxy) true.
func (*ProxyError) Is(target error) bool { return target == ErrProxy }

// Unwrap returns Err.
func (e *ProxyError) Unwrap() error { return e.Err }

// Timeout tells whether a time limit ran out.
func (e *ProxyError) Timeout() bool { return isTimeout(e.Err) }

// Temporary is part of net.Error.
func (e *ProxyError) Temporary() bool { return e.Timeout() }

// Outcome implements [trip.Judged].
func (e *ProxyError) Outcome() trip.Outcome {
	o := trip.Outcome{Verdict: trip.ProxyError, Phase: e.Phase, Status: e.Status, Timeout: e.Timeout(), Reason: "proxy " + e.Phase.String()}
	if e.Target {
		// The status is the proxy's, not the target's.
		o.Verdict, o.Ambiguous, o.Status, o.Reason = trip.TargetError, true, 0, "target not reached by proxy"
	}
	return o
}

// TargetError tells that an exchange failed once the way to the target was open:
// by the target, or by the way breaking.
type TargetError struct {
	Egress string     // label
	Phase  trip.Phase // [trip.TLS] or [trip.FirstByte]; [trip.Dial] only for the direct egress
	Direct bool       // no proxy was in between
	Err    error
}

// Error names the egress by its label, and how far the exchange got.
func (e *TargetError) Error() string {
	return fmt.Sprintf("proxypool: exchange by %s: %s: %v", e.Egress, e.Phase, e.Err)
}

// Is makes errors.Is(err, ErrTarget) true.
func (*TargetError) Is(target error) bool { return target == ErrTarget }

// Unwrap returns Err.
func (e *TargetError) Unwrap() error { return e.Err }

// Timeout tells whether a time limit ran out.
func (e *TargetError) Timeout() bool { return isTimeout(e.Err) }

// Temporary is part of net.Error.
func (e *TargetError) Temporary() bool { return e.Timeout() }

// Outcome implements [trip.Judged].
func (e *TargetError) Outcome() trip.Outcome {
	o := trip.Outcome{Verdict: trip.TargetError, Ambiguous: !e.Direct, Phase: e.Phase, Timeout: e.Timeout(), Reason: "connection"}
	if o.Timeout {
		o.Reason = "timeout"
	}
	return o
}

func isTimeout(err error) bool {
	var t interface{ Timeout() bool }
	return errors.As(err, &t) && t.Timeout()
}

// failure turns what a transport returned into a typed error: the one that says
// itself whose fault it is, such as one from our dialling or the caller's own
// body, else by the phase the exchange had reached.
func failure(err error, e *egress, phase trip.Phase) error {
	var (
		judged trip.Judged
		op     *net.OpError
	)
	phase &^= connected
	// A transport of the user's own reports no phases, but net's errors tell one.
	if phase == trip.FirstByte && errors.As(err, &op) && (op.Op == "dial" || op.Op == "proxyconnect") {
		phase = trip.Dial
	}
	switch {
	case errors.As(err, &judged):
		return judged
	case errors.Is(err, context.Canceled):
		return err
	case !e.direct && (phase == trip.Dial || phase == trip.ProxyConnect):
		return &ProxyError{Proxy: e.label(), Phase: phase, Err: err}
	}
	return &TargetError{Egress: e.label(), Phase: phase, Direct: e.direct, Err: err}
}

// refusal judges an answer to CONNECT other than success.
func refusal(label string, resp *http.Response) *ProxyError {
	e := &ProxyError{Proxy: label, Phase: trip.ProxyConnect, Status: resp.StatusCode}
	switch cause, target := proxyStatus(resp.Header); {
	case resp.StatusCode == http.StatusProxyAuthRequired:
	case cause != "":
		e.Cause, e.Target = cause, target
	default:
		switch resp.StatusCode {
		case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
			e.Target = true
		case http.StatusInternalServerError:
			e.Target = isTinyproxy(resp.Header)
		}
	}
	return e
}

func isTinyproxy(h http.Header) bool { return strings.HasPrefix(h.Get("Server"), "tinyproxy") }

// proxyStatus reads the error of a Proxy-Status field, or Squid's own header, and
// tells whether it speaks of the way from the proxy to the target.
func proxyStatus(h http.Header) (cause string, target bool) {
	for _, line := range h.Values("Proxy-Status") {
		// The last member is the proxy nearest to us; an error of any counts.
		for param := range strings.FieldsFuncSeq(line, func(r rune) bool { return r == ';' || r == ',' }) {
			name, value, _ := strings.Cut(strings.TrimSpace(param), "=")
			if name != "error" {
				continue
			}
			if target, known := proxyStatusErrors[value]; known {
				return value, target
			}
		}
	}
	code, _, _ := strings.Cut(h.Get("X-Squid-Error"), " ")
	if target, known := squidErrors[code]; known {
		return code, target
	}
	return "", false
}

// proxyStatusErrors are the error types of RFC 9209, section 2.3: true where they
// tell of the way from the proxy to the target.
var proxyStatusErrors = map[string]bool{
	"dns_timeout": true, "dns_error": true, "destination_not_found": true, "destination_unavailable": true,
	"destination_ip_prohibited": true, "destination_ip_unroutable": true, "connection_refused": true,
	"connection_terminated": true, "connection_timeout": true, "connection_read_timeout": true,
	"connection_write_timeout": true, "connection_limit_reached": true, "tls_protocol_error": true,
	"tls_certificate_error": true, "tls_alert_received": true, "http_response_incomplete": true,
	"http_response_timeout": true, "http_protocol_error": true,
	"http_request_error": false, "http_request_denied": false, "http_upgrade_failed": false,
	"proxy_internal_response": false, "proxy_internal_error": false, "proxy_configuration_error": false, "proxy_loop_detected": false,
}

var squidErrors = map[string]bool{
	"ERR_CONNECT_FAIL": true, "ERR_DNS_FAIL": true, "ERR_READ_TIMEOUT": true, "ERR_READ_ERROR": true,
	"ERR_WRITE_ERROR": true, "ERR_ZERO_SIZE_OBJECT": true, "ERR_LIFETIME_EXP": true, "ERR_SECURE_CONNECT_FAIL": true,
	"ERR_ACCESS_DENIED": false, "ERR_CACHE_ACCESS_DENIED": false, "ERR_CANNOT_FORWARD": false,
	"ERR_TOO_BIG": false, "ERR_INVALID_REQ": false, "ERR_INVALID_URL": false,
}

var _, _ net.Error = (*ProxyError)(nil), (*TargetError)(nil)

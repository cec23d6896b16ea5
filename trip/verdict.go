package trip

// Verdict is what one exchange turned out to be. It decides who is blamed and
// what happens next; the table in the documentation of package godwit shows how.
type Verdict uint8

const (
	// Unknown is the zero Verdict: nothing has been decided yet.
	Unknown Verdict = iota
	// OK is a response that is none of the below, 404 included.
	OK
	// TargetError is the target's own failure: 5xx except 501, a reset or a
	// timeout once the way to the target was open.
	TargetError
	// Throttled is 429, or 403 and 503 with Retry-After: too fast, not unwelcome.
	Throttled
	// Blocked is a ban: the target refuses this identity.
	Blocked
	// Challenge is a page that asks the visitor to prove something before it
	// gives the content.
	Challenge
	// ProxyError is the fault of the way out, before the target was reached.
	ProxyError
	// Canceled means that the caller gave up. Nobody is blamed.
	Canceled
	// Local means that nothing was sent: a bad URL, a body that cannot be
	// replayed, an open breaker, an empty pool; or that the request's own body
	// failed in mid-upload.
	Local
)

// Verdicts lists every verdict but [Unknown], for those who label or count.
var Verdicts = [...]Verdict{OK, TargetError, Throttled, Blocked, Challenge, ProxyError, Canceled, Local}

var verdictNames = [...]string{
	"unknown", "ok", "target_error", "throttled", "blocked", "challenge", "proxy_error", "canceled", "local",
}

// String returns the verdict in snake case, as metrics and logs have it.
func (v Verdict) String() string {
	if int(v) < len(verdictNames) {
		return verdictNames[v]
	}
	return verdictNames[Unknown]
}

// Phase is how far an exchange got before it failed.
type Phase uint8

const (
	// NoPhase is the zero Phase: the exchange did not fail, or it is not known where.
	NoPhase Phase = iota
	// Dial is the connection to the proxy, or without a proxy to the target.
	Dial
	// ProxyConnect is the CONNECT request or the SOCKS handshake.
	ProxyConnect
	// TLS is the handshake with the target.
	TLS
	// FirstByte is the wait between the written request and the response header.
	FirstByte
	// Body is the response body, after a header that looked fine.
	Body
	// Total is a deadline of the whole call or attempt that fell in no phase of its own.
	Total
)

var phaseNames = [...]string{"", "dial", "proxy_connect", "tls", "ttfb", "body", "total"}

// String returns the phase in snake case, as metrics and logs have it; empty for [NoPhase].
func (p Phase) String() string {
	if int(p) < len(phaseNames) {
		return phaseNames[p]
	}
	return ""
}

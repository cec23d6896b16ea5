package hostile

import (
	"errors"
	"net/netip"
	"slices"
	"time"
)

// ProxyConfig describes one forward proxy. Its zero value is a sound HTTP proxy
// without credentials.
type ProxyConfig struct {
	// Scheme is http, https or socks5. Default http.
	Scheme string
	// User and Password are the credentials that the proxy wants (RFC 7617, RFC
	// 1929). Default none: it serves everybody.
	User, Password string
	// Sessions makes the proxy a gateway to many exits, as residential providers have
	// it: whoever logs in as User-anything leaves from an exit that belongs to that
	// name. Default false.
	Sessions bool
	// Exit is the IP address that sites see its visitors at. Default: the next
	// loopback address that no proxy has, from 127.0.0.2 on. The sockets leave from
	// it where it is a loopback address and the system allows that; sites see it
	// either way.
	Exit string
	// Fault is what is wrong with the proxy. Default [ProxySound].
	Fault ProxyFault
	// Flap makes the fault come and go: the proxy is sound for this long, faulty for
	// this long, and so on. Default 0: the fault stays.
	Flap time.Duration
	// ProxyStatus is the Proxy-Status field (RFC 9209) of answers by which the proxy
	// refuses. Default none.
	ProxyStatus string
	// ResetAfter is how many bytes [ProxyReset] lets through to the visitor on each
	// connection. Default 2048.
	ResetAfter int64
	// Latency is how long the proxy thinks before it does anything. Default 0.
	Latency time.Duration
}

// Validate reports every problem of the configuration at once.
func (c ProxyConfig) Validate() error {
	var found problems
	if !slices.Contains([]string{"", "http", "https", "socks5"}, c.Scheme) {
		found.add("Scheme", c.Scheme, "http, https or socks5")
	}
	if _, err := netip.ParseAddr(c.Exit); c.Exit != "" && err != nil {
		found.add("Exit", c.Exit, "an IP address")
	}
	if c.Flap != 0 && c.Fault == ProxyRefuse {
		found.add("Flap", c.Flap, "a fault other than ProxyRefuse with it")
	}
	if c.Sessions && c.User == "" {
		found.add("Sessions", c.Sessions, "a User with it")
	}
	notNegative(&found, "Flap", c.Flap)
	notNegative(&found, "Latency", c.Latency)
	notNegative(&found, "ResetAfter", c.ResetAfter)
	if int(c.Fault) >= len(proxyFaultNames) {
		found.add("Fault", c.Fault, "one of ProxyFaults")
	}
	if c.User == "" && c.Password != "" {
		found.add("User", c.User, "the one whose Password it is")
	}
	return errors.Join(found...)
}

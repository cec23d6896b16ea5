package hostile

import (
	"net/url"
	"strconv"
	"strings"
)

// egress returns the address that the solver will work from: that of the client's
// proxy. Only proxies of the web can be reached.
func (s *Solver) egress(spec taskSpec) (string, *solverRefusal) {
	address, login, password := spec.ProxyAddress, spec.ProxyLogin, spec.ProxyPassword
	port := strconv.Itoa(spec.ProxyPort)
	if address == "" && spec.Proxy != "" {
		u := proxyText(spec.Proxy)
		address, port, login = u.Hostname(), u.Port(), u.User.Username()
		password, _ = u.User.Password()
	}
	if address == "" {
		return "", refuseBadProxy
	}
	proxy := s.web.proxyAt(address + ":" + port)
	switch {
	case proxy == nil || !proxy.reachable():
		return "", refuseProxyDead
	case !proxy.admits(login, password):
		return "", refuseProxySecret
	}
	return proxy.ExitOf(login), nil
}

// proxyText reads a proxy in one of the forms scheme://user:password@host:port,
// user:password@host:port, host:port:user:password and scheme:host:port:user:password.
func proxyText(text string) *url.URL {
	if !strings.Contains(text, "://") && !strings.Contains(text, "@") {
		parts := strings.Split(text, ":")
		if len(parts) == 3 || len(parts) == 5 {
			parts = parts[1:]
		}
		if len(parts) == 4 {
			return &url.URL{Scheme: "http", Host: parts[0] + ":" + parts[1], User: url.UserPassword(parts[2], parts[3])}
		}
		return &url.URL{Scheme: "http", Host: strings.Join(parts, ":")}
	}
	if !strings.Contains(text, "://") {
		text = "http://" + text
	}
	u, err := url.Parse(text)
	if err != nil {
		return new(url.URL)
	}
	return u
}

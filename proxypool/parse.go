package proxypool

import (
	"net/netip"
	"net/url"
	"strings"
)

// defaultPorts are the ports of the supported schemes.
var defaultPorts = map[string]string{"http": "80", "https": "443", "socks5": "1080", "socks5h": "1080"}

// ParseProxy reads a proxy in any of the forms that people have:
//
//	http://user:password@host:port        also https, socks5, socks5h
//	host:port                             http is meant
//	host:port:user:password
//	user:password@host:port
//	user:password:host:port
//
// The URL form takes what else there is to say as a query: label, kind (static or
// gateway), country, tier, weight, sessions:
//
//	http://user-session-{session}:password@gw.test:7000?label=gw&sessions=50
//
// socks5 and socks5h mean the same, as they do to net/http: the proxy resolves the
// names of targets. A DNS query of the machine's own would tell where it is going.
//
// In the URL form special characters of the login may be percent-encoded. Any
// other scheme is an error, as net/http would silently speak HTTP to it. No error
// quotes the input.
func ParseProxy(s string) (Proxy, error) {
	s = strings.TrimSpace(s)
	scheme, rest, isURL := strings.Cut(s, "://")
	if !isURL {
		f, err := splitPlain(s)
		if err != nil {
			return Proxy{}, err
		}
		return f.proxy()
	}
	f := fields{scheme: scheme}
	if _, ok := defaultPorts[strings.ToLower(scheme)]; !ok {
		return Proxy{}, errScheme
	}
	rest, tail := splitURL(rest)
	host := rest
	if at := strings.LastIndexByte(rest, '@'); at >= 0 {
		host = rest[at+1:]
		user, password, _ := strings.Cut(rest[:at], ":")
		f.user, f.password = unescape(user), unescape(password)
	}
	f.host, f.port = splitHost(host)
	if err := f.options(tail); err != nil {
		return Proxy{}, err
	}
	return f.proxy()
}

// splitURL cuts what follows the authority. A login may contain the characters
// that end an authority, so the cut is the first one behind the last @ that has a
// host behind it.
func splitURL(s string) (authority, tail string) {
	for at := len(s); at >= 0; {
		at = strings.LastIndexByte(s[:at], '@')
		host := s[at+1:]
		end := strings.IndexAny(host, "/?#")
		if end < 0 {
			end = len(host)
		}
		h, port := splitHost(host[:end])
		_, hostErr := cleanHost(h)
		_, portErr := cleanPort(port)
		if at < 0 || hostErr == nil && (port == "" || portErr == nil) {
			return s[:at+1+end], host[end:]
		}
	}
	return s, ""
}

func unescape(s string) string {
	if plain, err := url.PathUnescape(s); err == nil {
		return plain
	}
	return s // an unescaped percent sign, then
}

// splitHost cuts the port off; either may be missing.
func splitHost(s string) (host, port string) {
	if strings.HasPrefix(s, "[") {
		if end := strings.IndexByte(s, ']'); end > 0 && (end+1 == len(s) || s[end+1] == ':') {
			return s[1:end], strings.TrimPrefix(s[end+1:], ":")
		}
	}
	if i := strings.LastIndexByte(s, ':'); i >= 0 {
		return s[:i], s[i+1:]
	}
	return s, ""
}

// splitPlain reads the forms without a scheme.
func splitPlain(s string) (fields, error) {
	if at := strings.LastIndexByte(s, '@'); at >= 0 {
		login, addr := s[:at], s[at+1:]
		if !isAddress(addr) && isAddress(login) {
			login, addr = addr, login // host:port@user:password exists, too
		}
		f := fields{}
		f.host, f.port = splitHost(addr)
		f.user, f.password, _ = strings.Cut(login, ":")
		if f.port == "" {
			return f, errFormat
		}
		return f, nil
	}
	first := fields{}
	if strings.HasPrefix(s, "[") {
		end := strings.IndexByte(s, ']')
		if end < 0 {
			return first, errFormat
		}
		first.host, s = s[1:end], s[end+1:]
		if !strings.HasPrefix(s, ":") {
			return first, errFormat
		}
		s = "x" + s
	}
	parts := strings.Split(s, ":")
	n := len(parts)
	if first.host != "" {
		parts[0] = first.host
	}
	switch {
	case n == 2:
		return fields{host: parts[0], port: parts[1]}, nil
	case n < 4:
		return first, errFormat
	}
	front := fields{host: parts[0], port: parts[1], user: parts[2], password: strings.Join(parts[3:], ":")}
	back := fields{host: parts[n-2], port: parts[n-1], user: parts[0], password: strings.Join(parts[1:n-2], ":")}
	if rankHost(back) > rankHost(front) {
		return back, nil
	}
	return front, nil
}

func isAddress(s string) bool {
	host, port := splitHost(s)
	return rankHost(fields{host: host, port: port}) > 0
}

// rankHost tells how much like an address f reads: 0 not at all, 1 like a bare
// word with a number, 2 like a name with dots, 3 like an IP address.
func rankHost(f fields) int {
	host, err := cleanHost(f.host)
	if _, portErr := cleanPort(f.port); err != nil || portErr != nil {
		return 0
	}
	if _, err := netip.ParseAddr(host); err == nil {
		return 3
	}
	if strings.Contains(host, ".") || host == "localhost" {
		return 2
	}
	return 1
}

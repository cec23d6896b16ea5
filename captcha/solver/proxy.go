package solver

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// proxyForm writes the visitor's proxy into a task.
type proxyForm func(ctx context.Context, r *net.Resolver, p proxy, t *Task) error

// proxy is a proxy in its parts.
type proxy struct {
	scheme, host    string
	port            int
	login, password string
}

var proxyPorts = map[string]int{"http": 80, "https": 443, "socks4": 1080, "socks5": 1080}

// proxyParams are the parameters of a task that hold the proxy's credentials.
var proxyParams = [...]string{"proxy", "proxyLogin", "proxyPassword"}

func splitProxy(u *url.URL) (proxy, error) {
	p := proxy{scheme: strings.TrimSuffix(strings.ToLower(u.Scheme), "h"), host: u.Hostname()}
	p.scheme = strings.TrimSuffix(p.scheme, "a") // socks4a
	var known bool
	if p.port, known = proxyPorts[p.scheme]; !known {
		return p, fmt.Errorf("proxy scheme %.10q, want http, https, socks4 or socks5", u.Scheme)
	}
	if given := u.Port(); given != "" {
		port, err := strconv.Atoi(given)
		if err != nil {
			return p, fmt.Errorf("proxy port %.10q, want a number", given)
		}
		p.port = port
	}
	if u.User != nil {
		p.login = u.User.Username()
		p.password, _ = u.User.Password()
	}
	return p, nil
}

func (p proxy) address() string { return net.JoinHostPort(p.host, strconv.Itoa(p.port)) }

// proxyFields is how most of the createTask family has it.
func proxyFields(_ context.Context, _ *net.Resolver, p proxy, t *Task) error {
	t.Fields["proxyType"], t.Fields["proxyAddress"], t.Fields["proxyPort"] = p.scheme, p.host, p.port
	if p.login != "" {
		t.Fields["proxyLogin"], t.Fields["proxyPassword"] = p.login, p.password
	}
	return nil
}

// proxyAddress is proxyFields for a service that wants no host names.
func proxyAddress(ctx context.Context, r *net.Resolver, p proxy, t *Task) error {
	if _, err := netip.ParseAddr(p.host); err != nil {
		found, err := r.LookupNetIP(ctx, "ip", p.host)
		if err != nil {
			return err
		}
		p.host = found[0].Unmap().String()
	}
	return proxyFields(ctx, r, p, t)
}

// proxyString is CapSolver's: one string.
func proxyString(_ context.Context, _ *net.Resolver, p proxy, t *Task) error {
	s := p.scheme + ":" + p.address()
	if p.login != "" {
		s += ":" + p.login + ":" + p.password
	}
	t.Fields["proxy"] = s
	return nil
}

// proxyPair is that of in.php.
func proxyPair(_ context.Context, _ *net.Resolver, p proxy, t *Task) error {
	s := p.address()
	if p.login != "" {
		s = p.login + ":" + p.password + "@" + s
	}
	t.Fields["proxy"], t.Fields["proxytype"] = s, strings.ToUpper(p.scheme)
	return nil
}

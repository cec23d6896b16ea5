package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"sync/atomic"
	"time"

	"github.com/godwit-go/godwit"
	"github.com/godwit-go/godwit/breaker"
	"github.com/godwit-go/godwit/captcha"
	"github.com/godwit-go/godwit/captcha/solver"
	"github.com/godwit-go/godwit/hostile"
	"github.com/godwit-go/godwit/proxypool"
	"github.com/godwit-go/godwit/ratelimit"
	"github.com/godwit-go/godwit/retry"
	"github.com/godwit-go/godwit/secret"
	"github.com/godwit-go/godwit/trip"
)

// The demonstration's three domains.
const (
	shop    = "shop.test"    // bans by address, resets connections, asks for a reCAPTCHA
	news    = "news.test"    // fails in bursts, cuts pages short, limits the rate
	tickets = "tickets.test" // sits behind a managed challenge, and goes down for a while
)

// world is one hostile web with its proxies.
type world struct {
	*hostile.Web
	proxies []*url.URL
}

func newWorld(seed uint64) (*world, error) {
	web, err := hostile.Start(hostile.Config{
		Seed: seed,
		Sites: []hostile.SiteConfig{
			{Host: shop, Pages: 130, Hazards: []hostile.Hazard{
				hostile.Ban{Requests: 30, Window: time.Second, For: 5 * time.Second},
				hostile.Reset{OneIn: 30},
				hostile.ReCaptcha{Gate: hostile.Gate{After: 5}},
			}},
			{Host: news, Pages: 130, Hazards: []hostile.Hazard{
				hostile.RateLimit{Requests: 60, Window: time.Second, Shared: true},
				hostile.Burst{Every: 40, Length: 3},
				hostile.Truncate{OneIn: 25},
			}},
			{Host: tickets, Pages: 100, Hazards: []hostile.Hazard{
				hostile.Outage{After: 2 * time.Second, For: time.Second, RetryAfter: 2 * time.Second},
				hostile.Cloudflare{},
			}},
		},
	})
	if err != nil {
		return nil, err
	}
	w := &world{Web: web}
	for i := range 16 {
		cfg := hostile.ProxyConfig{User: fmt.Sprintf("crawler%d", i), Password: "demonstration"}
		switch {
		case i%4 == 3:
			cfg.Scheme = "socks5"
		case i == 1, i == 5:
			cfg.Fault = hostile.ProxyRefuse
		case i == 2:
			cfg.Fault = hostile.ProxyUnauthorized
		case i == 6:
			cfg.Fault = hostile.ProxyBadGateway
		case i == 9:
			cfg.Fault = hostile.ProxyTunnelGarbage
		case i == 10:
			cfg.Fault, cfg.Flap = hostile.ProxyUnavailable, 2*time.Second
		}
		p, err := web.AddProxy(cfg)
		if err != nil {
			web.Close()
			return nil, err
		}
		w.proxies = append(w.proxies, p.URL())
	}
	return w, nil
}

// pages are what a perfect client could get: all pages of all sites.
func (w *world) pages() map[string]bool {
	all := make(map[string]bool)
	for _, host := range []string{shop, news, tickets} {
		for _, u := range w.Site(host).URLs() {
			all[u] = true
		}
	}
	return all
}

func (w *world) frontier() *frontier {
	return newFrontier(w.Site(shop).URL("/"), w.Site(news).URL("/"), w.Site(tickets).URL("/"))
}

// demonstrate crawls the same web twice, each time from its beginning.
func demonstrate(ctx context.Context, o options, ops *operator, out, progress io.Writer) (int, error) {
	fmt.Fprintln(progress, "A hostile little web on loopback: three domains, 16 proxies of which half are no good.")
	naiveWorld, err := newWorld(o.seed)
	if err != nil {
		return exitLost, err
	}
	defer naiveWorld.Close()
	naive := newBoard("naive", naiveWorld.pages())
	naive.naive = true
	(&crawler{
		client: naiveWorld.naiveClient(), workers: o.workers, follow: true, accept: naiveWorld.isPage, board: naive,
	}).watched(ctx, progress, naiveWorld.naiveFrontier())

	w, err := newWorld(o.seed)
	if err != nil {
		return exitLost, err
	}
	defer w.Close()
	cfg, err := w.config()
	if err != nil {
		return exitLost, err
	}
	t, err := ops.newTransport(cfg)
	if err != nil {
		return exitLost, err
	}
	defer t.Close()
	board := newBoard("godwit", w.pages())
	(&crawler{
		client: t.Client(), workers: o.workers, follow: true, accept: w.isPage, board: board, session: visitor,
	}).watched(ctx, progress, w.frontier())

	report{naive: naive, godwit: board, stats: t.Stats(), facts: compare(naive, naiveWorld, w, t.Stats())}.write(out)
	return exitCode(len(board.wanted) - len(board.pages)), nil
}

// isPage tells a page from what is served in its place; other paths need not be
// fetched twice, so anything counts.
func (w *world) isPage(u string, body []byte) bool { return w.Check(u, body) }

// visitor spreads the pages of a domain over a few visitors, each of whom has to
// pass its challenges once.
func visitor(u string) string {
	if hostOf(u) == news {
		return ""
	}
	sum := 0
	for _, c := range u {
		sum += int(c)
	}
	return fmt.Sprintf("%s-%d", hostOf(u), sum%4)
}

// naiveClient is what a crawler starts out with: a plain http.Client that takes
// the proxies in turn.
func (w *world) naiveClient() *http.Client {
	var turn atomic.Uint64
	return &http.Client{
		Timeout: 10 * time.Second,
		Transport: &http.Transport{
			Proxy: func(*http.Request) (*url.URL, error) {
				return w.proxies[turn.Add(1)%uint64(len(w.proxies))], nil
			},
			TLSClientConfig:   &tls.Config{RootCAs: w.CertPool()},
			ForceAttemptHTTP2: true,
		},
	}
}

// naiveFrontier gives the plain client a fair start: all pages, since it would not
// even get the links of the ones it loses.
func (w *world) naiveFrontier() *frontier {
	return newFrontier(slices.Collect(maps.Keys(w.pages()))...)
}

// config is a policy per domain, as somebody who knows the three would write it.
func (w *world) config() (godwit.Config, error) {
	budget, err := captcha.NewBudget(captcha.BudgetConfig{Total: trip.Dollar / 2})
	if err != nil {
		return godwit.Config{}, err
	}
	paid := func(service string) (captcha.Config, error) {
		s, err := solver.New(solver.Config{
			Service: service,
			Key:     secret.Explicit(w.Solver().Key()),
			URL:     w.Solver().URL(),
			Poll:    solver.Poll{First: 10 * time.Millisecond, Every: 10 * time.Millisecond},
		})
		return captcha.Config{Solvers: []captcha.Solver{s}, Budget: budget}, err
	}
	forms, err := paid(solver.NameTwoCaptcha)
	if err != nil {
		return godwit.Config{}, err
	}
	clearances, err := paid(solver.NameCapSolver)
	if err != nil {
		return godwit.Config{}, err
	}
	addresses := make([]proxypool.Address, len(w.proxies))
	for i, p := range w.proxies {
		addresses[i] = proxypool.Address(p.String())
	}
	return godwit.Config{
		Default: godwit.Policy{
			Retry:   retry.Config{BaseDelay: 100 * time.Millisecond},
			Breaker: breaker.Config{OpenFor: time.Second, MaxOpenFor: 5 * time.Second},
			Buffer:  maxPage, // so that a page cut short is noticed, and fetched again
		},
		Domains: map[string]godwit.Policy{
			shop: {
				Pool:    "exits",
				Rate:    ratelimit.Config{Rate: 40, Burst: 5, InFlight: 8},
				Captcha: forms,
			},
			news: {
				Pool: godwit.Direct,
				Rate: ratelimit.Config{Rate: 40, Burst: 5, InFlight: 8},
			},
			tickets: {
				Pool:    "exits",
				Rate:    ratelimit.Config{Rate: 30, Burst: 5, InFlight: 8},
				Captcha: clearances,
			},
		},
		Pools: map[string]proxypool.Config{"exits": {
			Proxies:        addresses,
			TLS:            &tls.Config{RootCAs: w.CertPool()},
			ConnectTimeout: 2 * time.Second,
		}},
		Direct: proxypool.Config{NewTransport: func(*url.URL) (http.RoundTripper, error) { return w.Transport(), nil }},
	}, nil
}

// compare tells what the two webs saw.
func compare(naive *board, nw, w *world, stats godwit.Stats) []fact {
	sum := func(w *world) (c hostile.Counts, banned int) {
		for _, host := range []string{shop, news, tickets} {
			l := w.Site(host).Ledger()
			c.Requests += l.Requests
			c.Blocked += l.Blocked
			c.Throttled += l.Throttled
			c.Early += l.Early
			c.Challenged += l.Challenged
			for _, v := range l.Visitors {
				if v.Blocked > 0 {
					banned++
				}
			}
		}
		return c, banned
	}
	n, naiveBanned := sum(nw)
	g, banned := sum(w)
	wasted := 0
	for _, d := range stats.Domains {
		wasted += int(d.Exchanges - d.Verdicts[trip.OK.String()])
	}
	count := func(name string, naive, godwit int) fact { return fact{name, fmt.Sprint(naive), fmt.Sprint(godwit)} }
	return []fact{
		count("requests that arrived", n.Requests, g.Requests),
		count("wasted attempts", len(naive.wanted)-len(naive.pages), wasted),
		count("exits banned", naiveBanned, banned),
		count("ban pages served", n.Blocked, g.Blocked),
		count("came back too early", n.Early, g.Early),
		count("challenges met", n.Challenged, g.Challenged),
		{"CAPTCHA spend", trip.USD(nw.Solver().Ledger().Spent).String(), trip.USD(w.Solver().Ledger().Spent).String()},
	}
}

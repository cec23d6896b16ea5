package main

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/gocolly/colly/v2/proxy"

	"github.com/godwit-go/godwit/proxypool"
	"github.com/godwit-go/godwit/trip"
)

// picker chooses the way out of one request and is told that it was fine.
type picker struct {
	name string
	make func(proxies []string) (pick func() error, err error)
}

func pickers() []picker {
	return []picker{
		{"colly round robin", collyRoundRobin},
		{"godwit round robin", pool(proxypool.RoundRobin)},
		{"godwit gated", pool(proxypool.Gated)},
	}
}

// proxies are as many addresses as a good list has.
func proxies(n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf("http://10.0.%d.%d:8080", i/250, i%250+1)
	}
	return all
}

func collyRoundRobin(proxies []string) (func() error, error) {
	next, err := proxy.RoundRobinProxySwitcher(proxies...)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, "https://shop.test/", nil)
	if err != nil {
		return nil, err
	}
	return func() error {
		fresh := *req // it writes to the request
		_, err := next(&fresh)
		return err
	}, nil
}

func pool(s proxypool.Selection) func([]string) (func() error, error) {
	return func(proxies []string) (func() error, error) {
		cfg := proxypool.Config{Selection: s}
		for _, p := range proxies {
			cfg.Proxies = append(cfg.Proxies, proxypool.Address(p))
		}
		pool, err := proxypool.NewPool(cfg)
		if err != nil {
			return nil, err
		}
		return func() error {
			now := time.Now()
			l, err := pool.Pick(now, proxypool.Want{Domain: "shop.test"})
			if err == nil {
				l.Done(now, trip.Outcome{Verdict: trip.OK})
			}
			return err
		}, nil
	}
}

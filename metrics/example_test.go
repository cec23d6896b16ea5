package metrics_test

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/godwit-go/godwit/metrics"
	"github.com/godwit-go/godwit/trip"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

func ExampleNew() {
	collector, err := metrics.New(metrics.Config{Domains: []string{"shop.example"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	registry := prometheus.NewRegistry()
	registry.MustRegister(collector)
	collector.Watch(func() trip.State {
		return trip.State{Pools: []trip.PoolState{{Pool: "residential", Healthy: 95, Gated: 5}}}
	})

	// A Transport whose Observer is the collector sends events like this one.
	collector.Observe(context.Background(), &trip.ProxyPicked{Pool: "residential", Mode: "sticky"})

	page := httptest.NewRecorder()
	promhttp.HandlerFor(registry, promhttp.HandlerOpts{}).ServeHTTP(page, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	for lines := bufio.NewScanner(page.Body); lines.Scan(); {
		if line := lines.Text(); strings.Contains(line, `"healthy"`) || strings.Contains(line, `"sticky",pool="residential"`) {
			fmt.Println(line)
		}
	}
	// Output:
	// godwit_proxies{pool="residential",state="healthy"} 95
	// godwit_proxy_picks_total{mode="sticky",pool="residential"} 1
}

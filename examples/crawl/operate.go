package main

import (
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/godwit-go/godwit"
	"github.com/godwit-go/godwit/metrics"
	"github.com/godwit-go/godwit/trip"
)

// newTransport makes the Transport and, where listen is an address, serves its
// status page there. The func ends that.
func newTransport(cfg godwit.Config, listen string, progress io.Writer) (*godwit.Transport, func(), error) {
	if listen == "" {
		t, err := godwit.New(nil, cfg)
		return t, func() {}, err
	}
	collector, err := metrics.New(metrics.Config{Domains: slices.Collect(maps.Keys(cfg.Domains))})
	if err != nil {
		return nil, nil, err
	}
	registry := prometheus.NewRegistry()
	if err := registry.Register(collector); err != nil {
		return nil, nil, err
	}
	cfg.Observer = trip.Observers(cfg.Observer, collector)
	t, err := godwit.New(nil, cfg)
	if err != nil {
		return nil, nil, err
	}
	collector.Watch(t.State)
	l, err := net.Listen("tcp", listen)
	if err != nil {
		t.Close()
		return nil, nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("/", t.Handler())
	mux.Handle("/metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	srv := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = srv.Serve(l) }() // it ends with Close
	fmt.Fprintf(progress, "status page and metrics on http://%s/\n", l.Addr())
	return t, func() { _ = srv.Close() }, nil
}

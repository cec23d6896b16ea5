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

// operator serves what those who watch a crawl want to see. Without a listener it
// serves nothing.
type operator struct {
	listener net.Listener
	progress io.Writer
	server   http.Server
}

// listen takes the address, so that a wrong one is told before anything is
// crawled. An empty address is none.
func listen(address string, progress io.Writer) (*operator, error) {
	o := &operator{progress: progress}
	if address == "" {
		return o, nil
	}
	l, err := net.Listen("tcp", address)
	o.listener = l
	return o, err
}

// newTransport makes the Transport, and serves its status page and metrics.
func (o *operator) newTransport(cfg godwit.Config) (*godwit.Transport, error) {
	if o.listener == nil {
		return godwit.New(nil, cfg)
	}
	collector, err := metrics.New(metrics.Config{Domains: slices.Collect(maps.Keys(cfg.Domains))})
	if err != nil {
		return nil, err
	}
	registry := prometheus.NewRegistry()
	if err := registry.Register(collector); err != nil {
		return nil, err
	}
	cfg.Observer = trip.Observers(cfg.Observer, collector)
	t, err := godwit.New(nil, cfg)
	if err != nil {
		return nil, err
	}
	collector.Watch(t.State)
	mux := http.NewServeMux()
	mux.Handle("/", t.Handler())
	mux.Handle("/metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	o.server.Handler, o.server.ReadHeaderTimeout = mux, 10*time.Second
	go func() { _ = o.server.Serve(o.listener) }() // it ends with close
	fmt.Fprintf(o.progress, "status page and metrics on http://%s/\n", o.listener.Addr())
	return t, nil
}

func (o *operator) close() {
	if o.listener != nil {
		_ = o.server.Close()
		_ = o.listener.Close() // if it was never served
	}
}

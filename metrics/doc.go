// Package metrics shows Prometheus what godwit does, and brings the dashboard and
// the alerts that go with it.
//
// A [Collector] is a trip.Observer, which counts events, and a
// prometheus.Collector, which the user registers:
//
//	collector, err := metrics.New(metrics.Config{Domains: []string{"shop.example"}})
//	...
//	registry := prometheus.NewRegistry()
//	registry.MustRegister(collector)
//	transport, err := godwit.New(nil, godwit.Config{Observer: collector})
//	...
//	collector.Watch(transport.State) // pools, breakers, paces, budgets
//
// # Names
//
// All names begin with godwit_; units are seconds, bytes and US dollars. The words
// are those of the rest of the module, with one departure: what the names call a
// request is a call. The result and verdict labels hold a trip.Verdict. Labels
// never hold a URL, a proxy or a session. Domains of the configuration always have
// a series of their own; of the others the first [Config.MaxDomains] do, and the
// rest share the label "other".
//
// [Dashboard] returns a Grafana dashboard, [Alerts] the alerting rules, both for
// classic histograms, which are the default.
package metrics

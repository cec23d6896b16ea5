package metrics

import _ "embed"

//go:embed dashboard.json
var dashboard []byte

//go:embed alerts.yml
var alerts []byte

// Dashboard returns the "Proxy Pool Health Dashboard" as JSON, to be imported into
// Grafana or provisioned. It asks for its Prometheus data source when imported; the
// description of each panel is the question that it answers.
func Dashboard() []byte { return append([]byte(nil), dashboard...) }

// Alerts returns alerting rules as YAML, to be named under rule_files in the
// configuration of Prometheus.
func Alerts() []byte { return append([]byte(nil), alerts...) }

//go:build integration

package metrics_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/godwit-go/godwit/metrics"
	"github.com/stretchr/testify/require"
)

// program returns the path of one that `make integration` installs.
func program(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("%s is not installed", name)
	}
	return path
}

func run(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
}

func TestPromtoolAcceptsTheMetrics(t *testing.T) {
	c := collector(t, metrics.Config{APITimeouts: true})
	c.Watch(standing)
	for _, e := range everything("shop.test", "residential") {
		c.Observe(t.Context(), e)
	}
	cmd := exec.Command(program(t, "promtool"), "check", "metrics")
	cmd.Stdin = strings.NewReader(exposition(t, c))
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.Empty(t, string(out))
}

func TestPromtoolAcceptsTheAlertsAndTheirStories(t *testing.T) {
	promtool := program(t, "promtool")
	run(t, exec.Command(promtool, "check", "rules", "alerts.yml"))
	run(t, exec.Command(promtool, "test", "rules", "testdata/alerts_test.yml"))
}

// crawl runs the crawl example over and over, each time with other faults, until
// the test is over. It returns where its metrics are.
func crawl(t *testing.T) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "crawl")
	run(t, exec.Command("go", "build", "-o", binary, "../examples/crawl"))
	address := freeAddress(t)
	var wg sync.WaitGroup
	wg.Go(func() {
		for seed := 1; t.Context().Err() == nil; seed++ {
			cmd := exec.CommandContext(t.Context(), binary, "-listen", address, "-seed", strconv.Itoa(seed))
			cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
			if out, err := cmd.CombinedOutput(); err != nil && t.Context().Err() == nil {
				t.Errorf("crawl: %v\n%s", err, out)
				return
			}
		}
	})
	t.Cleanup(wg.Wait)
	return address
}

func TestEveryPanelAnswersWithFiniteSeriesInARealPrometheus(t *testing.T) {
	binary := program(t, "prometheus")
	target := crawl(t)

	dir := t.TempDir()
	rules, err := filepath.Abs("alerts.yml")
	require.NoError(t, err)
	config := filepath.Join(dir, "prometheus.yml")
	require.NoError(t, os.WriteFile(config, fmt.Appendf(nil, `
global: {scrape_interval: 1s, evaluation_interval: 1s}
rule_files: [%q]
scrape_configs:
  - job_name: godwit
    static_configs: [{targets: [%q]}]
`, rules, target), 0o600))
	address := freeAddress(t)
	var log bytes.Buffer
	cmd := exec.CommandContext(t.Context(), binary, "--config.file="+config, "--storage.tsdb.path="+dir, "--web.listen-address="+address)
	cmd.Stdout, cmd.Stderr = &log, &log
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Wait() })

	open := map[string]string{}
	for _, p := range load(t).Panels {
		for _, q := range p.Targets {
			expr := strings.NewReplacer("$__rate_interval", "5s", "$domain", ".*", "$pool", ".*").Replace(q.Expr)
			require.NotContains(t, expr, "$", p.Title)
			open[p.Title+" "+q.RefID] = expr
		}
	}
	began := time.Now()
	deadline := began.Add(90 * time.Second)
	tick := time.NewTicker(500 * time.Millisecond)
	defer tick.Stop()
	for len(open) > 0 && time.Now().Before(deadline) {
		<-tick.C
		for where, expr := range open {
			if finite(t, address, expr) {
				t.Logf("%-50s after %s", where, time.Since(began).Round(time.Second))
				delete(open, where)
			}
		}
	}
	require.Empty(t, open, "queries without a finite series; log of Prometheus:\n%s", &log)
	require.Contains(t, answer(t, address, "/api/v1/rules"), "GodwitPoolUnhealthy")
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return l.Addr().String()
}

func answer(t *testing.T, address, path string) string {
	t.Helper()
	resp, err := http.Get("http://" + address + path)
	if err != nil {
		return "" // not up yet
	}
	defer resp.Body.Close()
	var b bytes.Buffer
	_, err = b.ReadFrom(resp.Body)
	require.NoError(t, err)
	return b.String()
}

// finite tells whether a query yields a series, and none that is not a number.
func finite(t *testing.T, address, expr string) bool {
	t.Helper()
	var result struct {
		Status, Error string
		Data          struct{ Result []struct{ Value [2]any } }
	}
	body := answer(t, address, "/api/v1/query?query="+url.QueryEscape(expr))
	if json.Unmarshal([]byte(body), &result) != nil {
		return false
	}
	require.Equal(t, "success", result.Status, "%s: %s", expr, result.Error)
	good := 0
	for _, s := range result.Data.Result {
		v, err := strconv.ParseFloat(s.Value[1].(string), 64)
		require.NoError(t, err)
		if !math.IsNaN(v) && !math.IsInf(v, 0) {
			good++
		}
	}
	return good > 0
}

// plain turns the string enums of the schema into what JSON can hold.
const plain = `import { Dashboard } from '@grafana/schema';
type Plain<T> =
	T extends string ? ` + "`${T}`" + ` :
	T extends (infer U)[] ? Plain<U>[] :
	T extends object ? { [K in keyof T]: Plain<T[K]> } : T;`

// Grafana's own types know the model of a dashboard. Literals are only checked in
// TypeScript, not in an imported JSON file.
func TestTheDashboardFitsGrafanasSchema(t *testing.T) {
	npm, node := program(t, "npm"), program(t, "node")
	dir := t.TempDir()
	install := exec.Command(npm, "install", "--prefix", dir, "--no-audit", "--no-fund", "--ignore-scripts", "--legacy-peer-deps",
		"@grafana/schema@13.2.3", "typescript@5.9.3")
	run(t, install)
	check := func(dashboard []byte) ([]byte, error) {
		file := filepath.Join(dir, "dashboard.ts")
		source := fmt.Appendf(nil, "%s\nexport const d: Plain<Dashboard> = %s;\n", plain, dashboard)
		require.NoError(t, os.WriteFile(file, source, 0o600))
		tsc := exec.Command(node, filepath.Join(dir, "node_modules/typescript/bin/tsc"), "--noEmit", "--strict", "--skipLibCheck",
			"--moduleResolution", "bundler", "--module", "esnext", "--target", "es2022", file)
		tsc.Dir = dir
		return tsc.CombinedOutput()
	}
	out, err := check(metrics.Dashboard())
	require.NoError(t, err, "%s", out)
	out, err = check(bytes.Replace(metrics.Dashboard(), []byte(`"h": 1`), []byte(`"h": "1"`), 1))
	require.Error(t, err, "the check finds nothing")
	require.Contains(t, string(out), "is not assignable")
}

package metrics_test

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/godwit-go/godwit/metrics"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
)

// dashboard is what the tests need to know of Grafana's model.
type dashboard struct {
	UID           string
	Title         string
	SchemaVersion int
	Panels        []panel
	Templating    struct {
		List []struct {
			Name, Type string
			Query      any
		}
	}
}

type panel struct {
	ID          int
	Type, Title string
	Description string
	Datasource  datasource
	GridPos     struct{ X, Y, W, H int }
	FieldConfig struct{ Defaults struct{ Unit string } }
	Targets     []target
}

type target struct {
	Expr, LegendFormat, RefID string
	Datasource                datasource
}

type datasource struct{ Type, UID string }

func load(t testing.TB) dashboard {
	t.Helper()
	var d dashboard
	require.NoError(t, json.Unmarshal(metrics.Dashboard(), &d))
	return d
}

func TestTheDashboardIsWellFormed(t *testing.T) {
	d := load(t)
	require.Equal(t, "Proxy Pool Health Dashboard", d.Title)
	require.NotEmpty(t, d.UID)
	require.GreaterOrEqual(t, d.SchemaVersion, 39)
	require.NotRegexp(t, `https?://`, string(metrics.Dashboard()), "no absolute URLs")

	source := datasource{"prometheus", "${datasource}"}
	ids := map[int]string{}
	taken := map[[2]int]string{}
	for _, p := range d.Panels {
		require.Empty(t, ids[p.ID], "id %d of %s", p.ID, p.Title)
		ids[p.ID] = p.Title
		require.GreaterOrEqual(t, p.GridPos.X, 0)
		require.LessOrEqual(t, p.GridPos.X+p.GridPos.W, 24, p.Title)
		for x := range p.GridPos.W {
			for y := range p.GridPos.H {
				cell := [2]int{p.GridPos.X + x, p.GridPos.Y + y}
				require.Empty(t, taken[cell], "%s is over %s", p.Title, taken[cell])
				taken[cell] = p.Title
			}
		}
		require.Equal(t, source, p.Datasource, p.Title)
		if p.Type == "row" {
			continue
		}
		require.NotEmpty(t, p.FieldConfig.Defaults.Unit, "%s has no unit", p.Title)
		require.Contains(t, p.Description, "?", "%s does not say what it answers", p.Title)
		require.NotEmpty(t, p.Targets, p.Title)
		refs := map[string]bool{}
		for _, q := range p.Targets {
			require.Equal(t, source, q.Datasource, p.Title)
			require.False(t, refs[q.RefID], p.Title)
			refs[q.RefID] = true
		}
	}
	require.Equal(t, "datasource", d.Templating.List[0].Type)
}

// queries returns every expression of the dashboard and the alerts by where it stands.
func queries(t testing.TB) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, p := range load(t).Panels {
		for _, q := range p.Targets {
			all[p.Title+" "+q.RefID] = q.Expr
		}
	}
	var rules struct {
		Groups []struct {
			Rules []struct{ Alert, Expr string }
		}
	}
	require.NoError(t, yaml.Unmarshal(metrics.Alerts(), &rules))
	for _, g := range rules.Groups {
		for _, r := range g.Rules {
			all[r.Alert] = r.Expr
		}
	}
	return all
}

// shown returns the labels of every metric that the collector exposes.
func shown(t testing.TB) map[string][]string {
	t.Helper()
	c := collector(t, metrics.Config{APITimeouts: true})
	descs := make(chan *prometheus.Desc, 200)
	c.Describe(descs)
	close(descs)
	form := regexp.MustCompile(`fqName: "([^"]+)".*variableLabels: \{([^}]*)\}`)
	all := map[string][]string{}
	for d := range descs {
		m := form.FindStringSubmatch(d.String())
		require.NotNil(t, m, d)
		labels := strings.Split(m[2], ",")
		all[m[1]] = labels
		if strings.HasSuffix(m[1], "_seconds") || m[1] == "godwit_attempts_per_request" {
			for _, suffix := range []string{"_bucket", "_sum", "_count"} {
				all[m[1]+suffix] = append([]string{"le"}, labels...)
			}
		}
	}
	return all
}

var (
	selector = regexp.MustCompile(`\b([a-zA-Z_:][a-zA-Z0-9_:]*)(\{[^}]*\})?`)
	matcher  = regexp.MustCompile(`([a-z_]+)\s*(?:=~|!~|!=|=)\s*"`)
	grouping = regexp.MustCompile(`\b(by|ignoring|on|without|group_left)\s*\(([^)]*)\)`)
)

func TestEveryQuerySelectsWhatTheCollectorShows(t *testing.T) {
	known := shown(t)
	used := map[string]bool{}
	words := []string{"sum", "min", "max", "rate", "increase", "histogram_quantile", "clamp_max"}
	for where, expr := range queries(t) {
		t.Run(where, func(t *testing.T) {
			labels := map[string]bool{}
			for _, g := range grouping.FindAllStringSubmatch(expr, -1) {
				for l := range strings.SplitSeq(g[2], ",") {
					labels[strings.TrimSpace(l)] = true
				}
			}
			delete(labels, "")
			rest := regexp.MustCompile(`\[[^]]*\]`).ReplaceAllString(grouping.ReplaceAllString(expr, ""), "")
			var grouped []string // by what the selected metrics can be
			for _, s := range selector.FindAllStringSubmatch(rest, -1) {
				name := s[1]
				if slices.Contains(words, name) {
					continue
				}
				have, ok := known[name]
				require.True(t, ok, "%s is not shown", name)
				used[name] = true
				for _, m := range matcher.FindAllStringSubmatch(s[2], -1) {
					require.Contains(t, have, m[1], "label of %s", name)
				}
				grouped = append(grouped, have...)
			}
			for l := range labels {
				require.Contains(t, grouped, l, "label to group by")
			}
		})
	}
	for name := range known {
		base := strings.TrimSuffix(strings.TrimSuffix(strings.TrimSuffix(name, "_bucket"), "_sum"), "_count")
		if name == "api_request_timeouts_total" {
			continue // the same as another
		}
		require.True(t, used[base] || used[base+"_bucket"], "no panel shows %s", name)
	}
}

func TestTheRateWindowIsGrafanasOwn(t *testing.T) {
	for _, p := range load(t).Panels {
		for _, q := range p.Targets {
			require.Equal(t, strings.Count(q.Expr, "rate(")+strings.Count(q.Expr, "increase("), strings.Count(q.Expr, "[$__rate_interval]"), p.Title)
		}
	}
}

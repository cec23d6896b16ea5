package godwit_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "github.com/godwit-go/godwit"

// allowed lists what each package may import beside the standard library, package
// trip and internal/keyed, a leaf that bounds the state kept per domain. The packages
// named here never import each other or the root, except for captcha's own solvers
// and the leaf package secret.
var allowed = map[string][]string{
	"trip":           {},
	"internal/keyed": {},
	"secret":         {},
	"retry":          {},
	"breaker":        {"github.com/sony/gobreaker/v2"},
	"ratelimit":      {"golang.org/x/time/rate"},
	"robots":         {},
	"proxypool":      {"golang.org/x/net/publicsuffix", "golang.org/x/net/proxy", "golang.org/x/net/http/httpguts"},
	"headers":        {"github.com/andybalholm/brotli", "github.com/klauspost/compress", "golang.org/x/net/publicsuffix", "golang.org/x/net/http/httpguts", "golang.org/x/net/idna"},
	"captcha":        {"golang.org/x/net/html", module + "/secret"},
	"captcha/solver": {"golang.org/x/net/html", module + "/captcha", module + "/secret"},
	"metrics":        {"github.com/prometheus/client_golang"},
	"hostile":        {},
}

func TestPackagesImportOnlyWhatTheyMay(t *testing.T) {
	seen := map[string]bool{}
	for line := range strings.Lines(goList(t, "-f", `{{.ImportPath}} {{join .Imports " "}}`, "./...")) {
		fields := strings.Fields(line)
		pkg := strings.TrimPrefix(strings.TrimPrefix(fields[0], module), "/")
		may, held := allowed[pkg]
		if !held {
			continue // the root, examples and internal test packages are free
		}
		seen[pkg] = true
		for _, imp := range fields[1:] {
			ok := !strings.Contains(strings.Split(imp, "/")[0], ".") || // standard library
				imp == module+"/trip" ||
				imp == module+"/internal/keyed" ||
				slices.ContainsFunc(may, func(m string) bool { return imp == m || strings.HasPrefix(imp, m+"/") && !strings.HasPrefix(m, module) })
			require.True(t, ok, "%s imports %s", pkg, imp)
		}
	}
	require.Len(t, seen, len(allowed), "every package of the layout exists")
}

func TestOnlyMetricsLinksPrometheus(t *testing.T) {
	deps := goList(t, "-deps", ".", "./captcha/solver", "./proxypool", "./headers")
	require.NotContains(t, deps, "prometheus")
	require.NotContains(t, deps, "testify")
}

func goList(t *testing.T, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", append([]string{"list"}, args...)...)
	var said strings.Builder // of downloads, perhaps
	cmd.Stderr = &said
	out, err := cmd.Output()
	require.NoError(t, err, said.String())
	return string(out)
}

package godwit

import (
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// drawn returns the layers as doc.go draws them, outermost first.
func drawn(t *testing.T) []string {
	t.Helper()
	src, err := os.ReadFile("doc.go")
	require.NoError(t, err)
	line := regexp.MustCompile(`(?m)^//\s+└ \[?([\w.]+)\]?  `)
	var names []string
	for _, m := range line.FindAllStringSubmatch(string(src), -1) {
		names = append(names, strings.TrimPrefix(m[1], "Policy."))
	}
	return names
}

func TestTheDiagramTellsTheTruth(t *testing.T) {
	var visited []string
	probe := func(name string, next http.RoundTripper) http.RoundTripper {
		return roundTripperFunc(func(req *http.Request) (*http.Response, error) {
			visited = append(visited, name)
			return next.RoundTrip(req)
		})
	}
	pass := func(next http.RoundTripper) http.RoundTripper { return next }
	base := roundTripperFunc(func(req *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 200, Body: http.NoBody, Header: http.Header{}, Request: req}, nil
	})
	cfg := Config{Default: Policy{PerCall: []Middleware{pass}, PerExchange: []Middleware{pass}}}
	a, err := assembler{base: base, cfg: cfg, observer: newTally(), probe: probe}.assemble()
	require.NoError(t, err)
	defer a.close()

	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://shop.test/robots.txt", nil)
	require.NoError(t, err)
	_, err = a.match.fallback.entry.RoundTrip(req)
	require.NoError(t, err)

	want := drawn(t)
	require.Equal(t, "godwit.Transport", want[0])
	require.Equal(t, want[1:], visited, "the layers a request passed, outermost first")
}

type roundTripperFunc func(*http.Request) (*http.Response, error)

func (f roundTripperFunc) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

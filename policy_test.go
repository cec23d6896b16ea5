package godwit

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/godwit-go/godwit/retry"
)

func TestLongestPatternWins(t *testing.T) {
	m := newMatcher("default")
	for _, s := range []string{"example.com", "*.example.com", "*.shop.example.com", "example.com:8080", "*.example.com:8080", "*.bücher.test", "::1", "[::1]:99"} {
		p, err := parsePattern(s)
		require.NoError(t, err, s)
		m.add(p, s)
	}
	for url, want := range map[string]string{
		"https://example.com/":           "example.com",
		"https://EXAMPLE.com./":          "example.com",
		"https://example.com:8080/":      "example.com:8080",
		"http://www.example.com/":        "*.example.com",
		"http://www.example.com:8080/":   "*.example.com:8080",
		"https://a.b.shop.example.com/":  "*.shop.example.com",
		"https://shop.example.com/":      "*.example.com",
		"https://notexample.com/":        "default",
		"https://com/":                   "default",
		"https://www.BÜCHER.test/":       "*.bücher.test",
		"https://www.xn--bcher-kva.test": "*.bücher.test",
		"http://[::1]/":                  "::1",
		"http://[::1]:99/":               "[::1]:99",
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
		require.NoError(t, err)
		require.Equal(t, want, m.find(hostOf(req)), url)
	}
}

func TestAWrongPatternSaysWhatWouldBeRight(t *testing.T) {
	for s, want := range map[string]string{
		"https://example.com": "has a scheme, want a host name",
		"example.com/shop":    "has a path",
		"example.com:0":       `port "0" is out of range, want 1 to 65535`,
		"example.com:99999":   `port "99999" is out of range`,
		"example.com:http":    `port "http" is out of range`,
		"a.*.example.com":     "has a character that no host has",
		"user@example.com":    "has a character that no host has",
		"":                    "is no host name",
		"*.":                  "is no host name",
		"exa mple.com":        "has a character that no host has",
		"-a.test":             "is no host name",
		".example.com":        "is no host name",
		"a..example.com":      "is no host name",
	} {
		_, err := parsePattern(s)
		require.ErrorContains(t, err, want, "%q", s)
	}
}

func FuzzParsePattern(f *testing.F) {
	for _, s := range []string{"example.com", "*.a.b:80", "[::1]:2", "ü.test"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, err := parsePattern(s)
		if err != nil {
			return
		}
		again, err := parsePattern(p.String())
		require.NoError(t, err, "%q → %q", s, p.String())
		require.Equal(t, p, again)
	})
}

func TestAPolicyInheritsWhatItLeavesOut(t *testing.T) {
	base := Policy{Pool: "eu", Timeout: time.Minute, Retry: retry.Config{MaxAttempts: 7, MaxDelay: time.Second}}
	got := merged(base, Policy{Pool: Direct, Retry: retry.Config{MaxAttempts: 2}})
	require.Equal(t, Direct, got.Pool)
	require.Equal(t, time.Minute, got.Timeout)
	require.Equal(t, 2, got.Retry.MaxAttempts)
	require.Equal(t, time.Second, got.Retry.MaxDelay)
	require.Equal(t, 7, base.Retry.MaxAttempts, "the base is left alone")
}

func TestValidateNamesEveryField(t *testing.T) {
	err := Config{
		Default: Policy{Timeout: -1},
		Domains: map[string]Policy{
			"*.shop.test": {Retry: retry.Config{MaxAttempts: -3}, Pool: "nowhere"},
			"Shop.test":   {},
			"shop.test":   {},
			"a.test/b":    {},
		},
	}.Validate()
	for _, want := range []string{
		`Default.Timeout: -1ns, want a positive duration`,
		`Domains["*.shop.test"].Retry.MaxAttempts: -3, want`,
		`Domains["*.shop.test"].Pool: "nowhere", want one of direct`,
		`Domains["shop.test"]: the same domain as "Shop.test", want each once`,
		`Domains["a.test/b"]: has a path`,
	} {
		require.ErrorContains(t, err, want)
	}
}

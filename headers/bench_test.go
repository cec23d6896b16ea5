package headers_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/godwit-go/godwit/headers"
	"github.com/stretchr/testify/require"
)

func build(tb testing.TB, p headers.Profile) *headers.Generator {
	tb.Helper()
	g, err := p.Build()
	require.NoError(tb, err)
	return g
}

func parse(tb testing.TB, raw string) *url.URL {
	tb.Helper()
	u, err := url.Parse(raw)
	require.NoError(tb, err)
	return u
}

var english = []string{"en-US", "en"}

func benchSituations(tb testing.TB) map[string]*headers.Situation {
	page := parse(tb, "https://www.example.com/list?page=2")
	return map[string]*headers.Situation{
		"typed":  {URL: page, UserActivated: true},
		"link":   {URL: parse(tb, "https://www.example.com/item/7"), Initiator: page, UserActivated: true},
		"image":  {URL: parse(tb, "https://cdn.example.net/7.png"), Initiator: page, Kind: headers.Image},
		"fetch":  {URL: parse(tb, "https://www.example.com/api"), Initiator: page, Kind: headers.Fetch, Headers: []headers.Field{{Name: "X-Token", Value: "t"}}},
		"cookie": {URL: page, UserActivated: true, Cookies: "a=1; b=2; c=3"},
	}
}

func BenchmarkFields(b *testing.B) {
	for _, p := range []headers.Profile{
		{Browser: headers.Chrome, Version: 156, OS: headers.Windows, Languages: english},
		{Browser: headers.Firefox, Version: 153, OS: headers.Windows, Languages: english},
	} {
		g := build(b, p)
		for name, s := range benchSituations(b) {
			b.Run(string(p.Browser)+"/"+name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					g.Fields(s)
				}
			})
		}
	}
}

// twelve are the caller's headers that the project's own measure speaks of.
func twelve(tb testing.TB) *http.Request {
	req, err := http.NewRequest(http.MethodGet, "https://www.example.com/item/7?x=1", nil)
	require.NoError(tb, err)
	for _, n := range []string{
		"Accept", "Accept-Language", "Cache-Control", "Cookie", "Pragma", "X-Api-Key", "X-Client-Version", "X-Correlation-Id",
		"X-Forwarded-Prefix", "X-Request-Id", "X-Tenant", "X-Trace",
	} {
		req.Header.Set(n, "value")
	}
	return req
}

func stub(resp *http.Response) http.RoundTripper {
	return roundTripper(func(*http.Request) (*http.Response, error) { return resp, nil })
}

func BenchmarkRoundTrip(b *testing.B) {
	base := stub(&http.Response{StatusCode: 200, Header: http.Header{}, Body: http.NoBody})
	rt, err := headers.New(base, headers.Config{DecodedBelow: true, Seed: 7})
	require.NoError(b, err)
	req := twelve(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := rt.RoundTrip(req); err != nil {
			b.Fatal(err)
		}
	}
}

// The ceilings are promises of the package.
func TestGeneratingANavigationStaysWithinThreeAllocations(t *testing.T) {
	for _, p := range []headers.Profile{
		{Browser: headers.Chrome, Version: 156, OS: headers.Windows, Languages: english},
		{Browser: headers.Firefox, Version: 153, OS: headers.Linux, Languages: english},
		{Browser: headers.Safari, Version: 26, OS: headers.MacOS, Languages: english},
	} {
		g := build(t, p)
		for name, s := range benchSituations(t) {
			if s.Kind == headers.Navigate {
				n := testing.AllocsPerRun(1000, func() { g.Fields(s) })
				require.LessOrEqual(t, n, 3.0, "%s %s", p, name)
			}
		}
	}
}

func TestARoundTripAddsAtMostSevenAllocations(t *testing.T) {
	resp := &http.Response{StatusCode: 200, Header: http.Header{}, Body: http.NoBody}
	base := stub(resp)
	rt, err := headers.New(base, headers.Config{DecodedBelow: true, Seed: 7})
	require.NoError(t, err)
	req := twelve(t)
	n := testing.AllocsPerRun(1000, func() { _, _ = rt.RoundTrip(req) })
	require.LessOrEqual(t, n, 7.0)
}

// Whoever names a browser of his own must not pay for having it looked up each time.
func TestACallersUserAgentCostsNoMore(t *testing.T) {
	rt, err := headers.New(stub(&http.Response{StatusCode: 200, Header: http.Header{}, Body: http.NoBody}),
		headers.Config{DecodedBelow: true, Seed: 7})
	require.NoError(t, err)
	for _, ua := range []string{
		"crawler/1.0",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Safari/537.36",
	} {
		req := twelve(t)
		req.Header.Set("User-Agent", ua)
		n := testing.AllocsPerRun(1000, func() { _, _ = rt.RoundTrip(req) })
		require.LessOrEqual(t, n, 7.0, ua)
	}
}

package headers_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/godwit-go/godwit/headers"
	"github.com/stretchr/testify/require"
)

func TestTheReferrerPolicyDecidesWhatIsTold(t *testing.T) {
	const full, origin = "https://shop.test/a?q=1", "https://shop.test/"
	type told struct{ same, cross, downgrade string }
	for policy, want := range map[headers.ReferrerPolicy]told{
		"":                                  {full, origin, ""},
		headers.NoReferrer:                  {"", "", ""},
		headers.NoReferrerWhenDowngrade:     {full, full, ""},
		headers.SameOrigin:                  {full, "", ""},
		headers.Origin:                      {origin, origin, origin},
		headers.StrictOrigin:                {origin, origin, ""},
		headers.OriginWhenCrossOrigin:       {full, origin, origin},
		headers.StrictOriginWhenCrossOrigin: {full, origin, ""},
		headers.UnsafeURL:                   {full, full, full},
	} {
		page := parse(t, "https://user:pw@shop.test/a?q=1#part")
		for to, referer := range map[string]string{
			"https://shop.test/b": want.same, "https://other.test/": want.cross, "http://other.test/": want.downgrade,
		} {
			s := headers.Situation{URL: parse(t, to), Initiator: page, ReferrerPolicy: policy, Kind: headers.Fetch}
			require.Equal(t, referer, field(t, chrome156, s, "Referer"), "%s to %s", policy, to)
		}
	}
}

func TestFirefoxDoesNotTellOtherSitesMore(t *testing.T) {
	page := parse(t, "https://shop.test/a")
	image := headers.Situation{URL: parse(t, "https://other.test/"), Initiator: page, ReferrerPolicy: headers.UnsafeURL, Kind: headers.Image}
	require.Equal(t, "https://shop.test/", field(t, firefox153, image, "Referer"))
	image.URL = parse(t, "https://cdn.shop.test/")
	require.Equal(t, "https://shop.test/a", field(t, firefox153, image, "Referer"), "the same site")
	page2 := headers.Situation{URL: parse(t, "https://other.test/"), Initiator: page, ReferrerPolicy: headers.UnsafeURL}
	require.Equal(t, "https://shop.test/a", field(t, firefox153, page2, "Referer"), "a navigation")
}

func TestURLsAreWrittenAsBrowsersWriteThem(t *testing.T) {
	for raw, want := range map[string]string{
		"https://shop.test":                      "https://shop.test/",
		"https://SHOP.test:443/A?":               "https://shop.test/A?",
		"http://shop.test:443/#x":                "http://shop.test:443/",
		"https://[::1]:8443/a":                   "https://[::1]:8443/a",
		"https://bücher.test:8443/ü b?q=ü'#ü":    "https://xn--bcher-kva.test:8443/%C3%BC%20b?q=%C3%BC%27",
		"https://shop.test/it's|[a]%2Fb?a=|{}^`": "https://shop.test/it's|[a]%2Fb?a=|{}^`",
		"https://shop.test/a{b}%2f?x=<\"#y":      "https://shop.test/a%7Bb%7D%2f?x=%3C%22",
	} {
		u := parse(t, raw)
		s := headers.Situation{URL: u, Initiator: u, Kind: headers.Fetch, Protocol: headers.HTTP1, ReferrerPolicy: headers.UnsafeURL}
		require.Equal(t, want, field(t, chrome156, s, "Referer"), raw)
	}
	idn := headers.Situation{URL: parse(t, "http://xn--bcher-kva.test/"), Initiator: parse(t, "http://www.bücher.test/a"), ReferrerPolicy: headers.UnsafeURL}
	require.Equal(t, "http://www.xn--bcher-kva.test/a", field(t, chrome156, idn, "Referer"))
	require.Equal(t, "xn--bcher-kva.test", field(t, chrome156, headers.Situation{URL: parse(t, "http://bücher.test/")}, "Host"))
	idn.URL = parse(t, "https://bücher.test/")
	idn.Initiator = parse(t, "https://xn--bcher-kva.test/")
	require.Equal(t, "same-origin", field(t, chrome156, idn, "Sec-Fetch-Site"))
}

func TestAReferrerOnceTrimmedStaysTrimmed(t *testing.T) {
	s := headers.Situation{
		URL: parse(t, "https://shop.test/b"), Initiator: parse(t, "https://shop.test/a"),
		Redirects: []*url.URL{parse(t, "https://other.test/")},
	}
	require.Equal(t, "https://shop.test/", field(t, chrome156, s, "Referer"))
	s.Redirects = []*url.URL{parse(t, "http://shop.test/")}
	require.Empty(t, field(t, chrome156, s, "Referer"), "nor does it come back after a downgrade")
	s.Redirects, s.Initiator = nil, parse(t, "https://shop.test/"+strings.Repeat("x", 5000))
	require.Equal(t, "https://shop.test/", field(t, chrome156, s, "Referer"), "and a very long one is trimmed")
}

// TestPlainHTTPIsADowngradeEvenOnTheMachineItself: what is trusted there is the
// host, not the connection.
func TestPlainHTTPIsADowngradeEvenOnTheMachineItself(t *testing.T) {
	for _, p := range []headers.Profile{chrome156, firefox153} {
		s := headers.Situation{Kind: headers.Image, URL: parse(t, "http://localhost:8080/x"), Initiator: parse(t, "https://shop.test/a")}
		require.Empty(t, field(t, p, s, "Referer"), "%s", p)
		s.URL, s.Redirects = parse(t, "https://shop.test/x"), []*url.URL{parse(t, "http://127.0.0.1:8080/")}
		require.Empty(t, field(t, p, s, "Referer"), "%s", p)
		s.ReferrerPolicy = headers.Origin
		require.Equal(t, "https://shop.test/", field(t, p, s, "Referer"), "%s", p)
		form := headers.Situation{Method: "POST", HasBody: true, URL: parse(t, "http://localhost:8080/x"), Initiator: parse(t, "https://shop.test/a")}
		require.Equal(t, "null", field(t, p, form, "Origin"), "%s", p)
	}
}

// TestFirefoxTakesSchemesForOneSite where it decides on cookies and relaxed policies.
func TestFirefoxTakesSchemesForOneSite(t *testing.T) {
	s := headers.Situation{
		Kind: headers.Image, URL: parse(t, "https://www.shop.test/x"), Initiator: parse(t, "http://shop.test/a"),
		ReferrerPolicy: headers.UnsafeURL,
	}
	require.Equal(t, "cross-site", field(t, firefox153, s, "Sec-Fetch-Site"))
	require.Empty(t, field(t, firefox153, s, "Sec-Fetch-Storage-Access"))
	require.Equal(t, "http://shop.test/a", field(t, firefox153, s, "Referer"))
	require.Equal(t, "active", field(t, chrome156, s, "Sec-Fetch-Storage-Access"))
}

// TestFirefoxTrimsARelaxedPolicyForOneHopOnly, but the default one for good.
func TestFirefoxTrimsARelaxedPolicyForOneHopOnly(t *testing.T) {
	s := headers.Situation{
		Kind: headers.Fetch, URL: parse(t, "https://shop.test/x"), Initiator: parse(t, "https://shop.test/a"),
		Redirects: []*url.URL{parse(t, "https://other.test/go")},
	}
	for policy, want := range map[headers.ReferrerPolicy]string{
		headers.UnsafeURL: "https://shop.test/a", headers.OriginWhenCrossOrigin: "https://shop.test/a", "": "https://shop.test/",
	} {
		s.ReferrerPolicy = policy
		require.Equal(t, want, field(t, firefox153, s, "Referer"), policy)
	}
}

// TestFirefoxWritesANamedPolicysReferrerEarly, be it the default one.
func TestFirefoxWritesANamedPolicysReferrerEarly(t *testing.T) {
	s := headers.Situation{Kind: headers.IFrame, URL: parse(t, "https://shop.test/x"), Initiator: parse(t, "https://shop.test/a")}
	p := firefox153
	p.DNT = true
	require.Equal(t, "UA accept AL AE dnt referer UIR dest mode site priority te", order(t, p, s))
	s.ReferrerPolicy = headers.StrictOriginWhenCrossOrigin
	require.Equal(t, "UA accept AL AE referer dnt UIR dest mode site priority te", order(t, p, s))
}

func TestHowFarIsFar(t *testing.T) {
	for _, c := range []struct{ from, to, site string }{
		{"https://shop.test/", "https://shop.test:443/x", "same-origin"},
		{"https://SHOP.test/", "https://shop.test/x", "same-origin"},
		{"https://shop.test/", "https://shop.test:8443/", "same-site"},
		{"https://a.shop.co.uk/", "https://b.shop.co.uk/", "same-site"},
		{"https://a.co.uk/", "https://b.co.uk/", "cross-site"},
		{"https://a.github.io/", "https://b.github.io/", "cross-site"},
		{"http://shop.test/", "https://shop.test/", "cross-site"},
		{"http://127.0.0.1/", "http://127.0.0.2/", "cross-site"},
		{"http://localhost:1/", "http://localhost:2/", "same-site"},
		{"http://[::1]:1/", "http://[::1]:2/", "same-site"},
		{"https://shop.test/", "https://shop.test./", "same-site"},
	} {
		s := headers.Situation{URL: parse(t, c.to), Initiator: parse(t, c.from), Kind: headers.Fetch}
		require.Equal(t, c.site, field(t, chrome156, s, "Sec-Fetch-Site"), "%s to %s", c.from, c.to)
	}
}

func TestOriginIsHiddenOnceARedirectHasTaintedIt(t *testing.T) {
	a, b, c := parse(t, "https://a.test/"), parse(t, "https://b.test/"), parse(t, "https://c.test/")
	cors := headers.Situation{Kind: headers.Fetch, URL: b, Initiator: a}
	require.Equal(t, "https://a.test", field(t, chrome156, cors, "Origin"))
	cors.Redirects = []*url.URL{a}
	require.Equal(t, "https://a.test", field(t, firefox153, cors, "Origin"), "it was at home until now")
	cors.Redirects = []*url.URL{c}
	for _, p := range []headers.Profile{chrome156, firefox153, on(headers.Safari, 26, headers.MacOS)} {
		require.Equal(t, "null", field(t, p, cors, "Origin"), "%s", p)
	}
	form := headers.Situation{Method: "POST", HasBody: true, URL: b, Initiator: a, Redirects: []*url.URL{a}}
	require.Equal(t, "null", field(t, chrome156, form, "Origin"), "Chromium's navigations are stricter")
	require.Equal(t, "https://a.test", field(t, firefox153, form, "Origin"))
}

func TestPreflightsCarryNoCookies(t *testing.T) {
	s := headers.Situation{
		Kind: headers.Preflight, URL: parse(t, "https://other.test/"), Initiator: parse(t, "https://shop.test/"),
		Credentials: headers.CredentialsInclude, Cookies: "a=1",
	}
	for _, p := range []headers.Profile{chrome156, firefox153, on(headers.Safari, 26, headers.MacOS)} {
		require.Empty(t, field(t, p, s, "Cookie"), "%s", p)
	}
}

func TestPreflightsAskForWhatIsNotSafelisted(t *testing.T) {
	page, other := parse(t, "https://shop.test/"), parse(t, "https://other.test/")
	for want, list := range map[string][]headers.Field{
		"":                          {{Name: "Accept", Value: "x/y"}, {Name: "Content-Type", Value: "text/plain;charset=UTF-8"}, {Name: "Content-Language", Value: "de"}},
		"content-type":              {{Name: "Content-Type", Value: "application/json"}},
		"a-first,authorization,x-b": {{Name: "X-B", Value: "1"}, {Name: "Authorization", Value: "b"}, {Name: "a-first", Value: "2"}, {Name: "x-b", Value: "3"}},
		"accept":                    {{Name: "Accept", Value: strings.Repeat("a", 129)}},
		"accept-language":           {{Name: "Accept-Language", Value: "de{"}},
		"range":                     {{Name: "Range", Value: "bytes=-5"}},
	} {
		s := headers.Situation{Kind: headers.Preflight, Method: "OPTIONS", RequestMethod: "PUT", URL: other, Initiator: page, Headers: list}
		for _, p := range []headers.Profile{chrome156, firefox153} {
			require.Equal(t, want, field(t, p, s, "Access-Control-Request-Headers"))
			require.Equal(t, "PUT", field(t, p, s, "Access-Control-Request-Method"))
			require.Empty(t, field(t, p, s, "sec-ch-ua"))
		}
	}
	require.Empty(t, field(t, chrome156, headers.Situation{
		Kind: headers.Preflight, Method: "OPTIONS", URL: other, Initiator: page,
		Headers: []headers.Field{{Name: "Range", Value: "bytes=5-"}},
	}, "Access-Control-Request-Headers"))
}

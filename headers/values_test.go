package headers_test

import (
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/godwit-go/godwit/headers"
	"github.com/stretchr/testify/require"
)

func itoa(n int) string { return strconv.Itoa(n) }

// field returns one header of a request for https://shop.test/ by a page of that
// origin, or by the user where it is a navigation.
func field(t *testing.T, p headers.Profile, s headers.Situation, n string) string {
	t.Helper()
	if s.URL == nil {
		s.URL = parse(t, "https://shop.test/")
	}
	if s.Initiator == nil && s.Kind > headers.HardReload {
		s.Initiator = parse(t, "https://shop.test/page")
	}
	list, err := headers.Generate(p, s)
	require.NoError(t, err)
	return list.Get(n)
}

func on(b headers.Browser, version int, system headers.OS) headers.Profile {
	return headers.Profile{Browser: b, Version: version, OS: system, Languages: english}
}

func TestUserAgents(t *testing.T) {
	const webkit = " AppleWebKit/537.36 (KHTML, like Gecko) "
	tablet, headless, safari := on(headers.Chrome, 156, headers.Android), on(headers.Chrome, 156, headers.Linux), on(headers.Safari, 26, headers.IOS)
	tablet.Tablet, headless.Headless, safari.FullVersion = true, true, "26.4"
	first, crios := on(headers.Safari, 26, headers.IOS), on(headers.Chrome, 150, headers.IOS)
	first.FullVersion, crios.FullVersion = "26.0", "150.0.7871.100"
	old := on(headers.Safari, 18, headers.IOS)
	old.FullVersion = "18.5"
	for want, p := range map[string]headers.Profile{
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64)" + webkit + "Chrome/156.0.0.0 Safari/537.36":                                                           on(headers.Chrome, 156, headers.Windows),
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)" + webkit + "Chrome/156.0.0.0 Safari/537.36":                                                     on(headers.Chrome, 156, headers.MacOS),
		"Mozilla/5.0 (X11; Linux x86_64)" + webkit + "HeadlessChrome/156.0.0.0 Safari/537.36":                                                             headless,
		"Mozilla/5.0 (Linux; Android 10; K)" + webkit + "Chrome/156.0.0.0 Mobile Safari/537.36":                                                           on(headers.Chrome, 156, headers.Android),
		"Mozilla/5.0 (Linux; Android 10; K)" + webkit + "Chrome/156.0.0.0 Safari/537.36":                                                                  tablet,
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64)" + webkit + "Chrome/156.0.0.0 Safari/537.36 Edg/156.0.0.0":                                             on(headers.Edge, 156, headers.Windows),
		"Mozilla/5.0 (Linux; Android 10; K)" + webkit + "Chrome/156.0.0.0 Mobile Safari/537.36 EdgA/156.0.0.0":                                            on(headers.Edge, 156, headers.Android),
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:153.0) Gecko/20100101 Firefox/153.0":                                                                on(headers.Firefox, 153, headers.Windows),
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:153.0) Gecko/20100101 Firefox/153.0":                                                            on(headers.Firefox, 153, headers.MacOS),
		"Mozilla/5.0 (X11; Linux x86_64; rv:109.0) Gecko/20100101 Firefox/117.0":                                                                          on(headers.Firefox, 117, headers.Linux),
		"Mozilla/5.0 (X11; Linux x86_64; rv:120.0) Gecko/20100101 Firefox/120.0":                                                                          on(headers.Firefox, 120, headers.Linux),
		"Mozilla/5.0 (Android 16; Mobile; rv:109.0) Gecko/117.0 Firefox/117.0":                                                                            on(headers.Firefox, 117, headers.Android),
		"Mozilla/5.0 (Android 16; Mobile; rv:150.0) Gecko/150.0 Firefox/150.0":                                                                            on(headers.Firefox, 150, headers.Android),
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Safari/605.1.15":                           on(headers.Safari, 26, headers.MacOS),
		"Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.4 Mobile/15E148 Safari/604.1":         safari,
		"Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Mobile/15E148 Safari/604.1":         first,
		"Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1":         old,
		"Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/150.0.7871.100 Mobile/15E148 Safari/604.1": crios,
	} {
		require.Equal(t, want, build(t, p).UserAgent())
		require.Equal(t, want, field(t, p, headers.Situation{}, "User-Agent"))
		if p.OS == headers.IOS && p.Browser != headers.Safari {
			continue // another vendor's name for the same browser
		}
		parsed, err := headers.ParseUserAgent(want)
		require.NoError(t, err, want)
		require.Equal(t, want, build(t, parsed).UserAgent(), "read back")
	}
	for _, ua := range []string{"", "curl/8.0", "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/45.0.8909 Safari/537.36", strings.Repeat("x", 1<<16)} {
		_, err := headers.ParseUserAgent(ua)
		require.ErrorIs(t, err, headers.ErrConflict)
	}
}

// TestBoundaries holds each version at which a browser has changed what it sends:
// the last old one and the first new one.
func TestBoundaries(t *testing.T) {
	secure, image := headers.Situation{}, headers.Situation{Kind: headers.Image}
	fetch := headers.Situation{Kind: headers.Fetch}
	prefetch := headers.Situation{Kind: headers.Prefetch}
	media := headers.Situation{Kind: headers.Video}
	nostore := headers.Situation{Kind: headers.Fetch, Cache: headers.CacheNoStore}
	ranged := headers.Situation{Kind: headers.Fetch, Headers: []headers.Field{{Name: "Range", Value: "bytes=0-1"}}}
	other := headers.Situation{Kind: headers.Image, URL: parse(t, "https://other.test/")}
	asked := headers.Situation{AcceptCH: []string{"sec-ch-ua-form-factors"}}
	three := []string{"de-DE", "de", "en"}
	for _, c := range []struct {
		browser  headers.Browser
		since    int
		header   string
		s        headers.Situation
		old, new string // what the value contains, "-" for none; old also says what is new there
	}{
		{headers.Chrome, 123, "Accept-Encoding", secure, "gzip, deflate, br", "gzip, deflate, br, zstd"},
		{headers.Chrome, 124, "Priority", secure, "-", "u=0, i"},
		{headers.Chrome, 124, "sec-ch-ua-form-factors", asked, "-", `"Desktop"`},
		{headers.Chrome, 155, "Accept", image, "image/avif,image/webp", "image/jxl,image/avif,image/webp"},
		{headers.Chrome, 155, "Accept", secure, "application/xml;q=0.9,image/avif", "application/xml;q=0.9,image/jxl,image/avif"},
		{headers.Chrome, 138, "Sec-Purpose", prefetch, "-", "prefetch"},
		{headers.Chrome, 138, "Purpose", prefetch, "prefetch", "-"},
		{headers.Chrome, 148, "Pragma", nostore, "-", "no-cache"},
		{headers.Chrome, 154, "Accept-Encoding", media, "identity;q=1, *;q=0", "identity"},
		{headers.Chrome, 133, "Sec-Fetch-Storage-Access", other, "-", "active"},
		{headers.Edge, 121, "Accept", image, "image/webp,image/apng", "image/avif,image/webp,image/apng"},
		{headers.Firefox, 126, "Accept-Encoding", secure, "gzip, deflate, br", "gzip, deflate, br, zstd"},
		{headers.Firefox, 128, "Priority", fetch, "-", "u=4"},
		{headers.Firefox, 128, "Accept", secure, "xml;q=0.9,image/avif,image/webp,*/*", "xml;q=0.9,image/avif,image/webp,image/png,image/svg+xml,*/*;q=0.8"},
		{headers.Firefox, 132, "Accept", secure, "image/png", "xml;q=0.9,*/*;q=0.8"},
		{headers.Firefox, 128, "Accept", image, "image/avif,image/webp,*/*", "image/avif,image/webp,image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5"},
		{headers.Firefox, 158, "Accept", image, "image/avif,image/webp", "image/avif,image/jxl,image/webp"},
		{headers.Firefox, 147, "Accept-Language", secure, "de-DE,de;q=0.7,en;q=0.3", "de-DE,de;q=0.9,en;q=0.8"},
		{headers.Firefox, 147, "Accept", prefetch, "*/*", "text/html"},
		{headers.Firefox, 147, "Accept-Encoding", ranged, "gzip, deflate, br, zstd, identity", "identity"},
		{headers.Firefox, 147, "Sec-Fetch-Storage-Access", other, "-", "none"},
		{headers.Safari, 18, "Priority", secure, "-", "u=0, i"},
		{headers.Safari, 26, "Accept-Encoding", secure, "gzip, deflate, br", "gzip, deflate, br, zstd"},
		{headers.Safari, 17, "Accept", image, "image/webp,image/avif,video", "image/jxl,image/heic"},
	} {
		system := headers.Windows
		if c.browser == headers.Safari {
			system = headers.MacOS
		}
		for version, want := range map[int]string{c.since - 1: c.old, c.since: c.new} {
			p := on(c.browser, version, system)
			if c.header == "Accept-Language" {
				p.Languages = three
			}
			got := field(t, p, c.s, c.header)
			switch {
			case want == "-":
				require.Empty(t, got, "%s %s", p, c.header)
			case strings.HasPrefix(want, "gzip"), strings.HasPrefix(want, "identity"), strings.HasPrefix(want, "de-"):
				require.Equal(t, want, got, "%s", p)
			default:
				require.Contains(t, got, want, "%s", p)
			}
			if version == c.since && c.old != "-" && c.old != "*/*" && c.new != "-" && !strings.Contains(c.new, c.old) {
				require.NotContains(t, got, c.old, "%s", p)
			}
		}
	}
}

// TestAProcessorIsToldOfOnDesktopsOnly follows GetCpuArchitecture and GetCpuBitness
// in Chromium's content/common/user_agent.cc.
func TestAProcessorIsToldOfOnDesktopsOnly(t *testing.T) {
	asked := headers.Situation{AcceptCH: []string{"sec-ch-ua-arch", "sec-ch-ua-bitness"}}
	for system, want := range map[headers.OS][2]string{
		headers.Windows: {`"x86"`, `"64"`}, headers.MacOS: {`"arm"`, `"64"`}, headers.Linux: {`"x86"`, `"64"`}, headers.Android: {`""`, `""`},
	} {
		p := on(headers.Chrome, 156, system)
		require.Equal(t, want, [2]string{field(t, p, asked, "sec-ch-ua-arch"), field(t, p, asked, "sec-ch-ua-bitness")}, "%s", system)
	}
}

func TestAcceptLanguage(t *testing.T) {
	many := strings.Split("en-US,en,de-DE,de,fr-FR,fr,es-ES,es,pt-BR,pt,it,nl", ",")
	for _, c := range []struct {
		browser headers.Browser
		version int
		in      []string
		want    string
	}{
		{headers.Chrome, 150, []string{"de-DE", "fr-FR", "en-US"}, "de-DE,de;q=0.9,fr-FR;q=0.8,fr;q=0.7,en-US;q=0.6,en;q=0.5"},
		{headers.Chrome, 150, []string{"en-GB"}, "en-GB,en;q=0.9"},
		{headers.Chrome, 150, []string{"en-GB", "en-US", "en", "pt-BR"}, "en-GB,en-US;q=0.9,en;q=0.8,pt-BR;q=0.7,pt;q=0.6"},
		{headers.Chrome, 150, many, "en-US,en;q=0.9,de-DE;q=0.8,de;q=0.7,fr-FR;q=0.6,fr;q=0.5,es-ES;q=0.4,es;q=0.3,pt-BR;q=0.2,pt;q=0.1"},
		{headers.Chrome, 150, nil, ""},
		{headers.Firefox, 153, []string{"en-GB"}, "en-GB"},
		{headers.Firefox, 153, many[:11], "en-US,en;q=0.9,de-DE;q=0.8,de;q=0.7,fr-FR;q=0.6,fr;q=0.5,es-ES;q=0.4,es;q=0.3,pt-BR;q=0.2,pt;q=0.1,it;q=0.1"},
		{headers.Firefox, 140, []string{"en-US", "en"}, "en-US,en;q=0.5"},
		{headers.Firefox, 140, []string{"de-DE", "de", "en-US", "en"}, "de-DE,de;q=0.8,en-US;q=0.5,en;q=0.3"},
		{headers.Safari, 26, []string{"zh-CN", "zh-Hans"}, "zh-CN,zh-Hans;q=0.9"},
	} {
		p := headers.Profile{Browser: c.browser, Version: c.version, OS: headers.MacOS, Languages: c.in}
		require.Equal(t, c.want, field(t, p, headers.Situation{}, "Accept-Language"), "%s %v", p, c.in)
	}
}

func TestImpossibleBrowsersNameTheConflict(t *testing.T) {
	for want, p := range map[string]headers.Profile{
		`Browser: "lynx"`: {Browser: "lynx", Version: 1, OS: headers.Linux},
		`OS: "beos"`:      {Browser: headers.Chrome, Version: 150, OS: "beos"},
		`OS: "windows", Safari exists on macos and ios`: {Browser: headers.Safari, Version: 18, OS: headers.Windows},
		`OS: "ios", the unbranded Chromium`:             {Browser: headers.Chromium, Version: 150, OS: headers.IOS},
		`Version: "104"`:                                {Browser: headers.Chrome, Version: 104, OS: headers.Linux},
		`Version: "1000"`:                               {Browser: headers.Chrome, Version: 1000, OS: headers.Linux},
		`FullVersion: "149.0.1.2"`:                      {Browser: headers.Chrome, Version: 150, FullVersion: "149.0.1.2", OS: headers.Linux},
		`Device: "sec-ch-ua-model", chrome on ios`:      {Browser: headers.Chrome, Version: 150, OS: headers.IOS, Device: map[string]string{"sec-ch-ua-model": "x"}},
		`Device: "dpr", firefox on linux`:               {Browser: headers.Firefox, Version: 150, OS: headers.Linux, Device: map[string]string{"dpr": "1"}},
		`Headless: "true"`:                              {Browser: headers.Firefox, Version: 150, OS: headers.Linux, Headless: true},
		`Tablet: "true"`:                                {Browser: headers.Chrome, Version: 150, OS: headers.Linux, Tablet: true},
		`GPC: "true"`:                                   {Browser: headers.Chrome, Version: 150, OS: headers.Linux, GPC: true},
		`Languages: "en;q=1"`:                           {Browser: headers.Chrome, Version: 150, OS: headers.Linux, Languages: []string{"en;q=1"}},
		`ThirdPartyCookies: "some"`:                     {Browser: headers.Chrome, Version: 150, OS: headers.Linux, ThirdPartyCookies: "some"},
	} {
		_, err := headers.Generate(p, headers.Situation{URL: parse(t, "https://shop.test/")})
		require.ErrorContains(t, err, want)
		require.ErrorIs(t, err, headers.ErrConflict)
	}
}

func TestImpossibleSituationsNameTheConflict(t *testing.T) {
	shop := parse(t, "https://shop.test/")
	for want, s := range map[string]headers.Situation{
		`URL: "", required`:                            {},
		`URL: "/x", want an absolute URL`:              {URL: parse(t, "/x")},
		`URL: "ftp://a.test/", want scheme http`:       {URL: parse(t, "ftp://a.test/")},
		`Protocol: "h2", browsers speak it over https`: {URL: parse(t, "http://shop.test/"), Protocol: headers.HTTP2},
		`Protocol: "spdy"`:                             {URL: shop, Protocol: "spdy"},
		`URL: "https://shop.test/", want scheme ws`:    {URL: shop, Kind: headers.Socket, Initiator: shop},
		`Initiator: "", a request of kind image`:       {URL: shop, Kind: headers.Image},
		`URL: "https://a.test:65536/", want a port`:    {URL: parse(t, "https://a.test:65536/")},
		`browsers know no zones`:                       {URL: parse(t, "http://[fe80::1%25eth0]/")},
		`Method: "GET", a preflight`:                   {URL: shop, Kind: headers.Preflight, Method: "GET", Initiator: shop},
		`Method: "GET", a beacon`:                      {URL: shop, Kind: headers.Beacon, Method: "GET", Initiator: shop},
		`Method: "PUT", not for kind navigate`:         {URL: shop, Method: "PUT"},
		`Method: "G T"`:                                {URL: shop, Method: "G T", Kind: headers.Fetch, Initiator: shop},
		`HasBody: "true", GET has no body`:             {URL: shop, HasBody: true},
		`Headers: "X-A"`:                               {URL: shop, Headers: []headers.Field{{Name: "X-A", Value: "a\r\nb"}}},
		`Cookies: "a\n"`:                               {URL: shop, Cookies: "a\n"},
		`ReferrerPolicy: "maybe"`:                      {URL: shop, ReferrerPolicy: "maybe"},
	} {
		_, err := headers.Generate(chrome156, s)
		require.ErrorContains(t, err, want)
		require.ErrorIs(t, err, headers.ErrConflict)
	}
}

func TestConflictsAreNamedInTheSameOrderEveryTime(t *testing.T) {
	s := headers.Situation{URL: parse(t, "https://shop.test/"), Cookies: "\n", IfNoneMatch: "\n", IfModifiedSince: "\n", SocketKey: "\n"}
	p := on(headers.Firefox, 153, headers.Linux)
	p.Device = map[string]string{"dpr": "1", "rtt": "1", "ect": "1", "downlink": "1", "width": "1"}
	first, firstOfAll := s.Validate().Error(), p.Validate().Error()
	for range 20 {
		require.Equal(t, first, s.Validate().Error())
		require.Equal(t, firstOfAll, p.Validate().Error())
	}
}

func TestTheKindChoosesTheMethod(t *testing.T) {
	shop := parse(t, "https://shop.test/")
	preflight := headers.Situation{URL: parse(t, "https://other.test/"), Kind: headers.Preflight, Initiator: shop}
	require.Equal(t, "GET", field(t, chrome156, preflight, "Access-Control-Request-Method"))
	beacon := headers.Situation{URL: shop, Kind: headers.Beacon, Initiator: shop, HasBody: true}
	require.Equal(t, "https://shop.test", field(t, chrome156, beacon, "Origin"), "of a POST to the own origin")
	redirected := headers.Situation{
		URL: shop, Kind: headers.Beacon, Method: "GET", OriginalMethod: "POST", Initiator: shop, Redirects: []*url.URL{parse(t, "https://shop.test/go")},
	}
	require.Empty(t, field(t, chrome156, redirected, "Origin"), "of what a 302 has made of it")
}

func TestNewerVersionsAreExtrapolatedAndMarked(t *testing.T) {
	require.False(t, on(headers.Chrome, 156, headers.Linux).Extrapolated())
	require.True(t, on(headers.Chrome, 157, headers.Linux).Extrapolated())
	require.True(t, on(headers.Firefox, 154, headers.Linux).Extrapolated())
	require.True(t, on(headers.Safari, 27, headers.MacOS).Extrapolated())
	require.Contains(t, field(t, on(headers.Chrome, 170, headers.Linux), headers.Situation{}, "User-Agent"), "Chrome/170.0.0.0")
}

func TestTheCatalogueHoldsTogether(t *testing.T) {
	c := headers.Catalogue()
	require.False(t, c.Updated.IsZero())
	byKey := map[string]int{}
	for _, p := range c.Profiles() {
		require.NoError(t, p.Validate(), "%s", p)
		require.False(t, p.Extrapolated(), "%s", p)
		require.Positive(t, p.Weight)
		require.NotEmpty(t, build(t, p).UserAgent())
		byKey[p.Key()]++
	}
	require.Len(t, byKey, 10)
	require.Equal(t, 3, byKey["chrome windows"], "the current release and the two before")
	require.Equal(t, 156, c.Current(headers.Chromium))
	require.Equal(t, 0, c.Current("lynx"))
}

func TestKindsHaveNames(t *testing.T) {
	for _, k := range headers.Kinds() {
		parsed, err := headers.ParseKind(k.String())
		require.NoError(t, err)
		require.Equal(t, k, parsed)
	}
	_, err := headers.ParseKind("teleport")
	require.ErrorIs(t, err, headers.ErrConflict)
}

package headers_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/godwit-go/godwit/headers"
	"github.com/stretchr/testify/require"
)

// order is the list of names, with the hints and the fetch metadata abbreviated.
func order(t *testing.T, p headers.Profile, s headers.Situation) string {
	t.Helper()
	list, err := headers.Generate(p, s)
	require.NoError(t, err)
	short := strings.NewReplacer("sec-ch-ua-platform", "PLAT", "sec-ch-ua-mobile", "MOB", "sec-ch-ua", "CH", "user-agent", "UA",
		"accept-encoding", "AE", "accept-language", "AL", "upgrade-insecure-requests", "UIR", "sec-fetch-", "", "content-length", "CL", "content-type", "CT")
	var names []string
	for _, f := range list.Fields {
		names = append(names, f.Name)
	}
	return short.Replace(strings.Join(names, " "))
}

// TestOrder holds the orders that the facts name, each on both sides of its change.
func TestOrder(t *testing.T) {
	page, here, there := parse(t, "https://shop.test/list"), parse(t, "https://shop.test/x"), parse(t, "https://other.test/x")
	post := func(s headers.Situation) headers.Situation {
		s.Method, s.HasBody, s.ContentLength = "POST", true, 7
		return s
	}
	image := headers.Situation{Kind: headers.Image, URL: here, Initiator: page}
	font := headers.Situation{Kind: headers.Font, URL: here, Initiator: page}
	cors := headers.Situation{Kind: headers.Fetch, URL: there, Initiator: page}
	json := post(headers.Situation{Kind: headers.Fetch, URL: here, Initiator: page, Headers: []headers.Field{{Name: "Content-Type", Value: "application/json"}}})
	jquery := post(headers.Situation{Kind: headers.XHR, URL: here, Initiator: page, Headers: []headers.Field{
		{Name: "Content-Type", Value: "application/x-www-form-urlencoded"}, {Name: "X-Requested-With", Value: "XMLHttpRequest"}, {Name: "Accept", Value: "application/json"},
	}})
	custom := headers.Situation{Kind: headers.Fetch, URL: here, Initiator: page, Headers: []headers.Field{
		{Name: "Authorization", Value: "b"}, {Name: "Accept", Value: "a/b"}, {Name: "X-Requested-With", Value: "x"}, {Name: "X-B", Value: "1"}, {Name: "a-first", Value: "2"},
	}}
	form := post(headers.Situation{URL: here, Initiator: page, Headers: []headers.Field{{Name: "Content-Type", Value: "text/plain"}}})
	reload := form
	reload.Kind = headers.Reload
	redirected := headers.Situation{URL: there, Initiator: page, Redirects: []*url.URL{here}}
	validated, loaded := image, headers.Situation{Kind: headers.Fetch, URL: here, Initiator: page}
	validated.IfNoneMatch, validated.IfModifiedSince = `"e"`, "d"
	loaded.IfNoneMatch = `"e"`
	crossImage := headers.Situation{Kind: headers.Image, URL: there, Initiator: page}
	worker := headers.Situation{Kind: headers.Worker, URL: here, Initiator: page}
	crossForm := post(headers.Situation{Kind: headers.Beacon, URL: there, Initiator: page, Headers: []headers.Field{{Name: "Content-Type", Value: "text/plain"}}})
	credentialed := headers.Situation{Kind: headers.XHR, URL: there, Initiator: page, Credentials: headers.CredentialsInclude}
	fetchRedirect := cors
	fetchRedirect.Redirects = []*url.URL{here}
	const chromeTail = " site mode dest referer AE AL priority"
	for _, c := range []struct {
		browser   headers.Browser
		version   int
		situation headers.Situation
		want      string
	}{
		{headers.Chrome, 126, image, "CH MOB UA PLAT accept" + chromeTail},
		{headers.Chrome, 129, image, "PLAT UA CH MOB accept" + chromeTail},
		{headers.Chrome, 126, font, "CH origin MOB UA PLAT accept" + chromeTail},
		{headers.Chrome, 129, font, "origin PLAT UA CH MOB accept" + chromeTail},
		{headers.Chrome, 126, cors, "CH MOB UA PLAT accept origin" + chromeTail},
		{headers.Chrome, 129, cors, "PLAT UA CH MOB accept origin" + chromeTail},
		{headers.Chrome, 126, json, "CL CH PLAT MOB UA CT accept origin" + chromeTail},
		{headers.Chrome, 127, json, "CL CH CT MOB UA PLAT accept origin" + chromeTail},
		{headers.Chrome, 129, json, "CL PLAT UA CH CT MOB accept origin" + chromeTail},
		{headers.Chrome, 126, jquery, "CL CH accept CT x-requested-with MOB UA PLAT origin" + chromeTail},
		{headers.Chrome, 129, jquery, "CL PLAT x-requested-with UA accept CH CT MOB origin" + chromeTail},
		{headers.Chrome, 126, custom, "CH a-first x-b MOB authorization UA accept x-requested-with PLAT" + chromeTail},
		{headers.Chrome, 129, custom, "PLAT authorization CH MOB a-first x-requested-with UA accept x-b" + chromeTail},
		{headers.Chrome, 127, form, "CL cache-control CH MOB PLAT UIR origin CT UA accept" + chromeTail},
		{headers.Chrome, 129, form, "CL cache-control CH MOB PLAT origin CT UIR UA accept" + chromeTail},
		{headers.Chrome, 148, form, "CL cache-control CH MOB PLAT origin CT UIR UA accept" + chromeTail},
		{headers.Chrome, 149, form, "CL cache-control CH MOB PLAT UIR CT UA origin accept" + chromeTail},
		{headers.Chrome, 150, reload, "CL cache-control CH MOB PLAT UIR UA origin CT accept" + chromeTail},
		{headers.Chrome, 156, redirected, "UIR UA accept site mode dest CH MOB PLAT referer AE AL priority"},
		{headers.Chrome, 150, validated, "PLAT if-none-match UA CH if-modified-since MOB accept" + chromeTail},
		{headers.Chrome, 156, validated, "PLAT UA CH MOB accept if-none-match if-modified-since" + chromeTail},
		{headers.Chrome, 156, loaded, "PLAT UA CH MOB accept site mode dest referer AE AL if-none-match priority"},
		{headers.Chrome, 156, crossImage, "PLAT UA CH MOB accept site mode dest storage-access referer AE AL priority"},
		{headers.Chrome, 150, fetchRedirect, "PLAT UA CH MOB accept origin" + chromeTail},
		{headers.Chrome, 156, fetchRedirect, "PLAT UA CH MOB accept site mode dest origin referer AE AL priority"},
		{headers.Chrome, 127, worker, "CH MOB UA PLAT accept" + chromeTail},
		{headers.Chrome, 129, worker, "accept site mode dest referer UA AE AL priority"},
		{headers.Firefox, 153, image, "UA accept AL AE referer dest mode site priority te"},
		{headers.Firefox, 153, form, "UA accept AL AE CT CL origin referer UIR dest mode site priority te"},
		{headers.Firefox, 153, reload, "UA accept AL AE referer CT CL origin UIR dest mode site priority te"},
		{headers.Firefox, 153, json, "UA accept AL AE referer CT CL origin dest mode site priority te"},
		{headers.Firefox, 153, jquery, "UA accept AL AE CT x-requested-with CL origin referer dest mode site te"},
		{headers.Firefox, 153, custom, "UA accept AL AE referer authorization x-requested-with x-b a-first dest mode site priority te"},
		{headers.Firefox, 153, crossForm, "UA accept AL AE CT CL storage-access origin referer dest mode site priority te"},
		{headers.Firefox, 153, credentialed, "UA accept AL AE origin storage-access referer dest mode site te"},
		{headers.Firefox, 153, fetchRedirect, "UA accept AL AE origin referer dest mode site priority te"},
		{headers.Safari, 18, headers.Situation{URL: here}, "dest UA accept site mode AL priority AE"},
		{headers.Safari, 17, headers.Situation{URL: here}, "accept site AE mode UA AL dest"},
	} {
		p := on(c.browser, c.version, headers.MacOS)
		want := c.want
		if c.browser == headers.Chrome && c.version < 124 {
			want = strings.TrimSuffix(want, " priority")
		}
		require.Equal(t, want, order(t, p, c.situation), "%s %s", p, c.situation.Kind)
	}
}

// TestPrivacySettingsHaveTheirPlaces follows the facts row by row.
func TestPrivacySettingsHaveTheirPlaces(t *testing.T) {
	page, here := parse(t, "https://shop.test/list"), parse(t, "https://shop.test/x")
	chrome, firefox := on(headers.Chrome, 156, headers.Linux), on(headers.Firefox, 153, headers.Linux)
	chrome.DNT, firefox.DNT, firefox.GPC = true, true, true
	const tail = " site mode dest referer AE AL priority"
	for kind, want := range map[headers.Kind]string{
		headers.Navigate:      "CH MOB PLAT dnt UIR UA accept" + tail,
		headers.Image:         "dnt PLAT UA CH MOB accept" + tail,
		headers.Worker:        "accept dnt site mode dest referer UA AE AL priority",
		headers.SharedWorker:  "accept dnt site mode dest referer UA AE AL priority",
		headers.ServiceWorker: "cache-control dnt accept service-worker site mode dest referer UA AE AL priority",
	} {
		got := order(t, chrome, headers.Situation{Kind: kind, URL: here, Initiator: page})
		if kind == headers.Image {
			require.Contains(t, got, "dnt")
			continue // its bucket is the map's business
		}
		require.Equal(t, want, got, kind)
	}
	for _, s := range []headers.Situation{
		{Kind: headers.Preflight, Method: "OPTIONS", URL: parse(t, "https://other.test/"), Initiator: page},
		{Kind: headers.Socket, URL: parse(t, "wss://shop.test/"), Initiator: page},
	} {
		list, err := headers.Generate(chrome, s)
		require.NoError(t, err)
		require.False(t, list.Has("dnt"), "%s", s.Kind)
	}
	for want, s := range map[string]headers.Situation{
		"UA accept AL AE dnt sec-gpc referer UIR dest mode site priority te":  {URL: here, Initiator: page},
		"UA accept AL AE referer dnt sec-gpc UIR dest mode site priority te":  {URL: here, Initiator: page, Kind: headers.Reload},
		"UA accept AL AE dnt sec-gpc referer dest mode site priority te":      {URL: here, Initiator: page, Kind: headers.Image},
		"UA accept AL AE referer dnt sec-gpc dest mode site priority te":      {URL: here, Initiator: page, Kind: headers.Fetch},
		"UA accept AL AE referer dnt sec-gpc dest mode site te":               {URL: here, Initiator: page, Kind: headers.Font, Preload: true},
		"UA accept AL AE referer dnt sec-gpc UIR dest mode site  priority te": {URL: here, Initiator: page, Redirects: []*url.URL{here}},
	} {
		got := order(t, firefox, s)
		require.Equal(t, strings.Fields(strings.ReplaceAll(want, " priority", "")), strings.Fields(strings.ReplaceAll(got, " priority", "")), fmt.Sprint(s.Kind))
	}
}

func TestAHundredCustomHeadersKeepEachOther(t *testing.T) {
	s := headers.Situation{Kind: headers.Fetch, URL: parse(t, "https://shop.test/"), Initiator: parse(t, "https://shop.test/a")}
	want := map[string]bool{}
	for i := range 100 {
		n := fmt.Sprintf("x-header-%d-%s", i, strings.Repeat("y", i))
		want[n] = true
		s.Headers = append(s.Headers, headers.Field{Name: n, Value: "1"})
	}
	for _, version := range []int{110, 156} {
		list, err := headers.Generate(on(headers.Chrome, version, headers.Linux), s)
		require.NoError(t, err)
		got := map[string]bool{}
		for _, f := range list.Fields {
			if strings.HasPrefix(f.Name, "x-header-") {
				got[f.Name] = true
			}
		}
		require.Equal(t, want, got)
	}
}

// TestAskedHintsTakeTheirBuckets holds orders that Chromium 156 was seen to send.
func TestAskedHintsTakeTheirBuckets(t *testing.T) {
	p := on(headers.Chromium, 156, headers.Linux)
	p.Device = map[string]string{
		"sec-ch-ua-platform-version": `""`, "dpr": "1", "viewport-width": "780", "device-memory": "16", "sec-ch-dpr": "1",
		"rtt": "0", "downlink": "10", "ect": "4g", "width": "100", "sec-ch-width": "100", "sec-ch-viewport-height": "580",
		"sec-ch-viewport-width": "780",
	}
	for asked, want := range map[string]string{
		"sec-ch-ua-bitness sec-ch-ua-form-factors sec-ch-ua-model sec-ch-ua-wow64": "sec-ch-ua-platform sec-ch-ua sec-ch-ua-bitness sec-ch-ua-model sec-ch-ua-mobile sec-ch-ua-form-factors sec-ch-ua-wow64 user-agent",
		"dpr ect rtt sec-ch-ua-arch viewport-width":                                "viewport-width sec-ch-ua-platform ect sec-ch-ua sec-ch-ua-mobile sec-ch-ua-arch dpr user-agent rtt",
		"dpr sec-ch-ua-arch":                                                "sec-ch-ua-arch sec-ch-ua-platform dpr user-agent sec-ch-ua sec-ch-ua-mobile",
		"downlink ect rtt":                                                  "sec-ch-ua-platform ect user-agent sec-ch-ua rtt sec-ch-ua-mobile downlink",
		"dpr sec-ch-ua-arch sec-ch-ua-platform-version":                     "sec-ch-ua-arch sec-ch-ua-platform dpr user-agent sec-ch-ua sec-ch-ua-mobile sec-ch-ua-platform-version",
		"rtt sec-ch-ua-model viewport-width":                                "sec-ch-ua-platform viewport-width user-agent sec-ch-ua sec-ch-ua-model rtt sec-ch-ua-mobile",
		"downlink ect sec-ch-dpr sec-ch-ua-bitness":                         "sec-ch-ua-platform ect sec-ch-ua sec-ch-ua-bitness sec-ch-dpr sec-ch-ua-mobile user-agent downlink",
		"sec-ch-ua-arch sec-ch-ua-model":                                    "sec-ch-ua-arch sec-ch-ua-platform user-agent sec-ch-ua sec-ch-ua-model sec-ch-ua-mobile",
		"device-memory dpr sec-ch-ua-platform-version":                      "sec-ch-ua-platform dpr user-agent device-memory sec-ch-ua sec-ch-ua-mobile sec-ch-ua-platform-version",
		"device-memory sec-ch-ua-model":                                     "sec-ch-ua-platform user-agent device-memory sec-ch-ua sec-ch-ua-model sec-ch-ua-mobile",
		"rtt sec-ch-ua-full-version-list sec-ch-ua-model":                   "sec-ch-ua-full-version-list sec-ch-ua-platform user-agent sec-ch-ua sec-ch-ua-model rtt sec-ch-ua-mobile",
		"device-memory downlink sec-ch-ua-arch sec-ch-ua-bitness":           "sec-ch-ua-platform device-memory sec-ch-ua sec-ch-ua-bitness sec-ch-ua-mobile sec-ch-ua-arch user-agent downlink",
		"sec-ch-ua-model":                                                   "sec-ch-ua-platform user-agent sec-ch-ua sec-ch-ua-model sec-ch-ua-mobile",
		"dpr sec-ch-width viewport-width width":                             "sec-ch-ua-platform viewport-width width sec-ch-ua sec-ch-ua-mobile dpr sec-ch-width user-agent",
		"sec-ch-ua-arch sec-ch-viewport-height sec-ch-viewport-width width": "sec-ch-ua-platform sec-ch-viewport-height width sec-ch-ua sec-ch-ua-mobile sec-ch-ua-arch user-agent sec-ch-viewport-width",
		"dpr ect rtt": "sec-ch-ua-platform dpr ect user-agent sec-ch-ua sec-ch-ua-mobile rtt",
	} {
		s := headers.Situation{
			Kind: headers.Image, URL: parse(t, "https://shop.test/1.png"), Initiator: parse(t, "https://shop.test/"),
			AcceptCH: strings.Fields(asked),
		}
		list, err := headers.Generate(p, s)
		require.NoError(t, err)
		var names []string
		for _, f := range list.Fields[:strings.Count(want, " ")+1] {
			names = append(names, f.Name)
		}
		require.Equal(t, want, strings.Join(names, " "))
	}
	script := headers.Situation{
		Kind: headers.Script, URL: parse(t, "https://shop.test/a.js"), Initiator: parse(t, "https://shop.test/"),
		AcceptCH: []string{"width", "sec-ch-width", "dpr"},
	}
	list, err := headers.Generate(p, script)
	require.NoError(t, err)
	require.True(t, list.Has("dpr"))
	require.False(t, list.Has("width") || list.Has("sec-ch-width"), "only an image has one")
}

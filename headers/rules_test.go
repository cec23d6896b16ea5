package headers_test

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/godwit-go/godwit/headers"
	"github.com/stretchr/testify/require"
)

// everyProfile calls f for one profile of each browser, system and version.
func everyProfile(tb testing.TB, f func(p headers.Profile, g *headers.Generator)) {
	tb.Helper()
	for _, b := range []headers.Browser{headers.Chrome, headers.Edge, headers.Chromium, headers.Firefox, headers.Safari} {
		for _, system := range []headers.OS{headers.Linux, headers.Windows, headers.MacOS, headers.Android, headers.IOS} {
			for version := 15; version <= 160; version++ {
				p := headers.Profile{Browser: b, OS: system, Version: version, Languages: []string{"de-DE", "en-US", "en"}}
				if version%2 == 0 {
					p.DNT, p.GPC = true, b == headers.Firefox
				}
				if version%3 == 0 {
					p.ThirdPartyCookies = headers.CookiesAllowed
				}
				if g, err := p.Build(); err == nil {
					f(p, g)
				}
			}
		}
	}
}

// everySituation calls f for every valid combination of kind, target, initiator,
// method, connection and redirect.
func everySituation(tb testing.TB, f func(s headers.Situation)) {
	tb.Helper()
	at := func(raw string) *url.URL { return parse(tb, raw) }
	page := at("https://user:pw@shop.test:8443/list?q=1#part")
	insecure := at("http://shop.test/list#part")
	targets := []*url.URL{
		at("https://shop.test:8443/x"), at("https://www.shop.test/x"), at("https://other.test/x"),
		at("http://shop.test/x"), at("http://localhost:8080/x"), at("http://[::1]/x"),
	}
	for _, kind := range headers.Kinds() {
		for _, target := range targets {
			for _, initiator := range []*url.URL{nil, page, insecure} {
				for _, protocol := range []headers.Protocol{headers.HTTP1, headers.HTTP2} {
					for _, method := range []string{"GET", "POST", "OPTIONS"} {
						for _, redirects := range [][]*url.URL{nil, {at("https://shop.test:8443/go")}, {at("https://third.test/go")}} {
							s := headers.Situation{
								Kind: kind, URL: target, Initiator: initiator, Protocol: protocol, Method: method,
								Redirects: redirects, UserActivated: true, Cookies: "a=1; b=2",
							}
							if kind == headers.Socket {
								u := *target
								u.Scheme = strings.Replace(u.Scheme, "http", "ws", 1)
								s.URL = &u
							}
							if method == "POST" {
								s.HasBody, s.ContentLength = true, 3
								s.Headers = []headers.Field{{Name: "Content-Type", Value: "text/plain"}}
							}
							if s.Validate() == nil {
								f(s)
							}
						}
					}
				}
			}
		}
	}
}

// TestWhateverTheBrowserDoesIsConsistent holds the rules that every list keeps,
// over all profiles and situations.
func TestWhateverTheBrowserDoesIsConsistent(t *testing.T) {
	var situations []headers.Situation
	everySituation(t, func(s headers.Situation) { situations = append(situations, s) })
	require.Greater(t, len(situations), 500)
	lists := 0
	everyProfile(t, func(p headers.Profile, g *headers.Generator) {
		// Every profile meets every 61st situation, each time other ones.
		for i := p.Version % 61; i < len(situations); i += 61 {
			s := situations[i]
			if broken := brokenRule(p, s, g.Fields(&s)); broken != "" {
				t.Fatalf("%s, kind %s of %s from %v over %s %s after %v: %s\n%s", p, s.Kind, s.URL, s.Initiator,
					s.Protocol, s.Method, s.Redirects, broken, wire(g.Fields(&s)))
			}
			lists++
		}
	})
	require.Greater(t, lists, 10_000)
}

func wire(l headers.List) string {
	var b strings.Builder
	for _, f := range l.Fields {
		fmt.Fprintf(&b, "%s: %s\n", f.Name, f.Value)
	}
	return b.String()
}

// brokenRule names the first rule that the list does not keep.
func brokenRule(p headers.Profile, s headers.Situation, l headers.List) string {
	webkit := p.Browser == headers.Safari || p.OS == headers.IOS
	chromium := !webkit && p.Browser != headers.Firefox
	switch {
	case connectionRule(s, l) != "":
		return connectionRule(s, l)
	case contextRule(chromium, s, l) != "":
		return contextRule(chromium, s, l)
	case originRule(webkit, s, l) != "":
		return originRule(webkit, s, l)
	case chromium != l.Has("sec-ch-ua") && (l.Has("sec-ch-ua") || chromium && secureURL(s.URL) && s.Kind <= headers.IFrame):
		return "client hints are the Chromium family's, and always there on its secure pages"
	case chromium && l.Has("sec-ch-ua") && !hintsAgree(p, l):
		return "the hints contradict the User-Agent"
	}
	document := s.Kind <= headers.IFrame
	switch {
	case !webkit && document != (l.Get("Upgrade-Insecure-Requests") == "1") && s.Kind != headers.Object && s.Kind != headers.Embed:
		return "Upgrade-Insecure-Requests belongs to documents"
	case document != strings.HasPrefix(l.Get("Accept"), "text/html") && s.Kind != headers.Object && s.Kind != headers.Embed && s.Kind != headers.Prefetch:
		return "only documents accept HTML"
	case l.Has("Sec-Fetch-User") && (webkit || !document):
		return "a gesture opens documents, and WebKit does not tell"
	case l.Get("Accept-Language") == "" || strings.Contains(l.Get("Accept-Language"), ", ") || strings.Contains(l.Get("Accept-Language"), "1.0"):
		return "Accept-Language is malformed"
	}
	return ""
}

func connectionRule(s headers.Situation, l headers.List) string {
	h2 := s.Protocol == headers.HTTP2
	seen := map[string]bool{}
	for _, f := range l.Fields {
		lower := strings.ToLower(f.Name)
		switch {
		case f.Name == "" || f.Value == "" || strings.ContainsAny(f.Value, "\r\n"):
			return "a field is empty or has a line break"
		case h2 && lower != f.Name:
			return "HTTP/2 names are in lower case"
		case seen[lower] && lower != "cookie":
			return "the field " + lower + " is there twice"
		}
		seen[lower] = true
	}
	switch {
	case h2 == (l.Pseudo == nil) || h2 && len(l.Pseudo) != 4:
		return "HTTP/2 has four pseudo-headers"
	case h2 && (seen["host"] || seen["connection"]), !h2 && (!seen["host"] || !seen["connection"]):
		return "Host and Connection belong to HTTP/1.1"
	case seen["te"] && !h2:
		return "TE is sent over HTTP/2 only"
	case s.HasBody != seen["content-length"] && s.Kind != headers.Preflight:
		return "a body has a length"
	}
	return ""
}

func contextRule(chromium bool, s headers.Situation, l headers.List) string {
	trusted := secureURL(s.URL)
	for _, f := range l.Fields {
		n := strings.ToLower(f.Name)
		hint := strings.HasPrefix(n, "sec-ch-")
		meta := strings.HasPrefix(n, "sec-fetch-") && n != "sec-fetch-storage-access"
		if !trusted && (hint || meta && !(chromium && s.Kind == headers.Preflight && n == "sec-fetch-mode")) {
			return n + " goes to an insecure URL"
		}
	}
	switch encoding := l.Get("Accept-Encoding"); {
	case strings.HasPrefix(encoding, "identity"), s.Kind == headers.Audio || s.Kind == headers.Video:
	case trusted != strings.HasPrefix(encoding, "gzip, deflate, br"), !trusted && encoding != "gzip, deflate":
		return "Accept-Encoding depends on the security of the URL"
	}
	if chromium && s.Protocol == headers.HTTP1 && l.Has("Priority") {
		return "Chromium sends Priority over HTTP/2 only"
	}
	return ""
}

func originRule(webkit bool, s headers.Situation, l headers.List) string {
	site, referer, origin := l.Get("Sec-Fetch-Site"), l.Get("Referer"), l.Get("Origin")
	reload := webkit && (s.Kind == headers.Reload || s.Kind == headers.HardReload)
	switch {
	case s.Initiator == nil && (referer != "" || origin != ""):
		return "nothing led here"
	case site == "none" && !reload && (referer != "" || origin != "" && s.Method == "GET"):
		return "what the user typed has no Referer"
	case referer != "" && site == "none" && !reload:
		return "a Referer has a site"
	case s.Method == "POST" && s.Initiator != nil && origin == "":
		return "a POST has an Origin"
	case strings.Contains(referer, "#") || strings.Contains(referer, "pw@"):
		return "Referer tells a fragment or a password"
	}
	if referer == "" {
		return ""
	}
	from := parseURL(referer)
	chain := append([]*url.URL{}, s.Redirects...)
	for _, hop := range append(chain, s.URL) {
		if from.Scheme == "https" && !secureURL(hop) {
			return "Referer leaks from https to http"
		}
		if (from.Host != hop.Host || from.Scheme != strings.Replace(hop.Scheme, "ws", "http", 1)) && from.RequestURI() != "/" {
			return "Referer tells another origin more than the origin"
		}
	}
	return ""
}

// hintsAgree compares what a profile says of itself in different places.
func hintsAgree(p headers.Profile, l headers.List) bool {
	ua, brands := l.Get("User-Agent"), l.Get("sec-ch-ua")
	major := strconv.Itoa(p.Version)
	platform := map[headers.OS][2]string{
		headers.Windows: {`"Windows"`, "Windows NT 10.0"}, headers.MacOS: {`"macOS"`, "Macintosh"},
		headers.Linux: {`"Linux"`, "X11; Linux"}, headers.Android: {`"Android"`, "Linux; Android"},
	}[p.OS]
	return strings.Contains(ua, "Chrome/"+major+".0.0.0") && strings.Contains(brands, `"Chromium";v="`+major+`"`) &&
		strings.Contains(brands, "Google Chrome") == (p.Browser == headers.Chrome) &&
		strings.Contains(brands, "Microsoft Edge") == (p.Browser == headers.Edge) &&
		l.Get("sec-ch-ua-platform") == platform[0] && strings.Contains(ua, platform[1]) &&
		(l.Get("sec-ch-ua-mobile") == "?1") == strings.Contains(ua, " Mobile ")
}

func secureURL(u *url.URL) bool {
	h := u.Hostname()
	return u.Scheme == "https" || u.Scheme == "wss" || h == "localhost" || h == "::1" || strings.HasPrefix(h, "127.")
}

func parseURL(raw string) *url.URL {
	u, err := url.Parse(raw)
	if err != nil {
		return new(url.URL)
	}
	return u
}

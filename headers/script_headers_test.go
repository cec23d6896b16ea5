package headers_test

import (
	"strings"
	"testing"

	"github.com/godwit-go/godwit/headers"
	"github.com/stretchr/testify/require"
)

// named are headers of a page's script, all with one value.
func named(names ...string) []headers.Field {
	var all []headers.Field
	for _, n := range names {
		all = append(all, headers.Field{Name: n, Value: "v"})
	}
	return all
}

func ranged(value string) []headers.Field { return []headers.Field{{Name: "Range", Value: value}} }

// TestAScriptsHeadersTakeTheirBuckets holds orders that Chromium 156 was seen to
// send. XMLHttpRequest keeps the headers in a map of its own before, so that it may
// matter in which order they were set; a name of one letter has a hash as well.
func TestAScriptsHeadersTakeTheirBuckets(t *testing.T) {
	for _, c := range []struct {
		kind headers.Kind
		set  string
		want string
	}{
		{headers.XHR, "User-Agent2 X-DNS m Authorization Idempotency-Key Pragma zz-last If-Modified-Since", "x-dns authorization idempotency-key pragma zz-last user-agent2 m if-modified-since"},
		{headers.Fetch, "DPR X", "dpr x"},
		{headers.XHR, "X Accept Content-Type", "x accept content-type"},
		{headers.Fetch, "dnt2 m Authorization Traceparent X-Forwarded-For X-Trace-Id Content-Type", "authorization x-forwarded-for x-trace-id traceparent m dnt2 content-type"},
	} {
		s := headers.Situation{Kind: c.kind, URL: parse(t, "https://shop.test/x"), Initiator: parse(t, "https://shop.test/"), Headers: named(strings.Fields(c.set)...)}
		p := chrome156
		p.DNT = true
		list, err := headers.Generate(p, s)
		require.NoError(t, err)
		var got []string
		for _, f := range list.Fields {
			if f.Value == "v" {
				got = append(got, f.Name)
			}
		}
		require.Equal(t, c.want, strings.Join(got, " "), "%s", c.kind)
	}
}

// TestAScriptsHeadersReplaceTheBrowsers: those of the load flags and the priority.
func TestAScriptsHeadersReplaceTheBrowsers(t *testing.T) {
	page, here, there := parse(t, "https://shop.test/"), parse(t, "https://shop.test/x"), parse(t, "https://other.test/")
	get := func(change func(s *headers.Situation)) headers.Situation {
		s := headers.Situation{Kind: headers.Fetch, URL: here, Initiator: page}
		change(&s)
		return s
	}
	const chromeTail = " site mode dest referer AE AL"
	for _, c := range []struct {
		about     string
		profile   headers.Profile
		situation headers.Situation
		want      string
	}{
		{"its own priority", chrome156, get(func(s *headers.Situation) { s.Headers = named("Priority") }), "PLAT UA CH MOB priority accept" + chromeTail},
		{"its own priority", firefox153, get(func(s *headers.Situation) { s.Headers = named("Priority") }), "UA accept AL AE referer priority dest mode site te"},
		{"in front all the same", chrome156, get(func(s *headers.Situation) { s.Cache, s.Headers = headers.CacheNoStore, named("Pragma") }), "pragma cache-control PLAT UA CH MOB accept" + chromeTail + " priority"},
		{"in front all the same", chrome156, get(func(s *headers.Situation) { s.Cache, s.Headers = headers.CacheNoCache, named("Cache-Control") }), "cache-control PLAT UA CH MOB accept" + chromeTail + " priority"},
		{"where it was set", firefox153, get(func(s *headers.Situation) { s.Cache, s.Headers = headers.CacheNoStore, named("Pragma") }), "UA accept AL AE referer pragma dest mode site priority cache-control te"},
		{"a cache mode of its own wins", firefox153, get(func(s *headers.Situation) { s.Cache, s.Headers = headers.CacheNoCache, named("If-Match") }), "UA accept AL AE referer if-match dest mode site priority cache-control te"},
		{"the cache keeps what it can split", chrome156, get(func(s *headers.Situation) { s.Headers = ranged("bytes=0-9") }), "PLAT UA CH MOB accept" + chromeTail + " range priority"},
		{"the cache keeps what it can split", chrome156, get(func(s *headers.Situation) { s.Headers = ranged("bytes=-9") }), "PLAT UA CH MOB accept" + chromeTail + " range priority"},
		{"a preflight goes past the cache too", chrome156, get(func(s *headers.Situation) {
			s.Kind, s.Method, s.URL, s.Headers = headers.Preflight, "OPTIONS", there, named("If-Match")
		}), "cache-control accept access-control-request-method access-control-request-headers origin UA mode site dest referer AE AL priority"},
		{"a preflight goes past the cache too", firefox153, get(func(s *headers.Situation) {
			s.Kind, s.Method, s.URL, s.Headers = headers.Preflight, "OPTIONS", there, named("If-Match")
		}), "UA accept AL AE access-control-request-method access-control-request-headers referer origin dest mode site priority pragma cache-control te"},
	} {
		require.Equal(t, c.want, order(t, c.profile, c.situation), "%s: %s", c.about, c.profile)
	}
	noStore := get(func(s *headers.Situation) { s.Cache, s.Headers = headers.CacheNoStore, named("Pragma") })
	require.Equal(t, "v", field(t, chrome156, noStore, "Pragma"))
	require.Equal(t, "no-cache", field(t, chrome156, noStore, "Cache-Control"))
	for about, s := range map[string]headers.Situation{
		"a POST":      get(func(s *headers.Situation) { s.Method, s.Headers = "POST", ranged("bytes=0-9") }),
		"no-store":    get(func(s *headers.Situation) { s.Cache, s.Headers = headers.CacheNoStore, ranged("bytes=0-9") }),
		"conditional": get(func(s *headers.Situation) { s.Headers = append(ranged("bytes=0-9"), named("If-Match")...) }),
		"two ranges":  get(func(s *headers.Situation) { s.Headers = ranged("bytes=0-9, 20-29") }),
	} {
		got := order(t, chrome156, s)
		require.Less(t, strings.Index(got, "range"), strings.Index(got, "accept "), "%s: nothing takes it out of the map: %s", about, got)
		require.Equal(t, "identity", field(t, chrome156, s, "Accept-Encoding"), about)
	}
	preflight := headers.Situation{Kind: headers.Preflight, Method: "OPTIONS", URL: there, Initiator: page, Headers: ranged("bytes=0-9, 20-29")}
	require.Equal(t, "gzip, deflate, br, zstd", field(t, firefox153, preflight, "Accept-Encoding"), "the preflight has no range itself")
}

func TestNoHeaderOfAScriptIsSaidTwice(t *testing.T) {
	s := headers.Situation{
		Kind: headers.Fetch, URL: parse(t, "https://shop.test/x"), Initiator: parse(t, "https://shop.test/"), Cache: headers.CacheNoStore,
		Headers: named("Accept", "Accept-Language", "Cache-Control", "Pragma", "Priority", "Range", "If-None-Match"),
	}
	everyProfile(t, func(p headers.Profile, g *headers.Generator) {
		seen := map[string]bool{}
		for _, f := range g.Fields(&s).Fields {
			n := strings.ToLower(f.Name)
			require.False(t, seen[n], "%s sends two of %s", p, n)
			seen[n] = true
		}
		for _, f := range s.Headers {
			require.Equal(t, "v", g.Fields(&s).Get(f.Name), "%s: %s", p, f.Name)
		}
	})
}

func TestAHeaderSetAgainIsAppended(t *testing.T) {
	s := headers.Situation{
		Kind: headers.Fetch, URL: parse(t, "https://shop.test/x"), Initiator: parse(t, "https://shop.test/"),
		Headers: []headers.Field{{Name: "X-A", Value: "1"}, {Name: "Accept", Value: "a/b"}, {Name: "x-a", Value: "2"}, {Name: "accept", Value: "c/d"}},
	}
	for _, p := range []headers.Profile{chrome156, firefox153, on(headers.Safari, 26, headers.MacOS)} {
		for _, protocol := range []headers.Protocol{headers.HTTP1, headers.HTTP2} {
			s.Protocol = protocol
			require.Equal(t, "1, 2", field(t, p, s, "X-A"), "%s", p)
			require.Equal(t, "a/b, c/d", field(t, p, s, "Accept"), "%s", p)
			require.Equal(t, 1, strings.Count(strings.ToLower(order(t, p, s)), "x-a"), "%s", p)
		}
	}
}

func TestFirefoxTellsOfStorageAccessOnHandshakesButNotForWorkers(t *testing.T) {
	page := parse(t, "https://shop.test/")
	socket := headers.Situation{Kind: headers.Socket, URL: parse(t, "wss://other.test/"), Initiator: page}
	require.Equal(t, "none", field(t, firefox153, socket, "Sec-Fetch-Storage-Access"))
	require.Empty(t, field(t, chrome156, socket, "Sec-Fetch-Storage-Access"))
	worker := headers.Situation{Kind: headers.Fetch, FromWorker: true, Credentials: headers.CredentialsInclude, URL: parse(t, "https://other.test/"), Initiator: page}
	require.Empty(t, field(t, firefox153, worker, "Sec-Fetch-Storage-Access"))
	require.Equal(t, "active", field(t, chrome156, worker, "Sec-Fetch-Storage-Access"))
}

func TestSecPurposeComesAfterTheHints(t *testing.T) {
	s := headers.Situation{
		Kind: headers.Prefetch, URL: parse(t, "https://shop.test/x"), Initiator: parse(t, "https://shop.test/"),
		AcceptCH: []string{"sec-ch-ua-bitness", "sec-ch-ua-wow64", "sec-ch-ua-full-version-list"},
	}
	require.Equal(t, "CH-full-version-list PLAT CH CH-bitness sec-purpose CH-wow64 MOB UA accept site mode dest referer AE AL priority", order(t, chrome156, s))
}

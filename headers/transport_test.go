package headers_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/godwit-go/godwit/headers"
	"github.com/godwit-go/godwit/trip"
	"github.com/stretchr/testify/require"
)

var (
	chrome156  = headers.Profile{Browser: headers.Chrome, Version: 156, OS: headers.Windows, Languages: english}
	firefox153 = headers.Profile{Browser: headers.Firefox, Version: 153, OS: headers.Linux, Languages: english}
)

// site is a base that answers by URL and keeps what it was sent.
type site struct {
	t     *testing.T
	pages map[string]*http.Response
	seen  []*http.Request
}

func (s *site) RoundTrip(req *http.Request) (*http.Response, error) {
	s.seen = append(s.seen, req)
	resp := &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: http.NoBody, Request: req}
	if page := s.pages[req.URL.String()]; page != nil {
		resp.StatusCode, resp.Header = page.StatusCode, page.Header
	}
	return resp, nil
}

func (s *site) last() *http.Request { return s.seen[len(s.seen)-1] }

func htmlPage(nv ...string) *http.Response {
	h := http.Header{"Content-Type": {"text/html; charset=utf-8"}}
	for i := 0; i+1 < len(nv); i += 2 {
		h.Add(nv[i], nv[i+1])
	}
	return &http.Response{StatusCode: http.StatusOK, Header: h}
}

func newSite(t *testing.T, cfg headers.Config) (*headers.Transport, *site) {
	t.Helper()
	s := &site{t: t, pages: map[string]*http.Response{}}
	rt, err := headers.New(s, cfg)
	require.NoError(t, err)
	return rt, s
}

func send(t *testing.T, rt http.RoundTripper, req *http.Request) {
	t.Helper()
	resp, err := rt.RoundTrip(req)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
}

func visit(t *testing.T, raw string, nv ...string) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, raw, nil)
	require.NoError(t, err)
	for i := 0; i+1 < len(nv); i += 2 {
		req.Header.Set(nv[i], nv[i+1])
	}
	return req
}

// as sends the request as an exchange of that identity.
func as(req *http.Request, id *trip.Identity) *http.Request {
	ctx, a, _ := trip.EnsureAttempt(req)
	a.Hold(id, nil)
	return req.WithContext(ctx)
}

// raw looks a header up under the very key, in a spelling that is not canonical.
func raw(h http.Header, key string) []string { return h[key] }

func TestATypedPageGetsWhatItsBrowserSends(t *testing.T) {
	rt, s := newSite(t, headers.Config{Profiles: []headers.Profile{chrome156}})
	send(t, rt, visit(t, "https://shop.test/"))
	require.Equal(t, http.Header{
		"sec-ch-ua":                 {`"Not:A-Brand";v="8", "Chromium";v="156", "Google Chrome";v="156"`},
		"sec-ch-ua-mobile":          {"?0"},
		"sec-ch-ua-platform":        {`"Windows"`},
		"Upgrade-Insecure-Requests": {"1"},
		"User-Agent":                {"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36"},
		"Accept":                    {"text/html,application/xhtml+xml,application/xml;q=0.9,image/jxl,image/avif,image/webp,image/apng,*/*;q=0.8,application/signed-exchange;v=b3;q=0.7"},
		"Sec-Fetch-Site":            {"none"},
		"Sec-Fetch-Mode":            {"navigate"},
		"Sec-Fetch-User":            {"?1"},
		"Sec-Fetch-Dest":            {"document"},
		"Accept-Encoding":           {"gzip, deflate, br, zstd"},
		"Accept-Language":           {"en-US,en;q=0.9"},
		"Priority":                  {"u=0, i"},
	}, s.last().Header)
}

func TestTheCallersHeadersWin(t *testing.T) {
	rt, s := newSite(t, headers.Config{
		Profiles: []headers.Profile{chrome156}, From: "ops@example.com",
		Extra: http.Header{"Accept-Language": {"fr"}, "X-Key": {"policy"}, "X-Mine": {"policy"}},
	})
	req := visit(t, "https://shop.test/", "Accept", "text/html", "X-Mine", "caller", "X-Empty", "")
	req.Header["DNT"] = []string{"1"}
	req.Header["sec-fetch-site"] = []string{"cross-site"} // in a spelling of his own
	req.Header["Sec-Fetch-User"] = nil
	req.Header["Priority"] = []string{""}
	send(t, rt, req)
	got := s.last().Header
	require.Equal(t, []string{"text/html"}, got["Accept"])
	require.Equal(t, []string{"1"}, raw(got, "DNT"))
	require.Equal(t, []string{"cross-site"}, raw(got, "sec-fetch-site"))
	require.NotContains(t, got, "Sec-Fetch-Site")
	require.NotContains(t, got, "Sec-Fetch-User", "nil says: none")
	require.NotContains(t, got, "Priority", "so does an empty value")
	require.Equal(t, []string{""}, got["X-Empty"], "no browser's header: he means it")
	require.Equal(t, []string{"fr"}, got["Accept-Language"], "the policy wins over the profile")
	require.Equal(t, []string{"policy"}, got["X-Key"])
	require.Equal(t, []string{"caller"}, got["X-Mine"], "the caller over the policy")
	require.Equal(t, []string{"ops@example.com"}, got["From"])
	require.Equal(t, "navigate", got.Get("Sec-Fetch-Mode"))
	require.Len(t, req.Header, 7, "the caller's request is his")
}

func TestTheCallersMemoryIsNotShared(t *testing.T) {
	rt, s := newSite(t, headers.Config{})
	backing := []string{"a", "b"}
	req := visit(t, "https://shop.test/")
	req.Header["X-List"] = backing[:1]
	send(t, rt, req)
	s.last().Header.Add("X-List", "layer below")
	s.last().URL.Path = "/changed"
	require.Equal(t, []string{"a", "b"}, backing)
	require.Equal(t, "/", req.URL.Path)
}

func TestAUserAgentOfTheCallersOwn(t *testing.T) {
	rt, s := newSite(t, headers.Config{Profiles: []headers.Profile{chrome156}})
	t.Run("of a bot goes without a browser's claims", func(t *testing.T) {
		send(t, rt, visit(t, "https://shop.test/", "User-Agent", "mybot/1.0"))
		require.Equal(t, http.Header{"User-Agent": {"mybot/1.0"}}, s.last().Header)
		_, ok := headers.FieldsFrom(s.last().Context())
		require.False(t, ok)
	})
	t.Run("of a browser gets that browser's headers", func(t *testing.T) {
		send(t, rt, visit(t, "https://shop.test/", "User-Agent", build(t, firefox153).UserAgent()))
		require.NotContains(t, s.last().Header, "sec-ch-ua")
		require.Equal(t, "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", s.last().Header.Get("Accept"))
	})
	t.Run("that is empty sends none", func(t *testing.T) {
		send(t, rt, visit(t, "https://shop.test/", "User-Agent", ""))
		require.Equal(t, http.Header{"User-Agent": nil}, s.last().Header)
	})
}

func TestAClearanceKeepsTheUserAgentItWasEarnedWith(t *testing.T) {
	rt, s := newSite(t, headers.Config{Profiles: []headers.Profile{firefox153}})
	id := &trip.Identity{Key: "1", Seed: 1}
	id.SetUserAgent("shop.test", build(t, chrome156).UserAgent())
	send(t, rt, as(visit(t, "https://shop.test/"), id))
	require.Equal(t, build(t, chrome156).UserAgent(), s.last().Header.Get("User-Agent"))
	require.Equal(t, []string{`"Windows"`}, raw(s.last().Header, "sec-ch-ua-platform"), "the rest of that browser comes with it")
	send(t, rt, as(visit(t, "https://other.test/"), id))
	require.Equal(t, build(t, firefox153).UserAgent(), s.last().Header.Get("User-Agent"))
}

func TestOffLeavesTheRequestAlone(t *testing.T) {
	rt, s := newSite(t, headers.Config{Off: true, UserAgent: "crawler/2 (+https://example.com)", From: "a@example.com"})
	send(t, rt, visit(t, "https://shop.test/", "Proxy-Authorization", "Basic c2VjcmV0", "X-A", "1"))
	require.Equal(t, http.Header{
		"User-Agent": {"crawler/2 (+https://example.com)"}, "From": {"a@example.com"}, "X-A": {"1"},
	}, s.last().Header)
}

func TestNothingHopByHopIsPassedOn(t *testing.T) {
	rt, s := newSite(t, headers.Config{Profiles: []headers.Profile{firefox153}})
	req := visit(t, "https://shop.test/", "Connection", "close, X-Hop", "X-Hop", "1", "Keep-Alive", "5",
		"Proxy-Authorization", "Basic c2VjcmV0", "Proxy-Connection", "keep-alive", "Te", "trailers", "Trailer", "X",
		"Transfer-Encoding", "chunked", "Upgrade", "h2c", "X-Stays", "1")
	send(t, rt, req)
	for _, n := range []string{
		"Connection", "X-Hop", "Keep-Alive", "Proxy-Authorization", "Proxy-Connection", "Te", "Trailer", "Transfer-Encoding", "Upgrade", "Host", "Content-Length",
	} {
		require.NotContains(t, s.last().Header, n)
	}
	require.Equal(t, "1", s.last().Header.Get("X-Stays"))
	send(t, rt, visit(t, "https://shop.test/", "Connection", "Upgrade", "Upgrade", "websocket"))
	require.Equal(t, "websocket", s.last().Header.Get("Upgrade"), "a handshake needs them")
	require.Equal(t, "Upgrade", s.last().Header.Get("Connection"))
}

func TestTheProfileSticksToTheIdentityAcrossRestarts(t *testing.T) {
	agents := map[string]int{}
	first, a := newSite(t, headers.Config{})
	second, b := newSite(t, headers.Config{})
	for seed := range uint64(400) {
		id := &trip.Identity{Seed: seed}
		send(t, first, as(visit(t, "https://shop.test/"), id))
		send(t, second, as(visit(t, "https://other.test/"), id))
		require.Equal(t, a.last().Header.Get("User-Agent"), b.last().Header.Get("User-Agent"))
		agents[a.last().Header.Get("User-Agent")]++
	}
	require.Greater(t, len(agents), 10, "identities differ")
	stats := first.Stats()
	require.Equal(t, 400, stats.Sessions)
	total := uint64(0)
	for _, p := range stats.Profiles {
		require.Equal(t, p.Exchanges, p.OK)
		total += p.Exchanges
	}
	require.Equal(t, uint64(400), total)
	windows, mac := stats.Profiles["chrome windows"].Exchanges, stats.Profiles["chrome macos"].Exchanges
	require.Greater(t, windows, mac, "by their share among visitors")
}

func TestASessionKeepsItsBrowserWithoutAPool(t *testing.T) {
	rt, s := newSite(t, headers.Config{Seed: 5})
	agents := map[string]bool{}
	for _, key := range strings.Split("abcdefghijklmnop", "") {
		req := visit(t, "https://shop.test/")
		req = req.WithContext(trip.WithSession(req.Context(), key))
		send(t, rt, req)
		ua := s.last().Header.Get("User-Agent")
		send(t, rt, req)
		require.Equal(t, ua, s.last().Header.Get("User-Agent"))
		agents[ua] = true
	}
	require.Greater(t, len(agents), 3)
}

func TestOneProfilePinsTheDomain(t *testing.T) {
	rt, s := newSite(t, headers.Config{Profiles: []headers.Profile{firefox153}})
	for seed := range uint64(20) {
		send(t, rt, as(visit(t, "https://shop.test/"), &trip.Identity{Seed: seed}))
		require.Equal(t, build(t, firefox153).UserAgent(), s.last().Header.Get("User-Agent"))
	}
}

func TestLanguages(t *testing.T) {
	language := func(cfg headers.Config, country string) string {
		cfg.Profiles = []headers.Profile{chrome156}
		rt, s := newSite(t, cfg)
		send(t, rt, as(visit(t, "https://shop.test/"), &trip.Identity{Country: country}))
		return s.last().Header.Get("Accept-Language")
	}
	require.Equal(t, "en-US,en;q=0.9", language(headers.Config{}, "DE"))
	require.Equal(t, "de-DE,de;q=0.9,en-US;q=0.8,en;q=0.7", language(headers.Config{CountryLanguages: true}, "DE"))
	require.Equal(t, "en-GB,en-US;q=0.9,en;q=0.8", language(headers.Config{CountryLanguages: true}, "gb"))
	require.Equal(t, "en-US,en;q=0.9", language(headers.Config{CountryLanguages: true}, "ZZ"))
	require.Equal(t, "ja,en;q=0.9", language(headers.Config{CountryLanguages: true, Languages: []string{"ja", "en"}}, "DE"))
}

func TestTheListNamesTheHostThatTheCallerAsksFor(t *testing.T) {
	rt, s := newSite(t, headers.Config{Profiles: []headers.Profile{firefox153}})
	for host, want := range map[string]string{"": "127.0.0.1:8080", "shop.test": "shop.test"} {
		req := visit(t, "http://127.0.0.1:8080/")
		req.Host = host
		send(t, rt, req)
		list, ok := headers.FieldsFrom(s.last().Context())
		require.True(t, ok)
		require.Equal(t, want, list.Get("Host"))
	}
}

func TestTheBaseReadsTheOrderFromTheContext(t *testing.T) {
	rt, s := newSite(t, headers.Config{Profiles: []headers.Profile{firefox153}})
	req := visit(t, "https://shop.test/", "X-Own", "1", "Accept", "text/html")
	send(t, rt, req)
	s.last().Header.Set("Accept-Language", "changed below")
	s.last().Header.Del("Priority")
	s.last().Header.Set("X-Below", "2")
	list, ok := headers.FieldsFrom(s.last().Context())
	require.True(t, ok)
	require.Equal(t, []string{":method", ":path", ":authority", ":scheme"}, list.Pseudo)
	var names []string
	for _, f := range list.Fields {
		names = append(names, f.Name)
	}
	require.Equal(t, []string{
		"user-agent", "accept", "accept-language", "accept-encoding", "upgrade-insecure-requests", "sec-fetch-dest",
		"sec-fetch-mode", "sec-fetch-site", "sec-fetch-user", "x-below", "x-own", "te",
	}, names)
	require.Equal(t, "text/html", list.Get("Accept"))
	require.Equal(t, "changed below", list.Get("Accept-Language"))
	require.NotContains(t, s.last().Header, "Te", "net/http writes the connection's own fields")
	_, ok = headers.FieldsFrom(context.Background())
	require.False(t, ok)
}

func TestAloneItDecodesWhatItAsksFor(t *testing.T) {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, err := w.Write([]byte("hello"))
	require.NoError(t, err)
	require.NoError(t, w.Close())
	var asked string
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = r.Header.Get("Accept-Encoding")
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = w.Write(packed.Bytes())
	}))
	defer srv.Close()
	rt, err := headers.New(nil, headers.Config{Profiles: []headers.Profile{chrome156}})
	require.NoError(t, err)
	resp, err := (&http.Client{Transport: rt}).Get(srv.URL)
	require.NoError(t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.Equal(t, "hello", string(body))
	require.Equal(t, "gzip, deflate, br, zstd", asked, "loopback is a secure context")
	require.True(t, resp.Uncompressed)
	rt.CloseIdleConnections()
}

func TestAStaleCatalogueIsToldOnce(t *testing.T) {
	var told []error
	rt, _ := newSite(t, headers.Config{MaxAge: time.Nanosecond, OnStale: func(err error) { told = append(told, err) }})
	for range 3 {
		send(t, rt, visit(t, "https://shop.test/"))
	}
	require.Len(t, told, 1)
	require.ErrorIs(t, told[0], headers.ErrStale)
	var stale *headers.StaleError
	require.ErrorAs(t, told[0], &stale)
	require.Equal(t, headers.Catalogue().Updated, stale.Updated)
	never, _ := newSite(t, headers.Config{MaxAge: -1, OnStale: func(err error) { t.Error(err) }})
	send(t, never, visit(t, "https://shop.test/"))
	updated := headers.Catalogue().Updated
	require.NoError(t, headers.Catalogue().Check(updated.Add(headers.DefaultMaxAge), headers.DefaultMaxAge))
	require.Error(t, headers.Catalogue().Check(updated.Add(headers.DefaultMaxAge+1), headers.DefaultMaxAge))
}

func TestConfigNamesEveryWrongField(t *testing.T) {
	_, err := headers.New(nil, headers.Config{
		Profiles:  []headers.Profile{{Browser: headers.Safari, Version: 26, OS: headers.Windows}, {Browser: headers.Chrome, Version: 156, OS: headers.Linux, Weight: -1}},
		Languages: []string{"en US"}, From: "a\r\nb", UserAgent: "x\ny",
		Extra: http.Header{"Bad Name": {"1"}, "Host": {"x"}, "X-Ok": {"a\nb"}},
	})
	for _, want := range []string{
		"Profiles[0]: OS: \"windows\", Safari exists on macos and ios only", "Profiles[1]: Weight: \"-1\"", `Languages: "en US"`,
		`From: "a\r\nb"`, `UserAgent: "x\ny"`, `Extra: "Bad Name"`, `Extra: "Host"`, `Extra["X-Ok"]`,
	} {
		require.ErrorContains(t, err, want)
	}
	require.ErrorIs(t, err, headers.ErrConflict)
	var conflict *headers.ConflictError
	require.True(t, errors.As(err, &conflict))
}

func TestAKindThatDoesNotExistIsAnError(t *testing.T) {
	rt, s := newSite(t, headers.Config{})
	req := visit(t, "https://shop.test/")
	body := &closing{Reader: strings.NewReader("x"), closed: new(int)}
	req.Body = body
	_, err := rt.RoundTrip(req.WithContext(headers.WithKind(req.Context(), headers.Kind(200))))
	require.ErrorIs(t, err, headers.ErrConflict)
	require.Empty(t, s.seen)
	require.Equal(t, 1, *body.closed)
}

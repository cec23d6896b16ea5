package headers_test

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/godwit-go/godwit/headers"
	"github.com/godwit-go/godwit/trip"
	"github.com/stretchr/testify/require"
)

func TestKindsAreInferred(t *testing.T) {
	page := "https://shop.test/list"
	for name, c := range map[string]struct {
		method, contentType string
		header              []string
		mode, site, referer string
	}{
		"a page comes from the one before": {"GET", "", nil, "navigate", "same-origin", page},
		"asking for JSON is a fetch":       {"GET", "", []string{"Accept", "application/json"}, "cors", "same-origin", page},
		"an XMLHttpRequest says so":        {"GET", "", []string{"X-Requested-With", "XMLHttpRequest"}, "cors", "same-origin", page},
		"a form navigates":                 {"POST", "application/x-www-form-urlencoded", nil, "navigate", "same-origin", page},
		"other bodies are a fetch":         {"POST", "application/json", nil, "cors", "same-origin", page},
		"other methods are a fetch":        {"DELETE", "", nil, "cors", "same-origin", page},
		"a page by its Referer":            {"GET", "", []string{"Referer", "https://search.example/?q=a"}, "navigate", "cross-site", "https://search.example/?q=a"},
		"html wins over json":              {"GET", "", []string{"Accept", "text/html, application/json"}, "navigate", "same-origin", page},
	} {
		t.Run(name, func(t *testing.T) {
			rt, s := newSite(t, headers.Config{Profiles: []headers.Profile{chrome156}})
			s.pages[page] = htmlPage()
			send(t, rt, visit(t, page))
			require.Empty(t, s.last().Header.Get("Referer"))
			req := visit(t, "https://shop.test/next", c.header...)
			req.Method = c.method
			if c.contentType != "" {
				req.Header.Set("Content-Type", c.contentType)
				req.Body = io.NopCloser(strings.NewReader("{}"))
				req.ContentLength = 2
			}
			send(t, rt, req)
			require.Equal(t, c.mode, s.last().Header.Get("Sec-Fetch-Mode"))
			require.Equal(t, c.site, s.last().Header.Get("Sec-Fetch-Site"))
			require.Equal(t, c.referer, s.last().Header.Get("Referer"))
			if c.method == "POST" {
				require.Equal(t, "https://shop.test", s.last().Header.Get("Origin"))
			}
		})
	}
}

func TestAHandshakeIsNoPage(t *testing.T) {
	rt, s := newSite(t, headers.Config{Profiles: []headers.Profile{firefox153}})
	send(t, rt, visit(t, "https://shop.test/live", "Connection", "Upgrade", "Upgrade", "websocket",
		"Sec-WebSocket-Version", "13", "Sec-WebSocket-Key", "bm9uY2U=", "Sec-WebSocket-Protocol", "chat"))
	require.Equal(t, "https://shop.test", s.last().Header.Get("Origin"))
	require.Equal(t, "websocket", s.last().Header.Get("Sec-Fetch-Mode"))
	require.Empty(t, s.last().Header.Get("Upgrade-Insecure-Requests"))
	list, ok := headers.FieldsFrom(s.last().Context())
	require.True(t, ok)
	require.Equal(t, headers.HTTP1, list.Protocol)
	require.Equal(t, "Upgrade", list.Get("Connection"))
	require.Equal(t, "websocket", list.Get("Upgrade"))
	require.Equal(t, "bm9uY2U=", list.Get("Sec-WebSocket-Key"), "the caller's own")
	require.Equal(t, "chat", list.Get("Sec-WebSocket-Protocol"))
	require.Greater(t, index(list, "Connection"), index(list, "Sec-WebSocket-Protocol"))
	require.False(t, list.Has("Sec-WebSocket-Extensions"), "the caller has not offered any")
}

func TestThePageBeforeStaysWithinItsSiteAndIdentity(t *testing.T) {
	rt, s := newSite(t, headers.Config{Profiles: []headers.Profile{chrome156}})
	s.pages["https://user:secret@shop.test/a"] = htmlPage()
	s.pages["https://other.test/data"] = &http.Response{StatusCode: 200, Header: http.Header{"Content-Type": {"application/json"}}}
	alice, bob := &trip.Identity{Seed: 1, Key: "alice"}, &trip.Identity{Seed: 2, Key: "bob"}
	send(t, rt, as(visit(t, "https://user:secret@shop.test/a"), alice))
	send(t, rt, as(visit(t, "https://shop.test/b"), alice))
	require.Equal(t, "https://shop.test/a", s.last().Header.Get("Referer"), "without the password")
	send(t, rt, as(visit(t, "https://www.shop.test/b"), alice))
	require.Equal(t, "https://shop.test/", s.last().Header.Get("Referer"))
	send(t, rt, as(visit(t, "https://shop.test/b"), bob))
	require.Empty(t, s.last().Header.Get("Referer"), "bob has not been there")
	send(t, rt, as(visit(t, "https://other.test/data"), alice))
	require.Empty(t, s.last().Header.Get("Referer"), "no site learns of another one")
	send(t, rt, as(visit(t, "https://other.test/x"), alice))
	require.Empty(t, s.last().Header.Get("Referer"), "data is no page")
	off, s2 := newSite(t, headers.Config{Profiles: []headers.Profile{chrome156}, DisableReferer: true})
	s2.pages["https://shop.test/a"] = htmlPage()
	send(t, off, visit(t, "https://shop.test/a"))
	send(t, off, visit(t, "https://shop.test/b"))
	require.Empty(t, s2.last().Header.Get("Referer"))
}

func TestTheContextSaysWhatARequestIs(t *testing.T) {
	rt, s := newSite(t, headers.Config{Profiles: []headers.Profile{chrome156}})
	page := parse(t, "https://shop.test/list")
	req := visit(t, "https://cdn.test/1.png")
	ctx := headers.WithInitiator(headers.WithKind(req.Context(), headers.Image), page)
	send(t, rt, req.WithContext(ctx))
	require.Equal(t, "image", s.last().Header.Get("Sec-Fetch-Dest"))
	require.Equal(t, "cross-site", s.last().Header.Get("Sec-Fetch-Site"))
	require.Equal(t, "https://shop.test/", s.last().Header.Get("Referer"))
	require.Equal(t, "active", s.last().Header.Get("Sec-Fetch-Storage-Access"))
	require.NotContains(t, s.last().Header, "Sec-Fetch-User")

	req = visit(t, "https://shop.test/next")
	send(t, rt, req.WithContext(headers.WithInitiator(req.Context(), page)))
	require.Equal(t, "?1", s.last().Header.Get("Sec-Fetch-User"), "an initiator alone is a clicked link")
	require.Equal(t, page.String(), s.last().Header.Get("Referer"))

	req = visit(t, "https://shop.test/data", "B-Second", "2", "A-First", "1", "User-Agent", build(t, firefox153).UserAgent())
	send(t, rt, req.WithContext(headers.WithSituation(req.Context(), headers.Situation{
		Kind: headers.Fetch, Initiator: page, Cache: headers.CacheNoStore,
		Headers: []headers.Field{{Name: "B-Second"}, {Name: "A-First"}},
	})))
	list, ok := headers.FieldsFrom(s.last().Context())
	require.True(t, ok)
	require.Less(t, index(list, "b-second"), index(list, "a-first"), "the script's order is told by the situation")
	require.Equal(t, "no-cache", list.Get("pragma"))
}

func index(l headers.List, n string) int {
	for i, f := range l.Fields {
		if strings.EqualFold(f.Name, n) {
			return i
		}
	}
	return -1
}

func TestRedirectsKeepThePageTheyCameFrom(t *testing.T) {
	s := &site{pages: map[string]*http.Response{
		"https://shop.test/list": htmlPage(),
		"https://shop.test/go":   {StatusCode: http.StatusFound, Header: http.Header{"Location": {"https://ads.test/hop"}}},
		"https://ads.test/hop":   {StatusCode: http.StatusFound, Header: http.Header{"Location": {"https://shop.test/item"}}},
	}}
	rt, err := headers.New(s, headers.Config{Profiles: []headers.Profile{chrome156}, Extra: http.Header{"X-Key": {"for every host of this Config"}}})
	require.NoError(t, err)
	client := &http.Client{Transport: rt}
	for _, u := range []string{"https://shop.test/list", "https://shop.test/go"} {
		resp, err := client.Get(u)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
	}
	require.Len(t, s.seen, 4)
	for i, want := range []struct{ referer, site string }{
		{"", "none"},
		{"https://shop.test/list", "same-origin"},
		{"https://shop.test/", "cross-site"},
		{"https://shop.test/", "cross-site"},
	} {
		require.Equal(t, want.referer, s.seen[i].Header.Get("Referer"), "hop %d", i)
		require.Equal(t, want.site, s.seen[i].Header.Get("Sec-Fetch-Site"), "hop %d", i)
		require.Equal(t, "?1", s.seen[i].Header.Get("Sec-Fetch-User"))
	}
	list, _ := headers.FieldsFrom(s.last().Context())
	require.Greater(t, index(list, "sec-ch-ua"), index(list, "sec-fetch-dest"), "as after every redirect")
}

func TestAFormThatIsRedirectedToAPageLosesItsBody(t *testing.T) {
	s := &site{pages: map[string]*http.Response{
		"https://shop.test/login": {StatusCode: http.StatusSeeOther, Header: http.Header{"Location": {"/home"}}},
	}}
	rt, err := headers.New(s, headers.Config{Profiles: []headers.Profile{chrome156}})
	require.NoError(t, err)
	resp, err := (&http.Client{Transport: rt}).PostForm("https://shop.test/login", url.Values{"a": {"1"}})
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, "max-age=0", s.seen[0].Header.Get("Cache-Control"))
	require.Equal(t, "max-age=0", s.seen[1].Header.Get("Cache-Control"))
	require.NotContains(t, s.seen[1].Header, "Content-Type")
	require.NotContains(t, s.seen[1].Header, "Origin")
}

package headers_test

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"strings"
	"testing"

	"github.com/godwit-go/godwit/headers"
	"github.com/godwit-go/godwit/trip"
	"github.com/stretchr/testify/require"
)

func TestCookiesBelongToTheIdentity(t *testing.T) {
	rt, s := newSite(t, headers.Config{Profiles: []headers.Profile{chrome156}})
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	alice, bob := &trip.Identity{Seed: 1, Jar: jar}, &trip.Identity{Seed: 2}
	s.pages["https://shop.test/"] = htmlPage("Set-Cookie", "sid=1; Secure; HttpOnly", "Set-Cookie", `q="a b"`)
	send(t, rt, as(visit(t, "https://shop.test/"), alice))
	send(t, rt, as(visit(t, "https://shop.test/a"), alice))
	require.Equal(t, `sid=1; q="a b"`, s.last().Header.Get("Cookie"))
	list, _ := headers.FieldsFrom(s.last().Context())
	require.Equal(t, "sid=1", list.Get("cookie"), "crumb by crumb over HTTP/2")
	send(t, rt, as(visit(t, "https://shop.test/a", "Cookie", "sid=mine; x=2"), alice))
	require.Equal(t, []string{`sid=mine; x=2; q="a b"`}, s.last().Header["Cookie"])
	send(t, rt, as(visit(t, "https://shop.test/a"), bob))
	require.NotContains(t, s.last().Header, "Cookie")
	send(t, rt, as(visit(t, "http://shop.test/a"), alice))
	require.Equal(t, `q="a b"`, s.last().Header.Get("Cookie"))
	req := as(visit(t, "https://shop.test/a"), alice)
	req.Header["Cookie"] = nil
	send(t, rt, req)
	require.NotContains(t, s.last().Header, "Cookie")
	req = as(visit(t, "https://shop.test/a"), alice)
	ctx := headers.WithInitiator(headers.WithKind(req.Context(), headers.Fetch), parse(t, "https://other.test/"))
	send(t, rt, req.WithContext(ctx))
	require.NotContains(t, s.last().Header, "Cookie", "a fetch from another origin has no credentials")

	off, s2 := newSite(t, headers.Config{DisableCookies: true})
	send(t, off, as(visit(t, "https://shop.test/a"), alice))
	require.NotContains(t, s2.last().Header, "Cookie")
}

func TestHintsGoToTheOriginThatAskedForThem(t *testing.T) {
	p := chrome156
	p.Device = map[string]string{"sec-ch-ua-platform-version": `"19.0.0"`}
	rt, s := newSite(t, headers.Config{Profiles: []headers.Profile{p}})
	s.pages["https://shop.test/"] = htmlPage("Accept-CH", "Sec-CH-UA-Platform-Version, Sec-CH-UA-Arch", "Accept-CH", "Unknown, DPR")
	s.pages["https://shop.test/forget"] = htmlPage("Accept-CH", "")
	alice, bob := &trip.Identity{Seed: 1, Key: "a"}, &trip.Identity{Seed: 1, Key: "b"}
	send(t, rt, as(visit(t, "https://shop.test/"), alice))
	require.NotContains(t, s.last().Header, "sec-ch-ua-arch")
	send(t, rt, as(visit(t, "https://shop.test/a"), alice))
	require.Equal(t, []string{`"x86"`}, raw(s.last().Header, "sec-ch-ua-arch"))
	require.Equal(t, []string{`"19.0.0"`}, raw(s.last().Header, "sec-ch-ua-platform-version"))
	require.NotContains(t, s.last().Header, "dpr", "the device says nothing about it")
	send(t, rt, as(visit(t, "https://www.shop.test/a"), alice))
	require.NotContains(t, s.last().Header, "sec-ch-ua-arch", "another origin")
	send(t, rt, as(visit(t, "http://shop.test/a"), alice))
	require.NotContains(t, s.last().Header, "sec-ch-ua-arch", "an insecure one")
	send(t, rt, as(visit(t, "https://shop.test/a"), bob))
	require.NotContains(t, s.last().Header, "sec-ch-ua-arch", "another identity")
	send(t, rt, as(visit(t, "https://shop.test/forget"), alice))
	send(t, rt, as(visit(t, "https://shop.test/a"), alice))
	require.NotContains(t, s.last().Header, "sec-ch-ua-arch")
}

func TestACriticalHintRepeatsTheNavigationOnce(t *testing.T) {
	s := &site{pages: map[string]*http.Response{
		"https://shop.test/": htmlPage("Accept-CH", "Sec-CH-UA-Arch", "Critical-CH", "Sec-CH-UA-Arch", "Set-Cookie", "first=1"),
	}}
	closed := 0
	rt, err := headers.New(roundTripper(func(req *http.Request) (*http.Response, error) {
		resp, err := s.RoundTrip(req)
		resp.Body = &closing{Reader: strings.NewReader("page"), closed: &closed}
		return resp, err
	}), headers.Config{Profiles: []headers.Profile{chrome156}, DecodedBelow: true})
	require.NoError(t, err)
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	id := &trip.Identity{Seed: 3, Jar: jar}
	resp, err := rt.RoundTrip(as(visit(t, "https://shop.test/"), id))
	require.NoError(t, err)
	require.Len(t, s.seen, 2)
	require.Equal(t, 1, closed, "the first answer is thrown away")
	require.NoError(t, resp.Body.Close())
	require.Equal(t, []string{`"x86"`}, raw(s.last().Header, "sec-ch-ua-arch"))
	require.Equal(t, "first=1", s.last().Header.Get("Cookie"))
	list, _ := headers.FieldsFrom(s.last().Context())
	require.Equal(t, index(list, "accept")+1, index(list, "sec-ch-ua"))
	require.Equal(t, uint64(2), rt.Stats().Profiles["chrome windows"].Exchanges)
	resp, err = rt.RoundTrip(as(visit(t, "https://shop.test/"), id))
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Len(t, s.seen, 3, "from then on it has it")
}

type closing struct {
	io.Reader
	closed *int
}

func (c *closing) Close() error { *c.closed++; return nil }

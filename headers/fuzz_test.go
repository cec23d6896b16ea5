package headers_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/godwit-go/godwit/headers"
	"github.com/stretchr/testify/require"
)

// FuzzGenerate: whatever passes Validate gives a list that could be sent, and the
// same one again.
func FuzzGenerate(f *testing.F) {
	f.Add(uint8(0), uint16(156), uint8(1), uint8(0), "https://shop.test/a?b#c", "https://x@shop.test:8443/", "https://other.test/go", "POST", "X-A", "v", "a=1; b=2")
	f.Add(uint8(3), uint16(153), uint8(0), uint8(16), "http://[::1]:80/", "", "", "GET", "content-type", "", "")
	f.Add(uint8(4), uint16(26), uint8(4), uint8(25), "wss://a.test", "http://a.test", "", "", "Sec-WebSocket-Protocol", "chat", "=;;")
	browsers := []headers.Browser{headers.Chrome, headers.Edge, headers.Chromium, headers.Firefox, headers.Safari}
	systems := []headers.OS{headers.Linux, headers.Windows, headers.MacOS, headers.Android, headers.IOS}
	f.Fuzz(func(t *testing.T, browser uint8, version uint16, system, kind uint8, target, initiator, hop, method, n, v, cookies string) {
		p := headers.Profile{
			Browser: browsers[int(browser)%len(browsers)], Version: int(version), OS: systems[int(system)%len(systems)], Languages: []string{"en"},
		}
		s := headers.Situation{
			Kind: headers.Kind(kind), Method: method, Cookies: cookies, UserActivated: version%2 == 0,
			Headers: []headers.Field{{Name: n, Value: v}}, HasBody: method == "POST",
		}
		var err error
		if s.URL, err = url.Parse(target); err != nil {
			return
		}
		if initiator != "" {
			if s.Initiator, err = url.Parse(initiator); err != nil {
				return
			}
		}
		if hop != "" {
			u, err := url.Parse(hop)
			if err != nil {
				return
			}
			s.Redirects = []*url.URL{u}
		}
		list, err := headers.Generate(p, s)
		if err != nil {
			require.ErrorIs(t, err, headers.ErrConflict)
			return
		}
		require.NotEmpty(t, list.Fields)
		for _, field := range list.Fields {
			require.NotEmpty(t, field.Name)
			require.False(t, strings.ContainsAny(field.Value, "\r\n\x00"), "%s: %q", field.Name, field.Value)
		}
		again, err := headers.Generate(p, s)
		require.NoError(t, err)
		require.Equal(t, list, again)
	})
}

// FuzzTransport: no header of a caller stops the Transport, reaches the wire
// twice or makes it write to the caller's request.
func FuzzTransport(f *testing.F) {
	f.Add("X-A", "1", "sec-ch-ua", "x", "https://shop.test/", "GET")
	f.Add("User-Agent", "", "user-agent", "x", "http://shop.test", "POST")
	f.Add("Connection", "X-A, upgrade", "Upgrade", "h2c", "https://shop.test/", "OPTIONS")
	f.Add("Content-Type", "application/json", "Cookie", "a=\"", "https://shop.test/", "PUT")
	s := new(site)
	rt, err := headers.New(s, headers.Config{Seed: 1})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, n1, v1, n2, v2, target, method string) {
		req, err := http.NewRequest(method, target, nil)
		if err != nil || req.URL.Host == "" {
			return
		}
		req.Header[n1] = []string{v1}
		req.Header[n2] = append(req.Header[n2], v2)
		before := req.Header.Clone()
		s.seen = nil
		resp, err := rt.RoundTrip(req)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.Equal(t, before, req.Header)
		seen := map[string]bool{}
		for key := range s.last().Header {
			lower := strings.ToLower(key)
			if _, own := before[key]; !own {
				require.False(t, seen[lower], "%q is there twice", key)
			}
			seen[lower] = true
		}
		if list, ok := headers.FieldsFrom(s.last().Context()); ok {
			require.NotEmpty(t, list.Fields)
		}
	})
}

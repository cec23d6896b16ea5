//go:build browsers

package headers_test

import (
	"context"
	"fmt"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/godwit-go/godwit/headers"
	"github.com/stretchr/testify/require"
)

// askedHints is everything that a site can ask for.
const askedHints = "device-memory, sec-ch-ua-mobile, dpr, sec-ch-dpr, sec-ch-viewport-width, sec-ch-device-memory, " +
	"sec-ch-viewport-height, viewport-width, width, sec-ch-width, rtt, downlink, ect, sec-ch-ua-arch, sec-ch-ua-platform-version, " +
	"sec-ch-ua-model, sec-ch-ua-full-version, sec-ch-ua-full-version-list, sec-ch-ua-bitness, sec-ch-ua-wow64, " +
	"sec-ch-ua-form-factors, sec-ch-prefers-color-scheme, sec-ch-prefers-reduced-motion, " +
	"sec-ch-prefers-reduced-transparency"

// machineHints are those whose values the machine decides; the test takes them from
// the browser and checks where they go.
var machineHints = []string{
	"device-memory", "dpr", "sec-ch-dpr", "sec-ch-viewport-width", "sec-ch-device-memory", "sec-ch-viewport-height",
	"viewport-width", "width", "sec-ch-width", "rtt", "downlink", "ect", "sec-ch-ua-platform-version", "sec-ch-prefers-color-scheme",
	"sec-ch-prefers-reduced-motion", "sec-ch-prefers-reduced-transparency",
}

func TestChromiumAnswersToAcceptCH(t *testing.T) {
	version := installed(t, "chromium")
	for name, asked := range map[string]string{
		"all": askedHints, "some": "sec-ch-ua-arch, sec-ch-ua-platform-version, dpr",
		"network": "rtt, downlink, ect, sec-ch-ua-bitness", "view": "viewport-width, sec-ch-ua-wow64, device-memory, sec-ch-dpr",
		"critical": "sec-ch-ua-arch, sec-ch-ua-model",
		"width":    "width, sec-ch-width, dpr, viewport-width", "height": "width, sec-ch-viewport-height, sec-ch-viewport-width, sec-ch-ua-arch",
	} {
		t.Run(name, func(t *testing.T) {
			done := make(chan struct{})
			finish := sync.OnceFunc(func() { close(done) })
			srv := newCapture(t, hostA, hostB)
			port := srv.listen(t, "h2")
			own, other := fmt.Sprintf("https://%s:%d", hostA, port), fmt.Sprintf("https://%s:%d", hostB, port)
			srv.answer = func(c captured) reply {
				path, _, _ := strings.Cut(c.path, "?")
				page := ""
				switch path {
				case "/done":
					finish()
				case "/ask":
					page = "await wait(60); location.href = '/page'"
				case "/page":
					page = "await el('img', {src: '/r/image.png'}); await el('img', {sizes: '100px', srcset: '/r/sized.png 100w'}); await get('/r/fetch.json', {headers: {'X-A': '1', Authorization: 'b'}});" +
						"await el('iframe', {src: '/r/frame.html'}); await el('img', {src: '" + other + "/r/image.png'}); await get('/done')"
				default:
					return resource(c, path)
				}
				a := html(prelude + page + coda)
				a.header = append(a.header, headers.Field{Name: "Accept-CH", Value: asked})
				if name == "critical" {
					a.header = append(a.header, headers.Field{Name: "Critical-CH", Value: asked})
				}
				return a
			}
			drive(t, done, func(ctx context.Context) *exec.Cmd { return chromium(t, ctx, scratch(t), own+"/ask", false) })

			seen := make(map[string][]captured)
			for _, c := range srv.requests() {
				seen[c.authority+c.path] = append(seen[c.authority+c.path], c)
			}
			hints := strings.Split(strings.ReplaceAll(asked, " ", ""), ",")
			check := func(c captured, s situation) {
				t.Helper()
				p := headers.Profile{
					Browser: headers.Chromium, Version: version, OS: headers.Linux, Headless: true, Languages: english,
					FullVersion: fullVersion(t, c), ThirdPartyCookies: headers.CookiesBlocked, Device: map[string]string{},
				}
				for _, h := range machineHints {
					if v := c.list.Get(h); v != "" {
						p.Device[h] = v
					}
				}
				s.Protocol, s.AcceptCH = headers.HTTP2, hints
				want, err := headers.Generate(p, s)
				require.NoError(t, err)
				require.Equal(t, render(c.list, s), render(want, s), "%s: the browser is expected, the generator actual", s.URL)
			}
			u := func(path string) string { return strings.TrimPrefix(own, "https://") + path }
			page := mustURL(own + "/page")
			if name == "critical" {
				require.Len(t, seen[u("/ask")], 2)
				check(seen[u("/ask")][1], situation{URL: mustURL(own + "/ask"), UserActivated: true, CriticalCH: true})
			}
			check(seen[u("/page")][0], situation{URL: page, Initiator: mustURL(own + "/ask")})
			check(seen[u("/r/image.png")][0], situation{URL: mustURL(own + "/r/image.png"), Initiator: page, Kind: headers.Image})
			check(seen[u("/r/sized.png")][0], situation{URL: mustURL(own + "/r/sized.png"), Initiator: page, Kind: headers.Image})
			check(seen[u("/r/fetch.json")][0], situation{
				URL: mustURL(own + "/r/fetch.json"), Initiator: page, Kind: headers.Fetch, Headers: fields("X-A", "1", "Authorization", "b"),
			})
			check(seen[u("/r/frame.html")][0], situation{URL: mustURL(own + "/r/frame.html"), Initiator: page, Kind: headers.IFrame})
			there := strings.TrimPrefix(other, "https://") + "/r/image.png"
			check(seen[there][0], situation{URL: mustURL(other + "/r/image.png"), Initiator: page, Kind: headers.Image})
		})
	}
}

// fullVersion is the one that the browser tells, if it has been asked.
func fullVersion(t *testing.T, c captured) string {
	t.Helper()
	return strings.Trim(c.list.Get("sec-ch-ua-full-version"), `"`)
}

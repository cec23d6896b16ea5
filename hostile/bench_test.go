package hostile_test

import (
	"io"
	"net/http"
	"testing"

	"github.com/godwit-go/godwit/hostile"
	"github.com/stretchr/testify/require"
)

// What the web costs the test that uses it: a page over HTTP/2, and through a proxy.
func BenchmarkPage(b *testing.B) {
	web, err := hostile.Start(hostile.Config{Sites: []hostile.SiteConfig{{Host: "shop.test"}}})
	require.NoError(b, err)
	defer web.Close()
	proxy, err := web.AddProxy(hostile.ProxyConfig{})
	require.NoError(b, err)
	for name, through := range map[string]*hostile.Proxy{"direct": nil, "proxy": proxy} {
		transport := web.Transport()
		if through != nil {
			transport.Proxy = http.ProxyURL(through.URL())
		}
		client := &http.Client{Transport: transport}
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				resp, err := client.Get("https://shop.test/p/1")
				if err != nil {
					b.Fatal(err)
				}
				_, _ = io.Copy(io.Discard, resp.Body)
				resp.Body.Close()
			}
		})
		transport.CloseIdleConnections()
	}
}

func BenchmarkStart(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		web, err := hostile.Start(hostile.Config{Faults: true})
		if err != nil {
			b.Fatal(err)
		}
		web.Close()
	}
}

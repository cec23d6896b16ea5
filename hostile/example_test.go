package hostile_test

import (
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/godwit-go/godwit/hostile"
)

// A careful crawler changes its exit when it is turned away, and looks at what it
// got before it calls it a page. The web tells afterwards what that was worth.
func Example() {
	web, err := hostile.Start(hostile.Config{Seed: 1, Sites: []hostile.SiteConfig{{
		Host:  "shop.test",
		Pages: 50,
		Hazards: []hostile.Hazard{
			hostile.Ban{Requests: 20, Window: time.Hour, For: time.Hour},
			hostile.Truncate{OneIn: 10},
		},
	}}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer web.Close()
	shop := web.Site("shop.test")

	// The crawler under test: yours comes here.
	crawl := func(urls []string, exits []*url.URL) (pages int) {
		clients := make([]*http.Client, len(exits))
		for i, exit := range exits {
			clients[i] = &http.Client{Transport: &http.Transport{
				Proxy:           http.ProxyURL(exit),
				TLSClientConfig: &tls.Config{RootCAs: web.CertPool()},
			}}
			defer clients[i].CloseIdleConnections()
		}
		for i := range 4 * len(urls) {
			if len(urls) == 0 {
				break
			}
			target := urls[0]
			urls = urls[1:]
			resp, err := clients[i%len(clients)].Get(target)
			if err == nil {
				var body []byte
				body, err = io.ReadAll(resp.Body)
				resp.Body.Close()
				if err == nil && resp.StatusCode == http.StatusOK && web.Check(target, body) {
					pages++
					continue
				}
			}
			urls = append(urls, target) // later, through another exit
		}
		return pages
	}

	exits := make([]*url.URL, 5)
	for i := range exits {
		proxy, err := web.AddProxy(hostile.ProxyConfig{User: "crawler", Password: "secret"})
		if err != nil {
			fmt.Println(err)
			return
		}
		exits[i] = proxy.URL()
	}
	fmt.Println("through one exit:  ", crawl(shop.URLs(), exits[:1]), "pages")
	fmt.Println("through four exits:", crawl(shop.URLs(), exits[1:]), "pages")

	ledger := shop.Ledger()
	fmt.Println("the first one was banned:", ledger.Visitors["127.0.0.2"].Blocked > 0)
	fmt.Println("pages cut short:", ledger.Failed > 0)
	fmt.Println("from the machine's own address:", web.MachineRequests())
	// Output:
	// through one exit:   18 pages
	// through four exits: 50 pages
	// the first one was banned: true
	// pages cut short: true
	// from the machine's own address: 0
}

// A hazard of one's own is a handler that stands before the site's pages.
func ExampleHazardFunc() {
	wantsLanguage := hostile.HazardFunc(func(site *hostile.Site, next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Accept-Language") == "" {
				site.Book(r, hostile.Blocked)
				http.Error(w, "No browser is as silent as that.", http.StatusForbidden)
				return
			}
			next.ServeHTTP(w, r)
		})
	})
	web, err := hostile.Start(hostile.Config{Sites: []hostile.SiteConfig{{Host: "news.test", Hazards: []hostile.Hazard{wantsLanguage}}}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer web.Close()
	transport := web.Transport() // goes to the web directly
	defer transport.CloseIdleConnections()
	resp, err := (&http.Client{Transport: transport}).Get("https://news.test/")
	if err != nil {
		fmt.Println(err)
		return
	}
	resp.Body.Close()
	fmt.Println(resp.Status, resp.Proto, web.Site("news.test").Ledger().Blocked)
	// Output: 403 Forbidden HTTP/2.0 1
}

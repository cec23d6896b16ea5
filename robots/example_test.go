package robots_test

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/godwit-go/godwit/ratelimit"
	"github.com/godwit-go/godwit/robots"
)

func ExampleConfig_crawlDelay() {
	limiter, err := ratelimit.NewLimiter(ratelimit.Config{Rate: 5})
	if err != nil {
		fmt.Println(err)
		return
	}
	site := roundTripper(func(req *http.Request) (*http.Response, error) {
		return respond(req, 200, "User-agent: *\nCrawl-delay: 10"), nil
	})
	rt, err := robots.New(limiter.Wrap(site), robots.Config{
		Fetch:      site,
		CrawlDelay: limiter.SetFloor, // a floor under the pace
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	client := &http.Client{Transport: rt}
	resp, err := client.Get("http://shop.test/")
	if err != nil {
		fmt.Println(err)
		return
	}
	resp.Body.Close()
	fmt.Println(limiter.Stats()[0].Interval)
	// Output:
	// 10s
}

func Example() {
	site := roundTripper(func(req *http.Request) (*http.Response, error) {
		if req.URL.Path == "/robots.txt" {
			return respond(req, 200, "User-agent: *\nDisallow: /private"), nil
		}
		return respond(req, 200, "page"), nil
	})
	rt, err := robots.New(site, robots.Config{Agent: "ExampleBot"})
	if err != nil {
		fmt.Println(err)
		return
	}
	client := &http.Client{Transport: rt}
	_, err = client.Get("http://shop.test/private/orders")
	fmt.Println(errors.Is(err, robots.ErrDisallowed), err)
	// Output:
	// true Get "http://shop.test/private/orders": robots: "http://shop.test/private/orders" is disallowed by "Disallow: /private"
}

func ExampleParse() {
	rules := robots.Parse([]byte(`
User-agent: *
Disallow: /private
Allow: /private/press$
Crawl-delay: 3
`), "ExampleBot")
	for _, path := range []string{"/index.html", "/private/letters", "/private/press"} {
		allowed, line := rules.Allowed(path)
		fmt.Printf("%s: %t %q\n", path, allowed, line)
	}
	fmt.Println(rules.CrawlDelay())
	// Output:
	// /index.html: true ""
	// /private/letters: false "Disallow: /private"
	// /private/press: true "Allow: /private/press$"
	// 3s
}

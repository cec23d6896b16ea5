// Command colly crawls a site with colly through godwit.
//
//	go run . -url https://example.com/ [-proxies FILE] [-depth 2]
//
// The collector gets godwit by WithTransport. Never use colly's SetProxyFunc with
// it: that replaces the transport's proxy per request on one shared
// http.Transport, which over HTTP/2 keeps using the first proxy's connection, and
// it would bypass godwit's health, bans and fail-closed rule.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"

	"github.com/gocolly/colly/v2"

	"github.com/godwit-go/godwit"
	"github.com/godwit-go/godwit/trip"
)

func main() {
	start := flag.String("url", "", "page to start from")
	depth := flag.Int("depth", 2, "how many links deep to go")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	switch {
	case flag.NArg() > 0:
		fmt.Fprintf(os.Stderr, "colly: unexpected %q, want flags only\n", flag.Arg(0))
		os.Exit(2)
	case *start == "":
		fmt.Fprintln(os.Stderr, "colly: -url is missing: want the page to start from")
		os.Exit(2)
	}
	t, err := godwit.New(nil, godwit.Config{})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	defer t.Close()
	if err := crawl(ctx, os.Stdout, t, *start, *depth); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// crawl follows links on the start page's host and prints a line per page.
func crawl(ctx context.Context, out io.Writer, transport http.RoundTripper, start string, depth int) error {
	c := colly.NewCollector(colly.MaxDepth(depth), colly.StdlibContext(ctx))
	c.WithTransport(transport)
	// godwit keeps cookies per identity; a jar of the collector's would mix them.
	c.DisableCookies()
	// Each attempt has its own timeout in godwit; colly's covers all of them.
	c.SetRequestTimeout(0)

	c.OnRequest(func(r *colly.Request) {
		if r.URL.Host != hostOf(start) {
			r.Abort()
		}
	})
	c.OnHTML("a[href]", func(e *colly.HTMLElement) {
		_ = e.Request.Visit(e.Attr("href")) // visited before, too deep or elsewhere: not an error here
	})
	c.OnResponse(func(r *colly.Response) {
		fmt.Fprintf(out, "%d %s\n", r.StatusCode, r.Request.URL.Path)
	})
	var failed []error
	c.OnError(func(r *colly.Response, err error) {
		var story *godwit.Error
		if errors.As(err, &story) && story.Summary.Verdict == trip.Canceled {
			return
		}
		failed = append(failed, err)
	})
	if err := c.Visit(start); err != nil {
		return err
	}
	c.Wait()
	return errors.Join(failed...)
}

func hostOf(address string) string {
	req, err := http.NewRequest(http.MethodGet, address, nil)
	if err != nil {
		return ""
	}
	return req.URL.Host
}

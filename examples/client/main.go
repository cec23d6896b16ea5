// Command client fetches pages with a plain http.Client through godwit and tells
// of each how it was got.
//
//	go run ./examples/client URL…
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"

	"github.com/godwit-go/godwit"
	"github.com/godwit-go/godwit/trip"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	flag.Usage = func() { fmt.Fprintln(flag.CommandLine.Output(), "usage: client URL…") }
	flag.Parse()
	if flag.NArg() == 0 {
		flag.Usage()
		os.Exit(2)
	}
	t, err := godwit.New(nil, godwit.Config{})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	defer t.Close()
	if !fetchAll(ctx, os.Stdout, t.Client(), flag.Args()) {
		os.Exit(1)
	}
}

// fetchAll fetches the pages one after the other and tells whether all came.
func fetchAll(ctx context.Context, out io.Writer, client *http.Client, urls []string) bool {
	all := true
	for _, u := range urls {
		if err := fetch(ctx, out, client, u); err != nil {
			all = false
			fmt.Fprintln(out, err) // one line that tells every attempt
		}
	}
	return all
}

func fetch(ctx context.Context, out io.Writer, client *http.Client, u string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u, nil)
	if err != nil {
		return err
	}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	n, err := io.Copy(io.Discard, resp.Body)
	if err != nil {
		return err
	}
	s := trip.FromResponse(resp)
	fmt.Fprintf(out, "%s %s: %d bytes by %s, attempt %d\n", resp.Status, u, n, s.Egress, len(s.Attempts))
	return nil
}

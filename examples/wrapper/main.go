// Command wrapper uses one layer of godwit alone: retries that heed Retry-After,
// around a transport of the user's own.
//
//	go run ./examples/wrapper URL
package main

import (
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/godwit-go/godwit/retry"
)

func main() {
	flag.Usage = func() { fmt.Fprintln(flag.CommandLine.Output(), "usage: wrapper URL") }
	flag.Parse()
	if flag.NArg() != 1 {
		flag.Usage()
		os.Exit(2)
	}
	if err := run(os.Stdout, flag.Arg(0), retry.Config{AttemptTimeout: 10 * time.Second}); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(out io.Writer, url string, cfg retry.Config) error {
	base := &http.Transport{Proxy: nil, ForceAttemptHTTP2: true}
	t, err := retry.New(base, cfg)
	if err != nil {
		return err
	}
	client := &http.Client{Transport: t}
	defer client.CloseIdleConnections()
	resp, err := client.Get(url)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	fmt.Fprintln(out, resp.Status)
	_, err = io.Copy(out, resp.Body)
	return err
}

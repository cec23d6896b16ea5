// Command proxycheck tells which proxies of a list work.
//
//	go run ./examples/proxycheck -list proxies.txt -url https://api.ipify.org [-json]
//
// fetches the URL by every proxy, some at a time, and prints a table, the fastest
// first: how long it took, the address that the target saw where the page tells
// it, which protocols go through, and else why it failed. The list may have any
// format that proxypool.ParseList reads; "-" is the standard input. No login is
// ever printed. It exits with 1 when no proxy works, with 2 when it cannot begin,
// and with 130 after an interrupt, which leaves the table of what was checked.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"os/signal"
	"time"

	"github.com/godwit-go/godwit/proxypool"
)

const (
	exitOK          = 0
	exitNone        = 1 // no proxy works
	exitUsage       = 2
	exitInterrupted = 130
)

type options struct {
	list, url string
	json      bool
	parallel  int
	timeout   time.Duration
	insecure  bool
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run is main with its surroundings as parameters; it returns the exit code.
func run(ctx context.Context, args []string, in io.Reader, out, progress io.Writer) int {
	var o options
	flags := flag.NewFlagSet("proxycheck", flag.ContinueOnError)
	flags.SetOutput(progress)
	flags.StringVar(&o.list, "list", "", "`file` with the proxies, - for the standard input")
	flags.StringVar(&o.url, "url", "", "`URL` to fetch; one that answers with the caller's address tells most")
	flags.BoolVar(&o.json, "json", false, "print a JSON object per proxy in place of the table")
	flags.IntVar(&o.parallel, "parallel", 20, "proxies checked at the same time")
	flags.DurationVar(&o.timeout, "timeout", 15*time.Second, "limit of one fetch")
	flags.BoolVar(&o.insecure, "insecure", false, "do not verify the target's certificate")
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return exitOK
	case err != nil:
		return exitUsage
	}
	if flags.NArg() > 0 { // which may well be a proxy with its login: it is not quoted
		fmt.Fprintln(progress, "proxycheck: want options only; -list has the file with the proxies")
		return exitUsage
	}
	proxies, err := o.load(in)
	if err != nil {
		fmt.Fprintln(progress, "proxycheck:", err)
		if len(proxies) == 0 {
			return exitUsage
		}
	}
	results := checkAll(ctx, o, proxies, progress)
	if err := report(out, results, o.json); err != nil {
		fmt.Fprintln(progress, "proxycheck:", err)
		return exitUsage
	}
	if ctx.Err() != nil {
		return exitInterrupted
	}
	for _, r := range results {
		if r.OK {
			return exitOK
		}
	}
	return exitNone
}

// load checks the options and reads the list. Wrong lines are an error beside the
// proxies of the others.
func (o options) load(in io.Reader) ([]proxypool.Proxy, error) {
	if u, err := url.Parse(o.url); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, errors.New("-url: want an http or https URL")
	}
	if o.parallel < 1 || o.timeout <= 0 {
		return nil, errors.New("-parallel and -timeout: want more than 0")
	}
	switch o.list {
	case "":
		return nil, errors.New("-list: want a file")
	case "-":
	default:
		f, err := os.Open(o.list)
		if err != nil {
			var cause *fs.PathError
			if errors.As(err, &cause) {
				err = cause.Err // without the path: it may be a proxy given by mistake
			}
			return nil, fmt.Errorf("-list: %w", err)
		}
		defer f.Close()
		in = f
	}
	proxies, err := proxypool.ParseList(in)
	if err == nil && len(proxies) == 0 {
		err = errors.New("-list: no proxy in it")
	}
	return proxies, err
}

// Command crawl shows godwit at work, or puts it to work.
//
//	go run ./examples/crawl
//
// starts a hostile little web on loopback (three domains that ban, throttle, fall
// over and ask for CAPTCHAs, and proxies of which half are no good), crawls it
// with a plain http.Client and then with godwit, and compares. It exits with 1
// when godwit lost a page that a correct client gets.
//
//	go run ./examples/crawl -config FILE -urls FILE -out DIR
//
// crawls real pages by the policies of a configuration file: one URL a line, each
// page into a file of its own, and a line about each in index.jsonl.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

const (
	exitOK          = 0
	exitLost        = 1 // pages were lost
	exitUsage       = 2
	exitInterrupted = 130
)

type options struct {
	config, urls, out string
	workers           int
	seed              uint64
	listen            string
}

func main() {
	ctx, stop := untilStopped(context.Background())
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// untilStopped ends with Ctrl-C, and when a container is stopped. A second signal
// kills as if there were no handler.
func untilStopped(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	return ctx, stop
}

// run is main with its surroundings as parameters; it returns the exit code.
func run(ctx context.Context, args []string, out, progress io.Writer) int {
	var o options
	flags := flag.NewFlagSet("crawl", flag.ContinueOnError)
	flags.SetOutput(progress)
	flags.StringVar(&o.config, "config", "", "configuration `file` (YAML); default: godwit's defaults")
	flags.StringVar(&o.urls, "urls", "", "`file` with one URL a line; default: the demonstration")
	flags.StringVar(&o.out, "out", "", "`directory` for the pages")
	flags.IntVar(&o.workers, "workers", 32, "pages under way at the same time")
	flags.Uint64Var(&o.seed, "seed", 1, "seed of the demonstration's web")
	flags.StringVar(&o.listen, "listen", "", "serve /metrics and the status page on this `address`, as in 127.0.0.1:8080")
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return exitOK
	case err != nil:
		return exitUsage
	case flags.NArg() > 0:
		fmt.Fprintf(progress, "crawl: unexpected %q, want flags only\n", flags.Arg(0))
		return exitUsage
	case o.workers < 1:
		fmt.Fprintf(progress, "crawl: -workers: %d, want 1 or more\n", o.workers)
		return exitUsage
	}

	demo := o.urls == "" && o.config == "" && o.out == ""
	if !demo && (o.urls == "" || o.out == "") {
		fmt.Fprintln(progress, "crawl: -urls and -out go together, -config is optional with them")
		return exitUsage
	}
	ops, err := listen(o.listen, progress)
	if err != nil {
		fmt.Fprintln(progress, "crawl: -listen:", err)
		return exitUsage
	}
	defer ops.close()
	var code int
	if demo {
		code, err = demonstrate(ctx, o, ops, out, progress)
	} else {
		code, err = crawlFile(ctx, o, ops, out, progress)
	}
	if err != nil {
		fmt.Fprintln(progress, "crawl:", err)
		return max(code, exitLost)
	}
	if ctx.Err() != nil {
		fmt.Fprintln(progress, "crawl: interrupted")
		return exitInterrupted
	}
	return code
}

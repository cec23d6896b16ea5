// Command headers prints what a browser puts on the wire.
//
// Without -browser it reads situations as JSON lines from standard input and
// writes one line of header fields each:
//
//	echo '{"id":"1","browser":"firefox","version":153,"os":"linux","protocol":"h2",
//	  "kind":"navigate","url":"https://example.com/"}' | tr -d '\n' | go run ./examples/headers
//
// With -browser it prints one request for people, or as a curl command:
//
//	go run ./examples/headers -browser chrome -os windows -url https://example.com/ -curl
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
)

func main() {
	if err := run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "headers:", err)
		os.Exit(1)
	}
}

func run(args []string, stdin io.Reader, stdout, stderr io.Writer) error {
	var r request
	flags := flag.NewFlagSet("headers", flag.ContinueOnError)
	flags.SetOutput(stderr)
	r.define(flags)
	switch err := flags.Parse(args); {
	case err == flag.ErrHelp:
		return nil
	case err != nil:
		return err
	case flags.NArg() > 0:
		return fmt.Errorf("unexpected argument %q", flags.Arg(0))
	case r.Browser != "":
		return r.print(stdout)
	}
	return answerLines(stdin, stdout)
}

// answerLines answers each line of in, however long it is. A line that cannot be
// served is answered by an error and does not stop the others.
func answerLines(in io.Reader, out io.Writer) error {
	lines := bufio.NewReader(in)
	w := bufio.NewWriter(out)
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil && err != io.EOF {
			return errors.Join(err, w.Flush())
		}
		if len(bytes.TrimSpace(line)) > 0 {
			if err := enc.Encode(answer(line)); err != nil {
				return err
			}
		}
		if err == io.EOF {
			return w.Flush()
		}
	}
}

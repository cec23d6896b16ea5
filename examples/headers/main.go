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
	switch err := run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr); {
	case errors.Is(err, errUsage):
		os.Exit(2)
	case err != nil:
		fmt.Fprintln(os.Stderr, "headers:", err)
		os.Exit(1)
	}
}

// errUsage is returned for arguments that are wrong, which the user has been told.
var errUsage = errors.New("wrong usage")

func run(args []string, stdin io.Reader, stdout, stderr io.Writer) error {
	var r request
	flags := flag.NewFlagSet("headers", flag.ContinueOnError)
	flags.SetOutput(stderr)
	r.define(flags)
	switch err := flags.Parse(args); {
	case err == flag.ErrHelp:
		return nil
	case err != nil:
		return errUsage // the flag package has said what is wrong
	case flags.NArg() > 0:
		fmt.Fprintf(stderr, "headers: unexpected %q, want flags only\n", flags.Arg(0))
		return errUsage
	case r.Browser != "":
		return r.print(stdout)
	}
	if f, ok := stdin.(*os.File); ok && isTerminal(f) {
		fmt.Fprintln(stderr, "headers: reading situations as JSON lines, since there is no -browser; -h tells more")
	}
	return answerLines(stdin, stdout)
}

func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// answerLines answers each line of in, however long it is. A line that cannot be
// served is answered by an error and does not stop the others.
func answerLines(in io.Reader, out io.Writer) error {
	lines := bufio.NewReader(in)
	w := bufio.NewWriter(out)
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	for n := 1; ; n++ {
		line, err := lines.ReadBytes('\n')
		if err != nil && err != io.EOF {
			return errors.Join(err, w.Flush())
		}
		if len(bytes.TrimSpace(line)) > 0 {
			out := answer(line)
			if out.Error != "" {
				out.Error = fmt.Sprintf("line %d: %s", n, out.Error)
			}
			if err := enc.Encode(out); err != nil {
				return err
			}
		}
		if err == io.EOF {
			return w.Flush()
		}
	}
}

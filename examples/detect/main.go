// Detect tells, for each saved page, whether it is a challenge: one line of JSON a
// file.
//
//	detect [-status N] [-header 'K: V']... [-raw] FILE...
//
// With -raw a file is a saved HTTP response, status line and header included; -
// is the standard input.
package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/textproto"
	"os"
	"strings"

	"github.com/godwit-go/godwit/captcha"
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run is main without the process around it; it returns the exit code: 1 when a
// file could not be read, 2 when the command line is wrong.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("detect", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		fmt.Fprintln(stderr, "usage: detect [-status N] [-header 'K: V']... [-raw] FILE...")
		flags.PrintDefaults()
	}
	status := flags.Int("status", 0, "status `code` of the response; 0 = not known")
	raw := flags.Bool("raw", false, "the files are saved HTTP responses")
	header := make(http.Header)
	flags.Func("header", "a `line` 'Name: value' of the response's header; may be repeated", func(s string) error {
		return addHeader(header, s)
	})
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 2
	}
	if *status != 0 && (*status < 100 || *status > 999) {
		fmt.Fprintf(stderr, "detect: -status %d, want 100 to 999, or 0 for not known\n", *status)
		return 2
	}
	if flags.NArg() == 0 {
		fmt.Fprintln(stderr, "detect: no files, want at least one or - for the standard input")
		flags.Usage()
		return 2
	}
	code := 0
	out := json.NewEncoder(stdout)
	out.SetEscapeHTML(false)
	for _, file := range flags.Args() {
		found, err := inspect(file, stdin, *raw, *status, header)
		if err == nil {
			err = out.Encode(line(file, found))
		}
		if err != nil {
			fmt.Fprintln(stderr, "detect:", err)
			code = 1
		}
	}
	return code
}

func addHeader(header http.Header, s string) error {
	key, value, ok := strings.Cut(s, ":")
	key = strings.TrimSpace(key)
	if !ok || key == "" || strings.ContainsAny(key, " \t") {
		return errors.New("want 'Name: value'")
	}
	header.Add(textproto.CanonicalMIMEHeaderKey(key), strings.TrimSpace(value))
	return nil
}

// inspect judges one file. What the command line says of status and header goes
// before what a saved response says.
func inspect(file string, stdin io.Reader, raw bool, status int, header http.Header) (captcha.Challenge, error) {
	body, err := read(file, stdin)
	if err != nil {
		return captcha.Challenge{}, err
	}
	header = header.Clone()
	if raw {
		saved, err := parse(body)
		if err != nil {
			return captcha.Challenge{}, fmt.Errorf("%s: %w", file, err)
		}
		body = saved.body
		status = cmp.Or(status, saved.status)
		for key, values := range saved.header {
			if _, given := header[key]; !given {
				header[key] = values
			}
		}
	}
	body = decoded(header, body)
	return captcha.Detect(status, header, nil, body), nil
}

func read(file string, stdin io.Reader) ([]byte, error) {
	if file == "-" {
		return io.ReadAll(stdin)
	}
	return os.ReadFile(file)
}

// result is a line of the output.
type result struct {
	File       string          `json:"file"`
	Verdict    captcha.Verdict `json:"verdict"`
	Vendor     captcha.Vendor  `json:"vendor"`
	Kind       captcha.Kind    `json:"kind"`
	SiteKey    string          `json:"sitekey"`
	Solvable   bool            `json:"solvable"`
	Confidence float64         `json:"confidence"`
	Rule       string          `json:"rule"`
}

func line(file string, c captcha.Challenge) result {
	return result{file, c.Verdict, c.Vendor, c.Kind, c.SiteKey, c.Solvable, c.Confidence, c.Rule}
}

package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net/url"
	"strings"

	"github.com/godwit-go/godwit/headers"
)

// request is one situation given by flags.
type request struct {
	input
	os, protocol, languages string
	curl                    bool
}

func (r *request) define(flags *flag.FlagSet) {
	flags.Func("browser", "chrome, edge, chromium, firefox or safari", func(s string) error {
		if r.Browser = headers.Browser(s); headers.Catalogue().Current(r.Browser) == 0 {
			return errors.New("want chrome, edge, chromium, firefox or safari")
		}
		return nil
	})
	flags.IntVar(&r.Version, "version", 0, "major version (default the current one)")
	flags.StringVar(&r.os, "os", "", "linux, windows, macos, android or ios (default the browser's most common)")
	flags.StringVar(&r.URL, "url", "https://example.com/", "what is requested")
	flags.StringVar(&r.Kind, "kind", "navigate", "what asks for it: navigate, image, script, fetch, xhr, …")
	flags.StringVar(&r.Initiator, "from", "", "the page that asks (default typed by the user)")
	flags.StringVar(&r.Method, "method", "", "method on the wire (default by kind: GET for most)")
	flags.StringVar(&r.protocol, "protocol", "", "http/1.1 or h2 (default h2 for https)")
	flags.StringVar(&r.languages, "languages", "en-US,en", "the user's languages, best first")
	flags.BoolVar(&r.curl, "curl", false, "print a curl command")
}

// print writes the request as it would stand on the wire, or as a curl command.
func (r *request) print(out io.Writer) error {
	r.OS, r.Protocol = headers.OS(r.os), headers.Protocol(r.protocol)
	r.fromCatalogue()
	if r.languages != "" {
		tags := strings.Split(r.languages, ",")
		r.Languages = &tags
	}
	r.UserActivated = r.Kind == "navigate"
	list, err := r.generate()
	if err != nil {
		return err
	}
	if r.curl {
		return r.printCurl(out, list)
	}
	return r.printWire(out, list)
}

// fromCatalogue fills in version and system from the current releases.
func (r *request) fromCatalogue() {
	for _, p := range headers.Catalogue().Profiles() {
		if p.Browser != r.Browser || r.OS != "" && p.OS != r.OS {
			continue
		}
		if r.OS == "" {
			r.OS = p.OS
		}
		if r.Version == 0 {
			r.Version, r.FullVersion = p.Version, p.FullVersion
		}
		return
	}
	if r.Version == 0 {
		r.Version = headers.Catalogue().Current(r.Browser)
	}
}

func (r *request) method() string {
	switch {
	case r.Method != "":
		return r.Method
	case r.Kind == headers.Preflight.String():
		return "OPTIONS"
	case r.Kind == headers.Beacon.String():
		return "POST"
	}
	return "GET"
}

func (r *request) printWire(out io.Writer, list headers.List) error {
	u, err := url.Parse(r.URL)
	if err != nil {
		return err
	}
	if list.Pseudo == nil {
		fmt.Fprintf(out, "%s %s HTTP/1.1\n", r.method(), u.RequestURI())
	}
	values := map[string]string{":method": r.method(), ":authority": u.Host, ":scheme": u.Scheme, ":path": u.RequestURI()}
	for _, pseudo := range list.Pseudo {
		fmt.Fprintf(out, "%s: %s\n", pseudo, values[pseudo])
	}
	for _, f := range list.Fields {
		if _, err := fmt.Fprintf(out, "%s: %s\n", f.Name, f.Value); err != nil {
			return err
		}
	}
	return nil
}

// printCurl leaves out what curl writes by itself.
func (r *request) printCurl(out io.Writer, list headers.List) error {
	var b strings.Builder
	b.WriteString("curl --compressed")
	if list.Protocol == headers.HTTP2 {
		b.WriteString(" --http2")
	} else {
		b.WriteString(" --http1.1")
	}
	if strings.ContainsAny(r.URL, "[]{}") {
		b.WriteString(" --globoff")
	}
	switch m := r.method(); m {
	case "GET":
	case "HEAD":
		b.WriteString(" --head") // with -X curl would wait for a body
	default:
		b.WriteString(" -X " + quote(m))
	}
	for _, f := range list.Fields {
		switch strings.ToLower(f.Name) {
		case "host", "connection", "content-length", "te":
			continue
		}
		b.WriteString(" \\\n  -H " + quote(f.Name+": "+f.Value))
	}
	_, err := fmt.Fprintf(out, "%s \\\n  %s\n", b.String(), quote(r.URL))
	return err
}

// quote makes one word of s for a POSIX shell.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

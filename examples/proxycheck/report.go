package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

const barWidth = 30

// bar draws how far the checks are. Where nobody watches, in a file or a pipe, it
// only draws the end.
func bar(w io.Writer, done, all, working int) {
	if done < all && !isTerminal(w) {
		return
	}
	full := barWidth
	if all > 0 {
		full = barWidth * done / all
	}
	fmt.Fprintf(w, "\r[%s%s] %d/%d, %d work", strings.Repeat("#", full), strings.Repeat(".", barWidth-full), done, all, working)
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// report prints the results, those that work first and the fastest of them on top.
func report(w io.Writer, results []result, asJSON bool) error {
	slices.SortFunc(results, func(a, b result) int {
		if a.OK != b.OK {
			if a.OK {
				return -1
			}
			return 1
		}
		return cmp.Or(cmp.Compare(a.Took, b.Took), cmp.Compare(a.Proxy, b.Proxy))
	})
	if asJSON {
		enc := json.NewEncoder(w)
		for _, r := range results {
			if err := enc.Encode(r); err != nil {
				return err
			}
		}
		return nil
	}
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tw, "PROXY\tSCHEME\tTIME\tEXIT\tPROTOCOLS\tRESULT")
	for _, r := range results {
		fmt.Fprintf(tw, "%s\t%s\t%s\t%s\t%s\t%s\n", r.Proxy, r.Scheme, r.Took.Round(time.Millisecond), orDash(r.Exit), orDash(strings.Join(r.Protocols, " ")), r.outcome())
	}
	return tw.Flush()
}

func (r result) outcome() string {
	switch {
	case r.OK:
		return "ok"
	case r.Phase != "":
		return r.Phase + ": " + r.Reason
	}
	return r.Reason
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

package proxypool

import (
	"encoding/csv"
	"errors"
	"strings"
)

// readLines reads plain lines and CSV, line by line: a quoted field does not span
// lines in any list that we know.
func (l *listReader) readLines(text string) {
	var header []string
	first := true
	number := 0
	for line := range strings.Lines(text) {
		number++
		line = strings.TrimSpace(stripComment(strings.TrimRight(line, "\r\n")))
		if line == "" {
			continue
		}
		comma := separator(line)
		if comma == 0 {
			first = false
			p, err := ParseProxy(line)
			l.add(number, p, err)
			continue
		}
		row, err := splitRow(line, comma)
		if err != nil {
			l.add(number, Proxy{}, errFormat)
			continue
		}
		if first {
			first = false
			if isHeader(row) {
				header = row
				continue
			}
		}
		p, err := readRow(header, row)
		l.add(number, p, err)
	}
}

// stripComment cuts a comment that starts a line or follows a blank; elsewhere #
// may be part of a password or start a label.
func stripComment(line string) string {
	for i := range len(line) {
		if line[i] == '#' && (i == 0 || line[i-1] == ' ' || line[i-1] == '\t') {
			return line[:i]
		}
	}
	return line
}

// separator returns the separator of a CSV row, 0 when the line is no row.
func separator(line string) rune {
	if strings.Contains(line, "://") && !strings.ContainsAny(line, ",;\t\"") {
		return 0
	}
	for _, c := range ",;\t" {
		if strings.ContainsRune(line, c) {
			// A password may have a comma: host:port:user:pass,word reads as a proxy as it is.
			if head, _, _ := strings.Cut(line, string(c)); strings.Count(head, ":") >= 2 && !strings.Contains(head, "://") && !strings.Contains(head, "@") {
				return 0
			}
			return c
		}
	}
	return 0
}

func splitRow(line string, comma rune) ([]string, error) {
	r := csv.NewReader(strings.NewReader(line))
	r.Comma = comma
	r.TrimLeadingSpace = comma != '\t'
	return r.Read()
}

func isHeader(row []string) bool {
	for _, name := range row {
		switch columns[strings.ToLower(strings.TrimSpace(name))] {
		case "url", "host":
			return true
		}
	}
	return false
}

func readRow(header, row []string) (Proxy, error) {
	var f fields
	var address string
	switch {
	case header == nil && strings.Contains(row[0], ":") && strings.Count(row[0], ":") < 3 || header == nil && strings.Contains(row[0], "://"):
		return Proxy{}, errors.New("want a header line that names the columns")
	case header == nil:
		header = []string{"host", "port", "user", "password"}
	}
	if len(row) > len(header) {
		return Proxy{}, errors.New("more fields than columns")
	}
	for i, value := range row {
		f.set(header[i], value, &address)
	}
	return f.over(address)
}

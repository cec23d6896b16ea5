package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httputil"
	"strings"
)

// saved is an HTTP response that was written to a file.
type saved struct {
	status int
	header http.Header
	body   []byte
}

// parse reads a saved response. Tools write the header as it came and the body as
// it was decoded, so the header's word on length and encoding counts only where
// the body bears it out. Of several responses in a row, such as a proxy's answer
// to CONNECT and a chain of redirects, the last one counts.
func parse(data []byte) (saved, error) {
	for {
		line, rest, _ := bytes.Cut(data, []byte("\n"))
		// "HTTP/2 403" is what tools write, "HTTP/2.0" what the parser knows.
		line = bytes.Replace(line, []byte("HTTP/2 "), []byte("HTTP/2.0 "), 1)
		line = bytes.Replace(line, []byte("HTTP/3 "), []byte("HTTP/3.0 "), 1)
		head := bufio.NewReader(io.MultiReader(bytes.NewReader(line), strings.NewReader("\n"), bytes.NewReader(rest)))
		resp, err := http.ReadResponse(head, nil)
		if err != nil {
			return saved{}, fmt.Errorf("no saved HTTP response: %w", err)
		}
		body := afterHead(rest)
		if bytes.HasPrefix(body, []byte("HTTP/")) {
			data = body
			continue
		}
		if len(resp.TransferEncoding) > 0 {
			if whole, err := io.ReadAll(httputil.NewChunkedReader(bytes.NewReader(body))); err == nil || errors.Is(err, io.ErrUnexpectedEOF) && len(whole) > 0 {
				body = whole
			}
		}
		return saved{resp.StatusCode, resp.Header, body}, nil
	}
}

// afterHead returns what follows the first empty line, whatever the line ends are.
func afterHead(b []byte) []byte {
	for len(b) > 0 {
		line, rest, _ := bytes.Cut(b, []byte("\n"))
		b = rest
		if len(bytes.TrimRight(line, "\r")) == 0 {
			break
		}
	}
	return b
}

// decoded undoes the content encoding that the body still has, and takes the word
// off the header where the body was decoded before it was saved.
func decoded(header http.Header, body []byte) []byte {
	if header.Get("Content-Encoding") == "" {
		return body
	}
	if strings.HasPrefix(http.DetectContentType(body), "text/") {
		header.Del("Content-Encoding")
		return body
	}
	z, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return body
	}
	plain, err := io.ReadAll(io.LimitReader(z, 1<<20))
	if len(plain) == 0 && err != nil {
		return body
	}
	header.Del("Content-Encoding")
	return plain
}

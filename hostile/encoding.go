package hostile

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// coders are the content codings of a web, by name (RFC 9110, 8.4.1). The writers
// are kept, since a new one costs more than the page.
type coders map[string]*sync.Pool

// A coder writes one content coding.
type coder interface {
	io.WriteCloser
	Reset(w io.Writer)
}

func newCoders() coders {
	return coders{
		"gzip":    {New: func() any { return gzip.NewWriter(nil) }},
		"deflate": {New: func() any { return zlib.NewWriter(nil) }},
	}
}

// encode returns body in a coding.
func (c coders) encode(coding string, body []byte) []byte {
	var b bytes.Buffer
	w := c[coding].Get().(coder)
	defer c[coding].Put(w)
	w.Reset(&b)
	_, _ = w.Write(body) // a bytes.Buffer takes everything
	w.Close()
	return b.Bytes()
}

// reply answers with a whole body of known length, coded as the visitor accepts
// it. Most paths prefer gzip, one in five deflate.
func (s *Site) reply(w http.ResponseWriter, r *http.Request, status int, body []byte) error {
	header := w.Header()
	if !s.cfg.Identity {
		order := []string{"gzip", "deflate"}
		if s.dice("coding", r.URL.Path).IntN(5) == 0 {
			slices.Reverse(order)
		}
		header.Add("Vary", "Accept-Encoding")
		for _, coding := range order {
			if accepts(r.Header.Get("Accept-Encoding"), coding) {
				body = s.web.coders.encode(coding, body)
				header.Set("Content-Encoding", coding)
				break
			}
		}
	}
	header.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, err := w.Write(body)
	return err
}

// accepts reports whether an Accept-Encoding header names the coding and does
// not weigh it as nothing.
func accepts(header, coding string) bool {
	for item := range strings.SplitSeq(header, ",") {
		name, weight, _ := strings.Cut(item, ";")
		if !strings.EqualFold(strings.TrimSpace(name), coding) {
			continue
		}
		q, isWeight := strings.CutPrefix(strings.ReplaceAll(weight, " ", ""), "q=")
		value, err := strconv.ParseFloat(q, 64)
		return !isWeight || err != nil || value > 0
	}
	return false
}

package hostile

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// reply answers with a whole body of known length, coded as the visitor accepts
// it. Most paths prefer gzip, one in five deflate (RFC 9110, 8.4.1).
func (s *Site) reply(w http.ResponseWriter, r *http.Request, status int, body []byte) error {
	order := []string{"gzip", "deflate"}
	if s.dice("coding", r.URL.Path).IntN(5) == 0 {
		order = []string{"deflate", "gzip"}
	}
	header := w.Header()
	if !s.cfg.Identity {
		header.Add("Vary", "Accept-Encoding")
		for _, coding := range order {
			if accepts(r.Header.Get("Accept-Encoding"), coding) {
				body = encode(coding, body)
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

func encode(coding string, body []byte) []byte {
	var b bytes.Buffer
	var w io.WriteCloser = gzip.NewWriter(&b)
	if coding == "deflate" {
		w = zlib.NewWriter(&b)
	}
	_, _ = w.Write(body) // a bytes.Buffer takes everything
	w.Close()
	return b.Bytes()
}

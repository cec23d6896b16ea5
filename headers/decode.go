package headers

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/godwit-go/godwit/trip"
)

const (
	// DefaultMaxDecodedBytes is the default of [DecodeConfig.MaxBytes].
	DefaultMaxDecodedBytes = 32 << 20
	// DefaultMaxDecodeRatio is the default of [DecodeConfig.MaxRatio].
	DefaultMaxDecodeRatio = 200
	// MinMaxDecodeRatio is the least that [DecodeConfig.MaxRatio] may be: HTML
	// that is nothing special shrinks to a tenth.
	MinMaxDecodeRatio = 10
	// DecodeRatioFloor is how many bytes a body may always decode to before
	// [DecodeConfig.MaxRatio] counts.
	DecodeRatioFloor = 1 << 20
	// MaxCodings is how many codings one body may be packed in, counted over all
	// its Content-Encoding lines. A body with more is left as it is.
	MaxCodings = 2
	// MaxZstdWindow is the largest window of a zstd body, after RFC 9659.
	MaxZstdWindow = 8 << 20
)

// DecodeConfig bounds what a [Decoder] unpacks. The zero value means the defaults.
type DecodeConfig struct {
	// MaxBytes is how large a body may become by decoding, in bytes. Reading
	// beyond it fails with [ErrBodyTooLarge]. It does not apply to bodies that
	// come unencoded. Negative means unlimited. Default [DefaultMaxDecodedBytes].
	MaxBytes int64
	// MaxRatio is how many times its encoded size a body may become, once it is
	// larger than [DecodeRatioFloor]. Reading beyond it fails with
	// [ErrBodyTooLarge]. Negative means unlimited. Default [DefaultMaxDecodeRatio].
	MaxRatio int
}

// Validate reports what is wrong with the configuration; nil when nothing is.
func (c DecodeConfig) Validate() error {
	var problems []error
	if c.MaxRatio > 0 && c.MaxRatio < MinMaxDecodeRatio {
		problems = append(problems, fmt.Errorf("MaxRatio: %d, want at least %d, or negative for unlimited", c.MaxRatio, MinMaxDecodeRatio))
	}
	return errors.Join(problems...)
}

func (c DecodeConfig) withDefaults() DecodeConfig {
	if c.MaxBytes == 0 {
		c.MaxBytes = DefaultMaxDecodedBytes
	}
	if c.MaxRatio == 0 {
		c.MaxRatio = DefaultMaxDecodeRatio
	}
	return c
}

// Decoder is a RoundTripper that unpacks response bodies: gzip, deflate (with or
// without its zlib wrapper), br and zstd, and two of them on top of each other.
// net/http does so for gzip alone, only when it asked for it by itself, and
// without a bound on what comes out.
//
// A body is unpacked while it is read, never ahead. What is unpacked loses its
// Content-Encoding and Content-Length; Uncompressed is true and ContentLength -1,
// as net/http does it. Left as they are: answers to HEAD, 1xx, 204, 206 and 304,
// empty bodies, bodies in an unknown coding or more than [MaxCodings] of them,
// and the responses to requests made with [WithoutDecoding].
//
// Read fails with [io.ErrUnexpectedEOF] when an encoded body ends too early, with
// [ErrBodyTooLarge] when it grows beyond a bound, and with [ErrCorruptBody] when
// it is no valid stream. Bytes behind the end of a stream are ignored, as browsers
// do. To discard a body, use [trip.Discard]: it drains the encoded bytes.
//
// A Decoder is safe for concurrent use.
type Decoder struct {
	base   http.RoundTripper
	limits DecodeConfig
	codecs codecPools
}

// NewDecoder returns a Decoder over base; nil means [http.DefaultTransport]. Its
// error is that of [DecodeConfig.Validate].
func NewDecoder(base http.RoundTripper, cfg DecodeConfig) (*Decoder, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("headers: decode: %w", err)
	}
	base = trip.Base(base)
	return &Decoder{base: base, limits: cfg.withDefaults(), codecs: newCodecPools()}, nil
}

// RoundTrip sends req as it is and arranges for its response to be decoded.
func (d *Decoder) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := d.base.RoundTrip(req)
	if err != nil || resp == nil {
		return nil, err
	}
	if bodyIsAsSent(req, resp) {
		return resp, nil
	}
	if resp.Uncompressed {
		// net/http unpacked it, but has no bound.
		resp.Body = &cappedBody{ReadCloser: resp.Body, max: d.limits.MaxBytes}
		return resp, nil
	}
	codings, ok := parseCodings(resp.Header.Values("Content-Encoding"))
	if !ok {
		return resp, nil
	}
	resp.Body = &decodedBody{raw: resp.Body, decoder: d, codings: codings, gone: req.Context().Done()}
	resp.Header.Del("Content-Encoding")
	resp.Header.Del("Content-Length")
	resp.ContentLength = -1
	resp.Uncompressed = true
	return resp, nil
}

// CloseIdleConnections forwards to the base.
func (d *Decoder) CloseIdleConnections() { trip.CloseIdle(d.base) }

type keepEncodedKey struct{}

// WithoutDecoding makes [Decoder] leave the responses to requests with the
// returned context as they are: for archives that are worth keeping packed, and
// for downloads that are larger than [DecodeConfig.MaxBytes] once unpacked.
func WithoutDecoding(ctx context.Context) context.Context {
	return context.WithValue(ctx, keepEncodedKey{}, true)
}

// bodyIsAsSent tells whether the response has no body, or one that must not be
// touched: a part of an encoded body cannot be decoded by itself.
func bodyIsAsSent(req *http.Request, resp *http.Response) bool {
	switch code := resp.StatusCode; {
	case resp.Body == nil, resp.Body == http.NoBody, req.Method == http.MethodHead,
		code < 200, code == http.StatusNoContent, code == http.StatusPartialContent, code == http.StatusNotModified:
		return true
	}
	keep, _ := req.Context().Value(keepEncodedKey{}).(bool)
	return keep
}

// parseCodings returns the codings of a body in the order in which they are to be
// undone, and whether there is anything to undo that we can. See RFC 9110,
// section 8.4: the list, over all lines, is in the order of application.
func parseCodings(lines []string) (codings [MaxCodings]coding, ok bool) {
	n := 0
	for i := len(lines) - 1; i >= 0; i-- {
		for rest := lines[i]; rest != ""; {
			var name string
			if comma := strings.LastIndexByte(rest, ','); comma >= 0 {
				rest, name = rest[:comma], rest[comma+1:]
			} else {
				rest, name = "", rest
			}
			c, known := codingNamed(strings.ToLower(strings.TrimSpace(name)))
			switch {
			case !known, c != identity && n == MaxCodings:
				return codings, false
			case c != identity:
				codings[n] = c
				n++
			}
		}
	}
	return codings, n > 0
}

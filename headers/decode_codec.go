package headers

import (
	"bufio"
	"bytes"
	"io"
	"sync"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zlib"
)

// coding is a content coding of RFC 9110, section 8.4.1.
type coding uint8

const (
	identity coding = iota
	gzipCoding
	deflateCoding
	brCoding
	zstdCoding
	codingCount
)

var codingNames = [codingCount]string{"identity", "gzip", "deflate", "br", "zstd"}

func (c coding) String() string { return codingNames[c] }

func codingNamed(name string) (coding, bool) {
	switch name {
	case "", "identity":
		return identity, true
	case "gzip", "x-gzip":
		return gzipCoding, true
	case "deflate":
		return deflateCoding, true
	case "br":
		return brCoding, true
	case "zstd":
		return zstdCoding, true
	}
	return identity, false
}

// codec unpacks one stream after another, each begun with start.
type codec interface {
	// start reads the head of a stream from src, which is not empty. The codec
	// calls grows before it takes more memory, with what the stream was and has
	// become by then.
	start(src *bufio.Reader, grows func(out, encoded int)) error
	// Read returns io.EOF behind the last byte of a complete stream only.
	io.Reader
	// forget lets go of src. The codec can be started again.
	forget()
}

// readAhead is how much of an encoded body is read at once. What has been read
// but not yet unpacked makes the ratio look smaller than it is, so it must be less
// than [DecodeRatioFloor] ÷ [DefaultMaxDecodeRatio].
const readAhead = 4 << 10

// codecPools keeps the stages that no body uses: making one costs more than
// decoding a small page.
type codecPools [codingCount]*sync.Pool

func newCodecPools() codecPools {
	excess := brotliExcess()
	brotlis := &sync.Pool{New: func() any { return new(brotli.Reader) }}
	zstds := new(sync.Pool)
	suspects := make(chan struct{}, maxSuspects)
	poolOf := func(c coding, codec func() codec) *sync.Pool {
		return &sync.Pool{New: func() any {
			return &stage{coding: c, codec: codec(), src: bufio.NewReaderSize(nil, readAhead), turn: turnstile{places: suspects}}
		}}
	}
	return codecPools{
		gzipCoding:    poolOf(gzipCoding, func() codec { return new(gzipCodec) }),
		deflateCoding: poolOf(deflateCoding, func() codec { return new(deflateCodec) }),
		brCoding:      poolOf(brCoding, func() codec { return &brotliCodec{spare: brotlis, excess: excess} }),
		zstdCoding:    poolOf(zstdCoding, func() codec { return &zstdCodec{spare: zstds} }),
	}
}

func (p *codecPools) take(c coding) *stage { return p[c].Get().(*stage) }

func (p *codecPools) put(c coding, s *stage) {
	s.forget()
	p[c].Put(s)
}

// gzipCodec reads any number of gzip members and stops at what is none. The
// reader of the gzip package would fail there.
type gzipCodec struct {
	zr  gzip.Reader
	src *bufio.Reader
}

func (g *gzipCodec) start(src *bufio.Reader, _ func(int, int)) error {
	g.src = src
	return g.member()
}

func (g *gzipCodec) member() error {
	err := g.zr.Reset(g.src)
	g.zr.Multistream(false)
	return err
}

func (g *gzipCodec) Read(p []byte) (int, error) {
	n, err := g.zr.Read(p)
	if err != io.EOF {
		return n, err
	}
	magic, err := g.src.Peek(2)
	if err != nil && err != io.EOF {
		return n, err
	}
	if !bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		return n, io.EOF
	}
	switch err := g.member(); err {
	case nil:
		return n, nil
	case gzip.ErrHeader:
		return n, io.EOF
	case io.EOF:
		return n, io.ErrUnexpectedEOF
	default:
		return n, err
	}
}

func (g *gzipCodec) forget() { g.src = nil }

// deflateCodec reads what RFC 9110 calls deflate, which is zlib, and what many
// servers send under that name, which is the bare stream.
type deflateCodec struct {
	io.Reader
	zlib io.ReadCloser
	bare io.ReadCloser
}

func (d *deflateCodec) start(src *bufio.Reader, _ func(int, int)) (err error) {
	head, err := src.Peek(2)
	switch {
	case err != nil && err != io.EOF:
		return err
	case len(head) == 2 && isZlib(head[0], head[1]):
		if d.zlib == nil {
			d.zlib, err = zlib.NewReader(src)
		} else {
			err = d.zlib.(zlib.Resetter).Reset(src, nil)
		}
		d.Reader = d.zlib
		return err
	case d.bare == nil:
		d.bare = flate.NewReader(src)
	default:
		err = d.bare.(flate.Resetter).Reset(src, nil)
	}
	d.Reader = d.bare
	return err
}

// isZlib tells a zlib header (RFC 1950, section 2.2) from the start of a bare
// stream: that would be a stored block with padding that is not zero.
func isZlib(cmf, flg byte) bool {
	return cmf&0x0f == 8 && cmf>>4 <= 7 && (uint(cmf)<<8|uint(flg))%31 == 0
}

func (d *deflateCodec) forget() { d.Reader = nil }

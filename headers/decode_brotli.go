package headers

import (
	"bufio"
	"bytes"
	"io"
	"sync"

	"github.com/andybalholm/brotli"
)

// brotliCodec reads one brotli stream; see RFC 7932.
type brotliCodec struct {
	spare  *sync.Pool // of *brotli.Reader
	zr     *brotli.Reader
	excess error // what zr says about bytes behind the stream
	src    *bufio.Reader
	grows  func(out, encoded int)
	tape   tape
	err    error // of src
	bits   int   // log2 of the window in use
	want   int   // log2 of the stream's window
	out    int   // delivered since the start, counted while the tape runs
	skip   int   // of out, to be decoded again
}

func (b *brotliCodec) start(src *bufio.Reader, grows func(out, encoded int)) error {
	head, err := src.Peek(1)
	if err != nil {
		return err
	}
	b.src, b.grows, b.err, b.out, b.skip = src, grows, nil, 0, 0
	b.tape = tape{}
	b.bits, b.want = 0, windowBits(head[0])
	if b.want > firstBrotliBits {
		b.tape.on = true
		b.tape.record(head)
		_, _ = src.Discard(1)
		b.resize(firstBrotliBits)
		return nil
	}
	b.open()
	return nil
}

func (b *brotliCodec) open() {
	b.zr = b.spare.Get().(*brotli.Reader)
	_ = b.zr.Reset((*brotliFeed)(b))
}

func (b *brotliCodec) drop() {
	if b.zr != nil {
		_ = b.zr.Reset(nil)
		b.spare.Put(b.zr)
		b.zr = nil
	}
}

// windowBits reads the head of a stream: the log2 of the window if it is encoded
// in four bits, which all windows from 256 KiB up are, else 0.
func windowBits(head byte) int {
	if n := int(head >> 1 & 7); head&1 == 1 && n > 0 {
		return 17 + n
	}
	return 0
}

// resize begins again with a window of 1<<bits.
func (b *brotliCodec) resize(bits int) {
	b.bits = bits
	b.tape.kept[0] = b.tape.kept[0]&^0x0e | byte(bits-17)<<1
	b.tape.next, b.tape.on = 0, bits < b.want
	b.skip = b.out
	b.open()
}

func (b *brotliCodec) grow() {
	b.drop() // others can use it meanwhile
	b.grows(b.out, len(b.tape.kept))
	if b.bits < secondBrotliBits {
		b.resize(min(secondBrotliBits, b.want))
		return
	}
	b.resize(b.want)
}

// brotliFeed is the input of zr.
type brotliFeed brotliCodec

func (b *brotliFeed) Read(p []byte) (int, error) {
	if n := b.tape.play(p); n > 0 {
		return n, nil
	}
	n, err := b.src.Read(p[:min(len(p), readAhead)])
	b.tape.record(p[:n])
	if err != nil {
		b.err = err
	}
	return n, err
}

func (b *brotliCodec) Read(p []byte) (int, error) {
	for {
		q := p
		if b.tape.on {
			// Beyond this distance a reference means another thing in a larger window.
			room := 1<<b.bits - 16 - b.out
			if room == 0 || len(b.tape.kept) > 1<<b.bits {
				b.grow()
				continue
			}
			q = p[:min(len(p), room)]
		}
		if b.skip > 0 {
			q = p[:min(len(p), b.skip)]
		}
		n, err := b.zr.Read(q)
		if err == b.excess { //nolint:errorlint // the very value, which the package does not export
			err = io.EOF
		}
		if err != nil && err != io.EOF && b.tape.on && (b.err == nil || b.err == io.EOF) {
			// It may have tripped over a reference beyond the small window.
			b.grow()
			continue
		}
		if b.skip > 0 {
			b.skip -= n
			if err == nil {
				continue
			}
			return 0, err
		}
		if b.tape.on {
			b.out += n
		}
		if n > 0 || err != nil {
			return n, err
		}
	}
}

func (b *brotliCodec) forget() {
	b.src, b.grows, b.err = nil, nil, nil
	b.tape = tape{}
	b.drop()
}

// brotliExcess returns the error that a brotli reader has for an empty stream
// with a byte behind it.
func brotliExcess() error {
	_, err := brotli.NewReader(bytes.NewReader([]byte{6, 0})).Read(make([]byte, 1))
	return err
}

package headers

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"io"
	"math/bits"
	"sync"

	"github.com/klauspost/compress/zstd"
)

// zstdCodec reads zstd frames until the end or something that is no frame.
type zstdCodec struct {
	spare  *sync.Pool // of *zstd.Decoder
	zr     *zstd.Decoder
	frames zstdFrames
	grows  func(out, encoded int)
	skip   int
}

func (z *zstdCodec) start(src *bufio.Reader, grows func(out, encoded int)) error {
	z.skip, z.grows = 0, grows
	z.frames = zstdFrames{src: src}
	return z.open()
}

func (z *zstdCodec) open() (err error) {
	if spare, ok := z.spare.Get().(*zstd.Decoder); ok {
		z.zr = spare
	} else if z.zr, err = zstd.NewReader(nil, zstd.WithDecoderMaxWindow(MaxZstdWindow),
		zstd.WithDecoderConcurrency(1)); err != nil { // 1 also means: no goroutines
		return err
	}
	return z.zr.Reset(&z.frames)
}

func (z *zstdCodec) drop() {
	if z.zr != nil {
		_ = z.zr.Reset(nil)
		z.spare.Put(z.zr)
		z.zr = nil
	}
}

func (z *zstdCodec) Read(p []byte) (int, error) {
	for {
		q := p
		if z.skip > 0 {
			q = p[:min(len(p), z.skip)]
		}
		n, err := z.zr.Read(q)
		if z.skip > 0 {
			z.skip -= n
			n = 0
		}
		z.frames.out += n
		if err == io.EOF {
			// The decoder takes any error before a frame for the end, and ends
			// like this on some damaged blocks too.
			err = cmp.Or(z.frames.err, errZstdBlock)
		}
		if err != nil && err != io.EOF && z.frames.mayGrow() {
			if n > 0 {
				return n, nil // and find the error again
			}
			z.skip = z.frames.out
			z.drop() // others can use it meanwhile
			z.grows(z.frames.out, len(z.frames.tape.kept))
			z.frames.grow()
			if err := z.open(); err != nil {
				return 0, err
			}
			continue
		}
		if n > 0 || err != nil {
			return n, err
		}
	}
}

func (z *zstdCodec) forget() {
	z.frames, z.grows = zstdFrames{}, nil
	z.drop()
}

var (
	errFullTape   = errors.New("headers: zstd tape is full")
	errZstdBlock  = errors.New("zstd block ends too early")
	errZstdMagic  = errors.New("not a zstd frame")
	errZstdDict   = errors.New("zstd frame wants a dictionary")
	errZstdWindow = errors.New("zstd window too large")
)

func isWindowError(err error) bool {
	return err == errZstdWindow //nolint:errorlint // the very value, out of our own Read
}

// zstdFrames hands a zstd stream to its decoder and gives each frame a new header
// with a window of our choice. It also knows where frames end, which the decoder
// does not tell. See RFC 8878, section 3.
type zstdFrames struct {
	src    *bufio.Reader
	tape   tape  // the frame so far; its header in any case
	any    bool  // whether a frame has begun
	inside bool  // whether a block comes next
	check  bool  // whether a checksum ends this frame
	left   int   // bytes of the block to be passed on
	err    error // why there is no more
	window int   // in use for this frame
	want   int   // what this frame asked for
	out    int   // decoded of this frame
}

const (
	zstdMagic     = 0xfd2fb528
	zstdSkippable = 0x184d2a50 // the last four bits are free
)

func (f *zstdFrames) Read(p []byte) (int, error) {
	if n := f.tape.play(p); n > 0 || f.err != nil {
		return n, f.err
	}
	if f.left == 0 {
		next := f.block
		if !f.inside {
			next = f.frame
		}
		if err := next(); err != nil {
			return 0, f.fail(err)
		}
		if n := f.tape.play(p); n > 0 {
			return n, nil
		}
	}
	n, err := f.src.Read(p[:min(len(p), f.left)])
	f.left -= n
	f.tape.record(p[:n])
	if n > 0 || err == nil {
		return n, nil
	}
	return 0, f.fail(unexpected(err))
}

// fail remembers an error that no window can mend.
func (f *zstdFrames) fail(err error) error {
	if err != errFullTape { //nolint:errorlint // the very value, out of block
		f.err = err
	}
	return err
}

// frame puts the header of the next frame onto the tape. What is no frame ends
// the stream, unless it is where the first one should be.
func (f *zstdFrames) frame() error {
	for {
		head, err := f.src.Peek(4)
		switch {
		case len(head) < 4 && err != io.EOF:
			return err
		case len(head) == 0:
			return io.EOF
		case len(head) < 4 && bytes.HasPrefix([]byte{0x28, 0xb5, 0x2f, 0xfd}, head):
			return io.ErrUnexpectedEOF
		case len(head) == 4 && binary.LittleEndian.Uint32(head) == zstdMagic:
			return f.header()
		case len(head) == 4 && binary.LittleEndian.Uint32(head)&^15 == zstdSkippable:
			head, err := f.src.Peek(8)
			if err != nil {
				return unexpected(err)
			}
			size := int64(binary.LittleEndian.Uint32(head[4:]))
			if _, err := io.CopyN(io.Discard, f.src, 8+size); err != nil {
				return unexpected(err)
			}
			f.any = true
		case f.any:
			return io.EOF
		default:
			return errZstdMagic
		}
	}
}

func (f *zstdFrames) header() error {
	head, err := f.src.Peek(6)
	if err != nil {
		return unexpected(err)
	}
	flags := head[4]
	single := flags&0x20 != 0
	size := 5
	window := uint64(0)
	if !single {
		base := uint64(1) << (10 + head[5]>>3)
		window = base + base/8*uint64(head[5]&7)
		size++
	}
	dictLen := [4]int{0, 1, 2, 4}[flags&3]
	contentLen := [4]int{0, 2, 4, 8}[flags>>6]
	if single && contentLen == 0 {
		contentLen = 1
	}
	head, err = f.src.Peek(size + dictLen + contentLen)
	if err != nil {
		return unexpected(err)
	}
	for _, b := range head[size : size+dictLen] {
		if b != 0 {
			return errZstdDict
		}
	}
	var content [8]byte
	copy(content[:], head[size+dictLen:])
	length := binary.LittleEndian.Uint64(content[:])
	if contentLen == 2 {
		length += 256
	}
	if single {
		window = length
	}
	if window > MaxZstdWindow {
		return errZstdWindow
	}
	f.any, f.inside, f.check, f.out = true, true, flags&0x04 != 0, 0
	f.want = max(firstZstdWindow, 1<<bits.Len64(max(window, 1)-1))
	_, _ = f.src.Discard(len(head))

	h := binary.LittleEndian.AppendUint32(f.tape.kept[:0], zstdMagic)
	h = append(h, flags&0x0c, 0)
	if contentLen > 0 {
		h[4] |= 3 << 6
		h = binary.LittleEndian.AppendUint64(h, length)
	}
	f.tape.kept = h
	f.resize(firstZstdWindow)
	return nil
}

// resize has the frame played from its start with the given window.
func (f *zstdFrames) resize(window int) {
	exponent := bits.Len(uint(window)) - 1
	f.window = window
	f.tape.kept[5] = byte(exponent-10)<<3 | byte((window-1<<exponent)>>(exponent-3))
	f.tape.next, f.tape.on = 0, window < f.want
}

func (f *zstdFrames) grow() {
	if f.window < secondZstdWindow && secondZstdWindow < f.want {
		f.resize(secondZstdWindow)
		return
	}
	f.resize(f.want)
}

// mayGrow tells whether an error could be due to the small window.
func (f *zstdFrames) mayGrow() bool { return f.tape.on && f.err == nil }

// block finds out how long the next block is.
func (f *zstdFrames) block() error {
	if f.tape.on && len(f.tape.kept) > f.window {
		return errFullTape
	}
	head, err := f.src.Peek(3)
	if err != nil {
		return unexpected(err)
	}
	h := int(head[0]) | int(head[1])<<8 | int(head[2])<<16
	f.left = 3 + h>>3
	if h>>1&3 == 1 { // one byte, repeated
		f.left = 4
	}
	if h&1 != 0 { // the last
		f.inside = false
		if f.check {
			f.left += 4
		}
	}
	return nil
}

func unexpected(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

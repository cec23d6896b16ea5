package headers

import (
	"bufio"
	"io"
	"net/http"
	"sync"
)

// maxTrailing is how many bytes behind the end of a stream are read away, so that
// the connection sees the end of its body and can be reused.
const maxTrailing = 64 << 10

// decodedBody unpacks a response body while it is read.
//
// Its stages come from a pool and go back exactly once: when a Read fails or ends,
// or at Close. A Close during a Read, which only the user can bring about, leaves
// it to that Read to give them back, so that no stage is ever in two bodies.
type decodedBody struct {
	raw     io.ReadCloser
	decoder *Decoder
	codings [MaxCodings]coding
	gone    <-chan struct{} // closed when the request's context ends
	wire    meter

	mu      sync.Mutex
	stages  [MaxCodings]*stage // nil until the first Read and after the last
	reading bool
	closed  bool
	err     error // what every further Read returns
	closing error // what Close returned
}

func (b *decodedBody) Read(p []byte) (int, error) {
	b.mu.Lock()
	switch {
	case b.closed:
		b.mu.Unlock()
		return 0, http.ErrBodyReadAfterClose
	case b.err != nil || len(p) == 0:
		defer b.mu.Unlock()
		return 0, b.err
	case b.reading:
		b.mu.Unlock()
		return 0, errConcurrentRead
	}
	b.reading = true
	b.mu.Unlock()

	n, err := b.top().Read(p)

	b.mu.Lock()
	defer b.mu.Unlock()
	b.reading, b.err = false, err
	if err != nil || b.closed {
		b.giveBack()
	}
	return n, err
}

// top returns the stage that yields the decoded bytes. Only the one Read that is
// going on calls it.
func (b *decodedBody) top() *stage {
	b.wire.r = b.raw
	var in io.Reader = &b.wire
	var top *stage
	for i, c := range b.codings {
		if c == identity {
			break
		}
		if b.stages[i] == nil {
			b.stages[i] = b.decoder.codecs.take(c)
			b.stages[i].open(in, b)
		}
		top = b.stages[i]
		in = top
	}
	return top
}

// giveBack returns the stages to their pools. The caller holds the lock.
func (b *decodedBody) giveBack() {
	for i, s := range b.stages {
		if s != nil {
			b.decoder.codecs.put(b.codings[i], s)
			b.stages[i] = nil
		}
	}
}

// Close closes the encoded body. It unpacks and drains nothing.
func (b *decodedBody) Close() error {
	b.mu.Lock()
	if b.closed {
		defer b.mu.Unlock()
		return b.closing
	}
	b.closed = true
	if !b.reading {
		b.giveBack()
	}
	b.mu.Unlock()
	err := b.raw.Close()
	b.mu.Lock()
	b.closing = err
	b.mu.Unlock()
	return err
}

// Encoded returns the body before decoding; see [trip.Encoded].
func (b *decodedBody) Encoded() io.Reader { return b.raw }

// meter counts what is read through it and remembers why reading ended.
type meter struct {
	r   io.Reader
	n   int64
	err error
}

func (m *meter) Read(p []byte) (int, error) {
	n, err := m.r.Read(p)
	m.n += int64(n)
	if err != nil {
		m.err = err
	}
	return n, err
}

// stage undoes one coding, within bounds.
type stage struct {
	coding coding
	codec  codec
	in     meter         // what is to be unpacked
	src    *bufio.Reader // over in
	wire   *meter        // the body as it came, for the ratio
	limits DecodeConfig
	turn   turnstile
	gone   <-chan struct{} // closed when nobody wants the body any more
	out    int64
	begun  bool
}

func (s *stage) open(in io.Reader, b *decodedBody) {
	s.in, s.wire, s.limits, s.gone = meter{r: in}, &b.wire, b.decoder.limits, b.gone
	s.out, s.begun = 0, false
	s.src.Reset((*feed)(s))
}

// feed is the input of a stage's codec. It has an end a little above what may be
// decoded: input that yields no output, such as empty gzip members, could keep a
// Read from ever returning.
type feed stage

func (f *feed) Read(p []byte) (int, error) {
	if limit := f.limits.MaxBytes; limit >= 0 && f.in.n > limit+limit/16+16<<10 {
		f.in.err = (*stage)(f).tooLarge(BoundBytes, limit)
		return 0, f.in.err
	}
	return f.in.Read(p)
}

// forget lets go of everything that belongs to a body.
func (s *stage) forget() {
	s.codec.forget()
	s.turn.leave()
	s.in, s.wire, s.gone = meter{}, nil, nil
	s.src.Reset(nil)
}

func (s *stage) Read(p []byte) (int, error) {
	n, err := s.unpack(p)
	s.out += int64(n)
	if limit := s.limits.MaxBytes; limit >= 0 && s.out > limit {
		return n - int(s.out-limit), s.tooLarge(BoundBytes, limit)
	}
	if limit := int64(s.limits.MaxRatio); limit >= 0 && s.out > DecodeRatioFloor && s.out/limit > s.wire.n {
		return n, s.tooLarge(BoundRatio, limit)
	}
	if s.out > DecodeRatioFloor {
		s.turn.leave() // no bomb, then
	}
	return n, err
}

// grows makes a stream that looks like a bomb wait for its turn.
func (s *stage) grows(out, encoded int) {
	if out > suspectRatio*encoded {
		s.turn.enter(s.gone)
	}
}

// unpack reads at least one byte or an error.
func (s *stage) unpack(p []byte) (int, error) {
	if !s.begun {
		// An empty body is an empty page, whatever coding it claims.
		if _, err := s.src.Peek(1); err != nil {
			return 0, err
		}
		s.begun = true
		if err := s.codec.start(s.src, s.grows); err != nil {
			return 0, s.explain(err)
		}
	}
	for {
		n, err := s.codec.Read(p)
		switch {
		case err == io.EOF:
			return n, s.finish()
		case err != nil:
			return n, s.explain(err)
		case n > 0:
			return n, nil
		}
	}
}

// finish reads what follows the end of the stream and returns io.EOF.
func (s *stage) finish() error {
	if _, err := s.src.Discard(maxTrailing); err != nil && err != io.EOF {
		return err
	}
	return io.EOF
}

// explain tells apart the three ways in which a codec fails: its input could not
// be read, ended too early, or is wrong.
func (s *stage) explain(err error) error {
	switch {
	case s.in.err != nil && s.in.err != io.EOF:
		return s.in.err
	case err == io.EOF, err == io.ErrUnexpectedEOF && s.in.err == io.EOF:
		return io.ErrUnexpectedEOF
	case isWindowError(err):
		return s.tooLarge(BoundWindow, MaxZstdWindow)
	}
	return &CorruptBodyError{Coding: s.coding.String(), Err: err}
}

func (s *stage) tooLarge(bound Bound, limit int64) error {
	return &BodyTooLargeError{Bound: bound, Limit: limit, Encoded: s.wire.n, Decoded: s.out}
}

// cappedBody bounds a body that net/http unpacked.
type cappedBody struct {
	io.ReadCloser
	max, out int64
}

func (b *cappedBody) Read(p []byte) (int, error) {
	if b.max >= 0 && b.out > b.max {
		return 0, b.tooLarge()
	}
	n, err := b.ReadCloser.Read(p)
	b.out += int64(n)
	if b.max >= 0 && b.out > b.max {
		return n - int(b.out-b.max), b.tooLarge()
	}
	return n, err
}

func (b *cappedBody) tooLarge() error {
	return &BodyTooLargeError{Bound: BoundBytes, Limit: b.max, Decoded: b.out}
}

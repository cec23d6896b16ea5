package headers

import "time"

// A brotli or zstd stream says at its head how far back it may refer, and its
// decoder reserves that much: usually 4 or 8 MiB, however short the page is. A
// hundred bodies at once would take 800 MiB. So both codecs first pretend that
// the window is small. When the stream refers to what a small window has lost,
// they start again with a larger one, from a tape of what they have read. Few
// pages and no bomb get beyond the second size: the ratio bound of [DecodeConfig]
// applies before.
const (
	firstBrotliBits  = 18 // the least that is encoded in as many bits as the largest
	secondBrotliBits = 21
	firstZstdWindow  = 128 << 10 // of a whole block
	secondZstdWindow = DecodeRatioFloor + DecodeRatioFloor/4
)

// A stream that has grown to more than suspectRatio times its size by the time it
// wants a larger window may well be a bomb. Few of those may have one at a time.
const (
	suspectRatio = 50
	maxSuspects  = 8
	maxTurn      = 5 * time.Second
)

// turnstile lets few streams through at a time. It never keeps one out for good:
// the ones inside might be waiting for the same reader.
type turnstile struct {
	places chan struct{} // shared by the streams of one Decoder
	inside bool
}

func (t *turnstile) enter(gone <-chan struct{}) {
	if t.inside {
		return
	}
	timer := time.NewTimer(maxTurn)
	defer timer.Stop()
	select {
	case t.places <- struct{}{}:
		t.inside = true
	case <-gone:
	case <-timer.C:
	}
}

func (t *turnstile) leave() {
	if t.inside {
		t.inside = false
		<-t.places
	}
}

// tape keeps what has been read of a stream while it may have to be read again.
type tape struct {
	kept []byte
	next int // of kept, to be played
	on   bool
}

func (t *tape) play(p []byte) int {
	n := copy(p, t.kept[t.next:])
	t.next += n
	if !t.on && t.next == len(t.kept) {
		t.kept, t.next = nil, 0
	}
	return n
}

func (t *tape) record(p []byte) {
	if t.on {
		t.kept = append(t.kept, p...)
		t.next = len(t.kept)
	}
}

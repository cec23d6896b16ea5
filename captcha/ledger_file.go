package captcha

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"sync"
)

// FileLedger is a [Ledger] in an append-only file of JSON lines, about 200 bytes
// per solve. Every entry is on the disk before Append returns; entries that come
// at once share one write. While it is open no other process can open the file.
type FileLedger struct {
	path string
	file *os.File

	mu      sync.Mutex
	pending *batch // entries that wait for the next write; nil when there are none
	writing bool

	// Of whoever is writing.
	end  int64 // of what is on the disk for certain
	torn bool  // a write failed: what the file holds behind end is not known
}

// batch is a set of entries that are written together.
type batch struct {
	lines bytes.Buffer
	done  chan struct{}
	err   error // valid once done is closed
}

// OpenLedger opens the ledger at path, creating it when there is none. A last
// line without its end, which a crash in the middle of a write leaves, is cut
// off: what it said had not been acted upon. Any other damage is a [*LedgerError].
func OpenLedger(path string) (*FileLedger, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, &LedgerError{Path: path, Err: err}
	}
	l := &FileLedger{path: path, file: file}
	if err := l.prepare(); err != nil {
		_ = file.Close()
		return nil, &LedgerError{Path: path, Err: err}
	}
	return l, nil
}

func (l *FileLedger) prepare() error {
	if err := lock(l.file); err != nil {
		return err
	}
	var err error
	if l.end, err = wholeLines(l.file); err != nil {
		return err
	}
	if err := l.cut(); err != nil {
		return err
	}
	// So that a file that was made just now is there after a crash. Systems that
	// cannot sync a directory do not need it.
	if dir, err := os.Open(filepath.Dir(l.path)); err == nil {
		_ = dir.Sync()
		_ = dir.Close()
	}
	return nil
}

// cut makes the file end where it is known to be good.
func (l *FileLedger) cut() error {
	if err := l.file.Truncate(l.end); err != nil {
		return err
	}
	if _, err := l.file.Seek(l.end, io.SeekStart); err != nil {
		return err
	}
	if err := l.file.Sync(); err != nil {
		return err
	}
	l.torn = false
	return nil
}

// wholeLines returns how many bytes of f are lines with an end.
func wholeLines(f *os.File) (int64, error) {
	var end int64
	r := bufio.NewReader(f)
	for {
		line, err := r.ReadSlice('\n')
		switch {
		case err == nil:
			end += int64(len(line))
		case errors.Is(err, io.EOF):
			return end, nil
		case errors.Is(err, bufio.ErrBufferFull):
			return 0, errors.New("line too long")
		default:
			return 0, err
		}
	}
}

// Load implements [Ledger].
func (l *FileLedger) Load(each func(Entry) error) error {
	// A reader of its own leaves the place where Append writes alone.
	info, err := l.file.Stat()
	if err != nil {
		return &LedgerError{Path: l.path, Err: err}
	}
	lines := bufio.NewScanner(io.NewSectionReader(l.file, 0, info.Size()))
	n := 0
	for lines.Scan() {
		n++
		var e Entry
		err := json.Unmarshal(lines.Bytes(), &e)
		if err == nil {
			err = e.validate()
		}
		if err == nil {
			err = each(e)
		}
		if err != nil {
			return &LedgerError{Path: l.path, Line: n, Err: err}
		}
	}
	if err := lines.Err(); err != nil {
		return &LedgerError{Path: l.path, Line: n + 1, Err: err}
	}
	return nil
}

// Append implements [Ledger]. After a failed write, as on a full disk, what the
// file holds is not known, so nothing may be spent: every further Append fails
// until the file could be cut back to what is known of it.
func (l *FileLedger) Append(e Entry) error {
	line, err := json.Marshal(e)
	if err != nil {
		return &LedgerError{Path: l.path, Err: err}
	}
	l.mu.Lock()
	if l.pending == nil {
		l.pending = &batch{done: make(chan struct{})}
	}
	mine := l.pending
	mine.lines.Write(line)
	mine.lines.WriteByte('\n')
	if l.writing {
		l.mu.Unlock()
		<-mine.done
		return mine.err
	}
	l.writing = true
	l.mu.Unlock()
	l.write()
	return mine.err
}

// write puts pending batches on the disk until there is none. Whoever set writing
// calls it; those who come meanwhile wait for their batch.
func (l *FileLedger) write() {
	for {
		l.mu.Lock()
		b := l.pending
		l.pending = nil
		if b == nil {
			l.writing = false
			l.mu.Unlock()
			return
		}
		l.mu.Unlock()

		if err := l.put(b.lines.Bytes()); err != nil {
			b.err = &LedgerError{Path: l.path, Err: err}
		}
		close(b.done)
	}
}

// put writes whole lines, all of them or, as far as anybody will know, none.
func (l *FileLedger) put(lines []byte) error {
	if l.torn {
		if err := l.cut(); err != nil {
			return err
		}
	}
	l.torn = true
	if _, err := l.file.Write(lines); err != nil {
		return err
	}
	if err := l.file.Sync(); err != nil {
		return err
	}
	l.end += int64(len(lines))
	l.torn = false
	return nil
}

// Close closes the file. Nothing can be appended after it.
func (l *FileLedger) Close() error { return l.file.Close() }

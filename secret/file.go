package secret

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"sync"
	"time"
)

const (
	// MaxFileSize is the most that a secret file may hold, in bytes.
	MaxFileSize = 64 << 10
	// MaxAge is how old what [Value.Reveal] returns can be. A file that changed
	// by its modification time, size or inode is read at once; one that was
	// replaced without a trace is read anew after this time, and one that cannot
	// be read serves its last content for as long.
	MaxAge = 30 * time.Second
)

// File returns the Value of the secret that the file at path holds, such as
// /run/secrets/name. A trailing newline is not part of the secret. The file is
// looked at by every [Value.Reveal] and read again when it has changed; while it
// is missing or empty, as in the middle of a replacement, its last content stays
// good for [MaxAge].
func File(path string) Value { return Value{&file{path: path}} }

type file struct {
	path string

	mu   sync.Mutex
	last reading
}

// reading is what one look into the file found. The zero reading found nothing.
type reading struct {
	text    sealed
	info    os.FileInfo
	at      time.Time // of the reading
	current time.Time // when the file was last known to hold this
}

func (f *file) String() string { return "file " + f.path }

func (f *file) reveal() (string, error) {
	now := time.Now()
	f.mu.Lock()
	last := f.last
	f.mu.Unlock()

	next, err := last.renew(f.path, now)
	if err != nil {
		if last.text != nil && now.Sub(last.current) < MaxAge {
			return last.text(), nil
		}
		return "", err
	}
	f.mu.Lock()
	if !next.at.Before(f.last.at) {
		f.last = next
	}
	f.mu.Unlock()
	return next.text(), nil
}

// renew returns the reading that holds at now: r itself when the file is as it was.
func (r reading) renew(path string, now time.Time) (reading, error) {
	info, err := os.Stat(path)
	if err != nil {
		return r, err
	}
	if r.text != nil && now.Sub(r.at) < MaxAge && sameFile(r.info, info) {
		r.current = now
		return r, nil
	}
	// The file may change between Stat and here. Then the next call finds that
	// it differs from info and reads again.
	text, err := read(path)
	if err != nil {
		return r, err
	}
	return reading{text: seal(text), info: info, at: now, current: now}, nil
}

func sameFile(a, b os.FileInfo) bool {
	return os.SameFile(a, b) && a.ModTime().Equal(b.ModTime()) && a.Size() == b.Size()
}

func read(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, MaxFileSize+1))
	switch {
	case err != nil:
		return "", err
	case len(b) > MaxFileSize:
		return "", ErrTooLarge
	}
	text := trim(string(b))
	if text == "" {
		return "", ErrUnset
	}
	return text, nil
}

func (f *file) warnings() []string {
	if warning := Exposed(f.path); warning != "" {
		return []string{warning}
	}
	return nil
}

// Exposed tells in words that every user of the machine can read the file at path,
// and with it any secret that it holds. It is empty when that is not so, and where
// it cannot be told.
func Exposed(path string) string {
	if runtime.GOOS == "windows" { // whose permissions the mode does not tell
		return ""
	}
	info, err := os.Stat(path)
	if err != nil {
		return ""
	}
	if mode := info.Mode().Perm(); mode&0o004 != 0 {
		return fmt.Sprintf("file %s can be read by every user (mode %#o), want 0600 or 0640", path, mode)
	}
	return ""
}

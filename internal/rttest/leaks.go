package rttest

import (
	"fmt"
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// grace is how long goroutines that are ending may take. goleak by itself
// waits for half a second, which a busy machine can keep one waiting.
const grace = time.Minute

// Leaks returns nil as soon as no goroutine runs but those that options leave out,
// and otherwise, a minute later, which ones do.
func Leaks(options ...goleak.Option) error {
	for end := time.Now().Add(grace); ; {
		if err := goleak.Find(options...); err == nil || time.Now().After(end) {
			return err
		}
	}
}

// Main runs the tests of a package, of which none may leave a goroutine behind. It
// is for a TestMain.
func Main(m *testing.M) {
	code := m.Run()
	if code == 0 {
		if err := Leaks(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

// Package leaks finds goroutines that a test leaves behind. It has the patience of
// a busy machine, which goleak, that gives up after half a second, has not.
package leaks

import (
	"fmt"
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// patience is how long goroutines that are ending may take.
const patience = time.Minute

// Find returns nil as soon as no goroutine runs but those that options leave out,
// and otherwise, a minute later, which ones do.
func Find(options ...goleak.Option) error {
	for end := time.Now().Add(patience); ; {
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
		if err := Find(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

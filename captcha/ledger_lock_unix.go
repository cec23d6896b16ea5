//go:build unix && !solaris && !illumos && !aix

package captcha

import (
	"errors"
	"os"
	"syscall"
)

// lock keeps other processes from opening the ledger: two budgets over one file
// would not see each other's spending. It ends when the file is closed.
func lock(f *os.File) error {
	err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return errInUse
	}
	return err
}

//go:build !unix || solaris || illumos || aix

package captcha

import "os"

// lock does nothing here: the standard library has no file lock for this system.
func lock(*os.File) error { return nil }

package godwit

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"time"
)

// WatchInterval is how often [Transport.Watch] looks at its file.
const WatchInterval = 2 * time.Second

// Watch puts every change of the configuration file at path in force, as
// [Transport.Reload] does, until ctx ends, and then returns its error. It blocks:
// run it in a goroutine of its own.
//
// What came of each change is told to report: nil when it is in force, else what is
// wrong with the file; the old configuration stays then. The file is looked at every
// [WatchInterval], which also sees one that is replaced, as Kubernetes does. Funcs
// and interfaces, which a file cannot hold, are kept by complete, which is given what
// was loaded and returns what is to be in force; nil for none.
func (t *Transport) Watch(ctx context.Context, path string, complete func(Config) Config, report func(error)) error {
	known, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("godwit: %w", err)
	}
	tick := time.NewTicker(WatchInterval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
		src, err := os.ReadFile(path)
		switch {
		case err != nil:
			err = fmt.Errorf("godwit: %w", err)
			src = nil
			if known == nil {
				continue // told already
			}
		case bytes.Equal(src, known):
			continue
		default:
			err = t.reloadFrom(path, src, complete)
		}
		known = src
		report(err)
	}
}

func (t *Transport) reloadFrom(path string, src []byte, complete func(Config) Config) error {
	cfg, err := parseConfig(path, src)
	if err != nil {
		return err
	}
	if complete != nil {
		cfg = complete(cfg)
	}
	return t.Reload(cfg)
}

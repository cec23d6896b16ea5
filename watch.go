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

// Watch puts the configuration file at path in force, and again after every
// change, as [Transport.Reload] does, until ctx ends; it then returns ctx's error.
// It blocks: run it in a goroutine of its own.
//
// What came of each is told to report: nil when it is in force, else what is wrong
// with the file; the old configuration stays then. The file is looked at every
// [WatchInterval], which also sees one that is replaced, as Kubernetes does. Funcs
// and interfaces, which a file cannot hold, are put in by complete, which is given
// what was loaded and returns what is to be in force; nil for none.
func (t *Transport) Watch(ctx context.Context, path string, complete func(Config) Config, report func(error)) error {
	tick := time.NewTicker(WatchInterval)
	defer tick.Stop()
	var known []byte
	for missing := false; ; {
		src, err := os.ReadFile(path)
		switch {
		case err != nil && !missing:
			missing, known = true, nil
			report(fmt.Errorf("godwit: %w", err))
		case err == nil && (known == nil || !bytes.Equal(src, known)):
			missing, known = false, append([]byte{}, src...)
			report(t.reloadFrom(path, src, complete))
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
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

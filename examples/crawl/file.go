package main

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/godwit-go/godwit"
)

// crawlFile fetches the URLs of a file by the policies of a configuration file.
func crawlFile(ctx context.Context, o options, ops *operator, out, progress io.Writer) (int, error) {
	urls, badURLs := readURLs(o.urls)
	var cfg godwit.Config
	var badConfig error
	if o.config != "" {
		cfg, badConfig = godwit.Load(o.config)
	}
	if err := errors.Join(badURLs, badConfig); err != nil {
		return exitUsage, err
	}
	t, err := ops.newTransport(cfg)
	if err != nil {
		return exitUsage, err
	}
	defer t.Close()
	store, err := openStore(o.out) // the last of all, since it begins the index anew
	if err != nil {
		return exitUsage, fmt.Errorf("-out: %w", err)
	}
	defer store.close()

	board := newBoard("godwit", nil)
	c := crawler{
		client: t.Client(), workers: o.workers, board: board, save: store.save,
		accept: func(string, []byte) bool { return true },
	}
	f := newFrontier(urls...)
	c.watched(ctx, progress, f)
	report{godwit: board, stats: t.Stats(), known: f.known()}.write(out)
	return exitCode(len(board.losses)), store.close()
}

// watched runs the crawl and shows how it goes.
func (c *crawler) watched(ctx context.Context, progress io.Writer, f *frontier) {
	done, shown := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(shown)
		c.board.show(progress, f, done)
	}()
	c.run(ctx, f)
	c.board.stop()
	close(done)
	<-shown
}

func exitCode(lost int) int {
	if lost > 0 {
		return exitLost
	}
	return exitOK
}

// readURLs reads one URL a line; empty lines and # comments do not count.
func readURLs(name string) ([]string, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var urls []string
	var problems []error
	lines := bufio.NewScanner(file)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(strings.TrimPrefix(lines.Text(), "\ufeff"))
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		u, err := url.Parse(line)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
			problems = append(problems, fmt.Errorf("%s:%d: want an absolute http or https URL", name, n))
			continue
		}
		urls = append(urls, u.String())
	}
	if err := lines.Err(); err != nil {
		problems = append(problems, fmt.Errorf("%s: %w", name, err))
	}
	if len(urls) == 0 && len(problems) == 0 {
		problems = append(problems, fmt.Errorf("%s: no URL in it", name))
	}
	return urls, errors.Join(problems...)
}

// store keeps each page in DIR/HOST/HASH.body and a line about it in index.jsonl.
type store struct {
	dir   string
	mu    sync.Mutex
	index *os.File
}

// entry is a line of index.jsonl.
type entry struct {
	URL      string `json:"url"`
	Status   int    `json:"status"`
	File     string `json:"file,omitempty"`
	Verdict  string `json:"verdict"`
	Egress   string `json:"egress,omitempty"`
	Attempts int    `json:"attempts"`
	Cost     string `json:"cost,omitempty"`
	Error    string `json:"error,omitempty"`
}

func openStore(dir string) (*store, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	index, err := os.Create(filepath.Join(dir, "index.jsonl"))
	if err != nil {
		return nil, err
	}
	return &store{dir: dir, index: index}, nil
}

func (s *store) save(u string, r result) error {
	e := entry{URL: u, Status: r.status, Verdict: r.trip.Verdict.String(), Egress: r.trip.Egress, Attempts: len(r.trip.Attempts)}
	if r.trip.Cost > 0 {
		e.Cost = r.trip.Cost.String()
	}
	if r.err != nil {
		e.Error = r.err.Error()
	} else {
		sum := sha256.Sum256([]byte(u))
		e.File = filepath.Join(folder(hostOf(u)), hex.EncodeToString(sum[:8])+".body")
		path := filepath.Join(s.dir, e.File)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, r.body, 0o644); err != nil {
			return err
		}
	}
	line, err := json.Marshal(e)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	_, err = s.index.Write(append(line, '\n'))
	return err
}

// folder makes a file name of a host, which comes from outside and may be "..".
func folder(host string) string {
	safe := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' || r == '.' {
			return r
		}
		return '_'
	}, strings.ToLower(host))
	return strings.TrimLeft(safe, ".") + "_"
}

func (s *store) close() error {
	err := s.index.Close()
	if errors.Is(err, os.ErrClosed) {
		return nil
	}
	return err
}

package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestGodwitGetsEveryPageThatThePlainClientLoses(t *testing.T) {
	var out, progress bytes.Buffer
	require.Equal(t, exitOK, run(t.Context(), []string{"-seed", "7"}, &out, &progress), out.String())
	require.Regexp(t, `pages got +\d+ of 360 +360 of 360`, out.String())
	require.NotRegexp(t, `pages got +360 of 360`, out.String())
	for _, domain := range []string{shop, news, tickets} {
		require.Regexp(t, `(?m)^`+regexp.QuoteMeta(domain)+` `, out.String())
	}
	require.Regexp(t, `came back too early +\d+ +0\n`, out.String())
	require.NotContains(t, out.String()+progress.String(), "demonstration\n", "no password of a proxy")
}

// interrupter ends the run when the second crawl is under way.
type interrupter struct {
	stop context.CancelFunc
	mu   sync.Mutex
	text strings.Builder
}

func (i *interrupter) Write(p []byte) (int, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.text.Write(p)
	if strings.Contains(i.text.String(), "naive ") {
		i.stop() // as Ctrl-C does
	}
	return len(p), nil
}

func TestAnInterruptEndsItWithThePartialTable(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var out bytes.Buffer
	code := run(ctx, nil, &out, &interrupter{stop: stop})
	require.Equal(t, exitInterrupted, code)
	require.Regexp(t, `pages got +\d+ of 360 +\d+ of 360`, out.String())
}

func TestAContainersStopIsAnInterruptToo(t *testing.T) {
	ctx, stop := untilStopped(t.Context())
	defer stop()
	self, err := os.FindProcess(os.Getpid())
	require.NoError(t, err)
	require.NoError(t, self.Signal(syscall.SIGTERM))
	<-ctx.Done()
	require.NoError(t, t.Context().Err())
}

func TestAFileOfURLsIsCrawledByAConfigurationFile(t *testing.T) {
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/a", "/b":
			_, _ = io.WriteString(w, "page "+r.URL.Path)
		default:
			http.NotFound(w, r)
		}
	}))
	defer site.Close()
	dir := t.TempDir()
	file := func(name, content string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
		return path
	}
	out := filepath.Join(dir, "out")
	args := []string{
		"-config", file("godwit.yaml", "default: {rate: {rate: unlimited}, robots: {mode: ignore}}\n"),
		"-urls", file("urls.txt", "\ufeff# two pages\r\n"+site.URL+"/a\r\n\r\n"+site.URL+"/b\r\n"),
		"-out", out,
	}
	var table bytes.Buffer
	require.Equal(t, exitOK, run(t.Context(), args, &table, io.Discard), table.String())
	require.Contains(t, table.String(), "2 pages got, 0 lost")

	index, err := os.Open(filepath.Join(out, "index.jsonl"))
	require.NoError(t, err)
	defer index.Close()
	entries := map[string]entry{}
	for lines := bufio.NewScanner(index); lines.Scan(); {
		var e entry
		require.NoError(t, json.Unmarshal(lines.Bytes(), &e))
		entries[e.URL] = e
	}
	require.Len(t, entries, 2)
	e := entries[site.URL+"/a"]
	require.Equal(t, "ok", e.Verdict)
	body, err := os.ReadFile(filepath.Join(out, e.File))
	require.NoError(t, err)
	require.Equal(t, "page /a", string(body))

	args[3] = file("one.txt", site.URL+"/a\n"+site.URL+"/nothing\n")
	table.Reset()
	require.Equal(t, exitOK, run(t.Context(), args, &table, io.Discard), table.String())
	require.Contains(t, table.String(), "1 page got, 1 not to be had, 0 lost")
}

func TestAnInterruptedListTellsHowMuchIsLeft(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/robots.txt" {
			http.NotFound(w, r)
			return
		}
		stop() // as Ctrl-C does
	}))
	defer site.Close()
	urls := filepath.Join(t.TempDir(), "urls")
	require.NoError(t, os.WriteFile(urls, []byte(site.URL+"/a\n"+site.URL+"/b\n"+site.URL+"/c\n"), 0o600))
	var table, progress bytes.Buffer
	require.Equal(t, exitInterrupted, run(ctx, []string{"-urls", urls, "-out", t.TempDir(), "-workers", "1"}, &table, &progress))
	require.Regexp(t, `^\n(0 pages got, 0 lost, 3|1 page got, 0 lost, 2) not tried to the end, in `, table.String())
	require.Contains(t, progress.String(), "crawl: interrupted")
}

func TestWrongArgumentsSayWhatWouldBeRight(t *testing.T) {
	urls := filepath.Join(t.TempDir(), "urls")
	require.NoError(t, os.WriteFile(urls, []byte("https://a.test/\nnot a url\nftp://x/\n"), 0o600))
	good := filepath.Join(t.TempDir(), "good")
	require.NoError(t, os.WriteFile(good, []byte("https://a.test/\n"), 0o600))
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"stray word":    {[]string{"now"}, `unexpected "now"`},
		"no workers":    {[]string{"-workers", "0"}, "-workers: 0, want 1 or more"},
		"urls alone":    {[]string{"-urls", urls}, "-urls and -out go together"},
		"bad lines":     {[]string{"-urls", urls, "-out", t.TempDir()}, urls + ":2: want an absolute http or https URL\n" + urls + ":3:"},
		"no such file":  {[]string{"-urls", "nowhere", "-out", t.TempDir()}, "nowhere: no such file"},
		"unknown flag":  {[]string{"-x"}, "flag provided but not defined: -x"},
		"config is bad": {[]string{"-config", urls, "-urls", urls, "-out", t.TempDir()}, "want"},
		"all are bad":   {[]string{"-config", "none.yaml", "-urls", "none.txt", "-out", t.TempDir()}, "none.txt: no such file or directory\ngodwit: open none.yaml"},
		"no address":    {[]string{"-listen", "nonsense"}, "-listen: listen tcp: address nonsense: missing port"},
		"out is a file": {[]string{"-urls", good, "-out", good}, "-out: mkdir " + good},
	} {
		t.Run(name, func(t *testing.T) {
			var progress bytes.Buffer
			require.Equal(t, exitUsage, run(t.Context(), c.args, io.Discard, &progress))
			require.Contains(t, progress.String(), c.want)
			require.NotContains(t, progress.String(), "lost", "told before any crawl")
		})
	}
}

func TestAWrongConfigurationLeavesTheIndexOfTheLastCrawl(t *testing.T) {
	dir := t.TempDir()
	index, urls := filepath.Join(dir, "index.jsonl"), filepath.Join(dir, "urls")
	require.NoError(t, os.WriteFile(index, []byte("{}\n"), 0o600))
	require.NoError(t, os.WriteFile(urls, []byte("https://a.test/\n"), 0o600))
	args := []string{"-urls", urls, "-out", dir, "-config", filepath.Join(dir, "pool.yaml")}
	require.NoError(t, os.WriteFile(args[5], []byte("pools: {eu: {file: nowhere.txt}}\n"), 0o600))
	var progress bytes.Buffer
	require.Equal(t, exitUsage, run(t.Context(), args, io.Discard, &progress))
	require.Contains(t, progress.String(), "nowhere.txt")
	left, err := os.ReadFile(index)
	require.NoError(t, err)
	require.Equal(t, "{}\n", string(left))
}

func TestAHostNamesNoFolderOutside(t *testing.T) {
	for _, host := range []string{"..", ".", "a/../b", "example.com:8080", "[::1]:80", "ÜBER.test"} {
		f := folder(host)
		require.Equal(t, f, filepath.Base(f), host)
		require.False(t, strings.HasPrefix(f, "."), host)
	}
}

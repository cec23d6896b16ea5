package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// forwarder is a proxy that relays plain requests, and tunnels.
func forwarder(t *testing.T, status int) string {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if status != 0 {
			w.WriteHeader(status)
			return
		}
		up, err := net.Dial("tcp", r.Host)
		if err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		conn, buffered, err := w.(http.Hijacker).Hijack()
		if err != nil {
			_ = up.Close()
			return
		}
		_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\n\r\n")
		go func() { defer up.Close(); _, _ = io.Copy(up, buffered) }()
		go func() { defer conn.Close(); _, _ = io.Copy(conn, up) }()
	}))
	t.Cleanup(srv.Close)
	return srv.Listener.Addr().String()
}

func TestTheTableTellsWhatEachProxyIsGoodFor(t *testing.T) {
	site := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, _ := net.SplitHostPort(r.RemoteAddr)
		fmt.Fprintf(w, `{"origin": "%s"}`, host)
	}))
	site.EnableHTTP2 = true
	site.StartTLS()
	defer site.Close()
	list := filepath.Join(t.TempDir(), "proxies.txt")
	good, refuses := forwarder(t, 0), forwarder(t, http.StatusProxyAuthRequired)
	require.NoError(t, os.WriteFile(list, []byte(strings.Join([]string{
		"http://tokenuser:tokenpass@" + refuses, "socks5://127.0.0.1:1", "http://" + good + "?label=good", "nonsense:tokenpass",
	}, "\n")), 0o600))
	args := []string{"-list", list, "-url", site.URL, "-insecure"}
	var out, progress bytes.Buffer
	require.Equal(t, exitOK, run(t.Context(), args, nil, &out, &progress))
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	require.Len(t, lines, 4)
	require.Regexp(t, `^good +http +[\d.]+m?s +127\.0\.0\.1 +https h2 +ok$`, lines[1])
	require.Contains(t, out.String(), "proxy_connect: proxy says 407")
	require.Contains(t, out.String(), "dial: connection refused")
	require.Contains(t, progress.String(), "3/3, 1 work")
	require.Equal(t, 1, strings.Count(progress.String(), "\r"), "a log wants no animation")
	require.Contains(t, progress.String(), "line 4")
	require.NotContains(t, out.String()+progress.String(), "token")

	out.Reset()
	require.Equal(t, exitOK, run(t.Context(), append(args, "-json"), nil, &out, &progress))
	var first result
	require.NoError(t, json.NewDecoder(&out).Decode(&first))
	require.Equal(t, []any{"good", true, "127.0.0.1", []string{"https", "h2"}}, []any{first.Proxy, first.OK, first.Exit, first.Protocols})
}

func TestItExitsWithOneWhenNothingWorksAndTwoWhenItCannotStart(t *testing.T) {
	var out, progress bytes.Buffer
	check := func(want int, in string, args ...string) {
		t.Helper()
		require.Equal(t, want, run(t.Context(), args, strings.NewReader(in), &out, &progress), progress.String())
	}
	check(exitNone, "127.0.0.1:1", "-list", "-", "-url", "http://127.0.0.1:1/")
	check(exitUsage, "", "-list", "-", "-url", "ftp://x")
	check(exitUsage, "", "-url", "http://a.test")
	check(exitUsage, "", "-list", "/nowhere", "-url", "http://a.test")
	check(exitUsage, "rubbish", "-list", "-", "-url", "http://a.test")
	check(exitUsage, "# nothing yet", "-list", "-", "-url", "http://a.test")
	check(exitUsage, "", "-list", "http://tokenuser:tokenpass@h:1", "-url", "http://a.test")
	check(exitUsage, "", "-list", "-", "-url", "http://a.test", "http://tokenuser:tokenpass@h:1")
	check(exitOK, "", "-h")
	require.NotContains(t, progress.String(), "token")
}

func TestAnInterruptLeavesAPartialTable(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var out, progress bytes.Buffer
	require.Equal(t, exitInterrupted, run(ctx, []string{"-list", "-", "-url", "http://a.test"}, strings.NewReader("127.0.0.1:1"), &out, &progress))
	require.Contains(t, out.String(), "PROXY")
}

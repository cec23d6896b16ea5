package main

import (
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const challengePage = `<!DOCTYPE html><title>Just a moment...</title><script>window._cf_chl_opt={cType:'managed'};</script>`

// detect runs the program and returns its exit code and what it wrote.
func detect(t *testing.T, stdin string, args ...string) (code int, out, errs string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code = run(args, strings.NewReader(stdin), &stdout, &stderr)
	return code, stdout.String(), stderr.String()
}

func write(t *testing.T, content string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "page.html")
	require.NoError(t, os.WriteFile(file, []byte(content), 0o600))
	return file
}

func TestOneLinePerFile(t *testing.T) {
	challenge, ordinary := write(t, challengePage), write(t, "<p>Hello</p>")
	code, out, errs := detect(t, "", challenge, ordinary)
	require.Zero(t, code)
	require.Empty(t, errs)
	lines := strings.Split(strings.TrimSpace(out), "\n")
	require.Len(t, lines, 2)
	require.JSONEq(t, `{"file":"`+challenge+`","verdict":"challenge","vendor":"cloudflare","kind":"cloudflare-challenge",
		"sitekey":"","solvable":true,"confidence":0.9,"rule":"cloudflare-chl-opt"}`, lines[0])
	require.JSONEq(t, `{"file":"`+ordinary+`","verdict":"none","vendor":"","kind":"","sitekey":"","solvable":false,
		"confidence":0,"rule":""}`, lines[1])
}

func TestAnUnreadableFileDoesNotHideTheOthers(t *testing.T) {
	code, out, errs := detect(t, challengePage, "absent.html", "-")
	require.Equal(t, 1, code)
	require.Contains(t, errs, "absent.html")
	require.Contains(t, out, `"verdict":"challenge"`)
}

func TestHeadersOfTheCommandLineDecide(t *testing.T) {
	code, out, _ := detect(t, "", "-status", "429", "-header", "x-vercel-mitigated: challenge", "-header", "A: b", "-")
	require.Zero(t, code)
	require.Contains(t, out, `"vendor":"vercel"`)
	require.Contains(t, out, `"confidence":1`)
}

func TestSavedResponses(t *testing.T) {
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	_, err := z.Write([]byte(challengePage))
	require.NoError(t, err)
	require.NoError(t, z.Close())
	const html = "Content-Type: text/html\r\n"
	for name, response := range map[string]string{
		"with a length":                    "HTTP/1.1 403 Forbidden\r\n" + html + "Content-Length: 112\r\n\r\n" + challengePage,
		"cut short":                        "HTTP/1.1 403 Forbidden\r\n" + html + "Content-Length: 9999\r\n\r\n" + challengePage,
		"as HTTP/2 is written":             "HTTP/2 403 \r\n" + html + "\r\n" + challengePage,
		"with bare line feeds":             "HTTP/1.1 403 Forbidden\nContent-Type: text/html\n\n" + challengePage,
		"chunked":                          "HTTP/1.1 403 Forbidden\r\n" + html + "Transfer-Encoding: chunked\r\n\r\n" + "6f\r\n" + challengePage + "\r\n0\r\n\r\n",
		"said to be chunked, but is not":   "HTTP/1.1 403 Forbidden\r\n" + html + "Transfer-Encoding: chunked\r\n\r\n" + challengePage,
		"compressed":                       "HTTP/1.1 403 Forbidden\r\n" + html + "Content-Encoding: gzip\r\n\r\n" + zipped.String(),
		"said to be compressed, but isn't": "HTTP/1.1 403 Forbidden\r\n" + html + "Content-Encoding: br\r\n\r\n" + challengePage,
		"behind a tunnel and a redirect": "HTTP/1.1 200 Connection established\r\n\r\nHTTP/1.1 301 Moved\r\nLocation: /\r\n\r\n" +
			"HTTP/1.1 403 Forbidden\r\n" + html + "\r\n" + challengePage,
	} {
		t.Run(name, func(t *testing.T) {
			code, out, errs := detect(t, response, "-raw", "-")
			require.Zero(t, code, errs)
			require.Contains(t, out, `"rule":"cloudflare-chl-opt"`)
		})
	}
	t.Run("a header that decides", func(t *testing.T) {
		_, out, _ := detect(t, "HTTP/1.1 302 Found\r\nLocation: https://www.google.com/sorry/index?continue=x\r\n\r\n", "-raw", "-")
		require.Contains(t, out, `"vendor":"google"`)
	})
	t.Run("what is none", func(t *testing.T) {
		code, out, errs := detect(t, challengePage, "-raw", "-")
		require.Equal(t, 1, code)
		require.Empty(t, out)
		require.Contains(t, errs, "no saved HTTP response")
	})
}

func TestAWrongCommandLineIsExplained(t *testing.T) {
	for want, args := range map[string][]string{
		"want 'Name: value'":      {"-header", "nonsense", "-"},
		"-status 7, want 100":     {"-status", "7", "-"},
		"no files":                {"-raw"},
		"provided but not define": {"-nonsense", "-"},
	} {
		code, out, errs := detect(t, "", args...)
		require.Equal(t, 2, code, args)
		require.Empty(t, out)
		require.Contains(t, errs, want)
	}
	code, _, errs := detect(t, "", "-h")
	require.Zero(t, code)
	require.Contains(t, errs, "usage:")
}

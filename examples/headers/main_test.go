package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEveryLineIsAnswered(t *testing.T) {
	in := strings.Join([]string{
		`{"id":"ok","browser":"firefox","version":140,"os":"linux","protocol":"http/1.1","kind":"navigate","url":"http://shop.test:8080/","languages":[],"unknown":1}`,
		`{"id":"conflict","browser":"safari","version":18,"os":"windows","protocol":"h2","kind":"navigate","url":"https://shop.test/"}`,
		`{"id":"url","browser":"chrome","version":150,"os":"windows","protocol":"h2","kind":"navigate","url":"https://%zz/"}`,
		`{"id":"kind","browser":"chrome","version":150,"os":"windows","protocol":"h2","kind":"teleport","url":"https://shop.test/"}`,
		`{"id":"type","browser":"chrome","version":"150"}`,
		`not json`,
		``,
		`{"browser":"chrome","id":"cut","url":"https://sh`,
		`{"id":"junk"} {}`,
		`{"id":5}`,
		`null`,
		"{\"id\":\"utf8\",\"browser\":\"\xff\"}",
		`{"id":"pair","headers":[["a","b"],["a"]]}`,
		`{"id":"length","browser":"chrome","version":150,"os":"windows","protocol":"h2","kind":"navigate","url":"https://shop.test/","method":"POST","content_length":-1}`,
		`{"id":"long","browser":"chrome","version":150,"os":"windows","protocol":"h2","kind":"navigate","url":"https://shop.test/` + strings.Repeat("a", 1<<22) + `"}`,
		`{"id":"last","browser":"chrome","version":9999,"os":"windows","protocol":"h2","kind":"navigate","url":"https://shop.test/"}`,
	}, "\n")
	var out bytes.Buffer
	require.NoError(t, run(nil, strings.NewReader(in), &out, &out))
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	require.Len(t, lines, 15)
	require.Equal(t, `{"id":"ok","headers":[["Host","shop.test:8080"],["User-Agent","Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"],`+
		`["Accept","text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"],["Accept-Encoding","gzip, deflate"],`+
		`["Connection","keep-alive"],["Upgrade-Insecure-Requests","1"],["Priority","u=0, i"]]}`, lines[0])
	for i, want := range []struct{ id, reason string }{
		{"conflict", "Safari exists on macos and ios only"},
		{"url", "invalid URL escape"},
		{"kind", "want one of navigate, "},
		{"type", "line 5: version: string, want int"},
		{"", "line 6: invalid character"},
		{"cut", "in string literal"},
		{"junk", "after top-level value"},
		{"", "id: number, want string"},
		{"", "want one of navigate, "},
		{"utf8", "not UTF-8"},
		{"pair", `headers: ["a"], want [name, value]`},
		{"length", "content_length: -1"},
		{"long", ""},
		{"last", "want at most 999"},
	} {
		var got output
		require.NoError(t, json.Unmarshal([]byte(lines[i+1]), &got))
		require.Equal(t, want.id, got.ID)
		if want.reason == "" {
			require.Empty(t, got.Error)
			continue
		}
		require.Contains(t, got.Error, want.reason)
		require.Empty(t, got.Headers)
	}
}

func TestItPrintsForPeople(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, run([]string{"-browser", "chrome", "-os", "windows", "-url", "https://example.com/a?b", "-from", "https://example.com/", "-kind", "fetch"}, nil, &out, &out))
	require.True(t, strings.HasPrefix(out.String(), ":method: GET\n:authority: example.com\n:scheme: https\n:path: /a?b\nsec-ch-ua-platform: \"Windows\"\nuser-agent: "), out.String())
	out.Reset()
	require.NoError(t, run([]string{"-browser", "firefox", "-version", "140", "-url", "http://example.com/it's", "-curl"}, nil, &out, &out))
	require.Contains(t, out.String(), "curl --compressed --http1.1 \\\n  -H 'User-Agent: Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0)")
	require.True(t, strings.HasSuffix(out.String(), " \\\n  'http://example.com/it'\\''s'\n"))
	require.NotContains(t, out.String(), "Host:")
	out.Reset()
	require.NoError(t, run([]string{"-browser", "chrome", "-method", "HEAD", "-url", "http://[::1]/{a}", "-curl"}, nil, &out, &out))
	require.Contains(t, out.String(), "curl --compressed --http1.1 --globoff --head \\\n")
	out.Reset()
	require.NoError(t, run([]string{"-browser", "chrome", "-kind", "preflight", "-url", "https://b.test/", "-from", "https://a.test/"}, nil, &out, &out))
	require.True(t, strings.HasPrefix(out.String(), ":method: OPTIONS\n"), out.String())
	require.Error(t, run([]string{"-browser", "safari", "-os", "linux"}, nil, &out, &out))
	require.ErrorIs(t, run([]string{"stray"}, nil, &out, &out), errUsage)
	out.Reset()
	require.ErrorIs(t, run([]string{"-browser", "lynx"}, nil, &out, &out), errUsage)
	require.Equal(t, 1, strings.Count(out.String(), `invalid value "lynx" for flag -browser: want chrome, edge,`), "said once")
	require.NoError(t, run([]string{"-help"}, nil, &out, &out))
}

// capturedCase is what a real browser has sent in a situation.
type capturedCase struct {
	Name    string          `json:"name"`
	Input   json.RawMessage `json:"input"`
	Expect  output          `json:"expect"`
	Compare struct {
		AnyValue []string `json:"any_value"`
	} `json:"compare"`
}

func TestItAnswersAsRealBrowsersDo(t *testing.T) {
	root := os.Getenv("GODWIT_SHARED")
	if root == "" {
		root = filepath.Join("..", "..", "..", "shared")
	}
	raw, err := os.ReadFile(filepath.Join(root, "data", "browser-headers", "cases.jsonl"))
	if err != nil {
		t.Skip("the captures are not here: ", err)
	}
	for line := range strings.Lines(string(raw)) {
		var c capturedCase
		require.NoError(t, json.Unmarshal([]byte(line), &c))
		got := answer(c.Input)
		require.Empty(t, got.Error, c.Name)
		for _, list := range [][][2]string{got.Headers, c.Expect.Headers} {
			for i := range list {
				if slices.Contains(c.Compare.AnyValue, strings.ToLower(list[i][0])) {
					list[i][1] = "*"
				}
			}
		}
		require.Equal(t, c.Expect.Headers, got.Headers, c.Name)
		require.Equal(t, c.Expect.Pseudo, got.Pseudo, c.Name)
	}
}

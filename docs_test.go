package godwit_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/godwit-go/godwit"
)

// trimmed returns the lines of s without indentation and empty lines.
func trimmed(s string) string {
	var b strings.Builder
	for line := range strings.Lines(s) {
		if line = strings.TrimSpace(line); line != "" {
			b.WriteString(line + "\n")
		}
	}
	return b.String()
}

// fenced returns the blocks of a Markdown file in the given language.
func fenced(t *testing.T, name, language string) []string {
	t.Helper()
	src, err := os.ReadFile(name)
	require.NoError(t, err)
	var blocks []string
	for i, part := range strings.Split(string(src), "\n```") {
		if code, ok := strings.CutPrefix(part, language+"\n"); ok && i%2 == 1 {
			blocks = append(blocks, code)
		}
	}
	return blocks
}

func TestEverySnippetIsAnExample(t *testing.T) {
	src, err := os.ReadFile("example_test.go")
	require.NoError(t, err)
	examples := trimmed(string(src))
	for _, name := range []string{"README.md", filepath.Join("docs", "guide.md")} {
		blocks := fenced(t, name, "go")
		require.NotEmpty(t, blocks, name)
		for _, code := range blocks {
			require.True(t, strings.Contains(examples, trimmed(code)), "%s: this snippet stands in no Example:\n%s", name, code)
		}
	}
}

func TestTheReadmeDrawsTheSameDiagram(t *testing.T) {
	doc, err := os.ReadFile("doc.go")
	require.NoError(t, err)
	text := strings.ReplaceAll(string(doc), "//\t", "")
	for _, block := range fenced(t, "README.md", "") {
		if strings.Contains(block, "└ godwit.Transport") {
			require.Contains(t, text, strings.TrimSpace(block))
			return
		}
	}
	require.Fail(t, "README.md has no diagram")
}

func TestTheConfigurationInTheGuideIsValid(t *testing.T) {
	guideYAML := fenced(t, filepath.Join("docs", "guide.md"), "yaml")
	require.NotEmpty(t, guideYAML)
	t.Chdir(t.TempDir())
	t.Setenv("TWOCAPTCHA_KEY", "k")
	require.NoError(t, os.WriteFile("proxies.txt", []byte("1.2.3.4:8080\n"), 0o600))
	for _, block := range guideYAML {
		block = strings.ReplaceAll(block, "/var/lib/crawler/", "")
		require.NoError(t, os.WriteFile("crawler.yaml", []byte(block), 0o600))
		cfg, err := godwit.Load("crawler.yaml")
		require.NoError(t, err)
		tr, err := godwit.New(nil, cfg)
		require.NoError(t, err)
		require.NoError(t, tr.Close())
	}
}

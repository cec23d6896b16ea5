package captcha

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"
)

// requireSameTags compares what is read of tags with what the tokenizer reads.
func requireSameTags(t *testing.T, page []byte) {
	t.Helper()
	z := html.NewTokenizer(bytes.NewReader(page))
	for end := 0; ; {
		token := z.Next()
		start := end
		end += len(z.Raw())
		if token == html.ErrorToken {
			return
		}
		require.Equal(t, z.Raw(), page[start:end], "tokens are contiguous")
		if token != html.StartTagToken && token != html.SelfClosingTagToken {
			continue
		}
		raw := page[start:end]
		name, rest := tagName(raw[1:])
		if bytes.ContainsAny(raw, "&\x00\r") {
			continue // the tokenizer resolves these
		}
		wantName, more := z.TagName()
		require.Equal(t, string(wantName), string(foldKey(name)), "%q", raw)
		got := split(nil, rest)
		for i := 0; more; i++ {
			var key, value []byte
			key, value, more = z.TagAttr()
			// The tokenizer drops what has been said before.
			for i < len(got) && duplicate(got, i) {
				got = append(got[:i], got[i+1:]...)
			}
			require.Less(t, i, len(got), "%q", raw)
			require.Equal(t, string(key), string(got[i].key), "%q", raw)
			require.Equal(t, string(value), string(got[i].value), "%q", raw)
		}
	}
}

func duplicate(attrs []attr, i int) bool {
	for _, a := range attrs[:i] {
		if bytes.Equal(a.key, attrs[i].key) {
			return true
		}
	}
	return false
}

var oddTags = []string{
	`<div id=a class="b c" DATA-X='d' e>`, `<A HREF = "x" / y=z/>`, `<p =a b==c d=>`, `<i a="1" a="2"b='3'c=4>`, "<x\n\ty\f=\r\n'z'>",
	`<br/>`, `<a/b/c=d>`, `<img src=/a/b.png?c=d alt>`, `<a b="c>d" e='f"g'>`, `<a "b"='c'>`, `<a b=c"d>`, `<a b='unclosed>`, `<1>`, `</p a=b>`, `<a =>`,
}

func TestTagsAreReadAsTheTokenizerReadsThem(t *testing.T) {
	for _, tag := range oddTags {
		requireSameTags(t, []byte("x"+tag+"y</a>"))
	}
}

func FuzzTags(f *testing.F) {
	for _, tag := range oddTags {
		f.Add([]byte(tag))
	}
	f.Fuzz(requireSameTags)
}

package captcha_test

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	markup "golang.org/x/net/html"

	"github.com/godwit-go/godwit/captcha"
)

// writing is a way to write the same page.
type writing struct {
	tag  func(name string, attrs []markup.Attribute, end string) string // of a start tag
	text func(string) string                                            // outside of scripts and the like
	drop []string                                                       // end tags that may be left out
}

var escaped = strings.NewReplacer("&", "&amp;", `"`, "&quot;", "'", "&#39;", "<", "&lt;", ">", "&gt;")

// startTag writes a start tag with what is between, before and around its attributes.
func startTag(name string, attrs []markup.Attribute, before, equals, quote, end string) string {
	var b strings.Builder
	b.WriteString("<" + name)
	for _, a := range attrs {
		b.WriteString(before + a.Key + equals + quote + escaped.Replace(a.Val) + quote)
	}
	return b.String() + end
}

func plainTag(name string, attrs []markup.Attribute, end string) string {
	return startTag(name, attrs, " ", "=", `"`, end)
}

// numbered writes some letters as references.
var numbered = strings.NewReplacer("/", "&#47;", ".", "&#x2e;", ":", "&colon;", "e", "&#101;", "&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&#34;")

var writings = map[string]writing{
	"in upper case": {tag: func(name string, attrs []markup.Attribute, end string) string {
		for i := range attrs {
			attrs[i].Key = strings.ToUpper(attrs[i].Key)
		}
		return plainTag(strings.ToUpper(name), attrs, end)
	}},
	"in single quotes": {tag: func(name string, attrs []markup.Attribute, end string) string {
		return startTag(name, attrs, " ", "=", "'", end)
	}},
	"without quotes": {tag: func(name string, attrs []markup.Attribute, end string) string {
		var b strings.Builder
		b.WriteString("<" + name)
		for _, a := range attrs {
			if a.Val == "" || strings.ContainsAny(a.Val, " \t\n\"'=<>`&") {
				b.WriteString(" " + a.Key + `="` + escaped.Replace(a.Val) + `"`)
			} else {
				b.WriteString(" " + a.Key + "=" + a.Val)
			}
		}
		return b.String() + " " + end
	}},
	"with air": {tag: func(name string, attrs []markup.Attribute, end string) string {
		return startTag(name, attrs, "\n\t\t", " = ", `"`, "\n"+end+"\n")
	}, text: func(s string) string { return strings.ReplaceAll(s, " ", " \n\t ") }},
	"in another order": {tag: func(name string, attrs []markup.Attribute, end string) string {
		slices.Reverse(attrs)
		return plainTag(name, attrs, end)
	}},
	"with more attributes": {tag: func(name string, attrs []markup.Attribute, end string) string {
		return plainTag(name, slices.Concat([]markup.Attribute{{Key: "data-v-4f2a"}}, attrs, []markup.Attribute{{Key: "data-x", Val: "a > b"}}), end)
	}},
	"in references": {tag: func(name string, attrs []markup.Attribute, end string) string {
		var b strings.Builder
		b.WriteString("<" + name)
		for _, a := range attrs {
			b.WriteString(" " + a.Key + `="` + numbered.Replace(a.Val) + `"`)
		}
		return b.String() + end
	}, text: func(s string) string { return numbered.Replace(s) }},
	"minified": {drop: []string{"p", "li", "td", "tr", "body", "html", "head", "option"}, text: func(s string) string {
		return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r == '\n' || r == '\t' }), " ")
	}},
	"between comments": {tag: func(name string, attrs []markup.Attribute, end string) string {
		return "<!-- " + name + " -->" + plainTag(name, attrs, end)
	}},
}

// write writes page in another way.
func (w writing) write(page string) string {
	if strings.HasPrefix(page, "{") || strings.HasPrefix(page, "<?xml") {
		return page
	}
	var b strings.Builder
	z := markup.NewTokenizer(strings.NewReader(page))
	raw := false
	for kind := z.Next(); kind != markup.ErrorToken; kind = z.Next() {
		whole := string(z.Raw())
		token := z.Token()
		switch kind {
		case markup.StartTagToken, markup.SelfClosingTagToken:
			raw = slices.Contains([]string{"script", "style", "noscript", "textarea", "title", "iframe", "pre", "template"}, token.Data)
			end := ">"
			if kind == markup.SelfClosingTagToken {
				end = "/>"
			}
			if w.tag != nil {
				whole = w.tag(token.Data, slices.Clone(token.Attr), end)
			}
		case markup.EndTagToken:
			raw = false
			if slices.Contains(w.drop, token.Data) {
				whole = ""
			}
		case markup.TextToken:
			if w.text != nil && !raw {
				whole = w.text(token.Data)
				if strings.ContainsAny(whole, "<>") {
					whole = string(z.Raw())
				}
			}
		}
		b.WriteString(whole)
	}
	return b.String()
}

// everyPage is all that there is to be told, and what it is, with the statuses that
// it is told by.
func everyPage() map[string]wall {
	all := make(map[string]wall)
	for _, fixtures := range []map[string]fixture{challenges, gates} {
		for name, f := range fixtures {
			all[name] = wall{page: f.page, status: 403, want: captcha.Challenged, vendor: f.vendor}
		}
	}
	maps.Copy(all, walls)
	maps.Copy(all, refusals)
	for name, l := range lookalikes {
		all[name] = wall{page: l.page, status: l.status, want: l.want}
	}
	return all
}

func TestHowAPageIsWrittenDoesNotMatter(t *testing.T) {
	for how, w := range writings {
		t.Run(how, func(t *testing.T) {
			var wrong []string
			for name, p := range everyPage() {
				for _, status := range []int{0, p.status} {
					if status == 0 && (p.needs || len(p.page) > 4<<10) {
						continue // of large pages the text is not read without a reason
					}
					if c := captcha.Detect(status, nil, nil, []byte(w.write(p.page))); c.Verdict != p.want {
						wrong = append(wrong, fmt.Sprintf("%s, status %d: %v", name, status, &c))
					}
				}
			}
			require.Empty(t, wrong)
		})
	}
}

// paddings are what stands before the first word of pages that have their style,
// their script and their pictures in them.
var paddings = map[string]string{
	"style":   "<style>" + repeat(`.c-a1{display:flex;background:url("data:image/png;base64,iVBORw0KGgo=")} a>b{color:red} `, 70<<10) + "</style>",
	"script":  `<script>` + repeat(`!function(e,t){for(var n=0;n<t;n++)e[n]="<a href='#'>"}(window.w=[],9);`, 70<<10) + "\n</script>",
	"picture": `<svg>` + strings.Repeat(`<path d="M12 2C6.48 2 2 6.48 2 12s4.48 10 10 10 10-4.48 10-10z"/>`, 1100) + `</svg>`,
	"comment": "<!-- " + repeat(`a <a href="/">link</a> <p>in a comment</p> `, 70<<10) + " -->",
}

func TestAPageThatBeginsLateIsReadOn(t *testing.T) {
	pages, before := everyPage(), slices.Sorted(maps.Keys(paddings))
	var wrong []string
	for i, name := range slices.Sorted(maps.Keys(pages)) {
		if strings.HasPrefix(pages[name].page, "{") || pages[name].want < captcha.Challenged {
			continue
		}
		padding := before[i%len(before)]
		late := "<!DOCTYPE html><html><head>" + paddings[padding] + pages[name].page
		whole := captcha.Detect(200, nil, nil, []byte(late))
		c, err := new(captcha.Detector).Inspect(response(200, nil, io.NopCloser(strings.NewReader(late))))
		require.NoError(t, err)
		if c == nil {
			c = new(captcha.Challenge)
		}
		if c.Rule != whole.Rule {
			wrong = append(wrong, fmt.Sprintf("%s behind a %s: %v, whole %v", name, padding, c, &whole))
		}
	}
	require.Empty(t, wrong)
}

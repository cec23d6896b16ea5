package captcha_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/godwit-go/godwit/captcha"
)

// quotations are ways to show a page in another, which has next to nothing else.
var quotations = map[string]func(page string) string{
	"in a comment": func(page string) string {
		return document("Lamps", "<!-- "+strings.ReplaceAll(page, "--", "- -")+" --><p>Twelve lamps in brass.</p>")
	},
	"as code": func(page string) string { return document("A page", "<p>It says:</p>"+quoted(page)) },
	"in a field": func(page string) string {
		return document("Paste", "<textarea>"+escaped.Replace(page)+"</textarea><button>Save</button>")
	},
	"in a frame's source": func(page string) string {
		return document("Preview", `<p>This is how it looks.</p><iframe srcdoc="`+escaped.Replace(page)+`"></iframe>`)
	},
	"as text": func(page string) string {
		lines := strings.Split(escaped.Replace(page), "\n")
		return document("Paste", `<a href="/new">New</a><div>`+strings.Join(lines, "</div><div>")+"</div>")
	},
	"in a script's state": func(page string) string {
		state, _ := json.Marshal(page) // with its brackets escaped
		return document("Lamps", "<p>Twelve lamps in brass.</p><script>window.__STATE__="+string(state)+"</script>")
	},
	"in a script's state, by hand": func(page string) string {
		state := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "</script", `<\/script`, "</SCRIPT", `<\/SCRIPT`, "<!--", `<\!--`).Replace(page)
		return document("Lamps", `<p>Twelve lamps in brass.</p><script>window.__STATE__={html:"`+state+`"}</script>`)
	},
	"in JSON": func(page string) string {
		answer, _ := json.Marshal(map[string]string{"id": "4711", "body": page, "url": "https://shop.test/lamps"})
		return string(answer)
	},
}

func TestAPageThatIsQuotedStandsInNobodysWay(t *testing.T) {
	for how, quote := range quotations {
		t.Run(how, func(t *testing.T) {
			var wrong []string
			for name, p := range everyPage() {
				page := document("", p.page) // with the end that a whole page has
				if strings.Contains(p.page, "/html>") {
					page = p.page
				}
				if p.want < captcha.Challenged || p.page[0] == '{' {
					continue
				}
				for _, status := range []int{0, 200} {
					if c := captcha.Detect(status, nil, nil, []byte(quote(page))); c.Stands() {
						wrong = append(wrong, fmt.Sprintf("%s, status %d: %v", name, status, &c))
					}
				}
			}
			require.Empty(t, wrong)
		})
	}
}

// sensors are what vendors put into good pages, and into a site's own errors.
var sensors = map[string]string{
	"aws":     `<script src="https://a.b.us-east-1.token.awswaf.com/a/b/challenge.js" defer></script>`,
	"f5":      `<script src="/TSPD/08e841?type=17"></script>`,
	"imperva": `<script src="/_Incapsula_Resource?SWJIYLWA=719d34d31c8e3a6e6fffd425f7e032f3"></script>`,
	"kasada":  `<script src="/149e9513-01fa-4fb0-aad4-566afd725d1b/2d206a39-8ed7-437e-a3be-862e0f06eea3/p.js"></script>`,
}

func TestASensorBesideAFewWordsOfAnErrorIsNoChallenge(t *testing.T) {
	for name, sensor := range sensors {
		for status, says := range map[int]string{404: "Not Found", 410: "Gone", 500: "Server Error", 502: "Bad Gateway", 504: "Gateway Timeout"} {
			c := captcha.Detect(status, nil, nil, []byte(document("", "<h1>"+says+"</h1>"+sensor)))
			require.Equal(t, captcha.None, c.Verdict, "%s, %d: %v", name, status, &c)
		}
		c := captcha.Detect(403, nil, nil, []byte(document("", sensor)))
		require.Equal(t, captcha.Challenged, c.Verdict, "%s alone: %v", name, &c)
	}
}

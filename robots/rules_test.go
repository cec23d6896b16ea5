package robots_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/godwit-go/godwit/robots"
)

func allowed(body, agent, path string) bool {
	ok, _ := robots.Parse([]byte(body), agent).Allowed(path)
	return ok
}

// The examples of RFC 9309, sections 2.2.2, 2.2.3 and 5.
func TestTheExamplesOfTheRFC(t *testing.T) {
	simple := `
User-Agent: *
Disallow: *.gif$
Disallow: /example/
Allow: /publications/

User-Agent: foobot
Disallow:/
Allow:/example/page.html
Allow:/example/allowed.gif

User-Agent: barbot
User-Agent: bazbot
Disallow: /example/page.html

User-Agent: quxbot
`
	longest := `
User-Agent: foobot
Allow: /example/page/
Disallow: /example/page/disallowed.gif
`
	for _, c := range []struct {
		body, agent, path string
		want              bool
	}{
		{simple, "", "/a.gif", false},
		{simple, "", "/a.gif?x", true},
		{simple, "", "/example/", false},
		{simple, "", "/publications/", true},
		{simple, "otherbot", "/example/x", false},
		{simple, "foobot", "/", false},
		{simple, "foobot", "/example/page.html", true},
		{simple, "FooBot", "/example/allowed.gif", true},
		{simple, "foobot", "/example/other.gif", false},
		{simple, "barbot", "/example/page.html", false},
		{simple, "barbot", "/example/", true},
		{simple, "bazbot", "/example/page.html", false},
		{simple, "quxbot", "/example/page.gif", true},
		{longest, "foobot", "/example/page/disallowed.gif", false},
		{longest, "foobot", "/example/page/", true},

		{"user-agent: *\ndisallow: /foo/bar?baz=quz", "", "/foo/bar?baz=quz", false},
		{"user-agent: *\ndisallow: /foo/bar?baz=http://foo.bar", "", "/foo/bar?baz=http://foo.bar", false},
		{"user-agent: *\ndisallow: /foo/bar/ツ", "", "/foo/bar/%E3%83%84", false},
		{"user-agent: *\ndisallow: /foo/bar/%E3%83%84", "", "/foo/bar/%e3%83%84", false},
		{"user-agent: *\ndisallow: /foo/bar/%62%61%7A", "", "/foo/bar/baz", false},
		{"user-agent: *\ndisallow: /path/file-with-a-%2A.html", "", "/path/file-with-a-*.html", false},
		{"user-agent: *\ndisallow: /path/foo-%24", "", "/path/foo-$", false},
		{"user-agent: *\ndisallow: /path/foo-%24", "", "/path/foo-", true},
		{"user-agent: *\ndisallow: /a%2Fb", "", "/a/b", true},
	} {
		require.Equal(t, c.want, allowed(c.body, c.agent, c.path), "%s %s in %s", c.agent, c.path, c.body)
	}
}

// The path examples of Google's documentation of its parser.
func TestPatterns(t *testing.T) {
	for pattern, paths := range map[string]struct{ match, miss string }{
		"/fish":         {"/fish /fish.html /fish/salmon.html /fishheads /fish.php?id=anything", "/Fish.asp /catfish /?id=fish /desert/fish"},
		"/fish*":        {"/fish /fish.html /fishheads/yummy.html", "/Fish.asp /catfish /shark/fish"},
		"/fish*$":       {"/fish /fishes", "/shark/fish"},
		"/fish/":        {"/fish/ /fish/?id=anything /fish/salmon.htm", "/fish /fish.html /animals/fish/"},
		"/*.php":        {"/index.php /filename.php /folder/any.php.file.html /filename.php/", "/ /windows.PHP"},
		"/*.php$":       {"/filename.php /folder/filename.php", "/filename.php?parameters /filename.php/ /filename.php5"},
		"/fish*.php":    {"/fish.php /fishheads/catfish.php?parameters", "/Fish.PHP"},
		"*.gif":         {"/a.gif /b/c.gif?d", "/a.png"},
		"/$":            {"/", "/a /?"},
		"/a*b*c$":       {"/abc /a/b/bc/c", "/abcd /acb"},
		"/a$b":          {"/a$b /a$bc", "/a /ab"},
		"/*/private/*x": {"/u/private/x /u/v/private/yx", "/private/x"},
		"private":       {"/private", "/a/private"},
		"/x**y":         {"/xy /x1y", "/x"},
		"/a*a$":         {"/aa /aba", "/a"},
	} {
		body := "User-agent: *\nDisallow: " + pattern
		for _, path := range strings.Fields(paths.match) {
			require.False(t, allowed(body, "", path), "%s should match %s", pattern, path)
		}
		for _, path := range strings.Fields(paths.miss) {
			require.True(t, allowed(body, "", path), "%s should not match %s", pattern, path)
		}
	}
}

func TestTheMostSpecificRuleWins(t *testing.T) {
	for _, c := range []struct {
		rules, path string
		want        bool
	}{
		{"allow: /p|disallow: /", "/page", true},
		{"disallow: /|allow: /p", "/page", true},
		{"allow: /folder|disallow: /folder", "/folder/page", true},
		{"disallow: /folder|allow: /folder", "/folder/page", true},
		{"allow: /page|disallow: /*.htm", "/page.htm", false},
		{"allow: /$|disallow: /", "/", true},
		{"allow: /$|disallow: /", "/page.htm", false},
		{"allow: /page|disallow: /*.ph", "/page.php5", true},
		{"disallow:", "/anything", true},
		{"disallow: /x|disallow:", "/x", false},
	} {
		body := "user-agent: *\n" + strings.ReplaceAll(c.rules, "|", "\n")
		require.Equal(t, c.want, allowed(body, "", c.path), "%s for %s", c.rules, c.path)
	}
	_, line := robots.Parse([]byte("User-agent: *\ndisallow:   /b  # why\nAllow: /\n"), "").Allowed("/b/c")
	require.Equal(t, "Disallow: /b", line)
}

func TestGroups(t *testing.T) {
	for name, c := range map[string]struct {
		body, agent, path string
		want              bool
	}{
		"no file":                                    {"", "bot", "/", true},
		"a page instead of a file":                   {"<!doctype html>\n<html><body>Disallow: /</body>", "bot", "/", true},
		"own group only":                             {"user-agent: *\ndisallow: /\nuser-agent: bot\ndisallow: /x", "bot", "/y", true},
		"own empty group":                            {"user-agent: *\ndisallow: /\nuser-agent: bot\n", "bot", "/y", true},
		"groups of one name count together":          {"user-agent: bot\ndisallow: /a\nuser-agent: c\ndisallow: /c\nuser-agent: bot\ndisallow: /b", "bot", "/b", false},
		"and the first one still counts":             {"user-agent: bot\ndisallow: /a\nuser-agent: c\ndisallow: /c\nuser-agent: bot\ndisallow: /b", "bot", "/a", false},
		"a group of several":                         {"user-agent: a\nuser-agent: bot\nuser-agent: c\ndisallow: /", "bot", "/", false},
		"blank lines do not part them":               {"user-agent: bot\n\n\nuser-agent: c\n\ndisallow: /", "bot", "/", false},
		"version and case are no matter":             {"User-Agent: BOT/2.1 (+http://bot.test)\ndisallow: /", "bot", "/", false},
		"a longer name is another":                   {"user-agent: botnet\ndisallow: /", "bot", "/", true},
		"a shorter name is another":                  {"user-agent: bo\ndisallow: /", "bot", "/", true},
		"a sitemap does not end a group":             {"user-agent: bot\nsitemap: http://a/b\nuser-agent: c\ndisallow: /", "bot", "/", false},
		"a crawl-delay does not end a group":         {"user-agent: bot\ncrawl-delay: 1\nuser-agent: c\ndisallow: /", "bot", "/", false},
		"rules before any group are nobody's":        {"disallow: /\nuser-agent: bot\ndisallow: /x", "bot", "/", true},
		"a bad line spoils nothing":                  {"disallow: /\ncrawl-delay: x\n\x00\xff: : :\nuser-agent: bot\ncrawl-delay: nan\ndisallow: /", "bot", "/", false},
		"forgotten colons":                           {"user-agent bot\ndisallow /", "bot", "/", false},
		"misspelt fields":                            {"useragent: bot\ndissallow: /", "bot", "/", false},
		"any end of line, and a byte order mark":     {"\ufeffuser-agent: bot\rdisallow: /a\r\ndisallow: /b", "bot", "/b", false},
		"comments":                                   {"user-agent: bot # us\n#disallow: /\ndisallow: /a#b", "bot", "/a", false},
		"no agent gets the rules for all":            {"user-agent: bot\ndisallow: /\nuser-agent: *\ndisallow: /x", "", "/y", true},
		"an agent that is not named gets them too":   {"user-agent: c\ndisallow: /\nuser-agent: *\ndisallow: /x", "bot", "/x", false},
		"paths are compared with their case":         {"user-agent: *\ndisallow: /X", "bot", "/x", true},
		"spaces within a path stand for themselves":  {"user-agent: *\ndisallow: /a b", "bot", "/a%20b", false},
		"white space before the colon and the value": {"user-agent :\tbot\n disallow\t: /x \t", "bot", "/x", false},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, c.want, allowed(c.body, c.agent, c.path)) })
	}
}

func TestCrawlDelayAndSitemaps(t *testing.T) {
	r := robots.Parse([]byte(`
Sitemap: https://site.test/one.xml
User-agent: *
Crawl-delay: 10
Disallow: /x
User-agent: bot
Crawl-delay: 2.5
Crawl-delay: -1
Crawl-delay: 1e999
Disallow:
site-map: https://site.test/two.xml#three
Sitemap:
`), "bot")
	require.Equal(t, 2500*time.Millisecond, r.CrawlDelay())
	require.Equal(t, []string{"https://site.test/one.xml", "https://site.test/two.xml"}, r.Sitemaps())
	require.Equal(t, 10*time.Second, robots.Parse([]byte("user-agent: *\ncrawl-delay: 10"), "bot").CrawlDelay())
	require.Zero(t, robots.Parse([]byte("user-agent: *\ncrawl-delay: 10\nuser-agent: bot\nallow: /"), "bot").CrawlDelay())
	require.Positive(t, robots.Parse([]byte("user-agent: *\ncrawl-delay: 1e300"), "").CrawlDelay())
}

func TestAtLeast500KiBAreRead(t *testing.T) {
	filler := strings.Repeat("#"+strings.Repeat("x", 98)+"\n", robots.MaxBytes/100)
	within := "user-agent: *\ndisallow: /in\n" + filler[:len(filler)-2000] + "disallow: /late\n"
	require.False(t, allowed(within, "", "/late"))
	cut := within + strings.Repeat("#", robots.MaxBytes-len(within)-len("\ndisallow: /f")) + "\ndisallow: /foo\ndisallow: /beyond\n"
	require.True(t, allowed(cut, "", "/f"), "half a line says something else")
	require.True(t, allowed(cut, "", "/beyond"))
	require.False(t, allowed(cut, "", "/in"))
}

func TestAHostileFileTakesNoTimeToSpeakOf(t *testing.T) {
	star := "/" + strings.Repeat("a*", 400) + "b$"
	body := "user-agent: *\n" + strings.Repeat("disallow: "+star+"\n", robots.MaxBytes/len(star))
	r := robots.Parse([]byte(body), "")
	start := time.Now()
	ok, _ := r.Allowed("/" + strings.Repeat("a", 4000))
	require.True(t, ok)
	require.Less(t, time.Since(start), time.Minute, "backtracking would not end at all")
}

func FuzzRules(f *testing.F) {
	f.Add("/fish*.php$", "/fish/a.php")
	f.Add("*", "/")
	f.Add("/a%2a$$%", "/%zz%4")
	f.Fuzz(func(t *testing.T, pattern, path string) {
		if strings.ContainsAny(pattern, "\r\n#\u0085") || strings.TrimSpace(pattern) != pattern || pattern == "" {
			return
		}
		path = "/" + path
		got := !allowed("user-agent: *\ndisallow: "+pattern, "", path)
		if strings.Contains(pattern, "%") || strings.Contains(path, "%") || !isPlain(pattern) || !isPlain(path) {
			return // escapes have tests of their own; here it is enough to survive
		}
		require.Equal(t, reference(pattern).MatchString(path), got, "%q on %q", pattern, path)
	})
}

func isPlain(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r <= ' ' || r > '~' }) < 0
}

// reference is the same pattern as a regular expression.
func reference(pattern string) *regexp.Regexp {
	if pattern[0] != '/' && pattern[0] != '*' {
		pattern = "/" + pattern
	}
	body, anchored := strings.CutSuffix(pattern, "$")
	expr := "^" + strings.ReplaceAll(regexp.QuoteMeta(body), `\*`, ".*")
	if anchored {
		expr += "$"
	}
	return regexp.MustCompile(expr)
}

package robots

import (
	"bytes"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// MaxBytes is how much of a robots.txt is read; RFC 9309, section 2.5, asks for
// that much at least.
const MaxBytes = 500 << 10

// maxSitemaps bounds what is kept of a file that lists sitemaps without end.
const maxSitemaps = 1000

// Rules is what a robots.txt says to one crawler. It does not change and is safe
// for concurrent use. The zero Rules allows everything.
type Rules struct {
	rules    []rule // most specific first; of equals the one that allows
	delay    time.Duration
	sitemaps []string
}

type rule struct {
	pattern pattern
	allow   bool
	line    string // as written
}

// Parse reads a robots.txt for the crawler with the given product token; an empty
// agent gets the rules for all robots. It never fails: lines that make no sense
// are passed over, and so is what lies beyond [MaxBytes].
func Parse(body []byte, agent string) *Rules {
	own, all := new(group), new(group)
	r := new(Rules)
	var current []*group // whom the next rules are for
	named := true        // the last line that counts named a user-agent
	for line := range lines(body) {
		key, value := split(line)
		switch field(key) {
		case userAgent:
			if !named {
				current, named = current[:0], true
			}
			switch token := product(value); {
			case strings.HasPrefix(value, "*"):
				current = append(current, all)
				all.present = true
			case token != "" && strings.EqualFold(token, agent):
				current = append(current, own)
				own.present = true
			}
		case allow, disallow:
			named = false
			for _, g := range current {
				g.add(value, field(key) == allow)
			}
		case crawlDelay:
			// No part of the RFC, so it must not end a group (section 2.2.4).
			for _, g := range current {
				g.delay = max(g.delay, seconds(value))
			}
		case sitemap:
			if value != "" && len(r.sitemaps) < maxSitemaps {
				r.sitemaps = append(r.sitemaps, strings.Clone(value))
			}
		}
	}
	g := all
	if own.present {
		g = own
	}
	r.rules, r.delay = g.rules, g.delay
	slices.SortStableFunc(r.rules, func(a, b rule) int {
		if d := len(b.pattern.text) - len(a.pattern.text); d != 0 {
			return d
		}
		switch {
		case a.allow == b.allow:
			return 0
		case a.allow:
			return -1
		default:
			return 1
		}
	})
	return r
}

// Allowed tells whether a path may be requested, and which line says so; empty if
// none does. The path is that of the URL in its escaped form, with "?" and the
// query where there is one.
func (r *Rules) Allowed(path string) (allowed bool, line string) {
	path = normalized(path, true)
	for i := range r.rules {
		if r.rules[i].pattern.match(path) {
			return r.rules[i].allow, r.rules[i].line
		}
	}
	return true, ""
}

// CrawlDelay is the pause that the site asks for between two requests; 0 for none,
// as of a nil Rules.
func (r *Rules) CrawlDelay() time.Duration {
	if r == nil {
		return 0
	}
	return r.delay
}

// Sitemaps lists the addresses of the site's sitemaps, as written.
func (r *Rules) Sitemaps() []string { return slices.Clone(r.sitemaps) }

// group collects the rules of all groups that name the same crawler, which count
// as one (RFC 9309, section 2.2.1).
type group struct {
	present bool
	rules   []rule
	delay   time.Duration
}

func (g *group) add(path string, allow bool) {
	if path == "" {
		return // "Disallow:" allows everything, as does no rule
	}
	line := "Disallow: " + path
	if allow {
		line = "Allow: " + path
	}
	g.rules = append(g.rules, rule{pattern: newPattern(path), allow: allow, line: line})
}

// lines yields the lines of a robots.txt without comments.
func lines(body []byte) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		body = bytes.TrimPrefix(body, []byte("\ufeff"))
		if len(body) > MaxBytes {
			body = body[:MaxBytes]
			// A line that was cut off would say something else.
			body = body[:bytes.LastIndexAny(body, "\r\n")+1]
		}
		for len(body) > 0 {
			line := body
			if i := bytes.IndexAny(body, "\r\n"); i >= 0 {
				line, body = body[:i], body[i+1:]
			} else {
				body = nil
			}
			line, _, _ = bytes.Cut(line, []byte("#"))
			if line = bytes.TrimSpace(line); len(line) > 0 && !yield(string(line)) {
				return
			}
		}
	}
}

// split separates a line at its colon, or at its white space where people have
// forgotten the colon.
func split(line string) (key, value string) {
	key, value, ok := strings.Cut(line, ":")
	if !ok {
		if fields := strings.Fields(line); len(fields) == 2 {
			return fields[0], fields[1]
		}
		return "", ""
	}
	return strings.TrimSpace(key), strings.TrimSpace(value)
}

const (
	userAgent  = "user-agent"
	allow      = "allow"
	disallow   = "disallow"
	crawlDelay = "crawl-delay"
	sitemap    = "sitemap"
)

// field returns the name of a field, whatever its case and however it is misspelt
// in the wild.
func field(key string) string {
	switch key = strings.ToLower(key); key {
	case "useragent", "user agent":
		return userAgent
	case "dissallow", "dissalow", "disalow", "diasllow", "disallaw":
		return disallow
	case "crawldelay", "crawl delay":
		return crawlDelay
	case "site-map":
		return sitemap
	}
	return key
}

// product returns the product token that a user-agent line or name starts with:
// "ExampleBot" of "ExampleBot/1.2 (+https://example.com)".
func product(name string) string {
	end := strings.IndexFunc(name, func(r rune) bool {
		return r >= utf8.RuneSelf || !(r == '-' || r == '_' || isAlphanumeric(byte(r)))
	})
	if end < 0 {
		return name
	}
	return name[:end]
}

// seconds reads a crawl-delay; 0 if it makes no sense.
func seconds(value string) time.Duration {
	s, err := strconv.ParseFloat(value, 64)
	if err != nil || !(s > 0) {
		return 0
	}
	return time.Duration(min(s, math.MaxInt32) * float64(time.Second))
}

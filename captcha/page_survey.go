package captcha

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
)

// survey is what one pass over a page's HTML found: bounded lists of what rules
// ask for, each of one syntactic place.
type survey struct {
	title      string
	text       []byte // visible text with collapsed spaces, about maxText characters of it
	runes      int    // its length in characters
	ids        names
	classes    names
	inputs     names
	translated names    // keys of Cloudflare's data-translate
	metas      names    // names of meta elements
	elements   names    // elements that tell an article from a notice
	scripts    [][]byte // inline scripts
	scriptSrcs []string
	frames     []string
	images     []string
	links      []string
	forms      []*form
	widgets    []element
	refresh    string
	noscript   string // where the page sends on who runs no scripts
	base       string
	errorCode  string // text of Cloudflare's span.cf-error-code
	app        bool   // has the mount point of an application
	textInputs int    // fields to type into, other than a search's
	search     bool   // there is a search, as in a site's own layout
	answer     bool   // one of them is for the answer to a picture
	passwords  int
	choices    int // selects, radio buttons and checkboxes, other than a search's

	lowered string // title and text in lower case, made when asked for
}

const (
	maxText    = 3000
	maxList    = 128     // entries of a list
	maxNames   = 1 << 16 // bytes of a list of names
	maxFields  = 64
	maxWidgets = 16
	maxValue   = 8 << 10
)

// element is one that may be a widget, with all its attributes.
type element struct {
	attrs map[string]string
	form  *form // that it is in; nil = none
}

// names is a set of names, kept as a list with a NUL around each.
type names []byte

func (n *names) add(name []byte) {
	if len(name) == 0 || len(*n)+len(name) > maxNames {
		return
	}
	if len(*n) == 0 {
		*n = append(*n, 0)
	}
	*n = append(append(*n, name...), 0)
}

func (n names) has(any []string) bool {
	for _, name := range any {
		if len(n) > 0 && bytes.Contains(n, []byte("\x00"+name+"\x00")) {
			return true
		}
	}
	return false
}

// with returns the first name that starts with prefix.
func (n names) with(prefix string) string {
	_, rest, ok := bytes.Cut(n, []byte("\x00"+prefix))
	if !ok {
		return ""
	}
	end := bytes.IndexByte(rest, 0)
	return prefix + string(rest[:end])
}

func (s *survey) has(tags ...string) bool { return s.elements.has(tags) }

func (s *survey) said() string {
	if s.lowered == "" {
		s.lowered = strings.ToLower(s.title + "\n" + unquoted(strings.ReplaceAll(string(s.text), "’", "'")))
	}
	return s.lowered
}

// unquoted takes out of a text what it says in the words of another: a page about
// refusals quotes them. Where the text shows markup, all of it may be a quotation.
func unquoted(text string) string {
	if strings.Contains(text, "</") {
		return ""
	}
	if !strings.ContainsAny(text, `"“«「`) {
		return text
	}
	return passages.ReplaceAllString(text, ` `)
}

var passages = regexp.MustCompile(`"[^"]{1,400}"|“[^”]{1,400}”|«[^»]{1,400}»|「[^」]{1,400}」`)

func widgetClass(class []byte) bool {
	switch string(class) {
	case "g-recaptcha", "h-captcha", "cf-turnstile", "frc-captcha", "smart-captcha":
		return true
	}
	return slices.Contains(otherWidgets, string(class))
}

func mountPoint(id []byte) bool {
	switch string(id) {
	case "root", "app", "__next", "__nuxt", "___gatsby", "main-app", "react-root", "svelte", "q-app":
		return true
	}
	return false
}

// executable tells whether a script of the given type runs. Rocket Loader puts a
// token before the type.
func executable(kind []byte) bool {
	k := strings.ToLower(strings.TrimSpace(string(clip(kind, 128))))
	k, _, _ = strings.Cut(k, ";")
	return k == "" || k == "module" || strings.HasSuffix(k, "javascript") || strings.HasSuffix(k, "ecmascript")
}

// refreshTarget returns the address in the content of a refresh: "5; URL='/x'", or
// just "5;/x".
func refreshTarget(content string) string {
	i := strings.IndexAny(content, ";,")
	if i < 0 {
		return ""
	}
	target := strings.TrimSpace(content[i+1:])
	if len(target) > 3 && strings.EqualFold(target[:3], "url") {
		if after, ok := strings.CutPrefix(strings.TrimSpace(target[3:]), "="); ok {
			target = strings.TrimSpace(after)
		}
	}
	return strings.Trim(target, `'"`)
}

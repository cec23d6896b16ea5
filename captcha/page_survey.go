package captcha

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html"
)

// survey is what one pass over a page's HTML found: bounded lists of what rules
// ask for, each of one syntactic place.
type survey struct {
	title      string
	text       []byte // visible text with collapsed spaces, no longer than maxText
	runes      int    // its length in characters
	ids        names
	classes    names
	inputs     names
	translated names    // keys of Cloudflare's data-translate
	elements   names    // elements that tell an article from a notice
	scripts    [][]byte // inline scripts
	scriptSrcs []string
	frames     []string
	images     []string
	links      []string
	forms      []*form
	widgets    []element
	refresh    string
	base       string
	errorCode  string // text of Cloudflare's span.cf-error-code
	app        bool   // has the mount point of an application
	textInputs int
	passwords  int
	choices    int // selects, radio buttons and checkboxes

	lowered string // title and text in lower case, made when asked for
}

const (
	maxText   = 3000
	maxList   = 512     // entries of a list
	maxNames  = 1 << 16 // bytes of a list of names
	maxFields = 64
	maxValue  = 8 << 10
)

type form struct {
	id     string
	action string
	method string
	fields []Field
	submit bool // the first submit button is among the fields
}

// element is one that may be a widget, with all its attributes.
type element struct {
	tag   string
	attrs map[string]string
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
		s.lowered = strings.ToLower(s.title + "\n" + string(s.text))
	}
	return s.lowered
}

// surveyor is the state of the pass.
type surveyor struct {
	*survey
	body   []byte
	raw    string // element whose contents the tokenizer gives as one text
	script bool   // and that is a script to be kept
	quoted int    // depth inside elements that quote
	code   bool   // inside span.cf-error-code
	form   *form  // open form
	attrs  []attr // of the current tag
}

type attr struct{ key, value []byte }

func newSurvey(body []byte) *survey {
	v := surveyor{survey: new(survey), body: body}
	z := html.NewTokenizer(bytes.NewReader(body))
	for end := 0; ; {
		token := z.Next()
		start := end
		end += len(z.Raw()) // tokens are contiguous, so that body can be referred to
		switch token {
		case html.ErrorToken:
			return v.survey
		case html.TextToken:
			v.content(z, start, end)
		case html.StartTagToken, html.SelfClosingTagToken:
			v.open(z, token == html.SelfClosingTagToken)
		case html.EndTagToken:
			v.close(z)
		}
	}
}

// content takes in a text token.
func (v *surveyor) content(z *html.Tokenizer, start, end int) {
	switch v.raw {
	case "":
		if v.quoted > 0 || v.runes >= maxText {
			// Quoted text is visible, but a page with much of it is long anyway.
			v.runes = min(v.runes+(end-start), maxText)
			return
		}
		text := z.Text()
		if v.code && v.errorCode == "" {
			v.errorCode = strings.TrimSpace(string(clip(text, 64)))
		}
		v.say(text)
	case "script":
		if v.script && len(v.scripts) < maxList {
			v.scripts = append(v.scripts, v.body[start:end])
		}
	case "title":
		if v.title == "" {
			v.title = strings.Join(strings.Fields(string(clip(z.Text(), 512))), " ")
		}
	}
}

func clip(b []byte, n int) []byte { return b[:min(len(b), n)] }

// say adds to the visible text.
func (v *surveyor) say(b []byte) {
	b = clip(b, 4*maxText)
	for len(b) > 0 && v.runes < maxText {
		r, size := utf8.DecodeRune(b)
		word := b[:size]
		b = b[size:]
		if r == ' ' || r == '\n' || r == '\t' || r == '\r' || r == '\f' || r == 0 || r == '\u00a0' {
			if n := len(v.text); n == 0 || v.text[n-1] == ' ' {
				continue
			}
			word = []byte{' '}
		}
		v.text = append(v.text, word...)
		v.runes++
	}
}

// quoting tells whether an element's contents are talk about markup.
func quoting(tag string) bool {
	switch tag {
	case "pre", "code", "template", "samp", "listing":
		return true
	}
	return false
}

func (v *surveyor) open(z *html.Tokenizer, selfClosing bool) {
	name, more := z.TagName()
	tag := intern(name)
	v.attrs = v.attrs[:0]
	for more {
		var a attr
		a.key, a.value, more = z.TagAttr()
		v.attrs = append(v.attrs, a)
	}
	v.raw = ""
	switch tag {
	case "script", "style", "title", "textarea", "noscript", "iframe", "noembed", "noframes", "xmp", "plaintext":
		v.raw = tag
	case "pre", "code", "template", "samp", "listing":
		if !selfClosing {
			v.quoted++
		}
		return
	}
	v.script = false
	if v.quoted > 0 {
		return
	}
	v.element(tag)
}

// element takes in a start tag that is not quoted.
func (v *surveyor) element(tag string) {
	id, class := v.attr("id"), v.attr("class")
	v.ids.add(id)
	for c := range bytes.FieldsSeq(class) {
		v.classes.add(c)
	}
	v.translated.add(v.attr("data-translate"))
	if mountPoint(id) || tag == "app-root" {
		v.app = true
	}
	if v.isWidget(class) {
		v.widgets = append(v.widgets, element{tag, v.attrMap()})
	}
	switch tag {
	case "":
	case "script":
		if src := v.attr("src"); len(src) > 0 {
			v.list(&v.scriptSrcs, src)
		}
		v.script = executable(v.attr("type"))
	case "iframe", "frame", "embed":
		v.list(&v.frames, v.attr("src"))
		v.list(&v.frames, v.attr("data-src"))
	case "object":
		v.list(&v.frames, v.attr("data"))
	case "img":
		v.list(&v.images, v.attr("src"))
	case "a", "area":
		if href := v.attr("href"); len(href) > 0 && href[0] != '#' {
			v.list(&v.links, href)
		}
	case "meta":
		if bytes.EqualFold(v.attr("http-equiv"), []byte("refresh")) && v.refresh == "" {
			v.refresh = refreshTarget(string(clip(v.attr("content"), maxValue)))
		}
	case "base":
		if v.base == "" {
			v.base = string(clip(v.attr("href"), maxValue))
		}
	case "span":
		v.code = bytes.Contains(class, []byte("cf-error-code"))
	case "article", "main", "nav", "video", "table":
		if !v.has(tag) {
			v.elements.add([]byte(tag))
		}
	case "form":
		v.openForm(string(id))
	case "input", "button", "textarea", "select":
		v.input(tag)
	}
}

func (v *surveyor) close(z *html.Tokenizer) {
	name, _ := z.TagName()
	tag := intern(name)
	v.raw = ""
	switch {
	case quoting(tag):
		v.quoted = max(v.quoted-1, 0)
	case tag == "form":
		v.form = nil
	case tag == "span":
		v.code = false
	}
}

// attr returns the value of an attribute of the current tag.
func (v *surveyor) attr(key string) []byte {
	for _, a := range v.attrs {
		if string(a.key) == key {
			return a.value
		}
	}
	return nil
}

func (v *surveyor) attrMap() map[string]string {
	m := make(map[string]string, len(v.attrs))
	for _, a := range v.attrs {
		if _, ok := m[string(a.key)]; !ok && len(m) < maxFields && len(a.value) <= maxValue {
			m[string(a.key)] = string(a.value)
		}
	}
	return m
}

// isWidget tells whether the current tag may be where a widget goes.
func (v *surveyor) isWidget(class []byte) bool {
	if len(v.widgets) >= 16 {
		return false
	}
	for _, a := range v.attrs {
		switch string(a.key) {
		case "data-sitekey", "data-pkey", "data-captcha-id", "data-hcaptcha-widget-id", "data-gt":
			return true
		}
	}
	for c := range bytes.FieldsSeq(class) {
		switch string(c) {
		case "g-recaptcha", "h-captcha", "cf-turnstile", "frc-captcha", "smart-captcha":
			return true
		}
	}
	return false
}

func (v *surveyor) list(list *[]string, value []byte) {
	if len(value) > 0 && len(*list) < maxList {
		*list = append(*list, string(clip(value, maxValue)))
	}
}

func mountPoint(id []byte) bool {
	switch string(id) {
	case "root", "app", "__next", "__nuxt", "___gatsby", "main-app", "react-root", "svelte", "q-app":
		return true
	}
	return false
}

// executable tells whether a script of the given type runs. Rocket Loader puts a
// token before the type, and "module" is the only other word.
func executable(kind []byte) bool {
	k := strings.ToLower(strings.TrimSpace(string(clip(kind, 128))))
	k, _, _ = strings.Cut(k, ";")
	return k == "" || k == "module" || strings.HasSuffix(k, "javascript") || strings.HasSuffix(k, "ecmascript")
}

// refreshTarget returns the address in the content of a refresh: "5; URL='/x'".
func refreshTarget(content string) string {
	i := strings.Index(strings.ToLower(content), "url")
	if i < 0 {
		return ""
	}
	target := strings.TrimSpace(content[i+len("url"):])
	target, ok := strings.CutPrefix(target, "=")
	if !ok {
		return ""
	}
	return strings.Trim(strings.TrimSpace(target), `'"`)
}

// tags are the names that matter; the rest need none.
var tags = func() map[string]string {
	m := make(map[string]string)
	for tag := range strings.FieldsSeq(`a app-root area article base button code embed form frame iframe
		img input listing main meta nav noembed noframes noscript object plaintext pre samp script
		select span style table template textarea title video xmp`) {
		m[tag] = tag
	}
	return m
}()

// intern returns the name of a tag that matters without allocating, else "".
func intern(name []byte) string { return tags[string(name)] }

package captcha

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
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
	maxText    = 3000
	maxList    = 128     // entries of a list
	maxNames   = 1 << 16 // bytes of a list of names
	maxFields  = 64
	maxWidgets = 16
	maxValue   = 8 << 10
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
	raw    atom.Atom // element whose contents the tokenizer gives as one text
	script bool      // and that is a script to be kept
	quoted int       // depth inside elements that quote
	code   bool      // inside span.cf-error-code
	form   *form     // open form
	attrs  []attr    // of the current tag
}

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
			v.open(z, body[start:end], token == html.SelfClosingTagToken)
		case html.EndTagToken:
			v.close(body[start:end])
		}
	}
}

// content takes in a text token.
func (v *surveyor) content(z *html.Tokenizer, start, end int) {
	switch v.raw {
	case 0:
		if v.quoted > 0 || v.runes >= maxText {
			// Quoted text is visible too, but nobody asks for it.
			v.runes = min(v.runes+(end-start), maxText)
			return
		}
		text := z.Text()
		if v.code && v.errorCode == "" {
			v.errorCode = strings.TrimSpace(string(clip(text, 64)))
		}
		v.say(text)
	case atom.Script:
		if v.script && len(v.scripts) < maxList {
			v.scripts = append(v.scripts, v.body[start:end])
		}
	case atom.Title:
		if v.title == "" && v.quoted == 0 {
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
			word = blank
		}
		v.text = append(v.text, word...)
		v.runes++
	}
}

var blank = []byte{' '}

// separate keeps the words of one block from those of the next.
func (v *surveyor) separate(tag atom.Atom) {
	switch tag {
	case atom.P, atom.Div, atom.Br, atom.H1, atom.H2, atom.H3, atom.H4, atom.Li, atom.Td, atom.Tr, atom.Hr, atom.Section, atom.Button:
		if n := len(v.text); n > 0 && v.text[n-1] != ' ' {
			v.text = append(v.text, ' ')
		}
	}
}

// quotes tells whether an element's contents are talk about markup.
func quotes(tag atom.Atom) bool {
	return tag == atom.Pre || tag == atom.Code || tag == atom.Template || tag == atom.Samp || tag == atom.Listing
}

func (v *surveyor) open(z *html.Tokenizer, raw []byte, selfClosing bool) {
	name, rest := tagName(raw[len("<"):])
	tag := lookupTag(name)
	v.raw, v.script = 0, false
	switch tag {
	case atom.Script, atom.Style, atom.Title, atom.Textarea, atom.Noscript, atom.Iframe, atom.Noembed, atom.Noframes,
		atom.Xmp, atom.Plaintext:
		v.raw = tag
	}
	v.separate(tag)
	if quotes(tag) && !selfClosing {
		v.quoted++
	}
	if v.quoted > 0 {
		return
	}
	v.app = v.app || string(name) == "app-root"
	v.attrs = attributes(v.attrs[:0], z, rest)
	v.mark(tag)
	v.element(tag)
}

// mark takes in what any element may have: an id, classes, a widget's key.
func (v *surveyor) mark(tag atom.Atom) {
	widget := false
	for _, a := range v.attrs {
		switch string(a.key) {
		case "id":
			v.ids.add(a.value)
			v.app = v.app || mountPoint(a.value)
		case "class":
			for class := range bytes.FieldsSeq(a.value) {
				v.classes.add(class)
				widget = widget || widgetClass(class)
			}
		case "data-translate":
			v.translated.add(a.value)
		case "data-sitekey", "data-pkey", "data-captcha-id", "data-gt":
			widget = true
		}
	}
	if widget && len(v.widgets) < maxWidgets {
		v.widgets = append(v.widgets, element{tag.String(), v.attrMap()})
	}
}

// element takes in what only certain elements have.
func (v *surveyor) element(tag atom.Atom) {
	switch tag {
	case atom.Script:
		v.list(&v.scriptSrcs, "src")
		v.script = executable(v.attr("type"))
	case atom.Iframe, atom.Frame, atom.Embed:
		v.list(&v.frames, "src")
		v.list(&v.frames, "data-src")
	case atom.Object:
		v.list(&v.frames, "data")
	case atom.Img:
		v.list(&v.images, "src")
	case atom.A, atom.Area:
		if href := v.attr("href"); len(href) > 0 && href[0] != '#' {
			v.list(&v.links, "href")
		}
	case atom.Meta:
		if v.refresh == "" && bytes.EqualFold(v.attr("http-equiv"), []byte("refresh")) {
			v.refresh = refreshTarget(string(clip(v.attr("content"), maxValue)))
		}
	case atom.Base:
		if v.base == "" {
			v.base = string(clip(v.attr("href"), maxValue))
		}
	case atom.Span:
		v.code = bytes.Contains(v.attr("class"), []byte("cf-error-code"))
	case atom.Article, atom.Main, atom.Nav, atom.Video, atom.Table:
		if !v.has(tag.String()) {
			v.elements.add([]byte(tag.String()))
		}
	case atom.Form:
		v.openForm()
	case atom.Input, atom.Button, atom.Textarea, atom.Select:
		v.input(tag)
	}
}

func (v *surveyor) close(raw []byte) {
	name, _ := tagName(raw[len("</"):])
	v.raw = 0
	tag := lookupTag(name)
	v.separate(tag)
	switch {
	case quotes(tag):
		v.quoted = max(v.quoted-1, 0)
	case tag == atom.Form:
		v.form = nil
	case tag == atom.Span:
		v.code = false
	}
}

// attr returns the value of an attribute of the current tag; nil = absent or empty.
func (v *surveyor) attr(key string) []byte {
	value, _ := v.lookup(key)
	return value
}

func (v *surveyor) lookup(key string) (value []byte, present bool) {
	for _, a := range v.attrs {
		if string(a.key) == key {
			return a.value, true
		}
	}
	return nil, false
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

// list adds an attribute of the current tag to a list.
func (v *surveyor) list(list *[]string, key string) {
	if value := v.attr(key); len(value) > 0 && len(*list) < maxList {
		*list = append(*list, string(clip(value, maxValue)))
	}
}

func widgetClass(class []byte) bool {
	switch string(class) {
	case "g-recaptcha", "h-captcha", "cf-turnstile", "frc-captcha", "smart-captcha":
		return true
	}
	return false
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

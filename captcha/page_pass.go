package captcha

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// surveyor is the state of the pass.
type surveyor struct {
	*survey
	body   []byte
	raw    atom.Atom // element whose contents the tokenizer gives as one text
	script bool      // and that is a script to be kept
	quoted int       // depth inside elements that quote
	code   bool      // inside span.cf-error-code
	form   *form     // open form
	loose  form      // stands for the fields that are in none
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
			v.count()
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
	case atom.Noscript:
		v.instead(v.body[start:end])
	case atom.Title:
		if v.title == "" && v.quoted == 0 {
			v.title = strings.Join(strings.Fields(string(clip(z.Text(), 512))), " ")
		}
	}
}

// instead takes in where a noscript element, whose contents are one text, sends on
// those who run no scripts.
func (v *surveyor) instead(markup []byte) {
	if v.noscript != "" || v.quoted > 0 || !containsFold(markup, "http-equiv") {
		return
	}
	inner := surveyor{survey: new(survey)}
	z := html.NewTokenizer(bytes.NewReader(markup))
	for token := z.Next(); token != html.ErrorToken; token = z.Next() {
		if token != html.StartTagToken && token != html.SelfClosingTagToken {
			continue
		}
		if name, rest := tagName(z.Raw()[len("<"):]); lookupTag(name) == atom.Meta {
			inner.attrs = attributes(inner.attrs[:0], z, rest)
			inner.element(atom.Meta)
		}
	}
	v.noscript = inner.refresh
}

// containsFold tells whether b holds the lower-case s in any ASCII case.
func containsFold(b []byte, s string) bool {
	for i := range len(b) - len(s) + 1 {
		if lower(b[i]) == s[0] && hasPrefixFold(b[i:], s) {
			return true
		}
	}
	return false
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
	if tag == 0 {
		if own := foldKey(name); widgetClass(own) { // an element is as good as a class
			v.attrs = append(v.attrs, attr{[]byte("class"), own})
		}
	}
	v.mark()
	v.element(tag)
}

// mark takes in what any element may have: an id, classes, a widget's key.
func (v *surveyor) mark() {
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
		v.widgets = append(v.widgets, element{v.attrMap(), v.form})
	}
	if widget && v.form != nil {
		v.form.widget = true
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
		v.metas.add(v.attr("name"))
		if v.refresh == "" && bytes.EqualFold(v.attr("http-equiv"), []byte("refresh")) {
			v.refresh = refreshTarget(string(clip(v.attr("content"), maxValue)))
		}
	case atom.Base:
		if v.base == "" {
			v.base = string(clip(v.attr("href"), maxValue))
		}
	case atom.Span:
		v.code = bytes.Contains(v.attr("class"), []byte("cf-error-code"))
	case atom.Article, atom.Main, atom.Nav, atom.Video, atom.Table, atom.Canvas:
		v.note(tag)
	case atom.Form:
		v.openForm()
	case atom.Input, atom.Button, atom.Textarea, atom.Select:
		if tag == atom.Button {
			v.note(tag)
		}
		v.input(tag)
	}
}

// note keeps that the page has such an element.
func (v *surveyor) note(tag atom.Atom) {
	if !v.has(tag.String()) {
		v.elements.add([]byte(tag.String()))
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

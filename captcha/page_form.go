package captcha

import (
	"bytes"
	"slices"
	"strings"

	"golang.org/x/net/html/atom"
)

// form is one as the pass found it.
type form struct {
	id     string
	action string
	method string
	fields []Field
	submit bool // the first submit button is among the fields

	texts    int  // fields for a visitor to type into
	lines    int  // of them, those that take any line: no comment, no address
	answers  int  // and those that are for the answer to a picture
	choices  int  // selects, radio buttons and checkboxes
	searches bool // it says that it is a search
	widget   bool // a widget is inside
}

// openForm begins a form. Forms do not nest: an inner one's tag is ignored.
func (v *surveyor) openForm() {
	if v.form != nil || len(v.forms) >= maxFields {
		return
	}
	v.form = &form{
		id:       string(clip(v.attr("id"), maxValue)),
		action:   string(clip(v.attr("action"), maxValue)),
		method:   "GET",
		searches: v.searches("role", "id", "class", "name", "action", "aria-label"),
	}
	if bytes.EqualFold(bytes.TrimSpace(v.attr("method")), []byte("post")) {
		v.form.method = "POST"
	}
	v.forms = append(v.forms, v.form)
}

// input takes in a field: it counts what a person would have to fill in, and
// keeps what a browser would send.
func (v *surveyor) input(tag atom.Atom) {
	name := v.attr("name")
	v.inputs.add(name)
	kind := strings.ToLower(string(clip(bytes.TrimSpace(v.attr("type")), 32)))
	switch tag {
	case atom.Button:
		if kind == "" {
			kind = "submit"
		}
	case atom.Textarea, atom.Select:
		kind = tag.String()
	}
	within := v.form
	if within == nil {
		within = &v.loose
	}
	send := true
	switch kind {
	case "hidden":
	case "password":
		v.passwords++
	case "radio", "checkbox":
		within.choices++
		_, send = v.lookup("checked")
	case "select":
		within.choices++
		send = false
	case "submit":
		send = v.form != nil && !v.form.submit
	case "button", "reset", "image", "file":
		send = false
	default:
		if !v.unseen() && !tokenField(name) {
			v.typed(within, name, kind)
		}
	}
	if !send || v.form == nil || len(name) == 0 || len(v.form.fields) >= maxFields {
		return
	}
	if kind == "submit" {
		v.form.submit = true
	}
	value, given := v.lookup("value")
	if !given && (kind == "checkbox" || kind == "radio") {
		value = []byte("on")
	}
	v.form.fields = append(v.form.fields, Field{string(clip(name, maxValue)), string(clip(value, maxValue))})
}

// typed counts a field for a visitor to type into.
func (v *surveyor) typed(within *form, name []byte, kind string) {
	answer := answerField(name) || answerField(v.attr("id"))
	v.answer = v.answer || answer
	search := kind == "search" || v.searches("role", "id", "class", "placeholder", "aria-label") ||
		within.method != "POST" && slices.Contains(searchNames, strings.ToLower(string(clip(name, 32))))
	if v.form == nil && search && !answer {
		v.search = true
		return
	}
	within.texts++
	if answer {
		within.answers++
	}
	switch kind {
	case "", "text", "search":
		within.lines++
	}
	within.searches = within.searches || search
}

// searchNames are what the field of a search is called.
var searchNames = []string{"q", "s", "k", "kw", "wd", "query", "keyword", "keywords", "term", "terms", "search"}

// searches tells whether one of the attributes of the current tag speaks of a search.
func (v *surveyor) searches(keys ...string) bool {
	for _, key := range keys {
		value := bytes.ToLower(clip(v.attr(key), 128))
		if i := bytes.Index(value, []byte("search")); i >= 0 && !bytes.HasSuffix(value[:i], []byte("re")) {
			return true
		}
	}
	return false
}

// isSearch tells whether the form is the search that a site has on every page: one
// line to type into, and nothing that guards it.
func (f *form) isSearch() bool {
	return f.searches && f.texts == 1 && f.lines == 1 && f.answers == 0 && !f.widget
}

// count sums up what a visitor would have to fill in. A search does not count: it
// says nothing about the page that it is on.
func (v *surveyor) count() {
	for _, f := range append(v.forms, &v.loose) {
		if f.isSearch() {
			v.search = true
			continue
		}
		v.textInputs += f.texts
		v.choices += f.choices
	}
}

// unseen tells whether the current tag is hidden from the visitor.
func (v *surveyor) unseen() bool {
	style := bytes.ReplaceAll(bytes.ToLower(clip(v.attr("style"), 512)), []byte(" "), nil)
	_, hidden := v.lookup("hidden")
	return hidden || bytes.Contains(style, []byte("display:none"))
}

// tokenField tells whether a field is one that a widget's script fills.
func tokenField(name []byte) bool {
	return bytes.HasSuffix(name, []byte("-response")) || bytes.HasSuffix(name, []byte("_response")) ||
		bytes.HasPrefix(name, []byte("geetest_")) || bytes.HasPrefix(name, []byte("recaptcha_")) || bytes.Equal(name, []byte("smart-token"))
}

// answerField tells whether a field is where the answer to a picture goes.
func answerField(name []byte) bool {
	name = bytes.ToLower(clip(name, 64))
	for _, part := range []string{"captcha", "code", "answer", "verif", "secur", "characters", "robot", "human"} {
		if bytes.Contains(name, []byte(part)) {
			return true
		}
	}
	return false
}

package captcha

import (
	"bytes"
	"strings"

	"golang.org/x/net/html/atom"
)

// openForm begins a form. Forms do not nest: an inner one's tag is ignored.
func (v *surveyor) openForm() {
	if v.form != nil || len(v.forms) >= maxFields {
		return
	}
	v.form = &form{
		id:     string(clip(v.attr("id"), maxValue)),
		action: string(clip(v.attr("action"), maxValue)),
		method: "GET",
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
	send := true
	switch kind {
	case "hidden":
	case "password":
		v.passwords++
	case "radio", "checkbox":
		v.choices++
		_, send = v.lookup("checked")
	case "select":
		v.choices++
		send = false
	case "submit":
		send = v.form != nil && !v.form.submit
	case "button", "reset", "image", "file":
		send = false
	default:
		if !v.unseen() && !tokenField(name) {
			v.textInputs++
			v.answer = v.answer || answerField(name) || answerField(v.attr("id"))
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

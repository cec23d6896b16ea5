package solver

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/godwit-go/godwit/captcha"
	"github.com/godwit-go/godwit/secret"
)

// Task is what a service is asked to do, in the words of its own API.
type Task struct {
	// Kind decides the price and how the answer is read.
	Kind captcha.Kind
	// Type is the task's type; in 2Captcha's older API, the method.
	Type string
	// Fields are the task's parameters.
	Fields map[string]any
	// Beside are parameters that stand beside the task, such as languagePool.
	Beside map[string]any
}

// masked is t with the proxy's credentials taken out, of a type without methods.
func (t Task) masked() any {
	type plain Task
	t.Fields = maps.Clone(t.Fields)
	for _, name := range proxyParams {
		if _, ok := t.Fields[name]; ok {
			t.Fields[name] = secret.Mask
		}
	}
	return plain(t)
}

// Format prints the task without the proxy's credentials, whatever the verb.
func (t Task) Format(f fmt.State, verb rune) {
	_, _ = fmt.Fprintf(f, fmt.FormatString(f, verb), t.masked())
}

// MarshalJSON writes the task without the proxy's credentials, for logs. What a
// service gets is written elsewhere.
func (t Task) MarshalJSON() ([]byte, error) { return json.Marshal(t.masked()) }

// KindText is a question in words, as in "what day is after Monday?".
const KindText captcha.Kind = "text"

// Further keys of [captcha.Challenge.Params] that services know what to do with.
const (
	ParamMinScore  = "minScore"  // reCAPTCHA v3: the least score of the token
	ParamAPIDomain = "apiDomain" // reCAPTCHA: google.com or recaptcha.net
	ParamRQData    = "rqdata"    // hCaptcha enterprise: good for one answer
	ParamPageData  = "chlPageData"
	ParamNoJS      = "nojs"    // Arkose: "true" for the variant without script
	ParamText      = "text"    // text: the question
	ParamPhrase    = "phrase"  // picture: "true" for several words
	ParamCase      = "case"    // picture: "true" when case matters
	ParamNumeric   = "numeric" // picture: 1 digits only, 2 letters only, …
	ParamMath      = "math"    // picture: "true" for a sum
	ParamMinLength = "minLength"
	ParamMaxLength = "maxLength"
	ParamComment   = "comment"  // picture: what the person is told
	ParamLanguage  = "language" // picture, text: ISO 639-1
	ParamAlphabet  = "alphabet" // picture, text: 1 Cyrillic, 2 Latin
	ParamHTML      = "html"     // the page, in base64, for those who want it
)

// asked is a challenge and its visitor, as task makers look at them.
type asked struct {
	*captcha.Challenge
	env      captcha.Env
	proxied  bool // the proxy goes with the task
	minScore float64
}

// field is one parameter of a task: where its value comes from and how it is
// written. A value that is not there is left out.
type field struct {
	name string
	from source
	as   form
}

// source names what a parameter is taken from: one of these, or a key of Params.
type source = string

const (
	fromKey     = "@key"
	fromURL     = "@url"
	fromAction  = "@action"
	fromCData   = "@cdata"
	fromAgent   = "@agent"
	fromCookies = "@cookies"
	// fromScript is either script of AWS WAF: beside it a voucher is exchanged.
	fromScript = "@script"
)

// form is how a value is written.
type form uint8

const (
	text     form = iota
	truth         // true or false
	bit           // 1 or 0
	flag          // 1, or left out
	yes           // true, or left out
	integer       // a JSON number
	decimal       // a JSON number
	blob          // {"blob": "…"} as a string
	constant      // from itself
)

// kind says how one kind of challenge is written in a dialect.
type kind struct {
	typ    string  // with a proxy
	free   string  // without one; empty when the kind needs a proxy
	fields []field // in both
	proxy  []field // only with a proxy
	needs  []source
	adjust func(a *asked, t *Task)
}

// value returns what a field takes from the challenge; ok is false when there is
// nothing.
func (a *asked) value(from source) (v string, ok bool) {
	switch from {
	case fromKey:
		v = a.SiteKey
	case fromURL:
		v = pageURL(a.Challenge)
	case fromAction:
		v = a.Action
	case fromCData:
		v = a.CData
	case fromAgent:
		v = a.env.UserAgent
	case fromCookies:
		return "", len(a.env.Cookies) > 0
	case captcha.ParamInvisible:
		return a.Params[from], a.Params[from] != "" || a.Kind == captcha.KindRecaptchaV2Invisible
	case ParamScriptURL:
		v = a.scriptURL()
	case fromScript:
		v = cmp.Or(a.Params[captcha.ParamChallengeScript], a.Params[captcha.ParamCaptchaScript])
	case ParamMinScore:
		if v = a.Params[from]; v == "" && a.minScore > 0 {
			v = strconv.FormatFloat(a.minScore, 'g', -1, 64)
		}
	default:
		v = a.Params[from]
	}
	return v, v != ""
}

func pageURL(c *captcha.Challenge) string {
	if c.URL == nil {
		return ""
	}
	u := *c.URL
	u.User, u.Fragment, u.RawFragment = nil, "", ""
	return u.String()
}

// true tells whether a yes-or-no parameter is set.
func (a *asked) is(from source) bool {
	if from == captcha.ParamInvisible && a.Kind == captcha.KindRecaptchaV2Invisible {
		return true
	}
	v, _ := a.value(from)
	yes, _ := strconv.ParseBool(v)
	return yes
}

// write puts fields into a task.
func (a *asked) write(into map[string]any, fields []field, cookies func([]*http.Cookie) any) {
	for _, f := range fields {
		if f.as == constant {
			into[f.name] = f.from
			continue
		}
		v, ok := a.value(f.from)
		if !ok {
			continue
		}
		switch f.as {
		case truth:
			into[f.name] = a.is(f.from)
		case bit:
			into[f.name] = 0
			if a.is(f.from) {
				into[f.name] = 1
			}
		case flag:
			if a.is(f.from) {
				into[f.name] = 1
			}
		case yes:
			if a.is(f.from) {
				into[f.name] = true
			}
		case integer, decimal:
			into[f.name] = json.Number(v)
		case blob:
			quoted, _ := json.Marshal(v)
			into[f.name] = `{"blob": ` + string(quoted) + `}`
		default:
			if f.from == fromCookies {
				into[f.name] = cookies(a.env.Cookies)
			} else {
				into[f.name] = v
			}
		}
	}
}

// task writes the challenge in the dialect's words.
func (d *dialect) task(a *asked) (Task, error) {
	k, ok := d.kinds[a.Kind]
	if !ok {
		return Task{}, fmt.Errorf("%s does not take %q", d.name, a.Kind)
	}
	for _, need := range k.needs {
		if _, ok := a.value(need); !ok {
			return Task{}, fmt.Errorf("the page gives no %s", strings.TrimPrefix(need, "@"))
		}
	}
	t := Task{Kind: a.Kind, Type: k.typ, Fields: make(map[string]any), Beside: make(map[string]any)}
	if !a.proxied && k.free == "" || a.proxied && a.env.Proxy == nil {
		return Task{}, captcha.ErrNoEgress
	}
	if !a.proxied || k.typ == "" {
		a.proxied, t.Type = false, k.free
	}
	a.write(t.Fields, k.fields, d.cookies)
	if a.proxied {
		a.write(t.Fields, k.proxy, d.cookies)
	}
	if k.adjust != nil {
		k.adjust(a, &t)
	}
	return t, nil
}

// pairs writes cookies as name=value; name2=value2.
func pairs(join, between string) func([]*http.Cookie) any {
	return func(cookies []*http.Cookie) any {
		var parts []string
		for _, c := range cookies {
			parts = append(parts, c.Name+join+c.Value)
		}
		return strings.Join(parts, between)
	}
}

// objects writes cookies as a list of name and value.
func objects(cookies []*http.Cookie) any {
	list := make([]map[string]string, 0, len(cookies))
	for _, c := range cookies {
		list = append(list, map[string]string{"name": c.Name, "value": c.Value})
	}
	return list
}

// with returns fields and more.
func with(fields []field, more ...field) []field { return slices.Concat(fields, more) }

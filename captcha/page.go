package captcha

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// Page is a response as rules see it. Its methods ask for structure, each in one
// syntactic place, and never match what the page merely quotes: the contents of
// comments, pre, code, textarea and template elements, and of other elements'
// attributes. The HTML is read once, when the first of them is called.
type Page struct {
	// URL is where it came from; nil when not known.
	URL *url.URL
	// Status is its status code; 0 = not known.
	Status int
	// Header is its header; may be nil.
	Header http.Header
	// Body is the peeked part of its body, as UTF-8 when it was UTF-16. Nil in a
	// rule for the head.
	Body []byte

	json bool
	read *survey
}

func (p *Page) survey() *survey {
	if p.read == nil {
		p.read = new(survey)
		if !p.json {
			p.read = newSurvey(p.Body)
		}
	}
	return p.read
}

// Fields returns the strings of the JSON object that the body is. Nil = the body is
// no JSON object, or a large one, which is data and no challenge.
func (p *Page) Fields() map[string]string {
	body := bytes.TrimLeft(p.Body, spaces)
	if len(body) == 0 || body[0] != '{' || len(body) > maxJSON {
		return nil
	}
	var object map[string]any
	if json.Unmarshal(body, &object) != nil {
		return nil
	}
	fields := make(map[string]string, len(object))
	for key, value := range object {
		if s, ok := value.(string); ok {
			fields[key] = s
		}
	}
	return fields
}

// Title returns the text of the title element.
func (p *Page) Title() string { return p.survey().title }

// Text returns the beginning of the visible text, about 3,000 bytes, with spaces
// collapsed.
func (p *Page) Text() string { return string(p.survey().text) }

// TextLen returns the length of the visible text in characters; counting stops
// where [Page.Text] does.
func (p *Page) TextLen() int { return p.survey().runes }

// Says tells whether the visible text or the title holds any of the given
// phrases, in any case. Phrases are in lower case. What the text has in quotation
// marks does not count.
func (p *Page) Says(phrases ...string) bool {
	return containsAny(p.survey().said(), phrases)
}

// mentions is Says for what may be in quotation marks too: press "I am no robot".
func (p *Page) mentions(phrases ...string) bool {
	return p.Says(phrases...) || containsAny(strings.ToLower(p.Text()), phrases)
}

func containsAny(text string, phrases []string) bool {
	for _, phrase := range phrases {
		if strings.Contains(text, phrase) {
			return true
		}
	}
	return false
}

// HasID tells whether an element has one of the ids.
func (p *Page) HasID(ids ...string) bool {
	return p.survey().ids.has(ids)
}

// HasClass tells whether an element has one of the classes.
func (p *Page) HasClass(classes ...string) bool {
	return p.survey().classes.has(classes)
}

// HasInput tells whether an input, button or textarea has one of the names.
func (p *Page) HasInput(names ...string) bool {
	return p.survey().inputs.has(names)
}

// HasMeta tells whether a meta element has one of the names.
func (p *Page) HasMeta(names ...string) bool {
	return p.survey().metas.has(names)
}

// ScriptSrc returns the first script source that holds part; empty = none.
func (p *Page) ScriptSrc(part string) string { return find(p.survey().scriptSrcs, part) }

// FrameSrc returns the first frame source that holds part; empty = none.
func (p *Page) FrameSrc(part string) string { return find(p.survey().frames, part) }

// ImageSrc returns the first image source that holds part; empty = none.
func (p *Page) ImageSrc(part string) string { return find(p.survey().images, part) }

// Link returns the first link target that holds part; empty = none.
func (p *Page) Link(part string) string { return find(p.survey().links, part) }

// Refresh returns where the page sends the visitor on by itself, with a refresh
// in its head; empty = nowhere.
func (p *Page) Refresh() string { return p.survey().refresh }

// NoscriptRefresh returns where the page sends a visitor on who runs no scripts, with
// a refresh in a noscript element; empty = nowhere.
func (p *Page) NoscriptRefresh() string { return p.survey().noscript }

func find(list []string, part string) string {
	for _, s := range list {
		if strings.Contains(s, part) {
			return s
		}
	}
	return ""
}

// Assigned tells whether a script of the page assigns to one of the names, which
// are the last of a path: "_pxAppId" for window._pxAppId. Names in the script's
// strings and comments do not count.
func (p *Page) Assigned(names ...string) bool {
	for _, name := range names {
		if p.assigned(name) != nil {
			return true
		}
	}
	return false
}

func (p *Page) assigned(name string) []byte {
	for _, script := range p.survey().scripts {
		if value, ok := assignment(script, name); ok {
			return value
		}
	}
	return nil
}

// Calls tells whether a script of the page calls one of the functions, which are
// the last of a path.
func (p *Page) Calls(names ...string) bool {
	for _, name := range names {
		if p.called(name) != nil {
			return true
		}
	}
	return false
}

func (p *Page) called(name string) []byte {
	for _, script := range p.survey().scripts {
		if args, ok := call(script, name); ok {
			return args
		}
	}
	return nil
}

// Scripts tells whether the text of a script of the page holds part, be it in code
// or in strings; a script that quotes a whole page does not count. It is weaker
// than [Page.Assigned]: an article's own state has the same words in its strings.
// Use it for what else is next to nothing.
func (p *Page) Scripts(part string) bool {
	return slices.ContainsFunc(p.survey().scripts, func(script []byte) bool {
		return bytes.Contains(script, []byte(part)) && !quotesPage(script)
	})
}

// Object returns the fields of the object that a script of the page assigns to
// name: strings, numbers and words, not what is nested. Nil = none.
func (p *Page) Object(name string) map[string]string {
	return object(p.assigned(name))
}

// Value returns the string that a script of the page assigns to name.
func (p *Page) Value(name string) string {
	return text(p.assigned(name))
}

// FormTo returns the first form with part in its action; nil = none.
func (p *Page) FormTo(part string) *Form {
	return p.form(func(f *form) bool { return strings.Contains(f.action, part) })
}

// FormID returns the form with the id; nil = none.
func (p *Page) FormID(id string) *Form {
	return p.form(func(f *form) bool { return f.id == id })
}

func (p *Page) form(match func(*form) bool) *Form {
	for _, f := range p.survey().forms {
		if match(f) {
			return p.resolve(f)
		}
	}
	return nil
}

// resolve makes the form that a browser would send from this page.
func (p *Page) resolve(f *form) *Form {
	action := p.resolveURL(f.action)
	if action == nil {
		action = new(url.URL)
	}
	return &Form{Action: action, Method: f.method, Fields: f.fields}
}

// resolveURL resolves an address found on the page; nil = no address.
func (p *Page) resolveURL(ref string) *url.URL {
	base := p.URL
	if base == nil {
		base = new(url.URL)
	}
	if b, err := base.Parse(p.survey().base); err == nil && p.survey().base != "" {
		base = b
	}
	u, err := base.Parse(strings.TrimSpace(ref))
	if err != nil {
		return nil
	}
	if ref == "" && p.URL != nil {
		own := *p.URL // an empty reference is the page itself, whatever the base
		own.Fragment, own.RawFragment = "", ""
		return &own
	}
	return u
}

// Bare tells whether the page is next to nothing: hardly any text, no form, no
// picture and no mount point of an application that a script would fill. Nor is it
// the few words of an error that a vendor's sensor was put beside.
func (p *Page) Bare() bool {
	s := p.survey()
	return s.runes < maxBareText && (s.runes == 0 || !failure(p.Status)) && len(s.forms) == 0 && len(s.images) == 0 && !s.app && len(s.links) <= 2 &&
		!s.has("article", "main", "video")
}

// failure tells whether a status says that the page is missing or the site is broken.
func failure(status int) bool {
	switch status {
	case 404, 410, 500, 502, 504:
		return true
	}
	return false
}

// Loads tells whether the page loads scripts, and none whose address is without
// part. An application loads its own beside a vendor's sensor.
func (p *Page) Loads(part string) bool {
	for _, src := range p.survey().scriptSrcs {
		if !strings.Contains(src, part) {
			return false
		}
	}
	return len(p.survey().scriptSrcs) > 0
}

// Short tells whether the page is no more than a notice: a few sentences, few
// links, at most one field to fill in and no password.
func (p *Page) Short() bool {
	s := p.survey()
	return s.runes < maxShortText && len(s.links) <= maxGateLinks && s.textInputs <= 1 && s.passwords == 0
}

// Notice tells whether the page is a notice by its layout too: an article or a
// site's own page has its parts marked up.
func (p *Page) Notice() bool { return p.Short() && !p.survey().has("article", "nav", "video") }

const (
	maxJSON      = 32 << 10
	maxBareText  = 40   // visible characters of a page that is nothing but a script
	maxShortText = 900  // of a notice
	maxGateText  = 1500 // of a page that a widget is the whole of
	maxGateLinks = 6
)

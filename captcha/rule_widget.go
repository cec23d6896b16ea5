package captcha

import (
	"cmp"
	"net/url"
	"slices"
	"strings"
	"sync"
)

// widget is a CAPTCHA that a page embeds.
type widget struct {
	vendor  Vendor
	kind    Kind
	siteKey string
	action  string
	cData   string
	params  map[string]string
	form    *form // that it is in
	mounted bool  // there is an element or frame for it, not just its script
}

// fill takes the widget over as what is to be solved. The vendor of the page stays.
func (w *widget) fill(c *Challenge) {
	c.Kind = w.kind
	c.SiteKey, c.Action, c.CData = w.siteKey, w.action, w.cData
	for key, value := range w.params {
		c.set(key, value)
	}
}

// widgetSpec tells how a vendor's widget is embedded.
type widgetSpec struct {
	vendor  Vendor
	draws   string                  // call that draws it
	classes []string                // of the element it goes into
	attr    string                  // of that element, with the key; empty = data-sitekey
	scripts []string                // parts of the addresses of its script
	frames  []string                // parts of the addresses of its frame
	ids     []string                // of elements that its script makes
	isKey   func(string) bool       // tells its keys from others'
	markers []string                // for the search
	detail  func(p *Page, w *found) // what else there is to know
}

// found is a widget on its way of being read.
type found struct {
	widget
	attrs  map[string]string // of its element
	script string            // address of its script
	frame  *url.URL          // address of its frame
}

// widgetSpecs are made once; they are read only.
var widgetSpecs = sync.OnceValue(func() []widgetSpec {
	return []widgetSpec{
		{
			vendor: ReCAPTCHA, draws: "grecaptcha.render", classes: []string{"g-recaptcha"}, isKey: isRecaptchaKey,
			scripts: []string{"/recaptcha/api.js", "/recaptcha/enterprise.js", "/recaptcha/api/challenge"},
			frames:  []string{"/recaptcha/api2/anchor", "/recaptcha/enterprise/anchor", "/recaptcha/api2/bframe"},
			markers: []string{"recaptcha"}, detail: detailRecaptcha,
		},
		{
			vendor: HCaptcha, draws: "hcaptcha.render", classes: []string{"h-captcha"}, isKey: isUUID,
			scripts: []string{"hcaptcha.com/1/api.js", "hcaptcha.com/1/secure-api.js", "hcaptcha.com/captcha/v1/"},
			frames:  []string{"hcaptcha.com/captcha/"},
			markers: []string{"hcaptcha", "h-captcha"}, detail: detailHCaptcha,
		},
		{
			vendor: Turnstile, draws: "turnstile.render", classes: []string{"cf-turnstile"}, isKey: isTurnstileKey,
			scripts: []string{"challenges.cloudflare.com/turnstile/"},
			frames:  []string{"challenges.cloudflare.com/"},
			markers: []string{"turnstile", "challenges.cloudflare.com"}, detail: detailTurnstile,
		},
		{
			vendor: Arkose, attr: "data-pkey", isKey: isUUID,
			scripts: []string{".arkoselabs.com/", "funcaptcha.com/"},
			frames:  []string{".arkoselabs.com/", "funcaptcha.com/fc/", "octocaptcha.com"},
			ids:     []string{"FunCaptcha", "funcaptcha", "arkose", "arkose-challenge"},
			markers: []string{"arkoselabs", "funcaptcha", "data-pkey", "octocaptcha"}, detail: detailArkose,
		},
		{
			vendor: GeeTest, attr: "data-captcha-id", isKey: isHex32,
			scripts: []string{"geetest.com/", "geevisit.com/", "/gt4.js"},
			frames:  []string{"geetest.com/"},
			ids:     []string{"geetest", "geetest-captcha", "captcha-geetest"},
			markers: []string{"geetest", "/gt4.js"}, detail: detailGeeTest,
		},
		{
			vendor: Friendly, classes: []string{"frc-captcha"}, isKey: isWord,
			scripts: []string{"friendly-challenge", "friendlycaptcha", "@friendlycaptcha/sdk"},
			frames:  []string{"frcapi.com/"},
			markers: []string{"frc-captcha", "friendly-challenge", "friendlycaptcha"}, detail: detailKind(KindFriendly),
		},
		{
			vendor: Yandex, draws: "smartCaptcha.render", classes: []string{"smart-captcha"}, isKey: isYandexKey,
			scripts: []string{"smartcaptcha.yandexcloud.net/", "captcha-api.yandex.ru/", "smartcaptcha.cloud.yandex.ru/"},
			frames:  []string{"smartcaptcha.yandexcloud.net/"},
			markers: []string{"smart-captcha", "smartcaptcha", "captcha-api.yandex"}, detail: detailKind(KindYandex),
		},
		{
			vendor: Tencent, isKey: noKey,
			scripts: []string{"/TCaptcha"},
			ids:     []string{"TencentCaptcha"},
			markers: []string{"/tcaptcha"}, detail: detailKind(KindScript),
		},
		{
			// Those that no solver asks about: only that they stand in the way counts.
			vendor: Generic, classes: otherWidgets, isKey: noKey,
			markers: otherWidgets, detail: detailKind(KindScript),
		},
	}
})

// noKey is for widgets whose keys nobody asks about.
func noKey(string) bool { return false }

// otherWidgets are the classes that further widgets go into, or the elements that
// they are.
var otherWidgets = []string{"altcha-widget", "cap-widget", "mtcaptcha", "procaptcha", "captchafox", "private-captcha"}

// widgetRules ask first whether a widget is all there is to the page, then, when
// no widget is, which one the page has.
func widgetRules() []Rule {
	var gates, embedded []Rule
	var all []string
	for _, spec := range widgetSpecs() {
		all = append(all, spec.markers...)
		gates = append(gates, Rule{
			Name: string(spec.vendor) + "-gate", Vendor: spec.vendor, Verdict: Challenged, Confidence: Medium,
			Markers: spec.markers,
			Match: func(p *Page) bool {
				w := p.readWidget(&spec)
				return w != nil && w.mounted && gate(p, w)
			},
			Fill: func(p *Page, c *Challenge) { fillGate(p, p.readWidget(&spec), c) },
		})
	}
	embedded = append(embedded, Rule{
		Name: "widget", Verdict: Widget, Markers: all,
		Match: func(p *Page) bool { return p.anyWidget() != nil },
		Fill: func(p *Page, c *Challenge) {
			w := p.anyWidget()
			w.fill(c)
			c.Vendor, c.Rule = w.vendor, string(w.vendor)+"-widget"
		},
	})
	return slices.Concat(gates, imageRules(), embedded)
}

// fillGate takes over the widget and the form that takes its answer.
func fillGate(p *Page, w *widget, c *Challenge) {
	w.fill(c)
	c.Form = p.gateForm(w)
}

// gateForm returns the form that the widget is in, or else the one that is
// likeliest to take the answer: the first that posts; nil = none.
func (p *Page) gateForm(w *widget) *Form {
	take := w.form
	for _, f := range p.survey().forms {
		if w.form == nil && !f.isSearch() && (take == nil || take.method != "POST" && f.method == "POST") {
			take = f
		}
	}
	if take == nil {
		return nil
	}
	return p.resolve(take)
}

// widgetOf reads the vendor's widget; nil = none.
func (p *Page) widgetOf(vendor Vendor) *widget {
	for _, spec := range widgetSpecs() {
		if spec.vendor == vendor {
			return p.readWidget(&spec)
		}
	}
	return nil
}

// anyWidget returns the page's first widget, preferring one that gives its key.
func (p *Page) anyWidget() *widget {
	var first *widget
	for _, spec := range widgetSpecs() {
		w := p.readWidget(&spec)
		if w == nil {
			continue
		}
		if w.siteKey != "" {
			return w
		}
		if first == nil {
			first = w
		}
	}
	return first
}

// fillWidget takes over the page's widget, if there is one that gives its key.
func (p *Page) fillWidget(c *Challenge) {
	w := p.anyWidget()
	if w == nil {
		w = new(widget)
	} else if w.siteKey != "" {
		w.fill(c)
	}
	if c.Form == nil {
		c.Form = p.gateForm(w)
	}
}

// readWidget reads the widget that spec tells of; nil = the page has none.
func (p *Page) readWidget(spec *widgetSpec) *widget {
	s := p.survey()
	w := &found{widget: widget{vendor: spec.vendor}}
	attr := cmp.Or(spec.attr, "data-sitekey")
	for _, el := range s.widgets {
		if spec.hasElement(el, attr) {
			w.attrs, w.form, w.mounted = el.attrs, el.form, true
			w.siteKey = strings.TrimSpace(el.attrs[attr])
			break
		}
	}
	for _, part := range spec.frames {
		if src := p.FrameSrc(part); src != "" {
			w.frame, _ = url.Parse(src)
			w.mounted = true
			break
		}
	}
	for _, part := range spec.scripts {
		if w.script = p.ScriptSrc(part); w.script != "" {
			break
		}
	}
	if p.HasID(spec.ids...) && w.script != "" {
		w.mounted = true
	}
	if w.siteKey == "" {
		w.siteKey = literal(s.scripts, spec.vendor, spec.isKey)
		// A call that draws it, told from one of the same name by what it is given.
		w.mounted = w.mounted || w.siteKey != "" && spec.draws != "" && p.Calls("render") && p.Scripts(spec.draws)
	}
	if w.script == "" && !w.mounted && (w.siteKey == "" || spec.vendor == Friendly) {
		return nil
	}
	spec.detail(p, w)
	return &w.widget
}

func (spec *widgetSpec) hasElement(el element, attr string) bool {
	classes := strings.Fields(el.attrs["class"])
	key := strings.TrimSpace(el.attrs[attr])
	for _, class := range spec.classes {
		// A vendor that stands in for another uses the other's class.
		if slices.Contains(classes, class) && (spec.isKey(key) || !isKnownKey(key)) {
			return true
		}
	}
	if !spec.isKey(key) {
		return false
	}
	// Keys that are mere words are told by the class alone.
	return spec.attr != "" || spec.vendor != Friendly
}

package captcha

import (
	"net/url"
	"slices"
	"strings"
)

func googleRules() []Rule {
	return []Rule{
		{
			Name: "google-redirect", Vendor: Google, Kind: KindRecaptchaV2, Verdict: Challenged, Head: true,
			Match: func(p *Page) bool {
				to := redirection(p)
				return to != nil && leads(to, "/sorry/index", "/sorry/IndexRedirect") && (to.Host == "" || strings.Contains(to.Host, "google."))
			},
			Fill: fillRedirect,
		},
		{
			Name: "google-sorry", Vendor: Google, Kind: KindRecaptchaV2, Verdict: Challenged,
			Markers: []string{"captcha-form", "/sorry/index"},
			Match: func(p *Page) bool {
				f := sorryForm(p)
				return f != nil && (p.HasInput("continue") || onPath(p, "/sorry/"))
			},
			Fill: func(p *Page, c *Challenge) {
				c.Form = sorryForm(p)
				if w := p.widgetOf(ReCAPTCHA); w != nil {
					w.fill(c)
				}
			},
		},
		{
			Name: "google-image", Vendor: Google, Kind: KindImage, Verdict: Challenged,
			Markers: []string{"captcharedirect", "/sorry/image", "gs_captcha"},
			Match: func(p *Page) bool {
				return p.FormTo("CaptchaRedirect") != nil || p.ImageSrc("/sorry/image") != "" || p.FormID("gs_captcha_f") != nil
			},
			Fill: func(p *Page, c *Challenge) {
				fillGate(p, &widget{kind: KindImage}, c)
				if u := p.resolveURL(p.ImageSrc("/sorry/image")); u != nil && p.ImageSrc("/sorry/image") != "" {
					c.set(ParamImageURL, u.String())
				}
				if w := p.widgetOf(ReCAPTCHA); w != nil {
					w.fill(c)
				}
			},
		},
		{
			// The page for those who run no scripts, and where it sends them.
			Name: "google-script", Vendor: Google, Kind: KindScript, Verdict: Challenged,
			Markers: []string{"/httpservice/retry/enablejs", "emsg=sg_rel", "turn on javascript to keep searching"},
			Match: func(p *Page) bool {
				return p.Short() && (strings.Contains(p.NoscriptRefresh(), "/httpservice/retry/enablejs") || p.Link("emsg=SG_REL") != "" ||
					p.Notice() && p.Says("turn on javascript to keep searching") && isTitled(p, "google search"))
			},
		},
		{
			// The page for those who are not even asked.
			Name: "google-block", Vendor: Google, Verdict: Blocked,
			Markers: []string{"automated queries", "unusual traffic from your computer"},
			Match: func(p *Page) bool {
				return p.Notice() && p.Says("unusual traffic from your computer network", "may be sending automated queries") &&
					(p.Says("google", "sorry") || p.Link("google") != "")
			},
		},
	}
}

func sorryForm(p *Page) *Form {
	if f := p.FormID("captcha-form"); f != nil {
		return f
	}
	return p.FormTo("/sorry/")
}

// onPath tells whether the page's own address begins with one of the paths.
func onPath(p *Page, paths ...string) bool {
	for _, path := range paths {
		if p.URL != nil && strings.HasPrefix(p.URL.Path, path) {
			return true
		}
	}
	return false
}

// redirection returns where a response redirects to; nil = nowhere. Only a wrapper
// below the redirect-following client sees one.
func redirection(p *Page) *url.URL {
	location := p.Header.Get("Location")
	if p.Status < 300 || p.Status > 399 || location == "" {
		return nil
	}
	return p.resolveURL(location)
}

// leads tells whether an address has one of the paths, or host and path, in it up
// to the end or the next slash.
func leads(to *url.URL, paths ...string) bool {
	whole := "//" + to.Host + to.Path + "/"
	return slices.ContainsFunc(paths, func(path string) bool { return strings.Contains(whole, path+"/") })
}

// redirectsTo makes a Match for a redirect to an address with one of the paths.
func redirectsTo(paths ...string) func(*Page) bool {
	return func(p *Page) bool {
		to := redirection(p)
		return to != nil && leads(to, paths...)
	}
}

// fillRedirect takes over the address that the page redirects to.
func fillRedirect(p *Page, c *Challenge) {
	if u := p.resolveURL(p.Header.Get("Location")); u != nil {
		c.URL = u
	}
}

func amazonRules() []Rule {
	return []Rule{
		{
			Name: "amazon-redirect", Vendor: Amazon, Kind: KindImage, Verdict: Challenged, Head: true,
			Match: redirectsTo("/errors/validateCaptcha"), Fill: fillRedirect,
		},
		{
			Name: "amazon-validate", Vendor: Amazon, Kind: KindButton, Verdict: Challenged,
			Markers: []string{"validatecaptcha", "opfcaptcha"},
			Match: func(p *Page) bool {
				return p.FormTo("/errors/validateCaptcha") != nil || p.ScriptSrc("opfcaptcha") != "" && p.Short()
			},
			Fill: func(p *Page, c *Challenge) {
				c.Form = p.FormTo("/errors/validateCaptcha")
				// With a picture it is to be read; without, the button is enough.
				if src := p.ImageSrc("/captcha/"); src != "" {
					c.Kind = KindImage
					if u := p.resolveURL(src); u != nil {
						c.set(ParamImageURL, u.String())
					}
				}
			},
		},
		{
			Name: "amazon-refusal", Vendor: Amazon, Verdict: Blocked,
			Markers: []string{"/ref=cs_503"},
			Match:   func(p *Page) bool { return p.Short() && p.Link("/ref=cs_503") != "" },
		},
	}
}

func yandexRules() []Rule {
	return []Rule{
		{
			Name: "yandex-redirect", Vendor: Yandex, Kind: KindYandex, Verdict: Challenged, Head: true,
			Match: redirectsTo("/showcaptcha", "/showcaptchafast"), Fill: fillRedirect,
		},
		{
			Name: "yandex-check", Vendor: Yandex, Kind: KindYandex, Verdict: Challenged,
			Markers: []string{"checkcaptcha", "checkbox-captcha", "advanced-captcha", "checkboxcaptcha", "advancedcaptcha"},
			Match: func(p *Page) bool {
				return p.FormTo("/checkcaptcha") != nil || p.HasID("checkbox-captcha-form", "advanced-captcha-form") ||
					p.HasClass("CheckboxCaptcha", "AdvancedCaptcha") && p.Short()
			},
			Fill: func(p *Page, c *Challenge) {
				c.Form = p.FormTo("/checkcaptcha")
				if src := p.ImageSrc("captcha.yandex.net/image"); src != "" {
					c.set(ParamImageURL, src)
				}
				if w := p.widgetOf(Yandex); w != nil {
					w.fill(c)
				}
			},
		},
	}
}

// searchRules are of the other searches.
func searchRules() []Rule {
	return []Rule{
		{
			Name: "duckduckgo-anomaly", Vendor: DuckDuckGo, Kind: KindScript, Verdict: Challenged,
			Markers: []string{"/anomaly.js", "anomaly-modal"},
			Match: func(p *Page) bool {
				return p.FormTo("/anomaly.js") != nil || p.HasClass("anomaly-modal__title", "anomaly-modal__puzzle") && p.TextLen() < maxGateText
			},
			Fill: func(p *Page, c *Challenge) { c.Form = p.FormTo("/anomaly.js") },
		},
		{
			Name: "baidu-redirect", Vendor: Baidu, Kind: KindScript, Verdict: Challenged, Head: true,
			Match: redirectsTo("//wappass.baidu.com/static/captcha"), Fill: fillRedirect,
		},
		{
			Name: "baidu-check", Vendor: Baidu, Kind: KindScript, Verdict: Challenged,
			Markers: []string{"wappass."},
			Match: func(p *Page) bool {
				return p.Short() && (isTitled(p, "百度安全验证") || p.Link("wappass.baidu.com/static/captcha") != "")
			},
		},
	}
}

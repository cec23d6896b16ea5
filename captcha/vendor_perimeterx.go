package captcha

import "strings"

func perimeterXRules() []Rule {
	return []Rule{
		{
			// To a page of the site's, which is told what was asked for and by whom.
			Name: "perimeterx-redirect", Vendor: PerimeterX, Kind: KindPerimeterX, Verdict: Challenged, Head: true,
			Match: func(p *Page) bool {
				to := redirection(p)
				if to == nil || !strings.Contains(to.Path, "block") {
					return false
				}
				q := to.Query()
				return q.Has("url") && q.Has("uuid") && q.Has("vid")
			},
			Fill: fillRedirect,
		},
		{
			Name: "perimeterx-captcha", Vendor: PerimeterX, Kind: KindPerimeterX, Verdict: Challenged,
			Markers: []string{"px-captcha"},
			Match: func(p *Page) bool {
				return p.HasID("px-captcha", "px-captcha-wrapper", "px-captcha-container") ||
					p.HasClass("px-captcha", "px-captcha-container", "px-captcha-error-container")
			},
			Fill: fillPerimeterX,
		},
		{
			// The sensor on good pages sets _pxAppId, but no id of a refusal, and
			// loads no challenge.
			Name: "perimeterx-vars", Vendor: PerimeterX, Kind: KindPerimeterX, Verdict: Challenged,
			Markers: []string{"_pxappid"},
			Match: func(p *Page) bool {
				return p.TextLen() < maxGateText && p.Assigned("_pxAppId") &&
					(p.Assigned("_pxUuid", "_pxHostUrl", "_pxBlockScript", "_pxBlockedUrl") ||
						!p.survey().app && (p.Scripts("/captcha/captcha.js?a=c") || p.Scripts("captcha.px-c")))
			},
			Fill: fillPerimeterX,
		},
		{
			Name: "perimeterx-script", Vendor: PerimeterX, Kind: KindPerimeterX, Verdict: Challenged,
			Markers: []string{"captcha.px-c", "/captcha/captcha.js"},
			Match: func(p *Page) bool {
				return p.TextLen() < maxGateText && (p.ScriptSrc("captcha.px-c") != "" ||
					strings.Contains(p.ScriptSrc("/captcha/captcha.js"), "a=c&"))
			},
			Fill: fillPerimeterX,
		},
		{
			Name: "perimeterx-notice", Vendor: PerimeterX, Kind: KindPerimeterX, Verdict: Challenged, Confidence: Medium,
			Markers: []string{"access to this page has been denied"},
			Match: func(p *Page) bool {
				return p.Notice() && (isTitled(p, "access to this page has been denied") ||
					p.Says("access to this page has been denied") && p.Says("automation tool", "press & hold", "powered by perimeterx"))
			},
			Fill: fillPerimeterX,
		},
		{
			Name: "perimeterx-json", Vendor: PerimeterX, Kind: KindPerimeterX, Verdict: Challenged,
			Markers: []string{"blockscript"},
			Match: func(p *Page) bool {
				f := p.Fields()
				return strings.HasPrefix(f["appId"], "PX") && f["blockScript"] != ""
			},
			Fill: func(p *Page, c *Challenge) {
				f := p.Fields()
				c.set("_pxAppId", f["appId"])
				c.set("_pxUuid", f["uuid"])
				c.set("_pxVid", f["vid"])
				c.set("_pxHostUrl", f["hostUrl"])
			},
		},
	}
}

// fillPerimeterX takes over the ids. The page of before 2019 asked for a reCAPTCHA
// or a FunCaptcha.
func fillPerimeterX(p *Page, c *Challenge) {
	for _, name := range []string{"_pxAppId", "_pxUuid", "_pxVid", "_pxHostUrl", "_pxJsClientSrc"} {
		c.set(name, p.Value(name))
	}
	for _, vendor := range []Vendor{ReCAPTCHA, Arkose} {
		if w := p.widgetOf(vendor); w != nil && w.siteKey != "" && (w.mounted || vendor == Arkose) {
			w.fill(c)
			return
		}
	}
}

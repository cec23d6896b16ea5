package captcha

import (
	"regexp"
	"slices"
	"strings"
)

func cloudflareRules() []Rule {
	return []Rule{
		{
			// "A challenge page response regardless of the requested resource type":
			// the one documented way to tell.
			Name: "cloudflare-mitigated", Vendor: Cloudflare, Kind: KindCloudflare, Verdict: Challenged,
			Confidence: Certain, Head: true,
			Match: func(p *Page) bool { return strings.EqualFold(p.Header.Get("Cf-Mitigated"), "challenge") },
		},
		{
			Name: "cloudflare-chl-opt", Vendor: Cloudflare, Kind: KindCloudflare, Verdict: Challenged,
			Markers: []string{"_cf_chl_opt"},
			Match:   func(p *Page) bool { return p.Assigned("_cf_chl_opt") },
			Fill:    fillCloudflare,
		},
		{
			// The jsd script beside it in the same directory runs on good pages.
			Name: "cloudflare-orchestrate", Vendor: Cloudflare, Kind: KindCloudflare, Verdict: Challenged,
			Markers: []string{"/orchestrate/"},
			Match: func(p *Page) bool {
				src := p.ScriptSrc("/orchestrate/")
				return strings.Contains(src, "/cdn-cgi/challenge-platform/")
			},
			Fill: fillCloudflare,
		},
		{
			Name: "cloudflare-form", Vendor: Cloudflare, Kind: KindCloudflare, Verdict: Challenged,
			Markers: []string{"__cf_chl_", "/cdn-cgi/l/chk", "jschl_vc", "jschl_answer"},
			Match: func(p *Page) bool {
				return p.FormTo("__cf_chl_") != nil || p.FormTo("/cdn-cgi/l/chk") != nil ||
					p.HasInput("jschl_vc", "jschl_answer")
			},
			Fill: fillCloudflare,
		},
		{
			// What is left of the page when its scripts have run.
			Name: "cloudflare-stage", Vendor: Cloudflare, Kind: KindCloudflare, Verdict: Challenged,
			Markers: []string{"challenge-running", "challenge-stage", "challenge-success", "cf-please-wait", "cf-browser-verification"},
			Match: func(p *Page) bool {
				stage := p.HasID("challenge-running", "challenge-stage", "cf-challenge-running", "challenge-success",
					"challenge-success-text", "cf-please-wait") || p.HasClass("cf-browser-verification", "cf-im-under-attack")
				return stage && p.Short() && (p.ScriptSrc("/cdn-cgi/challenge-platform/") != "" || p.ScriptSrc("challenges.cloudflare.com") != "" ||
					p.FrameSrc("challenges.cloudflare.com") != "" || p.HasClass("ray-id", "cf-browser-verification", "cf-im-under-attack"))
			},
			Fill: fillCloudflare,
		},
		{
			Name: "cloudflare-title", Vendor: Cloudflare, Kind: KindCloudflare, Verdict: Challenged, Confidence: Low,
			Markers: []string{"just a moment..."},
			Match: func(p *Page) bool {
				return isTitled(p, "just a moment") && p.Short() && (p.ScriptSrc("/cdn-cgi/challenge-platform/") != "" || lone(p) && p.TextLen() < maxLoneText)
			},
		},
		{
			Name: "cloudflare-error", Vendor: Cloudflare, Verdict: Blocked,
			Markers: []string{"cf-error-", "error code: 1"},
			Match:   refusedByCloudflare,
		},
		{
			// The same to those who accept JSON.
			Name: "cloudflare-json", Vendor: Cloudflare, Verdict: Blocked,
			Markers: []string{"cloudflare-1xxx-errors"},
			Match: func(p *Page) bool {
				_, code, ok := strings.Cut(p.Fields()["type"], "/cloudflare-1xxx-errors/error-")
				return ok && slices.Contains(cloudflareRefusals, strings.Trim(code, "/"))
			},
		},
		{
			Name: "cloudflare-block", Vendor: Cloudflare, Verdict: Blocked,
			Markers: []string{"cf-error-", "cf-wrapper", "used cloudflare to restrict", "block_headline"},
			Match: func(p *Page) bool {
				if p.survey().translated.has([]string{"block_headline", "unable_to_access"}) {
					return true
				}
				layout := p.HasID("cf-error-details", "cf-wrapper") || p.HasClass("cf-error-details", "cf-error-details-wrapper")
				return layout && p.survey().errorCode == "" && isTitled(p, "attention required! | cloudflare") ||
					layout && p.TextLen() < maxText && p.Says("you have been blocked",
						"used cloudflare to restrict access", "has banned your access", "has banned you")
			},
		},
	}
}

// fillCloudflare takes over what the page tells of itself. Its page of 2019 asked
// for a reCAPTCHA by form, which is solved like any other.
func fillCloudflare(p *Page, c *Challenge) {
	opt := p.Object("_cf_chl_opt")
	for _, key := range []string{"cType", "cRay", "cZone", "cvId"} {
		c.set(key, opt[key])
	}
	if c.Form = p.FormID("challenge-form"); c.Form == nil {
		c.Form = p.FormTo("__cf_chl_")
	}
	if opt != nil {
		return
	}
	if w := p.widgetOf(ReCAPTCHA); w != nil && w.siteKey != "" {
		w.fill(c)
	} else if w := p.widgetOf(HCaptcha); w != nil && w.siteKey != "" {
		w.fill(c)
	}
}

// cloudflareRefusals are the errors that mean the visitor and not the origin, its
// DNS or its certificate.
var cloudflareRefusals = []string{
	"1005", "1006", "1007", "1008", "1009", "1010", "1011", "1012", "1015", "1020", "1106",
}

// cloudflareCode is the number in the headline of the newer layout, where nothing
// else marks it, in whatever language.
var cloudflareCode = regexp.MustCompile(`(?:^|\D)(5\d\d|1\d{3})(?:\D|$)`)

func refusedByCloudflare(p *Page) bool {
	s := p.survey()
	code := s.errorCode
	if code == "" {
		code = strings.TrimPrefix(s.classes.with("cf-error-1"), "cf-error-")
	}
	if after, ok := strings.CutPrefix(s.said(), "\nerror code: "); ok && s.runes < maxBareText {
		code = after
	}
	if code == "" && p.HasID("cf-error-details") {
		if m := cloudflareCode.FindSubmatch(s.text); m != nil {
			code = string(m[1])
		}
	}
	return slices.Contains(cloudflareRefusals, strings.TrimSpace(code))
}

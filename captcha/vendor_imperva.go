package captcha

import (
	"net/url"
	"strings"
)

const incapsulaResource = "_Incapsula_Resource"

func impervaRules() []Rule {
	return []Rule{
		{
			Name: "imperva-incident", Vendor: Imperva, Kind: KindImperva, Verdict: Challenged,
			Markers: []string{incapsulaResource},
			Match: func(p *Page) bool {
				src := p.FrameSrc(incapsulaResource + "?")
				return strings.Contains(src, "incident_id=") || strings.Contains(src, "WUDNSAI=")
			},
			Fill: func(p *Page, c *Challenge) {
				if u, err := url.Parse(p.FrameSrc(incapsulaResource)); err == nil {
					c.set("incident_id", u.Query().Get("incident_id"))
					c.set("edet", u.Query().Get("edet"))
				}
				p.fillWidget(c)
			},
		},
		{
			Name: "imperva-interstitial", Vendor: Imperva, Kind: KindImperva, Verdict: Challenged,
			Markers: []string{"interstitial-inprogress", "onprotectioninitialized", "reeseskipexpirationcheck"},
			Match: func(p *Page) bool {
				return p.HasID("interstitial-inprogress") || p.TextLen() < maxGateText &&
					(p.Assigned("reeseSkipExpirationCheck") || p.Assigned("onProtectionInitialized") && (p.Bare() || pardon(p)))
			},
			Fill: (*Page).fillWidget,
		},
		{
			// What the incident's frame holds.
			Name: "imperva-captcha", Vendor: Imperva, Kind: KindImperva, Verdict: Challenged,
			Markers: []string{incapsulaResource + "?swcghoel"},
			Match:   func(p *Page) bool { return p.Scripts(incapsulaResource+"?SWCGHOEL") && p.TextLen() < maxGateText },
			Fill:    (*Page).fillWidget,
		},
		{
			// The same resource is injected into good pages, with a number of its own:
			// here there is nothing else.
			Name: "imperva-shell", Vendor: Imperva, Kind: KindImperva, Verdict: Challenged,
			Markers: []string{incapsulaResource, "content.incapsula.com"},
			Match: func(p *Page) bool {
				return p.Bare() && (p.Loads(incapsulaResource) && p.ScriptSrc("&ns=") == "" || len(p.survey().scriptSrcs) == 0 &&
					(p.FrameSrc("content.incapsula.com") != "" || p.Scripts("/"+incapsulaResource+"?SW") && !p.Scripts("&ns=")))
			},
		},
		{
			Name: "imperva-incident-text", Vendor: Imperva, Kind: KindImperva, Verdict: Challenged, Confidence: Medium,
			Markers: []string{"incapsula incident id"},
			Match:   func(p *Page) bool { return p.Notice() && p.Says("incapsula incident id") },
		},
		{
			Name: "imperva-block", Vendor: Imperva, Verdict: Blocked,
			Markers: []string{"powered by imperva", "powered by incapsula", "by our security service", "incapsula.com"},
			Match: func(p *Page) bool {
				return p.Notice() && p.Says("powered by imperva", "powered by incapsula", "this request was blocked by our security service") &&
					p.Says("access denied", "blocked", "incident")
			},
		},
		{
			Name: "distil", Vendor: Distil, Kind: KindImperva, Verdict: Challenged,
			Markers: []string{"distilcaptchaform", "distilunblockform", "distil_r_captcha", "distilidentificationblock", "distil_r_blocked", "distil_identification_block"},
			Match: func(p *Page) bool {
				return p.FormID("distilCaptchaForm") != nil || p.FormID("distilUnblockForm") != nil || p.FormTo("distil_r_captcha") != nil ||
					p.ScriptSrc("/distil_r_captcha") != "" || strings.Contains(p.Refresh(), "distil_r_") ||
					p.HasID("distilIdentificationBlock", "distil_identification_block") && (p.Bare() || pardon(p))
			},
			Fill: func(p *Page, c *Challenge) {
				// Instead of a puzzle there is but a letter to the site's owner.
				if strings.Contains(p.Refresh(), "distil_r_blocked") || p.FormID("distilUnblockForm") != nil {
					c.ban()
					return
				}
				c.Form = p.FormTo("distil_r_captcha")
				p.fillWidget(c)
			},
		},
		{
			// eBay has the same wording; its own rule comes with the shops.
			Name: "imperva-pardon", Vendor: Imperva, Kind: KindImperva, Verdict: Challenged, Confidence: Medium,
			Markers: []string{"pardon our interruption"},
			Match:   func(p *Page) bool { return pardon(p) && !eBay(p) },
			Fill:    (*Page).fillWidget,
		},
	}
}

// pardon tells whether the page is the notice that Distil brought to Imperva.
func pardon(p *Page) bool {
	s := p.survey()
	if s.runes >= maxGateText || s.passwords > 0 || s.has("article") {
		return false
	}
	return p.Says("about your browser made us think you were a bot") ||
		len(s.links) <= maxGateLinks && isTitled(p, "pardon our interruption")
}

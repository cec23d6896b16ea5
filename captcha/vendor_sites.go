package captcha

import "strings"

// shopRules are of sites that put up walls of their own.
func shopRules() []Rule {
	return []Rule{
		{
			Name: "ebay-redirect", Vendor: EBay, Kind: KindHCaptcha, Verdict: Challenged, Head: true,
			Match: redirectsTo("/splashui/captcha", "/splashui/challenge"), Fill: fillRedirect,
		},
		{
			Name: "ebay-splash", Vendor: EBay, Kind: KindHCaptcha, Verdict: Challenged,
			Markers: []string{"splashui", "ebaystatic", "you access ebay"},
			Match: func(p *Page) bool {
				return p.FormTo("/splashui/") != nil || p.FrameSrc("/splashui/") != "" || p.ScriptSrc("/splashui/") != "" ||
					onPath(p, "/splashui/captcha", "/splashui/challenge") || eBay(p)
			},
			Fill: func(p *Page, c *Challenge) {
				c.Form = p.FormTo("/splashui/")
				w := p.widgetOf(HCaptcha)
				if w == nil {
					c.Kind = KindScript
					return
				}
				w.fill(c)
			},
		},
		{
			Name: "linkedin-999", Vendor: LinkedIn, Verdict: Blocked, Head: true,
			Match: func(p *Page) bool { return p.Status == 999 },
		},
		{
			Name: "linkedin-wall", Vendor: LinkedIn, Verdict: Blocked,
			Markers: []string{"/authwall"},
			Match:   func(p *Page) bool { return p.Bare() && p.Scripts("/authwall") },
		},
		{
			Name: "linkedin-checkpoint", Vendor: LinkedIn, Kind: KindScript, Verdict: Challenged,
			Markers: []string{"/checkpoint/challenge"},
			Match: func(p *Page) bool {
				return p.FormTo("/checkpoint/challenge") != nil && p.survey().passwords == 0 &&
					(p.HasID("captcha-challenge", "captcha-internal") || p.FrameSrc("captcha") != "")
			},
			Fill: func(p *Page, c *Challenge) {
				c.Form = p.FormTo("/checkpoint/challenge")
				p.fillWidget(c)
			},
		},
	}
}

// eBay tells whether the page is eBay's version of the notice.
func eBay(p *Page) bool {
	if p.TextLen() >= maxGateText || p.survey().passwords > 0 ||
		!p.Says("pardon our interruption", "entschuldigen sie die störung", "checking your browser before you access ebay") {
		return false
	}
	return p.Says("ebay") || p.ScriptSrc("ebaystatic.") != "" || p.ImageSrc("ebaystatic.") != "" || p.Link(".ebay.") != ""
}

// hostingRules are of hosts and networks with a proof of work or a redirecting
// script in front of the sites they serve.
func hostingRules() []Rule {
	const (
		vercel     = "/.well-known/vercel/security/"
		anubis     = "/.within.website/x/cmd/anubis/"
		ddosGuard  = "/.well-known/ddos-guard/"
		siteGround = "/.well-known/sgcaptcha/"
	)
	mitigated := func(action string) func(*Page) bool {
		return func(p *Page) bool { return strings.EqualFold(p.Header.Get("X-Vercel-Mitigated"), action) }
	}
	return []Rule{
		{
			Name: "vercel-mitigated", Vendor: Vercel, Kind: KindScript, Verdict: Challenged, Confidence: Certain, Head: true,
			Match: mitigated("challenge"),
		},
		{
			Name: "vercel-denied", Vendor: Vercel, Verdict: Blocked, Confidence: Certain, Head: true,
			Match: mitigated("deny"),
		},
		{
			Name: "vercel-checkpoint", Vendor: Vercel, Kind: KindScript, Verdict: Challenged,
			Markers: []string{vercel, "vercel security checkpoint", "vercel.link/security-checkpoint"},
			Match: func(p *Page) bool {
				return p.Short() && (p.ScriptSrc(vercel) != "" || p.Scripts(vercel) ||
					strings.EqualFold(p.Title(), "Vercel Security Checkpoint") || p.Link("vercel.link/security-checkpoint") != "")
			},
		},
		{
			Name: "anubis-reject", Vendor: Anubis, Verdict: Blocked,
			Markers: []string{anubis},
			Match: func(p *Page) bool {
				return p.ImageSrc(anubis+"static/img/reject") != "" && !p.HasID("anubis_challenge")
			},
		},
		{
			Name: "anubis-challenge", Vendor: Anubis, Kind: KindScript, Verdict: Challenged,
			Markers: []string{"anubis_challenge", anubis},
			Match: func(p *Page) bool {
				return p.HasID("anubis_challenge") || p.ScriptSrc(anubis) != "" || strings.Contains(p.Refresh(), anubis)
			},
		},
		{
			Name: "ddos-guard-challenge", Vendor: DDoSGuard, Kind: KindScript, Verdict: Challenged,
			Markers: []string{ddosGuard, "data-ddg-origin", "check.ddos-guard.net"},
			Match: func(p *Page) bool {
				return p.ScriptSrc("check.ddos-guard.net/") != "" && p.Short() || p.ScriptSrc(ddosGuard+"js-challenge") != "" || p.ScriptSrc(ddosGuard+"ddg-captcha") != "" ||
					p.ScriptSrc(ddosGuard) != "" && strings.EqualFold(p.Title(), "DDoS-Guard")
			},
		},
		{
			Name: "ddos-guard-block", Vendor: DDoSGuard, Verdict: Blocked, Confidence: Medium,
			Markers: []string{"ddos-guard"},
			Match: func(p *Page) bool {
				return p.Short() && strings.EqualFold(p.Title(), "DDoS-Guard")
			},
			Fill: func(p *Page, c *Challenge) {
				if p.Says("checking your browser", "проверка браузера") {
					c.Verdict, c.Kind, c.Solvable = Challenged, KindScript, true
				}
			},
		},
		{
			Name: "sucuri-script", Vendor: Sucuri, Kind: KindScript, Verdict: Challenged,
			Markers: []string{"sucuri_cloudproxy", "you are being redirected"},
			Match: func(p *Page) bool {
				return p.Assigned("sucuri_cloudproxy_js") ||
					p.TextLen() < 100 && p.Says("you are being redirected...") && p.Calls("e", "eval") && p.Scripts("fromCharCode")
			},
		},
		{
			Name: "sucuri-block", Vendor: Sucuri, Verdict: Blocked,
			Markers: []string{"sucuri website firewall", "cloudproxy@sucuri", "sucuri.net"},
			Match: func(p *Page) bool {
				return p.TextLen() < maxGateText && p.Says("sucuri website firewall", "sucuri cloudproxy") &&
					p.Says("access denied - sucuri", "- access denied", "block reason:")
			},
		},
		{
			Name: "fastly-client", Vendor: Fastly, Kind: KindScript, Verdict: Challenged,
			Markers: []string{"/_fs-ch-"},
			Match: func(p *Page) bool {
				return p.Short() && (p.ScriptSrc("/_fs-ch-") != "" || p.Scripts("/_fs-ch-") || p.FormTo("/_fs-ch-") != nil)
			},
		},
		{
			Name: "siteground-captcha", Vendor: SiteGround, Kind: KindScript, Verdict: Challenged,
			Markers: []string{siteGround, "sgcaptcha"},
			Match: func(p *Page) bool {
				return strings.Contains(p.Refresh(), siteGround) || p.FormTo(siteGround) != nil || p.Assigned("sgchallenge")
			},
			Fill: (*Page).fillWidget,
		},
		{
			Name: "bunny-shield", Vendor: Bunny, Kind: KindScript, Verdict: Challenged,
			Markers: []string{"/.bunny-shield/"},
			Match: func(p *Page) bool {
				return p.Short() && (p.ScriptSrc("/.bunny-shield/") != "" || p.Scripts("/.bunny-shield/"))
			},
		},
		ownPath("go-away", "/cmd/go-away/"),
		ownPath("cerberus", "/.cerberus/"),
		ownPath("basedflare", "/.basedflare/"),
		ownPath("litespeed", "/.lsrecap/"),
		{
			Name: "stackpath", Vendor: Generic, Kind: KindScript, Verdict: Challenged,
			Markers: []string{"/sbbi/?sbbpg="},
			Match: func(p *Page) bool {
				return p.Short() && (p.FrameSrc("/sbbi/?sbbpg=") != "" || p.ScriptSrc("/sbbi/?sbbpg=") != "")
			},
		},
		{
			Name: "qrator-auth", Vendor: Qrator, Kind: KindScript, Verdict: Challenged,
			Markers: []string{"/__qrator/"},
			Match: func(p *Page) bool {
				return p.Short() && (p.ScriptSrc("/__qrator/") != "" || p.FormTo("/__qrator/") != nil)
			},
		},
		{
			// Of Ozon. Once its script has failed, the page is the number of an incident.
			Name: "ozon-check", Vendor: Generic, Kind: KindScript, Verdict: Challenged,
			Markers: []string{"/abt-challenge/", "/abt/result"},
			Match: func(p *Page) bool {
				return p.Short() && !p.survey().app &&
					(p.ScriptSrc("/abt-challenge/") != "" || p.ImageSrc("/abt-challenge/") != "" || p.Scripts("/abt/result"))
			},
			Fill: func(p *Page, c *Challenge) {
				if p.Says("инцидент") {
					c.ban()
				}
			},
		},
		{
			// "Request: GET " and the path of its own error page, /qrerror/403.html, in base64.
			Name: "qrator-block", Vendor: Qrator, Verdict: Blocked,
			Markers: []string{"l3fyzxjyb3ivndaz"},
			Match:   func(p *Page) bool { return p.Notice() && p.Says("request: get l3fyzxjyb3ivndaz") },
		},
	}
}

// ownPath is the rule for a check that keeps a path of every site to itself.
func ownPath(name, path string) Rule {
	return Rule{
		Name: name, Vendor: Generic, Kind: KindScript, Verdict: Challenged,
		Markers: []string{path},
		Match: func(p *Page) bool {
			return p.Short() && (p.ScriptSrc(path) != "" || p.FormTo(path) != nil || strings.Contains(p.Refresh(), path))
		},
		Fill: (*Page).fillWidget,
	}
}

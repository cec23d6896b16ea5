package captcha

import (
	"regexp"
	"strings"
)

// kasadaPath is the same on every site that Kasada guards, but for those that hide it.
const kasadaPath = "/149e9513-01fa-4fb0-aad4-566afd725d1b/"

func kasadaRules() []Rule {
	return []Rule{
		{
			// The headers are on passed responses too; the status is not.
			Name: "kasada-header", Vendor: Kasada, Kind: KindScript, Verdict: Challenged, Head: true,
			Match: func(p *Page) bool {
				return p.Status == 429 && (p.Header.Get("X-Kpsdk-Ct") != "" || p.Header.Get("X-Kpsdk-Im") != "")
			},
		},
		{
			Name: "kasada-script", Vendor: Kasada, Kind: KindScript, Verdict: Challenged,
			Markers: []string{kasadaPath, "window.kpsdk", "kpsdk.now", "kpsdk.start"},
			Match: func(p *Page) bool {
				if p.Assigned("KPSDK") && p.ScriptSrc("/ips.js") != "" {
					return p.Short() // ips.js is the challenge, p.js the sensor
				}
				return p.Bare() && (p.Loads(kasadaPath) || p.FrameSrc(kasadaPath) != "" || len(p.survey().scriptSrcs) == 0 && p.Assigned("KPSDK"))
			},
		},
	}
}

func f5Rules() []Rule {
	tspd := []string{"\"/tspd/", "'/tspd/", "=/tspd/", "tspd_101", "bobcmn=", "bobcmn\"", "bobcmn'", "bobcmn "}
	rules := []Rule{
		{
			// The script is injected into good pages too: here there is nothing else.
			Name: "f5-tspd", Vendor: F5, Kind: KindF5, Verdict: Challenged,
			Markers: tspd,
			Match: func(p *Page) bool {
				return p.Bare() && (p.Loads("/TSPD/") || len(p.survey().scriptSrcs) == 0 && (p.Assigned("bobcmn") || p.Scripts("/TSPD/")))
			},
		},
		{
			// A picture to be read, in the words of the product's own page or in the
			// site's: the field and the button keep their names.
			Name: "f5-captcha", Vendor: F5, Kind: KindF5, Verdict: Challenged,
			Markers: append([]string{"support id"}, tspd...),
			Match: func(p *Page) bool {
				return p.Short() && len(p.survey().images) > 0 &&
					(p.Says("support id") && p.Says("what code is in the image", "human visitor") || p.HasID("jar") && p.HasID("ans"))
			},
		},
		{
			Name: "f5-shape", Vendor: F5, Kind: KindScript, Verdict: Challenged,
			Markers: []string{"istlwashere"},
			Match:   func(p *Page) bool { return p.Bare() && p.Scripts("istlWasHere") },
		},
	}
	return append(rules, notice(Rule{
		Name: "f5-reject", Vendor: F5, Verdict: Blocked,
		Markers: []string{"support id", "request rejected"},
		Match: func(p *Page) bool {
			return p.Notice() && p.TextLen() < maxLoneText && p.Says("support id") &&
				(p.Says("url was rejected", "request was rejected", "request has been rejected") ||
					strings.EqualFold(p.Title(), "Request Rejected") || f5SupportID.MatchString(p.survey().said()))
		},
	})...)
}

// f5SupportID is what a refusal in any language ends with: a number of 64 bits.
var f5SupportID = regexp.MustCompile(`support id\D{1,12}\d{17,20}\b`)

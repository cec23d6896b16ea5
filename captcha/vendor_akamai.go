package captcha

import (
	"regexp"
	"strings"
)

func akamaiRules() []Rule {
	rules := []Rule{
		{
			Name: "akamai-challenge", Vendor: Akamai, Kind: KindScript, Verdict: Challenged,
			Markers: []string{"sec-if-cpt-container", "sec-bc-tile-container", "sec-cpt-if", "/_sec/cp_challenge/"},
			Match: func(p *Page) bool {
				return p.HasID("sec-if-cpt-container", "sec-bc-tile-container", "sec-cpt-if") ||
					p.FrameSrc("/_sec/cp_challenge/") != "" || p.ScriptSrc("/_sec/cp_challenge/") != "" && p.Short()
			},
		},
		{
			Name: "akamai-verify", Vendor: Akamai, Kind: KindScript, Verdict: Challenged,
			Markers: []string{"bm-verify", "triggerinterstitialchallenge", "/_sec/verify"},
			Match: func(p *Page) bool {
				return strings.Contains(p.Refresh(), "bm-verify=") ||
					p.Bare() && (p.Scripts("bm-verify") || p.Calls("triggerInterstitialChallenge") || p.Scripts("/_sec/verify"))
			},
		},
		{
			// The answer to a request made by script, with status 428.
			Name: "akamai-json", Vendor: Akamai, Kind: KindScript, Verdict: Challenged,
			Markers: []string{"sec-cp-challenge"},
			Match:   func(p *Page) bool { return p.Fields()["sec-cp-challenge"] == "true" },
		},
	}
	return append(rules, notice(Rule{
		Name: "akamai-deny", Vendor: Akamai, Verdict: Blocked,
		Markers: []string{"edgesuite", "access denied", "reference #", "reference&#32;", "reference: "},
		Match: func(p *Page) bool {
			s := p.survey()
			return s.runes < maxGateText && len(s.links) <= maxGateLinks && s.passwords == 0 &&
				refusedByAkamai(p)
		},
	})...)
}

// akamaiReference is the number of an answer that the edge made: its kind, the
// edge's id, the time and a count.
var akamaiReference = regexp.MustCompile(`\b(\d{1,3})\.[0-9a-f]{5,8}\.1\d{9}\.[0-9a-f]{4,9}\b`)

// refusedByAkamai tells whether an answer of the edge is a refusal. Kind 18 is; the
// others may be failures of the origin, unless the page says more.
func refusedByAkamai(p *Page) bool {
	reference := akamaiReference.FindStringSubmatch(p.survey().said())
	if reference != nil && reference[1] == "18" {
		return true
	}
	return (reference != nil || p.Link("errors.edgesuite.net") != "" || p.Says("errors.edgesuite.net")) &&
		p.Says("denied", "permission", "blocked", "forbidden")
}

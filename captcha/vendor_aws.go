package captcha

import "strings"

func awsRules() []Rule {
	return []Rule{
		{
			Name: "aws-waf-action", Vendor: AWSWAF, Kind: KindAWSWAF, Verdict: Challenged, Confidence: Certain, Head: true,
			Match: func(p *Page) bool {
				action := p.Header.Get("X-Amzn-Waf-Action")
				return strings.EqualFold(action, "challenge") || strings.EqualFold(action, "captcha")
			},
		},
		{
			Name: "aws-waf-props", Vendor: AWSWAF, Kind: KindAWSWAF, Verdict: Challenged,
			Markers: []string{"gokuprops"},
			Match:   func(p *Page) bool { return p.Assigned("gokuProps") && p.TextLen() < maxGateText },
			Fill:    fillAWS,
		},
		{
			// The scripts are an SDK that good pages load too; it may come from the
			// site's own path.
			Name: "aws-waf-container", Vendor: AWSWAF, Kind: KindAWSWAF, Verdict: Challenged,
			Markers: []string{"awswafintegration", "awswafcaptcha", ".awswaf.com"},
			Match: func(p *Page) bool {
				s := p.survey()
				return p.HasID("challenge-container", "captcha-container") && s.runes < maxGateText && s.passwords == 0 && s.textInputs == 0 &&
					!s.app && len(s.links) <= maxGateLinks &&
					p.Calls("checkForceRefresh", "getToken", "forceRefreshToken", "saveReferrer", "hasToken", "renderCaptcha")
			},
			Fill: fillAWS,
		},
		{
			Name: "aws-waf-shell", Vendor: AWSWAF, Kind: KindAWSWAF, Verdict: Challenged, Confidence: Medium,
			Markers: []string{".awswaf.com"},
			Match: func(p *Page) bool {
				return p.Loads(".awswaf.com/") && p.Bare() && p.ScriptSrc(".sdk.awswaf.com/") == "" // which is for applications
			},
			Fill: fillAWS,
		},
		{
			Name: "cloudfront-block", Vendor: CloudFront, Verdict: Blocked,
			Markers: []string{"request could not be satisfied"},
			Match: func(p *Page) bool {
				return p.Notice() && p.Says("request could not be satisfied") && p.Says("request blocked", "configured to block access")
			},
		},
	}
}

func fillAWS(p *Page, c *Challenge) {
	props := p.Object("gokuProps")
	c.SiteKey = props["key"]
	c.set(ParamIV, props["iv"])
	c.set(ParamContext, props["context"])
	for _, src := range p.survey().scriptSrcs {
		path, _, _ := strings.Cut(src, "?")
		switch u := p.resolveURL(src); {
		case u == nil:
		case strings.HasSuffix(path, "/challenge.js"), strings.HasSuffix(path, "/challenge.compact.js"):
			c.set(ParamChallengeScript, u.String())
		case strings.HasSuffix(path, "/captcha.js"), strings.HasSuffix(path, "/jsapi.js"):
			c.set(ParamCaptchaScript, u.String())
		}
	}
}

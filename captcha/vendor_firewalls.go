package captcha

import "strings"

const imunifyRefusal = "access denied by imunify360 bot-protection"

// firewallRules are of products that sites run in front of themselves.
func firewallRules() []Rule {
	return []Rule{
		{
			Name: "radware-redirect", Vendor: Radware, Kind: KindScript, Verdict: Challenged, Head: true,
			Match: redirectsTo("//validate.perfdrive.com", "//captcha.perfdrive.com"), Fill: fillRedirect,
		},
		{
			Name: "radware-captcha", Vendor: Radware, Kind: KindScript, Verdict: Challenged,
			Markers: []string{"perfdrive.com", "shieldsquare", "radware captcha page"},
			Match: func(p *Page) bool {
				return strings.EqualFold(p.Title(), "Radware Captcha Page") || p.FrameSrc("perfdrive.com/") != "" ||
					p.Short() && (p.Scripts("SSJSInternal") || p.ImageSrc("captcha.perfdrive.com") != "")
			},
			Fill: (*Page).fillWidget,
		},
		{
			Name: "reblaze", Vendor: Radware, Kind: KindScript, Verdict: Challenged,
			Markers: []string{"window.rbzns", "rbzreqid"},
			Match:   func(p *Page) bool { return p.Bare() && p.Assigned("rbzns", "rbzreqid") },
		},
		{
			Name: "alibaba-punish", Vendor: Alibaba, Kind: KindScript, Verdict: Challenged,
			Markers: []string{"_____tmd_____/punish", "x5secdata", "acw_sc__v2", "nocaptcha"},
			Match: func(p *Page) bool {
				return p.Bare() && (p.Scripts("_____tmd_____/punish") || p.Scripts("acw_sc__v2") && p.Assigned("arg1")) ||
					p.Short() && (p.FrameSrc("_____tmd_____/punish") != "" || p.ScriptSrc("_____tmd_____/punish") != "") ||
					p.HasID("nocaptcha") && p.Short() && (p.Scripts("x5sec") || p.Scripts("punish"))
			},
		},
		{
			Name: "alibaba-waf", Vendor: Alibaba, Kind: KindScript, Verdict: Challenged,
			Markers: []string{"aliyun_waf_"},
			Match:   func(p *Page) bool { return p.HasMeta("aliyun_waf_aa", "aliyun_waf_bb") && p.Short() },
		},
		{
			// A script that sets two cookies, hidden but for their names.
			Name: "edgeone-cookie", Vendor: Tencent, Kind: KindScript, Verdict: Challenged,
			Markers: []string{"eo_bot_ssid", "__tst_status"},
			Match: func(p *Page) bool {
				return p.Bare() && len(p.survey().scriptSrcs) == 0 && p.Scripts("EO_Bot_Ssid=") && p.Scripts("__tst_status=")
			},
		},
		{
			// A picture to be moved, whose answer goes to a path of the firewall.
			Name: "tencent-captcha", Vendor: Tencent, Kind: KindScript, Verdict: Challenged,
			Markers: []string{"/wafcaptcha"},
			Match: func(p *Page) bool {
				return p.Short() && p.ScriptSrc("TCaptcha") != "" && (p.FormTo("/WafCaptcha") != nil || p.Calls("TencentCaptcha") && p.Scripts("/WafCaptcha"))
			},
		},
		{
			// Of ByteDance: the name of the cookie that a proof of work is put into, or a
			// picture to be moved.
			Name: "bytedance", Vendor: Generic, Kind: KindScript, Verdict: Challenged,
			Markers: []string{"_wafchallengeid", "ttgcaptcha"},
			Match: func(p *Page) bool {
				return p.Short() && (p.HasClass("_wafchallengeid") || p.Bare() && p.Scripts("_wafchallengeid") ||
					p.Scripts("TTGCaptcha") && isTitled(p, "验证码中间页"))
			},
		},
		{
			Name: "ruishu", Vendor: Generic, Kind: KindScript, Verdict: Challenged,
			Markers: []string{"window['$_ts']"},
			Match:   func(p *Page) bool { return p.Bare() && p.Assigned("$_ts") },
		},
		{
			// The fields that the script sends keep their names, whatever else it
			// hides. It is also put before the end of a page that has its own layout.
			Name: "imunify", Vendor: Imunify, Kind: KindScript, Verdict: Challenged,
			Markers: []string{"wsidchk"},
			Match: func(p *Page) bool {
				return p.Short() && !p.survey().app && (p.FormID("wsidchk-form") != nil || p.Scripts("wsidchk") && p.Scripts("pdata"))
			},
		},
		{
			// In JSON as a rule, whatever was asked for, and with status 200 too.
			Name: "imunify-block", Vendor: Imunify, Verdict: Blocked,
			Markers: []string{imunifyRefusal},
			Match: func(p *Page) bool {
				return strings.HasPrefix(strings.ToLower(p.Fields()["message"]), imunifyRefusal) || p.Notice() && p.Says(imunifyRefusal) && p.TextLen() < maxLoneText
			},
		},
		{
			// Its own page, or a site's with the link to what is known of the visitor's
			// address. The page that asks for a widget says no such words.
			Name: "crowdsec", Vendor: CrowdSec, Verdict: Blocked,
			Markers: []string{"crowdsec"},
			Match: func(p *Page) bool {
				return p.TextLen() < maxGateText && !p.survey().has("article", "nav", "video") &&
					(p.Says("this security check has been powered by") && p.Says("crowdsec") || p.Link("app.crowdsec.net/cti/") != "") &&
					p.Says("access forbidden", "unable to visit", "banned", "blocked", "denied")
			},
		},
		{
			// A refusal and a check have the same frame; the check brings its scripts.
			Name: "safeline", Vendor: SafeLine, Kind: KindScript, Verdict: Challenged,
			Markers: []string{"/.safeline/", "slg-box"},
			Match: func(p *Page) bool {
				return p.Short() && (p.HasID("slg-box") && p.HasID("slg-title", "slg-caption", "slg-bg") || p.ScriptSrc("/.safeline/") != "")
			},
			Fill: func(p *Page, c *Challenge) {
				if p.ScriptSrc("/.safeline/") == "" {
					c.ban()
				}
			},
		},
		{
			// A cookie made by AES in a script, in front of free hosts.
			Name: "testcookie", Vendor: Generic, Kind: KindScript, Verdict: Challenged,
			Markers: []string{"slowaes.decrypt"},
			Match:   func(p *Page) bool { return p.Bare() && p.Scripts("slowAES.decrypt") && p.Calls("toNumbers") },
		},
	}
}

package solver

import (
	"encoding/base64"
	"html"
	"regexp"
	"strings"

	"github.com/godwit-go/godwit/captcha"
)

// The createTask family writes most kinds alike; the parts that differ are named
// by the dialect that differs.
var (
	site  = []field{{"websiteURL", fromURL, text}, {"websiteKey", fromKey, text}}
	where = []field{{"websiteURL", fromURL, text}}
	// visitorFields tell who was challenged.
	visitorFields = []field{{"userAgent", fromAgent, text}, {"cookies", fromCookies, text}}
	agentField    = []field{{"userAgent", fromAgent, text}}

	recaptchaV2 = with(site,
		field{"recaptchaDataSValue", captcha.ParamDataS, text},
		field{"isInvisible", captcha.ParamInvisible, truth},
		field{"apiDomain", ParamAPIDomain, text})
	recaptchaV2Enterprise = with(site,
		field{"isInvisible", captcha.ParamInvisible, truth},
		field{"apiDomain", ParamAPIDomain, text})
	recaptchaV3 = with(site,
		field{"minScore", ParamMinScore, decimal},
		field{"pageAction", fromAction, text},
		field{"apiDomain", ParamAPIDomain, text})
	recaptchaV3Enterprise = with(recaptchaV3, field{"isEnterprise", "true", constant})

	hcaptcha  = with(site, field{"isInvisible", captcha.ParamInvisible, truth})
	geetestV3 = with(where,
		field{"gt", captcha.ParamGT, text},
		field{"challenge", captcha.ParamChallenge, text},
		field{"geetestApiServerSubdomain", captcha.ParamAPIServer, text})
	funcaptcha = with(where,
		field{"websitePublicKey", fromKey, text},
		field{"funcaptchaApiJSSubdomain", captcha.ParamSubdomain, text},
		field{"data", captcha.ParamBlob, blob})
	picture = []field{
		{"body", captcha.ParamImage, text},
		{"phrase", ParamPhrase, yes},
		{"case", ParamCase, yes},
		{"math", ParamMath, yes},
		{"numeric", ParamNumeric, integer},
		{"minLength", ParamMinLength, integer},
		{"maxLength", ParamMaxLength, integer},
		{"comment", ParamComment, text},
	}
	awsFields = with(site,
		field{"iv", captcha.ParamIV, text}, field{"context", captcha.ParamContext, text},
		field{"challengeScript", captcha.ParamChallengeScript, text},
		field{"captchaScript", captcha.ParamCaptchaScript, text})
)

// payloadS puts reCAPTCHA's data-s where the enterprise tasks have it.
func payloadS(a *asked, t *Task) {
	if s := a.Params[captcha.ParamDataS]; s != "" {
		t.Fields["enterprisePayload"] = map[string]any{"s": s}
	}
}

// payloadRQ puts hCaptcha's rqdata where the tasks have it.
func payloadRQ(a *asked, t *Task) {
	if rq := a.Params[ParamRQData]; rq != "" {
		t.Fields["enterprisePayload"] = map[string]any{"rqdata": rq}
	}
}

func truthful(_ *asked, t *Task) { t.Fields["isEnterprise"] = true }

func languagePool(a *asked, t *Task) {
	if lang := a.Params[ParamLanguage]; lang != "" {
		t.Beside["languagePool"] = lang
	}
}

// twoCaptchaKinds are also those of Anti-Captcha, apart from what that replaces.
var twoCaptchaKinds = map[captcha.Kind]kind{
	captcha.KindRecaptchaV2:          {typ: "RecaptchaV2Task", free: "RecaptchaV2TaskProxyless", fields: with(recaptchaV2, visitorFields...), needs: []source{fromKey}},
	captcha.KindRecaptchaV2Invisible: {typ: "RecaptchaV2Task", free: "RecaptchaV2TaskProxyless", fields: with(recaptchaV2, visitorFields...), needs: []source{fromKey}},
	captcha.KindRecaptchaV2Enterprise: {
		typ: "RecaptchaV2EnterpriseTask", free: "RecaptchaV2EnterpriseTaskProxyless",
		fields: with(recaptchaV2Enterprise, visitorFields...), needs: []source{fromKey}, adjust: payloadS,
	},
	captcha.KindRecaptchaV3:           {free: "RecaptchaV3TaskProxyless", fields: recaptchaV3, needs: []source{fromKey}},
	captcha.KindRecaptchaV3Enterprise: {free: "RecaptchaV3TaskProxyless", fields: recaptchaV3Enterprise, needs: []source{fromKey}, adjust: truthful},
	captcha.KindHCaptcha:              {typ: "HCaptchaTask", free: "HCaptchaTaskProxyless", fields: with(hcaptcha, agentField...), needs: []source{fromKey}, adjust: payloadRQ},
	captcha.KindTurnstile: {typ: "TurnstileTask", free: "TurnstileTaskProxyless", needs: []source{fromKey}, fields: with(site,
		field{"action", fromAction, text}, field{"data", fromCData, text}, field{"pagedata", ParamPageData, text})},
	captcha.KindGeeTestV3: {typ: "GeeTestTask", free: "GeeTestTaskProxyless", fields: geetestV3, needs: []source{captcha.ParamGT, captcha.ParamChallenge}},
	captcha.KindGeeTestV4: {typ: "GeeTestTask", free: "GeeTestTaskProxyless", fields: where, needs: []source{captcha.ParamCaptchaID}, adjust: func(a *asked, t *Task) {
		t.Fields["version"] = 4
		t.Fields["initParameters"] = map[string]any{"captcha_id": a.Params[captcha.ParamCaptchaID]}
	}},
	captcha.KindFunCaptcha: {typ: "FunCaptchaTask", free: "FunCaptchaTaskProxyless", fields: with(funcaptcha, agentField...), needs: []source{fromKey}},
	captcha.KindImage:      {free: "ImageToTextTask", fields: picture, needs: []source{captcha.ParamImage}, adjust: languagePool},
	KindText:               {free: "TextCaptchaTask", fields: []field{{"comment", ParamText, text}}, needs: []source{ParamText}, adjust: languagePool},
	captcha.KindDataDome: {typ: "DataDomeSliderTask", needs: []source{captcha.ParamCaptchaURL}, fields: with(where,
		field{"captchaUrl", captcha.ParamCaptchaURL, text}, field{"userAgent", fromAgent, text})},
	// Its answer is a voucher, which is exchanged beside the script.
	captcha.KindAWSWAF: {typ: "AmazonTask", free: "AmazonTaskProxyless", fields: awsFields, needs: []source{fromKey, fromScript}},
	captcha.KindImperva: {typ: "IncapsulaTask", needs: []source{ParamScriptURL}, fields: with(where, agentField...), adjust: func(a *asked, t *Task) {
		incapsula(a, t.Fields)
	}},
	captcha.KindFriendly: {typ: "FriendlyCaptchaTask", free: "FriendlyCaptchaTaskProxyless", fields: site, needs: []source{fromKey}},
	captcha.KindYandex:   {typ: "YandexSmartCaptchaTask", free: "YandexSmartCaptchaTaskProxyless", fields: site, needs: []source{fromKey}},
}

var antiCaptchaKinds = map[captcha.Kind]kind{
	captcha.KindRecaptchaV2:          {typ: "RecaptchaV2Task", free: "RecaptchaV2TaskProxyless", fields: recaptchaV2, proxy: visitorFields, needs: []source{fromKey}},
	captcha.KindRecaptchaV2Invisible: {typ: "RecaptchaV2Task", free: "RecaptchaV2TaskProxyless", fields: recaptchaV2, proxy: visitorFields, needs: []source{fromKey}},
	captcha.KindRecaptchaV2Enterprise: {
		typ: "RecaptchaV2EnterpriseTask", free: "RecaptchaV2EnterpriseTaskProxyless",
		fields: recaptchaV2Enterprise, proxy: visitorFields, needs: []source{fromKey}, adjust: payloadS,
	},
	captcha.KindRecaptchaV3:           twoCaptchaKinds[captcha.KindRecaptchaV3],
	captcha.KindRecaptchaV3Enterprise: twoCaptchaKinds[captcha.KindRecaptchaV3Enterprise],
	captcha.KindHCaptcha:              {typ: "HCaptchaTask", free: "HCaptchaTaskProxyless", fields: hcaptcha, proxy: visitorFields, needs: []source{fromKey}, adjust: payloadRQ},
	// It refuses a user agent of the caller's.
	captcha.KindTurnstile: {typ: "TurnstileTask", free: "TurnstileTaskProxyless", needs: []source{fromKey}, fields: with(site,
		field{"action", fromAction, text}, field{"cData", fromCData, text}, field{"chlPageData", ParamPageData, text})},
	captcha.KindGeeTestV3: twoCaptchaKinds[captcha.KindGeeTestV3],
	captcha.KindGeeTestV4: {
		typ: "GeeTestTask", free: "GeeTestTaskProxyless", needs: []source{captcha.ParamCaptchaID},
		fields: with(where, field{"gt", captcha.ParamCaptchaID, text}), adjust: versionFour,
	},
	captcha.KindFunCaptcha: {typ: "FunCaptchaTask", free: "FunCaptchaTaskProxyless", fields: funcaptcha, proxy: agentField, needs: []source{fromKey}},
	captcha.KindImage:      twoCaptchaKinds[captcha.KindImage],
	captcha.KindAWSWAF:     {typ: "AmazonTask", free: "AmazonTaskProxyless", fields: awsFields, needs: []source{fromKey}},
	captcha.KindFriendly:   twoCaptchaKinds[captcha.KindFriendly],
	captcha.KindCloudflare: {typ: "AntiBotCookieTask", fields: where},
	captcha.KindDataDome:   {typ: "AntiBotCookieTask", fields: where},
	captcha.KindImperva:    {typ: "AntiBotCookieTask", fields: where},
}

func versionFour(_ *asked, t *Task) { t.Fields["version"] = 4 }

var capSolverKinds = map[captcha.Kind]kind{
	captcha.KindRecaptchaV2:          {typ: "ReCaptchaV2Task", free: "ReCaptchaV2TaskProxyLess", fields: with(recaptchaV2, visitorFields...), needs: []source{fromKey}},
	captcha.KindRecaptchaV2Invisible: {typ: "ReCaptchaV2Task", free: "ReCaptchaV2TaskProxyLess", fields: with(recaptchaV2, visitorFields...), needs: []source{fromKey}},
	captcha.KindRecaptchaV2Enterprise: {
		typ: "ReCaptchaV2EnterpriseTask", free: "ReCaptchaV2EnterpriseTaskProxyLess",
		fields: with(recaptchaV2Enterprise, visitorFields...), needs: []source{fromKey}, adjust: payloadS,
	},
	captcha.KindRecaptchaV3:           {typ: "ReCaptchaV3Task", free: "ReCaptchaV3TaskProxyLess", fields: recaptchaV3, needs: []source{fromKey}},
	captcha.KindRecaptchaV3Enterprise: {typ: "ReCaptchaV3EnterpriseTask", free: "ReCaptchaV3EnterpriseTaskProxyLess", fields: recaptchaV3, needs: []source{fromKey}},
	captcha.KindTurnstile: {free: "AntiTurnstileTaskProxyLess", fields: site, needs: []source{fromKey}, adjust: func(a *asked, t *Task) {
		metadata := map[string]any{}
		a.write(metadata, []field{{"action", fromAction, text}, {"cdata", fromCData, text}}, objects)
		if len(metadata) > 0 {
			t.Fields["metadata"] = metadata
		}
	}},
	captcha.KindGeeTestV3: {typ: "GeeTestTask", free: "GeeTestTaskProxyLess", fields: geetestV3, needs: []source{captcha.ParamGT, captcha.ParamChallenge}},
	captcha.KindGeeTestV4: {
		typ: "GeeTestTask", free: "GeeTestTaskProxyLess", needs: []source{captcha.ParamCaptchaID},
		fields: with(where, field{"captchaId", captcha.ParamCaptchaID, text}),
	},
	captcha.KindImage: {
		free: "ImageToTextTask", needs: []source{captcha.ParamImage},
		fields: []field{{"websiteURL", fromURL, text}, {"body", captcha.ParamImage, text}},
	},
	captcha.KindDataDome: {typ: "DatadomeSliderTask", needs: []source{captcha.ParamCaptchaURL}, fields: with(where,
		field{"captchaUrl", captcha.ParamCaptchaURL, text}, field{"userAgent", fromAgent, text})},
	captcha.KindAWSWAF: {typ: "AntiAwsWafTask", free: "AntiAwsWafTaskProxyLess", fields: with(where,
		field{"awsKey", fromKey, text}, field{"awsIv", captcha.ParamIV, text},
		field{"awsContext", captcha.ParamContext, text}, field{"awsChallengeJS", captcha.ParamChallengeScript, text})},
	captcha.KindCloudflare: {typ: "AntiCloudflareTask", fields: with(where, agentField...)},
	captcha.KindFriendly:   {free: "FriendlyCaptchaTaskProxyless", fields: site, needs: []source{fromKey}},
	captcha.KindYandex:     {free: "YandexCaptchaTaskProxyLess", fields: site, needs: []source{fromKey}},
}

// capMonsterKinds have one type for both: without a proxy in the task the service
// takes one of its own.
var capMonsterKinds = map[captcha.Kind]kind{
	captcha.KindRecaptchaV2:          twoCaptchaKinds[captcha.KindRecaptchaV2].either(),
	captcha.KindRecaptchaV2Invisible: twoCaptchaKinds[captcha.KindRecaptchaV2Invisible].either(),
	captcha.KindRecaptchaV2Enterprise: {
		typ: "RecaptchaV2EnterpriseTask", free: "RecaptchaV2EnterpriseTask",
		fields: with(recaptchaV2Enterprise, visitorFields...), needs: []source{fromKey}, adjust: payloadS,
	},
	captcha.KindRecaptchaV3:           {free: "RecaptchaV3TaskProxyless", fields: recaptchaV3, needs: []source{fromKey}},
	captcha.KindRecaptchaV3Enterprise: {free: "RecaptchaV3EnterpriseTask", fields: recaptchaV3, needs: []source{fromKey}},
	captcha.KindTurnstile: {typ: "TurnstileTask", free: "TurnstileTask", needs: []source{fromKey}, fields: with(site,
		field{"pageAction", fromAction, text}, field{"data", fromCData, text}, field{"pageData", ParamPageData, text})},
	captcha.KindCloudflare: {typ: "TurnstileTask", fields: with(where, agentField...), needs: []source{fromAgent}, adjust: func(a *asked, t *Task) {
		t.Fields["websiteKey"] = "xxxxxxxxxx" // required, and not looked at for this type
		if a.SiteKey != "" {
			t.Fields["websiteKey"] = a.SiteKey
		}
		t.Fields["cloudflareTaskType"] = "cf_clearance"
		t.Fields["htmlPageBase64"] = pageBase64(a)
	}},
	captcha.KindGeeTestV3: twoCaptchaKinds[captcha.KindGeeTestV3].either(),
	captcha.KindGeeTestV4: {
		typ: "GeeTestTask", free: "GeeTestTask", needs: []source{captcha.ParamCaptchaID},
		fields: with(where, field{"gt", captcha.ParamCaptchaID, text}), adjust: versionFour,
	},
	captcha.KindFunCaptcha: {typ: "FunCaptchaTask", free: "FunCaptchaTask", fields: funcaptcha, needs: []source{fromKey}},
	captcha.KindImage: {
		free: "ImageToTextTask", needs: []source{captcha.ParamImage},
		fields: []field{{"body", captcha.ParamImage, text}, {"numeric", ParamNumeric, integer}, {"math", ParamMath, yes}, {"case", ParamCase, yes}},
	},
	captcha.KindDataDome: {typ: "CustomTask", needs: []source{captcha.ParamCaptchaURL}, fields: with(where, agentField...), adjust: func(a *asked, t *Task) {
		custom(t, "DataDome", map[string]any{
			"captchaUrl": a.Params[captcha.ParamCaptchaURL], "datadomeCookie": cookiesNamed(a, "datadome"),
		})
	}},
	captcha.KindAWSWAF: {
		typ: "AmazonTask", free: "AmazonTask", needs: []source{fromKey},
		fields: with(awsFields, field{"userAgent", fromAgent, text}), adjust: func(_ *asked, t *Task) { t.Fields["cookieSolution"] = true },
	},
	captcha.KindImperva: {typ: "CustomTask", needs: []source{ParamScriptURL}, fields: with(where, agentField...), adjust: func(a *asked, t *Task) {
		metadata := make(map[string]any)
		incapsula(a, metadata)
		custom(t, "Imperva", metadata)
	}},
	captcha.KindF5: {typ: "CustomTask", fields: with(where, agentField...), adjust: func(a *asked, t *Task) {
		custom(t, "tspd", map[string]any{"tspdCookie": cookiesNamed(a, "TS"), "htmlPageBase64": pageBase64(a)})
	}},
}

// either gives the task without a proxy the type of the one with it.
func (k kind) either() kind {
	k.free = k.typ
	return k
}

// ParamScriptURL is the key of [captcha.Challenge.Params] for the address of
// Imperva's script, relative to the site. Without it the page is looked through.
const ParamScriptURL = "scriptUrl"

var incapsulaScript = regexp.MustCompile(`_Incapsula_Resource\?SW[A-Z]+=[^"'<>\s\\]+`)

// scriptURL finds Imperva's script on the page.
func (a *asked) scriptURL() string {
	if given := a.Params[ParamScriptURL]; given != "" {
		return given
	}
	return html.UnescapeString(string(incapsulaScript.Find(a.Body)))
}

// incapsula writes what Imperva's task is about.
func incapsula(a *asked, into map[string]any) {
	into["incapsulaScriptUrl"], into["incapsulaCookies"] = a.scriptURL(), cookiesNamed(a, "incap_ses_", "visid_incap_")
}

func custom(t *Task, class string, metadata map[string]any) {
	t.Fields["class"], t.Fields["metadata"] = class, metadata
}

func pageBase64(a *asked) string {
	if given := a.Params[ParamHTML]; given != "" {
		return given
	}
	return base64.StdEncoding.EncodeToString(a.Body)
}

// cookiesNamed writes those of the visitor's cookies whose names begin so.
func cookiesNamed(a *asked, prefixes ...string) string {
	var parts []string
	for _, c := range a.env.Cookies {
		for _, prefix := range prefixes {
			if strings.HasPrefix(c.Name, prefix) {
				parts = append(parts, c.Name+"="+c.Value)
				break
			}
		}
	}
	return strings.Join(parts, "; ")
}

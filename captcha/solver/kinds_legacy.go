package solver

import "github.com/godwit-go/godwit/captcha"

// legacySite are the fields of most methods of in.php.
var (
	legacyWhere  = []field{{"pageurl", fromURL, text}}
	legacySite   = []field{{"sitekey", fromKey, text}, {"pageurl", fromURL, text}}
	legacyGoogle = []field{
		{"googlekey", fromKey, text},
		{"pageurl", fromURL, text},
		{"domain", ParamAPIDomain, text},
		{"data-s", captcha.ParamDataS, text},
	}
	legacyV2 = with(legacyGoogle,
		field{"invisible", captcha.ParamInvisible, bit}, field{"action", fromAction, text},
		field{"userAgent", fromAgent, text}, field{"cookies", fromCookies, text})
	legacyV3 = with(legacyGoogle,
		field{"version", "v3", constant}, field{"action", fromAction, text}, field{"min_score", ParamMinScore, decimal})
	legacyPicture = []field{
		{"body", captcha.ParamImage, text},
		{"phrase", ParamPhrase, flag},
		{"regsense", ParamCase, flag},
		{"numeric", ParamNumeric, integer},
		{"calc", ParamMath, flag},
		{"min_len", ParamMinLength, integer},
		{"max_len", ParamMaxLength, integer},
		{"language", ParamAlphabet, integer},
		{"lang", ParamLanguage, text},
		{"textinstructions", ParamComment, text},
	}
)

func enterprise(_ *asked, t *Task) { t.Fields["enterprise"] = 1 }

// legacyKinds are the methods of in.php. The method is the same with a proxy.
var legacyKinds = map[captcha.Kind]kind{
	captcha.KindRecaptchaV2:           method("userrecaptcha", legacyV2, fromKey),
	captcha.KindRecaptchaV2Invisible:  method("userrecaptcha", legacyV2, fromKey),
	captcha.KindRecaptchaV2Enterprise: method("userrecaptcha", legacyV2, fromKey).adjusted(enterprise),
	captcha.KindRecaptchaV3:           method("userrecaptcha", legacyV3, fromKey),
	captcha.KindRecaptchaV3Enterprise: method("userrecaptcha", legacyV3, fromKey).adjusted(enterprise),
	captcha.KindHCaptcha: method("hcaptcha", with(legacySite,
		field{"invisible", captcha.ParamInvisible, bit}, field{"data", ParamRQData, text}, field{"userAgent", fromAgent, text}), fromKey),
	captcha.KindTurnstile: method("turnstile", with(legacySite,
		field{"action", fromAction, text}, field{"data", fromCData, text}, field{"pagedata", ParamPageData, text}), fromKey),
	captcha.KindGeeTestV3: method("geetest", with(legacyWhere,
		field{"gt", captcha.ParamGT, text}, field{"challenge", captcha.ParamChallenge, text},
		field{"api_server", captcha.ParamAPIServer, text}), captcha.ParamGT, captcha.ParamChallenge),
	captcha.KindGeeTestV4: method("geetest_v4", with(legacyWhere,
		field{"captcha_id", captcha.ParamCaptchaID, text}), captcha.ParamCaptchaID),
	captcha.KindFunCaptcha: method("funcaptcha", with(legacyWhere,
		field{"publickey", fromKey, text}, field{"surl", captcha.ParamSubdomain, text}, field{"nojs", ParamNoJS, flag},
		field{"data[blob]", captcha.ParamBlob, text}, field{"userAgent", fromAgent, text}), fromKey),
	captcha.KindImage: method("base64", legacyPicture, captcha.ParamImage),
	KindText: method("post", []field{
		{"textcaptcha", ParamText, text}, {"language", ParamAlphabet, integer}, {"lang", ParamLanguage, text},
	}, ParamText),
	captcha.KindDataDome: {typ: "datadome", needs: []source{captcha.ParamCaptchaURL}, fields: with(legacyWhere,
		field{"captcha_url", captcha.ParamCaptchaURL, text}, field{"userAgent", fromAgent, text})},
	captcha.KindAWSWAF: method("amazon_waf", with(legacySite,
		field{"iv", captcha.ParamIV, text}, field{"context", captcha.ParamContext, text},
		field{"challenge_script", captcha.ParamChallengeScript, text},
		field{"captcha_script", captcha.ParamCaptchaScript, text}), fromKey, fromScript),
	captcha.KindFriendly: method("friendly_captcha", legacySite, fromKey),
	captcha.KindYandex:   method("yandex", legacySite, fromKey),
	captcha.KindF5: {typ: "tspd", fields: legacyWhere, adjust: func(a *asked, t *Task) {
		t.Fields["tspd_cookie"], t.Fields["html_page_base64"] = cookiesNamed(a, "TS"), pageBase64(a)
		if a.env.UserAgent != "" {
			t.Fields["useragent"] = a.env.UserAgent
		}
	}},
}

func method(name string, fields []field, needs ...source) kind {
	return kind{typ: name, free: name, fields: fields, needs: needs}
}

func (k kind) adjusted(f func(*asked, *Task)) kind {
	k.adjust = f
	return k
}

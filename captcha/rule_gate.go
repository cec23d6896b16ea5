package captcha

import (
	"regexp"
	"slices"
	"strings"
)

// gate tells whether a widget is the whole of the page, so that it stands in the
// way: hardly any text or links beside it and nothing else to fill in.
func gate(p *Page, w *widget) bool {
	s := p.survey()
	if s.runes >= maxGateText || len(s.links) > maxGateLinks || s.passwords > 0 || s.textInputs > 1 || s.choices > 0 {
		return false
	}
	if s.app && s.runes < maxBareText || s.has("article", "nav", "table", "video") {
		return false
	}
	worded := p.Says(gateWords...)
	typed := s.answer && w.vendor == "" // a picture's answer is typed, a widget's never
	if s.textInputs == 1 && !typed && (!worded || p.Status < 400) {
		return false // a newsletter, a comment, a lost password, a promotional code
	}
	switch p.Status {
	case 0:
		alone := s.runes < maxAloneText && len(s.forms) > 0 && w.params[ParamInvisible] == ""
		return worded || alone || s.textInputs == 0 && p.Says(softWords...)
	case 401, 403, 405, 406, 412, 416, 418, 429, 456, 503:
		return true
	case 200, 202:
		return worded || s.textInputs == 0 && p.Says(softWords...)
	}
	return p.Status >= 500
}

const (
	maxAloneText = 100 // characters that leave a widget alone on its page
	maxLoneText  = 400 // characters of a check that is nothing else
)

// gateWords are what a gate says and a form with a widget does not, in the
// languages of those who met them most.
var gateWords = []string{
	"you are human", "you're human", "you are a human", "you're a human", "are you human", "are you a human", "a human being",
	"not a robot", "are a robot", "you a robot", "be a robot", "robot check", "not a bot", "a real person", "prove you", "prove that you",
	"unusual traffic", "unusual activity", "suspicious activity", "automated requests", "automated traffic", "automated queries",
	"bot detection", "checking your browser", "you have been blocked", "temporarily blocked", "too many requests",
	"kein roboter", "ein mensch sind", "ungewöhnlich", // German
	"pas un robot", "êtes humain", "trafic inhabituel", "activité inhabituelle", // French
	"no soy un robot", "no eres un robot", "eres humano", "tráfico inusual", // Spanish
	"não sou um robô", "não é um robô", "você é humano", // Portuguese
	"non sono un robot", "non sei un robot", "sei umano", // Italian
	"geen robot", "ben je een mens", // Dutch
	"не робот", "вы человек", "подозрительн", "автоматическ", "необычн", // Russian
	"nie jesteś robotem", "robot değil", "robot olmadığ", // Polish, Turkish
	"ロボットではありません", "ロボットではない", "로봇이 아닙니다", // Japanese, Korean
	"人机验证", "人机身份", "机器人", "异常访问", "访问异常", "访问频繁", "異常", // Chinese
}

// softWords are what a gate may say, but a form with one field may as well.
var softWords = []string{
	"human verification", "security check", "security verification", "security measure", "verify yourself", "verification required",
	"browser verification", "before you continue", "before we continue", "before continuing", "to continue, please", "please verify",
	"solve the captcha", "complete the captcha", "complete the verification", "complete the security", "captcha to continue", "captcha to proceed", "enter the captcha",
	"access denied", "one more step", "robot or human", "are you real",
	"sicherheitsüberprüfung", "sicherheitsprüfung", "vérification de sécurité", "verificación de seguridad", "verificação de segurança",
	"verifica di sicurezza", "проверка безопасности", "안전한 접속", "安全验证", "安全驗證", "验证码", "驗證碼",
}

// imageRules know gates that show a picture of their own to be read.
func imageRules() []Rule {
	return []Rule{{
		Name: "image-gate", Vendor: Generic, Kind: KindImage, Verdict: Challenged, Confidence: Medium,
		Markers: []string{"captcha", "seccode", "verifycode", "checkcode", "securimage"},
		Match: func(p *Page) bool {
			return p.survey().textInputs == 1 && p.Short() && imageCaptcha(p) != "" && gate(p, new(widget)) && p.Says(slices.Concat(gateWords, softWords)...)
		},
		Fill: func(p *Page, c *Challenge) {
			fillGate(p, &widget{kind: KindImage}, c)
			if u := p.resolveURL(imageCaptcha(p)); u != nil {
				c.set(ParamImageURL, u.String())
			}
		},
	}}
}

func imageCaptcha(p *Page) string {
	for _, part := range []string{"captcha", "Captcha", "CAPTCHA", "seccode", "verifycode", "verifyCode", "checkcode", "securimage"} {
		if src := p.ImageSrc(part); src != "" {
			return src
		}
	}
	return ""
}

// notice makes the rules for a page told by its wording, which comes last: one for
// pages with a marker, and one that spares small pages and errors the search, so
// that wording in another encoding or language is read there too.
func notice(r Rule) []Rule {
	small := r
	small.Markers = nil
	small.Match = func(p *Page) bool { return (p.Status >= 400 || len(p.Body) <= smallPage) && r.Match(p) }
	return []Rule{r, small}
}

const (
	smallPage = 4 << 10
	minWord   = 8 // shorter markers would slow the search for all
)

// noticeRules know the refusals that no vendor has signed.
func noticeRules() []Rule {
	var words []string
	for _, phrase := range slices.Concat(banWords, refusalWords, challengeWords, challengeTitles) {
		if len(phrase) >= minWord {
			words = append(words, phrase)
		}
	}
	return slices.Concat(
		notice(Rule{
			Name: "generic-block", Vendor: Generic, Verdict: Blocked, Confidence: Low, Markers: words,
			Match: func(p *Page) bool { return lone(p) && refused(p) },
		}),
		notice(Rule{
			Name: "generic-challenge", Vendor: Generic, Kind: KindScript, Verdict: Challenged, Confidence: Low, Markers: words,
			Match: func(p *Page) bool {
				return lone(p) && (p.Says(challengeWords...) || isTitled(p, challengeTitles...)) &&
					(p.Status == 0 && p.TextLen() < maxLoneText || p.Status >= 400)
			},
		}),
	)
}

// lone tells whether the page is a notice and no article, form or application.
func lone(p *Page) bool {
	s := p.survey()
	return p.Notice() && !s.has("table") && s.choices == 0 && p.Status != 404 && p.Status != 410 &&
		(p.Status == 0 || p.Status >= 400)
}

// isTitled tells whether one of the titles, in lower case, is the whole of the
// page's: an article about it says more.
func isTitled(p *Page, titles ...string) bool {
	return slices.Contains(titles, strings.ToLower(strings.Trim(p.Title(), " .…!?")))
}

// refused tells whether the notice is a refusal: by its words alone where they leave
// no doubt, else by what lets the visitor trace it, or by the status.
func refused(p *Page) bool {
	return p.Says(banWords...) || p.Says(refusalWords...) && (p.Status >= 400 || trace.MatchString(p.survey().said()))
}

// trace is what a refusal names itself by: the visitor's address, a number.
var trace = regexp.MustCompile(`\b\d{1,3}(\.\d{1,3}){3}\b|\b[0-9a-f]{8}-[0-9a-f]{4}-|\b[0-9a-f]{16,}\b|` +
	`\b(id|rid|ref|reference|code|incident|event|ticket)\W{0,4}[0-9a-z-]{0,12}[0-9][0-9a-z-]{5,}`)

var (
	// banWords are what nobody but a refusal says.
	banWords = []string{
		"your ip has been blocked", "your ip address has been blocked", "your ip has been banned", "your ip address has been banned",
		"this ip has been automatically blocked", "your connection has been blocked", "you might be a robot", "you may be a robot", "you are a bot",
		"blocked by network security", "request looks automated", "has been identified as automated", "have been identified as a bot",
		"your browsing activity has been paused", "you're temporarily blocked", "blocked by the site's security system",
		"your ip was the source of too many requests", "tell if you're a human or a bot",
		"the ip address you are using has been blocked", "has blocked your ip from", "blocked by the web server firewall", "triggered a web application firewall",
		"因您的访问", "检测到有异常请求", "当前环境异常", "网络环境存在异常", "存在异常访问", "系统检测到您",
		"ваш ip заблокирован", "ваш ip-адрес заблокирован", "доступ с вашего ip", "доступ ограничен: проблема с ip",
	}
	// refusalWords are what a refusal says, and others too.
	refusalWords = []string{
		"you have been blocked", "access has been blocked", "access has been denied", "access to this page has been denied",
		"unusual traffic", "unusual activity", "suspicious activity", "automated access", "automated requests", "automated queries", "automated tools",
		"automated traffic", "looks like a bot", "identified as a bot", "detected as a bot", "bot activity", "disable your vpn", "turn off your vpn",
		"vpn or proxy", "anonymizing proxy", "blocked by security", "request was blocked", "request has been blocked", "request blocked",
		"too many requests from your", "blocked your request", "blocked by the defense system", "blocked and logged", "request has been refused",
		"rated as suspicious", "flagged by our security", "flagged your request", "firewall blocked", "by the system firewall",
		"has been blocked due to", "why blocked:", "access to the website is blocked", "you have been banned",
		"ваш запрос выглядит необычно", "за автоматические", "подозрительная активность", "доступ ограничен", "доступ заблокирован", "запрос заблокирован", "отключите vpn",
		"zugriff wurde blockiert", "zugriff wurde verweigert", "accès a été bloqué", "ha sido bloqueado", "foi bloqueado", "è stato bloccato", "acesso bloqueado", "acceso bloqueado", "requête a été bloquée",
		"访问被拒绝", "被阻断", "访问过于频繁", "访问频繁", "已被拦截", "アクセスが拒否", "차단되었습니다",
	}
	// challengeWords are what a check by script says while it runs.
	challengeWords = []string{
		"checking your browser", "verifying your browser", "verify you are human", "verifying you are human", "verify that you are human",
		"verify you are a human", "verify that you are a human", "verify you are not a robot", "verify that you are not a robot",
		"robot or human?", "making sure you're not a bot", "checking you are not a bot", "confirm you are human", "confirm that you are human",
		"checking if the site connection is secure", "verifying if your connection is secure", "enable javascript and cookies to continue",
		"confirmation that you're human", "anti-crawler protection", "anti-crawler-schutz", "protection anti-crawler",
		"spamfirewall is activated", "security check by bitninja", "eres humano o un robot",
		"проверка браузера", "проверяем ваш браузер", "подтвердите, что вы не робот", "überprüfung ihres browsers", "vérification de votre navigateur",
		"正在验证您是否是真人", "请完成安全验证",
	}
	// challengeTitles are how it is titled.
	challengeTitles = []string{
		"robot check", "are you a robot", "are you human", "are you a human", "human verification", "robot or human",
		"please verify you are a human", "please verify you are human", "verify you are human", "bot verification", "security verification",
		"client challenge", "ddos protection", "show us your human side", "百度安全验证", "人机验证", "安全验证", "访问验证",
	}
)

package captcha

import "slices"

// gate tells whether a widget is the whole of the page, so that it stands in the
// way: hardly any text or links beside it and nothing else to fill in.
func gate(p *Page) bool {
	s := p.survey()
	if s.runes >= maxGateText || len(s.links) > maxGateLinks || s.passwords > 0 || s.textInputs > 1 || s.choices > 0 {
		return false
	}
	if s.app || s.has("article", "nav", "table", "video") {
		return false
	}
	worded := p.Says(gateWords...)
	if s.textInputs == 1 && !worded {
		return false // a newsletter, a lost password
	}
	switch p.Status {
	case 0:
		return worded || s.runes < maxLoneText
	case 401, 403, 405, 406, 412, 416, 418, 429, 456, 503:
		return true
	case 200, 202:
		return worded
	}
	return p.Status >= 500
}

// maxLoneText is how much text leaves a widget alone on its page.
const maxLoneText = 200

// gateWords are what a gate says and a form with a widget does not, in the
// languages of those who met them most.
var gateWords = []string{
	"you are human", "you're human", "you are a human", "you're a human", "are you human", "are you a human",
	"not a robot", "are a robot", "you a robot", "robot check", "not a bot", "human verification", "prove you", "prove that you",
	"unusual traffic", "unusual activity", "suspicious activity", "automated", "security check", "security verification",
	"security measure", "bot detection", "verify yourself", "verification required", "browser verification",
	"checking your browser", "before you continue", "before we continue", "before continuing", "to continue, please", "solve the captcha to",
	"complete the captcha", "complete the security", "captcha to continue", "access denied", "too many requests", "one more step",
	"you have been blocked", "temporarily blocked",
	"kein roboter", "sicherheitsüberprüfung", "sicherheitsprüfung", "ein mensch sind", "ungewöhnlich", // German
	"pas un robot", "êtes humain", "vérification de sécurité", "trafic inhabituel", // French
	"no soy un robot", "no eres un robot", "eres humano", "tráfico inusual", "verificación de seguridad", // Spanish
	"não sou um robô", "não é um robô", "você é humano", "verificação de segurança", // Portuguese
	"non sono un robot", "non sei un robot", "sei umano", "verifica di sicurezza", // Italian
	"geen robot", "ben je een mens", // Dutch
	"не робот", "вы человек", "подозрительн", "автоматическ", "необычн", "проверка безопасности", // Russian
	"nie jesteś robotem", "robot değil", "robot olmadığ", // Polish, Turkish
	"ロボットではありません", "ロボットでは", "안전한 접속", "로봇이 아닙니다", // Japanese, Korean
	"安全验证", "人机验证", "人机身份", "机器人", "异常访问", "访问异常", "安全驗證", // Chinese
}

// imageRules know gates that show a picture of their own to be read.
func imageRules() []Rule {
	return []Rule{{
		Name: "image-gate", Vendor: Generic, Kind: KindImage, Verdict: Challenged, Confidence: Medium,
		Markers: []string{"captcha"},
		Match: func(p *Page) bool {
			return p.survey().textInputs == 1 && p.Short() && imageCaptcha(p) != "" && gate(p) && p.Says(gateWords...)
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
	for _, part := range []string{"captcha", "Captcha", "CAPTCHA"} {
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
	for _, phrase := range slices.Concat(refusalWords, challengeWords) {
		if len(phrase) >= minWord {
			words = append(words, phrase)
		}
	}
	return slices.Concat(
		notice(Rule{
			Name: "generic-block", Vendor: Generic, Verdict: Blocked, Confidence: Low, Markers: words,
			Match: func(p *Page) bool {
				return lone(p) && p.Says(refusalWords...) && (p.Says(traceWords...) || p.Status >= 400)
			},
		}),
		notice(Rule{
			Name: "generic-challenge", Vendor: Generic, Kind: KindScript, Verdict: Challenged, Confidence: Low, Markers: words,
			Match: func(p *Page) bool {
				return lone(p) && p.Says(challengeWords...) && (p.Status == 0 && p.TextLen() < 2*maxLoneText || p.Status >= 400)
			},
		}),
	)
}

// lone tells whether the page is a notice and no article, form or application.
func lone(p *Page) bool {
	s := p.survey()
	return p.Short() && !s.has("article", "nav", "video", "table") && s.choices == 0 && p.Status != 404 && p.Status != 410 &&
		(p.Status == 0 || p.Status >= 400)
}

var (
	// refusalWords are what a refusal says.
	refusalWords = []string{
		"you have been blocked", "your access has been blocked", "your ip has been blocked", "your ip address has been blocked",
		"has been blocked", "access to this page has been denied", "unusual traffic", "unusual activity", "suspicious activity",
		"automated access", "automated requests", "automated queries", "automated tools", "automated traffic", "looks like a bot",
		"identified as a bot", "detected as a bot", "bot activity", "disable your vpn", "turn off your vpn", "vpn or proxy",
		"anonymizing proxy", "rejected by the security", "blocked by security", "security policy", "security rules", "request was blocked",
		"request has been blocked", "request blocked",
		"ваш запрос выглядит необычно", "за автоматические", "подозрительная активность", "доступ ограничен", "доступ заблокирован", "отключите vpn",
		"zugriff wurde blockiert", "wurde gesperrt", "accès a été bloqué", "ha sido bloqueado", "foi bloqueado", "è stato bloccato",
		"访问被拒绝", "您的访问被阻断", "您的请求", "访问过于频繁", "已被拦截", "アクセスが拒否", "차단되었습니다",
	}
	// traceWords are how it lets itself be traced.
	traceWords = []string{
		"request id", "reference", "incident", "event id", "ray id", "block id", "support id", "trace id", "error code", "your ip",
		"ip address", "ip-adresse", "adresse ip", "dirección ip", "ip-адрес", "ваш ip", "client ip", "ip:", "ref:", "id:", "uuid", "请求", "事件",
	}
	// challengeWords are what a check by script says while it runs.
	challengeWords = []string{
		"checking your browser", "verifying your browser", "verify you are human", "verifying you are human", "verify that you are human",
		"verify you are a human", "verify that you are a human", "please verify you are not a robot", "are you a robot?", "robot or human?",
		"making sure you're not a bot", "checking you are not a bot", "confirm you are human", "confirm that you are human",
		"checking if the site connection is secure", "establishing a secure connection", "browser integrity check",
		"enable javascript and cookies to continue", "press & hold", "press and hold",
		"проверка браузера", "проверяем ваш браузер", "подтвердите, что вы не робот", "overprüfung ihres browsers", "vérification de votre navigateur",
		"正在验证您是否是真人", "请完成安全验证", "人机验证", "安全验证",
	}
)

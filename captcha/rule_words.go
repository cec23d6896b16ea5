package captcha

// gateWords are what a gate says and a form with a widget does not, in the
// languages of those who met them most.
var gateWords = []string{
	"you are human", "you're human", "you are a human", "you're a human", "i am human", "i'm human", "are you human", "are you a human", "a human being",
	"not a robot", "are a robot", "you a robot", "be a robot", "robot check", "not a bot", "a real person", "prove you", "prove that you",
	"unusual traffic", "unusual activity", "suspicious activity", "automated requests", "automated traffic", "automated queries",
	"bot detection", "checking your browser", "you have been blocked", "temporarily blocked", "too many requests",
	"kein roboter", "ein mensch sind", "ungewöhnlich", // German
	"pas un robot", "êtes humain", "trafic inhabituel", "activité inhabituelle", // French
	"no soy un robot", "no eres un robot", "eres humano", "tráfico inusual", // Spanish
	"não sou um robô", "não é um robô", "você é humano", // Portuguese
	"non sono un robot", "non sei un robot", "sei umano", // Italian
	"geen robot", "ben je een mens", "je een mens bent", "u een mens bent", // Dutch
	"не робот", "вы человек", "подозрительн", "автоматическ", "необычн", // Russian
	"nie jesteś robotem", "nie jestem robotem", "jesteś człowiekiem", // Polish
	"robot değil", "robot olmadığ", "insan olduğunu", // Turkish
	"inte är en robot", "är en människa", "ikke er en robot", "er et menneske", "et ole robotti", "olet ihminen", // Swedish, Danish and Norwegian, Finnish
	"nejste robot", "nejsem robot", "jste člověk", "nie ste robot", "nie som robot", "nem robot", // Czech, Slovak, Hungarian
	"nu ești un robot", "nu sunteți un robot", "nu sunt robot", "ви людина", "не сте робот", "δεν είστε ρομπότ", "δεν είμαι ρομπότ", // Romanian, Ukrainian, Bulgarian, Greek
	"không phải là robot", "không phải là người máy", "bukan robot", "ไม่ใช่หุ่นยนต์", "ไม่ใช่โปรแกรมอัตโนมัติ", // Vietnamese, Indonesian, Thai
	"لست روبوت", "لست برنامج روبوت", "ربات نیستید", "ربات نیستم", "לא רובוט", "אינך רובוט", // Arabic, Persian, Hebrew
	"ロボットではありません", "ロボットではない", "로봇이 아닙니다", "로봇이 아님", "비정상적인 접근", // Japanese, Korean
	"人机验证", "人机身份", "机器人", "异常访问", "访问异常", "访问频繁", "異常", // Chinese
}

// softWords are what a gate may say, but a form with one field may as well.
var softWords = []string{
	"human verification", "security challenge", "complete the challenge below", "security check", "security verification", "security measure", "verify yourself", "verification required",
	"browser verification", "before you continue", "before we continue", "before continuing", "to continue, please", "please verify",
	"solve the captcha", "complete the captcha", "complete the verification", "complete the security", "captcha to continue", "captcha to proceed", "enter the captcha",
	"access denied", "one more step", "one last step", "robot or human", "are you real",
	"sicherheitsabfrage", "sicherheitsüberprüfung", "sicherheitsprüfung", "vérification de sécurité", "verificación de seguridad", "verificação de segurança",
	"verifica di sicurezza", "проверка безопасности", "안전한 접속", "자동입력 방지", "보안문자", "安全验证", "安全驗證", "完成验证", "完成驗證", "验证码", "驗證碼",
}

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
		"automated traffic", "looks like a bot", "identified as a bot", "detected as a bot", "bot activity",
		"anonymizing proxy", "blocked by security", "your request was blocked", "this request was blocked", "your request has been blocked", "this request has been blocked", "the request has been blocked", "request blocked",
		"too many requests from your", "blocked your request", "blocked by the defense system", "blocked and logged", "request has been refused",
		"rated as suspicious", "flagged by our security", "flagged your request", "firewall blocked", "by the system firewall",
		"has been blocked due to", "why blocked:", "access to the website is blocked", "you have been banned",
		"access from your country", "has been blacklisted", "is blacklisted", "on a blocklist",
	}
	// foreignRefusals are the same in other languages.
	foreignRefusals = []string{
		"ваш запрос выглядит необычно", "за автоматические", "подозрительная активность", "доступ ограничен", "доступ заблокирован", "запрос заблокирован", "отключите vpn",
		"zugriff wurde blockiert", "zugriff wurde verweigert", "accès a été bloqué", "ha sido bloqueado", "foi bloqueado", "è stato bloccato", "erişiminiz engellen", "erişim engellendi", "dostęp został zablokowany", "toegang is geblokkeerd", "acesso bloqueado", "acceso bloqueado", "requête a été bloquée",
		"访问被拒绝", "被阻断", "访问过于频繁", "访问频繁", "已被拦截", "アクセスが拒否", "차단되었습니다",
	}
	// accountWords are of a refusal that another visit would meet as well.
	accountWords = []string{"your account", "password"}
	// deniedWords are what any door says. Only beside the visitor's address do they
	// mean the visitor and not the page.
	deniedWords = []string{
		"access denied", "access is denied", "denied access", "access restricted", "access is restricted", "access forbidden", "access blocked",
		"not allowed to access", "not permitted to access", "403 forbidden", "disable your vpn", "turn off your vpn", "vpn or proxy",
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
		"client challenge", "ddos protection", "show us your human side", "验证码中间页", "百度安全验证", "人机验证", "安全验证", "访问验证",
	}
)

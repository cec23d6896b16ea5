package solver

import (
	"net/http"
	"time"

	"github.com/godwit-go/godwit/captcha"
	"github.com/godwit-go/godwit/trip"
)

// dialect is how one service wants to be spoken to. Dialects are never changed.
type dialect struct {
	name string
	url  string
	wire func(*Service) wire
	soft string // what the affiliate's number is called

	kinds   map[captcha.Kind]kind
	cookies func([]*http.Cookie) any
	proxy   proxyForm

	pace   pace
	paces  map[captcha.Kind]pace
	polls  int           // how often a task may be asked about; 0 = without bound
	rest   time.Duration // how long a refused account is left alone
	prices map[captcha.Kind]trip.USD
	// charged are the failures of a task that are paid for.
	charged []Class
	// report returns the path and the fields of a report; no path when the
	// service takes none.
	report func(kind captcha.Kind, accepted bool) (path string, fields map[string]any)
	// reportWithin is how late a report may come; 0 = at any time.
	reportWithin time.Duration
}

// pace is a service's rule for polling.
type pace struct{ first, every, floor time.Duration }

// priceAny is what kinds without a price of their own are reserved at: above
// what the services' examples show for anything but the rarest kinds.
const priceAny trip.USD = 3000

// The price tables hold documented examples, rounded up where services quote a
// range; they bound what is reserved, and count where a service does not tell its
// cost. Config.Prices overrides them.
var (
	twoCaptchaPrices = map[captcha.Kind]trip.USD{
		captcha.KindImage: 1000, KindText: 1000, captcha.KindTurnstile: 1450, captcha.KindAWSWAF: 1450,
		captcha.KindRecaptchaV2: 2990, captcha.KindRecaptchaV2Invisible: 2990, captcha.KindRecaptchaV3: 2990,
	}
	antiCaptchaPrices = map[captcha.Kind]trip.USD{captcha.KindImage: 700}
)

var dialects = map[string]*dialect{
	NameTwoCaptcha: {
		name: NameTwoCaptcha, url: "https://api.2captcha.com", wire: jsonWire, soft: "softId",
		kinds: twoCaptchaKinds, cookies: pairs("=", "; "), proxy: proxyFields,
		pace: pace{5 * time.Second, 5 * time.Second, 5 * time.Second},
		rest: 5 * time.Minute, prices: twoCaptchaPrices,
		report: func(_ captcha.Kind, accepted bool) (string, map[string]any) {
			if accepted {
				return "/reportCorrect", nil
			}
			return "/reportIncorrect", nil
		},
	},
	NameTwoCaptchaLegacy: {
		name: NameTwoCaptchaLegacy, url: "https://2captcha.com", wire: formWire, soft: "soft_id",
		kinds: legacyKinds, cookies: pairs(":", ";"), proxy: proxyPair,
		pace: pace{5 * time.Second, 5 * time.Second, 5 * time.Second},
		rest: 5 * time.Minute, prices: twoCaptchaPrices,
		report: func(_ captcha.Kind, accepted bool) (string, map[string]any) {
			if accepted {
				return "reportgood", nil
			}
			return "reportbad", nil
		},
	},
	NameAntiCaptcha: {
		name: NameAntiCaptcha, url: "https://api.anti-captcha.com", wire: jsonWire, soft: "softId",
		kinds: antiCaptchaKinds, cookies: pairs("=", "; "), proxy: proxyAddress,
		pace: pace{5 * time.Second, 5 * time.Second, time.Second},
		rest: 5 * time.Minute, prices: antiCaptchaPrices,
		charged: []Class{Unsolvable}, // five workers have tried
		report:  antiCaptchaReport, reportWithin: time.Minute,
	},
	NameCapSolver: {
		name: NameCapSolver, url: "https://api.capsolver.com", wire: jsonWire, soft: "appId",
		kinds: capSolverKinds, cookies: objects, proxy: proxyString,
		pace: pace{0, 3 * time.Second, 3 * time.Second}, polls: 120,
		rest: 10 * time.Minute,
		report: func(_ captcha.Kind, accepted bool) (string, map[string]any) {
			return "/feedbackTask", map[string]any{"result": map[string]any{"invalid": !accepted}}
		},
	},
	NameCapMonster: {
		name: NameCapMonster, url: "https://api.capmonster.cloud", wire: jsonWire, soft: "softId",
		kinds: capMonsterKinds, cookies: pairs("=", "; "), proxy: proxyFields,
		pace: pace{time.Second, 3 * time.Second, 2 * time.Second}, polls: 120,
		paces:   map[captcha.Kind]pace{captcha.KindImage: {350 * time.Millisecond, 2 * time.Second, 2 * time.Second}},
		rest:    10 * time.Minute,
		charged: []Class{Stale},
		report: func(kind captcha.Kind, accepted bool) (string, map[string]any) {
			switch {
			case accepted:
				return "", nil
			case kind == captcha.KindImage:
				return "/reportIncorrectImageCaptcha", nil
			}
			return "/reportIncorrectTokenCaptcha", nil
		},
	},
}

func antiCaptchaReport(kind captcha.Kind, accepted bool) (string, map[string]any) {
	switch kind {
	case captcha.KindImage:
		if !accepted {
			return "/reportIncorrectImageCaptcha", nil
		}
	case captcha.KindHCaptcha:
		if !accepted {
			return "/reportIncorrectHcaptcha", nil
		}
	case captcha.KindRecaptchaV2, captcha.KindRecaptchaV2Invisible, captcha.KindRecaptchaV2Enterprise,
		captcha.KindRecaptchaV3, captcha.KindRecaptchaV3Enterprise:
		if accepted {
			return "/reportCorrectRecaptcha", nil
		}
		return "/reportIncorrectRecaptcha", nil
	}
	return "", nil
}

package captcha

import (
	"encoding"
	"fmt"
	"net/http"
	"net/url"
	"slices"
)

// Verdict is what a response turned out to be.
type Verdict uint8

const (
	// None is an ordinary response. It is the zero Verdict.
	None Verdict = iota
	// Widget is an ordinary page that carries a CAPTCHA of its own, say in its
	// login or comment form. It does not stand in the way of the content.
	Widget
	// Challenged is a page that stands in the way of the content until the
	// visitor has proved something.
	Challenged
	// Blocked is a refusal that no answer lifts: leave by another egress, never pay.
	Blocked
)

var verdictNames = [...]string{"none", "widget", "challenge", "blocked"}

var (
	_ encoding.TextMarshaler   = Verdict(0)
	_ encoding.TextUnmarshaler = (*Verdict)(nil)
)

// String returns the verdict in lower case, as logs, metrics and JSON have it.
func (v Verdict) String() string {
	if int(v) < len(verdictNames) {
		return verdictNames[v]
	}
	return fmt.Sprintf("Verdict(%d)", uint8(v))
}

// MarshalText writes the verdict as [Verdict.String] has it.
func (v Verdict) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// UnmarshalText reads what [Verdict.MarshalText] wrote.
func (v *Verdict) UnmarshalText(text []byte) error {
	i := slices.Index(verdictNames[:], string(text))
	if i < 0 {
		return fmt.Errorf("captcha: verdict %.40q, want one of %q", text, verdictNames)
	}
	*v = Verdict(i)
	return nil
}

// Vendor names who put up the challenge. User rules may add their own.
type Vendor string

// The vendors that the built-in rules know.
const (
	Akamai     Vendor = "akamai"
	Alibaba    Vendor = "alibaba"
	Amazon     Vendor = "amazon" // the shop's own robot check; the cloud's is AWSWAF
	Anubis     Vendor = "anubis"
	Arkose     Vendor = "arkose"
	AWSWAF     Vendor = "aws-waf"
	Baidu      Vendor = "baidu"
	Bunny      Vendor = "bunny"
	Cloudflare Vendor = "cloudflare"
	CloudFront Vendor = "cloudfront"
	CrowdSec   Vendor = "crowdsec"
	DataDome   Vendor = "datadome"
	DDoSGuard  Vendor = "ddos-guard"
	Distil     Vendor = "distil"
	DuckDuckGo Vendor = "duckduckgo"
	EBay       Vendor = "ebay"
	F5         Vendor = "f5" // BIG-IP ASM, TSPD and Shape
	Fastly     Vendor = "fastly"
	Friendly   Vendor = "friendly-captcha"
	GeeTest    Vendor = "geetest"
	Generic    Vendor = "generic" // a gate that no vendor signed
	Google     Vendor = "google"  // the search engine's /sorry page
	HCaptcha   Vendor = "hcaptcha"
	Imperva    Vendor = "imperva"
	Imunify    Vendor = "imunify360"
	Kasada     Vendor = "kasada"
	LinkedIn   Vendor = "linkedin"
	PerimeterX Vendor = "perimeterx" // now HUMAN
	Qrator     Vendor = "qrator"
	Radware    Vendor = "radware"
	ReCAPTCHA  Vendor = "recaptcha"
	SafeLine   Vendor = "safeline"
	SiteGround Vendor = "siteground"
	Sucuri     Vendor = "sucuri"
	Tencent    Vendor = "tencent"
	Turnstile  Vendor = "turnstile" // Cloudflare's widget on a site's own page
	Vercel     Vendor = "vercel"
	Wordfence  Vendor = "wordfence"
	Yandex     Vendor = "yandex"
)

// Kind names what has to be solved, which decides the solvers and the ways of
// submission that fit. One vendor may put up several kinds: Cloudflare's page of
// 2019 asks for a reCAPTCHA. User rules may add their own.
type Kind string

// The kinds that the built-in rules tell apart.
const (
	KindRecaptchaV2           Kind = "recaptcha-v2"
	KindRecaptchaV2Invisible  Kind = "recaptcha-v2-invisible"
	KindRecaptchaV2Enterprise Kind = "recaptcha-v2-enterprise"
	KindRecaptchaV3           Kind = "recaptcha-v3"
	KindRecaptchaV3Enterprise Kind = "recaptcha-v3-enterprise"
	KindHCaptcha              Kind = "hcaptcha"
	KindTurnstile             Kind = "turnstile"
	KindGeeTestV3             Kind = "geetest-v3"
	KindGeeTestV4             Kind = "geetest-v4"
	KindFunCaptcha            Kind = "funcaptcha"
	KindFriendly              Kind = "friendly-captcha"
	KindYandex                Kind = "yandex-smartcaptcha"
	KindImage                 Kind = "image"
	// KindCloudflare is Cloudflare's interstitial; a cf_clearance cookie lifts it.
	KindCloudflare Kind = "cloudflare-challenge"
	// KindDataDome is DataDome's slider or device check; a datadome cookie lifts it.
	KindDataDome Kind = "datadome"
	// KindAWSWAF is AWS WAF's challenge or puzzle; an aws-waf-token cookie lifts it.
	KindAWSWAF Kind = "aws-waf"
	// KindImperva is Imperva's script or frame; a reese84 or ___utmvc cookie lifts it.
	KindImperva Kind = "imperva"
	// KindPerimeterX is HUMAN's press-and-hold; a _px3 cookie lifts it.
	KindPerimeterX Kind = "perimeterx"
	// KindF5 is the TSPD script of F5; a TS cookie lifts it.
	KindF5 Kind = "f5-tspd"
	// KindButton is a form that only has to be sent: nothing is solved or paid.
	KindButton Kind = "button"
	// KindScript is work for a browser's script engine that no solving service sells.
	KindScript Kind = "script"
	// KindBlock is no challenge but a refusal.
	KindBlock Kind = "block"
)

// The keys of [Challenge.Params]. A vendor's other values are kept under the name
// that its page gives them, such as "cRay" or "_pxAppId".
const (
	ParamGT              = "gt"              // GeeTest v3: the site's id
	ParamChallenge       = "challenge"       // GeeTest v3: good for one answer
	ParamCaptchaID       = "captcha_id"      // GeeTest v4: the site's id
	ParamAPIServer       = "apiServer"       // GeeTest v3: host of the API; absent = the default
	ParamDataS           = "data-s"          // reCAPTCHA of Google's own pages: good for one answer
	ParamInvisible       = "invisible"       // "true" when the widget shows no box
	ParamIV              = "iv"              // AWS WAF
	ParamContext         = "context"         // AWS WAF
	ParamChallengeScript = "challengeScript" // AWS WAF: URL of challenge.js
	ParamCaptchaScript   = "captchaScript"   // AWS WAF: URL of captcha.js
	ParamCaptchaURL      = "captchaUrl"      // DataDome: URL of the page in the frame
	ParamImageURL        = "imageUrl"        // image: where the picture is
	ParamSubdomain       = "surl"            // Arkose: origin of the API
	ParamBlob            = "blob"            // Arkose: good for one answer
	ParamResponseField   = "responseField"   // name of the field that takes the token, when the page says so
)

// How sure a rule is. A user's rule may say any number between.
const (
	// Certain is a response header with one documented meaning.
	Certain = 1.0
	// High is a structure that only the vendor's challenge page has.
	High = 0.9
	// Medium is a widget or script with next to nothing around it.
	Medium = 0.7
	// Low is no more than wording on a short page.
	Low = 0.4
)

// Challenge tells what a response is and, when it stands in the way, what a solver
// has to know about it. The zero Challenge is an ordinary response.
type Challenge struct {
	// Verdict decides whether any of the rest matters.
	Verdict Verdict
	// Vendor is who put it up. Empty with [None].
	Vendor Vendor
	// Kind is what has to be solved. Empty with [None].
	Kind Kind
	// URL is the address of the page, which for a redirect to a challenge is the
	// page redirected to. Nil when it was not known.
	URL *url.URL
	// Status is the response's status code. 0 = not known.
	Status int
	// Header is the response's header; shared, not to be written to.
	Header http.Header
	// SiteKey is the site's public key with the vendor, whatever the vendor
	// calls it. Empty when the page does not give it.
	SiteKey string
	// Action is the widget's action, for those that check it.
	Action string
	// CData is the Turnstile widget's customer data.
	CData string
	// Params holds what else the page gives away, under the Param constants or
	// the vendor's own names. Nil when there is nothing.
	Params map[string]string
	// Form is the form that takes the answer. Nil when the page has none.
	Form *Form
	// Solvable tells whether any answer lifts it: true for every [Challenged]
	// page that a person could get past, false for the rest.
	Solvable bool
	// Confidence runs from 0 to 1; see [Certain], [High], [Medium], [Low].
	Confidence float64
	// Rule names the rule that decided, for logs and tests. Empty with [None].
	Rule string
	// Body is as much of the page as was looked at; shared, not to be written
	// to. Nil when the header decided and nothing was read.
	Body []byte
}

// Stands tells whether the response is anything but the content asked for.
func (c *Challenge) Stands() bool {
	return c != nil && (c.Verdict == Challenged || c.Verdict == Blocked)
}

// String tells the challenge in a few words, without anything secret in it:
// "challenge cloudflare/cloudflare-challenge (cloudflare-chl-opt)".
func (c *Challenge) String() string {
	if c == nil || c.Verdict == None {
		return None.String()
	}
	return fmt.Sprintf("%s %s/%s (%s)", c.Verdict, c.Vendor, c.Kind, c.Rule)
}

// Form is a form of the page as a browser would send it, before the answer.
type Form struct {
	// Action is where it goes: absolute when the page's address was known.
	Action *url.URL
	// Method is GET or POST.
	Method string
	// Fields are the inputs to be sent along, hidden ones mostly, in the page's order.
	Fields []Field
}

// Field is one name and its value in a [Form].
type Field struct {
	Name  string
	Value string
}

// Values returns the fields in the form that net/http sends. The caller owns the result.
func (f *Form) Values() url.Values {
	v := make(url.Values, len(f.Fields)+1)
	for _, field := range f.Fields {
		v.Add(field.Name, field.Value)
	}
	return v
}

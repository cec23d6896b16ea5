package captcha

import (
	"bytes"
	"cmp"
	"net/url"
	"regexp"
	"strings"
)

// The shapes of the vendors' keys.
var (
	recaptchaKey = regexp.MustCompile(`^6L[0-9A-Za-z_-]{38}$`)
	turnstileKey = regexp.MustCompile(`^[0-3]x[0-9A-Za-z_-]{20,40}$`)
	uuid         = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)
	hex32        = regexp.MustCompile(`^[0-9a-f]{32}$`)
	yandexKey    = regexp.MustCompile(`^ysc1_[0-9A-Za-z]{8,80}$`)
)

func isRecaptchaKey(s string) bool { return recaptchaKey.MatchString(s) }
func isTurnstileKey(s string) bool { return turnstileKey.MatchString(s) }
func isUUID(s string) bool         { return uuid.MatchString(s) }
func isHex32(s string) bool        { return hex32.MatchString(s) }
func isYandexKey(s string) bool    { return yandexKey.MatchString(s) }
func isWord(s string) bool         { return s != "" }

// isKnownKey tells whether s has the shape of some vendor's keys.
func isKnownKey(s string) bool {
	return isRecaptchaKey(s) || isTurnstileKey(s) || isUUID(s) || isYandexKey(s)
}

// keyNames are the names under which the vendors' functions take the key.
var keyNames = map[Vendor][]string{
	ReCAPTCHA: {"sitekey", "siteKey", "site_key"},
	HCaptcha:  {"sitekey", "siteKey", "site_key"},
	Turnstile: {"sitekey", "siteKey", "site_key"},
	Yandex:    {"sitekey", "siteKey"},
	Arkose:    {"publicKey", "public_key", "pkey"},
	GeeTest:   {"captchaId", "captcha_id", "gt"},
}

// literal looks for the key that the page's scripts hand to the widget:
// sitekey: "…". Only a string of the vendor's shape counts.
func literal(scripts [][]byte, vendor Vendor, isKey func(string) bool) string {
	for _, script := range scripts {
		for _, name := range keyNames[vendor] {
			for rest := script; ; {
				_, after, ok := bytes.Cut(rest, []byte(name))
				if !ok {
					break
				}
				rest = after
				after = bytes.TrimLeft(clip(after, 256), `"' `+"\t")
				if after, ok = bytes.CutPrefix(after, []byte(":")); !ok {
					continue
				}
				if key := text(after); isKey(key) {
					return key
				}
			}
		}
	}
	return ""
}

func detailKind(kind Kind) func(*Page, *found) {
	return func(_ *Page, w *found) { w.kind = kind }
}

func (w *found) set(key, value string) {
	if value == "" {
		return
	}
	if w.params == nil {
		w.params = make(map[string]string)
	}
	w.params[key] = value
}

// query returns the parameters of an address that may be a frame's or script's.
func query(u *url.URL) url.Values {
	if u == nil {
		return nil
	}
	return u.Query()
}

func detailRecaptcha(p *Page, w *found) {
	src, _ := url.Parse(w.script)
	render := query(src).Get("render")
	frame := query(w.frame)
	if w.siteKey == "" {
		w.siteKey = cmp.Or(frame.Get("k"), query(src).Get("k"))
	}
	v3 := isRecaptchaKey(render) && w.attrs == nil
	if v3 && w.siteKey == "" {
		w.siteKey = render
	}
	if w.siteKey == "" || v3 && w.siteKey == render {
		if key := text(p.called("execute")); isRecaptchaKey(key) {
			w.siteKey, v3 = key, true
		}
	}
	w.action = w.attrs["data-action"]
	w.set(ParamDataS, cmp.Or(w.attrs["data-s"], frame.Get("s")))
	invisible := w.attrs["data-size"] == "invisible" || frame.Get("size") == "invisible"
	if invisible {
		w.set(ParamInvisible, "true")
	}
	enterprise := strings.Contains(w.script, "/recaptcha/enterprise.js") ||
		w.frame != nil && strings.Contains(w.frame.Path, "/recaptcha/enterprise/")
	switch {
	case v3 && enterprise:
		w.kind = KindRecaptchaV3Enterprise
	case v3:
		w.kind = KindRecaptchaV3
	case enterprise:
		w.kind = KindRecaptchaV2Enterprise
	case invisible:
		w.kind = KindRecaptchaV2Invisible
	default:
		w.kind = KindRecaptchaV2
	}
	if v3 {
		w.action = cmp.Or(w.action, actionOf(p))
		w.mounted = false // it never asks, so it never stands in the way
	}
}

// actionOf returns the action that the page's script names: execute(key, {action:
// "login"}).
func actionOf(p *Page) string {
	args := p.called("execute")
	if i := bytes.IndexByte(clip(args, 512), '{'); i >= 0 {
		return object(args[i:])["action"]
	}
	return ""
}

func detailHCaptcha(_ *Page, w *found) {
	w.kind = KindHCaptcha
	if w.siteKey == "" && w.frame != nil {
		fragment, _ := url.ParseQuery(w.frame.Fragment)
		w.siteKey = fragment.Get("sitekey")
	}
	if w.attrs["data-size"] == "invisible" {
		w.set(ParamInvisible, "true")
	}
}

func detailTurnstile(p *Page, w *found) {
	w.kind = KindTurnstile
	if w.siteKey == "" && w.frame != nil {
		for part := range strings.SplitSeq(w.frame.Path, "/") {
			if isTurnstileKey(part) {
				w.siteKey = part
			}
		}
	}
	options := object(objectIn(p.called("render")))
	w.action = cmp.Or(w.attrs["data-action"], options["action"])
	w.cData = cmp.Or(w.attrs["data-cdata"], options["cData"])
	w.set(ParamResponseField, cmp.Or(w.attrs["data-response-field-name"], options["response-field-name"]))
}

// objectIn returns the arguments of a call from its first object on.
func objectIn(args []byte) []byte {
	if i := bytes.IndexByte(clip(args, 512), '{'); i >= 0 {
		return args[i:]
	}
	return nil
}

func detailArkose(_ *Page, w *found) {
	w.kind = KindFunCaptcha
	for _, address := range []string{w.script, frameAddress(w)} {
		u, err := url.Parse(address)
		if err != nil || u.Host == "" {
			continue
		}
		if strings.Contains(u.Host, "arkoselabs.com") || strings.Contains(u.Host, "funcaptcha.com") {
			w.set(ParamSubdomain, "https://"+u.Host)
		}
		for part := range strings.SplitSeq(u.Path, "/") {
			if w.siteKey == "" && isUUID(part) {
				w.siteKey = part
			}
		}
		if w.siteKey == "" && isUUID(u.RawQuery) {
			w.siteKey = u.RawQuery
		}
		if key := cmp.Or(u.Query().Get("pkey"), u.Query().Get("pk")); w.siteKey == "" && isUUID(key) {
			w.siteKey = key
		}
	}
	w.set(ParamBlob, w.attrs["data-blob"])
}

func frameAddress(w *found) string {
	if w.frame == nil {
		return ""
	}
	return w.frame.String()
}

func detailGeeTest(p *Page, w *found) {
	w.kind = KindGeeTestV3
	options := object(p.called("initGeetest"))
	if v4 := object(p.called("initGeetest4")); v4 != nil || strings.Contains(w.script, "gt4.js") {
		options, w.kind = v4, KindGeeTestV4
	}
	switch w.kind {
	case KindGeeTestV4:
		w.siteKey = cmp.Or(options["captchaId"], w.siteKey)
		w.set(ParamCaptchaID, w.siteKey)
	default:
		w.siteKey = cmp.Or(options["gt"], w.attrs["data-gt"], w.siteKey)
		w.set(ParamGT, w.siteKey)
		w.set(ParamChallenge, cmp.Or(options["challenge"], w.attrs["data-challenge"]))
		w.set(ParamAPIServer, options["api_server"])
	}
	if options != nil || p.survey().classes.with("geetest_") != "" {
		w.mounted = true
	}
}

package solver

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/godwit-go/godwit/captcha"
)

// answer is what a service gives for a finished task.
type answer struct {
	members map[string]any // of the solution object
	plain   string         // the solution where it is no object
	cost    string         // as the service writes it; empty when it does not tell
	agent   string         // beside the solution
}

// lives is how long tokens of a kind are good after they were earned.
var lives = map[captcha.Kind]time.Duration{
	captcha.KindRecaptchaV2: 2 * time.Minute, captcha.KindRecaptchaV2Invisible: 2 * time.Minute,
	captcha.KindRecaptchaV2Enterprise: 2 * time.Minute, captcha.KindRecaptchaV3: 2 * time.Minute,
	captcha.KindRecaptchaV3Enterprise: 2 * time.Minute, captcha.KindHCaptcha: 2 * time.Minute,
	captcha.KindTurnstile: 5 * time.Minute,
}

// cookieAnswers are the kinds whose answer is a cookie even where a service gives
// it as bare text, with the cookie's name where the text is the value alone.
var cookieAnswers = map[captcha.Kind]string{
	captcha.KindDataDome: "datadome", captcha.KindAWSWAF: "aws-waf-token", captcha.KindCloudflare: "cf_clearance",
	captcha.KindImperva: "", captcha.KindPerimeterX: "", captcha.KindF5: "",
}

// geetest are the parts of GeeTest's answers, and the form fields they go into.
var geetest = map[captcha.Kind]map[string]string{
	captcha.KindGeeTestV3: {"challenge": "geetest_challenge", "validate": "geetest_validate", "seccode": "geetest_seccode"},
	captcha.KindGeeTestV4: {
		"captcha_id": "captcha_id", "lot_number": "lot_number", "pass_token": "pass_token",
		"gen_time": "gen_time", "captcha_output": "captcha_output",
	},
}

// read makes a solution of an answer. It is false when there is nothing in it.
func (a answer) read(kind captcha.Kind, now time.Time) (captcha.Solution, bool) {
	s := captcha.Solution{ObtainedAt: now, UserAgent: a.agent}
	if life, ok := lives[kind]; ok {
		s.ExpiresAt = now.Add(life)
	}
	members := a.members
	if members == nil {
		members = map[string]any{}
		if err := json.Unmarshal([]byte(a.plain), &members); err != nil {
			members = map[string]any{}
			s.Token = a.plain
		}
	}
	if s.UserAgent == "" {
		s.UserAgent = agentIn(members)
	}
	if s.Token == "" {
		s.Token = first(members, "gRecaptchaResponse", "token", "text", "answer")
	}
	name, wantsCookie := cookieAnswers[kind]
	s.Cookies = cookiesIn(members, name)
	switch {
	case wantsCookie:
		if len(s.Cookies) == 0 && s.Token != "" {
			s.Cookies = cookiesFrom(name, s.Token)
		}
		s.Token = ""
		s.Fields = pick(members, map[string]string{
			captcha.FieldVoucher: captcha.FieldVoucher, captcha.FieldExistingToken: captcha.FieldExistingToken,
		})
	case geetest[kind] != nil:
		s.Fields = pick(members, geetest[kind])
	case twoCaptchaKinds[kind].fields == nil: // none of ours: whoever asked knows what to look for
		s.Fields = stringsIn(members)
	}
	return s, s.Token != "" || len(s.Cookies) > 0 || len(s.Fields) > 0
}

// pick takes members by name, with or without the prefix "geetest_", under the
// names of their form fields.
func pick(members map[string]any, names map[string]string) map[string]string {
	var fields map[string]string
	for name, field := range names {
		v := first(members, name, "geetest_"+name)
		if v == "" {
			continue
		}
		if fields == nil {
			fields = make(map[string]string, len(names))
		}
		fields[field] = v
	}
	return fields
}

func stringsIn(members map[string]any) map[string]string {
	fields := make(map[string]string)
	for name := range members {
		if v := first(members, name); v != "" {
			fields[name] = v
		}
	}
	return fields
}

// first returns the first of the named members that is text or a number.
func first(members map[string]any, names ...string) string {
	for _, name := range names {
		switch v := members[name].(type) {
		case string:
			if v != "" {
				return v
			}
		case json.Number:
			return v.String()
		}
	}
	return ""
}

// agentIn finds the user agent wherever services put it.
func agentIn(members map[string]any) string {
	if ua := first(members, "userAgent", "useragent", "user_agent", "User-Agent", "user-agent"); ua != "" {
		return ua
	}
	for _, name := range [...]string{"headers", "fingerprint"} {
		inner, _ := members[name].(map[string]any)
		if inner == nil {
			continue
		}
		if ua := first(inner, "User-Agent", "user-agent", "userAgent", "self.navigator.userAgent"); ua != "" {
			return ua
		}
	}
	return ""
}

// cookiesIn finds the cookies in any of the shapes that services give them in. A
// bare text is the value of the cookie called name.
func cookiesIn(members map[string]any, name string) []*http.Cookie {
	for _, member := range [...]string{"cookies", "Cookies", "cookie"} {
		text, bare := members[member].(string)
		if found := cookiesFrom(name, text); bare && len(found) > 0 {
			return found
		}
		if found := cookiesAs("", members[member]); len(found) > 0 {
			return found
		}
	}
	for _, member := range [...]string{"domains", "Domains"} {
		hosts, _ := members[member].(map[string]any)
		var all []*http.Cookie
		for _, host := range slices.Sorted(maps.Keys(hosts)) {
			if inner, ok := hosts[host].(map[string]any); ok {
				all = append(all, cookiesIn(inner, name)...)
			}
		}
		if len(all) > 0 {
			return all
		}
	}
	if v := first(members, "cf_clearance"); v != "" {
		return cookiesFrom("cf_clearance", v)
	}
	return nil
}

// cookiesAs reads text, an object of names and values, or a list of objects.
func cookiesAs(name string, v any) []*http.Cookie {
	var all []*http.Cookie
	switch v := v.(type) {
	case string:
		return cookiesFrom(name, v)
	case map[string]any:
		if n := first(v, "name"); n != "" && v["value"] != nil {
			return described(n, v)
		}
		for _, n := range slices.Sorted(maps.Keys(v)) {
			all = append(all, cookiesAs(n, v[n])...)
		}
	case []any:
		for _, one := range v {
			all = append(all, cookiesAs("", one)...)
		}
	}
	return all
}

// described reads a cookie as browsers' tools describe it.
func described(name string, v map[string]any) []*http.Cookie {
	c := &http.Cookie{Name: name, Value: first(v, "value"), Domain: first(v, "domain"), Path: first(v, "path")}
	c.Secure, _ = v["secure"].(bool)
	c.HttpOnly, _ = v["httpOnly"].(bool)
	for _, key := range [...]string{"expires", "expiry", "expirationDate"} {
		if n, ok := v[key].(json.Number); ok {
			if at, err := n.Float64(); err == nil && at > 0 {
				c.Expires = time.Unix(int64(at), 0).UTC()
			}
		}
	}
	return []*http.Cookie{c}
}

// attributes are what follows a cookie in Set-Cookie; anything else behind a
// semicolon is the next cookie.
var attributes = [...]string{"path", "domain", "expires", "max-age", "secure", "httponly", "samesite", "partitioned", "priority"}

// cookiesFrom reads "name=value; attributes", "a=1; b=2", or the value of a
// cookie whose name is known, which may have attributes too.
func cookiesFrom(name, s string) []*http.Cookie {
	if strings.Contains(s, name+"=") {
		name = "" // s has it
	}
	var lines []string
	for i, part := range strings.Split(s, ";") {
		part = strings.TrimSpace(part)
		key, _, _ := strings.Cut(part, "=")
		switch {
		case part == "":
		case i == 0 && name != "":
			lines = append(lines, name+"="+part)
		case len(lines) > 0 && slices.Contains(attributes[:], strings.ToLower(strings.TrimSpace(key))):
			lines[len(lines)-1] += "; " + part
		case strings.Contains(part, "="):
			lines = append(lines, part)
		}
	}
	var all []*http.Cookie
	for _, line := range lines {
		if c, err := http.ParseSetCookie(line); err == nil {
			c.Raw, c.Unparsed = "", nil
			all = append(all, c)
		}
	}
	return all
}

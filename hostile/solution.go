package hostile

import (
	"cmp"
	"fmt"
	"net/url"
	"strings"
)

// solve makes the solution of a task, as the service to whom the task's spelling
// belongs writes it.
func (s *Solver) solve(spec taskSpec, wrong bool) (map[string]any, *solverRefusal) {
	u, err := url.Parse(spec.WebsiteURL)
	if err != nil || u.Hostname() == "" {
		return nil, refuseParameters
	}
	site := s.web.siteAt(u)
	if site == nil {
		return nil, refuseUnsolvable
	}
	kind := spec.kind()
	if kind == anyCookie {
		kind = cloudflare
		if site.gates[kind] == nil {
			kind = datadome
		}
	}
	g := site.gates[kind]
	switch {
	case kind == "":
		return nil, refuseType
	case g == nil:
		return nil, refuseUnsolvable
	case g.siteKey != "" && g.siteKey != spec.WebsiteKey:
		return nil, refuseSiteKey
	case g.siteKey != "":
		token := s.issue(g, wrong)
		answer := map[string]any{"token": token}
		if kind != turnstile {
			answer["gRecaptchaResponse"] = token
		}
		if kind != recaptcha {
			answer["userAgent"] = cmp.Or(spec.UserAgent, solverAgent)
		}
		return answer, nil
	}
	return s.clearance(g, spec, wrong)
}

// anyCookie is the kind of a task that leaves it to the service to find out what
// the challenge is.
const anyCookie challengeKind = "cookie"

// kind returns the challenge that a task type is for, empty for those that the
// service does not sell.
func (spec taskSpec) kind() challengeKind {
	name := strings.ToLower(spec.Type)
	name = strings.TrimSuffix(strings.TrimSuffix(name, "proxyless"), "task")
	switch name {
	case "recaptchav2", "recaptchav2enterprise", "recaptchav3", "nocaptcha":
		return recaptcha
	case "hcaptcha":
		return hcaptcha
	case "turnstile", "antiturnstile":
		if spec.CloudflareTaskType != "" {
			return cloudflare
		}
		return turnstile
	case "anticloudflare":
		return cloudflare
	case "antibotcookie":
		return anyCookie
	case "datadomeslider":
		return datadome
	case "amazon", "antiawswaf":
		return awswaf
	case "custom":
		return challengeKind(strings.ToLower(spec.Class))
	}
	return ""
}

// clearance gets a cookie from a gate, for the address of the client's proxy and
// the client's user agent or else the service's own.
func (s *Solver) clearance(g *gate, spec taskSpec, wrong bool) (map[string]any, *solverRefusal) {
	address, refusal := s.egress(spec)
	if refusal != nil && g.bound {
		return nil, refusal
	}
	agent := cmp.Or(spec.UserAgent, solverAgent)
	value := g.site.secret("no clearance", agent)
	if !wrong {
		value = g.grant(address, agent)
	}
	cookies := map[string]string{g.cookie: value}
	switch name := strings.ToLower(spec.Type); {
	case strings.HasPrefix(name, "turnstile"):
		return map[string]any{"cf_clearance": value}, nil
	case strings.HasPrefix(name, "custom"):
		return map[string]any{"domains": map[string]any{"https://" + g.site.host: map[string]any{"cookies": cookies}}, "userAgent": agent}, nil
	case strings.HasPrefix(name, "antibotcookie"):
		return map[string]any{"cookies": cookies, "fingerprint": map[string]any{"userAgent": agent}}, nil
	case strings.HasPrefix(name, "antiawswaf"):
		return map[string]any{"cookie": value}, nil
	case strings.HasPrefix(name, "amazon") && spec.CookieSolution:
		return map[string]any{"cookies": cookies, "userAgent": agent}, nil
	case strings.HasPrefix(name, "amazon"):
		return map[string]any{"captcha_voucher": g.voucher(value), "existing_token": g.site.secret("existing token", value)}, nil
	case g.kind == datadome:
		return map[string]any{"cookie": fmt.Sprintf("%s=%s; Max-Age=31536000; Domain=.%s; Path=/; Secure; SameSite=Lax", g.cookie, value, g.site.host)}, nil
	}
	return map[string]any{"cookies": cookies, "token": value, "headers": map[string]string{"User-Agent": agent}}, nil
}

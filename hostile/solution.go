package hostile

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// solve makes the solution of a task, as the service to whom the task's spelling
// belongs writes it.
func (s *Solver) solve(spec taskSpec, wrong bool) (map[string]any, *solverRefusal) {
	u, err := url.Parse(spec.WebsiteURL)
	if err != nil || u.Hostname() == "" {
		return nil, refuseParameters
	}
	site := s.web.sites[strings.ToLower(u.Hostname())]
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

// flareSolverr answers as FlareSolverr does: a browser on this machine opens the
// page, through the client's proxy if it named one.
func (s *Solver) flareSolverr(w http.ResponseWriter, r *http.Request) {
	start := time.Now()
	var order struct {
		Cmd   string `json:"cmd"`
		URL   string `json:"url"`
		Proxy struct {
			URL      string `json:"url"`
			Username string `json:"username"`
			Password string `json:"password"`
		} `json:"proxy"`
	}
	fail := func(message string) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusInternalServerError)
		s.say(w, map[string]any{"status": "error", "message": message, "startTimestamp": start.UnixMilli(), "endTimestamp": time.Now().UnixMilli(), "version": "3.3.21"})
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20)).Decode(&order); err != nil || order.Cmd != "request.get" {
		fail("Error: Request parameter 'cmd' is invalid.")
		return
	}
	u, err := url.Parse(order.URL)
	if err != nil || s.web.sites[strings.ToLower(u.Hostname())] == nil {
		fail("Error: Error solving the challenge. net::ERR_NAME_NOT_RESOLVED")
		return
	}
	address := "127.0.0.1"
	if order.Proxy.URL != "" {
		proxy := proxyText(order.Proxy.URL)
		var refusal *solverRefusal
		spec := taskSpec{Proxy: "http://" + url.UserPassword(order.Proxy.Username, order.Proxy.Password).String() + "@" + proxy.Host}
		if address, refusal = s.egress(spec); refusal != nil {
			fail("Error: Error solving the challenge. net::ERR_PROXY_CONNECTION_FAILED")
			return
		}
	}
	site := s.web.sites[strings.ToLower(u.Hostname())]
	cookies := make([]map[string]any, 0, 1)
	if g := site.gates[cloudflare]; g != nil {
		cookies = append(cookies, map[string]any{
			"name": g.cookie, "value": g.grant(address, solverAgent), "domain": "." + site.host, "path": "/",
			"expires": time.Now().Add(g.lasts()).Unix(), "httpOnly": true, "secure": true, "sameSite": "None",
		})
	}
	status, page := http.StatusOK, "<html><head></head><body>404 page not found</body></html>"
	if c, ok := site.content(u.Path); ok {
		page = string(c.body)
	} else {
		status = http.StatusNotFound
	}
	s.web.pause(r.Context(), s.cfg.Latency)
	s.say(w, map[string]any{
		"status": "ok", "message": "Challenge solved!", "startTimestamp": start.UnixMilli(), "endTimestamp": time.Now().UnixMilli(), "version": "3.3.21",
		"solution": map[string]any{"url": order.URL, "status": status, "headers": map[string]string{}, "response": page, "cookies": cookies, "userAgent": solverAgent},
	})
}

package hostile

import (
	"encoding/json"
	"net/http"
	"net/url"
	"time"
)

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
	if err != nil || s.web.siteAt(u) == nil {
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
	site := s.web.siteAt(u)
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

package hostile_test

import (
	"bytes"
	"encoding/json"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/godwit-go/godwit/hostile"
	"github.com/stretchr/testify/require"
)

// say sends a JSON request to the web's solver and returns its answer.
func say(t *testing.T, web *hostile.Web, path string, ask map[string]any) map[string]any {
	t.Helper()
	resp, body := sayRaw(t, web, path, ask)
	require.Equal(t, http.StatusOK, resp.StatusCode, body)
	answer := make(map[string]any)
	decoder := json.NewDecoder(strings.NewReader(body))
	decoder.UseNumber()
	require.NoError(t, decoder.Decode(&answer), body)
	return answer
}

func sayRaw(t *testing.T, web *hostile.Web, path string, ask map[string]any) (*http.Response, string) {
	t.Helper()
	if ask["clientKey"] == nil {
		ask["clientKey"] = web.Solver().Key()
	}
	text, err := json.Marshal(ask)
	require.NoError(t, err)
	return do(t, visitor(t, web, nil), request(t, http.MethodPost, web.Solver().URL()+path, bytes.NewReader(text)))
}

// solve buys a solution.
func solve(t *testing.T, web *hostile.Web, task map[string]any) map[string]any {
	t.Helper()
	created := say(t, web, "/createTask", map[string]any{"task": task})
	require.Equal(t, json.Number("0"), created["errorId"], created)
	result := say(t, web, "/getTaskResult", map[string]any{"taskId": created["taskId"]})
	require.Equal(t, "ready", result["status"], result)
	return result["solution"].(map[string]any)
}

// proxyFields says which proxy a solver is to use.
func proxyFields(proxy *hostile.Proxy, task map[string]any) map[string]any {
	port, _ := strconv.Atoi(proxy.URL().Port())
	task["proxyType"], task["proxyAddress"], task["proxyPort"] = proxy.URL().Scheme, proxy.URL().Hostname(), port
	if user := proxy.URL().User; user != nil {
		task["proxyLogin"] = user.Username()
		task["proxyPassword"], _ = user.Password()
	}
	return task
}

var (
	hidden  = regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)">`)
	action  = regexp.MustCompile(`<form [^>]*action="([^"]*)"`)
	siteKey = regexp.MustCompile(`data-sitekey="([^"]*)"`)
)

// fields reads the hidden fields of a form.
func fields(page string) url.Values {
	values := make(url.Values)
	for _, field := range hidden.FindAllStringSubmatch(page, -1) {
		values.Set(html.UnescapeString(field[1]), html.UnescapeString(field[2]))
	}
	return values
}

func withJar(t *testing.T, client *http.Client) *http.Client {
	t.Helper()
	var err error
	client.Jar, err = cookiejar.New(nil)
	require.NoError(t, err)
	return client
}

func TestFormGatesTakeATokenOfTheSolverOnce(t *testing.T) {
	for name, c := range map[string]struct {
		hazard hostile.Hazard
		key    string // form of the site key
		task   string
		field  string
	}{
		"recaptcha": {hostile.ReCaptcha{}, `^6L[\w-]{38}$`, "RecaptchaV2TaskProxyless", "g-recaptcha-response"},
		"turnstile": {hostile.Turnstile{}, `^0x4[\w-]{21}$`, "TurnstileTaskProxyless", "cf-turnstile-response"},
		"hcaptcha":  {hostile.HCaptcha{}, `^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$`, "HCaptchaTaskProxyless", "h-captcha-response"},
	} {
		t.Run(name, func(t *testing.T) {
			web, s := site(t, c.hazard)
			client := withJar(t, visitor(t, web, nil))
			page := s.URL("/p/4?a=1&b=2")
			resp, gate := get(t, client, page)
			require.Equal(t, http.StatusForbidden, resp.StatusCode)
			require.False(t, web.Check(page, []byte(gate)))
			key := siteKey.FindStringSubmatch(gate)[1]
			require.Regexp(t, c.key, key)

			token := solve(t, web, map[string]any{"type": c.task, "websiteURL": page, "websiteKey": key})["token"].(string)
			post := func(client *http.Client, change func(url.Values)) (*http.Response, string) {
				form := fields(gate)
				form.Set(c.field, token)
				change(form)
				req := request(t, http.MethodPost, s.URL(action.FindStringSubmatch(gate)[1]), strings.NewReader(form.Encode()))
				req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
				return do(t, client, req)
			}
			resp, _ = post(client, func(form url.Values) { form.Set(c.field, "made up") })
			require.Equal(t, http.StatusForbidden, resp.StatusCode)
			resp, _ = post(client, func(form url.Values) { form.Del("csrf") })
			require.Equal(t, http.StatusForbidden, resp.StatusCode, "all hidden fields are wanted")
			resp, _ = post(client, func(url.Values) {})
			require.Equal(t, http.StatusSeeOther, resp.StatusCode)
			require.Equal(t, "/p/4?a=1&b=2", resp.Header.Get("Location"))
			_, body := get(t, client, page)
			require.True(t, web.Check(page, []byte(body)))

			other := withJar(t, visitor(t, web, nil))
			resp, _ = post(other, func(url.Values) {})
			require.Equal(t, http.StatusForbidden, resp.StatusCode, "a token is used once")
			ledger := s.Ledger()
			require.Equal(t, 1, ledger.Cleared)
			require.Equal(t, 3, ledger.Rejected)
			require.Equal(t, 4, ledger.Challenged)
			require.Equal(t, 1, web.Solver().Ledger().Redeemed)
		})
	}
}

func TestATokenIsForItsSiteAndKeyAndExpires(t *testing.T) {
	sites := []hostile.SiteConfig{
		{Host: "a.test", Hazards: []hostile.Hazard{hostile.ReCaptcha{}}},
		{Host: "b.test", Hazards: []hostile.Hazard{hostile.ReCaptcha{}}},
	}
	web := start(t, hostile.Config{Sites: sites})
	client := visitor(t, web, nil)
	_, a := get(t, client, "https://a.test/")
	_, b := get(t, client, "https://b.test/")
	keyA, keyB := siteKey.FindStringSubmatch(a)[1], siteKey.FindStringSubmatch(b)[1]
	require.NotEqual(t, keyA, keyB)
	answer := say(t, web, "/createTask", map[string]any{"task": map[string]any{
		"type": "RecaptchaV2TaskProxyless", "websiteURL": "https://a.test/", "websiteKey": keyB,
	}})
	require.Equal(t, "ERROR_RECAPTCHA_INVALID_SITEKEY", answer["errorCode"])

	post := func(web *hostile.Web, host, gate string) int {
		form := fields(gate)
		form.Set("g-recaptcha-response", solve(t, web, map[string]any{
			"type": "RecaptchaV2TaskProxyless", "websiteURL": "https://a.test/", "websiteKey": keyA,
		})["gRecaptchaResponse"].(string))
		resp, err := visitor(t, web, nil).PostForm("https://"+host+action.FindStringSubmatch(gate)[1], form)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		return resp.StatusCode
	}
	require.Equal(t, http.StatusSeeOther, post(web, "a.test", a))
	require.Equal(t, http.StatusForbidden, post(web, "b.test", b), "a token of another site")
	hasty := start(t, hostile.Config{Sites: sites, Solver: hostile.SolverConfig{TokenLasts: time.Nanosecond}})
	require.Equal(t, http.StatusForbidden, post(hasty, "a.test", a), "it was good for a nanosecond")
}

func TestAClearanceIsGoodForTheVisitorWhoEarnedIt(t *testing.T) {
	const agent = "Mozilla/5.0 (X11; Linux x86_64) Firefox/147.0"
	for name, c := range map[string]struct {
		hazard hostile.Hazard
		status int
		marker string // of the page
		header string // of the response, with its value
		task   map[string]any
		cookie func(solution map[string]any) string // name=value
	}{
		"cloudflare by AntiCloudflareTask": {
			hostile.Cloudflare{},
			403, "window._cf_chl_opt={", "Cf-Mitigated: challenge",
			map[string]any{"type": "AntiCloudflareTask"},
			func(s map[string]any) string {
				return "cf_clearance=" + s["cookies"].(map[string]any)["cf_clearance"].(string)
			},
		},
		"cloudflare by TurnstileTask": {
			hostile.Cloudflare{},
			403, "/orchestrate/chl_page/", "Cf-Mitigated: challenge",
			map[string]any{"type": "TurnstileTask", "cloudflareTaskType": "cf_clearance"},
			func(s map[string]any) string { return "cf_clearance=" + s["cf_clearance"].(string) },
		},
		"cloudflare by AntiBotCookieTask": {
			hostile.Cloudflare{},
			403, "Just a moment...", "Server: cloudflare",
			map[string]any{"type": "AntiBotCookieTask"},
			func(s map[string]any) string {
				return "cf_clearance=" + s["cookies"].(map[string]any)["cf_clearance"].(string)
			},
		},
		"datadome": {
			hostile.DataDome{},
			403, "var dd={", "X-Dd-B: 1",
			map[string]any{"type": "DataDomeSliderTask"},
			func(s map[string]any) string { return strings.Split(s["cookie"].(string), ";")[0] },
		},
		"datadome by AntiBotCookieTask": {
			hostile.DataDome{},
			403, "var dd={", "X-Dd-B: 1",
			map[string]any{"type": "AntiBotCookieTask"},
			func(s map[string]any) string { return "datadome=" + s["cookies"].(map[string]any)["datadome"].(string) },
		},
		"datadome by CustomTask": {
			hostile.DataDome{},
			403, "'host':'geo.captcha-delivery.com'", "X-Datadome: protected",
			map[string]any{"type": "CustomTask", "class": "DataDome"},
			func(s map[string]any) string {
				domain := s["domains"].(map[string]any)["https://shop.test"].(map[string]any)
				return "datadome=" + domain["cookies"].(map[string]any)["datadome"].(string)
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			web, s := site(t, c.hazard)
			proxy := addProxy(t, web, hostile.ProxyConfig{User: "u", Password: "p"})
			mine, another := visitor(t, web, proxy), visitor(t, web, addProxy(t, web, hostile.ProxyConfig{}))
			resp, body := get(t, mine, s.URL("/p/1"))
			require.Equal(t, c.status, resp.StatusCode)
			require.Contains(t, body, c.marker)
			header, value, _ := strings.Cut(c.header, ": ")
			require.Equal(t, value, resp.Header.Get(header))

			c.task["websiteURL"], c.task["userAgent"] = s.URL("/p/1"), agent
			answer := say(t, web, "/createTask", map[string]any{"task": c.task})
			require.Equal(t, "ERROR_BAD_PROXY", answer["errorCode"], "a clearance for nobody's address is worth nothing")
			cookie := c.cookie(solve(t, web, proxyFields(proxy, c.task)))
			visit := func(client *http.Client, agent string) bool {
				req := request(t, http.MethodGet, s.URL("/p/2"), nil)
				req.Header.Set("Cookie", cookie)
				req.Header.Set("User-Agent", agent)
				_, body := do(t, client, req)
				return web.Check(s.URL("/p/2"), []byte(body))
			}
			require.True(t, visit(mine, agent))
			require.False(t, visit(mine, "curl/8"), "another user agent")
			require.False(t, visit(another, agent), "another address")
			require.True(t, visit(mine, agent))
			require.Equal(t, 2, s.Ledger().Rejected)
			require.Equal(t, 1, s.Ledger().Cleared, "one clearance, however often it is used")
		})
	}
}

func TestDataDomeSellsNothingToTheBanned(t *testing.T) {
	web, s := site(t, hostile.DataDome{Banned: true})
	proxy := addProxy(t, web, hostile.ProxyConfig{})
	_, body := get(t, visitor(t, web, proxy), s.URL("/"))
	require.Contains(t, body, "'t':'bv'")
	answer := say(t, web, "/createTask", map[string]any{"task": proxyFields(proxy, map[string]any{"type": "DataDomeSliderTask", "websiteURL": s.URL("/")})})
	require.Equal(t, "ERROR_CAPTCHA_UNSOLVABLE", answer["errorCode"])
}

func TestAWSWAFChallengesThoseWhoAcceptHTML(t *testing.T) {
	for captcha, want := range map[bool]struct {
		status int
		action string
	}{false: {202, "challenge"}, true: {405, "captcha"}} {
		web, s := site(t, hostile.AWSWAF{Captcha: captcha})
		client := visitor(t, web, nil)
		resp, body := get(t, client, s.URL("/p/1"))
		require.Empty(t, body)
		require.Equal(t, want.status, resp.StatusCode)
		require.Equal(t, want.action, resp.Header.Get("X-Amzn-Waf-Action"))
		req := request(t, http.MethodGet, s.URL("/p/1"), nil)
		req.Header.Set("Accept", "text/html,*/*")
		_, body = do(t, client, req)
		require.Contains(t, body, "window.gokuProps = {")

		task := map[string]any{"type": "AntiAwsWafTaskProxyLess", "websiteURL": s.URL("/p/1")}
		for _, cookie := range []string{
			solve(t, web, task)["cookie"].(string),
			solve(t, web, map[string]any{"type": "AmazonTaskProxyless", "cookieSolution": true, "websiteURL": s.URL("/p/1")})["cookies"].(map[string]any)["aws-waf-token"].(string),
		} {
			req.Header.Set("Cookie", "aws-waf-token="+cookie)
			_, body = do(t, client, req)
			require.True(t, web.Check(s.URL("/p/1"), []byte(body)))
		}

		offer, err := json.Marshal(solve(t, web, map[string]any{"type": "AmazonTaskProxyless", "websiteURL": s.URL("/p/1")}))
		require.NoError(t, err)
		req.Header.Del("Cookie")
		_, gate := do(t, client, req)
		script := regexp.MustCompile(`<script src="(/[^"]*/)c[a-z]*\.js"`).FindStringSubmatch(gate)
		exchange := func() (*http.Response, string) {
			return do(t, client, request(t, http.MethodPost, s.URL(script[1]+"voucher"), bytes.NewReader(offer)))
		}
		_, body = exchange()
		var worth struct{ Token string }
		require.NoError(t, json.Unmarshal([]byte(body), &worth))
		req.Header.Set("Cookie", "aws-waf-token="+worth.Token)
		_, body = do(t, client, req)
		require.True(t, web.Check(s.URL("/p/1"), []byte(body)))
		resp, _ = exchange()
		require.Equal(t, http.StatusForbidden, resp.StatusCode, "a voucher counts once")
	}
}

func TestTheAmazonButtonNeedsNoSolver(t *testing.T) {
	web, s := site(t, hostile.AmazonButton{})
	client := withJar(t, visitor(t, web, nil))
	resp, gate := get(t, client, s.URL("/p/3"))
	require.Equal(t, http.StatusOK, resp.StatusCode)
	require.Contains(t, gate, `action="/errors/validateCaptcha"`)
	form := fields(gate)
	for _, field := range []string{"amzn", "amzn-r", "field-keywords"} {
		wrong := fields(gate)
		wrong.Del(field)
		resp, _ = get(t, client, s.URL(action.FindStringSubmatch(gate)[1]+"?"+wrong.Encode()))
		require.Equal(t, http.StatusOK, resp.StatusCode, field)
	}
	resp, _ = get(t, client, s.URL(action.FindStringSubmatch(gate)[1]+"?"+form.Encode()))
	require.Equal(t, "/p/3", resp.Header.Get("Location"))
	_, body := get(t, client, s.URL("/p/3"))
	require.True(t, web.Check(s.URL("/p/3"), []byte(body)))
	require.Equal(t, 3, s.Ledger().Rejected)
	require.Zero(t, web.Solver().Ledger().Tasks)
}

func TestAGateLetsTheFirstRequestsThroughAndAClearanceRunsOut(t *testing.T) {
	web, s := site(t, hostile.AWSWAF{Gate: hostile.Gate{After: 2, Uses: 1}})
	client := visitor(t, web, nil)
	status := func(cookie string) int {
		req := request(t, http.MethodGet, s.URL("/p/1"), nil)
		req.Header.Set("Cookie", "aws-waf-token="+cookie)
		resp, _ := do(t, client, req)
		return resp.StatusCode
	}
	require.Equal(t, []int{200, 200, 202}, []int{status(""), status(""), status("")})
	cookie := solve(t, web, map[string]any{"type": "AntiAwsWafTask", "websiteURL": s.URL("/")})["cookie"].(string)
	require.Equal(t, []int{200, 202}, []int{status(cookie), status(cookie)})

	web, s = site(t, hostile.AWSWAF{Gate: hostile.Gate{Lasts: time.Nanosecond}})
	client = visitor(t, web, nil)
	require.Equal(t, 202, status(solve(t, web, map[string]any{"type": "AntiAwsWafTask", "websiteURL": s.URL("/")})["cookie"].(string)))
}

func TestFlareSolverrClearsForItsOwnUserAgent(t *testing.T) {
	web, s := site(t, hostile.Cloudflare{})
	proxy := addProxy(t, web, hostile.ProxyConfig{User: "u", Password: "p"})
	for _, through := range []*hostile.Proxy{nil, proxy} {
		order := map[string]any{"cmd": "request.get", "url": s.URL("/p/1"), "maxTimeout": 60000}
		if through != nil {
			order["proxy"] = map[string]any{"url": "http://" + proxy.URL().Host, "username": "u", "password": "p"}
		}
		answer := say(t, web, "/v1", order)
		require.Equal(t, "ok", answer["status"])
		solution := answer["solution"].(map[string]any)
		require.True(t, web.Check(s.URL("/p/1"), []byte(solution["response"].(string))))
		cookie := solution["cookies"].([]any)[0].(map[string]any)
		req := request(t, http.MethodGet, s.URL("/p/1"), nil)
		req.Header.Set("User-Agent", solution["userAgent"].(string))
		req.Header.Set("Cookie", cookie["name"].(string)+"="+cookie["value"].(string))
		_, body := do(t, visitor(t, web, through), req)
		require.True(t, web.Check(s.URL("/p/1"), []byte(body)))
	}
	for _, order := range []map[string]any{
		{"cmd": "request.destroy"},
		{"cmd": "request.get", "url": "https://elsewhere.test/"},
		{"cmd": "request.get", "url": s.URL("/"), "proxy": map[string]any{"url": "http://" + proxy.URL().Host}},
	} {
		resp, body := sayRaw(t, web, "/v1", order)
		require.Equal(t, http.StatusInternalServerError, resp.StatusCode)
		require.Contains(t, body, `"status":"error"`)
	}
	require.Zero(t, web.Solver().Ledger().Tasks)
}

func TestTheSolverSpeaksTheRealProtocol(t *testing.T) {
	web := start(t, hostile.Config{
		Sites:  []hostile.SiteConfig{{Host: "shop.test", Hazards: []hostile.Hazard{hostile.ReCaptcha{}}}},
		Solver: hostile.SolverConfig{Balance: 6_000},
	})
	_, page := get(t, visitor(t, web, nil), "https://shop.test/")
	task := map[string]any{"type": "RecaptchaV2TaskProxyless", "websiteURL": "https://shop.test/", "websiteKey": siteKey.FindStringSubmatch(page)[1]}

	_, body := sayRaw(t, web, "/getBalance", map[string]any{})
	require.Equal(t, `{"balance":0.006,"errorId":0}`+"\n", body)
	_, body = sayRaw(t, web, "/createTask", map[string]any{"task": task})
	require.Equal(t, `{"errorId":0,"taskId":74372499131}`+"\n", body)
	result := say(t, web, "/getTaskResult", map[string]any{"taskId": 74372499131})
	require.Equal(t, "ready", result["status"])
	require.Equal(t, result["solution"], say(t, web, "/getTaskResult", map[string]any{"taskId": 74372499131})["solution"], "charged once")
	require.Equal(t, "0.00299", result["cost"])
	require.Equal(t, json.Number("1"), result["solveCount"])
	require.Equal(t, "success", say(t, web, "/reportCorrect", map[string]any{"taskId": 74372499131})["status"])

	say(t, web, "/createTask", map[string]any{"task": task})
	for path, want := range map[string]struct {
		ask  map[string]any
		code string
	}{
		"/createTask":    {map[string]any{"task": task}, "ERROR_ZERO_BALANCE"},
		"/getBalance":    {map[string]any{"clientKey": "wrong"}, "ERROR_KEY_DOES_NOT_EXIST"},
		"/getTaskResult": {map[string]any{"taskId": 5}, "ERROR_NO_SUCH_CAPCHA_ID"},
		"/reportCorrect": {map[string]any{"taskId": 74372499131}, "ERROR_NO_SUCH_CAPCHA_ID"},
	} {
		require.Equal(t, want.code, say(t, web, path, want.ask)["errorCode"], path)
	}
	ledger := web.Solver().Ledger()
	require.Equal(t, int64(2_990), ledger.Spent)
	require.Equal(t, int64(20), ledger.Balance)
	require.Equal(t, 2, ledger.Tasks)
	require.Equal(t, 1, ledger.Paid)
	require.Equal(t, 1, ledger.Correct)
	require.Equal(t, 1, ledger.Refused)
}

func TestTheSolverTakesItsTime(t *testing.T) {
	for latency, times := range map[time.Duration]int{time.Hour: 3, 20 * time.Millisecond: 10_000} {
		web := start(t, hostile.Config{
			Sites:  []hostile.SiteConfig{{Host: "shop.test", Hazards: []hostile.Hazard{hostile.AWSWAF{}}}},
			Solver: hostile.SolverConfig{Latency: latency},
		})
		begin, last := time.Now(), ""
		created := say(t, web, "/createTask", map[string]any{"task": map[string]any{"type": "AntiAwsWafTask", "websiteURL": "https://shop.test/"}})
		for i := 0; i < times && !strings.Contains(last, "ready"); i++ {
			_, last = sayRaw(t, web, "/getTaskResult", map[string]any{"taskId": created["taskId"]})
		}
		if latency == time.Hour {
			require.Equal(t, `{"errorId":0,"status":"processing"}`+"\n", last)
			require.Zero(t, web.Solver().Ledger().Paid)
			continue
		}
		require.Contains(t, last, "ready")
		require.GreaterOrEqual(t, time.Since(begin), latency)
		require.Equal(t, 1, web.Solver().Ledger().Paid)
	}
}

func TestTheSolverRefusesWhatItCannotDo(t *testing.T) {
	web, s := site(t, hostile.Cloudflare{})
	stopped, locked := addProxy(t, web, hostile.ProxyConfig{Fault: hostile.ProxyRefuse}), addProxy(t, web, hostile.ProxyConfig{User: "u", Password: "p"})
	task := func(kind string, more ...map[string]any) map[string]any {
		task := map[string]any{"type": kind, "websiteURL": s.URL("/")}
		for _, m := range more {
			for k, v := range m {
				task[k] = v
			}
		}
		return task
	}
	for code, task := range map[string]map[string]any{
		"ERROR_TASK_NOT_SUPPORTED":    task("TeleportTask"),
		"ERROR_CAPTCHA_UNSOLVABLE":    task("HCaptchaTask"),
		"ERROR_BAD_PARAMETERS":        {"type": "HCaptchaTask"},
		"ERROR_PROXY_CONNECT_REFUSED": proxyFields(stopped, task("AntiCloudflareTask")),
		"ERROR_PROXY_NOT_AUTHORISED":  task("AntiCloudflareTask", map[string]any{"proxy": "http://x:y@" + locked.URL().Host}),
	} {
		require.Equal(t, code, say(t, web, "/createTask", map[string]any{"task": task})["errorCode"])
	}
	for _, form := range []string{"http://u:p@%", "u:p@%", "%:u:p", "http:%:u:p"} {
		proxy := strings.Replace(form, "%", locked.URL().Host, 1)
		solve(t, web, task("AntiCloudflareTask", map[string]any{"proxy": proxy}))
	}
	require.Equal(t, 4, web.Solver().Ledger().Paid)
}

func TestNoTwoTasksArePaidWithTheSameMoney(t *testing.T) {
	web := start(t, hostile.Config{
		Sites:  []hostile.SiteConfig{{Host: "shop.test", Hazards: []hostile.Hazard{hostile.AWSWAF{}}}},
		Solver: hostile.SolverConfig{Price: 1_000, Balance: 5_500},
	})
	order, err := json.Marshal(map[string]any{
		"clientKey": web.Solver().Key(), "task": map[string]any{"type": "AntiAwsWafTask", "websiteURL": "https://shop.test/"},
	})
	require.NoError(t, err)
	client := visitor(t, web, nil)
	var group sync.WaitGroup
	for range 20 {
		group.Go(func() {
			resp, err := client.Post(web.Solver().URL()+"/createTask", "application/json", bytes.NewReader(order))
			if err != nil {
				t.Error(err)
				return
			}
			resp.Body.Close()
		})
	}
	group.Wait()
	ledger := web.Solver().Ledger()
	require.Equal(t, 5, ledger.Tasks)
	require.Equal(t, 15, ledger.Refused)
	require.Equal(t, int64(500), ledger.Balance)
}

func TestInjectedFaultsMeetTheNextTasks(t *testing.T) {
	web, s := site(t, hostile.ReCaptcha{})
	client := visitor(t, web, nil)
	_, page := get(t, client, s.URL("/"))
	task := map[string]any{"type": "RecaptchaV2TaskProxyless", "websiteURL": s.URL("/"), "websiteKey": siteKey.FindStringSubmatch(page)[1]}
	create := func() map[string]any { return say(t, web, "/createTask", map[string]any{"task": task}) }
	poll := func(created map[string]any) map[string]any {
		return say(t, web, "/getTaskResult", map[string]any{"taskId": created["taskId"]})
	}
	solver := web.Solver()
	full := solver.Ledger().Balance

	solver.Inject(hostile.SolverZeroBalance, 1)
	solver.Inject(hostile.SolverNoSlot, 2)
	solver.Inject(hostile.SolverBadKey, 1)
	require.Equal(t, "ERROR_ZERO_BALANCE", create()["errorCode"])
	require.Equal(t, "ERROR_NO_SLOT_AVAILABLE", create()["errorCode"])
	require.Equal(t, "ERROR_NO_SLOT_AVAILABLE", create()["errorCode"])
	require.Equal(t, "ERROR_KEY_DOES_NOT_EXIST", create()["errorCode"])

	solver.Inject(hostile.SolverCreateGateway, 1)
	resp, body := sayRaw(t, web, "/createTask", map[string]any{"task": task})
	require.Equal(t, http.StatusBadGateway, resp.StatusCode)
	require.Contains(t, body, "<html>")
	require.Equal(t, full, solver.Ledger().Balance)

	solver.Inject(hostile.SolverPollGateway, 1)
	created := create()
	resp, _ = sayRaw(t, web, "/getTaskResult", map[string]any{"taskId": created["taskId"]})
	require.Equal(t, http.StatusBadGateway, resp.StatusCode)
	require.Equal(t, "ready", poll(created)["status"])

	solver.Inject(hostile.SolverUnsolvable, 1)
	require.Equal(t, "ERROR_CAPTCHA_UNSOLVABLE", poll(create())["errorCode"])
	require.Equal(t, full-hostile.DefaultPrice, solver.Ledger().Balance, "only the one before is charged")
	say(t, web, "/reportIncorrect", map[string]any{"taskId": created["taskId"]})
	require.Equal(t, full, solver.Ledger().Balance, "a refund")
	say(t, web, "/reportIncorrect", map[string]any{"taskId": created["taskId"]})
	require.Equal(t, full, solver.Ledger().Balance, "of which there is one")

	solver.Inject(hostile.SolverStuck, 1)
	require.Equal(t, "processing", poll(create())["status"])

	solver.Inject(hostile.SolverWrongToken, 1)
	created = create()
	form := fields(page)
	form.Set("g-recaptcha-response", poll(created)["solution"].(map[string]any)["token"].(string))
	resp, err := client.PostForm(s.URL(action.FindStringSubmatch(page)[1]), form)
	require.NoError(t, err)
	_, err = io.Copy(io.Discard, resp.Body)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, http.StatusForbidden, resp.StatusCode)
	before := solver.Ledger()
	say(t, web, "/reportIncorrect", map[string]any{"taskId": created["taskId"]})
	require.Equal(t, before.Spent-hostile.DefaultPrice, solver.Ledger().Spent)
	require.Equal(t, 2, solver.Ledger().Incorrect)
}

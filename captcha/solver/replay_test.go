package solver_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/godwit-go/godwit/captcha"
	"github.com/godwit-go/godwit/captcha/solver"
)

// recorded reads a file of requests and answers that other clients' tests hold.
func recorded(t *testing.T, name string, into any) {
	t.Helper()
	shared := os.Getenv("GODWIT_SHARED")
	if shared == "" {
		shared = "../../../shared"
	}
	raw, err := os.ReadFile(filepath.Join(shared, "data/solver-protocol", name))
	if errors.Is(err, os.ErrNotExist) {
		t.Skip("no recorded requests here; GODWIT_SHARED names their directory")
	}
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(raw, into))
}

// pythonKinds are the methods of 2Captcha's Python client that are kinds of ours.
// The others are sent as the tasks that they are.
var pythonKinds = map[string]captcha.Kind{
	"recaptcha": captcha.KindRecaptchaV2, "hcaptcha": captcha.KindHCaptcha, "turnstile": captcha.KindTurnstile,
	"geetest": captcha.KindGeeTestV3, "geetest_v4": captcha.KindGeeTestV4, "funcaptcha": captcha.KindFunCaptcha,
	"datadome": captcha.KindDataDome, "friendly_captcha": captcha.KindFriendly, "yandex_smart": captcha.KindYandex,
	"text": solver.KindText, "amazon_waf": "", // its page has no script to exchange the voucher beside
}

// pythonParams are the client's names for what a challenge holds.
var pythonParams = map[string]string{
	"gt": captcha.ParamGT, "challenge": captcha.ParamChallenge, "apiServer": captcha.ParamAPIServer,
	"captcha_id": captcha.ParamCaptchaID, "captcha_url": captcha.ParamCaptchaURL, "surl": captcha.ParamSubdomain,
	"datas": captcha.ParamDataS, "invisible": captcha.ParamInvisible, "text": solver.ParamText, "lang": solver.ParamLanguage,
}

func TestTheFormsOf2CaptchasPythonClientAreSentByteForByte(t *testing.T) {
	var file struct {
		Cases []struct {
			Test   string
			Method string `json:"client_method"`
			Params map[string]any
			Sends  map[string]any
		}
	}
	recorded(t, "2captcha_python_sends.json", &file)
	require.NotEmpty(t, file.Cases)
	for _, c := range file.Cases {
		t.Run(c.Test, func(t *testing.T) {
			s := serve(t, map[string][]reply{
				"/in.php":  {{body: "OK|123", mime: "text/plain"}},
				"/res.php": {{body: "CAPCHA_NOT_READY", mime: "text/plain"}, {body: "OK|abcd", mime: "text/plain"}},
			})
			client := s.client(t, solver.NameTwoCaptchaLegacy, func(c *solver.Config) { c.MinScore = -1 })
			var task solver.Task
			if kind := pythonKinds[c.Method]; kind != "" {
				task = pythonTask(t, client, kind, c.Params, c.Sends)
			} else {
				task = solver.Task{Kind: captcha.Kind(c.Method), Type: c.Sends["method"].(string), Fields: map[string]any{}}
				for name, value := range c.Sends {
					task.Fields[name] = written(value)
				}
			}
			got, err := client.Run(t.Context(), task)
			require.NoError(t, err)
			require.Contains(t, []string{got.Token, cookieText(got.Cookies)}, "abcd")

			want := map[string]string{"key": canary, "json": "1"}
			for name, value := range c.Sends {
				want[name] = written(value)
			}
			requireForm(t, want, s.to("/in.php")[0])
			for _, poll := range s.to("/res.php") {
				requireForm(t, map[string]string{"key": canary, "json": "1", "action": "get2", "id": "123"}, poll)
			}
		})
	}
}

func cookieText(cookies []*http.Cookie) string {
	for _, c := range cookies {
		return c.Value
	}
	return ""
}

// written is how Python's form encoder writes a value.
func written(v any) string {
	switch v := v.(type) {
	case float64:
		return fmt.Sprintf("%.0f", v)
	default:
		return fmt.Sprint(v)
	}
}

// pythonTask makes the challenge that a call of the client is about, and the task
// for it. What the client always sends besides, whatever it is asked, is added to
// the task: it is the client's habit, not the service's protocol.
func pythonTask(t *testing.T, client *solver.Service, kind captcha.Kind, params, sends map[string]any) solver.Task {
	t.Helper()
	c := challenge(kind, map[string]string{})
	c.SiteKey = ""
	if kind == solver.KindText && params == nil {
		c.Params[solver.ParamText] = sends["textcaptcha"].(string) // given as the only argument
	}
	env := captcha.Env{}
	for name, value := range params {
		text, _ := value.(string)
		switch name {
		case "url", "pageurl":
			u, err := url.Parse(text)
			require.NoError(t, err)
			c.URL = u
		case "sitekey":
			c.SiteKey = text
		case "action":
			c.Action = text
		case "data":
			if kind == captcha.KindTurnstile {
				c.CData = text
			}
		case "userAgent":
			env.UserAgent = text
		case "version":
			c.Kind = captcha.KindRecaptchaV3
		case "proxy":
			env.Proxy = func() *url.URL {
				return &url.URL{Scheme: "http", Host: "IP_address:80", User: url.UserPassword("login", "password")}
			}
		default:
			c.Params[pythonParams[name]] = text
		}
	}
	task, err := client.Task(t.Context(), c, env)
	require.NoError(t, err)
	for _, habit := range []string{"enterprise", "version", "invisible"} {
		if v, ok := sends[habit]; ok && (kind == captcha.KindRecaptchaV2) {
			task.Fields[habit] = v
		}
	}
	if kind == captcha.KindFunCaptcha {
		task.Fields["data"] = written(sends["data"]) // a parameter that only Arkose's pages know
	}
	if p, ok := task.Fields["proxy"]; ok {
		require.Equal(t, "login:password@IP_address:80", p)
		task.Fields["proxy"] = strings.Replace(p.(string), ":80", ":PORT", 1) // the recording has no number
	}
	return task
}

type unicapsCase struct {
	ID    int
	Input struct {
		Captcha   map[string]any
		Proxy     *string
		UserAgent *string           `json:"user_agent"`
		Cookies   map[string]string `json:"cookies"`
	}
	Expected map[string]*struct {
		Data map[string]any
		JSON map[string]any
	}
}

var unicapsKinds = map[string]captcha.Kind{
	"ImageCaptcha": captcha.KindImage, "RecaptchaV2": captcha.KindRecaptchaV2, "RecaptchaV3": captcha.KindRecaptchaV3,
	"FunCaptcha": captcha.KindFunCaptcha, "TextCaptcha": solver.KindText, "GeeTest": captcha.KindGeeTestV3,
	"GeeTestV4": captcha.KindGeeTestV4, "HCaptcha": captcha.KindHCaptcha,
}

var unicapsParams = map[string]string{
	"is_phrase": solver.ParamPhrase, "is_case_sensitive": solver.ParamCase, "is_math": solver.ParamMath,
	"min_len": solver.ParamMinLength, "max_len": solver.ParamMaxLength, "comment": solver.ParamComment,
	"text": solver.ParamText, "data_s": captcha.ParamDataS, "api_domain": solver.ParamAPIDomain,
	"min_score": solver.ParamMinScore, "service_url": captcha.ParamSubdomain, "no_js": solver.ParamNoJS,
	"gt_key": captcha.ParamGT, "challenge": captcha.ParamChallenge, "api_server": captcha.ParamAPIServer,
	"captcha_id": captcha.ParamCaptchaID, "blob": captcha.ParamBlob, "is_invisible": captcha.ParamInvisible,
}

// A value of the recording's enumerations, as the services number or name it.
var unicapsValues = map[string]map[string]string{
	"char_type": {"ALPHA": "2"}, "alphabet": {"LATIN": "2"}, "language": {"ENGLISH": "en"},
}

const recordedPicture = "<base64 of tests/data/image.jpg>"

func (u unicapsCase) challenge(t *testing.T) *captcha.Challenge {
	t.Helper()
	kind := unicapsKinds[u.Input.Captcha["_type"].(string)]
	c := &captcha.Challenge{Kind: kind, Params: map[string]string{}}
	for name, value := range u.Input.Captcha {
		if value == nil {
			continue
		}
		text := fmt.Sprint(value)
		switch name {
		case "_type":
		case "image":
			c.Params[captcha.ParamImage] = recordedPicture
		case "site_key", "public_key":
			c.SiteKey = text
		case "page_url":
			c.URL = &url.URL{Path: text}
		case "action":
			c.Action = text
		case "is_enterprise":
			if value == true {
				c.Kind += "-enterprise"
			}
		case "char_type":
			c.Params[solver.ParamNumeric] = unicapsValues[name][text]
		case "alphabet":
			c.Params[solver.ParamAlphabet] = unicapsValues[name][text]
		case "language":
			c.Params[solver.ParamLanguage] = unicapsValues[name][text]
		default:
			require.Contains(t, unicapsParams, name)
			c.Params[unicapsParams[name]] = text
		}
	}
	return c
}

func (u unicapsCase) env(t *testing.T) captcha.Env {
	t.Helper()
	var env captcha.Env
	if u.Input.Proxy != nil {
		proxy, err := url.Parse(*u.Input.Proxy)
		require.NoError(t, err)
		env.Proxy = func() *url.URL { return proxy }
	}
	if u.Input.UserAgent != nil {
		env.UserAgent = *u.Input.UserAgent
	}
	for _, name := range []string{"cookie1", "cookie2"} {
		if v, ok := u.Input.Cookies[name]; ok {
			env.Cookies = append(env.Cookies, &http.Cookie{Name: name, Value: v})
		}
	}
	return env
}

func TestTheTasksOfUnicapsAreSentByteForByte(t *testing.T) {
	var file struct{ Cases []unicapsCase }
	recorded(t, "unicaps_requests.json", &file)
	require.NotEmpty(t, file.Cases)
	edit := func(c *solver.Config) {
		c.ProxyAlways = true // as it was recorded
		c.MinScore = -1
	}
	for _, c := range file.Cases {
		for name, expected := range c.Expected {
			if expected == nil {
				continue // the service has no such task
			}
			t.Run(fmt.Sprint(c.ID, " ", name), func(t *testing.T) {
				ok := reply{body: `{"status":1,"request":"1"}`}
				s := serve(t, map[string][]reply{
					"/in.php": {ok}, "/res.php": {ok},
					"/createTask": {says(`{"errorId":0,"taskId":1}`)}, "/getTaskResult": {says(`{"errorId":0,"status":"ready","solution":{"token":"t","text":"t"}}`)},
				})
				if name == "TWOCAPTCHA" {
					replayForm(t, s, s.client(t, solver.NameTwoCaptchaLegacy, edit), c, expected.Data)
				} else {
					replayJSON(t, s, s.client(t, solver.NameAntiCaptcha, edit), c, expected.JSON)
				}
			})
		}
	}
}

func replayForm(t *testing.T, s *service, client *solver.Service, c unicapsCase, expected map[string]any) {
	t.Helper()
	want := map[string]string{"key": canary, "json": "1"}
	task := solver.Task{Kind: "open", Fields: map[string]any{}}
	for name, value := range expected {
		if value == nil {
			continue
		}
		want[name] = strings.TrimSpace(fmt.Sprint(value)) // one recorded method has a blank behind it
		task.Fields[name] = want[name]
	}
	if _, known := unicapsKinds[c.Input.Captcha["_type"].(string)]; known {
		var err error
		task, err = client.Task(t.Context(), c.challenge(t), c.env(t))
		require.NoError(t, err)
	}
	if want["method"] == "" {
		want["method"] = "post" // which the recording leaves out for questions in words
	}
	if p := c.Input.Proxy; p != nil {
		require.Contains(t, *p, want["proxy"])
	}
	_, err := client.Run(t.Context(), task)
	require.NoError(t, err)
	requireForm(t, want, s.to("/in.php")[0])
}

func replayJSON(t *testing.T, s *service, client *solver.Service, c unicapsCase, expected map[string]any) {
	t.Helper()
	env := c.env(t)
	if env.Proxy != nil {
		u := *env.Proxy()
		u.Host = strings.Replace(u.Host, "example.com", "93.184.216.34", 1) // as it resolved then
		env.Proxy = func() *url.URL { return &u }
	}
	task, err := client.Task(t.Context(), c.challenge(t), env)
	require.NoError(t, err)
	_, err = client.Run(t.Context(), task)
	require.NoError(t, err)
	expected["clientKey"] = canary
	want := expected["task"].(map[string]any)
	want["type"] = strings.Replace(want["type"].(string), "NoCaptchaTask", "RecaptchaV2Task", 1) // the old name of the same
	require.Equal(t, expected, object(t, s.to("/createTask")[0]))
}

func TestEveryRecordedErrorHasItsClass(t *testing.T) {
	var file struct {
		Classes map[string]map[string][]string
	}
	recorded(t, "unicaps_error_classes.json", &file)
	same := map[string][]solver.Class{ // theirs is the coarser cut
		"AccessDenied": {solver.Account}, "LowBalance": {solver.Balance}, "ServiceTooBusy": {solver.Busy},
		"TooManyRequests": {solver.Busy}, "UnableToSolve": {solver.Unsolvable}, "Proxy": {solver.Proxy},
		"MalformedRequest": {solver.UnknownID, solver.BadTask}, "BadInputData": {solver.BadTask, solver.Stale},
		"ServiceError": {solver.Protocol, solver.Busy, solver.Account},
	}
	for dialect, classes := range file.Classes {
		for class, codes := range classes {
			require.Contains(t, same, class)
			for _, code := range codes {
				s := serve(t, map[string][]reply{
					"/in.php":     {says(`{"status":0,"request":"` + code + `"}`)},
					"/createTask": {says(`{"errorId":99,"errorCode":"` + code + `","errorDescription":"words"}`)},
				})
				name := solver.NameAntiCaptcha
				if strings.Contains(dialect, "legacy") {
					name = solver.NameTwoCaptchaLegacy
				}
				_, err := s.client(t, name, func(c *solver.Config) { c.BusyRetries = -1 }).Solve(t.Context(), recaptcha, captcha.Env{})
				var failed *solver.Error
				require.ErrorAs(t, err, &failed, code)
				require.Contains(t, same[class], failed.Class, code)
				require.Equal(t, code, failed.Code)
			}
		}
	}
}

func TestAPictureTravelsWhole(t *testing.T) {
	picture := base64.StdEncoding.EncodeToString([]byte("\xff\xd8\xff\xe0 not quite a picture +/&="))
	for _, name := range append(jsonDialects, solver.NameTwoCaptchaLegacy) {
		s := serve(t, map[string][]reply{
			"/in.php": {says(`{"status":1,"request":"1"}`)}, "/res.php": {says(`{"status":1,"request":"w68HP"}`)},
			"/createTask": {says(`{"errorId":0,"taskId":1}`)}, "/getTaskResult": {says(`{"errorId":0,"status":"ready","solution":{"text":"w68HP"}}`)},
		})
		got, err := s.client(t, name).Solve(t.Context(), challenge(captcha.KindImage, map[string]string{captcha.ParamImage: picture}), visitor())
		require.NoError(t, err)
		require.Equal(t, "w68HP", got.Token)
		if name == solver.NameTwoCaptchaLegacy {
			form, err := url.ParseQuery(s.to("/in.php")[0])
			require.NoError(t, err)
			require.Equal(t, picture, form.Get("body"))
			continue
		}
		require.Contains(t, s.to("/createTask")[0], `"body":"`+picture+`"`, "as it is, without escapes")
	}
}

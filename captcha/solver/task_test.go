package solver_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/godwit-go/godwit/captcha"
	"github.com/godwit-go/godwit/captcha/solver"
	"github.com/godwit-go/godwit/trip"
)

// everything is a page that gives all that any kind needs.
var everything = map[string]string{
	captcha.ParamGT: "gt", captcha.ParamChallenge: "gc", captcha.ParamCaptchaID: "cid", captcha.ParamDataS: "",
	captcha.ParamIV: "iv", captcha.ParamContext: "ctx", captcha.ParamChallengeScript: "https://a.test/challenge.js",
	captcha.ParamCaptchaURL: "https://geo.captcha-delivery.com/captcha/?cid=1&t=fe", captcha.ParamImage: "AA==",
	captcha.ParamSubdomain: "https://client-api.arkoselabs.com", solver.ParamScriptURL: "_Incapsula_Resource?x=1",
	solver.ParamText: "question?", solver.ParamHTML: "PGh0bWw+",
}

// tasks are what each service is asked for a visitor with a proxy, user agent and
// cookies, after the services' documentation. A null says that it does not take
// the kind.
const tasks = `{
"2captcha": {
	"recaptcha-v2": {"type":"RecaptchaV2TaskProxyless","websiteURL":"https://shop.test/p","websiteKey":"site-key","userAgent":"Browser/1.0","cookies":"a=1; datadome=dd; incap_ses_1=is; TS01=ts"},
	"recaptcha-v2-invisible": {"type":"RecaptchaV2TaskProxyless","websiteURL":"https://shop.test/p","websiteKey":"site-key","isInvisible":true,"userAgent":"Browser/1.0","cookies":"a=1; datadome=dd; incap_ses_1=is; TS01=ts"},
	"recaptcha-v3": {"type":"RecaptchaV3TaskProxyless","websiteURL":"https://shop.test/p","websiteKey":"site-key","minScore":0.3,"pageAction":"act"},
	"recaptcha-v3-enterprise": {"type":"RecaptchaV3TaskProxyless","websiteURL":"https://shop.test/p","websiteKey":"site-key","minScore":0.3,"pageAction":"act","isEnterprise":true},
	"hcaptcha": {"type":"HCaptchaTaskProxyless","websiteURL":"https://shop.test/p","websiteKey":"site-key","userAgent":"Browser/1.0"},
	"turnstile": {"type":"TurnstileTaskProxyless","websiteURL":"https://shop.test/p","websiteKey":"site-key","action":"act","data":"cd"},
	"geetest-v3": {"type":"GeeTestTaskProxyless","websiteURL":"https://shop.test/p","gt":"gt","challenge":"gc"},
	"geetest-v4": {"type":"GeeTestTaskProxyless","websiteURL":"https://shop.test/p","version":4,"initParameters":{"captcha_id":"cid"}},
	"funcaptcha": {"type":"FunCaptchaTaskProxyless","websiteURL":"https://shop.test/p","websitePublicKey":"site-key","funcaptchaApiJSSubdomain":"https://client-api.arkoselabs.com","userAgent":"Browser/1.0"},
	"image": {"type":"ImageToTextTask","body":"AA=="},
	"text": {"type":"TextCaptchaTask","comment":"question?"},
	"datadome": {"type":"DataDomeSliderTask","websiteURL":"https://shop.test/p","captchaUrl":"https://geo.captcha-delivery.com/captcha/?cid=1&t=fe","userAgent":"Browser/1.0","proxyType":"http","proxyAddress":"203.0.113.7","proxyPort":8080,"proxyLogin":"login","proxyPassword":"pass-word"},
	"aws-waf": {"type":"AmazonTaskProxyless","websiteURL":"https://shop.test/p","websiteKey":"site-key","iv":"iv","context":"ctx","challengeScript":"https://a.test/challenge.js"},
	"friendly-captcha": {"type":"FriendlyCaptchaTaskProxyless","websiteURL":"https://shop.test/p","websiteKey":"site-key"},
	"yandex-smartcaptcha": {"type":"YandexSmartCaptchaTaskProxyless","websiteURL":"https://shop.test/p","websiteKey":"site-key"},
	"imperva": {"type":"IncapsulaTask","websiteURL":"https://shop.test/p","userAgent":"Browser/1.0","incapsulaScriptUrl":"_Incapsula_Resource?x=1","incapsulaCookies":"incap_ses_1=is","proxyType":"http","proxyAddress":"203.0.113.7","proxyPort":8080,"proxyLogin":"login","proxyPassword":"pass-word"},
	"cloudflare-challenge": null, "f5-tspd": null, "perimeterx": null, "script": null, "block": null},
"anti-captcha": {
	"recaptcha-v2": {"type":"RecaptchaV2TaskProxyless","websiteURL":"https://shop.test/p","websiteKey":"site-key"},
	"turnstile": {"type":"TurnstileTaskProxyless","websiteURL":"https://shop.test/p","websiteKey":"site-key","action":"act","cData":"cd"},
	"geetest-v4": {"type":"GeeTestTaskProxyless","websiteURL":"https://shop.test/p","version":4,"gt":"cid"},
	"hcaptcha": {"type":"HCaptchaTaskProxyless","websiteURL":"https://shop.test/p","websiteKey":"site-key"},
	"aws-waf": {"type":"AmazonTaskProxyless","websiteURL":"https://shop.test/p","websiteKey":"site-key","iv":"iv","context":"ctx","challengeScript":"https://a.test/challenge.js"},
	"cloudflare-challenge": {"type":"AntiBotCookieTask","websiteURL":"https://shop.test/p","proxyType":"http","proxyAddress":"203.0.113.7","proxyPort":8080,"proxyLogin":"login","proxyPassword":"pass-word"},
	"yandex-smartcaptcha": null, "text": null, "f5-tspd": null},
"capsolver": {
	"recaptcha-v2": {"type":"ReCaptchaV2TaskProxyLess","websiteURL":"https://shop.test/p","websiteKey":"site-key","userAgent":"Browser/1.0","cookies":[{"name":"a","value":"1"},{"name":"datadome","value":"dd"},{"name":"incap_ses_1","value":"is"},{"name":"TS01","value":"ts"}]},
	"recaptcha-v2-enterprise": {"type":"ReCaptchaV2EnterpriseTaskProxyLess","websiteURL":"https://shop.test/p","websiteKey":"site-key","userAgent":"Browser/1.0","cookies":[{"name":"a","value":"1"},{"name":"datadome","value":"dd"},{"name":"incap_ses_1","value":"is"},{"name":"TS01","value":"ts"}]},
	"recaptcha-v3": {"type":"ReCaptchaV3TaskProxyLess","websiteURL":"https://shop.test/p","websiteKey":"site-key","minScore":0.3,"pageAction":"act"},
	"turnstile": {"type":"AntiTurnstileTaskProxyLess","websiteURL":"https://shop.test/p","websiteKey":"site-key","metadata":{"action":"act","cdata":"cd"}},
	"geetest-v4": {"type":"GeeTestTaskProxyLess","websiteURL":"https://shop.test/p","captchaId":"cid"},
	"image": {"type":"ImageToTextTask","websiteURL":"https://shop.test/p","body":"AA=="},
	"datadome": {"type":"DatadomeSliderTask","websiteURL":"https://shop.test/p","captchaUrl":"https://geo.captcha-delivery.com/captcha/?cid=1&t=fe","userAgent":"Browser/1.0","proxy":"http:203.0.113.7:8080:login:pass-word"},
	"aws-waf": {"type":"AntiAwsWafTaskProxyLess","websiteURL":"https://shop.test/p","awsKey":"site-key","awsIv":"iv","awsContext":"ctx","awsChallengeJS":"https://a.test/challenge.js"},
	"cloudflare-challenge": {"type":"AntiCloudflareTask","websiteURL":"https://shop.test/p","userAgent":"Browser/1.0","proxy":"http:203.0.113.7:8080:login:pass-word"},
	"hcaptcha": null, "funcaptcha": null, "imperva": null},
"capmonster": {
	"recaptcha-v2": {"type":"RecaptchaV2Task","websiteURL":"https://shop.test/p","websiteKey":"site-key","userAgent":"Browser/1.0","cookies":"a=1; datadome=dd; incap_ses_1=is; TS01=ts"},
	"turnstile": {"type":"TurnstileTask","websiteURL":"https://shop.test/p","websiteKey":"site-key","pageAction":"act","data":"cd"},
	"geetest-v4": {"type":"GeeTestTask","websiteURL":"https://shop.test/p","version":4,"gt":"cid"},
	"datadome": {"type":"CustomTask","class":"DataDome","websiteURL":"https://shop.test/p","userAgent":"Browser/1.0","metadata":{"captchaUrl":"https://geo.captcha-delivery.com/captcha/?cid=1&t=fe","datadomeCookie":"datadome=dd"},"proxyType":"http","proxyAddress":"203.0.113.7","proxyPort":8080,"proxyLogin":"login","proxyPassword":"pass-word"},
	"imperva": {"type":"CustomTask","class":"Imperva","websiteURL":"https://shop.test/p","userAgent":"Browser/1.0","metadata":{"incapsulaScriptUrl":"_Incapsula_Resource?x=1","incapsulaCookies":"incap_ses_1=is"},"proxyType":"http","proxyAddress":"203.0.113.7","proxyPort":8080,"proxyLogin":"login","proxyPassword":"pass-word"},
	"f5-tspd": {"type":"CustomTask","class":"tspd","websiteURL":"https://shop.test/p","userAgent":"Browser/1.0","metadata":{"tspdCookie":"TS01=ts","htmlPageBase64":"PGh0bWw+"},"proxyType":"http","proxyAddress":"203.0.113.7","proxyPort":8080,"proxyLogin":"login","proxyPassword":"pass-word"},
	"aws-waf": {"type":"AmazonTask","websiteURL":"https://shop.test/p","websiteKey":"site-key","iv":"iv","context":"ctx","challengeScript":"https://a.test/challenge.js","cookieSolution":true,"userAgent":"Browser/1.0"},
	"cloudflare-challenge": {"type":"TurnstileTask","websiteURL":"https://shop.test/p","websiteKey":"site-key","cloudflareTaskType":"cf_clearance","htmlPageBase64":"PGh0bWw+","userAgent":"Browser/1.0","proxyType":"http","proxyAddress":"203.0.113.7","proxyPort":8080,"proxyLogin":"login","proxyPassword":"pass-word"},
	"hcaptcha": null, "friendly-captcha": null}
}`

func TestEachServiceIsAskedInItsOwnWords(t *testing.T) {
	var all map[string]map[captcha.Kind]json.RawMessage
	require.NoError(t, json.Unmarshal([]byte(tasks), &all))
	require.Len(t, all, 4)
	for service, kinds := range all {
		for kind, want := range kinds {
			t.Run(service+" "+string(kind), func(t *testing.T) {
				s := serve(t, sells(says(`{"errorId":0,"status":"ready","solution":{"token":"t","text":"t","cookie":"a=b","validate":"v","pass_token":"p"}}`)))
				client := s.client(t, service)
				c := challenge(kind, everything)
				c.Action, c.CData = "act", "cd"
				require.Equal(t, string(want) != "null", client.Supports(c))
				if string(want) == "null" {
					_, err := client.Solve(t.Context(), c, visitor())
					require.Equal(t, solver.BadTask, failure(t, err).Class)
					require.Empty(t, s.heard, "nothing was asked")
					return
				}
				_, err := client.Solve(t.Context(), c, visitor())
				require.NoError(t, err)
				require.JSONEq(t, `{"clientKey":"`+canary+`","task":`+string(want)+`}`, s.to("/createTask")[0])
			})
		}
	}
}

func TestWhatIsBoundToAnAddressIsNotAskedWithoutAProxy(t *testing.T) {
	for _, kind := range []captcha.Kind{captcha.KindCloudflare, captcha.KindDataDome} {
		s := serve(t, nil)
		env := visitor()
		env.Proxy = nil
		_, err := s.client(t, solver.NameCapSolver).Solve(t.Context(), challenge(kind, everything), env)
		require.ErrorIs(t, err, captcha.ErrNoEgress)
		require.Empty(t, s.heard)
	}
}

func TestTheProxyGoesWithTokensOnlyWhereTheyAreBoundToIt(t *testing.T) {
	proxied := func(params map[string]string, always bool) bool {
		s := serve(t, sells(says(solved)))
		client := s.client(t, solver.NameTwoCaptcha, func(c *solver.Config) { c.ProxyAlways = always })
		_, err := client.Solve(t.Context(), challenge(captcha.KindRecaptchaV2, params), visitor())
		require.NoError(t, err)
		_, ok := object(t, s.to("/createTask")[0])["task"].(map[string]any)["proxyAddress"]
		return ok
	}
	require.False(t, proxied(nil, false))
	require.True(t, proxied(nil, true))
	require.True(t, proxied(map[string]string{captcha.ParamDataS: "s"}, false), "the search engine's own pages check the address")
}

func TestAPageThatLacksWhatIsNeededIsNotTakenOn(t *testing.T) {
	client := solver.TwoCaptcha(secretKey)
	keyless := challenge(captcha.KindTurnstile, nil)
	keyless.SiteKey = ""
	require.False(t, client.Supports(keyless))
	require.False(t, client.Supports(challenge(captcha.KindGeeTestV3, map[string]string{captcha.ParamGT: "gt"})))
	require.False(t, client.Supports(challenge(captcha.KindAWSWAF, nil)), "its voucher could not be exchanged")
	require.True(t, solver.CapSolver(secretKey).Supports(challenge(captcha.KindAWSWAF, nil)))
	banned := challenge(captcha.KindDataDome, map[string]string{captcha.ParamCaptchaURL: "https://geo.captcha-delivery.com/captcha/?t=bv"})
	require.False(t, client.Supports(banned), "no answer lifts a ban")
}

func TestTasksOfOnesOwn(t *testing.T) {
	s := serve(t, sells(says(`{"errorId":0,"status":"ready","solution":{"token":"tok","lot":7,"x":{"y":1}}}`)))
	client := s.client(t, solver.NameTwoCaptcha, func(c *solver.Config) {
		c.SoftID = 17
		c.Prices = map[captcha.Kind]trip.USD{"prosopo": 1200}
		c.Tasks = map[captcha.Kind]func(*captcha.Challenge, captcha.Env) (solver.Task, error){
			"prosopo": func(c *captcha.Challenge, _ captcha.Env) (solver.Task, error) {
				return solver.Task{Type: "ProsopoTaskProxyless", Fields: map[string]any{"websiteKey": c.SiteKey}, Beside: map[string]any{"languagePool": "en"}}, nil
			},
		}
	})
	c := challenge("prosopo", nil)
	require.True(t, client.Supports(c))
	require.EqualValues(t, 1200, client.Price(c))
	got, err := client.Solve(t.Context(), c, captcha.Env{})
	require.NoError(t, err)
	require.Equal(t, "tok", got.Token)
	require.Equal(t, map[string]string{"token": "tok", "lot": "7"}, got.Fields)
	require.EqualValues(t, 1200, got.Cost)
	require.Equal(t, `{"clientKey":"`+canary+`","languagePool":"en","softId":17,"task":{"type":"ProsopoTaskProxyless","websiteKey":"site-key"}}`, s.to("/createTask")[0])
}

func TestValidateNamesEveryMistake(t *testing.T) {
	_, err := solver.New(solver.Config{
		Service: "3captcha", URL: "ftp://x", Poll: solver.Poll{First: -1, Every: -1},
		Prices: map[captcha.Kind]trip.USD{"image": -1},
	})
	for _, problem := range []string{
		`Service: "3captcha", want one of 2captcha, 2captcha-legacy, anti-captcha, capmonster, capsolver`,
		"Key: unset", "URL: want an http", "Poll.First: -1ns", "Poll.Every: -1ns", `Prices["image"]: -$0.000001, want 0 or more`,
	} {
		require.ErrorContains(t, err, problem)
	}
}

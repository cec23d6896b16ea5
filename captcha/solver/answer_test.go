package solver_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/godwit-go/godwit/captcha"
	"github.com/godwit-go/godwit/captcha/solver"
)

func TestSolutionsAreReadInEveryShape(t *testing.T) {
	for name, c := range map[string]struct {
		kind     captcha.Kind
		solution string
		token    string
		fields   map[string]string
		cookies  string
		agent    string
	}{
		"recaptcha":           {captcha.KindRecaptchaV2, `{"gRecaptchaResponse":"t","userAgent":"A"}`, "t", nil, "", "A"},
		"recaptcha, doubled":  {captcha.KindRecaptchaV2, `{"gRecaptchaResponse":"t","token":"t"}`, "t", nil, "", ""},
		"hcaptcha":            {captcha.KindHCaptcha, `{"token":"t","respKey":"E0_x","userAgent":"A"}`, "t", nil, "", "A"},
		"turnstile":           {captcha.KindTurnstile, `{"token":"0.t","userAgent":"A"}`, "0.t", nil, "", "A"},
		"geetest v3":          {captcha.KindGeeTestV3, `{"challenge":"c","validate":"v","seccode":"s"}`, "", map[string]string{"geetest_challenge": "c", "geetest_validate": "v", "geetest_seccode": "s"}, "", ""},
		"geetest v3, named":   {captcha.KindGeeTestV3, `{"geetest_challenge":"c","geetest_validate":"v","geetest_seccode":"s"}`, "", map[string]string{"geetest_challenge": "c", "geetest_validate": "v", "geetest_seccode": "s"}, "", ""},
		"geetest v4":          {captcha.KindGeeTestV4, `{"captcha_id":"i","lot_number":"l","pass_token":"p","gen_time":1649921519,"captcha_output":"o"}`, "", map[string]string{"captcha_id": "i", "lot_number": "l", "pass_token": "p", "gen_time": "1649921519", "captcha_output": "o"}, "", ""},
		"picture":             {captcha.KindImage, `{"text":"w68HP","url":"http://x"}`, "w68HP", nil, "", ""},
		"datadome, as set":    {captcha.KindDataDome, `{"cookie":"datadome=d~1; Max-Age=31536000; Domain=.shop.test; Path=/; Secure; SameSite=Lax"}`, "", nil, "datadome=d~1; Path=/; Domain=shop.test; Max-Age=31536000; Secure; SameSite=Lax", ""},
		"datadome, by domain": {captcha.KindDataDome, `{"domains":{"shop.test":{"cookies":{"datadome":"d~1; Path=/; Secure"}}}}`, "", nil, "datadome=d~1; Path=/; Secure", ""},
		"aws, as cookie":      {captcha.KindAWSWAF, `{"cookie":"u-u:i:d/d=="}`, "", nil, "aws-waf-token=u-u:i:d/d==", ""},
		"aws, as set":         {captcha.KindAWSWAF, `{"cookie":"aws-waf-token=u:i; Path=/"}`, "", nil, "aws-waf-token=u:i; Path=/", ""},
		"aws, as token":       {captcha.KindAWSWAF, `{"token":"u:i"}`, "", nil, "aws-waf-token=u:i", ""},
		"aws, by name":        {captcha.KindAWSWAF, `{"cookies":{"aws-waf-token":"u:i"},"userAgent":"A"}`, "", nil, "aws-waf-token=u:i", "A"},
		"aws, voucher":        {captcha.KindAWSWAF, `{"captcha_voucher":"v","existing_token":"e"}`, "", map[string]string{"captcha_voucher": "v", "existing_token": "e"}, "", ""},
		"cloudflare, text":    {captcha.KindCloudflare, `{"cookies":"__cf_bm=b; cf_clearance=c","headers":{"User-Agent":"A"},"token":"c"}`, "", nil, "__cf_bm=b | cf_clearance=c", "A"},
		"cloudflare, object":  {captcha.KindCloudflare, `{"cookies":{"cf_clearance":"c"},"headers":{"user-agent":"A"}}`, "", nil, "cf_clearance=c", "A"},
		"cloudflare, bare":    {captcha.KindCloudflare, `{"cf_clearance":"c"}`, "", nil, "cf_clearance=c", ""},
		"cloudflare, list":    {captcha.KindCloudflare, `{"cookies":[{"name":"cf_clearance","value":"c","domain":".shop.test","path":"/","secure":true,"httpOnly":true}]}`, "", nil, "cf_clearance=c; Path=/; Domain=shop.test; HttpOnly; Secure", ""},
		"anti-bot":            {captcha.KindCloudflare, `{"cookies":{"cf_clearance":"c"},"fingerprint":{"self.navigator.userAgent":"A"}}`, "", nil, "cf_clearance=c", "A"},
		"imperva":             {captcha.KindImperva, `{"domains":{"https://shop.test":{"cookies":{"___utmvc":"u; Max-Age=31536000; Path=/"}}}}`, "", nil, "___utmvc=u; Path=/; Max-Age=31536000", ""},
		"tspd":                {captcha.KindF5, `{"Domains":{"shop.test":{"Cookies":{"TS386a400d029":"x"}}}}`, "", nil, "TS386a400d029=x", ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, sells(says(`{"errorId":0,"status":"ready","solution":`+c.solution+`}`)))
			task := solver.Task{Kind: c.kind, Type: "Any"}
			got, err := s.client(t, solver.NameCapMonster).Run(t.Context(), task)
			require.NoError(t, err)
			require.Equal(t, c.token, got.Token)
			if c.fields == nil {
				require.Empty(t, got.Fields)
			} else {
				require.Equal(t, c.fields, got.Fields)
			}
			require.Equal(t, c.cookies, setCookies(got.Cookies))
			require.Equal(t, c.agent, got.UserAgent)
			require.Equal(t, solver.NameCapMonster, got.Provider)
			require.WithinDuration(t, time.Now(), got.ObtainedAt, time.Minute)
		})
	}
}

func setCookies(cookies []*http.Cookie) string {
	var lines []string
	for _, c := range cookies {
		lines = append(lines, c.String())
	}
	return strings.Join(lines, " | ")
}

func TestTheOlderApiGivesObjectsCookiesAndPrices(t *testing.T) {
	for name, c := range map[string]struct {
		kind  captcha.Kind
		reply string
		want  string
		cost  int
	}{
		"token":             {captcha.KindRecaptchaV2, `{"status":1,"request":"03A","price":"0.00299","useragent":"A"}`, "token 03A agent A", 2990},
		"token, in text":    {captcha.KindRecaptchaV2, `OK|03A|0.00145`, "token 03A agent ", 1450},
		"with a bar":        {captcha.KindImage, `OK|a|b`, "token a|b agent ", 1000},
		"geetest":           {captcha.KindGeeTestV3, `{"status":1,"request":{"geetest_challenge":"c","geetest_validate":"v","geetest_seccode":"s"}}`, "field c agent ", 3000},
		"geetest, in text":  {captcha.KindGeeTestV3, `OK|{"geetest_challenge":"c","geetest_validate":"v","geetest_seccode":"s"}`, "field c agent ", 3000},
		"a number as token": {captcha.KindImage, `{"status":1,"request":1234}`, "token 1234 agent ", 1000},
		"cookie":            {captcha.KindDataDome, `{"status":1,"request":"datadome=d; Path=/"}`, "cookie d agent ", 3000},
		"open kind":         {"tiktok", `{"status":1,"request":"a:b"}`, "token a:b agent ", 3000},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, map[string][]reply{"/in.php": {says(`{"status":1,"request":"2122988149"}`)}, "/res.php": {{body: c.reply, mime: "text/html"}}})
			got, err := s.client(t, solver.NameTwoCaptchaLegacy).Run(t.Context(), solver.Task{Kind: c.kind, Type: "any"})
			require.NoError(t, err)
			what := "token " + got.Token
			if len(got.Cookies) > 0 {
				what = "cookie " + got.Cookies[0].Value
			} else if v := got.Fields["geetest_challenge"]; v != "" {
				what = "field " + v
			}
			require.Equal(t, c.want, what+" agent "+got.UserAgent)
			require.EqualValues(t, c.cost, got.Cost)
		})
	}
}

func TestTokensTellWhenTheyExpire(t *testing.T) {
	s := serve(t, sells(says(solved)))
	got, err := s.client(t, solver.NameTwoCaptcha).Solve(t.Context(), challenge(captcha.KindTurnstile, nil), captcha.Env{})
	require.NoError(t, err)
	require.Equal(t, got.ObtainedAt.Add(5*time.Minute), got.ExpiresAt)
}

func FuzzAnswersAreReadWithoutPanic(f *testing.F) {
	f.Add(`{"cookies":"a=b; Path=/","token":"t"}`, "datadome")
	f.Add(`{"domains":{"h":{"cookies":[{"name":"a","value":1}]}}}`, "imperva")
	f.Add(`"text"`, "aws-waf")
	f.Fuzz(func(t *testing.T, solution, kind string) {
		wire := roundTrip(func(*http.Request) (*http.Response, error) {
			body := `{"errorId":0,"taskId":1,"status":"ready","solution":` + solution + `}`
			return &http.Response{StatusCode: 200, Body: io.NopCloser(strings.NewReader(body))}, nil
		})
		client, err := solver.New(solver.Config{Service: solver.NameTwoCaptcha, Key: secretKey, HTTP: wire, Poll: solver.Poll{Limit: time.Millisecond}})
		require.NoError(t, err)
		got, err := client.Run(t.Context(), solver.Task{Kind: captcha.Kind(kind), Type: "Any"})
		if err == nil && got.Token == "" && len(got.Cookies) == 0 && len(got.Fields) == 0 {
			t.Fatalf("an empty answer is a success: %s", solution)
		}
	})
}

package captcha_test

import (
	"context"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/godwit-go/godwit/captcha"
	"github.com/godwit-go/godwit/trip"
)

func tokenSeller(s captcha.Solution) *seller {
	return &seller{name: "seller", price: price, solve: func(context.Context, *captcha.Challenge, captcha.Env) (captcha.Solution, error) {
		s.Cost = price
		return s, nil
	}}
}

// formGate wants the answer in its form, gives a session cookie for it and sends
// the visitor to where it wanted to go.
type formGate struct {
	kind   captcha.Kind
	params map[string]string
	method string
	fields []captcha.Field
	wants  url.Values
	after  string // where the answer leads; empty = no redirect
	posted *http.Request
}

func (g *formGate) site() *site {
	return &site{answer: func(req *http.Request, body string) (int, string, http.Header, *captcha.Challenge) {
		if c, err := req.Cookie("session"); err == nil && c.Value == "human" {
			return 200, content + body, nil, nil
		}
		if req.URL.Path == "/verify" {
			g.posted = req
			values := req.URL.Query()
			if req.Method == http.MethodPost {
				values, _ = url.ParseQuery(body)
			}
			if values.Encode() == g.wants.Encode() {
				header := http.Header{"Set-Cookie": {"session=human; Path=/"}}
				if g.after == "" {
					return 200, "thank you", header, nil
				}
				header.Set("Location", g.after)
				return 302, "", header, nil
			}
		}
		c := &captcha.Challenge{
			Verdict: captcha.Challenged, Vendor: captcha.ReCAPTCHA, Kind: g.kind, SiteKey: "key", Params: g.params,
			URL: req.URL, Status: 403, Rule: "test", Body: []byte(robot),
			Form: &captcha.Form{Action: parse("https://shop.test/verify?old=1"), Method: g.method, Fields: g.fields},
		}
		return 403, robot, http.Header{"Set-Cookie": {"gate=1; Path=/"}}, c
	}}
}

func TestAnAnswerIsHandedInWithTheFormOfItsKind(t *testing.T) {
	hidden := []captcha.Field{{Name: "csrf", Value: "a&b"}, {Name: "id", Value: "1"}, {Name: "id", Value: "2"}}
	token := captcha.Solution{Token: "T"}
	for name, c := range map[string]struct {
		kind   captcha.Kind
		params map[string]string
		fields []captcha.Field
		answer captcha.Solution
		wants  string
	}{
		"recaptcha":       {kind: captcha.KindRecaptchaV2, answer: token, wants: "csrf=a%26b&g-recaptcha-response=T&id=1&id=2"},
		"invisible":       {kind: captcha.KindRecaptchaV2Invisible, answer: token, wants: "csrf=a%26b&g-recaptcha-response=T&id=1&id=2"},
		"enterprise":      {kind: captcha.KindRecaptchaV2Enterprise, answer: token, wants: "csrf=a%26b&g-recaptcha-response=T&id=1&id=2"},
		"v3":              {kind: captcha.KindRecaptchaV3, answer: token, wants: "csrf=a%26b&g-recaptcha-response=T&id=1&id=2"},
		"hcaptcha":        {kind: captcha.KindHCaptcha, answer: token, wants: "csrf=a%26b&g-recaptcha-response=T&h-captcha-response=T&id=1&id=2"},
		"turnstile":       {kind: captcha.KindTurnstile, answer: token, wants: "cf-turnstile-response=T&csrf=a%26b&id=1&id=2"},
		"turnstile named": {kind: captcha.KindTurnstile, params: map[string]string{captcha.ParamResponseField: "tok"}, answer: token, wants: "csrf=a%26b&id=1&id=2&tok=T"},
		"turnstile in compatibility mode": {
			kind: captcha.KindTurnstile, fields: []captcha.Field{{Name: "g-recaptcha-response"}}, answer: token,
			wants: "cf-turnstile-response=T&g-recaptcha-response=T",
		},
		"friendly": {kind: captcha.KindFriendly, fields: []captcha.Field{}, answer: token, wants: "frc-captcha-response=T&frc-captcha-solution=T"},
		"yandex":   {kind: captcha.KindYandex, fields: []captcha.Field{}, answer: token, wants: "smart-token=T"},
		"arkose":   {kind: captcha.KindFunCaptcha, fields: []captcha.Field{}, answer: token, wants: "fc-token=T&verification-token=T"},
		"geetest": {
			kind: captcha.KindGeeTestV3, fields: []captcha.Field{},
			answer: captcha.Solution{Fields: map[string]string{"geetest_challenge": "c", "geetest_validate": "v", "geetest_seccode": "s"}},
			wants:  "geetest_challenge=c&geetest_seccode=s&geetest_validate=v",
		},
		"picture": {
			kind: captcha.KindImage, params: map[string]string{captcha.ParamResponseField: "field-keywords", captcha.ParamImage: "AA=="},
			fields: []captcha.Field{{Name: "field-keywords"}}, answer: token, wants: "field-keywords=T",
		},
		"picture with one empty field": {
			kind: captcha.KindImage, params: map[string]string{captcha.ParamImage: "AA=="},
			fields: []captcha.Field{{Name: "amzn", Value: "x"}, {Name: "anything"}}, answer: token, wants: "amzn=x&anything=T",
		},
		"picture with a field by name": {
			kind: captcha.KindImage, params: map[string]string{captcha.ParamImage: "AA=="},
			fields: []captcha.Field{{Name: "comment"}, {Name: "CaptchaText"}}, answer: token, wants: "CaptchaText=T&comment=",
		},
	} {
		for _, method := range []string{http.MethodPost, http.MethodGet} {
			t.Run(name+" by "+method, func(t *testing.T) {
				if c.fields == nil {
					c.fields = hidden
				}
				wants, err := url.ParseQuery(c.wants)
				require.NoError(t, err)
				gate := &formGate{kind: c.kind, params: c.params, method: method, fields: c.fields, wants: wants, after: "/p?id=1"}
				web := gate.site()
				req, call := as(identity("p1"), get(t, page))
				req.Header.Set("Accept-Language", "de")
				req.Header.Set("If-None-Match", `"x"`)
				resp, err := open(t, web, config(t, tokenSeller(c.answer))).RoundTrip(req)
				require.Equal(t, content, body(t, resp, err))
				require.Equal(t, trip.USD(price), call.Cost())
				require.Equal(t, 3, web.count(), "the page, the form, the page")
				require.Equal(t, page, gate.posted.Header.Get("Referer"))
				require.Equal(t, "de", gate.posted.Header.Get("Accept-Language"))
				require.Empty(t, gate.posted.Header.Get("If-None-Match"))
				if method == http.MethodPost {
					require.Equal(t, "https://shop.test", gate.posted.Header.Get("Origin"))
					require.Equal(t, "application/x-www-form-urlencoded", gate.posted.Header.Get("Content-Type"))
				} else {
					require.NotContains(t, gate.posted.URL.RawQuery, "old=1", "a form sent by GET replaces the query")
				}
			})
		}
	}
}

func TestAPostIsSentAgainWithItsBodyAfterTheFormWasPassed(t *testing.T) {
	for name, after := range map[string]string{"redirected": "/p?id=1", "not redirected": "", "sent elsewhere": "https://evil.test/"} {
		t.Run(name, func(t *testing.T) {
			gate := &formGate{kind: captcha.KindRecaptchaV2, method: http.MethodPost, wants: url.Values{"g-recaptcha-response": {"T"}}, after: after}
			web := gate.site()
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, page, strings.NewReader(" of the post"))
			require.NoError(t, err)
			req.Header.Set("Content-Type", "text/plain")
			req, _ = as(identity("p1"), req)
			resp, err := open(t, web, config(t, tokenSeller(captcha.Solution{Token: "T"}))).RoundTrip(req)
			require.Equal(t, content+" of the post", body(t, resp, err))
			last := web.reqs[len(web.reqs)-1]
			require.Equal(t, http.MethodPost, last.Method)
			require.Equal(t, "text/plain", last.Header.Get("Content-Type"))
			require.Empty(t, last.Header.Get("Origin"))
			for _, sent := range web.reqs {
				require.Equal(t, "shop.test", sent.URL.Host, "what the visitor has stays with the site")
			}
		})
	}
}

func TestAFormThatLeadsToAnotherSiteIsNotFilledIn(t *testing.T) {
	for _, action := range []string{"https://evil.test/verify", "http://shop.test/verify", "javascript:void(0)"} {
		shop := tokenSeller(captcha.Solution{Token: "T"})
		web := &site{answer: func(req *http.Request, _ string) (int, string, http.Header, *captcha.Challenge) {
			return 403, robot, nil, &captcha.Challenge{
				Verdict: captcha.Challenged, Kind: captcha.KindRecaptchaV2, URL: req.URL, Status: 403,
				Form: &captcha.Form{Action: parse(action), Method: http.MethodPost},
			}
		}}
		req, _ := as(identity("p1"), get(t, page))
		_, err := open(t, web, config(t, shop)).RoundTrip(req)
		require.ErrorIs(t, err, captcha.ErrNoSubmitter, action)
		require.Zero(t, shop.sold())
	}
}

func TestAPictureWhoseFieldCannotBeToldIsNotBought(t *testing.T) {
	shop := tokenSeller(captcha.Solution{Token: "T"})
	gate := &formGate{kind: captcha.KindImage, fields: []captcha.Field{{Name: "a"}, {Name: "b"}}}
	req, _ := as(identity("p1"), get(t, page))
	_, err := open(t, gate.site(), config(t, shop)).RoundTrip(req)
	require.ErrorIs(t, err, captcha.ErrNoSubmitter)
	require.Zero(t, shop.sold())
}

func TestAButtonNeedsNeitherSolverNorBudget(t *testing.T) {
	gate := &formGate{
		kind: captcha.KindButton, method: http.MethodGet, after: "/p?id=1",
		fields: []captcha.Field{{Name: "amzn", Value: "x"}}, wants: url.Values{"amzn": {"x"}},
	}
	req, call := as(identity("p1"), get(t, page))
	resp, err := open(t, gate.site(), captcha.Config{}).RoundTrip(req)
	require.Equal(t, content, body(t, resp, err))
	require.Zero(t, call.Cost())
}

func TestAnAnswerThatDoesNotFitIsNotHandedIn(t *testing.T) {
	for name, answer := range map[string]captcha.Solution{"nothing": {}, "cookies for a form": {Cookies: []*http.Cookie{{Name: "a", Value: "b"}}}} {
		gate := &formGate{kind: captcha.KindRecaptchaV2, method: http.MethodPost}
		req, call := as(identity("p1"), get(t, page))
		_, err := open(t, gate.site(), config(t, tokenSeller(answer))).RoundTrip(req)
		require.ErrorIs(t, err, captcha.ErrUnusable, name)
		require.Equal(t, trip.USD(price), call.Cost(), "it was paid for all the same")
		require.Nil(t, gate.posted, name)
	}
	req, _ := as(identity("p1"), get(t, page))
	_, err := open(t, cookieGate(captcha.KindDataDome), config(t, tokenSeller(captcha.Solution{Token: "T"}))).RoundTrip(req)
	require.ErrorIs(t, err, captcha.ErrUnusable)
}

func TestARedirectToAChallengeIsVisitedForItsForm(t *testing.T) {
	for name, gone := range map[string]bool{"still there": false, "gone by then": true} {
		t.Run(name, func(t *testing.T) {
			shop, passed := tokenSeller(captcha.Solution{Token: "T"}), false
			web := &site{answer: func(req *http.Request, body string) (int, string, http.Header, *captcha.Challenge) {
				switch {
				case passed:
					return 200, content, nil, nil
				case req.URL.Path == "/sorry" && req.Method == http.MethodPost:
					passed = strings.Contains(body, "q=1") && strings.Contains(body, "g-recaptcha-response=T")
					return 200, "", nil, nil
				case req.URL.Path == "/sorry" && gone:
					passed = true
					return 200, "nothing here", nil, nil
				case req.URL.Path == "/sorry":
					return 429, robot, nil, &captcha.Challenge{
						Verdict: captcha.Challenged, Vendor: captcha.Google, Kind: captcha.KindRecaptchaV2, URL: req.URL, Status: 429,
						Form: &captcha.Form{Action: req.URL, Method: http.MethodPost, Fields: []captcha.Field{{Name: "q", Value: "1"}}},
					}
				}
				return 302, "", http.Header{"Location": {"/sorry"}}, &captcha.Challenge{
					Verdict: captcha.Challenged, Vendor: captcha.Google, Kind: captcha.KindRecaptchaV2,
					URL: parse("https://shop.test/sorry"), Status: 302,
				}
			}}
			req, _ := as(identity("p1"), get(t, page))
			resp, err := open(t, web, config(t, shop)).RoundTrip(req)
			require.Equal(t, content, body(t, resp, err))
			require.Equal(t, !gone, shop.sold() == 1)
		})
	}
}

func TestThePictureIsFetchedAsTheVisitorItWasMadeFor(t *testing.T) {
	for name, source := range map[string]string{
		"by address": "/captcha.jpg", "on the vendor's host": "https://images.test/captcha.jpg",
		"in the page": "data:image/jpeg;base64," + base64.StdEncoding.EncodeToString([]byte("a picture")),
	} {
		t.Run(name, func(t *testing.T) {
			gate := &formGate{
				kind: captcha.KindImage, method: http.MethodGet, after: "/p?id=1", wants: url.Values{"text": {"T"}},
				params: map[string]string{captcha.ParamImageURL: source, captcha.ParamResponseField: "text"},
			}
			pages := gate.site()
			var fetched *http.Request
			inner := pages.answer
			pages.answer = func(req *http.Request, body string) (int, string, http.Header, *captcha.Challenge) {
				if req.URL.Path == "/captcha.jpg" {
					fetched = req
					return 200, "a picture", nil, nil
				}
				return inner(req, body)
			}
			var got string
			shop := &seller{name: "seller", price: price, solve: func(_ context.Context, c *captcha.Challenge, _ captcha.Env) (captcha.Solution, error) {
				got = c.Params[captcha.ParamImage]
				return captcha.Solution{Token: "T"}, nil
			}}
			req, _ := as(identity("p1"), get(t, page))
			req.Header.Set("Authorization", "Bearer secret")
			resp, err := open(t, pages, config(t, shop)).RoundTrip(req)
			require.Equal(t, content, body(t, resp, err))
			require.Equal(t, base64.StdEncoding.EncodeToString([]byte("a picture")), got)
			if strings.HasPrefix(source, "/") {
				gateCookie, err := fetched.Cookie("gate")
				require.NoError(t, err)
				require.Equal(t, "1", gateCookie.Value)
			}
			if strings.HasPrefix(source, "https:") {
				require.Empty(t, fetched.Header.Get("Authorization"), "another host gets no credentials")
			}
		})
	}
}

func TestAVoucherIsExchangedBesideTheScriptWithoutTheCallersHeader(t *testing.T) {
	challenge := func(script string) *site {
		return &site{answer: func(req *http.Request, body string) (int, string, http.Header, *captcha.Challenge) {
			if req.URL.Host == "token.awswaf.test" {
				require.Equal(t, "/a/b/voucher", req.URL.Path)
				require.Empty(t, req.Header.Get("Authorization"))
				require.JSONEq(t, `{"captcha_voucher":"v","existing_token":"e"}`, body)
				return 200, `{"token":"exchanged"}`, nil, nil
			}
			if c, err := req.Cookie("aws-waf-token"); err == nil && c.Value == "exchanged" {
				return 200, content, nil, nil
			}
			return 405, robot, nil, &captcha.Challenge{
				Verdict: captcha.Challenged, Vendor: captcha.AWSWAF, Kind: captcha.KindAWSWAF, URL: req.URL, Status: 405,
				Params: map[string]string{captcha.ParamChallengeScript: script},
			}
		}}
	}
	voucher := captcha.Solution{Fields: map[string]string{captcha.FieldVoucher: "v", captcha.FieldExistingToken: "e"}}
	ask := func(script string) (*http.Response, error) {
		req, _ := as(identity("p1"), get(t, page))
		req.Header.Set("Authorization", "Bearer secret")
		return open(t, challenge(script), config(t, tokenSeller(voucher))).RoundTrip(req)
	}
	resp, err := ask("https://token.awswaf.test/a/b/challenge.js")
	require.Equal(t, content, body(t, resp, err))
	_, err = ask("")
	require.ErrorIs(t, err, captcha.ErrUnusable)
}

func TestAUsersOwnSubmitterHasItsWay(t *testing.T) {
	handed := ""
	web := &site{answer: func(req *http.Request, body string) (int, string, http.Header, *captcha.Challenge) {
		if req.URL.Path == "/api/verify" {
			handed = body
			return 200, "", nil, nil
		}
		if handed == "T" {
			return 200, content, nil, nil
		}
		return 403, robot, nil, &captcha.Challenge{Verdict: captcha.Challenged, Kind: captcha.KindRecaptchaV3, SiteKey: "k", URL: req.URL, Status: 403}
	}}
	post := func(ctx context.Context, rt http.RoundTripper, answer string) error {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, "https://shop.test/api/verify", strings.NewReader(answer))
		if err != nil {
			return err
		}
		resp, err := rt.RoundTrip(req)
		if err != nil {
			return err
		}
		return resp.Body.Close()
	}
	own := errors.New("of the submitter")
	for name, c := range map[string]struct {
		submit captcha.SubmitFunc
		want   error
	}{
		"leaves the rest to us": {submit: func(ctx context.Context, rt http.RoundTripper, _ *http.Request, _ *captcha.Challenge, s captcha.Solution) (*http.Response, error) {
			return nil, post(ctx, rt, s.Token)
		}},
		"sends it again itself": {submit: func(ctx context.Context, rt http.RoundTripper, orig *http.Request, _ *captcha.Challenge, s captcha.Solution) (*http.Response, error) {
			if err := post(ctx, rt, s.Token); err != nil {
				return nil, err
			}
			return captcha.Replay(ctx, rt, orig)
		}},
		"goes another way": {submit: func(ctx context.Context, rt http.RoundTripper, orig *http.Request, _ *captcha.Challenge, s captcha.Solution) (*http.Response, error) {
			return &http.Response{StatusCode: 200, Body: io.NopCloser(strings.NewReader(content)), Request: orig}, nil
		}},
		"hands in nonsense": {submit: func(ctx context.Context, rt http.RoundTripper, orig *http.Request, _ *captcha.Challenge, s captcha.Solution) (*http.Response, error) {
			return nil, post(ctx, rt, "nonsense")
		}, want: captcha.ErrRejected},
		"fails": {submit: func(context.Context, http.RoundTripper, *http.Request, *captcha.Challenge, captcha.Solution) (*http.Response, error) {
			return nil, own
		}, want: own},
	} {
		t.Run(name, func(t *testing.T) {
			handed = ""
			cfg := config(t, tokenSeller(captcha.Solution{Token: "T"}))
			cfg.Submitter = func(domain string, _ *captcha.Challenge) captcha.Submitter {
				if domain == "shop.test" {
					return c.submit
				}
				return nil
			}
			req, _ := as(identity("p1"), get(t, page))
			resp, err := open(t, web, cfg).RoundTrip(req)
			if c.want != nil {
				require.ErrorIs(t, err, c.want)
				return
			}
			require.Equal(t, content, body(t, resp, err))
		})
	}
}

// tarpit is a body that gives a byte now and then, for as long as its exchange lives.
type tarpit struct{ ctx context.Context }

func (p tarpit) Read(b []byte) (int, error) {
	timer := time.NewTimer(time.Minute)
	defer timer.Stop()
	select {
	case <-timer.C:
		b[0] = '.'
		return 1, nil
	case <-p.ctx.Done():
		return 0, p.ctx.Err()
	}
}

func TestATarpitBehindTheFormHoldsNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := &formGate{kind: captcha.KindRecaptchaV2, method: http.MethodPost, wants: url.Values{"g-recaptcha-response": {"T"}}}
		web := gate.site()
		var stuck context.Context
		base := roundTripper(func(req *http.Request) (*http.Response, error) {
			resp, err := web.RoundTrip(req)
			if req.URL.Path == "/verify" {
				stuck = req.Context()
				resp.Body = io.NopCloser(tarpit{req.Context()})
			}
			return resp, err
		})
		start := time.Now()
		req, _ := as(identity("p1"), get(t, page))
		resp, err := open(t, base, config(t, tokenSeller(captcha.Solution{Token: "T"}))).RoundTrip(req)
		require.Equal(t, content, body(t, resp, err))
		require.Less(t, time.Since(start), time.Second)
		require.Error(t, stuck.Err(), "it is cut off, not left to drip")
	})
}

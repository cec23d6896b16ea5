package captcha_test

import (
	"context"
	"encoding/base64"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/godwit-go/godwit/captcha"
	"github.com/godwit-go/godwit/trip"
)

// html is a site without a layer that classifies: the pages have to speak for
// themselves.
func html(answer func(req *http.Request, form string) (status int, page string, header http.Header)) http.RoundTripper {
	return roundTripper(func(req *http.Request) (*http.Response, error) {
		var body []byte
		if req.Body != nil {
			body, _ = io.ReadAll(req.Body)
			_ = req.Body.Close()
		}
		status, page, header := answer(req, string(body))
		if header == nil {
			header = http.Header{}
		}
		header.Set("Content-Type", "text/html; charset=utf-8")
		return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(strings.NewReader(page)), Request: req}, nil
	})
}

func TestAPictureIsReadFromThePageToTheLastField(t *testing.T) {
	base := html(func(req *http.Request, _ string) (int, string, http.Header) {
		session, _ := req.Cookie("session")
		switch {
		case session != nil && session.Value == "human":
			return 200, content, nil
		case req.URL.Path == "/captcha/x.jpg":
			return 200, "a picture", nil
		case req.URL.Path == "/errors/validateCaptcha" && req.URL.Query().Encode() == "amzn=t&amzn-r=%2Fdp%2F1&field-keywords=ABCDEF":
			return 302, "", http.Header{"Set-Cookie": {"session=human; Path=/"}, "Location": {"/dp/1"}}
		}
		return 200, `<html><body><h4>Enter the characters you see below</h4><form method="get" action="/errors/validateCaptcha">
			<input type=hidden name="amzn" value="t"><input type=hidden name="amzn-r" value="/dp/1">
			<img src="https://shop.test/captcha/x.jpg"><input type="text" name="field-keywords"><button type="submit">Continue</button>
			</form></body></html>`, nil
	})
	shop := &seller{name: "seller", price: price, solve: func(_ context.Context, c *captcha.Challenge, _ captcha.Env) (captcha.Solution, error) {
		picture, err := base64.StdEncoding.DecodeString(c.Params[captcha.ParamImage])
		require.NoError(t, err)
		require.Equal(t, "a picture", string(picture))
		return captcha.Solution{Token: "ABCDEF", Cost: price}, nil
	}}
	rt := open(t, base, config(t, shop))
	for range 2 {
		resp, err := rt.RoundTrip(get(t, "https://shop.test/dp/1"))
		require.Equal(t, content, body(t, resp, err))
	}
	require.Equal(t, 1, shop.sold())
}

func TestTheSearchEnginesGateIsPassedFromTheRedirectOn(t *testing.T) {
	const key = "6LfwuyUTAAAAAOAmoS0fdqijC2PbbdH4kjq62Y1b"
	base := html(func(req *http.Request, form string) (int, string, http.Header) {
		exempt, _ := req.Cookie("GOOGLE_ABUSE_EXEMPTION")
		switch {
		case exempt != nil:
			return 200, content, nil
		case req.URL.Path == "/sorry/index" && req.Method == http.MethodPost && strings.Contains(form, "g-recaptcha-response=T") && strings.Contains(form, "q=opaque"):
			return 302, "", http.Header{"Set-Cookie": {"GOOGLE_ABUSE_EXEMPTION=ID; Path=/"}, "Location": {"/search?q=x"}}
		case req.URL.Path == "/sorry/index":
			return 429, `<html><body><form id="captcha-form" action="index" method="post">
				<div id="recaptcha" class="g-recaptcha" data-sitekey="` + key + `" data-s="once"></div>
				<input type='hidden' name='q' value='opaque'><input type="hidden" name="continue" value="https://www.google.com/search?q=x">
				</form></body></html>`, nil
		}
		return 302, "", http.Header{"Location": {"https://www.google.com/sorry/index?continue=x"}}
	})
	var asked *captcha.Challenge
	shop := &seller{name: "seller", price: price, solve: func(_ context.Context, c *captcha.Challenge, _ captcha.Env) (captcha.Solution, error) {
		asked = c
		return captcha.Solution{Token: "T", Cost: price}, nil
	}}
	rt := open(t, base, config(t, shop))
	_, err := rt.RoundTrip(get(t, "https://www.google.com/search?q=x"))
	require.ErrorIs(t, err, captcha.ErrNoEgress, "the answer is bound to our address, which a service cannot use")
	require.Zero(t, shop.sold())

	req, _ := as(identity("p1"), get(t, "https://www.google.com/search?q=x"))
	resp, err := open(t, withJar{base}, config(t, shop)).RoundTrip(req)
	require.Equal(t, content, body(t, resp, err))
	require.Equal(t, key, asked.SiteKey)
	require.Equal(t, "once", asked.Params[captcha.ParamDataS])
}

// withJar puts the identity's cookies on, as the headers layer does.
type withJar struct{ http.RoundTripper }

func (w withJar) RoundTrip(req *http.Request) (*http.Response, error) {
	jar := trip.IdentityFrom(req.Context()).Jar
	out := req.Clone(req.Context())
	for _, c := range jar.Cookies(req.URL) {
		out.AddCookie(c)
	}
	resp, err := w.RoundTripper.RoundTrip(out)
	if err == nil {
		jar.SetCookies(req.URL, resp.Cookies())
	}
	return resp, err
}

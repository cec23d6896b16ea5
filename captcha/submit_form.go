package captcha

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/godwit-go/godwit/trip"
)

// maxHops is how many redirects are followed after a form was sent.
const maxHops = 10

// tokenFields are the form fields in which each kind's widget puts its token. The
// first is the widget's own; the page may give it another name.
var tokenFields = map[Kind][]string{
	KindRecaptchaV2:           {"g-recaptcha-response"},
	KindRecaptchaV2Invisible:  {"g-recaptcha-response"},
	KindRecaptchaV2Enterprise: {"g-recaptcha-response"},
	KindRecaptchaV3:           {"g-recaptcha-response"},
	KindRecaptchaV3Enterprise: {"g-recaptcha-response"},
	KindHCaptcha:              {"h-captcha-response", "g-recaptcha-response"},
	KindTurnstile:             {"cf-turnstile-response"},
	KindFriendly:              {"frc-captcha-solution", "frc-captcha-response"},
	KindYandex:                {"smart-token"},
	KindFunCaptcha:            {"fc-token", "verification-token"},
	KindGeeTestV3:             {"geetest_validate"},
	KindGeeTestV4:             {"pass_token"},
}

// submitForm sends the page's form with the answer in it, follows where that
// leads within the site, and stops when it has come to the original page.
func submitForm(ctx context.Context, rt http.RoundTripper, orig *http.Request, c *Challenge, s Solution) (*http.Response, error) {
	values, err := answer(c, s)
	if err != nil {
		return nil, err
	}
	req := formRequest(ctx, orig, c, values)
	for range maxHops {
		resp, err := rt.RoundTrip(req)
		if err != nil {
			return nil, err
		}
		next := hop(req, resp)
		trip.Discard(resp, nil)
		if next == nil {
			return nil, nil //nolint:nilnil // the caller sends the original again
		}
		if orig.Method == http.MethodGet && samePage(next.URL, orig.URL) {
			return Replay(ctx, rt, orig)
		}
		req = next
	}
	return nil, nil //nolint:nilnil // as above
}

// answer returns the fields of the form, the answer among them.
func answer(c *Challenge, s Solution) (url.Values, error) {
	values := c.Form.Values()
	switch {
	case c.Kind == KindButton:
		return values, nil
	case c.Kind == KindImage:
		if s.Token == "" {
			return nil, fmt.Errorf("%w: no text for the picture", ErrUnusable)
		}
		values.Set(imageField(c), s.Token)
		return values, nil
	case s.Token == "" && len(s.Fields) == 0:
		return nil, fmt.Errorf("%w: no token for %s", ErrUnusable, c.Kind)
	}
	if s.Token != "" {
		for i, name := range tokenFields[c.Kind] {
			if own := c.Params[ParamResponseField]; i == 0 && own != "" {
				name = own
			}
			values.Set(name, s.Token)
		}
		// A Turnstile in compatibility mode fills what the form has for reCAPTCHA.
		if values.Has("g-recaptcha-response") {
			values.Set("g-recaptcha-response", s.Token)
		}
	}
	for name, value := range s.Fields {
		values.Set(name, value)
	}
	return values, nil
}

// imageField is the field that takes the text of the picture: the one that the
// page names, else the only one that is empty, else an empty one by its name.
// Empty when it cannot be told.
func imageField(c *Challenge) string {
	if own := c.Params[ParamResponseField]; own != "" {
		return own
	}
	var empty []string
	for _, f := range c.Form.Fields {
		if f.Value == "" {
			empty = append(empty, f.Name)
		}
	}
	if len(empty) == 1 {
		return empty[0]
	}
	for _, part := range [...]string{"captcha", "keyword", "answer", "code"} {
		for _, name := range empty {
			if strings.Contains(strings.ToLower(name), part) {
				return name
			}
		}
	}
	return ""
}

// formRequest is what a browser sends when the form is submitted.
func formRequest(ctx context.Context, orig *http.Request, c *Challenge, values url.Values) *http.Request {
	target := *c.Form.Action
	target.Fragment = ""
	req := inner(ctx, orig, &target)
	req.Header.Set("Referer", withoutFragment(c.URL))
	if strings.EqualFold(c.Form.Method, http.MethodPost) {
		withBody(req, values.Encode())
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Origin", c.URL.Scheme+"://"+c.URL.Host)
		return req
	}
	target.RawQuery = values.Encode() // a form sent by GET replaces the query
	return req
}

// inner returns a GET for a page on the way, with what of the original's header
// is not about the original page alone.
func inner(ctx context.Context, orig *http.Request, target *url.URL) *http.Request {
	req := (&http.Request{
		Method: http.MethodGet, URL: target,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: orig.Header.Clone(),
	}).WithContext(ctx)
	//lint:ignore SA1019 deprecated, yet set by http.Client.Timeout
	req.Cancel = orig.Cancel
	if req.Header == nil {
		req.Header = make(http.Header)
	}
	for _, name := range [...]string{
		"Content-Type", "Content-Length", "Content-Encoding", "Transfer-Encoding", "Expect", "Trailer", "Idempotency-Key",
		"Range", "If-Range", "If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since",
	} {
		req.Header.Del(name)
	}
	return req
}

// hop returns the request that a redirect asks for; nil when resp is none or
// leads away from the site.
func hop(req *http.Request, resp *http.Response) *http.Request {
	location := resp.Header.Get("Location")
	if resp.StatusCode < 300 || resp.StatusCode > 399 || location == "" {
		return nil
	}
	target, err := req.URL.Parse(location)
	if err != nil || !sameSite(req.URL, target) {
		return nil
	}
	next := inner(req.Context(), req, target)
	keep := resp.StatusCode == http.StatusTemporaryRedirect || resp.StatusCode == http.StatusPermanentRedirect
	if keep && req.GetBody != nil {
		body, err := req.GetBody()
		if err != nil {
			return nil
		}
		next.Method, next.Body, next.GetBody, next.ContentLength = req.Method, body, req.GetBody, req.ContentLength
		next.Header.Set("Content-Type", req.Header.Get("Content-Type"))
	} else {
		next.Header.Del("Origin")
	}
	next.Header.Set("Referer", withoutFragment(req.URL))
	return next
}

// sameSite tells whether what the visitor has for page may be shown to target:
// the same host, and not without the encryption that the page had.
func sameSite(page, target *url.URL) bool {
	if page == nil || target == nil || target.Scheme != "http" && target.Scheme != "https" {
		return false
	}
	return strings.EqualFold(page.Host, target.Host) && (page.Scheme == target.Scheme || target.Scheme == "https") ||
		strings.EqualFold(page.Hostname(), target.Hostname()) && page.Scheme == "http" && target.Scheme == "https"
}

func samePage(a, b *url.URL) bool { return withoutFragment(a) == withoutFragment(b) }

func withoutFragment(u *url.URL) string {
	plain := *u
	plain.Fragment, plain.RawFragment, plain.User = "", "", nil
	return plain.String()
}

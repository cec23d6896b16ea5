package captcha

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/godwit-go/godwit/trip"
)

// Fields of a [Solution] for [KindAWSWAF] that is a voucher: it has to be
// exchanged for the cookie, through the visitor's own egress.
const (
	FieldVoucher       = "captcha_voucher"
	FieldExistingToken = "existing_token"
)

// awsTokenCookie is what lifts AWS WAF's challenge.
const awsTokenCookie = "aws-waf-token"

// redeemVoucher exchanges a voucher of AWS WAF for its cookie. The service's
// endpoint lies beside the script that the challenge page loads.
func redeemVoucher(ctx context.Context, rt http.RoundTripper, orig *http.Request, c *Challenge, s Solution) ([]*http.Cookie, error) {
	script, err := awsScript(c)
	if err != nil {
		return nil, err
	}
	endpoint := script.ResolveReference(&url.URL{Path: "voucher"})
	body, err := json.Marshal(map[string]string{
		FieldVoucher: s.Fields[FieldVoucher], FieldExistingToken: s.Fields[FieldExistingToken],
	})
	if err != nil {
		return nil, err
	}
	// The endpoint is another host's: it gets none of the caller's header.
	bare := *orig
	bare.Header = nil
	req := inner(ctx, &bare, endpoint)
	if ua := orig.Header.Get("User-Agent"); ua != "" {
		req.Header.Set("User-Agent", ua)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json")
	withBody(req, string(body))

	resp, err := rt.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	defer trip.Discard(resp, nil)
	var got struct{ Token string }
	err = json.NewDecoder(io.LimitReader(resp.Body, 64<<10)).Decode(&got)
	if err != nil || got.Token == "" || resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%w: the voucher was not exchanged (status %d)", ErrUnusable, resp.StatusCode)
	}
	return []*http.Cookie{{Name: awsTokenCookie, Value: got.Token, Path: "/"}}, nil
}

// awsScript returns the address of the script that the challenge page loads.
func awsScript(c *Challenge) (*url.URL, error) {
	page := c.URL
	if page == nil {
		page = new(url.URL)
	}
	script, err := page.Parse(cmp.Or(c.Params[ParamChallengeScript], c.Params[ParamCaptchaScript]))
	if err != nil || script.Host == "" || !strings.HasSuffix(script.Path, ".js") || script.Scheme != "https" && script.Scheme != "http" {
		return nil, fmt.Errorf("%w: a voucher, and no script that tells where it counts", ErrUnusable)
	}
	return script, nil
}

// withBody makes req a POST of body that can be sent again.
func withBody(req *http.Request, body string) {
	req.Method = http.MethodPost
	req.ContentLength = int64(len(body))
	req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(body)), nil }
	req.Body, _ = req.GetBody()
}

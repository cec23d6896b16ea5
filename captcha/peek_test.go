package captcha_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/godwit-go/godwit/captcha"
	"github.com/stretchr/testify/require"
)

// counted is a body that tells how much of it was read and whether it was closed.
type counted struct {
	io.Reader
	read   int
	closed int
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.read += n
	return n, err
}

func (c *counted) Close() error {
	c.closed++
	return nil
}

func response(status int, header http.Header, body io.ReadCloser) *http.Response {
	if header == nil {
		header = http.Header{"Content-Type": {"text/html"}}
	}
	return &http.Response{
		StatusCode: status, Header: header, Body: body, ContentLength: -1,
		Request: &http.Request{Method: http.MethodGet, URL: &url.URL{Scheme: "https", Host: "site.test", Path: "/p"}},
	}
}

func TestThePeekedBodyIsHandedBackWhole(t *testing.T) {
	late := "<p>" + strings.Repeat("x", 100<<10) + `</p><script>window._cf_chl_opt={}</script>` + strings.Repeat("y", 1<<20)
	for name, c := range map[string]struct {
		status int
		body   string
		most   int
		want   captcha.Verdict
	}{
		"empty":                          {200, "", 0, captcha.None},
		"shorter than the peek":          {200, "<p>hello</p>", 12, captcha.None},
		"ordinary and long":              {200, "<p>" + strings.Repeat("x", 1<<20), captcha.DefaultPeekBytes, captcha.None},
		"suspicious":                     {200, "<p>recaptcha</p>" + late, captcha.DefaultSuspectBytes, captcha.Challenged},
		"marker behind the peek":         {200, late, captcha.DefaultPeekBytes, captcha.None},
		"marker behind the peek, error":  {403, late, captcha.DefaultSuspectBytes, captcha.Challenged},
		"marker behind the peek, 404":    {404, late, captcha.DefaultPeekBytes, captcha.None},
		"marker behind the larger bound": {403, "<p>captcha" + strings.Repeat("x", 600<<10) + late, captcha.DefaultSuspectBytes, captcha.None},
		"style, then a page":             {200, "<style>" + repeat("a>b{c:d} ", 70<<10) + "</style>" + strings.Repeat("<p>Lamps", 1<<17), 2 * captcha.DefaultPeekBytes, captcha.None},
		"style, then nothing":            {200, "<style>" + repeat("a>b{c:d} ", 1<<20), captcha.DefaultSuspectBytes, captcha.None},
		"style, then a marker":           {200, "<style>" + repeat("a>b{c:d} ", 300<<10) + "</style>" + late[3:], captcha.DefaultSuspectBytes, captcha.Challenged},
		"script that writes content":     {200, "<script>" + repeat(`w("<a href=1><p>text")`, 70<<10) + "</script><p>Soon" + late[3+100<<10:], captcha.DefaultSuspectBytes, captcha.Challenged},
		"text without elements":          {200, "<style></style>" + late, captcha.DefaultPeekBytes, captcha.None},
		"exactly the peek":               {200, strings.Repeat("x", captcha.DefaultPeekBytes), captcha.DefaultPeekBytes, captcha.None},
	} {
		for reader, wrap := range map[string]func(io.Reader) io.Reader{
			"at once": func(r io.Reader) io.Reader { return r }, "in halves": iotest.HalfReader, "with its end": iotest.DataErrReader,
		} {
			t.Run(name+", read "+reader, func(t *testing.T) {
				body := &counted{Reader: wrap(strings.NewReader(c.body))}
				resp := response(c.status, nil, body)
				found, err := new(captcha.Detector).Inspect(resp)
				require.NoError(t, err)
				require.LessOrEqual(t, body.read, c.most)
				if c.want == captcha.None {
					require.Nil(t, found)
				} else {
					require.Equal(t, c.want, found.Verdict)
					require.LessOrEqual(t, len(found.Body), c.most)
				}
				got, err := io.ReadAll(resp.Body)
				require.NoError(t, err)
				require.Equal(t, c.body, string(got))
				require.Zero(t, body.closed)
				require.NoError(t, resp.Body.Close())
				require.Equal(t, 1, body.closed)
				_, err = resp.Body.Read(make([]byte, 1))
				require.Error(t, err, "a closed body gives nothing more")
				require.NotErrorIs(t, err, io.EOF)
			})
		}
	}
}

func TestInspectingAgainGivesTheSame(t *testing.T) {
	page := `<script>window._cf_chl_opt={}</script>` + strings.Repeat("z", 700<<10)
	resp := response(403, nil, io.NopCloser(strings.NewReader(page)))
	for range 3 {
		found, err := new(captcha.Detector).Inspect(resp)
		require.NoError(t, err)
		require.Equal(t, captcha.Challenged, found.Verdict)
		require.Equal(t, "/p", found.URL.Path)
	}
	got, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.Equal(t, page, string(got))
}

func TestWhatIsNoPagePassesUnread(t *testing.T) {
	const page = `<script>window._cf_chl_opt={}</script>`
	header := func(kv ...string) http.Header {
		h := make(http.Header)
		for i := 0; i < len(kv); i += 2 {
			h.Set(kv[i], kv[i+1])
		}
		return h
	}
	for name, resp := range map[string]*http.Response{
		"image":          response(200, header("Content-Type", "image/png"), nil),
		"plain text":     response(403, header("Content-Type", "text/plain; charset=utf-8"), nil),
		"script":         response(200, header("Content-Type", "application/javascript"), nil),
		"feed":           response(200, header("Content-Type", "application/rss+xml"), nil),
		"still encoded":  response(200, header("Content-Type", "text/html", "Content-Encoding", "br"), nil),
		"protocol":       response(101, nil, nil),
		"no content":     response(204, nil, nil),
		"not modified":   response(304, nil, nil),
		"odd media type": response(200, header("Content-Type", "image/png; ="), nil),
	} {
		body := &counted{Reader: strings.NewReader(page)}
		resp.Body = body
		found, err := new(captcha.Detector).Inspect(resp)
		require.NoError(t, err, name)
		require.Nil(t, found, name)
		require.Zero(t, body.read, name)
		require.Same(t, body, resp.Body, "%s: not even wrapped", name)
	}
	head := response(200, nil, &counted{Reader: strings.NewReader(page)})
	head.Request.Method = http.MethodHead
	found, err := new(captcha.Detector).Inspect(head)
	require.NoError(t, err)
	require.Nil(t, found)
	for _, body := range []io.ReadCloser{nil, http.NoBody} {
		found, err := new(captcha.Detector).Inspect(response(403, nil, body))
		require.NoError(t, err)
		require.Nil(t, found)
	}
}

func TestABodyThatBreaksIsJudgedByItsBeginning(t *testing.T) {
	broken := errors.New("reset")
	const page = `<script>window._cf_chl_opt={}</script>`
	resp := response(403, nil, io.NopCloser(io.MultiReader(strings.NewReader(page), iotest.ErrReader(broken))))
	found, err := new(captcha.Detector).Inspect(resp)
	require.ErrorIs(t, err, broken)
	require.Equal(t, captcha.Challenged, found.Verdict)
	got, err := io.ReadAll(resp.Body)
	require.ErrorIs(t, err, broken, "the reader meets the error where it was")
	require.Equal(t, page, string(got))
	_, err = resp.Body.Read(make([]byte, 1))
	require.ErrorIs(t, err, broken)
}

func TestTheHeadDecidesWithoutTheBody(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		header http.Header
		want   captcha.Verdict
		vendor captcha.Vendor
	}{
		"cloudflare":                   {403, http.Header{"Cf-Mitigated": {"challenge"}}, captcha.Challenged, captcha.Cloudflare},
		"aws challenge":                {202, http.Header{"X-Amzn-Waf-Action": {"challenge"}}, captcha.Challenged, captcha.AWSWAF},
		"aws captcha":                  {405, http.Header{"X-Amzn-Waf-Action": {"captcha"}}, captcha.Challenged, captcha.AWSWAF},
		"vercel":                       {429, http.Header{"X-Vercel-Mitigated": {"challenge"}}, captcha.Challenged, captcha.Vercel},
		"vercel, denied":               {403, http.Header{"X-Vercel-Mitigated": {"deny"}}, captcha.Blocked, captcha.Vercel},
		"datadome":                     {403, http.Header{"X-Dd-B": {"1"}, "X-Datadome": {"protected"}}, captcha.Challenged, captcha.DataDome},
		"datadome, let through":        {200, http.Header{"X-Datadome": {"protected"}, "X-Datadome-Cid": {"A"}}, captcha.None, ""},
		"kasada":                       {429, http.Header{"X-Kpsdk-Ct": {"0a"}}, captcha.Challenged, captcha.Kasada},
		"kasada, let through":          {200, http.Header{"X-Kpsdk-Ct": {"0a"}}, captcha.None, ""},
		"kasada, refused login":        {403, http.Header{"X-Kpsdk-Ct": {"0a"}}, captcha.None, ""},
		"linkedin":                     {999, nil, captcha.Blocked, captcha.LinkedIn},
		"google redirect":              {302, http.Header{"Location": {"https://www.google.com/sorry/index?continue=x"}}, captcha.Challenged, captcha.Google},
		"yandex redirect":              {302, http.Header{"Location": {"/showcaptcha?retpath=x"}}, captcha.Challenged, captcha.Yandex},
		"ebay redirect":                {307, http.Header{"Location": {"https://www.ebay.com/splashui/captcha?ap=1"}}, captcha.Challenged, captcha.EBay},
		"amazon redirect":              {302, http.Header{"Location": {"/errors/validateCaptcha?x=1"}}, captcha.Challenged, captcha.Amazon},
		"radware redirect":             {302, http.Header{"Location": {"https://validate.perfdrive.com/?ssa=1"}}, captcha.Challenged, captcha.Radware},
		"google redirect, a country's": {302, http.Header{"Location": {"https://ipv4.google.com.hk/sorry/IndexRedirect?q=x"}}, captcha.Challenged, captcha.Google},
		"yandex redirect, fast":        {302, http.Header{"Location": {"https://yandex.com/showcaptchafast?d=x"}}, captcha.Challenged, captcha.Yandex},
		"perimeterx redirect":          {307, http.Header{"Location": {"/blocked?url=L2lwLzE=&uuid=5e&vid=&g=b"}}, captcha.Challenged, captcha.PerimeterX},
		"redirect of a tracker":        {302, http.Header{"Location": {"https://ads.test/click?url=https%3A%2F%2Fa.test&uuid=5e&vid=7"}}, captcha.None, ""},
		"redirect of a blocked user":   {302, http.Header{"Location": {"/account/blocked?url=%2F"}}, captcha.None, ""},
		"redirect to an apology":       {302, http.Header{"Location": {"https://shop.test/sorry/index"}}, captcha.None, ""},
		"redirect to a longer path":    {301, http.Header{"Location": {"https://docs.test/errors/validateCaptchaTokens"}}, captcha.None, ""},
		"redirect with a query":        {302, http.Header{"Location": {"/login?next=/sorry/index"}}, captcha.None, ""},
		"not a redirect":               {200, http.Header{"Location": {"/sorry/index"}}, captcha.None, ""},
	} {
		for _, kind := range []string{"application/octet-stream", "text/html"} {
			t.Run(name+" as "+kind, func(t *testing.T) {
				h := c.header.Clone()
				if h == nil {
					h = make(http.Header)
				}
				h.Set("Content-Type", kind)
				found, err := new(captcha.Detector).Inspect(response(c.status, h, io.NopCloser(strings.NewReader("hello there"))))
				require.NoError(t, err)
				if c.want == captcha.None {
					require.Nil(t, found)
					return
				}
				require.Equal(t, c.want, found.Verdict)
				require.Equal(t, c.vendor, found.Vendor)
				require.Equal(t, c.want == captcha.Challenged, found.Solvable)
				if at := h.Get("Location"); at != "" {
					require.True(t, strings.HasSuffix(found.URL.String(), at), "the address redirected to: %s", found.URL)
				}
			})
		}
	}
}

func TestTheBodyCompletesWhatTheHeadDecided(t *testing.T) {
	header := http.Header{"X-Amzn-Waf-Action": {"challenge"}, "Content-Type": {"text/html; charset=utf-8"}}
	page := `<script>window.gokuProps = {"key":"k","iv":"i","context":"c"};</script>`
	found, err := new(captcha.Detector).Inspect(response(202, header, io.NopCloser(strings.NewReader(page))))
	require.NoError(t, err)
	require.Equal(t, "k", found.SiteKey)
	require.Equal(t, "i", found.Params[captcha.ParamIV])
	require.Equal(t, captcha.Certain, found.Confidence)
	require.Equal(t, "aws-waf-action", found.Rule)
}

func TestInspectWorksOnRealResponses(t *testing.T) {
	const page = `<!DOCTYPE html><title>Just a moment...</title><script>window._cf_chl_opt={cType:"managed"}</script>`
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(http.StatusForbidden)
		_, _ = w.Write(bytes.Repeat([]byte(page), 1000))
	}))
	defer srv.Close()
	resp, err := srv.Client().Get(srv.URL)
	require.NoError(t, err)
	defer resp.Body.Close()
	found, err := new(captcha.Detector).Inspect(resp)
	require.NoError(t, err)
	require.Equal(t, "managed", found.Params["cType"])
	got, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.Len(t, got, 1000*len(page))
}

func TestBoundsAreConfigurable(t *testing.T) {
	const page = `<p>0123456789</p><script>window._cf_chl_opt={}</script>`
	for name, c := range map[string]struct {
		cfg  captcha.DetectorConfig
		read int
		want captcha.Verdict
	}{
		"nothing":       {captcha.DetectorConfig{PeekBytes: -1}, 0, captcha.None},
		"no more":       {captcha.DetectorConfig{PeekBytes: 20, SuspectBytes: -1}, 20, captcha.None},
		"on suspicion":  {captcha.DetectorConfig{PeekBytes: 20, SuspectBytes: 1000}, len(page), captcha.Challenged},
		"less than the": {captcha.DetectorConfig{PeekBytes: 20, SuspectBytes: 5}, 20, captcha.None},
	} {
		d, err := captcha.NewDetector(c.cfg)
		require.NoError(t, err)
		body := &counted{Reader: strings.NewReader(page)}
		found, err := d.Inspect(response(403, nil, body))
		require.NoError(t, err, name)
		require.Equal(t, c.want == captcha.None, found == nil, name)
		require.Equal(t, c.read, body.read, name)
	}
}

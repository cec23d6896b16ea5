package captcha

import (
	"cmp"
	"net/http"
	"net/url"
	"strings"
)

const dataDomeHost = "captcha-delivery.com"

func dataDomeRules() []Rule {
	markers := []string{dataDomeHost}
	return []Rule{
		{
			// X-DataDome is on good responses too, X-DD-B only on refused ones.
			Name: "datadome-header", Vendor: DataDome, Kind: KindDataDome, Verdict: Challenged, Head: true,
			Match: func(p *Page) bool { return p.Status >= 400 && p.Header.Get("X-Dd-B") != "" },
		},
		{
			Name: "datadome-script", Vendor: DataDome, Kind: KindDataDome, Verdict: Challenged, Markers: markers,
			Match: func(p *Page) bool { return strings.HasSuffix(p.Object("dd")["host"], dataDomeHost) },
			Fill:  fillDataDome,
		},
		{
			// Until 2020 the host was left to the script.
			Name: "datadome-old", Vendor: DataDome, Kind: KindDataDome, Verdict: Challenged,
			Markers: []string{"'hsh':'", `"hsh":"`, "ct.datado.me/"},
			Match: func(p *Page) bool {
				dd := p.Object("dd")
				return dd["cid"] != "" && dd["hsh"] != "" && p.TextLen() < maxGateText
			},
			Fill: func(p *Page, c *Challenge) {
				if p.Object("dd")["t"] == "bv" {
					c.ban()
				}
			},
		},
		{
			Name: "datadome-frame", Vendor: DataDome, Kind: KindDataDome, Verdict: Challenged, Markers: markers,
			Match: func(p *Page) bool { return dataDomeFrame(p) != "" },
			Fill:  func(p *Page, c *Challenge) { c.setDataDomeURL(dataDomeFrame(p)) },
		},
		{
			Name: "datadome-loader", Vendor: DataDome, Kind: KindDataDome, Verdict: Challenged, Markers: markers,
			Match: func(p *Page) bool {
				return p.TextLen() < maxGateText && (p.ScriptSrc("ct."+dataDomeHost) != "" || p.ScriptSrc("static."+dataDomeHost) != "" ||
					p.HasID("ddv1-captcha-container") || p.HasClass("captcha__human", "captcha__robot"))
			},
		},
		{
			Name: "datadome-json", Vendor: DataDome, Kind: KindDataDome, Verdict: Challenged, Markers: markers,
			Match: func(p *Page) bool { return isDataDome(p.Fields()["url"]) },
			Fill:  func(p *Page, c *Challenge) { c.setDataDomeURL(p.Fields()["url"]) },
		},
	}
}

func dataDomeFrame(p *Page) string {
	if src := p.FrameSrc(dataDomeHost + "/"); isDataDome(src) {
		return src
	}
	return ""
}

// isDataDome tells whether address is one of the vendor's challenge frames.
func isDataDome(address string) bool {
	u, err := url.Parse(address)
	return err == nil && (u.Hostname() == dataDomeHost || strings.HasSuffix(u.Hostname(), "."+dataDomeHost))
}

// setDataDomeURL takes over the address of the frame.
func (c *Challenge) setDataDomeURL(address string) {
	u, err := url.Parse(address)
	if err != nil {
		return
	}
	if u.Scheme == "" {
		u.Scheme = "https"
	}
	c.set(ParamCaptchaURL, u.String())
	if c.set("t", u.Query().Get("t")); c.Params["t"] == "bv" {
		c.ban()
	}
}

// fillDataDome makes the address of the frame as the vendor's script does. An
// address with t=bv is banned: the frame then holds no challenge.
func fillDataDome(p *Page, c *Challenge) {
	dd := p.Object("dd")
	for _, key := range []string{"rt", "cid", "hsh", "b", "s", "e", "t", "host", "qp"} {
		c.set(key, dd[key])
	}
	if dd["t"] == "bv" {
		c.ban()
		return
	}
	q := url.Values{"initialCid": {dd["cid"]}, "hash": {dd["hsh"]}, "s": {dd["s"]}, "dm": {"cd"}}
	q.Set("cid", cmp.Or(dataDomeCookie(p.Header), dd["cookie"]))
	if p.URL != nil {
		q.Set("referer", p.URL.String())
	}
	path := "/captcha/"
	if dd["rt"] == "i" {
		path = "/interstitial/"
		q.Set("b", dd["b"])
	} else {
		q.Set("t", dd["t"])
		q.Set("e", dd["e"])
	}
	u := url.URL{Scheme: "https", Host: dd["host"], Path: path, RawQuery: q.Encode()}
	c.set(ParamCaptchaURL, u.String())
}

// dataDomeCookie returns the cookie that the response set.
func dataDomeCookie(header http.Header) string {
	for _, line := range header.Values("Set-Cookie") {
		if cookie, err := http.ParseSetCookie(line); err == nil && cookie.Name == "datadome" {
			return cookie.Value
		}
	}
	return ""
}

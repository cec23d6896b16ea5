package hostile

import (
	"fmt"
	"net/http"
)

// DataDome stops visitors in the manner of DataDome: 403, a page made of the dd
// object and a script, and a datadome cookie that is good for the address and
// user agent that earned it. Without a browser the cookie comes from the web's
// [Solver] alone.
type DataDome struct {
	Gate
	// Banned tells visitors t=bv: no solution lifts it, and none is sold. Default
	// false.
	Banned bool
}

// Before implements [Hazard].
func (c DataDome) Before(site *Site, next http.Handler) http.Handler {
	g := newGate(site, c.Gate, datadome, "datadome", true)
	kind := "fe"
	if c.Banned {
		kind = "bv"
		delete(site.gates, datadome)
	}
	cid, hash := site.digits("datadome cid", keyDigits, 96), site.digits("datadome hash", "0123456789ABCDEF", 30)
	page := fmt.Sprintf(`<html lang="en"><head><title>%s</title><style>#cmsg{animation: A 1.5s;}@keyframes A{0%%{opacity:0;}100%%{opacity:1;}}</style></head>`+
		`<body style="margin:0"><p id="cmsg">Please enable JS and disable any ad blocker</p>`+
		`<script data-cfasync="false">var dd={'rt':'c','cid':'%s','hsh':'%s','t':'%s','s':45123,'e':'%s','host':'geo.captcha-delivery.com','cookie':'%s'}</script>`+
		`<script data-cfasync="false" src="https://ct.captcha-delivery.com/c.js"></script></body></html>`+"\n",
		site.host, cid, hash, kind, site.digits("datadome e", hexDigits, 64), cid)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-DataDome", "protected")
		if g.admits(r) {
			next.ServeHTTP(w, r)
			return
		}
		w.Header().Set("X-DD-B", "1")
		w.Header().Set("X-DataDome-CID", cid)
		http.SetCookie(w, &http.Cookie{Name: g.cookie, Value: cid, Path: "/", Secure: true, SameSite: http.SameSiteLaxMode})
		g.challenge(w, r, http.StatusForbidden, page)
	})
}

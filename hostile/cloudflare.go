package hostile

import (
	"fmt"
	"net/http"
	"strconv"
)

// Cloudflare stops visitors with a managed challenge in the manner of Cloudflare:
// 403 with cf-mitigated, a page that only runs a script, and a cf_clearance
// cookie that is good for the address and user agent that earned it. Without a
// browser the cookie comes from the web's [Solver] alone.
type Cloudflare struct {
	Gate
}

// Before implements [Hazard].
func (c Cloudflare) Before(site *Site, next http.Handler) http.Handler {
	g := newGate(site, c.Gate, cloudflare, "cf_clearance", true)
	zone := site.digits("cloudflare zone", hexDigits, 32)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ray := fmt.Sprintf("%016x", site.dice("ray", r.URL.Path, strconv.Itoa(visitOf(r).turn)).Uint64())
		w.Header().Set("Server", "cloudflare")
		w.Header().Set("CF-RAY", ray+"-TST")
		if g.admits(r) {
			next.ServeHTTP(w, r)
			return
		}
		w.Header().Set("CF-Mitigated", "challenge")
		g.challenge(w, r, http.StatusForbidden, fmt.Sprintf(managedChallenge, site.host, zone, ray, r.URL.EscapedPath()))
	})
}

// managedChallenge takes the host, the zone, the ray and the path.
const managedChallenge = `<!DOCTYPE html><html lang="en-US"><head><title>Just a moment...</title>` +
	`<meta http-equiv="Content-Type" content="text/html; charset=UTF-8"><meta name="robots" content="noindex,nofollow">` +
	`<meta http-equiv="refresh" content="390"></head><body><div class="main-wrapper" role="main"><div class="main-content">` +
	`<noscript><div class="h2"><span id="challenge-error-text">Enable JavaScript and cookies to continue</span></div></noscript>` +
	`</div></div><script>(function(){window._cf_chl_opt={cvId:'3',cZone:'%[1]s',cType:'managed',cRay:'%[3]s',` +
	`cH:'%[2]s',cUPMDTk:"%[4]s?__cf_chl_tk=%[2]s",cFPWv:'b'};var a=document.createElement('script');` +
	`a.src='/cdn-cgi/challenge-platform/h/b/orchestrate/chl_page/v1?ray=%[3]s';` +
	`document.getElementsByTagName('head')[0].appendChild(a);}());</script></body></html>
`

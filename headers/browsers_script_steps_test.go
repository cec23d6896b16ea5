//go:build browsers

package headers_test

import (
	"net/url"

	"github.com/godwit-go/godwit/headers"
)

func fields(nv ...string) []headers.Field {
	var all []headers.Field
	for i := 0; i+1 < len(nv); i += 2 {
		all = append(all, headers.Field{Name: nv[i], Value: nv[i+1]})
	}
	return all
}

const (
	etag     = `"v1"`
	modified = "Wed, 01 Jan 2025 00:00:00 GMT"
	formType = "application/x-www-form-urlencoded"
	formUTF8 = "application/x-www-form-urlencoded;charset=UTF-8"
	textUTF8 = "text/plain;charset=UTF-8"
	jsonType = "application/json"
)

// scriptSteps are what scripts ask for.
func scriptSteps() []step {
	own := own(".json")
	other := other(".json")
	fetch := func(s situation) situation {
		s.Kind = headers.Fetch
		if s.URL == nil {
			s.URL = own
		}
		return s
	}
	xhr := func(s situation) situation {
		s.Kind = headers.XHR
		if s.URL == nil {
			s.URL = own
		}
		return s
	}
	return []step{
		{name: "fetch", js: "await get('$U')", situation: fetch(situation{})},
		{name: "fetch-other", js: "await get('$U')", situation: fetch(situation{URL: other})},
		{name: "fetch-other-cred", js: "await get('$U', {credentials: 'include'})", situation: fetch(situation{URL: other, Credentials: headers.CredentialsInclude})},
		{name: "fetch-other-nocors", js: "await get('$U', {mode: 'no-cors'})", situation: fetch(situation{URL: other, Mode: headers.ModeNoCORS})},
		{name: "fetch-other-nocors-cred", js: "await get('$U', {mode: 'no-cors', credentials: 'include'})", situation: fetch(situation{URL: other, Mode: headers.ModeNoCORS, Credentials: headers.CredentialsInclude})},
		{name: "fetch-nocors", js: "await get('$U', {mode: 'no-cors'})", situation: fetch(situation{Mode: headers.ModeNoCORS})},
		{name: "fetch-same-origin", js: "await get('$U', {mode: 'same-origin'})", situation: fetch(situation{Mode: headers.ModeSameOrigin})},
		{name: "fetch-head", js: "await get('$U', {method: 'HEAD'})", situation: fetch(situation{Method: "HEAD"})},
		{name: "fetch-post-json", js: "await get('$U', {method: 'POST', headers: {'Content-Type': 'application/json'}, body: '{}'})", situation: fetch(situation{Method: "POST", Headers: fields("Content-Type", jsonType), HasBody: true, ContentLength: 2})},
		{name: "fetch-post-many", js: "await get('$U', {method: 'POST', headers: {'Content-Type': 'application/json', 'X-Requested-With': 'x', 'b-last': '1'}, body: '{}'})", situation: fetch(situation{Method: "POST", Headers: fields("Content-Type", jsonType, "X-Requested-With", "x", "b-last", "1"), HasBody: true, ContentLength: 2})},
		{name: "fetch-post-many-last", js: "await get('$U', {method: 'POST', headers: {'X-Requested-With': 'x', 'Content-Type': 'application/json'}, body: '{}'})", situation: fetch(situation{Method: "POST", Headers: fields("X-Requested-With", "x", "Content-Type", jsonType), HasBody: true, ContentLength: 2})},
		{name: "fetch-post-text", js: "await get('$U', {method: 'POST', headers: {'X-A': '1'}, body: 'abc'})", situation: fetch(situation{Method: "POST", Headers: fields("X-A", "1", "Content-Type", textUTF8), HasBody: true, ContentLength: 3})},
		{name: "fetch-post-empty", js: "await get('$U', {method: 'POST'})", situation: fetch(situation{Method: "POST", HasBody: true})},
		{name: "fetch-post-empty-string", js: "await get('$U', {method: 'POST', body: ''})", situation: fetch(situation{Method: "POST", Headers: fields("Content-Type", textUTF8), HasBody: true})},
		{name: "fetch-post-empty-nostore", js: "await get('$U', {method: 'POST', cache: 'no-store'})", situation: fetch(situation{Method: "POST", Cache: headers.CacheNoStore, HasBody: true})},
		{name: "fetch-put", js: "await get('$U', {method: 'PUT', body: new URLSearchParams({a: 1})})", situation: fetch(situation{Method: "PUT", Headers: fields("Content-Type", formUTF8), HasBody: true, ContentLength: 3})},
		{name: "fetch-put-empty", js: "await get('$U', {method: 'PUT'})", situation: fetch(situation{Method: "PUT", HasBody: true})},
		{name: "fetch-patch-empty", js: "await get('$U', {method: 'PATCH'})", situation: fetch(situation{Method: "PATCH"}), optional: true},
		{name: "fetch-delete", js: "await get('$U', {method: 'DELETE'})", situation: fetch(situation{Method: "DELETE"})},
		{name: "fetch-other-post-text", js: "await get('$U', {method: 'POST', body: 'abc'})", situation: fetch(situation{URL: other, Method: "POST", Headers: fields("Content-Type", textUTF8), HasBody: true, ContentLength: 3})},
		{name: "fetch-other-nocors-post", js: "await get('$U', {method: 'POST', mode: 'no-cors', body: 'abc'})", situation: fetch(situation{URL: other, Mode: headers.ModeNoCORS, Method: "POST", Headers: fields("Content-Type", textUTF8), HasBody: true, ContentLength: 3})},
		{name: "fetch-accept", js: "await get('$U', {headers: {Accept: 'application/json'}})", situation: fetch(situation{Headers: fields("Accept", jsonType)})},
		{name: "fetch-language", js: "await get('$U', {headers: {'Accept-Language': 'fr'}})", situation: fetch(situation{Headers: fields("Accept-Language", "fr")})},
		{name: "fetch-custom", js: "await get('$U', {headers: {'X-Requested-With': 'XMLHttpRequest', Authorization: 'Bearer t0k', Accept: '*/*', 'X-B': '1', 'a-first': '2', 'X-Csrf-Token': 'tok', 'X-Api-Key': 'k', 'Api-Version': '3'}})", situation: fetch(situation{Headers: fields("X-Requested-With", "XMLHttpRequest", "Authorization", "Bearer t0k", "Accept", "*/*", "X-B", "1", "a-first", "2", "X-Csrf-Token", "tok", "X-Api-Key", "k", "Api-Version", "3")})},
		{name: "fetch-twice", js: "{ const h = new Headers(); h.append('X-Two', 'a'); h.append('X-Two', 'b'); await get('$U', {headers: h}) }", situation: fetch(situation{Headers: fields("x-two", "a, b")})},
		{name: "fetch-conditional", js: "await get('$U', {headers: {'If-None-Match': '\"x\"'}})", situation: fetch(situation{Headers: fields("If-None-Match", `"x"`)})},
		{name: "fetch-cache-control", js: "await get('$U', {headers: {'Cache-Control': 'no-cache', Pragma: 'no-cache'}})", situation: fetch(situation{Headers: fields("Cache-Control", "no-cache", "Pragma", "no-cache")})},
		{name: "fetch-nostore", js: "await get('$U', {cache: 'no-store'})", situation: fetch(situation{Cache: headers.CacheNoStore})},
		{name: "fetch-reload", js: "await get('$U', {cache: 'reload'})", situation: fetch(situation{Cache: headers.CacheReload})},
		{name: "fetch-nocache", js: "await get('$U', {cache: 'no-cache'})", situation: fetch(situation{Cache: headers.CacheNoCache})},
		{name: "fetch-high", js: "await get('$U', {priority: 'high'})", situation: fetch(situation{Importance: headers.High})},
		{name: "fetch-low", js: "await get('$U', {priority: 'low'})", situation: fetch(situation{Importance: headers.Low})},
		{name: "fetch-range", js: "await get('$U', {headers: {Range: 'bytes=0-1'}})", situation: fetch(situation{Headers: fields("Range", "bytes=0-1")})},
		{name: "fetch-redirect", js: "await get('$O/go?to=$U')", situation: fetch(situation{Redirects: []*url.URL{{}}})},
		{name: "fetch-redirect-other", js: "await get('$O/go?to=$U')", situation: fetch(situation{URL: other, Redirects: []*url.URL{{}}})},
		{name: "fetch-redirect-back", js: "await get('$X/go?to=$U')", situation: fetch(situation{Redirects: []*url.URL{{Host: "other"}}})},
		{name: "fetch-redirect-there", js: "await get('$X/go?to=$U')", situation: fetch(situation{URL: other, Redirects: []*url.URL{{Host: "other"}}})},
		{name: "fetch-redirect-custom", js: "await get('$O/go?to=$U', {headers: {'X-A': '1', Authorization: 'b'}})", situation: fetch(situation{Headers: fields("X-A", "1", "Authorization", "b"), Redirects: []*url.URL{{}}})},
		{name: "fetch-redirect-post307", js: "await get('$O/go?s=307&to=$U', {method: 'POST', headers: {'Content-Type': 'application/json', 'X-A': '1'}, body: '{}'})", situation: fetch(situation{Method: "POST", Headers: fields("Content-Type", jsonType, "X-A", "1"), HasBody: true, ContentLength: 2, Redirects: []*url.URL{{}}})},
		{name: "fetch-redirect-post302", js: "await get('$O/go?to=$U', {method: 'POST', headers: {'X-A': '1', 'Content-Type': 'application/json'}, body: '{}'})", situation: fetch(situation{OriginalMethod: "POST", Headers: fields("X-A", "1"), Redirects: []*url.URL{{}}})},
		{name: "fetch-redirect-other-custom", js: "await get('$O/go?to=$U', {headers: {'X-A': '1', Authorization: 'b'}})", situation: fetch(situation{URL: other, Headers: fields("X-A", "1"), Redirects: []*url.URL{{}}})},
		{name: "fetch-redirect-other-307", js: "await get('$O/go?s=307&to=$U', {method: 'POST', headers: {'X-A': '1'}, body: 'abc'})", situation: fetch(situation{URL: other, Method: "POST", Headers: fields("X-A", "1", "Content-Type", textUTF8), HasBody: true, ContentLength: 3, Redirects: []*url.URL{{}}})},
		{name: "fetch-redirect-policy", js: "await get('$O/go?to=$U', {referrerPolicy: 'origin'})", situation: fetch(situation{ReferrerPolicy: headers.Origin, Redirects: []*url.URL{{}}})},
		{name: "fetch-keepalive", js: "await get('$U', {keepalive: true})", situation: fetch(situation{})},
		{name: "fetch-formdata", js: "{ const f = new FormData(); await get('$U', {method: 'POST', credentials: 'omit', body: new Blob(['abc'], {type: 'text/csv'})}) }", situation: fetch(situation{Method: "POST", Credentials: headers.CredentialsOmit, Headers: fields("Content-Type", "text/csv"), HasBody: true, ContentLength: 3})},
		{name: "pf-put", js: "await get('$U', {method: 'PUT', headers: {'X-B': '1', 'a-first': '2', Accept: 'x/y', Authorization: 'b'}, body: 'abc'})", situation: fetch(situation{URL: other, Method: "PUT", Headers: fields("X-B", "1", "a-first", "2", "Accept", "x/y", "Authorization", "b", "Content-Type", textUTF8), HasBody: true, ContentLength: 3})},
		{name: "preflight-put", of: "pf-put", situation: situation{Kind: headers.Preflight, Method: "OPTIONS", RequestMethod: "PUT", URL: other, Headers: fields("X-B", "1", "a-first", "2", "Accept", "x/y", "Authorization", "b", "Content-Type", textUTF8)}},
		{name: "pf-xhr", js: "await xhr('DELETE', '$U', {credentials: true, headers: [['X-B', '1']]})", situation: xhr(situation{URL: other, Method: "DELETE", Credentials: headers.CredentialsInclude, Headers: fields("X-B", "1")})},
		{name: "preflight-xhr", of: "pf-xhr", situation: situation{Kind: headers.Preflight, Method: "OPTIONS", RequestMethod: "DELETE", Credentials: headers.CredentialsInclude, URL: other, Headers: fields("X-B", "1")}},
		{name: "pf-range", js: "await get('$U', {headers: {Range: 'bytes=0-1'}})", situation: fetch(situation{URL: other, Headers: fields("Range", "bytes=0-1")})},
		{name: "fetch-cookies", js: "document.cookie = 'a=1; path=/r/'; document.cookie = 'b=2; path=/r/'; await get('$U')", situation: fetch(situation{Cookies: "a=1; b=2"})},
		{name: "xhr-cookies-post", js: "await xhr('POST', '$U', {headers: [['X-A', '1']]}, 'abc')", situation: xhr(situation{Cookies: "a=1; b=2", Method: "POST", Headers: fields("X-A", "1", "Content-Type", textUTF8), HasBody: true, ContentLength: 3})},
		{name: "fetch-cookies-range", js: "await get('$U', {headers: {Range: 'bytes=0-1'}}); document.cookie = 'a=; path=/r/; max-age=0'; document.cookie = 'b=; path=/r/; max-age=0'", situation: fetch(situation{Cookies: "a=1; b=2", Headers: fields("Range", "bytes=0-1")})},
		{name: "xhr-conditional", js: "await xhr('GET', '$U', {headers: [['If-None-Match', 'x']]})", situation: xhr(situation{Headers: fields("If-None-Match", "x")})},
		{name: "fetch-cached-nocache", cached: true, js: "await get('$U'); await get('$U', {cache: 'no-cache'})", situation: fetch(situation{Cache: headers.CacheNoCache, IfNoneMatch: etag, IfModifiedSince: modified})},
		{name: "fetch-cached", cached: true, js: "await get('$U'); await get('$U')", situation: fetch(situation{IfNoneMatch: etag, IfModifiedSince: modified})},
		{name: "xhr-cached-other", cached: true, js: "await xhr('GET', '$U'); await xhr('GET', '$U')", situation: xhr(situation{URL: other, IfNoneMatch: etag, IfModifiedSince: modified})},
		{name: "fetch-cached-custom", cached: true, js: "await get('$U'); await get('$U', {headers: {'X-A': '1'}})", situation: fetch(situation{Headers: fields("X-A", "1"), IfNoneMatch: etag, IfModifiedSince: modified})},
		{name: "xhr-redirect-307", js: "await xhr('POST', '$O/go?s=307&to=$U', {headers: [['X-A', '1']]}, 'abc')", situation: xhr(situation{Method: "POST", Headers: fields("X-A", "1", "Content-Type", textUTF8), HasBody: true, ContentLength: 3, Redirects: []*url.URL{{}}})},
		{name: "beacon-redirect", js: "navigator.sendBeacon('$O/go?s=307&to=$U', 'abc'); await wait(150)", situation: situation{Kind: headers.Beacon, Method: "POST", URL: own, Headers: fields("Content-Type", textUTF8), HasBody: true, ContentLength: 3, Redirects: []*url.URL{{}}}},
		{name: "beacon-redirect-other", js: "navigator.sendBeacon('$O/go?s=307&to=$U', 'abc'); await wait(150)", situation: situation{Kind: headers.Beacon, Method: "POST", URL: other, Headers: fields("Content-Type", textUTF8), HasBody: true, ContentLength: 3, Redirects: []*url.URL{{}}}},
		{name: "xhr", js: "await xhr('GET', '$U')", situation: xhr(situation{})},
		{name: "xhr-other", js: "await xhr('GET', '$U')", situation: xhr(situation{URL: other})},
		{name: "xhr-other-cred", js: "await xhr('GET', '$U', {credentials: true})", situation: xhr(situation{URL: other, Credentials: headers.CredentialsInclude})},
		{name: "xhr-custom", js: "await xhr('GET', '$U', {headers: [['X-Requested-With', 'XMLHttpRequest'], ['X-B', '1'], ['Accept', 'text/html']]})", situation: xhr(situation{Headers: fields("X-Requested-With", "XMLHttpRequest", "X-B", "1", "Accept", "text/html")})},
		{name: "xhr-post-json", js: "await xhr('POST', '$U', {headers: [['X-A', '1'], ['Content-Type', 'application/json'], ['X-B', '1']]}, '{}')", situation: xhr(situation{Method: "POST", Headers: fields("X-A", "1", "Content-Type", jsonType, "X-B", "1"), HasBody: true, ContentLength: 2})},
		{name: "xhr-post-text", js: "await xhr('POST', '$U', {headers: [['X-A', '1']]}, 'abc')", situation: xhr(situation{Method: "POST", Headers: fields("X-A", "1", "Content-Type", textUTF8), HasBody: true, ContentLength: 3})},
		{name: "xhr-post-empty", js: "await xhr('POST', '$U')", situation: xhr(situation{Method: "POST", HasBody: true})},
		{name: "xhr-redirect", js: "await xhr('GET', '$O/go?to=$U')", situation: xhr(situation{Redirects: []*url.URL{{}}})},
		{name: "xhr-redirect-other", js: "await xhr('GET', '$O/go?to=$U')", situation: xhr(situation{URL: other, Redirects: []*url.URL{{}}})},
		{name: "xhr-redirect-custom", js: "await xhr('GET', '$O/go?to=$U', {headers: [['X-A', '1']]})", situation: xhr(situation{Headers: fields("X-A", "1"), Redirects: []*url.URL{{}}})},
		{name: "beacon", js: "navigator.sendBeacon('$U', 'abc'); await wait(150)", situation: situation{Kind: headers.Beacon, Method: "POST", URL: own, Headers: fields("Content-Type", textUTF8), HasBody: true, ContentLength: 3}},
		{name: "beacon-other", js: "navigator.sendBeacon('$U', 'abc'); await wait(150)", situation: situation{Kind: headers.Beacon, Method: "POST", URL: other, Headers: fields("Content-Type", textUTF8), HasBody: true, ContentLength: 3}},
		{name: "events", js: "{ const e = new EventSource('$U'); await wait(200); e.close() }", situation: situation{Kind: headers.EventSource, URL: &url.URL{Path: ".events"}}},
		{name: "events-other", js: "{ const e = new EventSource('$U'); await wait(200); e.close() }", situation: situation{Kind: headers.EventSource, URL: &url.URL{Host: "other", Path: ".events"}}},
		{name: "events-other-cred", js: "{ const e = new EventSource('$U', {withCredentials: true}); await wait(200); e.close() }", situation: situation{Kind: headers.EventSource, Credentials: headers.CredentialsInclude, URL: &url.URL{Host: "other", Path: ".events"}}},
		{name: "worker", js: "{ const w = new Worker('$U'); await soon(new Promise(r => w.onmessage = r)) }", situation: situation{Kind: headers.Worker, URL: &url.URL{Path: ".js"}}},
		{name: "worker-fetch", situation: situation{Kind: headers.Fetch, FromWorker: true, URL: own, Initiator: &url.URL{Path: "/r/worker.js"}}},
		{name: "worker-import", situation: situation{Kind: headers.Script, FromWorker: true, URL: &url.URL{Path: ".js"}, Initiator: &url.URL{Path: "/r/worker.js"}}},
		{name: "worker-post", situation: situation{Kind: headers.Fetch, FromWorker: true, Method: "POST", URL: own, Headers: fields("X-A", "1", "Content-Type", textUTF8), HasBody: true, ContentLength: 3, Initiator: &url.URL{Path: "/r/worker.js"}}},
		{name: "worker-xhr", situation: situation{Kind: headers.XHR, FromWorker: true, URL: own, Headers: fields("X-A", "1"), Initiator: &url.URL{Path: "/r/worker.js"}}},
		{name: "worker-conditional", situation: situation{Kind: headers.Fetch, FromWorker: true, URL: own, Headers: fields("If-None-Match", "x"), Initiator: &url.URL{Path: "/r/worker.js"}}},
		{name: "sharedworker", js: "{ new SharedWorker('$U'); await wait(250) }", situation: situation{Kind: headers.SharedWorker, URL: &url.URL{Path: ".js"}}},
		{name: "serviceworker", js: "if (navigator.serviceWorker) await soon(navigator.serviceWorker.register('$U'))", situation: situation{Kind: headers.ServiceWorker, URL: &url.URL{Path: ".js"}}, optional: true},
		{name: "socket", js: "{ try { new WebSocket('$U'.replace(/^http/, 'ws')) } catch (e) {}; await wait(200) }", situation: situation{Kind: headers.Socket, URL: &url.URL{}}, optional: true},
		{name: "socket-protocol", js: "{ try { new WebSocket('$U'.replace(/^http/, 'ws'), ['chat', 'x']) } catch (e) {}; await wait(200) }", situation: situation{Kind: headers.Socket, URL: &url.URL{}, Headers: fields("Sec-WebSocket-Protocol", "chat, x")}, optional: true},
	}
}

// policySteps are fetches under each referrer policy.
func policySteps() []step {
	var all []step
	for _, policy := range []headers.ReferrerPolicy{
		headers.NoReferrer, headers.NoReferrerWhenDowngrade, headers.SameOrigin, headers.Origin,
		headers.StrictOrigin, headers.OriginWhenCrossOrigin, headers.UnsafeURL,
	} {
		for to, u := range map[string]*url.URL{"own": own(".json"), "other": other(".json")} {
			all = append(all, step{
				name:      "policy-" + string(policy) + "-" + to,
				js:        "await get('$U', {referrerPolicy: '" + string(policy) + "'})",
				situation: situation{Kind: headers.Fetch, ReferrerPolicy: policy, URL: u},
			}, step{
				name:      "policy-post-" + string(policy) + "-" + to,
				js:        "await get('$U', {method: 'POST', mode: 'no-cors', referrerPolicy: '" + string(policy) + "', body: 'a'})",
				situation: situation{Kind: headers.Fetch, Method: "POST", Mode: headers.ModeNoCORS, Headers: fields("Content-Type", textUTF8), HasBody: true, ContentLength: 1, ReferrerPolicy: policy, URL: u},
			})
		}
	}
	return all
}

// navigationSteps lead from page to page. Nobody touches the browser, so none of
// them is user-activated.
func navigationSteps() []step {
	post := func(s situation) situation {
		s.Method, s.Headers, s.HasBody, s.ContentLength = "POST", fields("Content-Type", formType), true, 3
		return s
	}
	return []step{
		{name: "nav-post-noreferrer", js: "document.head.insertAdjacentHTML('beforeend', '<meta name=referrer content=no-referrer>'); form('$U', 'post', {a: '1'})", situation: post(situation{ReferrerPolicy: headers.NoReferrer})},
		{name: "nav-cookies", js: "document.cookie = 'a=1; path=/r/'; document.cookie = 'b=2; path=/r/'; location.href = '$U'", situation: situation{Cookies: "a=1; b=2"}},
		{name: "nav-post-cookies", js: "form('$U', 'post', {a: '1'})", situation: post(situation{Cookies: "a=1; b=2"})},
		{name: "nav-302-cookies", js: "location.href = '$O/go?to=$U'", situation: situation{Cookies: "a=1; b=2", Redirects: []*url.URL{{}}}},
		{name: "nav-get-form", js: "document.cookie = 'a=; path=/r/; max-age=0'; document.cookie = 'b=; path=/r/; max-age=0'; form('$U', 'get', {})", situation: situation{}, query: "?"},
		{name: "nav-meta", js: "document.head.insertAdjacentHTML('beforeend', '<meta http-equiv=refresh content=\"0;url=$U\">')"},
		{name: "nav-link", js: "location.href = '$U'"},
		{name: "nav-other", js: "location.href = '$U'", situation: situation{URL: other(".html")}},
		{name: "nav-click", js: "{ const a = document.createElement('a'); a.href = '$U'; a.click() }"},
		{name: "nav-noreferrer", js: "{ const a = document.createElement('a'); a.rel = 'noreferrer'; a.href = '$U'; a.click() }", situation: situation{ReferrerPolicy: headers.NoReferrer}},
		{name: "nav-origin", js: "{ const a = document.createElement('a'); a.referrerPolicy = 'origin'; a.href = '$U'; a.click() }", situation: situation{ReferrerPolicy: headers.Origin}},
		{name: "nav-unsafe-other", js: "{ const a = document.createElement('a'); a.referrerPolicy = 'unsafe-url'; a.href = '$U'; a.click() }", situation: situation{ReferrerPolicy: headers.UnsafeURL, URL: other(".html")}},
		{name: "nav-post", js: "form('$U', 'post', {a: '1'})", situation: post(situation{})},
		{name: "nav-post-other", js: "form('$U', 'post', {a: '1'})", situation: post(situation{URL: other(".html")})},
		{name: "nav-302", js: "location.href = '$O/go?to=$U'", situation: situation{Redirects: []*url.URL{{}}}},
		{name: "nav-302-other", js: "location.href = '$O/go?to=$U'", situation: situation{URL: other(".html"), Redirects: []*url.URL{{}}}},
		{name: "nav-302-back", js: "location.href = '$X/go?to=$U'", situation: situation{Redirects: []*url.URL{{Host: "other"}}}},
		{name: "nav-post-302", js: "form('$O/go?to=$U', 'post', {a: '1'})", situation: situation{OriginalMethod: "POST", Redirects: []*url.URL{{}}}},
		{name: "nav-post-307", js: "form('$O/go?s=307&to=$U', 'post', {a: '1'})", situation: post(situation{Redirects: []*url.URL{{}}})},
		{name: "nav-post-307-other", js: "form('$O/go?s=307&to=$U', 'post', {a: '1'})", situation: post(situation{URL: other(".html"), Redirects: []*url.URL{{}}})},
		{name: "nav-post-307-back", js: "form('$X/go?s=307&to=$U', 'post', {a: '1'})", situation: post(situation{Redirects: []*url.URL{{Host: "other"}}})},
	}
}

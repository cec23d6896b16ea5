//go:build browsers

package headers_test

import (
	"net/url"

	"github.com/godwit-go/godwit/headers"
)

func own(suffix string) *url.URL   { return &url.URL{Path: suffix} }
func other(suffix string) *url.URL { return &url.URL{Host: "other", Path: suffix} }

// bodies are the scripts and stylesheets that ask for more.
var bodies = map[string]string{
	"/r/style-font.css": "@font-face{font-family:f;src:url(/r/font.ttf)} body{font-family:f}",
	"/r/style-more.css": "@import '/r/css-import.css'; body{background:url(/r/css-image.png)}",
	"/r/worker.js": `importScripts('/r/worker-import.js');
(async () => {
  await fetch('/r/worker-fetch.json');
  await fetch('/r/worker-post.json', {method: 'POST', headers: {'X-A': '1'}, body: 'abc'});
  await fetch('/r/worker-conditional.json', {headers: {'If-None-Match': 'x'}});
  const x = new XMLHttpRequest(); x.open('GET', '/r/worker-xhr.json'); x.setRequestHeader('X-A', '1');
  x.onloadend = () => postMessage(1); x.send();
})();`,
}

type situation = headers.Situation

// elementSteps are what elements ask for.
func elementSteps() []step {
	return []step{
		{name: "image", js: "await el('img', {src: '$U'})", situation: situation{Kind: headers.Image, URL: own(".png")}},
		{name: "image-other", js: "await el('img', {src: '$U'})", situation: situation{Kind: headers.Image, URL: other(".png")}},
		{name: "image-cors", js: "await el('img', {crossOrigin: 'anonymous', src: '$U'})", situation: situation{Kind: headers.Image, Mode: headers.ModeCORS, URL: other(".png")}},
		{name: "image-cors-own", js: "await el('img', {crossOrigin: 'anonymous', src: '$U'})", situation: situation{Kind: headers.Image, Mode: headers.ModeCORS, URL: own(".png")}},
		{name: "image-cors-cred", js: "await el('img', {crossOrigin: 'use-credentials', src: '$U'})", situation: situation{Kind: headers.Image, Mode: headers.ModeCORS, Credentials: headers.CredentialsInclude, URL: other(".png")}},
		{name: "image-high", js: "await el('img', {fetchPriority: 'high', src: '$U'})", situation: situation{Kind: headers.Image, Importance: headers.High, URL: own(".png")}},
		{name: "image-low", js: "await el('img', {fetchPriority: 'low', src: '$U'})", situation: situation{Kind: headers.Image, Importance: headers.Low, URL: own(".png")}},
		{name: "image-noref", js: "await el('img', {referrerPolicy: 'no-referrer', src: '$U'})", situation: situation{Kind: headers.Image, ReferrerPolicy: headers.NoReferrer, URL: own(".png")}},
		{name: "image-origin", js: "await el('img', {referrerPolicy: 'origin', src: '$U'})", situation: situation{Kind: headers.Image, ReferrerPolicy: headers.Origin, URL: own(".png")}},
		{name: "image-unsafe-other", js: "await el('img', {referrerPolicy: 'unsafe-url', src: '$U'})", situation: situation{Kind: headers.Image, ReferrerPolicy: headers.UnsafeURL, URL: other(".png")}},
		{name: "image-redirect", js: "await el('img', {src: '$O/go?to=$U'})", situation: situation{Kind: headers.Image, URL: own(".png"), Redirects: []*url.URL{own("")}}},
		{name: "image-redirect-other", js: "await el('img', {src: '$O/go?to=$U'})", situation: situation{Kind: headers.Image, URL: other(".png"), Redirects: []*url.URL{own("")}}},
		{name: "script-async", js: "await el('script', {src: '$U'})", situation: situation{Kind: headers.Script, Placement: headers.Async, URL: own(".js")}},
		{name: "script-async-high", js: "await el('script', {fetchPriority: 'high', src: '$U'})", situation: situation{Kind: headers.Script, Placement: headers.Async, Importance: headers.High, URL: own(".js")}},
		{name: "script-async-low", js: "await el('script', {fetchPriority: 'low', src: '$U'})", situation: situation{Kind: headers.Script, Placement: headers.Async, Importance: headers.Low, URL: own(".js")}},
		{name: "script-cors-own", js: "await el('script', {crossOrigin: 'anonymous', src: '$U'})", situation: situation{Kind: headers.Script, Placement: headers.Async, Mode: headers.ModeCORS, URL: own(".js")}},
		{name: "script-other", js: "await el('script', {src: '$U'})", situation: situation{Kind: headers.Script, Placement: headers.Async, URL: other(".js")}},
		{name: "module", js: "await el('script', {type: 'module', src: '$U'})", situation: situation{Kind: headers.Module, URL: own(".js")}},
		{name: "module-other", js: "await el('script', {type: 'module', src: '$U'})", situation: situation{Kind: headers.Module, URL: other(".js")}},
		{name: "module-high", js: "await el('script', {type: 'module', fetchPriority: 'high', src: '$U'})", situation: situation{Kind: headers.Module, Importance: headers.High, URL: own(".js")}},
		{name: "module-low", js: "await el('script', {type: 'module', fetchPriority: 'low', src: '$U'})", situation: situation{Kind: headers.Module, Importance: headers.Low, URL: own(".js")}},
		{name: "module-import", js: "await soon(import('$U'))", situation: situation{Kind: headers.Module, URL: own(".js")}},
		{name: "style", js: "await el('link', {rel: 'stylesheet', href: '$U'}, document.head)", situation: situation{Kind: headers.Style, URL: own(".css")}},
		{name: "style-body", js: "await el('link', {rel: 'stylesheet', href: '$U'})", situation: situation{Kind: headers.Style, URL: own(".css")}},
		{name: "style-high", js: "await el('link', {rel: 'stylesheet', fetchPriority: 'high', href: '$U'}, document.head)", situation: situation{Kind: headers.Style, Importance: headers.High, URL: own(".css")}},
		{name: "style-low", js: "await el('link', {rel: 'stylesheet', fetchPriority: 'low', href: '$U'}, document.head)", situation: situation{Kind: headers.Style, Importance: headers.Low, URL: own(".css")}},
		{name: "style-other", js: "await el('link', {rel: 'stylesheet', href: '$U'}, document.head)", situation: situation{Kind: headers.Style, URL: other(".css")}},
		{name: "style-cors", js: "await el('link', {rel: 'stylesheet', crossOrigin: 'anonymous', href: '$U'}, document.head)", situation: situation{Kind: headers.Style, Mode: headers.ModeCORS, URL: other(".css")}},
		{name: "style-print", js: "await el('link', {rel: 'stylesheet', media: 'print', href: '$U'}, document.head)", situation: situation{Kind: headers.Style, Placement: headers.Async, URL: own(".css")}},
		{name: "style-font", js: "await el('link', {rel: 'stylesheet', href: '$U'}, document.head); await wait(300)", situation: situation{Kind: headers.Style, URL: own(".css")}},
		{name: "style-more", js: "await el('link', {rel: 'stylesheet', href: '$U'}, document.head); await wait(300)", situation: situation{Kind: headers.Style, URL: own(".css")}},
		{name: "css-import", situation: situation{Kind: headers.Style, URL: own(".css"), Initiator: &url.URL{Path: "/r/style-more.css"}}},
		{name: "css-image", situation: situation{Kind: headers.Image, URL: own(".png"), Initiator: &url.URL{Path: "/r/style-more.css"}}},
		{name: "style-redirect-cors", js: "await el('link', {rel: 'stylesheet', crossOrigin: 'anonymous', href: '$O/go?to=$U'}, document.head)", situation: situation{Kind: headers.Style, Mode: headers.ModeCORS, Redirects: []*url.URL{own("")}, URL: other(".css")}},
		{name: "script-redirect-cred", js: "await el('script', {crossOrigin: 'use-credentials', src: '$X/go?to=$U'})", situation: situation{Kind: headers.Script, Placement: headers.Async, Mode: headers.ModeCORS, Credentials: headers.CredentialsInclude, Redirects: []*url.URL{other("")}, URL: other(".js")}},
		{name: "module-redirect-other", js: "await el('script', {type: 'module', src: '$O/go?to=$U'})", situation: situation{Kind: headers.Module, Redirects: []*url.URL{own("")}, URL: other(".js")}},
		{name: "track", js: "{ const v = document.createElement('video'); v.innerHTML = '<track default kind=subtitles src=\"$U\">'; document.body.append(v); v.textTracks[0].mode = 'showing'; await wait(300) }", situation: situation{Kind: headers.Track, URL: own(".vtt")}, optional: true},
		{name: "iframe-302-other", js: "await el('iframe', {src: '$O/go?to=$U'})", situation: situation{Kind: headers.IFrame, Redirects: []*url.URL{own("")}, URL: other(".html")}},
		{name: "iframe-post", js: "await el('iframe', {name: 'target1'}); { const f = document.createElement('form'); f.target = 'target1'; f.method = 'post'; f.action = '$U'; f.innerHTML = '<input name=a value=1>'; document.body.append(f); f.submit(); await wait(200) }", situation: situation{Kind: headers.IFrame, Method: "POST", Headers: fields("Content-Type", formType), HasBody: true, ContentLength: 3, URL: own(".html")}},
		{name: "iframe-post-other", js: "await el('iframe', {name: 'target2'}); { const f = document.createElement('form'); f.target = 'target2'; f.method = 'post'; f.action = '$U'; f.innerHTML = '<input name=a value=1>'; document.body.append(f); f.submit(); await wait(200) }", situation: situation{Kind: headers.IFrame, Method: "POST", Headers: fields("Content-Type", formType), HasBody: true, ContentLength: 3, URL: other(".html")}},
		{name: "font", situation: situation{Kind: headers.Font, URL: own(".ttf"), Initiator: &url.URL{Path: "/r/style-font.css"}}},
		{name: "preload-script", js: "await el('link', {rel: 'preload', as: 'script', href: '$U'}, document.head)", situation: situation{Kind: headers.Script, Preload: true, URL: own(".js")}},
		{name: "preload-script-high", js: "await el('link', {rel: 'preload', as: 'script', fetchPriority: 'high', href: '$U'}, document.head)", situation: situation{Kind: headers.Script, Preload: true, Importance: headers.High, URL: own(".js")}},
		{name: "preload-script-low", js: "await el('link', {rel: 'preload', as: 'script', fetchPriority: 'low', href: '$U'}, document.head)", situation: situation{Kind: headers.Script, Preload: true, Importance: headers.Low, URL: own(".js")}},
		{name: "preload-style", js: "await el('link', {rel: 'preload', as: 'style', href: '$U'}, document.head)", situation: situation{Kind: headers.Style, Preload: true, URL: own(".css")}},
		{name: "preload-style-high", js: "await el('link', {rel: 'preload', as: 'style', fetchPriority: 'high', href: '$U'}, document.head)", situation: situation{Kind: headers.Style, Preload: true, Importance: headers.High, URL: own(".css")}},
		{name: "preload-style-low", js: "await el('link', {rel: 'preload', as: 'style', fetchPriority: 'low', href: '$U'}, document.head)", situation: situation{Kind: headers.Style, Preload: true, Importance: headers.Low, URL: own(".css")}},
		{name: "preload-image", js: "await el('link', {rel: 'preload', as: 'image', href: '$U'}, document.head)", situation: situation{Kind: headers.Image, Preload: true, URL: own(".png")}},
		{name: "preload-image-high", js: "await el('link', {rel: 'preload', as: 'image', fetchPriority: 'high', href: '$U'}, document.head)", situation: situation{Kind: headers.Image, Preload: true, Importance: headers.High, URL: own(".png")}},
		{name: "preload-image-low", js: "await el('link', {rel: 'preload', as: 'image', fetchPriority: 'low', href: '$U'}, document.head)", situation: situation{Kind: headers.Image, Preload: true, Importance: headers.Low, URL: own(".png")}},
		{name: "preload-font", js: "await el('link', {rel: 'preload', as: 'font', crossOrigin: 'anonymous', href: '$U'}, document.head)", situation: situation{Kind: headers.Font, Preload: true, URL: own(".ttf")}},
		{name: "preload-font-low", js: "await el('link', {rel: 'preload', as: 'font', crossOrigin: 'anonymous', fetchPriority: 'low', href: '$U'}, document.head)", situation: situation{Kind: headers.Font, Preload: true, Importance: headers.Low, URL: own(".ttf")}},
		{name: "preload-font-high", js: "await el('link', {rel: 'preload', as: 'font', crossOrigin: 'anonymous', fetchPriority: 'high', href: '$U'}, document.head)", situation: situation{Kind: headers.Font, Preload: true, Importance: headers.High, URL: own(".ttf")}},
		{name: "preload-fetch", js: "await el('link', {rel: 'preload', as: 'fetch', crossOrigin: 'anonymous', href: '$U'}, document.head)", situation: situation{Kind: headers.Fetch, Preload: true, URL: own(".json")}},
		{name: "preload-fetch-low", js: "await el('link', {rel: 'preload', as: 'fetch', crossOrigin: 'anonymous', fetchPriority: 'low', href: '$U'}, document.head)", situation: situation{Kind: headers.Fetch, Preload: true, Importance: headers.Low, URL: own(".json")}},
		{name: "preload-fetch-high", js: "await el('link', {rel: 'preload', as: 'fetch', crossOrigin: 'anonymous', fetchPriority: 'high', href: '$U'}, document.head)", situation: situation{Kind: headers.Fetch, Preload: true, Importance: headers.High, URL: own(".json")}},
		{name: "modulepreload", js: "await el('link', {rel: 'modulepreload', href: '$U'}, document.head)", situation: situation{Kind: headers.Module, Preload: true, URL: own(".js")}},
		{name: "prefetch", js: "await el('link', {rel: 'prefetch', href: '$U'}, document.head); await wait(600)", situation: situation{Kind: headers.Prefetch, URL: own(".html")}, optional: true},
		{name: "iframe", js: "await el('iframe', {src: '$U'})", situation: situation{Kind: headers.IFrame, URL: own(".html")}},
		{name: "iframe-other", js: "await el('iframe', {src: '$U'})", situation: situation{Kind: headers.IFrame, URL: other(".html")}},
		{name: "object", js: "await el('object', {type: 'image/svg+xml', data: '$U'})", situation: situation{Kind: headers.Object, URL: own(".svg")}},
		{name: "embed", js: "await el('embed', {type: 'image/svg+xml', src: '$U'})", situation: situation{Kind: headers.Embed, URL: own(".svg")}},
		{name: "video", js: "await el('video', {src: '$U', preload: 'auto'})", situation: situation{Kind: headers.Video, URL: own(".webm")}},
		{name: "video-other", js: "await el('video', {src: '$U', preload: 'auto'})", situation: situation{Kind: headers.Video, URL: other(".webm")}},
		{name: "video-cors", js: "await el('video', {crossOrigin: 'anonymous', src: '$U', preload: 'auto'})", situation: situation{Kind: headers.Video, Mode: headers.ModeCORS, URL: other(".webm")}},
		{name: "audio", js: "await el('audio', {src: '$U', preload: 'auto'})", situation: situation{Kind: headers.Audio, URL: own(".ogg")}},
	}
}

//go:build browsers

package headers_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/godwit-go/godwit/headers"
)

// step is one request that the page of a tour makes.
type step struct {
	name      string
	js        string // $U is the URL to request, $O the page's origin, $X the other site's
	situation headers.Situation
	of        string // the step whose URL is requested; default its own
	query     string // of the URL, after a form's doing
	cached    bool   // the last request of that URL counts, if the browser has kept the response to the first one
	optional  bool   // the browser may do without it
}

// tour is the series of requests over one kind of connection: a page that makes
// all the page's own requests, then one page per navigation.
type tour struct {
	name, own, other string
	protocol         headers.Protocol
}

func (tr *tour) page() string { return tr.own + "/page/0?q=1" }

// steps returns all steps of the tour with their situations filled in.
func (tr *tour) steps() []step {
	var all []step
	for _, make := range []func() []step{elementSteps, scriptSteps, policySteps} {
		for _, st := range make() {
			all = append(all, tr.fill(st, tr.page()))
		}
	}
	for i, st := range navigationSteps() {
		all = append(all, tr.fill(st, tr.navigationPage(i)))
	}
	return all
}

func (tr *tour) navigationPage(i int) string { return fmt.Sprintf("%s/page/%d?q=1", tr.own, i+1) }

func (tr *tour) fill(st step, page string) step {
	s := st.situation
	s.Protocol = tr.protocol
	if s.Kind == headers.Socket {
		s.Protocol = headers.HTTP1
	}
	target := tr.own
	if s.URL != nil && s.URL.Host == "other" {
		target = tr.other
	}
	suffix := ".html"
	if s.URL != nil && s.URL.Path != "" {
		suffix = s.URL.Path
	}
	name := st.name
	if st.of != "" {
		name = st.of
	}
	u := mustURL(target + "/r/" + name + suffix)
	st.js = strings.NewReplacer("$U", u.String(), "$O", tr.own, "$X", tr.other).Replace(st.js)
	if s.Kind == headers.Socket {
		u.Scheme = strings.Replace(u.Scheme, "http", "ws", 1)
	}
	if st.query != "" {
		u.ForceQuery = true
	}
	s.URL = u
	initiator := page
	if s.Initiator != nil {
		initiator = tr.own + s.Initiator.Path
	}
	s.Initiator = mustURL(initiator)
	for i, hop := range s.Redirects {
		from := tr.own
		if hop.Host == "other" {
			from = tr.other
		}
		s.Redirects = append([]*url.URL(nil), s.Redirects...)
		s.Redirects[i] = mustURL(from + "/go")
	}
	st.situation = s
	return st
}

// itinerary leads a browser through all tours.
type itinerary struct {
	tours []*tour
	done  func()
}

func newItinerary(tours []*tour, done chan struct{}) *itinerary {
	return &itinerary{tours: tours, done: sync.OnceFunc(func() { close(done) })}
}

func (it *itinerary) start() string { return it.tours[0].page() }

// prelude holds the page's helpers. Every request gets a moment to end.
const prelude = `<!DOCTYPE html><meta charset=utf-8><title>tour</title><body><script>
const wait = ms => new Promise(r => setTimeout(r, ms));
const soon = p => Promise.race([p, wait(700)]).catch(() => {});
const get = (u, o) => soon(fetch(u, o).then(r => r.text()));
const el = (tag, props, parent) => soon(new Promise(r => {
  const e = document.createElement(tag);
  e.onload = e.onerror = e.onloadeddata = r;
  for (const k in props) k.includes('-') || k in {as: 1, crossorigin: 1} ? e.setAttribute(k, props[k]) : e[k] = props[k];
  (parent || document.body).append(e);
}));
const xhr = (m, u, o = {}, b) => soon(new Promise(r => {
  const x = new XMLHttpRequest(); x.open(m, u); x.withCredentials = !!o.credentials;
  for (const [k, v] of o.headers || []) x.setRequestHeader(k, v);
  x.onloadend = r; x.send(b);
}));
const form = (u, method, fields) => {
  const f = document.createElement('form'); f.action = u; f.method = method;
  for (const k in fields) { const i = document.createElement('input'); i.name = k; i.value = fields[k]; f.append(i); }
  document.body.append(f); f.submit();
};
(async () => {
`

const coda = "\n})();</script>"

// answer serves the pages of the tours and something fitting for every request.
func (it *itinerary) answer(c captured) reply {
	path, query, _ := strings.Cut(c.path, "?")
	switch {
	case path == "/done":
		it.done()
	case strings.HasPrefix(path, "/page/"):
		return it.servePage(c.authority, path)
	case path == "/go":
		values, _ := url.ParseQuery(query)
		status := 302
		if values.Get("s") == "307" {
			status = 307
		}
		return reply{status: status, header: append(allow(c), headers.Field{Name: "Location", Value: values.Get("to")})}
	case strings.HasPrefix(path, "/r/nav-"):
		return it.next(c.authority, path)
	}
	return resource(c, path)
}

func (it *itinerary) tourOf(authority string) (int, *tour) {
	_, port, _ := strings.Cut(authority, ":")
	for i, tr := range it.tours {
		if strings.HasSuffix(tr.own, ":"+port) {
			return i, tr
		}
	}
	return 0, it.tours[0]
}

func (it *itinerary) servePage(authority, path string) reply {
	_, tr := it.tourOf(authority)
	var js strings.Builder
	if path == "/page/0" {
		for _, st := range tr.steps() {
			if !strings.HasPrefix(st.name, "nav-") && st.js != "" {
				fmt.Fprintf(&js, "try { %s } catch (e) { console.error(e) }\n", st.js)
			}
		}
		js.WriteString("await wait(300); location.href = '" + tr.navigationPage(0) + "';")
	} else {
		var n int
		_, _ = fmt.Sscanf(path, "/page/%d", &n)
		if steps := navigationSteps(); n <= len(steps) {
			js.WriteString("await wait(60); " + tr.fill(steps[n-1], tr.navigationPage(n-1)).js)
		}
	}
	return html(prelude + js.String() + coda)
}

// next leads on from the page that a navigation has come to.
func (it *itinerary) next(authority, path string) reply {
	i, tr := it.tourOf(authority)
	for n, st := range navigationSteps() {
		if !strings.HasPrefix(path, "/r/"+st.name+".") {
			continue
		}
		to := ""
		switch {
		case n+1 < len(navigationSteps()):
			to = tr.navigationPage(n + 1)
		case i+1 < len(it.tours):
			to = it.tours[i+1].page()
		default:
			to = "/done"
		}
		return html(prelude + "await wait(60); location.href = '" + to + "';" + coda)
	}
	return reply{status: 404}
}

func html(body string) reply {
	return reply{status: 200, body: body, header: []headers.Field{
		{Name: "Content-Type", Value: "text/html; charset=utf-8"}, {Name: "Cache-Control", Value: "no-store"},
	}}
}

// allow lets every site read everything.
func allow(c captured) []headers.Field {
	origin := c.list.Get("Origin")
	if origin == "" {
		origin = "*"
	}
	return []headers.Field{
		{Name: "Access-Control-Allow-Origin", Value: origin},
		{Name: "Access-Control-Allow-Credentials", Value: "true"},
		{Name: "Access-Control-Allow-Headers", Value: c.list.Get("Access-Control-Request-Headers")},
		{Name: "Access-Control-Allow-Methods", Value: "GET, POST, PUT, DELETE, PATCH"},
		{Name: "Access-Control-Max-Age", Value: "0"},
		{Name: "Cache-Control", Value: "no-store"},
	}
}

var mediaTypes = map[string]string{
	".js": "text/javascript", ".css": "text/css", ".json": "application/json", ".png": "image/png", ".svg": "image/svg+xml",
	".html": "text/html", ".ttf": "font/ttf", ".webm": "video/webm", ".ogg": "audio/ogg", ".vtt": "text/vtt",
	".events": "text/event-stream", ".webmanifest": "application/manifest+json",
}

func resource(c captured, path string) reply {
	header := allow(c)
	if strings.Contains(path, "-cached") {
		header[len(header)-1].Value = "no-cache"
		header = append(header, headers.Field{Name: "ETag", Value: etag}, headers.Field{Name: "Last-Modified", Value: modified},
			headers.Field{Name: "Date", Value: time.Now().UTC().Format(http.TimeFormat)})
	}
	body := "{}"
	if dot := strings.LastIndex(path, "."); dot >= 0 {
		ext := path[dot:]
		header = append(header, headers.Field{Name: "Content-Type", Value: mediaTypes[ext]})
		switch ext {
		case ".js":
			body = bodies[path]
		case ".css":
			body = bodies[path]
		case ".svg":
			body = `<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>`
		case ".vtt":
			body = "WEBVTT\n"
		}
	}
	return reply{status: 200, header: header, body: body}
}

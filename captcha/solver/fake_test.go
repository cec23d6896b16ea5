package solver_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/godwit-go/godwit/captcha"
	"github.com/godwit-go/godwit/captcha/solver"
	"github.com/godwit-go/godwit/secret"
)

const canary = "cAnArY-key-0123456789abcdef"

// reply is what the service says to one request.
type reply struct {
	status int
	mime   string
	body   string
	hangs  bool // until the client leaves
	resets bool // the connection, without an answer
}

func says(body string) reply { return reply{body: body} }

// service is a solving service on a real socket. It gives its replies in order,
// the last one for ever, for each path.
type service struct {
	*httptest.Server
	mu      sync.Mutex
	replies map[string][]reply
	heard   []request
}

type request struct {
	path, query, mime, body string
}

func serve(t *testing.T, replies map[string][]reply) *service {
	t.Helper()
	s := &service{replies: replies}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	s.mu.Lock()
	s.heard = append(s.heard, request{r.URL.Path, r.URL.RawQuery, r.Header.Get("Content-Type"), string(body)})
	list := s.replies[r.URL.Path]
	var next reply
	if len(list) > 0 {
		next = list[0]
	}
	if len(list) > 1 {
		s.replies[r.URL.Path] = list[1:]
	}
	s.mu.Unlock()
	switch {
	case next.hangs:
		<-r.Context().Done()
		return
	case next.resets:
		panic(http.ErrAbortHandler)
	}
	if next.mime == "" {
		next.mime = "application/json"
	}
	w.Header().Set("Content-Type", next.mime)
	if next.status != 0 {
		w.WriteHeader(next.status)
	}
	_, _ = io.WriteString(w, next.body)
}

// to returns the bodies that were sent to path.
func (s *service) to(path string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var bodies []string
	for _, r := range s.heard {
		if r.path == path {
			bodies = append(bodies, r.body)
		}
	}
	return bodies
}

// client speaks a dialect to the service, without its patience.
func (s *service) client(t *testing.T, name string, edit ...func(*solver.Config)) *solver.Service {
	t.Helper()
	cfg := solver.Config{
		Service: name, URL: s.URL, Key: secret.Explicit(canary),
		Poll: solver.Poll{First: time.Millisecond, Every: time.Millisecond},
	}
	for _, e := range edit {
		e(&cfg)
	}
	c, err := solver.New(cfg)
	require.NoError(t, err)
	return c
}

var jsonDialects = []string{solver.NameTwoCaptcha, solver.NameAntiCaptcha, solver.NameCapSolver, solver.NameCapMonster}

func challenge(kind captcha.Kind, params map[string]string) *captcha.Challenge {
	u, err := url.Parse("https://shop.test/p")
	if err != nil {
		panic(err)
	}
	return &captcha.Challenge{Verdict: captcha.Challenged, Kind: kind, URL: u, SiteKey: "site-key", Params: params}
}

var recaptcha = challenge(captcha.KindRecaptchaV2, nil)

// visitor is who was challenged.
func visitor() captcha.Env {
	proxy := &url.URL{Scheme: "http", Host: "203.0.113.7:8080", User: url.UserPassword("login", "pass-word")}
	return captcha.Env{
		Proxy: func() *url.URL { return proxy }, UserAgent: "Browser/1.0",
		Cookies: []*http.Cookie{{Name: "a", Value: "1"}, {Name: "datadome", Value: "dd"}, {Name: "incap_ses_1", Value: "is"}, {Name: "TS01", Value: "ts"}},
	}
}

// requireForm compares a form with what it should hold.
func requireForm(t *testing.T, want map[string]string, got string) {
	t.Helper()
	form, err := url.ParseQuery(got)
	require.NoError(t, err)
	plain := make(map[string]string)
	for name := range form {
		plain[name] = strings.Join(form[name], "|")
	}
	require.Equal(t, want, plain)
}

func object(t *testing.T, raw string) map[string]any {
	t.Helper()
	var v map[string]any
	require.NoError(t, json.Unmarshal([]byte(raw), &v))
	return v
}

var secretKey = secret.Explicit(canary)

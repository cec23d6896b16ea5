//go:build browsers

// These tests drive real browsers against a server on the loopback interface and
// compare what they send with what the generator says for that version. They need
// the Debian packages chromium and firefox-esr; "make browsers" installs them.

package headers_test

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/godwit-go/godwit/headers"
	"github.com/stretchr/testify/require"
)

const (
	hostA, hostB = "site-a.test", "site-b.test"
	// browserTime is how long one browser may take for all its requests.
	browserTime = 2 * time.Minute
)

// connections are the four ways of talking to a site that browsers tell apart.
var connections = []struct {
	name, scheme, alpn, own, other string
	protocol                       headers.Protocol
}{
	{"h2", "https", "h2", hostA, hostB, headers.HTTP2}, // the first page of all is the typed one
	{"plain", "http", "", hostA, hostB, headers.HTTP1},
	{"loopback", "http", "", "localhost", "127.0.0.1", headers.HTTP1},
	{"tls", "https", "http/1.1", hostA, hostB, headers.HTTP1},
}

// settings are the preferences that change what a browser sends.
var settings = map[string]struct{ dnt, gpc bool }{
	"default": {}, "privacy": {dnt: true, gpc: true},
}

func TestChromiumSendsWhatTheGeneratorSays(t *testing.T) {
	version := installed(t, "chromium")
	for name, set := range settings {
		t.Run(name, func(t *testing.T) {
			p := headers.Profile{
				Browser: headers.Chromium, Version: version, OS: headers.Linux, Headless: true,
				Languages: []string{"en-US", "en"}, DNT: set.dnt, ThirdPartyCookies: headers.CookiesBlocked,
			}
			visitAll(t, p, func(ctx context.Context, dir, url string, _ *capture, _ []string) *exec.Cmd {
				return chromium(t, ctx, dir, url, set.dnt)
			})
		})
	}
}

// chromium is the command of a headless Chromium that opens url.
func chromium(t *testing.T, ctx context.Context, dir, url string, dnt bool) *exec.Cmd {
	t.Helper()
	prefs, err := json.Marshal(map[string]any{"enable_do_not_track": dnt})
	require.NoError(t, err)
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "Default"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "Default", "Preferences"), prefs, 0o600))
	return exec.CommandContext(ctx, "chromium", "--headless=new", "--no-sandbox", "--disable-gpu",
		"--disable-quic", "--no-first-run", "--disable-background-networking",
		"--disable-component-update", "--disable-sync", "--ignore-certificate-errors", "--lang=en-US",
		"--disable-popup-blocking", "--autoplay-policy=no-user-gesture-required",
		"--host-resolver-rules=MAP *.test 127.0.0.1", "--user-data-dir="+dir, url)
}

func TestFirefoxSendsWhatTheGeneratorSays(t *testing.T) {
	version := installed(t, "firefox-esr")
	for name, set := range settings {
		t.Run(name, func(t *testing.T) {
			p := headers.Profile{
				Browser: headers.Firefox, Version: version, OS: headers.Linux,
				Languages: []string{"en-US", "en"}, DNT: set.dnt, GPC: set.gpc,
			}
			visitAll(t, p, func(ctx context.Context, dir, url string, srv *capture, origins []string) *exec.Cmd {
				writeFirefoxProfile(t, dir, srv, origins, set.dnt, set.gpc)
				return exec.CommandContext(ctx, "firefox-esr", "--headless", "--no-remote", "--profile", dir, url)
			})
		})
	}
}

// installed returns the major version of a browser, and skips the test where it
// is not installed.
func installed(t *testing.T, program string) int {
	t.Helper()
	out, err := exec.Command(program, "--version").Output()
	if err != nil {
		t.Skipf("%s is not installed", program)
	}
	m := regexp.MustCompile(`(\d+)\.`).FindStringSubmatch(string(out))
	require.NotNil(t, m, "%s", out)
	version, err := strconv.Atoi(m[1])
	require.NoError(t, err)
	return version
}

func writeFirefoxProfile(t *testing.T, dir string, srv *capture, origins []string, dnt, gpc bool) {
	t.Helper()
	prefs := map[string]any{
		"network.dns.forceResolve":                                    "127.0.0.1",
		"network.http.speculative-parallel-limit":                     0,
		"browser.shell.checkDefaultBrowser":                           false,
		"browser.aboutwelcome.enabled":                                false,
		"datareporting.policy.dataSubmissionEnabled":                  false,
		"toolkit.telemetry.reportingpolicy.firstRun":                  false,
		"app.update.enabled":                                          false,
		"network.captive-portal-service.enabled":                      false,
		"network.connectivity-service.enabled":                        false,
		"dom.security.https_first":                                    false,
		"dom.disable_open_during_load":                                false,
		"media.autoplay.default":                                      0,
		"intl.accept_languages":                                       "en-US, en",
		"privacy.donottrackheader.enabled":                            dnt,
		"privacy.globalprivacycontrol.enabled":                        gpc,
		"privacy.globalprivacycontrol.functionality.enabled":          true,
		"network.prefetch-next":                                       true,
		"browser.startup.homepage_override.mstone":                    "ignore",
		"datareporting.policy.dataSubmissionPolicyBypassNotification": true,
	}
	var js strings.Builder
	for k, v := range prefs {
		raw, err := json.Marshal(v)
		require.NoError(t, err)
		fmt.Fprintf(&js, "user_pref(%q, %s);\n", k, raw)
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "user.js"), []byte(js.String()), 0o600))
	sum := sha256.Sum256(srv.cert.Certificate[0])
	hex := make([]string, len(sum))
	for i, b := range sum {
		hex[i] = fmt.Sprintf("%02X", b)
	}
	var overrides strings.Builder
	for _, o := range origins {
		fmt.Fprintf(&overrides, "%s:\tOID.2.16.840.1.101.3.4.2.1\t%s\t\n", o, strings.Join(hex, ":"))
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "cert_override.txt"), []byte(overrides.String()), 0o600))
}

// visitAll lets the browser make every request of every connection and compares.
func visitAll(t *testing.T, p headers.Profile,
	command func(ctx context.Context, dir, url string, srv *capture, origins []string) *exec.Cmd,
) {
	generator, err := p.Build()
	require.NoError(t, err)
	srv := newCapture(t, hostA, hostB)
	done := make(chan struct{})
	var tours []*tour
	var trusted []string
	for _, c := range connections {
		port := srv.listen(t, c.alpn)
		own, other := fmt.Sprintf("%s:%d", c.own, port), fmt.Sprintf("%s:%d", c.other, port)
		tours = append(tours, &tour{
			name: c.name, protocol: c.protocol, own: c.scheme + "://" + own, other: c.scheme + "://" + other,
		})
		if c.alpn != "" {
			trusted = append(trusted, own, other)
		}
	}
	itinerary := newItinerary(tours, done)
	srv.answer = itinerary.answer

	drive(t, done, func(ctx context.Context) *exec.Cmd {
		return command(ctx, scratch(t), itinerary.start(), srv, trusted)
	})
	compare(t, generator, itinerary, srv.requests())
}

// scratch is a directory for a browser's data. Unlike t.TempDir it does not mind
// that the browser's last process may still be writing.
func scratch(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "godwit-browser-")
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// drive lets a browser run until done.
func drive(t *testing.T, done <-chan struct{}, command func(context.Context) *exec.Cmd) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), browserTime)
	defer cancel()
	cmd := command(ctx)
	cmd.WaitDelay = 5 * time.Second
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) } // with its helpers
	if os.Getenv("BROWSER_LOG") != "" {
		cmd.Stderr = os.Stderr
	}
	require.NoError(t, cmd.Start())
	select {
	case <-done:
	case <-ctx.Done():
		t.Error("the browser did not come to the end of its tour")
	}
	cancel()
	_ = cmd.Wait() // it was killed
}

// compare holds each captured request against the generator's list.
func compare(t *testing.T, g *headers.Generator, it *itinerary, seen []captured) {
	first, last := make(map[string]captured), make(map[string]captured)
	for _, c := range seen {
		key := c.authority + c.path
		if c.method == "OPTIONS" {
			key = c.method + key
		}
		if _, ok := first[key]; !ok {
			first[key] = c
		}
		last[key] = c
	}
	t.Run("typed", func(t *testing.T) {
		s := situation{Protocol: it.tours[0].protocol, URL: mustURL(it.start()), UserActivated: true}
		require.Equal(t, render(first[s.URL.Host+s.URL.RequestURI()].list, s), render(g.Fields(&s), s))
	})
	for _, tr := range it.tours {
		t.Run(tr.name, func(t *testing.T) {
			for _, step := range tr.steps() {
				t.Run(step.name, func(t *testing.T) {
					s := step.situation
					key := s.URL.Host + s.URL.RequestURI()
					if s.Kind == headers.Preflight {
						key = "OPTIONS" + key
					}
					got, ok := first[key]
					if step.cached {
						if got = last[key]; !got.list.Has("If-None-Match") {
							return // it has not kept the response
						}
					}
					if !ok {
						if step.optional {
							return
						}
						t.Fatal("the browser made no such request")
					}
					require.NoError(t, s.Validate())
					require.Equal(t, got.method, methodOf(s))
					want := g.Fields(&s)
					require.Equal(t, render(got.list, s), render(want, s), "the browser is expected, the generator actual")
				})
			}
		})
	}
}

func methodOf(s headers.Situation) string {
	if s.Method == "" {
		return "GET"
	}
	return s.Method
}

// unknowable are values that depend on what is not in the situation: chance, and
// for images and late fonts the layout at the moment of the request.
var unknowable = regexp.MustCompile(`(?im)^(sec-websocket-key): .*$`)

var layout = regexp.MustCompile(`(?im)^(priority): .*$`)

func render(l headers.List, s headers.Situation) string {
	var b strings.Builder
	b.WriteString(strings.Join(l.Pseudo, " ") + "\n")
	for _, f := range l.Fields {
		fmt.Fprintf(&b, "%s: %s\n", f.Name, f.Value)
	}
	out := unknowable.ReplaceAllString(b.String(), "$1: *")
	if s.Importance != headers.High && s.Kind == headers.Image || s.Kind == headers.Font && !s.Preload {
		out = layout.ReplaceAllString(out, "$1: *")
	}
	return out
}

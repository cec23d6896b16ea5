//go:build integration

package godwit_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"image/png"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/godwit-go/godwit"
	"github.com/godwit-go/godwit/hostile"
	"github.com/godwit-go/godwit/proxypool"
	"github.com/godwit-go/godwit/retry"
	"github.com/godwit-go/godwit/trip"
)

// chromium opens a page in a real browser and returns what it printed and what it
// complained about.
func chromium(t *testing.T, page string, flags ...string) (out, complaints string) {
	t.Helper()
	program, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("chromium is not installed")
	}
	args := append([]string{
		"--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
		"--disable-component-update", "--disable-sync", "--enable-logging=stderr", "--user-data-dir=" + t.TempDir(),
		"--window-size=1280,900", "--virtual-time-budget=7000",
	}, append(flags, page)...)
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	require.NoError(t, cmd.Run(), stderr.String())
	for line := range strings.Lines(stderr.String()) {
		if strings.Contains(line, "CONSOLE") {
			complaints += line
		}
	}
	return stdout.String(), complaints
}

// dump returns the page as the browser has it after some polls, and fails the
// test when the browser's console has anything to say.
func dump(t *testing.T, page string) string {
	t.Helper()
	dom, complaints := chromium(t, page, "--dump-dom")
	require.Empty(t, complaints)
	return dom
}

// served serves the status page behind a func that may change what it answers.
func served(t *testing.T, tr *godwit.Transport, change func(w http.ResponseWriter, r *http.Request, answer *httptest.ResponseRecorder)) string {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" { // the browser asks for an icon
			w.WriteHeader(http.StatusNoContent)
			return
		}
		answer := httptest.NewRecorder()
		tr.Handler().ServeHTTP(answer, r)
		for name, values := range answer.Header() {
			w.Header()[name] = values
		}
		change(w, r, answer)
	}))
	t.Cleanup(srv.Close)
	return srv.URL + "/"
}

func asIs(w http.ResponseWriter, _ *http.Request, answer *httptest.ResponseRecorder) {
	_, _ = w.Write(answer.Body.Bytes())
}

func isJSON(r *http.Request) bool { return r.Header.Get("Accept") == "application/json" }

func TestABanIsSeenOnTheStatusPage(t *testing.T) {
	web := start(t, hostile.SiteConfig{Host: "shop.test", Hazards: []hostile.Hazard{hostile.Ban{Requests: 5, Window: time.Minute, For: time.Hour}}})
	pool, _ := exits(t, web, hostile.ProxyConfig{}, hostile.ProxyConfig{}, hostile.ProxyConfig{})
	p := fast()
	p.Retry = retry.Config{BaseDelay: time.Millisecond, MaxAttempts: 2}
	tr := transport(t, godwit.Config{Default: p, Pools: map[string]proxypool.Config{"exits": pool}})
	page := served(t, tr, asIs)
	require.Contains(t, dump(t, page), "None: every egress is in use.")

	for i := 0; len(tr.State().Pools[0].Bans) == 0 && i < 200; i++ {
		_, _, _ = get(t.Context(), tr, "", web.Site("shop.test").URL(fmt.Sprintf("/p/%d", i%50+1)))
	}
	var banned string
	for _, s := range tr.Stats().Pools {
		for _, x := range s.Proxies {
			if len(x.Bans) > 0 {
				banned = x.Label
			}
		}
	}
	require.NotEmpty(t, banned)
	require.Regexp(t, `<tr><th scope="row">`+regexp.QuoteMeta(banned)+`</th><td>shop.test</td><td class="n"><span data-until="[^"]+">\d+ s`, dump(t, page))
}

func TestTheStatusPageUpdatesItself(t *testing.T) {
	tr := scripted(t, func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 200, Header: http.Header{}, Body: http.NoBody}, nil
	})
	var polls atomic.Int64
	page := served(t, tr, func(w http.ResponseWriter, r *http.Request, answer *httptest.ResponseRecorder) {
		asIs(w, r, answer)
		if isJSON(r) {
			polls.Add(1)
			_, _, err := get(t.Context(), tr, "", "https://shop.test/")
			require.NoError(t, err)
		}
	})
	dom := dump(t, page)
	require.GreaterOrEqual(t, polls.Load(), int64(2))
	shown := regexp.MustCompile(`<dt>Calls</dt><dd>(\d+)</dd>`).FindStringSubmatch(dom)
	require.NotNil(t, shown, dom)
	require.NotEqual(t, "0", shown[1], "the page shows what happened after it was first drawn")
	require.Contains(t, dom, `<th scope="row">shop.test<small>policy default</small></th>`)
	require.Contains(t, dom, `aria-label="ok `)
}

// Whatever the JSON says, and a target has a hand in some of it, stays text.
func TestHostileStringsStayText(t *testing.T) {
	attacks := []string{
		`<script>document.title='pwned'</script>`, `"><img src=x onerror="document.title='pwned'">`,
		`'+alert(1)+'`, `</script><svg onload=document.title='pwned'>`, `javascript:alert(1)`, "\u202e\x00\u2028{{constructor}}",
	}
	tr := scripted(t, func(req *http.Request) (*http.Response, error) {
		return nil, errors.New(attacks[len(req.URL.Path)%len(attacks)])
	})
	for i, attack := range attacks {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://shop.test/"+strings.Repeat("x", i), nil)
		require.NoError(t, err)
		req.URL.Host = attack + ".test"
		_, err = tr.RoundTrip(req)
		require.Error(t, err)
	}
	plain := served(t, tr, asIs)
	everywhere := served(t, tr, func(w http.ResponseWriter, r *http.Request, answer *httptest.ResponseRecorder) {
		if !isJSON(r) {
			asIs(w, r, answer)
			return
		}
		var s map[string]any
		require.NoError(t, json.Unmarshal(answer.Body.Bytes(), &s))
		n := 0
		poisoned := poison(s, func() string { n++; return attacks[n%len(attacks)] }).(map[string]any)
		poisoned["now"] = time.Now()
		poisoned["banned"] = []any{map[string]any{"egress": attacks[0], "pool": attacks[1], "domain": attacks[2], "until": attacks[3]}}
		require.NoError(t, json.NewEncoder(w).Encode(poisoned))
	})
	for _, page := range []string{plain, everywhere} {
		dom := dump(t, page)
		require.Contains(t, dom, "<title>godwit</title>")
		require.Contains(t, dom, "&lt;script&gt;document.title")
		require.NotContains(t, dom, "<img")
		require.NotContains(t, dom, "<svg onload")
		require.Equal(t, 1, strings.Count(dom, "<script"), "its own")
	}
}

// poison puts a hostile string in place of every one in v.
func poison(v any, attack func() string) any {
	switch v := v.(type) {
	case map[string]any:
		for k := range v {
			v[k] = poison(v[k], attack)
		}
	case []any:
		for i := range v {
			v[i] = poison(v[i], attack)
		}
	case string:
		return attack()
	}
	return v
}

// The check of the console would notice what the policy forbids.
func TestTheBrowserComplainsOfAnInlineScript(t *testing.T) {
	tr := scripted(t, nil)
	_, complaints := chromium(t, served(t, tr, func(w http.ResponseWriter, _ *http.Request, answer *httptest.ResponseRecorder) {
		_, _ = io.WriteString(w, strings.Replace(answer.Body.String(), "</body>", "<script>document.title='pwned'</script></body>", 1))
	}), "--dump-dom")
	require.Contains(t, complaints, "Content Security Policy")
}

func TestTheStatusPageOfTenThousandProxies(t *testing.T) {
	pool := proxypool.Config{NewTransport: func(*url.URL) (http.RoundTripper, error) {
		return roundTripperFunc(func(*http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: http.StatusForbidden, Header: http.Header{}, Body: http.NoBody}, nil
		}), nil
	}}
	for i := range 10_000 {
		pool.Proxies = append(pool.Proxies, proxypool.Address(fmt.Sprintf("10.%d.%d.%d:8080", i>>16&255, i>>8&255, i&255)))
	}
	pool.Blocks.After = 1
	tr := transport(t, godwit.Config{Default: fast(), Pools: map[string]proxypool.Config{"many": pool}})
	for i := range 500 {
		_, _, err := get(t.Context(), tr, "", fmt.Sprintf("https://shop-%d.test/", i))
		require.NoError(t, err)
	}
	began := time.Now()
	dom := dump(t, served(t, tr, asIs))
	require.Less(t, time.Since(began), 20*time.Second)
	require.Contains(t, dom, "10,000")
	require.Contains(t, dom, "the busiest 200 of 500")
	require.Regexp(t, `20 of [\d,]+`, dom)
	require.Less(t, len(dom), 1<<20)
}

// The background is light or dark as the reader's system is.
func TestTheStatusPageIsLightAndDark(t *testing.T) {
	page := served(t, scripted(t, nil), asIs)
	brightness := func(flags ...string) uint32 {
		file := filepath.Join(t.TempDir(), "page.png")
		_, complaints := chromium(t, page, append(flags, "--screenshot="+file)...)
		require.Empty(t, complaints)
		shot, err := os.Open(file)
		require.NoError(t, err)
		defer shot.Close()
		img, err := png.Decode(shot)
		require.NoError(t, err)
		r, g, b, _ := img.At(2, 2).RGBA()
		return (r + g + b) / 3 >> 8
	}
	require.Greater(t, brightness("--blink-settings=preferredColorScheme=1"), uint32(200))
	require.Less(t, brightness("--blink-settings=preferredColorScheme=0"), uint32(60))
}

// Every control can be reached and used without a mouse.
func TestTheStatusPageIsUsableByKeyboard(t *testing.T) {
	const probe = `
const controls = [...document.querySelectorAll('button, [tabindex]')];
document.body.dataset.controls = controls.length;
document.body.dataset.focused = controls.filter(c => { c.focus(); return document.activeElement === c && getComputedStyle(c).visibility === 'visible'; }).length;
document.body.dataset.unnamed = [...document.querySelectorAll('button, [tabindex], [role=img], table, section')]
  .filter(c => !(c.textContent.trim() || c.getAttribute('aria-label') || document.getElementById(c.getAttribute('aria-labelledby')))).length;
const hold = document.getElementById('hold');
hold.click();
document.body.dataset.pressed = hold.getAttribute('aria-pressed') + ' ' + hold.textContent;
`
	page := served(t, scripted(t, nil), func(w http.ResponseWriter, r *http.Request, answer *httptest.ResponseRecorder) {
		body := answer.Body.String()
		if !isJSON(r) {
			nonce := regexp.MustCompile(`nonce="([^"]+)"`).FindStringSubmatch(body)[1]
			body = strings.Replace(body, "</body>", `<script nonce="`+nonce+`">`+probe+"</script></body>", 1)
		}
		_, _ = io.WriteString(w, body)
	})
	dom := dump(t, page)
	for _, want := range []string{`data-controls="5"`, `data-focused="5"`, `data-unnamed="0"`, `data-pressed="true Go on"`} {
		require.Contains(t, dom, want)
	}
}

// scripted is a Transport over a scripted wire.
func scripted(t *testing.T, answer func(*http.Request) (*http.Response, error)) *godwit.Transport {
	t.Helper()
	p := fast()
	p.Retry.MaxAttempts = 1
	tr, err := godwit.New(roundTripperFunc(func(req *http.Request) (*http.Response, error) {
		trip.CloseBody(req)
		return answer(req)
	}), godwit.Config{Default: p})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, tr.Close()) })
	return tr
}

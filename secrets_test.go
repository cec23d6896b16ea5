package godwit_test

import (
	"bytes"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/stretchr/testify/require"

	"github.com/godwit-go/godwit"
	"github.com/godwit-go/godwit/captcha"
	"github.com/godwit-go/godwit/captcha/solver"
	"github.com/godwit-go/godwit/hostile"
	"github.com/godwit-go/godwit/metrics"
	"github.com/godwit-go/godwit/proxypool"
	"github.com/godwit-go/godwit/retry"
	"github.com/godwit-go/godwit/secret"
	"github.com/godwit-go/godwit/trip"
)

func writeFile(t *testing.T, path, content string, mode os.FileMode) string {
	t.Helper()
	require.NoError(t, os.WriteFile(path, []byte(content), mode))
	return path
}

// printed is v in every form that somebody could log it in.
func printed(v any) string {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%v\n%+v\n%#v\n%s\n%q\n", v, v, v, v, v)
	if text, err := json.Marshal(v); err == nil {
		b.Write(text)
	} else {
		b.WriteString(err.Error())
	}
	for _, h := range []slog.Handler{slog.NewTextHandler(&b, nil), slog.NewJSONHandler(&b, nil)} {
		slog.New(h).Info("printed", "value", v)
	}
	return b.String()
}

// unwrapped is every error behind err.
func unwrapped(err error) (all []error) {
	if err == nil {
		return nil
	}
	all = append(all, err)
	switch e := err.(type) {
	case interface{ Unwrap() error }:
		all = append(all, unwrapped(e.Unwrap())...)
	case interface{ Unwrap() []error }:
		for _, e := range e.Unwrap() {
			all = append(all, unwrapped(e)...)
		}
	}
	return all
}

// Keys from every source, logins from every source, queries, cookies and headers,
// over every kind of failure, in everything that godwit says or writes.
func TestNoSecretIsFoundAnywhere(t *testing.T) {
	web, err := hostile.Start(hostile.Config{
		Sites: []hostile.SiteConfig{
			{Host: "form.test", Hazards: []hostile.Hazard{hostile.ReCaptcha{}}},
			{Host: "wall.test", Hazards: []hostile.Hazard{hostile.Cloudflare{}}},
			{Host: "hard.test", Hazards: []hostile.Hazard{hostile.Burst{Every: 2, Length: 1}, hostile.Reset{OneIn: 3}, hostile.Truncate{OneIn: 3}}},
			{Host: "ban.test", Hazards: []hostile.Hazard{hostile.Ban{Requests: 1, Window: time.Minute, For: time.Minute}}},
		},
		Solver: hostile.SolverConfig{Key: "canary-real-key"},
	})
	require.NoError(t, err)
	t.Cleanup(web.Close)
	dir := t.TempDir()
	t.Setenv("GODWIT_CANARY_ENV", "canary-env-key")
	t.Setenv("GODWIT_CANARY_REAL_FILE", writeFile(t, filepath.Join(dir, "real"), "canary-real-key\n", 0o644))
	var list strings.Builder
	for i, fault := range []hostile.ProxyFault{0, hostile.ProxyUnauthorized, hostile.ProxyForbidden, hostile.ProxyTunnelGarbage, hostile.ProxyRefuse, hostile.ProxyBadGateway} {
		p, err := web.AddProxy(hostile.ProxyConfig{User: fmt.Sprint("canary-user-", i), Password: fmt.Sprint("canary-pass-", i), Fault: fault})
		require.NoError(t, err)
		fmt.Fprintln(&list, p.URL())
	}
	sound, err := web.AddProxy(hostile.ProxyConfig{User: "canary-user", Password: "canary-pass"})
	require.NoError(t, err)
	ledger := filepath.Join(dir, "spent")
	path := writeFile(t, filepath.Join(dir, "crawler.yaml"), fmt.Sprintf(`
default:
  rate: {rate: unlimited, in_flight: unlimited, pause: 1ms}
  retry: {base_delay: 1ms, max_retry_after: 1ms}
  robots: {mode: ignore}
  captcha:
    solvers:
      - {service: capmonster, key: canary-explicit-key, url: %[1]q, poll: {first: 1ms, every: 1ms}}
      - {service: anti-captcha, key: "${GODWIT_CANARY_ENV}", url: %[1]q, poll: {first: 1ms, every: 1ms}}
      - {service: capsolver, key: "file:%[2]s", url: %[1]q, poll: {first: 1ms, every: 1ms}}
    budget: {total: $1, ledger: %[3]q}
  pool: exits
domains:
  wall.test: {pool: sound}
  form.test:
    pool: sound
    captcha:
      solvers: {service: 2captcha, key: "${GODWIT_CANARY_REAL}", url: %[1]q, poll: {first: 1ms, every: 1ms}}
pools:
  exits: {file: %[4]q, empty_wait: off}
  sound: {proxies: [%[5]q], empty_wait: off, blocks: {after: off}}
`, web.Solver().URL(), writeFile(t, filepath.Join(dir, "key"), "canary-file-key", 0o600), ledger, writeFile(t, filepath.Join(dir, "proxies.txt"), list.String(), 0o600), sound.URL()), 0o600)
	cfg, err := godwit.Load(path)
	require.NoError(t, err)
	for name, pool := range cfg.Pools {
		pool.TLS = &tls.Config{RootCAs: web.CertPool()}
		cfg.Pools[name] = pool
	}

	var told strings.Builder
	var log bytes.Buffer
	collector, err := metrics.New(metrics.Config{})
	require.NoError(t, err)
	registry := prometheus.NewRegistry()
	require.NoError(t, registry.Register(collector))
	cfg.Observer = collector
	cfg.Logger = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	told.WriteString(printed(cfg.Default) + printed(cfg.Pools) + fmt.Sprintf("%v %+v %#v", cfg, cfg, cfg))
	tr := transport(t, cfg)
	collector.Watch(tr.State)

	failed := 0
	for i, fault := range []hostile.SolverFault{hostile.SolverCreateGateway, hostile.SolverPollGateway, hostile.SolverUnsolvable, hostile.SolverWrongToken, hostile.SolverZeroBalance, hostile.SolverBadKey} {
		web.Solver().Inject(fault, 1)
		for _, host := range []string{"form.test", "wall.test", "hard.test", "ban.test"} {
			for n := range 3 {
				page := web.Site(host).URL(fmt.Sprintf("/p/%d", n+1))
				u, err := url.Parse(page + "?key=canary-query#canary-fragment")
				require.NoError(t, err)
				u.User = url.UserPassword("canary-user", "canary-pass")
				req, err := http.NewRequestWithContext(trip.WithSession(t.Context(), fmt.Sprint("canary-session-", i)), http.MethodGet, u.String(), nil)
				require.NoError(t, err)
				req.Header.Set("Cookie", "id=canary-cookie")
				req.Header.Set("Authorization", "Bearer canary-token")
				resp, err := tr.RoundTrip(req)
				for _, e := range unwrapped(err) {
					told.WriteString(fmt.Sprintf("%v\n%+v\n", e, e))
				}
				var story *godwit.Error
				if errors.As(err, &story) {
					failed++
					told.WriteString(printed(story.Summary) + printed(story))
				}
				if err == nil {
					told.WriteString(printed(trip.FromResponse(resp)))
					if _, err := io.Copy(io.Discard, resp.Body); err != nil {
						told.WriteString(printed(err))
					}
					require.NoError(t, resp.Body.Close())
				}
			}
		}
	}
	require.Greater(t, failed, 10)
	require.Positive(t, web.Solver().Ledger().Paid, "a real key was used")
	scrape := httptest.NewRecorder()
	promhttp.HandlerFor(registry, promhttp.HandlerOpts{}).ServeHTTP(scrape, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	spent, err := os.ReadFile(ledger)
	require.NoError(t, err)
	require.NotEmpty(t, spent)
	for _, text := range []string{printed(tr.Stats()), printed(tr.State()), statusOf(t, tr), scrape.Body.String(), string(spent), log.String()} {
		require.NotEmpty(t, text)
		told.WriteString(text)
	}
	require.Contains(t, log.String(), "secret kept carelessly")
	require.Contains(t, log.String(), "can be read by every user")
	at := strings.Index(told.String(), "canary-")
	require.Negative(t, at, "…%s", told.String()[max(0, at-300):min(told.Len(), max(0, at)+100)])
}

func TestNoSecretIsFoundInAMessageAboutAFile(t *testing.T) {
	for _, content := range []string{
		"default: {captcha: {solvers: [{service: 2captcha, key: [canary]}]}}",
		"default: {captcha: {solvers: [{service: 2captcha, key: {canary: canary}}]}}",
		"default: {captcha: {solvers: [{service: 2captcha, kee: canary}]}}",
		"default: {captcha: {solvers: [{service: 2captcha, api_key: canary}]}}",
		"default: {captcha: {solvers: [{service: nobody, key: canary}]}}",
		"default: {captcha: {solvers: [{service: 2captcha, key: \"${canary\"}]}}",
		"default:\n  captcha:\n    solvers:\n      - service: 2captcha\n        key: |\n          canary\n        url: [1]\n",
		"default: {captcha: {solvers: [{service: 2captcha, key: canary, url: \"::\"}]}}",
		"pools: {eu: {proxies: [\"http://canary:canary@host:99999\"]}}",
		"pools: {eu: {proxies: [\"http://canary:can ary@host:1\", \"ftp://canary:canary@host\"]}}",
		"pools: {eu: {proxies: {a: \"http://canary:canary@host:1\"}}}",
		"pools: {eu: {proxy: \"http://canary:canary@host:1\"}}",
		"pools: {eu: {url: \"http://canary:canary@ho st/list?key=canary\"}}",
		"pools: {eu: {proxies: [http://canary:canary@host:1}",
	} {
		cfg, err := godwit.Load(writeFile(t, filepath.Join(t.TempDir(), "crawler.yaml"), content, 0o600))
		if err == nil {
			_, err = godwit.New(nil, cfg)
		}
		require.Error(t, err, content)
		for _, e := range unwrapped(err) {
			require.NotContains(t, fmt.Sprintf("%v %+v %#v", e, e, e), "canary", content)
		}
	}
}

// A service that knows two keys for a while, as during a rotation, and how many
// tasks it was offered with each.
type keyring struct {
	mu    sync.Mutex
	tasks map[string]int
}

func (k *keyring) offered(key string) int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.tasks[key]
}

func (k *keyring) serve(t *testing.T, web *hostile.Web, keys ...string) string {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		for _, key := range keys {
			if bytes.Contains(body, []byte(key)) {
				if r.URL.Path == "/createTask" {
					k.mu.Lock()
					k.tasks[key]++
					k.mu.Unlock()
				}
				body = bytes.ReplaceAll(body, []byte(key), []byte(web.Solver().Key()))
			}
		}
		resp, err := http.Post(web.Solver().URL()+r.URL.Path, "application/json", bytes.NewReader(body))
		if err != nil {
			return
		}
		defer resp.Body.Close()
		w.WriteHeader(resp.StatusCode)
		_, _ = io.Copy(w, resp.Body)
	}))
	t.Cleanup(srv.Close)
	return srv.URL
}

func TestAKeyIsRotatedUnderLoadAndNoCallFails(t *testing.T) {
	web := start(t, hostile.SiteConfig{Host: "shop.test", Hazards: []hostile.Hazard{hostile.ReCaptcha{}}})
	ring := &keyring{tasks: map[string]int{}}
	path := writeFile(t, filepath.Join(t.TempDir(), "key"), "old-key\n", 0o600)
	service, err := solver.New(solver.Config{
		Service: solver.NameTwoCaptcha, Key: secret.File(path), URL: ring.serve(t, web, "old-key", "new-key"),
		Poll: solver.Poll{First: time.Millisecond, Every: time.Millisecond},
	})
	require.NoError(t, err)
	budget, err := captcha.NewBudget(captcha.BudgetConfig{Total: trip.Dollar})
	require.NoError(t, err)
	p := fast()
	p.Captcha = captcha.Config{Solvers: []captcha.Solver{service}, Budget: budget}
	p.Retry = retry.Config{MaxAttempts: 1}
	pool, _ := exits(t, web, hostile.ProxyConfig{})
	pool.MaxInFlight, pool.EmptyWait = -1, time.Minute
	tr := transport(t, godwit.Config{Default: p, Pools: map[string]proxypool.Config{"exits": pool}})

	visit := func(visitor string) error {
		page := web.Site("shop.test").URL("/p/1")
		_, body, err := get(t.Context(), tr, visitor, page)
		if err == nil && !web.Check(page, []byte(body)) {
			err = errors.New("no page")
		}
		return err
	}
	var wg sync.WaitGroup
	const workers, visits = 8, 12
	var rotate sync.Once
	for i := range workers {
		wg.Go(func() {
			for n := range visits {
				if n == visits/2 {
					rotate.Do(func() {
						next := writeFile(t, path+".new", "new-key\n", 0o600)
						if err := os.Rename(next, path); err != nil {
							t.Error(err)
						}
					})
				}
				if err := visit(fmt.Sprintf("visitor-%d-%d", i, n)); err != nil {
					t.Errorf("visit %d of %d: %v", n, i, err)
				}
			}
		})
	}
	wg.Wait()
	old, next := ring.offered("old-key"), ring.offered("new-key")
	require.Positive(t, old)
	require.Positive(t, next)
	require.NoError(t, visit("the last one"))
	require.Equal(t, old, ring.offered("old-key"), "nobody who comes after the rotation uses it")
	require.Equal(t, next+1, ring.offered("new-key"))
	require.GreaterOrEqual(t, web.Solver().Ledger().Paid, workers*visits)
}

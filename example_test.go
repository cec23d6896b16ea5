package godwit_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/godwit-go/godwit"
	"github.com/godwit-go/godwit/captcha"
	"github.com/godwit-go/godwit/captcha/solver"
	"github.com/godwit-go/godwit/headers"
	"github.com/godwit-go/godwit/hostile"
	"github.com/godwit-go/godwit/metrics"
	"github.com/godwit-go/godwit/proxypool"
	"github.com/godwit-go/godwit/ratelimit"
	"github.com/godwit-go/godwit/retry"
	"github.com/godwit-go/godwit/robots"
	"github.com/godwit-go/godwit/secret"
	"github.com/godwit-go/godwit/trip"
)

// must is for what surrounds the examples.
func must(err error) {
	if err != nil {
		panic(err)
	}
}

// Example is the program of the README, run against a small web of proxies.
func Example() {
	web, err := hostile.Start(hostile.Config{Sites: []hostile.SiteConfig{{Host: "www.shop.test", Pages: 3}}})
	must(err)
	defer web.Close()
	proxy, err := web.AddProxy(hostile.ProxyConfig{User: "me", Password: "secret"})
	must(err)
	defer inFolderWith("proxies.txt", fmt.Sprintf(`[{"url": %q, "label": "eu-1"}]`, proxy.URL()))()
	page := "http://www.shop.test/p/1"

	run := func() error {
		t, err := godwit.New(nil, godwit.Config{
			Default: godwit.Policy{Pool: "eu"},
			Domains: map[string]godwit.Policy{
				"*.shop.test":  {Rate: ratelimit.Config{Rate: 5, InFlight: 4}},
				"api.our.test": {Pool: godwit.Direct, Headers: headers.Config{Off: true}},
			},
			Pools: map[string]proxypool.Config{"eu": {File: "proxies.txt"}},
		})
		if err != nil {
			return err // every mistake, each with the path of its field
		}
		defer t.Close()

		resp, err := t.Client().Get(page)
		if err != nil {
			return err // one line that tells every attempt
		}
		defer resp.Body.Close()
		s := trip.FromResponse(resp)
		fmt.Println(resp.Status, "by", s.Egress, "after", len(s.Attempts), "attempts")
		return nil
	}
	fmt.Println(run())
	fmt.Println("seen from the machine's own address:", web.MachineRequests())
	// Output:
	// 200 OK by eu-1 after 1 attempts
	// <nil>
	// seen from the machine's own address: 0
}

// inFolderWith changes to a new folder that holds one file; the result changes back.
func inFolderWith(name, content string) func() {
	dir, err := os.MkdirTemp("", "godwit")
	must(err)
	must(os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600))
	was, err := os.Getwd()
	must(err)
	must(os.Chdir(dir))
	return func() {
		must(os.Chdir(was))
		must(os.RemoveAll(dir))
	}
}

// A custom base sends what goes direct: a fork of net/http that keeps the order of
// headers, say, or a recording. Proxied exchanges get theirs by
// [proxypool.Config.NewTransport].
func ExampleNew_customBase() {
	base := roundTripperFunc(func(req *http.Request) (*http.Response, error) {
		list, _ := headers.FieldsFrom(req.Context())
		fmt.Println("first header on the wire:", list.Fields[0].Name)
		return &http.Response{StatusCode: 200, Body: http.NoBody, Header: http.Header{}, Request: req}, nil
	})
	t, err := godwit.New(base, godwit.Config{Default: godwit.Policy{
		Robots:  robots.Config{Mode: robots.Ignore},
		Headers: headers.Config{Profiles: []headers.Profile{{Browser: headers.Firefox, Version: 153, OS: headers.Windows}}},
	}})
	must(err)
	defer t.Close()
	resp, err := t.Client().Get("http://shop.test/")
	must(err)
	defer resp.Body.Close()
	fmt.Println(resp.StatusCode)
	// Output:
	// first header on the wire: Host
	// 200
}

func ExampleConfig_Validate() {
	err := godwit.Config{
		Domains: map[string]godwit.Policy{"*.shop.test": {Retry: retry.Config{MaxAttempts: -3}}},
		Pools:   map[string]proxypool.Config{"eu": {Proxies: []proxypool.Address{"ftp://me:secret@1.2.3.4:21"}}},
	}.Validate()
	fmt.Println(err)
	// Output:
	// Domains["*.shop.test"].Retry.MaxAttempts: -3, want at least 1, or 0 for 4
	// Pools["eu"].Proxies[0]: unsupported scheme, want http, https, socks5 or socks5h
}

// The guide's snippets, each in the order of the guide.
func ExamplePolicy() {
	web, err := hostile.Start(hostile.Config{})
	must(err)
	defer web.Close()
	proxyFile := "proxies.txt"
	defer inFolderWith(proxyFile, "127.0.0.1:9\n")()

	pools := map[string]proxypool.Config{
		"datacenter": {File: proxyFile, ReloadEvery: 10 * time.Minute},
		"sessions":   {Proxies: []proxypool.Address{"http://user-session-{session}:pass@gate.test:7000"}},
	}
	t, err := godwit.New(nil, godwit.Config{
		Default: godwit.Policy{Pool: "datacenter"},
		Domains: map[string]godwit.Policy{"*.shop.test": {Pool: "sessions"}},
		Pools:   pools,
	})
	must(err)
	defer t.Close()

	cfg := godwit.Config{
		Default: godwit.Policy{Preset: godwit.PresetPolite},
		Domains: map[string]godwit.Policy{
			"api.test": {Preset: godwit.PresetAPI},
			"*.shop.test": {
				Rate:  ratelimit.Config{Rate: 5, InFlight: 4},
				Retry: retry.Config{MaxAttempts: 6, MaxRetryAfter: 2 * time.Minute},
				Headers: headers.Config{
					Languages: []string{"de-DE", "de", "en"},
				},
			},
		},
	}
	fmt.Println(cfg.Validate())
	// Output: <nil>
}

func ExamplePolicy_classify() {
	policy := godwit.Policy{
		Classify: func(_ context.Context, resp *http.Response, _ error, o trip.Outcome) trip.Outcome {
			if resp != nil && resp.Header.Get("X-Shadow-Ban") != "" {
				o.Verdict, o.Reason = trip.Blocked, "shadow ban"
			}
			return o
		},
	}
	policy.Robots.Mode = robots.Ignore
	policy.Retry.MaxAttempts = 1
	base := roundTripperFunc(func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 200, Header: http.Header{"X-Shadow-Ban": {"1"}}, Body: http.NoBody}, nil
	})
	t, err := godwit.New(base, godwit.Config{Default: policy})
	must(err)
	defer t.Close()
	resp, err := t.Client().Get("https://shop.test/")
	must(err)
	defer resp.Body.Close()
	fmt.Println(t.Stats().Domains[0].Verdicts)
	// Output: map[blocked:1]
}

func ExampleLoad() {
	defer inFolderWith("crawler.yaml", "default: {rate: {rate: 30/min}}\nretries: 3\n")()
	run := func() error {
		cfg, err := godwit.Load("crawler.yaml")
		if err != nil {
			return err // file, line, column, a caret and the nearest valid key
		}
		return cfg.Validate()
	}
	fmt.Println(run())
	// Output:
	// crawler.yaml:2:1: unknown key "retries", want one of default, direct, domains, pools
	//     2 | retries: 3
	//         ^
}

func ExampleError() {
	skip := func(page string) { fmt.Println("skip", filepath.Base(page)) }
	requeue := func(page string, at time.Time) { fmt.Println("requeue", filepath.Base(page), time.Until(at) > 0) }
	giveUp := func(page string, _ error) { fmt.Println("give up", filepath.Base(page)) }

	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/robots.txt":
			_, _ = io.WriteString(w, "User-agent: *\nDisallow: /private\n")
		default:
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	defer site.Close()
	t, err := godwit.New(nil, godwit.Config{Default: godwit.Policy{
		Rate:  ratelimit.Config{Rate: -1},
		Retry: retry.Config{MaxAttempts: 1},
	}})
	must(err)
	defer t.Close()
	client := t.Client()

	fetch := func(page string) {
		resp, err := client.Get(page)
		var story *godwit.Error
		switch {
		case err == nil:
			defer resp.Body.Close()
		case errors.Is(err, robots.ErrDisallowed):
			skip(page)
		case errors.As(err, &story) && !story.Summary.RetryAt.IsZero():
			requeue(page, story.Summary.RetryAt) // breaker open, pool empty, budget of the day spent
		default:
			giveUp(page, err)
		}
		if resp != nil {
			fmt.Println(resp.Status)
		}
	}
	fetch(site.URL + "/private/1")
	for range 6 {
		fetch(site.URL + "/down")
	}
	// Output:
	// skip 1
	// 503 Service Unavailable
	// 503 Service Unavailable
	// 503 Service Unavailable
	// 503 Service Unavailable
	// 503 Service Unavailable
	// requeue down true
}

func ExamplePolicy_captcha() {
	run := func() error {
		service, err := solver.New(solver.Config{Service: solver.NameTwoCaptcha, Key: secret.Env("TWOCAPTCHA_KEY")})
		if err != nil {
			return err
		}
		budget, err := captcha.NewBudget(captcha.BudgetConfig{
			PerCall: trip.Dollar / 100,
			PerDay:  5 * trip.Dollar / 2,
		})
		if err != nil {
			return err
		}
		policy := godwit.Policy{Captcha: captcha.Config{
			Solvers: []captcha.Solver{service},
			Budget:  budget,
		}}
		return godwit.Config{Default: policy}.Validate()
	}
	fmt.Println(run())
	// Output: <nil>
}

func ExampleTransport_Handler() {
	t, err := godwit.New(nil, godwit.Config{})
	must(err)
	defer t.Close()
	mux := http.NewServeMux()
	mux.Handle("/", t.Handler()) // tells what you crawl: a private address only

	req := httptest.NewRequest(http.MethodGet, "/", nil)
	req.Header.Set("Accept", "text/html")
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, req)
	fmt.Println(w.Code, w.Header().Get("Content-Type"))
	// Output: 200 text/html; charset=utf-8
}

func ExampleNew_testing() {
	run := func() error {
		web, err := hostile.Start(hostile.Config{Sites: []hostile.SiteConfig{{
			Host:    "shop.test",
			Pages:   20,
			Hazards: []hostile.Hazard{hostile.Burst{Every: 10, Length: 1}},
		}}})
		if err != nil {
			return err
		}
		defer web.Close()
		t, err := godwit.New(web.Transport(), godwit.Config{Default: godwit.Policy{
			Rate:  ratelimit.Config{Rate: -1}, // unlimited, since this is our own web
			Retry: retry.Config{BaseDelay: time.Millisecond},
		}})
		if err != nil {
			return err
		}
		defer t.Close()
		got := 0
		for _, page := range web.Site("shop.test").URLs() {
			resp, err := t.Client().Get(page)
			if err != nil {
				return err
			}
			body, err := io.ReadAll(resp.Body)
			resp.Body.Close()
			if err == nil && web.Check(page, body) {
				got++
			}
		}
		fmt.Println(got, "of 20 pages")
		return nil
	}
	fmt.Println(run())
	// Output:
	// 20 of 20 pages
	// <nil>
}

func Example_session() {
	ctx, page := context.Background(), "https://shop.test/cart"
	pin := func() (*http.Request, error) {
		ctx := trip.WithSession(ctx, "cart-17")
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, page, nil)
		return req, err
	}
	req, err := pin()
	fmt.Println(trip.Session(req.Context()), err)
	// Output: cart-17 <nil>
}

// Example_operate is the section "Watch it" of docs/guide.md.
func Example_operate() {
	defer inFolderWith("crawler.yaml", "default: {preset: polite}\n")()
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	log := slog.New(slog.DiscardHandler)

	run := func() error {
		collector, err := metrics.New(metrics.Config{Domains: []string{"shop.test"}})
		if err != nil {
			return err
		}
		t, err := godwit.New(nil, godwit.Config{Observer: collector, Logger: log})
		if err != nil {
			return err
		}
		defer t.Close()
		collector.Watch(t.State)
		registry := prometheus.NewRegistry()
		registry.MustRegister(collector)

		mux := http.NewServeMux()
		mux.Handle("/metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
		mux.Handle("/", t.Handler()) // tells what you crawl: a private address only

		complete := func(cfg godwit.Config) godwit.Config { // with what a file cannot hold
			cfg.Observer, cfg.Logger = collector, log
			return cfg
		}
		go t.Watch(ctx, "crawler.yaml", complete, func(err error) {
			if err != nil {
				log.Error("the old configuration stays", "error", err)
			}
		})

		w := httptest.NewRecorder()
		mux.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
		fmt.Println(w.Code, strings.Contains(w.Body.String(), `godwit_requests_total{code="2xx",domain="shop.test"`))
		return nil
	}
	must(run())
	// Output: 200 true
}

// Example_robots is the section "Be a polite robot" of docs/guide.md.
func Example_robots() {
	web, err := hostile.Start(hostile.Config{Sites: []hostile.SiteConfig{{Host: "shop.test", Pages: 3}}})
	must(err)
	defer web.Close()

	policy := godwit.Policy{
		Preset:  godwit.PresetPolite,
		Headers: headers.Config{Off: true, UserAgent: "OurBot/1.0 (+https://our.test/bot)", From: "bot@our.test"},
		Robots:  robots.Config{Mode: robots.Obey, Agent: "OurBot"},
	}
	t, err := godwit.New(web.Transport(), godwit.Config{Default: policy})
	must(err)
	defer t.Close()
	_, err = t.Client().Get(web.Site("shop.test").URL("/private/1"))
	fmt.Println(errors.Is(err, robots.ErrDisallowed))
	// Output: true
}

package hostile_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/godwit-go/godwit/hostile"
	"github.com/godwit-go/godwit/internal/leaks"
	"github.com/stretchr/testify/require"
)

// patience is how long a test waits for what must happen, on a busy machine too.
const patience = 30 * time.Second

func TestMain(m *testing.M) { leaks.Main(m) }

func start(t *testing.T, cfg hostile.Config) *hostile.Web {
	t.Helper()
	web, err := hostile.Start(cfg)
	require.NoError(t, err)
	t.Cleanup(web.Close)
	return web
}

// site starts a web of one site with these hazards.
func site(t *testing.T, hazards ...hostile.Hazard) (*hostile.Web, *hostile.Site) {
	t.Helper()
	web := start(t, hostile.Config{Seed: 7, Sites: []hostile.SiteConfig{{Host: "shop.test", Hazards: hazards}}})
	return web, web.Site("shop.test")
}

// visitor returns a client of the web that follows no redirects and keeps no
// cookies, through the proxy if there is one.
func visitor(t *testing.T, web *hostile.Web, proxy *hostile.Proxy) *http.Client {
	t.Helper()
	transport := web.Transport()
	if proxy != nil {
		transport.Proxy = http.ProxyURL(proxy.URL())
	}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{
		Transport:     transport,
		Timeout:       patience,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

func addProxy(t *testing.T, web *hostile.Web, cfg hostile.ProxyConfig) *hostile.Proxy {
	t.Helper()
	proxy, err := web.AddProxy(cfg)
	require.NoError(t, err)
	return proxy
}

func do(t *testing.T, client *http.Client, req *http.Request) (*http.Response, string) {
	t.Helper()
	resp, err := client.Do(req)
	require.NoError(t, err)
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	return resp, string(body)
}

func request(t *testing.T, method, url string, body io.Reader) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, body)
	require.NoError(t, err)
	return req
}

func get(t *testing.T, client *http.Client, url string) (*http.Response, string) {
	t.Helper()
	return do(t, client, request(t, http.MethodGet, url, nil))
}

func TestACrawlerFindsEveryPageFromTheRoot(t *testing.T) {
	web := start(t, hostile.Config{Seed: 3, Sites: []hostile.SiteConfig{{Host: "a.test", Pages: 130}, {Host: "b.test", Pages: 9}}})
	client := visitor(t, web, nil)
	client.CheckRedirect = nil
	href := regexp.MustCompile(`href="(/[^"]*)"`)
	for _, host := range []string{"a.test", "b.test"} {
		root, err := url.Parse(web.Site(host).URL("/"))
		require.NoError(t, err)
		found, seen, queue := map[string]bool{}, map[string]bool{"/": true}, []string{"/"}
		for len(queue) > 0 {
			path := queue[0]
			queue = queue[1:]
			resp, body := get(t, client, root.JoinPath(path).String())
			final := resp.Request.URL
			if resp.StatusCode == http.StatusOK && web.Check(final.String(), []byte(body)) {
				found[final.String()] = true
			}
			if final.Host != host {
				continue
			}
			for _, link := range href.FindAllStringSubmatch(body, -1) {
				if !seen[link[1]] {
					seen[link[1]] = true
					queue = append(queue, link[1])
				}
			}
		}
		for _, page := range web.Site(host).URLs() {
			require.True(t, found[page], page)
		}
	}
	require.Equal(t, 130, len(web.Site("a.test").URLs()))
}

func TestTheSeedDecidesThePagesAndTokens(t *testing.T) {
	page := func(seed uint64) string {
		web := start(t, hostile.Config{Seed: seed, Sites: []hostile.SiteConfig{{Host: "shop.test"}}})
		_, body := get(t, visitor(t, web, nil), "https://shop.test/p/5")
		require.Contains(t, body, web.Site("shop.test").Token("/p/5"))
		return body
	}
	require.Equal(t, page(1), page(1))
	require.NotEqual(t, page(1), page(2))
}

func TestCheckAcceptsTheRealPageOnly(t *testing.T) {
	web, s := site(t)
	_, body := get(t, visitor(t, web, nil), s.URL("/p/5"))
	require.True(t, web.Check(s.URL("/p/5"), []byte(body)))
	require.False(t, web.Check(s.URL("/p/6"), []byte(body)))
	require.False(t, web.Check(s.URL("/p/5"), []byte(body[:len(body)-1])))
	require.False(t, web.Check(s.URL("/gone/1"), []byte("404 page not found\n")))
	require.False(t, web.Check("https://elsewhere.test/p/5", []byte(body)))
}

func TestSitesSpeakHTTP1AndHTTP2(t *testing.T) {
	web := start(t, hostile.Config{Sites: []hostile.SiteConfig{{Host: "new.test"}, {Host: "old.test", HTTP1: true}}})
	client := visitor(t, web, nil)
	for target, proto := range map[string]string{
		"https://new.test/p/1": "HTTP/2.0",
		"https://old.test/p/1": "HTTP/1.1",
		"http://new.test/p/1":  "HTTP/1.1",
	} {
		resp, body := get(t, client, target)
		require.Equal(t, proto, resp.Proto)
		require.True(t, web.Check(target, []byte(body)))
	}
}

func TestPagesAreCodedAsTheVisitorAccepts(t *testing.T) {
	web, s := site(t)
	client := visitor(t, web, nil)
	codings := make(map[string]int)
	for _, page := range s.URLs()[:40] {
		req := request(t, http.MethodGet, page, nil)
		req.Header.Set("Accept-Encoding", "gzip, deflate, br")
		resp, _ := do(t, client, req)
		codings[resp.Header.Get("Content-Encoding")]++
	}
	require.Positive(t, codings["gzip"])
	require.Positive(t, codings["deflate"])
	require.Zero(t, codings[""])

	req := request(t, http.MethodGet, s.URL("/p/1"), nil)
	req.Header.Set("Accept-Encoding", "gzip;q=0, br")
	resp, body := do(t, client, req)
	require.Empty(t, resp.Header.Get("Content-Encoding"))
	require.True(t, web.Check(s.URL("/p/1"), []byte(body)))
}

func TestTheRestOfASite(t *testing.T) {
	web := start(t, hostile.Config{Sites: []hostile.SiteConfig{
		{Host: "a.test", CrawlDelay: 1500 * time.Millisecond}, {Host: "b.test", Pages: 10},
	}})
	client, a := visitor(t, web, nil), web.Site("a.test")

	_, robots := get(t, client, a.URL("/robots.txt"))
	require.Equal(t, "User-agent: *\nDisallow: /private/\nCrawl-delay: 1.5\nSitemap: https://a.test/sitemap.xml\n", robots)
	_, sitemap := get(t, client, a.URL("/sitemap.xml"))
	require.Equal(t, hostile.DefaultPages, strings.Count(sitemap, "<loc>"))

	resp, _ := get(t, client, a.URL("/go/7"))
	require.Equal(t, http.StatusFound, resp.StatusCode)
	require.Equal(t, "/p/7", resp.Header.Get("Location"))
	resp, _ = get(t, client, a.URL("/away/17"))
	require.Equal(t, "https://b.test/p/7", resp.Header.Get("Location"))

	for _, missing := range []string{"/gone/3", "/p/0", "/p/101", "/p/01", "/p/x"} {
		resp, _ = get(t, client, a.URL(missing))
		require.Equal(t, http.StatusNotFound, resp.StatusCode, missing)
	}

	resp, item := get(t, client, a.URL("/api/items/3"))
	require.Equal(t, "application/json", resp.Header.Get("Content-Type"))
	require.True(t, json.Valid([]byte(item)))
	require.True(t, web.Check(a.URL("/api/items/3"), []byte(item)))

	get(t, client, a.URL("/private/3"))
	require.Equal(t, 1, a.Ledger().Disallowed)
}

func TestOrdersAreBookedByRequestID(t *testing.T) {
	web, s := site(t)
	client := visitor(t, web, nil)
	order := func(header, id, form string) int {
		req := request(t, http.MethodPost, s.URL("/orders"), strings.NewReader(form))
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if header != "" {
			req.Header.Set(header, id)
		}
		resp, _ := do(t, client, req)
		return resp.StatusCode
	}
	require.Equal(t, http.StatusCreated, order("Idempotency-Key", "k1", ""))
	require.Equal(t, http.StatusCreated, order("X-Request-Id", "k2", ""))
	require.Equal(t, http.StatusCreated, order("", "", "id=k3"))
	require.Zero(t, s.Ledger().Duplicates())
	require.Equal(t, http.StatusCreated, order("", "", "id=k1"))
	require.Equal(t, http.StatusBadRequest, order("", "", "no=id"))
	require.Equal(t, 1, s.Ledger().Duplicates())
	require.Equal(t, map[string]int{"k1": 2, "k2": 1, "k3": 1}, s.Ledger().Orders)
}

func TestASiteRemembersWhoArrivedAndHow(t *testing.T) {
	web, s := site(t)
	proxy := addProxy(t, web, hostile.ProxyConfig{})
	client := visitor(t, web, proxy)
	begin := time.Now()
	for _, path := range []string{"/p/1?q=1", "/robots.txt"} {
		req := request(t, http.MethodGet, s.URL(path), nil)
		req.Header.Set("User-Agent", "crawler/1")
		do(t, client, req)
	}
	arrivals := s.Arrivals()
	require.Len(t, arrivals, 2)
	require.Equal(t, "/p/1?q=1", arrivals[0].Path)
	require.Equal(t, "/robots.txt", arrivals[1].Path)
	for _, a := range arrivals {
		require.Equal(t, http.MethodGet, a.Method)
		require.Equal(t, "HTTP/2.0", a.Proto)
		require.Equal(t, "crawler/1", a.Header.Get("User-Agent"))
		require.Equal(t, hostile.Visitor{Address: proxy.Exit(), Proxy: proxy}, a.Visitor)
		require.WithinRange(t, a.Time, begin, time.Now())
	}
}

func TestOnlyTheWebResolves(t *testing.T) {
	web, _ := site(t)
	for _, addr := range []string{"example.com:80", "shop.test:8080", "192.0.2.1:80", "shop.test"} {
		_, err := web.DialContext(t.Context(), "tcp", addr)
		require.Error(t, err, addr)
	}
	conn, err := web.DialContext(t.Context(), "tcp", "SHOP.test.:80")
	require.NoError(t, err)
	require.NoError(t, conn.Close())
}

func TestValidateNamesEveryProblem(t *testing.T) {
	_, err := hostile.Start(hostile.Config{
		Sites: []hostile.SiteConfig{
			{Host: "shop.example"},
			{Host: "UP.test"},
			{Host: "a.fault.test"},
			{Host: "x.test", Pages: -1, CrawlDelay: -1},
			{Host: "x.test", Hazards: []hostile.Hazard{
				nil,
				hostile.Ban{Requests: -1, Window: -1, For: -1, Status: 99},
				hostile.RateLimit{Requests: -1, Window: -1, Wait: -1, Form: 9, Status: 1000},
				hostile.Burst{Every: -1, Length: -1, Status: 1},
				hostile.Outage{After: -1, For: -1, Every: -1, RetryAfter: -1, Status: 1},
				hostile.Reset{OneIn: -1},
				hostile.Truncate{OneIn: -1},
				hostile.Tarpit{OneIn: -1, Drop: -1, Every: -1},
				hostile.Latency{Min: 2, Max: 1},
				hostile.Latency{Min: -1},
				hostile.ReCaptcha{Gate: hostile.Gate{After: -1, Lasts: -1, Uses: -1}, Status: 1},
				hostile.Turnstile{Status: 1},
				hostile.HCaptcha{Status: 1},
				hostile.AmazonButton{Status: 1},
				hostile.Cloudflare{Gate: hostile.Gate{After: -1}},
				hostile.DataDome{Gate: hostile.Gate{After: -1}},
				hostile.AWSWAF{Gate: hostile.Gate{After: -1}},
			}},
		},
		Solver: hostile.SolverConfig{Latency: -1, TokenLasts: -1},
	})
	for _, path := range []string{
		"Sites[0].Host", "Sites[1].Host", "Sites[2].Host", "Sites[3].Pages", "Sites[3].CrawlDelay",
		"Sites[4].Host", "Sites[4].Hazards[0]", "Solver.Latency", "Solver.TokenLasts",
		"Hazards[1].Requests: -1, want 0 or more", "Hazards[1].Window: -1ns", "Hazards[1].For", "Hazards[1].Status: 99",
		"Hazards[2].Requests", "Hazards[2].Window", "Hazards[2].Wait", "Hazards[2].Form", "Hazards[2].Status",
		"Hazards[3].Every", "Hazards[3].Length", "Hazards[3].Status",
		"Hazards[4].After", "Hazards[4].For", "Hazards[4].Every", "Hazards[4].RetryAfter", "Hazards[4].Status",
		"Hazards[5].OneIn", "Hazards[6].OneIn", "Hazards[7].OneIn", "Hazards[7].Drop", "Hazards[7].Every",
		"Hazards[8].Max", "Hazards[9].Min",
		"Hazards[10].After", "Hazards[10].Lasts", "Hazards[10].Uses", "Hazards[10].Status",
		"Hazards[11].Status", "Hazards[12].Status", "Hazards[13].Status",
		"Hazards[14].After", "Hazards[15].After", "Hazards[16].After",
	} {
		require.ErrorContains(t, err, path)
	}
	web := start(t, hostile.Config{})
	_, err = web.AddProxy(hostile.ProxyConfig{Scheme: "ftp", Exit: "here", Flap: -1, Password: "p", Sessions: true, Latency: -1, ResetAfter: -1, Fault: 99})
	for _, field := range []string{"Scheme", "Exit", "Flap", "User", "Sessions", "Latency", "ResetAfter", "Fault: unknown"} {
		require.ErrorContains(t, err, field)
	}
}

func TestCloseEndsRequestsUnderWay(t *testing.T) {
	web, s := site(t, hostile.Latency{Min: time.Hour})
	client := visitor(t, web, addProxy(t, web, hostile.ProxyConfig{}))
	ended := make(chan error, 1)
	go func() {
		resp, err := client.Get(s.URL("/p/1"))
		if err == nil {
			resp.Body.Close()
		}
		ended <- err
	}()
	require.Eventually(t, func() bool { return s.Ledger().Requests == 1 }, patience, time.Millisecond)
	web.Close()
	require.Error(t, <-ended)
	web.Close() // again is fine
	_, err := web.AddProxy(hostile.ProxyConfig{})
	require.Error(t, err)
}

func TestVisitorIntroducesTheOneWhoAsks(t *testing.T) {
	web, s := site(t)
	type introduction struct {
		Address string
		Direct  bool
		Headers http.Header
	}
	for _, scheme := range []string{"http", "https", "socks5"} {
		proxy := addProxy(t, web, hostile.ProxyConfig{Scheme: scheme, User: "u", Password: "p"})
		for _, target := range []string{"http://shop.test/visitor", s.URL("/visitor")} {
			_, body := get(t, visitor(t, web, proxy), target)
			var who introduction
			require.NoError(t, json.Unmarshal([]byte(body), &who))
			require.Equal(t, proxy.Exit(), who.Address, scheme)
			require.False(t, who.Direct)
			require.NotContains(t, who.Headers, "Proxy-Authorization")
		}
		require.Equal(t, map[string]int{"u:p": 2}, proxy.Ledger().Credentials)
		require.Equal(t, map[string]int{"shop.test:80": 1, "shop.test:443": 1}, proxy.Ledger().Targets)
	}
	require.Zero(t, web.MachineRequests())
	_, body := get(t, visitor(t, web, nil), s.URL("/visitor"))
	var who introduction
	require.NoError(t, json.Unmarshal([]byte(body), &who))
	require.Equal(t, "127.0.0.1", who.Address)
	require.True(t, who.Direct)
	require.Equal(t, 1, web.MachineRequests())

	addresses := make([]string, 0, 4)
	for address := range s.Ledger().Visitors {
		addresses = append(addresses, address)
	}
	slices.Sort(addresses)
	require.Equal(t, []string{"127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.4"}, addresses)
}

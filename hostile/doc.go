// Package hostile is a hostile little web on real loopback sockets, for testing
// crawlers. Its sites ban, throttle, fall over, break connections and serve
// challenge pages; its proxies leave from addresses of their own; its solver
// service speaks the real protocol and keeps accounts. Everything that happened
// can be read back from ledgers afterwards, so that a test can say how many
// pages, bans, duplicates and cents a crawl was really worth.
//
//	your crawler ──────────────────────────────────────┐ as 127.0.0.1: [Web.MachineRequests]
//	  │  http, https, socks5 with credentials          │
//	  ▼                                                ▼
//	[Proxy] ── exit 127.0.0.2 ──▶ [Site] shop.test   hazards in their order:
//	[Proxy] ── exit 127.0.0.3 ──▶ [Site] news.test     [Ban] [RateLimit] [Burst] [Outage]
//	  │                             │                  [Reset] [Truncate] [Tarpit] [Latency]
//	  │ CONNECT refused, garbage,   │                  [ReCaptcha] [Cloudflare] [DataDome] …
//	  │ black holes: [ProxyFault]   ▼                    │ token or cookie, used once
//	  │                           pages, [Ledger]        │
//	  └──────────────────────────────────────────── [Solver] createTask, getTaskResult
//
// A site is a value. Its names end in .test and resolve inside the web only: by
// its proxies, and directly by [Web.DialContext] and [Web.Transport]. Every site
// speaks HTTP/1.1, and HTTP/2 over TLS with a certificate of the web's own
// authority ([Web.CertPool]).
//
//	web, err := hostile.Start(hostile.Config{Sites: []hostile.SiteConfig{{
//		Host:    "shop.test",
//		Pages:   100,
//		Hazards: []hostile.Hazard{hostile.Ban{Requests: 30, Window: time.Second}},
//	}}})
//	if err != nil { … }
//	defer web.Close()
//	exit, err := web.AddProxy(hostile.ProxyConfig{User: "me", Password: "secret"})
//	// … crawl https://shop.test/ through exit.URL() …
//	fmt.Println(web.Site("shop.test").Ledger())
//
// The content of a web follows from its seed alone: the same seed gives the same
// pages, tokens and links, and for every visit of a path the same draw of the
// lots by which resets and the like are handed out. [Web.Check] tells the real
// page from a challenge page and from one that was cut short.
//
// The package imports the standard library only, and none of godwit's other
// packages: it judges them.
package hostile

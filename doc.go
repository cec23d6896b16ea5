// Package godwit makes a crawler's http.Client survive the real web: proxy pools
// with health and cooldown, browser-consistent headers, CAPTCHA detection with
// paid solvers and a budget, retries that heed Retry-After, rate limits and a
// circuit breaker, per domain and politely.
//
//	t, err := godwit.New(nil, godwit.Config{})
//	if err != nil {
//		return err
//	}
//	defer t.Close()
//	resp, err := t.Client().Get("https://example.com/")
//
// # What happens to a request
//
// A call passes these layers, outermost first. Each is an [http.RoundTripper] from
// a package of its own and works alone.
//
//	http.Client                 follows redirects; each hop re-enters below
//	└ godwit.Transport          finds the policy of the host, opens the call
//	  └ [Policy.PerCall]        your own middleware, sees one final result
//	    └ robots                refuses what robots.txt disallows
//	      └ retry               the only loop; each turn is an attempt
//	        └ captcha           solves a challenge once and replays on the same lease
//	          └ ratelimit       waits for the domain's token and slot
//	            └ breaker       refuses a domain that is down
//	              └ lease       takes an identity: egress, profile and cookies
//	                └ egressrate    waits for the egress's own token and slot
//	                  └ headers     writes that identity's headers
//	                    └ [Policy.PerExchange]  your own middleware, sees each wire request
//	                      └ classify    decides the verdict
//	                        └ buffer    reads the body ahead, where Policy.Buffer says so
//	                          └ decode  gzip, deflate, br, zstd
//	                            └ egress  one http.Transport per way out
//
// # Verdicts
//
// Every exchange gets one verdict, and every layer acts on it:
//
//	verdict      evidence                           retry               identity       breaker  proxy    rate limit
//	OK           2xx to 4xx not below               no                  keep           success  success  recover slowly
//	TargetError  5xx except 501; reset or timeout   backoff             keep once      failure  -        -
//	Throttled    429; 403 or 503 with Retry-After   not before it       keep           -        -        pause the domain
//	Blocked      ban status or page                 yes                 retire         -        ban      slow down
//	Challenge    captcha detected                   solved, else as Blocked
//	ProxyError   the way out failed                 at once, by another rotate         -        failure  token back
//	Canceled     the caller gave up                 never               keep           -        -        -
//	Local        not sent, or its body failed       if RetryAt fits     -              -        -        -
//
// A throttle that one exit meets while the domain serves most others rests that
// exit there until the named time, too.
//
// # When not to use it
//
// For an API of your own, or one with a client library, a plain http.Client with a
// timeout is enough. godwit renders no pages, runs no JavaScript and does not
// change the TLS fingerprint of net/http. It is for crawling what you may crawl.
package godwit

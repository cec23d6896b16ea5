// Package breaker keeps calls away from a domain that is down: one circuit breaker
// per domain, over sony/gobreaker.
//
// A breaker is closed while the domain works. It opens after 5 consecutive
// failures, or when at least half of at least 10 exchanges in the last minute
// failed. While it is open every exchange is refused with an [OpenError], which
// says when the domain will be tried again: after a minute at first, and after
// twice as long with every failed try, up to 10 minutes. When that time has come
// the breaker is half-open: it lets 2 probes through, and closes when both succeed.
//
//	verdict                        counts as
//	ok, once the body has ended    success
//	target_error                   failure, unless it is ambiguous
//	throttled, blocked, challenge  neither: the domain is alive
//	proxy_error, canceled, local   nothing: says nothing about the domain
//
// Use it per domain and never per proxy: with 200 proxies a dead host gets 5
// requests instead of 1000. A bad proxy is to be replaced, not waited for.
//
// [New] wraps an http.RoundTripper. A [Group] is the engine behind it, for those
// who send by other means or want to keep the state when a configuration changes.
package breaker

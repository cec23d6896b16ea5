// Package ratelimit keeps a crawler at the pace that a domain can bear: so many
// requests per second, so many in flight, a rest when the domain asks for one.
//
// By default a domain gets 1 request per second, give or take half, and has 2 in
// flight at the most. An exchange is in flight until its response body has ended.
// Who comes too early waits in a queue, first come first served, unless the wait
// would outlast the context's deadline: then it is refused at once with a
// [WaitError], which tells when its turn would have been.
//
//	verdict               what it does to the pace
//	ok                    recovers slowly
//	throttled             pauses the domain, once per burst of such replies
//	blocked               slows down, once per burst of such replies
//	proxy_error, local    gives the token back: the domain saw no request
//	others                nothing
//
// A limiter stands outside the circuit breaker. It asks [Config.Peek] before it
// lets an exchange wait, and [Limiter.Wake] makes those who wait ask again, so that
// a queue in front of a domain that has gone down is not stood in to the end.
//
// [New] wraps an http.RoundTripper. A [Limiter] is the engine behind it, for those
// who send by other means or want to keep the state when a configuration changes.
package ratelimit

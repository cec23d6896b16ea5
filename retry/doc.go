// Package retry is the only loop: it sends a call again when that is worth it,
// safe, and within what the target and the caller allow.
//
//	rt, err := retry.New(http.DefaultTransport, retry.Config{})
//	client := &http.Client{Transport: rt}
//
// What happens to an attempt is decided by its verdict (see package trip):
//
//	OK            returned; 408 is tried again
//	TargetError   backoff with full jitter
//	Throttled     not before the target asked for, never early
//	Blocked       once more as somebody else, after a short pause
//	Challenge     unsolved: as Blocked
//	ProxyError    at once, by another egress
//	Local         when it may go again in time, such as an open breaker; never when
//	              the request's own body failed
//	Canceled      never
//
// Four rules stand above the table:
//
//   - Only what may be sent twice is sent twice: idempotent methods and requests
//     with an Idempotency-Key, whose body can be had again. Others only while
//     nothing of them has reached the target.
//   - Retries are at most a share of the calls to a domain, so that a target in
//     trouble is not buried ([Budget]).
//   - Nobody sleeps into a deadline. What cannot be tried in time is returned at
//     once, and [trip.Summary].RetryAt says when to come back.
//   - A response that was obtained is returned: the last one, with its body, when
//     the attempts are used up.
//
// Do not stack it on another loop: the attempts multiply.
package retry

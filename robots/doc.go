// Package robots keeps a crawler to what a site's robots.txt says, by RFC 9309.
//
// Before the first request to a site, that is a scheme with host and port, its
// robots.txt is fetched through the same layers as everything else. Requests that
// it disallows fail with a [DisallowedError] before anything is sent. A crawl-delay
// is handed to the rate limit.
//
//	answer to /robots.txt      what it means
//	2xx                        its rules, at most 500 KiB of them
//	3xx                        followed up to 5 times, then like 4xx
//	4xx                        everything is allowed
//	5xx, reset, timeout        nothing is allowed, unless there is an older copy
//	refused on our side        the request fails with the same error
//
// The copy is used for 24 hours, or as long as its Cache-Control says if that is
// shorter. A fetch that failed is tried again after 5 minutes.
//
// [New] wraps an http.RoundTripper. [Rules] is the engine behind it: one parsed
// file, for those who fetch it by other means. It is our own because the parsers
// at hand fail a whole file for one bad line, or do not anchor wildcards, weigh the
// matches and compare percent-encoded paths as the RFC says.
package robots

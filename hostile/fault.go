package hostile

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Fault is a way in which a site breaks HTTP, TLS or TCP. A site with a fault has
// it for every request; a query first=N in the URL limits the faults from
// [FaultResetBeforeHeader] on to the first N requests for a path, after which the
// page is served.
type Fault uint8

// The faults. Those up to [FaultGoAway] concern connections, and from
// [FaultTLSAlert] on TLS connections only; the others concern single responses,
// which come over HTTP/1.1.
const (
	NoFault                Fault = iota
	FaultRefuse                  // nobody listens
	FaultBlackHole               // connections are accepted and never answered
	FaultTLSAlert                // the TLS handshake ends in an alert
	FaultExpired                 // the certificate ended yesterday
	FaultWrongHost               // the certificate is for another name
	FaultGoAway                  // HTTP/2: GOAWAY with ENHANCE_YOUR_CALM instead of a response
	FaultResetBeforeHeader       // a reset instead of a response
	FaultResetAfterHeader        // a reset after the header
	FaultLostReply               // the request takes effect, and then a reset instead of a response
	FaultEmptyReply              // an end instead of a response
	FaultShortBody               // an end before all that Content-Length promised
	FaultTruncatedChunk          // an end in the middle of a chunk
	FaultLatency                 // the page, two seconds late
	FaultDrip                    // the page, one byte a second
	FaultEndless                 // a body without end
	FaultForbidden               // 403 with a ban page
	FaultThrottled               // 429 with Retry-After: 1
	FaultThrottledUnsaid         // 429 without Retry-After
	FaultUnavailable             // 503 with Retry-After: 1
	FaultUnavailableUnsaid       // 503 without Retry-After
	FaultEarlyHints              // 16 MiB of 103 responses before the page
	FaultBadStatusLine           // a status line that is none
	FaultTwoLengths              // two Content-Length fields that differ
	FaultBadChunk                // a chunk size that is no number
	FaultHeaderBomb              // 16 MiB of header
	FaultGzipBomb                // 256 MiB in 256 KiB of gzip
	FaultCorruptGzip             // gzip that breaks off into noise
	FaultMislabeled              // Content-Encoding: gzip on plain text
	FaultRedirectLoop            // a redirect to itself
)

var faultNames = [...]string{
	"none", "refuse", "black-hole", "tls-alert", "expired", "wrong-host", "goaway", "reset-before-header",
	"reset-after-header", "lost-reply", "empty-reply", "short-body", "truncated-chunk", "latency", "drip",
	"endless", "forbidden", "throttled", "throttled-unsaid", "unavailable", "unavailable-unsaid",
	"early-hints", "bad-status-line", "two-lengths", "bad-chunk", "header-bomb", "gzip-bomb", "corrupt-gzip",
	"mislabeled", "redirect-loop",
}

// faultDomain is the parent of the hosts that [Config.Faults] adds.
const faultDomain = "fault.test"

// Faults returns every fault but [NoFault].
func Faults() []Fault { return all(FaultRefuse, len(faultNames)) }

// String returns the fault's name, as the first label of its host has it.
func (f Fault) String() string {
	if int(f) < len(faultNames) {
		return faultNames[f]
	}
	return "unknown"
}

// Host returns the name of the site with this fault that [Config.Faults] adds to
// a web.
func (f Fault) Host() string { return f.String() + "." + faultDomain }

// before returns the handler that commits a fault of responses, nil for the
// faults of connections.
func (f Fault) before(site *Site, next http.Handler) http.Handler {
	if f <= FaultGoAway {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		first, err := strconv.Atoi(r.URL.Query().Get("first"))
		if err == nil && visitOf(r).turn > first {
			next.ServeHTTP(w, r)
			return
		}
		f.commit(site, w, r, next)
	})
}

// commit answers one request with the fault.
func (f Fault) commit(site *Site, w http.ResponseWriter, r *http.Request, next http.Handler) {
	switch f {
	case FaultLatency:
		Latency{Min: 2 * time.Second}.Before(site, next).ServeHTTP(w, r)
		return
	case FaultDrip:
		Tarpit{OneIn: 1}.Before(site, next).ServeHTTP(w, r)
		return
	case FaultForbidden:
		Ban{Addresses: []string{VisitorOf(r).Address}}.Before(site, next).ServeHTTP(w, r)
		return
	case FaultThrottled, FaultThrottledUnsaid:
		site.Book(r, Throttled)
		f.status(w, http.StatusTooManyRequests, f == FaultThrottled)
		return
	case FaultUnavailable, FaultUnavailableUnsaid:
		site.Book(r, Failed)
		f.status(w, http.StatusServiceUnavailable, f == FaultUnavailable)
		return
	case FaultRedirectLoop:
		site.Book(r, Failed)
		http.Redirect(w, r, r.URL.RequestURI(), http.StatusFound)
		return
	case FaultLostReply:
		site.Book(r, Failed)
		next.ServeHTTP(nowhere{make(http.Header)}, r)
		abort(r)
	case FaultResetBeforeHeader:
		site.Book(r, Failed)
		abort(r)
	}
	site.Book(r, Failed)
	_, _ = io.Copy(io.Discard, io.LimitReader(r.Body, 1<<20)) // unread, it would turn an end into a reset
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	defer conn.Close()
	site.conns.add(conn) // the server has forgotten it
	defer site.conns.remove(conn)
	if site.web.ctx.Err() != nil {
		return
	}
	f.write(site, conn)
	if f == FaultResetAfterHeader {
		reset(conn)
	}
}

func (f Fault) status(w http.ResponseWriter, status int, said bool) {
	if said {
		w.Header().Set("Retry-After", "1")
	}
	http.Error(w, http.StatusText(status), status)
}

// write writes what the fault has for a response, and a good deal of it only as
// long as the visitor listens.
func (f Fault) write(site *Site, conn net.Conn) {
	const ok, html = "HTTP/1.1 200 OK\r\n", "Content-Type: text/html; charset=utf-8\r\n"
	page, _ := site.content("/p/1")
	body := string(page.body)
	length := fmt.Sprintf("Content-Length: %d\r\n", len(body))
	say := func(parts ...string) bool {
		_, err := io.WriteString(conn, strings.Join(parts, ""))
		return err == nil
	}
	switch f {
	case FaultResetAfterHeader:
		say(ok, html, length, "\r\n")
	case FaultShortBody:
		say(ok, html, length, "\r\n", body[:len(body)/2])
	case FaultTruncatedChunk:
		say(ok, html, "Transfer-Encoding: chunked\r\n\r\n", fmt.Sprintf("%x\r\n", len(body)), body[:len(body)/2])
	case FaultBadChunk:
		say(ok, html, "Transfer-Encoding: chunked\r\n\r\nfive\r\nhello\r\n0\r\n\r\n")
	case FaultEndless:
		say(ok, html, "\r\n")
		for say(body) {
		}
	case FaultEarlyHints:
		hint := "HTTP/1.1 103 Early Hints\r\nLink: </" + strings.Repeat("x", 8<<10) + ".css>; rel=preload\r\n\r\n"
		for range 2 << 10 {
			if !say(hint) {
				return
			}
		}
		say(ok, html, length, "\r\n", body)
	case FaultBadStatusLine:
		say("HTTP/one.one two-hundred fine\r\n", html, length, "\r\n", body)
	case FaultTwoLengths:
		say(ok, html, length, "Content-Length: 5\r\n\r\n", body)
	case FaultHeaderBomb:
		line := strings.Repeat("x", 8<<10)
		say(ok)
		for i := range 2 << 10 {
			if !say(fmt.Sprintf("X-Bomb-%d: ", i), line, "\r\n") {
				return
			}
		}
		say("Content-Length: 0\r\n\r\n")
	case FaultGzipBomb:
		// A gzip file is a row of members (RFC 1952, 2.2), of which each is a bomb.
		member := string(site.web.coders.encode("gzip", make([]byte, 1<<20)))
		say(ok, html, "Content-Encoding: gzip\r\n", fmt.Sprintf("Content-Length: %d\r\n\r\n", 256*len(member)))
		for range 256 {
			if !say(member) {
				return
			}
		}
	case FaultCorruptGzip:
		coded := site.web.coders.encode("gzip", page.body)
		noise := slices.Concat(coded[:len(coded)/2], bytes.Repeat([]byte{0xff}, len(coded)/2))
		say(ok, html, "Content-Encoding: gzip\r\n", fmt.Sprintf("Content-Length: %d\r\n\r\n", len(noise)), string(noise))
	case FaultMislabeled:
		say(ok, html, "Content-Encoding: gzip\r\n", length, "\r\n", body)
	}
}

// nowhere is a response that nobody gets.
type nowhere struct{ header http.Header }

func (n nowhere) Header() http.Header       { return n.header }
func (n nowhere) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }
func (n nowhere) WriteHeader(int)           {}

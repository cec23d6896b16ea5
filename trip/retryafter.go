package trip

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// MaxRetryAfter bounds what [RetryAfter] returns: nobody means a longer wait, and
// larger numbers overflow when they become a Duration.
const MaxRetryAfter = 24 * time.Hour

const (
	// SourceRetryAfter and SourceRateLimit are the sources of a [Hint].
	SourceRetryAfter = "retry_after"
	SourceRateLimit  = "ratelimit"
)

// Hint is how long a target asks to be left alone. The zero Hint means that it
// did not ask.
type Hint struct {
	// Wait is positive and at most [MaxRetryAfter]. It counts from the receipt of
	// the response.
	Wait time.Duration
	// Source is what said so: [SourceRetryAfter] or [SourceRateLimit].
	Source string
}

// RetryAfter tells how long after now the target asked to be left alone, and
// whether it did ask: the Wait of [HintOf].
func RetryAfter(resp *http.Response, now time.Time) (time.Duration, bool) {
	h := HintOf(resp, now)
	return h.Wait, h.Wait > 0
}

// HintOf reads how long the target asks to be left alone. now is when the
// response was received. The first that says something counts:
//
//   - Retry-After, in seconds or as a date (RFC 9110, section 10.2.3);
//   - the members of RateLimit whose quota is spent
//     (draft-ietf-httpapi-ratelimit-headers);
//   - RateLimit-Reset of that draft's older versions, in seconds;
//   - X-RateLimit-Reset and X-Rate-Limit-Reset, which sites fill with seconds,
//     Unix seconds, Unix milliseconds or a date.
//
// All but the first come with healthy responses too. They count when the quota is
// spent, on any 429, and on a 403 that does not say how much quota is left.
//
// Dates are compared with the response's own Date, because the target's clock
// need not agree with ours. Nothing in the past and nothing malformed is a hint.
func HintOf(resp *http.Response, now time.Time) Hint {
	if d := retryAfter(resp, now); d > 0 {
		return Hint{d, SourceRetryAfter}
	}
	if d := rateLimitReset(resp, now); d > 0 {
		return Hint{d, SourceRateLimit}
	}
	return Hint{}
}

func retryAfter(resp *http.Response, now time.Time) time.Duration {
	v := single(resp.Header["Retry-After"])
	if v == "" {
		return 0
	}
	if d, ok := parseSeconds(v); ok {
		return d
	}
	at, err := http.ParseTime(v)
	if err != nil {
		return 0
	}
	return until(at, resp, now)
}

// single returns the value of a field that must not be a list: empty when the
// lines of a repeated field disagree.
func single(lines []string) string {
	if len(lines) == 0 {
		return ""
	}
	for _, line := range lines[1:] {
		if line != lines[0] {
			return ""
		}
	}
	return strings.TrimSpace(lines[0])
}

// until measures a date of the target's by the target's own clock where it sent
// one. It is not positive for a date in the past.
func until(at time.Time, resp *http.Response, now time.Time) time.Duration {
	if date, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
		now = date
	}
	return min(at.Sub(now), MaxRetryAfter)
}

// mostSeconds is what ten digits can say; longer numbers are mistakes.
const mostSeconds = 9_999_999_999

// parseSeconds reads delay-seconds, with decimals as some sites send them: no
// sign, no exponent.
func parseSeconds(s string) (time.Duration, bool) {
	whole, milli, ok := parseDecimal(s)
	if !ok || whole > mostSeconds {
		return 0, false
	}
	if whole >= int64(MaxRetryAfter/time.Second) { // before the product can overflow
		return MaxRetryAfter, true
	}
	return time.Duration(whole)*time.Second + time.Duration(milli)*time.Millisecond, true
}

// parseDecimal reads digits with an optional fraction, whose thousandths are
// rounded up so that no wait becomes shorter than it was.
func parseDecimal(s string) (whole, milli int64, ok bool) {
	digits, frac, point := strings.Cut(s, ".")
	if !isDigits(digits) || point && !isDigits(frac) {
		return 0, 0, false
	}
	whole, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		return 0, 0, false
	}
	if len(frac) > 3 && strings.Trim(frac[3:], "0") != "" {
		milli = 1
	}
	thousandths, _ := strconv.ParseInt((frac + "000")[:3], 10, 64)
	return whole, milli + thousandths, true
}

func isDigits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

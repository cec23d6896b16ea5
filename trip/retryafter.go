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

// RetryAfter tells how long after now the target asked to be left alone, and
// whether it did ask. See RFC 9110, section 10.2.3.
func RetryAfter(resp *http.Response, now time.Time) (time.Duration, bool) {
	v := strings.TrimSpace(resp.Header.Get("Retry-After"))
	if v == "" {
		return 0, false
	}
	if s, err := strconv.ParseFloat(v, 64); err == nil && s > 0 {
		return time.Duration(min(s, MaxRetryAfter.Seconds()) * float64(time.Second)), true
	}
	if at, err := http.ParseTime(v); err == nil {
		if date, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
			now = date
		}
		if d := at.Sub(now); d > 0 {
			return min(d, MaxRetryAfter), true
		}
	}
	return 0, false
}

package trip

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// rateLimitReset reads the fields that tell when a quota is filled up again; see
// [HintOf].
func rateLimitReset(resp *http.Response, now time.Time) time.Duration {
	if lines := resp.Header["Ratelimit"]; len(lines) > 0 {
		if d := quotaReset(lines, resp.StatusCode); d > 0 {
			return d
		}
	}
	for _, f := range resetFields {
		reset := single(resp.Header[f.reset])
		if reset == "" {
			continue
		}
		left, known := parseLeft(single(resp.Header[f.remaining]))
		if !spent(resp.StatusCode, left, known) {
			continue
		}
		if d := f.parse(reset, resp, now); d > 0 {
			return d
		}
	}
	return 0
}

// spent tells whether a quota's reset is what the target refuses for.
func spent(status int, left int64, known bool) bool {
	switch {
	case known && left == 0, status == http.StatusTooManyRequests:
		return true
	default:
		return status == http.StatusForbidden && !known
	}
}

func parseLeft(s string) (left int64, known bool) {
	left, milli, ok := parseDecimal(s)
	if milli > 0 {
		left++ // a fraction is not nothing
	}
	return left, ok
}

// resetFields in the order in which they count, in canonical spelling.
var resetFields = [...]struct {
	reset, remaining string
	parse            func(string, *http.Response, time.Time) time.Duration
}{
	{"Ratelimit-Reset", "Ratelimit-Remaining", parseDelta},
	{"X-Ratelimit-Reset", "X-Ratelimit-Remaining", parseReset},
	{"X-Rate-Limit-Reset", "X-Rate-Limit-Remaining", parseReset},
}

func parseDelta(s string, _ *http.Response, _ time.Time) time.Duration {
	d, _ := parseSeconds(s)
	return d
}

// What a bare number in X-RateLimit-Reset is can only be told by its size: a Unix
// time of this century, the same in milliseconds, or else seconds from now, of
// which more than a month is none.
const (
	leastUnixMilli = 1e12
	leastUnix      = 1e9
	mostDelta      = 31 * 24 * 60 * 60
)

func parseReset(s string, resp *http.Response, now time.Time) time.Duration {
	whole, milli, ok := parseDecimal(s)
	switch {
	case !ok:
		for _, layout := range [...]string{time.RFC3339, "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05 MST"} {
			if at, err := time.Parse(layout, s); err == nil {
				return until(at, resp, now)
			}
		}
		if at, err := http.ParseTime(s); err == nil {
			return until(at, resp, now)
		}
		return 0
	case whole > leastUnixMilli:
		return until(time.UnixMilli(whole), resp, now)
	case whole > leastUnix:
		return until(time.Unix(whole, milli*int64(time.Millisecond)), resp, now)
	case whole <= mostDelta:
		d, _ := parseSeconds(s)
		return d
	default:
		return 0
	}
}

// quota is one member of RateLimit: what is left of it, and the seconds until it
// is filled up again.
type quota struct {
	left, reset int64
	hasReset    bool
}

// quotaReset reads RateLimit. Of several quotas the longest reset among the spent
// ones counts; on a 429 that says none is spent, that of the quota with the least
// left.
func quotaReset(lines []string, status int) time.Duration {
	quotas, ok := parseQuotas(strings.Join(lines, ","))
	if !ok {
		return 0
	}
	var chosen *quota
	for i := range quotas {
		q := &quotas[i]
		if !q.hasReset || !spent(status, q.left, true) {
			continue
		}
		if chosen == nil || q.left < chosen.left || q.left == chosen.left && q.reset > chosen.reset {
			chosen = q
		}
	}
	if chosen == nil {
		return 0
	}
	return time.Duration(min(chosen.reset, int64(MaxRetryAfter/time.Second))) * time.Second
}

// parseQuotas reads a list of Structured Field items (RFC 9651, section 4.2)
// with the parameters r and t; other parameters are comments. A malformed list is
// none at all.
func parseQuotas(field string) ([]quota, bool) {
	var quotas []quota
	p := fieldParser{rest: field}
	for p.space(); ; {
		if _, ok := p.item(); !ok {
			return nil, false
		}
		q := quota{left: -1}
		for p.accept(';') {
			p.space()
			key, value, ok := p.parameter()
			if !ok {
				return nil, false
			}
			n, err := strconv.ParseInt(value, 10, 64)
			valid := err == nil && n >= 0
			switch key {
			case "r":
				q.left = -1
				if valid {
					q.left = n
				}
			case "t":
				q.reset, q.hasReset = n, valid
			}
		}
		if q.left >= 0 { // required
			quotas = append(quotas, q)
		}
		p.blank()
		if p.rest == "" {
			return quotas, true
		}
		if !p.accept(',') {
			return nil, false
		}
		p.blank()
	}
}

// fieldParser reads the parts of a Structured Field. Its methods return false on
// malformed input.
type fieldParser struct{ rest string }

func (p *fieldParser) space() { p.rest = strings.TrimLeft(p.rest, " ") }
func (p *fieldParser) blank() { p.rest = strings.TrimLeft(p.rest, " \t") }

func (p *fieldParser) accept(c byte) bool {
	if p.rest == "" || p.rest[0] != c {
		return false
	}
	p.rest = p.rest[1:]
	return true
}

// take returns the longest prefix of characters that ok accepts.
func (p *fieldParser) take(ok func(c byte) bool) string {
	n := 0
	for n < len(p.rest) && ok(p.rest[n]) {
		n++
	}
	taken := p.rest[:n]
	p.rest = p.rest[n:]
	return taken
}

const (
	lower    = "abcdefghijklmnopqrstuvwxyz"
	alphanum = lower + "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
)

func among(set string) func(byte) bool {
	return func(c byte) bool { return strings.IndexByte(set, c) >= 0 }
}

func (p *fieldParser) parameter() (key, value string, ok bool) {
	key = p.take(among(lower + "0123456789_-.*"))
	if key == "" || !strings.Contains(lower+"*", key[:1]) {
		return "", "", false
	}
	if !p.accept('=') {
		return key, "?1", true
	}
	value, ok = p.item()
	return key, value, ok
}

// item reads a bare item of any type and returns its text.
func (p *fieldParser) item() (string, bool) {
	if p.rest == "" {
		return "", false
	}
	start := p.rest
	switch c := start[0]; {
	case c == '"':
		return p.quoted()
	case c == ':': // a byte sequence
		p.rest = p.rest[1:]
		text := p.take(among(alphanum + "+/="))
		return text, p.accept(':')
	case c == '?':
		p.rest = p.rest[1:]
		text := p.take(among("01"))
		return "?" + text, len(text) == 1
	case c == '-' || c >= '0' && c <= '9':
		p.accept('-')
		digits := p.take(among("0123456789"))
		if digits == "" || len(digits) > 15 {
			return "", false
		}
		if p.accept('.') && p.take(among("0123456789")) == "" {
			return "", false
		}
		return start[:len(start)-len(p.rest)], true
	case c == '*' || among(alphanum[:52])(c): // a token
		return p.take(among(alphanum + "!#$%&'*+-.^_`|~:/")), true
	default:
		return "", false
	}
}

func (p *fieldParser) quoted() (string, bool) {
	var text strings.Builder
	for i := 1; i < len(p.rest); i++ {
		switch c := p.rest[i]; {
		case c == '"':
			p.rest = p.rest[i+1:]
			return text.String(), true
		case c == '\\':
			if i++; i == len(p.rest) || p.rest[i] != '"' && p.rest[i] != '\\' {
				return "", false
			}
			text.WriteByte(p.rest[i])
		case c < ' ' || c > '~':
			return "", false
		default:
			text.WriteByte(c)
		}
	}
	return "", false
}

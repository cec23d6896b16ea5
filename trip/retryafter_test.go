package trip_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/godwit-go/godwit/trip"
	"github.com/stretchr/testify/require"
)

// ours is our clock; the target's is two hours ahead.
var (
	ours   = time.Date(2026, 3, 4, 10, 0, 0, 0, time.UTC)
	theirs = ours.Add(2 * time.Hour)
)

// header reads "Name: value" lines.
func header(t *testing.T, lines string) http.Header {
	t.Helper()
	h := make(http.Header)
	for line := range strings.Lines(lines) {
		key, value, ok := strings.Cut(strings.TrimSpace(line), ": ")
		require.True(t, ok, line)
		h.Add(key, value)
	}
	return h
}

func TestRetryAfterInSeconds(t *testing.T) {
	for value, want := range map[string]time.Duration{
		"30":                   30 * time.Second,
		" 30 ":                 30 * time.Second,
		"030":                  30 * time.Second,
		"2.0":                  2 * time.Second,
		"2.5":                  2500 * time.Millisecond,
		"0.0001":               time.Millisecond, // never early
		"1.9999":               2 * time.Second,
		"86400":                24 * time.Hour,
		"86401":                24 * time.Hour,
		"9223372037":           24 * time.Hour, // overflows a Duration
		"9999999999":           24 * time.Hour,
		"99999999999":          0, // eleven digits are a mistake
		"99999999999999999999": 0,
		"0":                    0,
		"0.0":                  0,
		"-1":                   0,
		"+5":                   0,
		"1e3":                  0,
		"0x10":                 0,
		"1_000":                0,
		"NaN":                  0,
		"Inf":                  0,
		"5.":                   0,
		".5":                   0,
		".":                    0,
		"30, 60":               0,
		"30s":                  0,
		"soon":                 0,
		"":                     0,
	} {
		resp := &http.Response{StatusCode: 503, Header: http.Header{"Retry-After": {value}}}
		wait, said := trip.RetryAfter(resp, ours)
		require.Equal(t, want, wait, "%q", value)
		require.Equal(t, want > 0, said, "%q", value)
	}
}

func TestRetryAfterAsADateIsReadByTheTargetsClock(t *testing.T) {
	in90s := theirs.Add(90 * time.Second)
	date := theirs.Format(http.TimeFormat)
	for name, c := range map[string]struct {
		value, date string
		want        time.Duration
	}{
		"IMF-fixdate":                  {in90s.Format(http.TimeFormat), date, 90 * time.Second},
		"RFC 850":                      {in90s.Format("Monday, 02-Jan-06 15:04:05 GMT"), date, 90 * time.Second},
		"asctime":                      {in90s.Format(time.ANSIC), date, 90 * time.Second},
		"no Date, so by our clock":     {in90s.Format(http.TimeFormat), "", 2*time.Hour + 90*time.Second},
		"a broken Date, so by ours":    {in90s.Format(http.TimeFormat), "today", 2*time.Hour + 90*time.Second},
		"past by the target's clock":   {theirs.Add(-time.Second).Format(http.TimeFormat), date, 0},
		"past by the target's own now": {date, date, 0},
		"next century":                 {"Fri, 31 Dec 2099 23:59:59 GMT", date, trip.MaxRetryAfter},
		"a year out of range":          {"Fri, 31 Dec 9999999 23:59:59 GMT", date, 0},
		"another zone than GMT":        {"Wed, 04 Mar 2026 13:00:00 CET", date, 0},
	} {
		h := http.Header{"Retry-After": {c.value}}
		if c.date != "" {
			h.Set("Date", c.date)
		}
		wait, said := trip.RetryAfter(&http.Response{StatusCode: 429, Header: h}, ours)
		require.Equal(t, c.want, wait, name)
		require.Equal(t, c.want > 0, said, name)
	}
}

func TestHintFollowsThePrecedenceOfFields(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		header string
		want   time.Duration
		source string
	}{
		"nothing said":                      {429, "Date: x", 0, ""},
		"retry-after wins over all":         {429, "Retry-After: 7\nRateLimit: \"a\";r=0;t=30\nX-RateLimit-Reset: 60", 7 * time.Second, "retry_after"},
		"retry-after wins though shorter":   {403, "Retry-After: 1\nX-RateLimit-Remaining: 0\nX-RateLimit-Reset: 60", time.Second, "retry_after"},
		"a broken retry-after says nothing": {429, "Retry-After: soon\nX-RateLimit-Reset: 60", time.Minute, "ratelimit"},
		"retry-after of zero says nothing":  {429, "Retry-After: 0\nRateLimit: \"a\";r=0;t=30", 30 * time.Second, "ratelimit"},
		"repeated retry-after":              {429, "Retry-After: 7\nRetry-After: 7", 7 * time.Second, "retry_after"},
		"contradicting retry-after":         {429, "Retry-After: 7\nRetry-After: 8", 0, ""},
		"ratelimit wins over the old ones":  {429, "RateLimit: \"a\";r=0;t=30\nRateLimit-Reset: 50\nX-RateLimit-Reset: 60", 30 * time.Second, "ratelimit"},
		"standard wins over de facto":       {429, "RateLimit-Reset: 50\nX-RateLimit-Reset: 60", 50 * time.Second, "ratelimit"},
		"broken ratelimit is skipped":       {429, "RateLimit: \"a;r=0;t=30\nX-RateLimit-Reset: 60", time.Minute, "ratelimit"},

		"old draft is in seconds":                     {429, "RateLimit-Reset: 1772620000", trip.MaxRetryAfter, "ratelimit"},
		"old draft, quota left":                       {200, "RateLimit-Remaining: 3\nRateLimit-Reset: 50", 0, ""},
		"old draft, quota spent":                      {200, "RateLimit-Remaining: 0\nRateLimit-Reset: 50", 50 * time.Second, "ratelimit"},
		"healthy response":                            {200, "X-RateLimit-Remaining: 9\nX-RateLimit-Reset: 60", 0, ""},
		"healthy but spent":                           {200, "X-RateLimit-Remaining: 0\nX-RateLimit-Reset: 60", time.Minute, "ratelimit"},
		"server error":                                {503, "X-RateLimit-Reset: 60", 0, ""},
		"server error, spent":                         {503, "X-RateLimit-Remaining: 0\nX-RateLimit-Reset: 60", time.Minute, "ratelimit"},
		"forbidden, nothing known":                    {403, "X-RateLimit-Reset: 60", time.Minute, "ratelimit"},
		"forbidden for another reason than the quota": {403, "X-RateLimit-Remaining: 4999\nX-RateLimit-Reset: 60", 0, ""},
		"too many with quota left":                    {429, "X-RateLimit-Remaining: 4999\nX-RateLimit-Reset: 60", time.Minute, "ratelimit"},
		"less than one left is not none":              {200, "X-RateLimit-Remaining: 0.5\nX-RateLimit-Reset: 60", 0, ""},
		"the other spelling":                          {429, "X-Rate-Limit-Reset: 60", time.Minute, "ratelimit"},
		"the other spelling, quota left":              {200, "X-Rate-Limit-Remaining: 1\nX-Rate-Limit-Reset: 60", 0, ""},
	} {
		resp := &http.Response{StatusCode: c.status, Header: header(t, c.header)}
		require.Equal(t, trip.Hint{Wait: c.want, Source: c.source}, trip.HintOf(resp, ours), name)
	}
}

func TestRateLimitResetInItsFieldForms(t *testing.T) {
	date := theirs.Format(http.TimeFormat)
	for value, want := range map[string]time.Duration{
		"60":                            time.Minute, // Reddit
		"417.5":                         417500 * time.Millisecond,
		"1772625690":                    90 * time.Second, // GitHub: Unix seconds, by the target's clock
		"1772625690.5":                  90500 * time.Millisecond,
		"1772625690000":                 90 * time.Second, // Unix milliseconds
		"1772625690250":                 90250 * time.Millisecond,
		"2026-03-04T12:01:30Z":          90 * time.Second,
		"2026-03-04T12:01:30.5Z":        90500 * time.Millisecond,
		"2026-03-04T13:01:30+01:00":     90 * time.Second,
		"2026-03-04 12:01:30 UTC":       90 * time.Second,
		"Wed, 04 Mar 2026 12:01:30 GMT": 90 * time.Second,
		"1772625600":                    0, // now
		"1772620000":                    0, // past
		"1772620000000":                 0,
		"2678400":                       trip.MaxRetryAfter, // 31 days
		"2678401":                       0,                  // neither seconds nor a time
		"999999999":                     0,
		"9999999999":                    trip.MaxRetryAfter, // 2286
		"999999999999999999":            trip.MaxRetryAfter,
		"9223372036854775807":           trip.MaxRetryAfter,
		"99999999999999999999":          0,
		"-60":                           0,
		"1e9":                           0,
		"60, 120":                       0,
		"tomorrow":                      0,
		"0":                             0,
	} {
		h := http.Header{"X-Ratelimit-Reset": {value}, "Date": {date}}
		wait, _ := trip.RetryAfter(&http.Response{StatusCode: 429, Header: h}, ours)
		require.Equal(t, want, wait, "%q", value)
	}
}

func TestRateLimitIsReadAsAStructuredField(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		lines  []string
		want   time.Duration
	}{
		"one quota":                     {200, []string{`"default";r=0;t=30`}, 30 * time.Second},
		"one quota with room":           {200, []string{`"default";r=50;t=30`}, 0},
		"room is no promise":            {429, []string{`"default";r=50;t=30`}, 30 * time.Second},
		"room on a 403":                 {403, []string{`"default";r=50;t=30`}, 0},
		"space before the semicolon":    {429, []string{`"default" ;r=0;t=30`}, 0},
		"spaces after the semicolon":    {200, []string{`"default"; r=0;  t=30 , "x";r=5`}, 30 * time.Second},
		"partition key and unknown":     {200, []string{`"peruser";r=0;t=30;pk=:cHsdsRa894==:;note="a;b,\"c\"";flag;x=?1;f=1.5`}, 30 * time.Second},
		"longest of the spent":          {200, []string{`"burst";r=0;t=5,"hour";r=0;t=600, "daily";r=900;t=80000`}, 10 * time.Minute},
		"over several lines":            {200, []string{`"burst";r=3;t=5`, `"daily";r=0;t=700`}, 700 * time.Second},
		"least left when none is spent": {429, []string{`"daily";r=900;t=80000,"burst";r=1;t=5`}, 5 * time.Second},
		"a token as name":               {200, []string{`default;r=0;t=30`}, 30 * time.Second},
		"the last of a repeated key":    {200, []string{`"a";r=7;r=0;t=1;t=30`}, 30 * time.Second},
		"absurd":                        {200, []string{`"a";r=0;t=999999999999999`}, trip.MaxRetryAfter},
		"no reset":                      {429, []string{`"a";r=0`}, 0},
		"no quota":                      {429, []string{`"a";t=30`}, 0},
		"decimal quota":                 {429, []string{`"a";r=0.0;t=30`}, 0},
		"decimal reset":                 {429, []string{`"a";r=0;t=30.5`}, 0},
		"negative reset":                {429, []string{`"a";r=0;t=-30`}, 0},
		"the spent one has no reset":    {429, []string{`"a";r=0,"b";r=5;t=30`}, 30 * time.Second},
		"negative among others":         {429, []string{`"a";r=1;t=-30,"b";r=5;t=9`}, 9 * time.Second},
		"the last of a key is wrong":    {429, []string{`"a";r=0;r=x;t=30`}, 0},
		"parameter is a number":         {429, []string{`"a";9=1;r=0;t=30`}, 0},
		"neither true nor false":        {429, []string{`"a";x=?2;r=0;t=30`}, 0},
		"reset now":                     {429, []string{`"a";r=0;t=0`}, 0},
		"unclosed string":               {429, []string{`"a;r=0;t=30`}, 0},
		"bad escape":                    {429, []string{`"a\x";r=0;t=30`}, 0},
		"not ASCII":                     {429, []string{"\"\u00e4\";r=0;t=30"}, 0},
		"trailing comma":                {429, []string{`"a";r=0;t=30,`}, 0},
		"rubbish after a member":        {429, []string{`"a";r=0;t=30 x`}, 0},
		"sixteen digits":                {429, []string{`"a";r=0;t=1000000000000000`}, 0},
		"capital parameter":             {429, []string{`"a";R=0;T=30`}, 0},
		"a dictionary":                  {429, []string{`limit=100, remaining=0, reset=30`}, 0},
		"one bad member spoils all":     {429, []string{`"a";r=0;t=30`, `"b`}, 0},
		"empty":                         {429, []string{``}, 0},
	} {
		resp := &http.Response{StatusCode: c.status, Header: http.Header{"Ratelimit": c.lines}}
		wait, _ := trip.RetryAfter(resp, ours)
		require.Equal(t, c.want, wait, name)
	}
}

func TestGitHubsPrimaryLimitIsThrottledNotBlocked(t *testing.T) {
	reset := theirs.Add(90 * time.Second).Unix()
	limited := http.Header{"X-Ratelimit-Remaining": {"0"}, "X-Ratelimit-Reset": {time.Unix(reset, 0).UTC().Format(time.RFC3339)}, "Date": {theirs.Format(http.TimeFormat)}}
	o := trip.Classify(t.Context(), &http.Response{StatusCode: 403, Header: limited}, nil)
	require.Equal(t, trip.Throttled, o.Verdict)
	require.WithinDuration(t, time.Now().Add(90*time.Second), o.RetryAt, time.Second)

	limited.Set("X-Ratelimit-Remaining", "17")
	o = trip.Classify(t.Context(), &http.Response{StatusCode: 403, Header: limited}, nil)
	require.Equal(t, trip.Blocked, o.Verdict)
	require.Zero(t, o.RetryAt)
}

func FuzzHint(f *testing.F) {
	for _, seed := range []string{"30", "2.5", "9223372037", "-1", "1772625690000", "2026-03-04T12:01:30Z", theirs.Format(http.TimeFormat), `"a";r=0;t=30, "b";r=1`, `"a\"";r=0;t=5;pk=:YQ==:`} {
		f.Add(429, seed, seed, seed, theirs.Format(http.TimeFormat))
	}
	f.Fuzz(func(t *testing.T, status int, after, limit, reset, date string) {
		resp := &http.Response{StatusCode: status, Header: http.Header{
			"Retry-After": {after}, "Ratelimit": {limit}, "X-Ratelimit-Reset": {reset}, "Date": {date},
		}}
		h := trip.HintOf(resp, ours)
		require.GreaterOrEqual(t, h.Wait, time.Duration(0))
		require.LessOrEqual(t, h.Wait, trip.MaxRetryAfter)
		require.Equal(t, h.Wait > 0, h.Source != "")
		wait, said := trip.RetryAfter(resp, ours)
		require.Equal(t, h.Wait, wait)
		require.Equal(t, h.Wait > 0, said)
		if len(after) <= 10 && strings.Trim(after, "0123456789") == "" && strings.Trim(after, "0") != "" {
			require.Equal(t, trip.SourceRetryAfter, h.Source, "whole seconds are always understood")
		}
	})
}

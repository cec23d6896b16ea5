package godwit_test

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/godwit-go/godwit"
	"github.com/godwit-go/godwit/retry"
	"github.com/godwit-go/godwit/robots"
	"github.com/godwit-go/godwit/trip"
)

var ignoreRobots = robots.Config{Mode: robots.Ignore}

func TestOneInfoLinePerCall(t *testing.T) {
	for level, want := range map[slog.Level]int{slog.LevelInfo: 1, slog.LevelDebug: 2} {
		var out bytes.Buffer
		log := slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: level}))
		tr, err := godwit.New(roundTripperFunc(func(*http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 200, Body: http.NoBody, Header: http.Header{}}, nil
		}), godwit.Config{Logger: log, Default: godwit.Policy{Robots: ignoreRobots}})
		require.NoError(t, err)
		resp, err := tr.Client().Get("https://shop.test/p?token=canary")
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.NoError(t, tr.Close())
		require.Equal(t, want, strings.Count(out.String(), "\n"), out.String())
		require.Contains(t, out.String(), "domain=shop.test")
		require.Contains(t, out.String(), "verdict=ok")
		require.NotContains(t, out.String(), "canary")
	}
}

func TestAFailedCallIsAWarningWithItsStory(t *testing.T) {
	var out bytes.Buffer
	tr, err := godwit.New(roundTripperFunc(func(*http.Request) (*http.Response, error) {
		return nil, io.ErrUnexpectedEOF
	}), godwit.Config{
		Logger:  slog.New(slog.NewTextHandler(&out, nil)),
		Default: godwit.Policy{Robots: ignoreRobots, Retry: retry.Config{MaxAttempts: 1}},
	})
	require.NoError(t, err)
	defer tr.Close()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://user:canary@shop.test/p?q=canary", nil)
	require.NoError(t, err)
	_, err = tr.RoundTrip(req)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	require.Regexp(t, `^godwit: GET https://shop.test/p: .*unexpected EOF \[#1 direct target_error \(connection\) \d+\.\ds\]$`, err.Error())
	require.Equal(t, 1, strings.Count(out.String(), "\n"), out.String())
	require.Contains(t, out.String(), "level=WARN")
}

func TestWarningsOfOneKindAreSampled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		o := godwit.NewLogger(slog.New(slog.NewTextHandler(&out, nil)))
		for range 1000 {
			o.Observe(t.Context(), &trip.ProxyGated{Pool: "p", Egress: "e", Until: time.Now()})
		}
		lines := strings.Count(out.String(), "egress gated")
		require.Positive(t, lines)
		require.LessOrEqual(t, lines, 11)
		<-time.NewTimer(2 * time.Second).C // fake time
		o.Observe(t.Context(), &trip.ProxyGated{Pool: "p", Egress: "e", Until: time.Now()})
		require.Equal(t, lines+1, strings.Count(out.String(), "egress gated"))
	})
}

// However often a call is tried, it is one Info line and one Debug line for each
// attempt, and every key is a word of the documentation.
func TestTheLogSpeaksTheWordsOfTheDocumentation(t *testing.T) {
	words := map[string]bool{}
	for word := range strings.FieldsSeq(`time level msg call attempt attempts domain egress pool verdict status reason
		duration delay source method cost error until retry_at from to vendor kind provider cause`) {
		words[word] = true
	}
	var out bytes.Buffer
	codes := []int{500, 429, 200}
	p := fast()
	p.Robots = ignoreRobots
	tr, err := godwit.New(roundTripperFunc(func(*http.Request) (*http.Response, error) {
		code := codes[0]
		codes = codes[1:]
		return &http.Response{StatusCode: code, Body: http.NoBody, Header: http.Header{}}, nil
	}), godwit.Config{Default: p, Logger: slog.New(slog.NewJSONHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	require.NoError(t, err)
	defer tr.Close()
	resp, err := tr.Client().Get("https://shop.test/")
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	lines := map[string]int{}
	for line := range strings.Lines(out.String()) {
		var entry map[string]any
		require.NoError(t, json.Unmarshal([]byte(line), &entry))
		for key := range entry {
			require.True(t, words[key], "%s in %s", key, line)
		}
		lines[entry["level"].(string)+" "+entry["msg"].(string)]++
	}
	require.Equal(t, map[string]int{"INFO call done": 1, "DEBUG attempt done": 3, "DEBUG retrying": 2, "WARN domain paused": 1}, lines)
}

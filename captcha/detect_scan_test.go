package captcha

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// contains is the plain way to do what the scanner does.
func contains(words []string, body []byte) (want marks) {
	lowered := strings.Map(func(r rune) rune { return rune(lower(byte(r))) }, latin1(body))
	for i, w := range words {
		if strings.Contains(lowered, latin1([]byte(w))) {
			want.set(i)
		}
	}
	return want
}

// latin1 makes a rune of each byte, so that no byte is mistaken for part of one.
func latin1(b []byte) string {
	var s strings.Builder
	for _, c := range b {
		s.WriteRune(rune(c))
	}
	return s.String()
}

func TestTheScannerFindsWhatIsThere(t *testing.T) {
	words := []string{"captcha", "_cf_chl_opt", "abcabcabd", "необычно", "/tspd/x", "aaaaaaa"}
	s := newScanner(words)
	rnd := rand.New(rand.NewPCG(1, 2))
	const alphabet = "aAbBcC_/tspdx"
	for i := range 3000 {
		body := make([]byte, rnd.IntN(90))
		for j := range body {
			body[j] = alphabet[rnd.IntN(len(alphabet))]
		}
		for range rnd.IntN(3) {
			w := words[rnd.IntN(len(words))]
			if rnd.IntN(2) == 0 {
				w = strings.ToUpper(w[:3]) + w[3:]
			}
			at := rnd.IntN(len(body) + 1)
			body = []byte(string(body[:at]) + w + string(body[at:]))
		}
		require.Equal(t, contains(words, body), s.scan(body), "%d: %q", i, body)
	}
}

func TestEveryBuiltInMarkerIsFoundWhereverItStands(t *testing.T) {
	set := builtin()
	for _, bucket := range set.scanner.buckets {
		for _, m := range bucket {
			for _, n := range []int{0, 1, 5, 64, 65} {
				body := strings.Repeat("x", n) + m.text + strings.Repeat("y", n/2)
				found := set.scanner.scan([]byte(body))
				require.True(t, found.has(m.id), body)
			}
		}
	}
	require.GreaterOrEqual(t, set.scanner.window, 7, "shorter markers slow down the search for all")
}

func TestTheBuiltInRulesAreSound(t *testing.T) {
	names := make(map[string]int)
	for i, r := range builtinRules() {
		require.NoError(t, r.Validate(), r.Name)
		require.NotEmpty(t, r.Vendor+Vendor(fmt.Sprint(r.Verdict)), r.Name)
		if last, seen := names[r.Name]; seen {
			require.Equal(t, last+1, i, "%s: the name is another rule's", r.Name)
		}
		names[r.Name] = i
	}
}

func FuzzScan(f *testing.F) {
	words := []string{"captcha", "_cf_chl_opt", "aaaaaaab", "/tspd/x"}
	s := newScanner(words)
	f.Add([]byte("xCAPTCHAx"))
	f.Fuzz(func(t *testing.T, body []byte) {
		require.Equal(t, contains(words, body), s.scan(body))
	})
}

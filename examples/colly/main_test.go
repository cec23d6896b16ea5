package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/godwit-go/godwit"
	"github.com/godwit-go/godwit/ratelimit"
	"github.com/godwit-go/godwit/retry"
	"github.com/godwit-go/godwit/robots"
)

func TestCollyCrawlsThroughGodwit(t *testing.T) {
	var stumbles atomic.Int32
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/b" && stumbles.Add(1) == 1 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, `<a href="/a">a</a> <a href="/b">b</a> <a href="https://elsewhere.test/">no</a>`)
	}))
	defer srv.Close()
	tr, err := godwit.New(nil, godwit.Config{Default: godwit.Policy{
		Rate:   ratelimit.Config{Rate: -1},
		Retry:  retry.Config{BaseDelay: 1},
		Robots: robots.Config{Mode: robots.Ignore},
	}})
	require.NoError(t, err)
	defer tr.Close()

	var out strings.Builder
	require.NoError(t, crawl(t.Context(), &out, tr, srv.URL+"/", 2))
	require.ElementsMatch(t, []string{"200 /", "200 /a", "200 /b"}, strings.Split(strings.TrimSpace(out.String()), "\n"))
	require.EqualValues(t, 2, stumbles.Load(), "the 503 was retried below colly")
}

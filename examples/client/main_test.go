package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/godwit-go/godwit"
	"github.com/godwit-go/godwit/ratelimit"
	"github.com/godwit-go/godwit/robots"
)

func TestClientTellsHowEachPageWasGot(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "hello")
	}))
	defer srv.Close()
	tr, err := godwit.New(nil, godwit.Config{Default: godwit.Policy{
		Rate:   ratelimit.Config{Rate: -1},
		Robots: robots.Config{Mode: robots.Ignore},
	}})
	require.NoError(t, err)
	defer tr.Close()

	var out strings.Builder
	ok := fetchAll(t.Context(), &out, tr.Client(), []string{srv.URL + "/a", "ftp://nowhere.test/"})
	require.False(t, ok)
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	require.Equal(t, "200 OK "+srv.URL+"/a: 5 bytes by direct, attempt 1", lines[0])
	require.Contains(t, lines[1], `URL.Scheme is "ftp", want http or https`)
}

package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/godwit-go/godwit/retry"
)

func TestOneLayerAloneRetries(t *testing.T) {
	requests := 0
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if requests++; requests < 3 {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		_, _ = io.WriteString(w, "at last")
	}))
	defer srv.Close()
	var out strings.Builder
	require.NoError(t, run(&out, srv.URL, retry.Config{BaseDelay: time.Millisecond}))
	require.Equal(t, "200 OK\nat last", out.String())
	require.Equal(t, 3, requests)
}

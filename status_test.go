package godwit_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/godwit-go/godwit"
	"github.com/godwit-go/godwit/proxypool"
)

// statusOf returns the status page and its JSON.
func statusOf(t *testing.T, tr *godwit.Transport) string {
	t.Helper()
	var all strings.Builder
	for _, accept := range []string{"text/html", "application/json"} {
		req := httptest.NewRequest(http.MethodGet, "/", nil)
		req.Header.Set("Accept", accept)
		w := httptest.NewRecorder()
		tr.Handler().ServeHTTP(w, req)
		require.Equal(t, http.StatusOK, w.Code)
		all.WriteString(w.Body.String())
	}
	return all.String()
}

func TestStatusPageIsReadOnlyAndStrict(t *testing.T) {
	tr := transport(t, godwit.Config{})
	srv := httptest.NewServer(tr.Handler())
	defer srv.Close()
	for _, method := range []string{http.MethodPost, http.MethodDelete, http.MethodPut} {
		req, err := http.NewRequestWithContext(t.Context(), method, srv.URL, nil)
		require.NoError(t, err)
		resp, err := srv.Client().Do(req)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.Equal(t, http.StatusMethodNotAllowed, resp.StatusCode)
	}
	nonces := map[string]bool{}
	for range 2 {
		resp, err := srv.Client().Get(srv.URL)
		require.NoError(t, err)
		page, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		policy := resp.Header.Get("Content-Security-Policy")
		require.Contains(t, policy, "default-src 'none'")
		require.NotContains(t, policy, "unsafe")
		_, nonce, _ := strings.Cut(policy, "script-src 'nonce-")
		nonce, _, _ = strings.Cut(nonce, "'")
		require.NotEmpty(t, nonce)
		nonces[nonce] = true
		require.Equal(t, 2, strings.Count(string(page), `nonce="`+nonce+`"`))
		for _, foreign := range []string{"http://", "https://", "//cdn", "innerHTML", "insertAdjacentHTML", "document.write"} {
			require.NotContains(t, strings.ReplaceAll(string(page), "http://www.w3.org/2000/svg", ""), foreign)
		}
	}
	require.Len(t, nonces, 2, "a nonce is used once")
}

func TestStatusCostsNoMoreWithTenThousandProxies(t *testing.T) {
	pool := proxypool.Config{}
	for i := range 10_000 {
		pool.Proxies = append(pool.Proxies, proxypool.Address(fmt.Sprintf("10.%d.%d.%d:8080", i>>16&255, i>>8&255, i&255)))
	}
	tr := transport(t, godwit.Config{Default: fast(), Pools: map[string]proxypool.Config{"many": pool}})
	req := httptest.NewRequest(http.MethodGet, "/", nil)
	req.Header.Set("Accept", "application/json")
	w := httptest.NewRecorder()
	tr.Handler().ServeHTTP(w, req)
	var s struct {
		Pools []struct {
			Name    string
			Proxies int
			States  map[string]int
		}
	}
	require.Less(t, w.Body.Len(), 4096)
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &s))
	require.Equal(t, "many", s.Pools[1].Name)
	require.Equal(t, 10_000, s.Pools[1].Proxies)
	require.Equal(t, 10_000, s.Pools[1].States["healthy"])
}

package godwit_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
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

func TestStatusShowsTheBusiestOfManyDomains(t *testing.T) {
	const domains = 3000
	tr, err := godwit.New(roundTripperFunc(func(r *http.Request) (*http.Response, error) {
		if r.URL.Host == "down.test" {
			return nil, errors.New("reset")
		}
		return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: http.NoBody, Request: r}, nil
	}), godwit.Config{Default: fast()})
	require.NoError(t, err)
	defer tr.Close()
	visit := func(host string, times int) {
		for range times {
			if resp, err := tr.Client().Get("http://" + host); err == nil {
				_ = resp.Body.Close()
			}
		}
	}
	for i := range domains {
		visit(fmt.Sprintf("quiet-%d.test", i), 1)
	}
	visit("busy.test", 3)
	visit("down.test", 2) // four attempts, and the one that opens the breaker

	look := func() (body string, names []string, total int) {
		req := httptest.NewRequest(http.MethodGet, "/", nil)
		req.Header.Set("Accept", "application/json")
		w := httptest.NewRecorder()
		tr.Handler().ServeHTTP(w, req)
		var s struct {
			Total   struct{ Domains, Calls, OK int }
			Domains []struct{ Domain, Breaker string }
		}
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &s))
		require.Equal(t, domains+5, s.Total.Calls)
		require.Equal(t, domains+3, s.Total.OK)
		for _, d := range s.Domains {
			names = append(names, d.Domain)
		}
		return w.Body.String(), names, s.Total.Domains
	}
	body, names, total := look()
	require.Equal(t, domains+2, total, "the page says how many it leaves out")
	require.Len(t, names, 200)
	require.Less(t, len(body), 100_000)
	require.True(t, slices.IsSorted(names))
	require.Contains(t, names, "busy.test")
	require.Contains(t, names, "down.test")
	_, again, _ := look()
	require.Equal(t, names, again, "a page whose lines come and go cannot be read")
}

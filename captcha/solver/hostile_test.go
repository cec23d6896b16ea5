package solver_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/godwit-go/godwit/captcha"
	"github.com/godwit-go/godwit/captcha/solver"
	"github.com/godwit-go/godwit/secret"
	"github.com/godwit-go/godwit/trip"
)

func TestACostThatCannotBeMeantIsNotBooked(t *testing.T) {
	for cost, want := range map[string]trip.USD{
		`"-1"`: 2990, `"NaN"`: 2990, `""`: 2990, `"1e9"`: 2990, `1e400`: 2990, `null`: 2990, `"0"`: 0, `"5.00"`: 5 * trip.Dollar,
	} {
		s := serve(t, sells(says(`{"errorId":0,"status":"ready","solution":{"token":"t"},"cost":`+cost+`}`)))
		got, err := s.client(t, solver.NameTwoCaptcha).Solve(t.Context(), recaptcha, captcha.Env{})
		require.NoError(t, err, cost)
		require.Equal(t, want, got.Cost, cost)
	}
}

func TestASecretInsideAnotherLeavesNoRest(t *testing.T) {
	key := "0a8080b1c2d3e4f5" // with the digits of the proxy's port in it
	s := serve(t, map[string][]reply{"/createTask": {says(`{"errorId":1,"errorCode":"ERROR_BAD_REQUEST","errorDescription":"` + key + ` login-long logi"}`)}})
	proxy := &url.URL{Scheme: "http", Host: "203.0.113.7:8080", User: url.UserPassword("logi", "login-long")}
	client := s.client(t, solver.NameCapSolver, func(c *solver.Config) { c.Key, c.ProxyAlways = secret.Explicit(key), true })
	_, err := client.Solve(t.Context(), recaptcha, captcha.Env{Proxy: func() *url.URL { return proxy }})
	require.Equal(t, "*** *** ***", failure(t, err).Description)
}

func TestATaskIsPrintedWithoutTheProxysCredentials(t *testing.T) {
	for _, name := range append(jsonDialects, solver.NameTwoCaptchaLegacy) {
		client, err := solver.New(solver.Config{Service: name, Key: secret.Explicit(canary), ProxyAlways: true})
		require.NoError(t, err)
		task, err := client.Task(t.Context(), recaptcha, visitor())
		require.NoError(t, err)
		asJSON, err := json.Marshal(task)
		require.NoError(t, err)
		var logs strings.Builder
		slog.New(slog.NewJSONHandler(&logs, nil)).Info("x", "task", task, "pointer", &task)
		slog.New(slog.NewTextHandler(&logs, nil)).Info("x", "task", task)
		for _, printed := range []string{
			fmt.Sprintf("%v %+v %#v %s %v %+v", task, task, task, task, &task, []solver.Task{task}), string(asJSON), logs.String(),
		} {
			require.Contains(t, printed, "site-key")
			require.NotContains(t, printed, "pass-word", name)
			require.NotContains(t, printed, "login", name)
		}
		require.Contains(t, fmt.Sprint(map[string]any(task.Fields)), "pass-word", "the task itself is whole")
	}
}

func TestImpervasScriptIsFoundOnThePage(t *testing.T) {
	c := challenge(captcha.KindImperva, nil)
	client := serve(t, nil).client(t, solver.NameCapMonster)
	require.False(t, client.Supports(c))
	c.Body = []byte(`<script type="text/javascript" src="/_Incapsula_Resource?SWJIYLWA=719d34d3&amp;ns=1&amp;cb=88"></script>`)
	require.True(t, client.Supports(c))
	task, err := client.Task(t.Context(), c, visitor())
	require.NoError(t, err)
	require.Equal(t, map[string]any{
		"incapsulaScriptUrl": "_Incapsula_Resource?SWJIYLWA=719d34d3&ns=1&cb=88", "incapsulaCookies": "incap_ses_1=is",
	}, task.Fields["metadata"])
}

func TestAnImitatorThatTakesNoPostForResultsIsAskedAsDocumented(t *testing.T) {
	var posts atomic.Int64
	mux := http.NewServeMux()
	mux.HandleFunc("POST /in.php", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"status":1,"request":"7"}`) })
	mux.HandleFunc("GET /res.php", func(w http.ResponseWriter, r *http.Request) {
		require.Equal(t, canary, r.URL.Query().Get("key"))
		require.Equal(t, "7", r.URL.Query().Get("id"))
		fmt.Fprint(w, `{"status":1,"request":"token","price":"0.00299"}`)
	})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			posts.Add(1)
		}
		mux.ServeHTTP(w, r)
	}))
	defer server.Close()
	client := (&service{Server: server}).client(t, solver.NameTwoCaptchaLegacy)
	for range 2 {
		got, err := client.Solve(t.Context(), recaptcha, captcha.Env{})
		require.NoError(t, err)
		require.Equal(t, "token", got.Token)
	}
	require.Equal(t, int64(3), posts.Load(), "the refusal is remembered")
}

func TestAnErrorThatQuotesTheAddressIsNotPassedOn(t *testing.T) {
	client, err := solver.New(solver.Config{Service: solver.NameTwoCaptchaLegacy, Key: secret.Explicit(canary), HTTP: roundTrip(func(req *http.Request) (*http.Response, error) {
		return nil, &url.Error{Op: "Get", URL: "http://x.test/res.php?key=" + canary, Err: net.ErrClosed}
	})})
	require.NoError(t, err)
	_, err = client.Balance(t.Context())
	require.ErrorIs(t, err, net.ErrClosed)
	require.NotContains(t, err.Error(), canary)
}

func TestAServiceThatHangsIsNotWaitedForForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, name := range []string{solver.NameTwoCaptcha, solver.NameTwoCaptchaLegacy} {
			client, err := solver.New(solver.Config{Service: name, Key: secret.Explicit("k"), HTTP: roundTrip(func(req *http.Request) (*http.Response, error) {
				<-req.Context().Done()
				return nil, req.Context().Err()
			})})
			require.NoError(t, err)
			start := time.Now()
			_, err = client.Balance(t.Context())
			require.Equal(t, solver.Busy, failure(t, err).Class)
			require.Equal(t, time.Minute, time.Since(start))

			got, err := client.Solve(t.Context(), recaptcha, captcha.Env{})
			require.Equal(t, solver.Busy, failure(t, err).Class)
			require.Equal(t, 2*time.Minute, time.Since(start), "what may have been created is not offered again")
			require.Equal(t, trip.USD(2990), got.Cost, "nobody knows whether it was")
		}
	})
}

func TestWhoAskedTooOftenStaysAwayAsLongAsTheServiceShutsOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		answers := []string{`{"status":0,"request":"MAX_USER_TURN"}`, `{"status":1,"request":"5"}`, `{"status":1,"request":"token"}`}
		wire := &scripted{}
		wire.answer = func(string, []byte) string { return answers[len(wire.at)-1] }
		client, err := solver.New(solver.Config{Service: solver.NameTwoCaptchaLegacy, Key: secret.Explicit("k"), HTTP: wire})
		require.NoError(t, err)
		_, err = client.Solve(t.Context(), recaptcha, captcha.Env{})
		require.NoError(t, err)
		require.Equal(t, 10*time.Second, wire.at[1]-wire.at[0])
	})
}

func TestAnAddressWithAPasswordIsRefusedAndNotQuoted(t *testing.T) {
	err := solver.Config{Service: solver.NameTwoCaptcha, Key: secret.Explicit("k"), URL: "https://me:pass-word@solver.test"}.Validate()
	require.ErrorContains(t, err, "URL: ")
	require.NotContains(t, err.Error(), "pass-word")
}

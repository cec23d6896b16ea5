package solver_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/godwit-go/godwit/captcha"
	"github.com/godwit-go/godwit/captcha/solver"
	"github.com/godwit-go/godwit/secret"
	"github.com/godwit-go/godwit/trip"
)

const (
	created = `{"errorId":0,"taskId":74372499131}`
	working = `{"errorId":0,"status":"processing"}`
	solved  = `{"errorId":0,"status":"ready","solution":{"gRecaptchaResponse":"03A-token"},"cost":"0.00299","ip":"127.0.0.1","createTime":1692863536,"endTime":1692863556,"solveCount":1}`
	gateway = "<html><body><center><h1>502 Bad Gateway</h1></center></body></html>"
)

func sells(results ...reply) map[string][]reply {
	return map[string][]reply{"/createTask": {says(created)}, "/getTaskResult": results}
}

func failure(t *testing.T, err error) *solver.Error {
	t.Helper()
	var failed *solver.Error
	require.ErrorAs(t, err, &failed)
	require.ErrorIs(t, err, solver.ErrSolver)
	return failed
}

func TestTaskIdsKeepEveryDigitAndLetter(t *testing.T) {
	for id, sent := range map[string]string{
		`74372499131`:                            `74372499131`,
		`9007199254740993`:                       `9007199254740993`, // no float64 holds it
		`18446744073709551615`:                   `18446744073709551615`,
		`"61138bb6-19fb-11ec-a9c8-0242ac110006"`: `"61138bb6-19fb-11ec-a9c8-0242ac110006"`,
		`"007"`:                                  `"007"`,
	} {
		s := serve(t, map[string][]reply{
			"/createTask":    {says(`{"errorId":0,"taskId":` + id + `}`)},
			"/getTaskResult": {says(solved)}, "/reportIncorrect": {says(`{"errorId":0,"status":"success"}`)},
		})
		client := s.client(t, solver.NameTwoCaptcha)
		got, err := client.Solve(t.Context(), recaptcha, captcha.Env{})
		require.NoError(t, err)
		require.Equal(t, strings.Trim(id, `"`), got.TaskID)
		require.NoError(t, client.Report(t.Context(), recaptcha, got, false))
		for _, path := range []string{"/getTaskResult", "/reportIncorrect"} {
			require.Equal(t, `{"clientKey":"`+canary+`","taskId":`+sent+`}`, s.to(path)[0])
		}
	}
}

func TestCostsAndCountsComeAsTextOrAsNumbers(t *testing.T) {
	for cost, want := range map[string]trip.USD{
		`"0.00299"`: 2990, `0.00299`: 2990, `"0.000700"`: 700, `1.45e-03`: 1450, `0.0000001`: 1, `"0"`: 0,
		`null`: 2990, `"free"`: 2990, `-1`: 2990, // then the table's price counts
	} {
		s := serve(t, sells(says(`{"errorId":0,"status":"ready","solution":{"token":"t"},"cost":`+cost+`,"solveCount":"0"}`)))
		got, err := s.client(t, solver.NameTwoCaptcha).Solve(t.Context(), recaptcha, captcha.Env{})
		require.NoError(t, err, cost)
		require.Equal(t, want, got.Cost, cost)
	}
}

func TestAnAnswerThatComesAtOnceNeedsNoQuestion(t *testing.T) {
	s := serve(t, map[string][]reply{"/createTask": {says(
		`{"errorId":0,"taskId":"61138bb6-19fb-11ec-a9c8-0242ac110006","status":"ready","solution":{"text":"44795sds"}}`)}})
	picture := challenge(captcha.KindImage, map[string]string{captcha.ParamImage: "AA=="})
	got, err := s.client(t, solver.NameCapSolver).Solve(t.Context(), picture, captcha.Env{})
	require.NoError(t, err)
	require.Equal(t, "44795sds", got.Token)
	require.Empty(t, s.to("/getTaskResult"))
}

func TestNotReadyIsUnderstoodHoweverItIsSpelt(t *testing.T) {
	for _, code := range []string{"CAPCHA_NOT_READY", "CAPTCHA_NOT_READY"} {
		s := serve(t, sells(says(`{"errorId":1,"errorCode":"`+code+`"}`), says(`{"errorId":0,"errorCode":"`+code+`","status":"processing"}`), says(solved)))
		_, err := s.client(t, solver.NameCapMonster).Solve(t.Context(), recaptcha, captcha.Env{})
		require.NoError(t, err)

		s = serve(t, map[string][]reply{
			"/in.php":  {says(`{"status":1,"request":"2122988149"}`)},
			"/res.php": {says(`{"status":0,"request":"` + code + `"}`), {body: code, mime: "text/html"}, says(`{"status":1,"request":"03A-token","price":"0.00299"}`)},
		})
		got, err := s.client(t, solver.NameTwoCaptchaLegacy).Solve(t.Context(), recaptcha, captcha.Env{})
		require.NoError(t, err)
		require.Equal(t, "03A-token", got.Token)
	}
	idle := serve(t, sells(says(`{"errorId":0,"status":"idle"}`), says(`{"errorId":0,"errorCode":null,"status":"processing","solution":null}`), says(solved)))
	_, err := idle.client(t, solver.NameCapSolver).Solve(t.Context(), recaptcha, captcha.Env{})
	require.NoError(t, err)
}

func TestAGatewaysErrorPageDoesNotLoseThePaidTask(t *testing.T) {
	s := serve(t, sells(reply{status: 502, mime: "text/html", body: gateway}, reply{status: 200, mime: "text/html", body: gateway},
		reply{status: 429, body: "slow down"}, reply{resets: true}, says(working), says(solved)))
	got, err := s.client(t, solver.NameTwoCaptcha).Solve(t.Context(), recaptcha, captcha.Env{})
	require.NoError(t, err)
	require.Equal(t, "03A-token", got.Token)
	require.Len(t, s.to("/createTask"), 1)
}

func TestABusyServiceIsOfferedTheTaskAgain(t *testing.T) {
	slot := says(`{"errorId":2,"errorCode":"ERROR_NO_SLOT_AVAILABLE"}`)
	s := serve(t, map[string][]reply{
		"/createTask": {slot, {status: 503, mime: "text/html", body: gateway}, says(created)}, "/getTaskResult": {says(solved)},
	})
	_, err := s.client(t, solver.NameTwoCaptcha).Solve(t.Context(), recaptcha, captcha.Env{})
	require.NoError(t, err)

	s = serve(t, map[string][]reply{"/createTask": {slot}})
	got, err := s.client(t, solver.NameTwoCaptcha).Solve(t.Context(), recaptcha, captcha.Env{})
	require.Equal(t, solver.Busy, failure(t, err).Class)
	require.Zero(t, got.Cost)
	require.Len(t, s.to("/createTask"), 1+solver.DefaultBusyRetries)
}

func TestACreatedTaskIsNeverOfferedAgainWhenTheConnectionBreaks(t *testing.T) {
	s := serve(t, map[string][]reply{"/createTask": {{resets: true}}})
	got, err := s.client(t, solver.NameTwoCaptcha).Solve(t.Context(), recaptcha, captcha.Env{})
	require.Equal(t, solver.Busy, failure(t, err).Class)
	require.Len(t, s.to("/createTask"), 1)
	require.Equal(t, trip.USD(2990), got.Cost, "nobody knows whether it is being solved")

	nobody := func(c *solver.Config) { c.URL = "http://127.0.0.1:1" }
	got, err = s.client(t, solver.NameTwoCaptcha, nobody).Solve(t.Context(), recaptcha, captcha.Env{})
	require.Equal(t, solver.Busy, failure(t, err).Class)
	require.Zero(t, got.Cost, "what could not be sent was not bought")
}

func TestACallerIsHeardInTheMiddleOfEveryWait(t *testing.T) {
	const full = `{"errorId":2,"errorCode":"ERROR_NO_SLOT_AVAILABLE"}`
	const hangs = ""
	for name, c := range map[string]struct {
		offer, question string
		after           time.Duration
		asked           []string
		task            string
		cost            trip.USD
	}{
		"while the task is offered":     {offer: hangs, asked: []string{"/createTask"}, cost: trip.USD(2990)},
		"while the service has no room": {offer: full, asked: []string{"/createTask"}},
		"before the first question":     {offer: created, asked: []string{"/createTask"}, task: "74372499131", cost: trip.USD(2990)},
		"while a question is open":      {offer: created, question: hangs, after: 10 * time.Second, asked: []string{"/createTask", "/getTaskResult"}, task: "74372499131", cost: trip.USD(2990)},
		"between questions":             {offer: created, question: working, after: 12 * time.Second, asked: []string{"/createTask", "/getTaskResult"}, task: "74372499131", cost: trip.USD(2990)},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				wire := &scripted{answer: func(path string, _ []byte) string {
					if path == "/createTask" {
						return c.offer
					}
					return c.question
				}}
				client, err := solver.New(solver.Config{
					Service: solver.NameTwoCaptcha, Key: secret.Explicit("k"), HTTP: wire,
					Poll: solver.Poll{First: 10 * time.Second, Every: 10 * time.Second},
				})
				require.NoError(t, err)
				ctx, cancel := context.WithCancel(t.Context())
				time.AfterFunc(c.after, func() {
					synctest.Wait()
					cancel()
				})
				start := time.Now()
				got, err := client.Solve(ctx, recaptcha, captcha.Env{})
				require.ErrorIs(t, err, context.Canceled)
				require.Equal(t, c.after, time.Since(start))
				require.Equal(t, c.asked, wire.paths)
				require.Equal(t, c.task, got.TaskID, "the paid task is not forgotten")
				require.Equal(t, c.cost, got.Cost)
			})
		})
	}
}

func TestAnUnansweredTaskIsResumedAndNotPaidTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		answer := working
		wire := &scripted{answer: func(path string, _ []byte) string {
			if path == "/createTask" {
				return created
			}
			return answer
		}}
		client, err := solver.New(solver.Config{Service: solver.NameTwoCaptcha, Key: secret.Explicit("k"), HTTP: wire})
		require.NoError(t, err)
		got, err := client.Solve(t.Context(), recaptcha, captcha.Env{})
		require.Equal(t, solver.TimedOut, failure(t, err).Class)
		require.Equal(t, "74372499131", got.TaskID)
		require.Equal(t, trip.USD(2990), got.Cost)

		answer, wire.paths = solved, nil
		again, err := client.Resume(t.Context(), recaptcha, got.TaskID)
		require.NoError(t, err)
		require.Equal(t, "03A-token", again.Token)
		require.Zero(t, again.Cost)
		require.Equal(t, []string{"/getTaskResult"}, wire.paths)
	})
}

func TestAnEmptyAccountIsAskedOnce(t *testing.T) {
	s := serve(t, map[string][]reply{"/createTask": {says(`{"errorId":10,"errorCode":"ERROR_ZERO_BALANCE","errorDescription":"top up"}`)}})
	client := s.client(t, solver.NameTwoCaptcha)
	for i := range 3 {
		got, err := client.Solve(t.Context(), recaptcha, captcha.Env{})
		failed := failure(t, err)
		require.Equal(t, solver.Balance, failed.Class)
		require.False(t, failed.Final(), "another service may have money")
		require.Zero(t, got.Cost)
		require.Equal(t, i > 0, errors.Is(err, solver.ErrRested))
	}
	require.Len(t, s.to("/createTask"), 1)
}

func TestARefusedKeyIsNotTriedAgainUntilItIsAnother(t *testing.T) {
	for _, name := range append(jsonDialects, solver.NameTwoCaptchaLegacy) {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "key")
			require.NoError(t, os.WriteFile(path, []byte("old\n"), 0o600))
			s := serve(t, map[string][]reply{
				"/createTask": {{status: 401, body: `{"errorId":1,"errorCode":"ERROR_KEY_DOES_NOT_EXIST","errorDescription":"no such key","taskId":0}`}, says(created)},
				"/in.php":     {says(`{"status":0,"request":"ERROR_KEY_DOES_NOT_EXIST"}`), says(`{"status":1,"request":"1"}`)},
				"/res.php":    {says(`{"status":1,"request":"t"}`)}, "/getTaskResult": {says(solved)},
			})
			client := s.client(t, name, func(c *solver.Config) { c.Key = secret.File(path) })
			for range 3 {
				_, err := client.Solve(t.Context(), recaptcha, captcha.Env{})
				require.Equal(t, solver.Account, failure(t, err).Class)
			}
			require.Equal(t, 1, len(s.to("/createTask"))+len(s.to("/in.php")))
			require.NoError(t, os.WriteFile(path, []byte("another\n"), 0o600))
			_, err := client.Solve(t.Context(), recaptcha, captcha.Env{})
			require.NoError(t, err)
		})
	}
}

func TestARefusedAccountIsTriedAgainAfterItsRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wire := &scripted{answer: func(string, []byte) string { return `{"errorId":21,"errorCode":"ERROR_IP_BLOCKED"}` }}
		client, err := solver.New(solver.Config{Service: solver.NameCapMonster, Key: secret.Explicit("k"), HTTP: wire})
		require.NoError(t, err)
		ask := func() { _, _ = client.Solve(t.Context(), recaptcha, captcha.Env{}) }
		ask()
		time.Sleep(10*time.Minute - 1)
		ask()
		require.Len(t, wire.at, 1)
		time.Sleep(time.Nanosecond)
		ask()
		require.Len(t, wire.at, 2)
	})
}

func TestWhatAFailedTaskCosts(t *testing.T) {
	for name, c := range map[string]struct {
		dialect, code string
		class         solver.Class
		cost          trip.USD
		final         bool
	}{
		"2captcha refunds":            {solver.NameTwoCaptcha, "ERROR_CAPTCHA_UNSOLVABLE", solver.Unsolvable, 0, false},
		"anti-captcha charges":        {solver.NameAntiCaptcha, "ERROR_CAPTCHA_UNSOLVABLE", solver.Unsolvable, 3000, false},
		"capmonster charges the late": {solver.NameCapMonster, "ERROR_TOKEN_EXPIRED", solver.Stale, 3000, true},
		"a stale challenge":           {solver.NameTwoCaptcha, "ERROR_TOKEN_EXPIRED", solver.Stale, 0, true},
		"a bad proxy":                 {solver.NameTwoCaptcha, "ERROR_PROXY_CONNECT_TIMEOUT", solver.Proxy, 0, true},
		"a lost task":                 {solver.NameTwoCaptcha, "ERROR_NO_SUCH_CAPCHA_ID", solver.UnknownID, 2990, false},
		"another spelling of it":      {solver.NameCapSolver, "ERROR_TASKID_INVALID", solver.UnknownID, 3000, false},
		"an unknown code":             {solver.NameTwoCaptcha, "ERROR_OF_TOMORROW", solver.Protocol, 2990, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, sells(says(`{"errorId":7,"errorCode":"`+c.code+`"}`)))
			got, err := s.client(t, c.dialect).Solve(t.Context(), recaptcha, captcha.Env{})
			failed := failure(t, err)
			require.Equal(t, c.class, failed.Class)
			require.Equal(t, c.cost, got.Cost)
			require.Equal(t, c.final, failed.Final())
			require.Equal(t, c.class == solver.UnknownID, failed.Lost(), "only what the service has lost is asked for anew")
			require.Equal(t, "74372499131", failed.TaskID)
			require.Empty(t, got.TaskID, "there is nothing to wait for")
			require.Len(t, s.to("/getTaskResult"), 1)
		})
	}
}

func TestAStatusOfFailedIsAFailure(t *testing.T) {
	s := serve(t, sells(says(`{"errorId":0,"status":"failed"}`)))
	_, err := s.client(t, solver.NameCapSolver).Solve(t.Context(), recaptcha, captcha.Env{})
	require.Equal(t, solver.Unsolvable, failure(t, err).Class)
}

func TestANumberCountsWhereThereIsNoCode(t *testing.T) {
	for number, class := range map[int]solver.Class{1: solver.Account, 10: solver.Balance, 12: solver.Unsolvable, 22: solver.BadTask, 16: solver.UnknownID, 999: solver.Protocol} {
		s := serve(t, map[string][]reply{"/createTask": {says(fmt.Sprintf(`{"errorId":%d}`, number))}})
		_, err := s.client(t, solver.NameAntiCaptcha).Solve(t.Context(), recaptcha, captcha.Env{})
		require.Equal(t, class, failure(t, err).Class, number)
	}
}

func TestAnAnswerWithNothingInItIsNoSuccess(t *testing.T) {
	for _, solution := range []string{`{}`, `{"token":""}`, `null`, `{"gRecaptchaResponse":null}`, `[]`} {
		s := serve(t, sells(says(`{"errorId":0,"status":"ready","solution":`+solution+`,"cost":"0.002"}`)))
		got, err := s.client(t, solver.NameTwoCaptcha).Solve(t.Context(), recaptcha, captcha.Env{})
		require.Equal(t, solver.Protocol, failure(t, err).Class, solution)
		require.Empty(t, got.Token)
		require.Positive(t, got.Cost, "it was paid for")
	}
}

func TestJSONIsReadUnderAnyName(t *testing.T) {
	s := serve(t, map[string][]reply{
		"/createTask": {{body: created, mime: "text/plain"}}, "/getTaskResult": {{body: solved, mime: "text/plain; charset=utf-8"}},
		"/getBalance": {{body: `{"errorId":0,"balance":345.678}`, mime: "text/plain"}},
	})
	client := s.client(t, solver.NameCapMonster)
	_, err := client.Solve(t.Context(), recaptcha, captcha.Env{})
	require.NoError(t, err)
	balance, err := client.Balance(t.Context())
	require.NoError(t, err)
	require.Equal(t, trip.USD(345_678_000), balance)
}

func TestBalancesAreReadInEveryForm(t *testing.T) {
	for body, want := range map[string]trip.USD{
		`{"errorId":0,"balance":345.678}`: 345_678_000, `{"errorId":0,"balance":"12.3"}`: 12_300_000, `{"balance":0}`: 0,
		`{"errorId":0,"balance":-0.5}`: -500_000,
	} {
		got, err := serve(t, map[string][]reply{"/getBalance": {says(body)}}).client(t, solver.NameAntiCaptcha).Balance(t.Context())
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	for _, body := range []string{`{}`, `{"errorId":0}`, `{"errorId":0,"balance":{}}`, `{"errorId":0,"balance":"much"}`} {
		_, err := serve(t, map[string][]reply{"/getBalance": {says(body)}}).client(t, solver.NameCapMonster).Balance(t.Context())
		require.Equal(t, solver.Protocol, failure(t, err).Class, body)
	}
	for body, want := range map[string]trip.USD{`{"status":1,"request":"50.034"}`: 50_034_000, `50.034`: 50_034_000} {
		got, err := serve(t, map[string][]reply{"/res.php": {{body: body, mime: "text/html"}}}).client(t, solver.NameTwoCaptchaLegacy).Balance(t.Context())
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
}

func TestReportsGoWhereEachServiceWantsThem(t *testing.T) {
	fresh := captcha.Solution{TaskID: "5", ObtainedAt: time.Now()}
	for name, c := range map[string]struct {
		dialect  string
		kind     captcha.Kind
		accepted bool
		path     string
		body     string
	}{
		"2captcha good":               {solver.NameTwoCaptcha, captcha.KindTurnstile, true, "/reportCorrect", `{"clientKey":"KEY","taskId":5}`},
		"2captcha bad":                {solver.NameTwoCaptcha, captcha.KindTurnstile, false, "/reportIncorrect", `{"clientKey":"KEY","taskId":5}`},
		"legacy good":                 {solver.NameTwoCaptchaLegacy, captcha.KindTurnstile, true, "/res.php", "action=reportgood&id=5&json=1&key=KEY"},
		"legacy bad":                  {solver.NameTwoCaptchaLegacy, captcha.KindTurnstile, false, "/res.php", "action=reportbad&id=5&json=1&key=KEY"},
		"anti-captcha good":           {solver.NameAntiCaptcha, captcha.KindRecaptchaV3, true, "/reportCorrectRecaptcha", `{"clientKey":"KEY","taskId":5}`},
		"anti-captcha bad":            {solver.NameAntiCaptcha, captcha.KindRecaptchaV2, false, "/reportIncorrectRecaptcha", `{"clientKey":"KEY","taskId":5}`},
		"anti-captcha image":          {solver.NameAntiCaptcha, captcha.KindImage, false, "/reportIncorrectImageCaptcha", `{"clientKey":"KEY","taskId":5}`},
		"anti-captcha hcaptcha":       {solver.NameAntiCaptcha, captcha.KindHCaptcha, false, "/reportIncorrectHcaptcha", `{"clientKey":"KEY","taskId":5}`},
		"anti-captcha takes no other": {solver.NameAntiCaptcha, captcha.KindTurnstile, false, "", ""},
		"capsolver bad":               {solver.NameCapSolver, captcha.KindTurnstile, false, "/feedbackTask", `{"clientKey":"KEY","result":{"invalid":true},"taskId":5}`},
		"capsolver good":              {solver.NameCapSolver, captcha.KindTurnstile, true, "/feedbackTask", `{"clientKey":"KEY","result":{"invalid":false},"taskId":5}`},
		"capmonster bad":              {solver.NameCapMonster, captcha.KindTurnstile, false, "/reportIncorrectTokenCaptcha", `{"clientKey":"KEY","taskId":5}`},
		"capmonster image":            {solver.NameCapMonster, captcha.KindImage, false, "/reportIncorrectImageCaptcha", `{"clientKey":"KEY","taskId":5}`},
		"capmonster takes no good":    {solver.NameCapMonster, captcha.KindTurnstile, true, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, map[string][]reply{c.path: {says(`{"errorId":0,"status":"success"}`)}, "/res.php": {{body: "OK_REPORT_RECORDED", mime: "text/html"}}})
			require.NoError(t, s.client(t, c.dialect).Report(t.Context(), challenge(c.kind, nil), fresh, c.accepted))
			if c.path == "" {
				require.Empty(t, s.heard)
				return
			}
			require.Equal(t, []string{strings.ReplaceAll(c.body, "KEY", canary)}, s.to(c.path))
		})
	}
	late := captcha.Solution{TaskID: "5", ObtainedAt: time.Now().Add(-2 * time.Minute)}
	s := serve(t, nil)
	require.NoError(t, s.client(t, solver.NameAntiCaptcha).Report(t.Context(), recaptcha, late, false))
	require.Empty(t, s.heard, "it takes reports for a minute only")
}

// scripted answers in a bubble, where time is free, and notes when it was asked.
// An empty answer never comes.
type scripted struct {
	answer func(path string, body []byte) string
	start  time.Time
	at     []time.Duration
	paths  []string
}

func (s *scripted) RoundTrip(req *http.Request) (*http.Response, error) {
	if s.start.IsZero() {
		s.start = time.Now()
	}
	body, _ := io.ReadAll(req.Body)
	s.at, s.paths = append(s.at, time.Since(s.start)), append(s.paths, req.URL.Path)
	answer := s.answer(req.URL.Path, body)
	if answer == "" {
		<-req.Context().Done()
		return nil, req.Context().Err()
	}
	return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(answer))}, nil
}

func TestServicesAreNotAskedFasterThanTheyAllow(t *testing.T) {
	for _, c := range []struct {
		service      string
		poll         solver.Poll
		first, floor time.Duration
		about        time.Duration
	}{
		{solver.NameTwoCaptcha, solver.Poll{}, 5 * time.Second, 5 * time.Second, 5500 * time.Millisecond},
		{solver.NameTwoCaptcha, solver.Poll{First: time.Millisecond, Every: time.Millisecond}, 5 * time.Second, 5 * time.Second, 5 * time.Second},
		{solver.NameTwoCaptcha, solver.Poll{First: 20 * time.Second, Every: 10 * time.Second}, 20 * time.Second, 9 * time.Second, 11 * time.Second},
		{solver.NameTwoCaptchaLegacy, solver.Poll{}, 5 * time.Second, 5 * time.Second, 5500 * time.Millisecond},
		{solver.NameAntiCaptcha, solver.Poll{}, 5 * time.Second, 4500 * time.Millisecond, 5500 * time.Millisecond},
		{solver.NameCapSolver, solver.Poll{}, 0, 3 * time.Second, 3300 * time.Millisecond},
		{solver.NameCapMonster, solver.Poll{}, time.Second, 2700 * time.Millisecond, 3300 * time.Millisecond},
		{solver.NameCapMonster, solver.Poll{Every: time.Second}, time.Second, 2 * time.Second, 2 * time.Second},
	} {
		t.Run(fmt.Sprint(c.service, c.poll), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				wire := &scripted{answer: func(path string, _ []byte) string {
					if strings.HasSuffix(path, ".php") {
						return map[bool]string{true: `{"status":1,"request":"1"}`, false: `{"status":0,"request":"CAPCHA_NOT_READY"}`}[path == "/in.php"]
					}
					return map[bool]string{true: created, false: working}[path == "/createTask"]
				}}
				client, err := solver.New(solver.Config{Service: c.service, Key: secret.Explicit("k"), HTTP: wire, Poll: c.poll})
				require.NoError(t, err)
				_, err = client.Solve(t.Context(), recaptcha, captcha.Env{})
				require.Equal(t, solver.TimedOut, failure(t, err).Class)
				require.Equal(t, solver.DefaultLimit, time.Since(wire.start))
				require.Equal(t, c.first, wire.at[1])
				for i := 2; i < len(wire.at); i++ {
					pause := wire.at[i] - wire.at[i-1]
					require.GreaterOrEqual(t, pause, c.floor)
					require.LessOrEqual(t, pause, c.about)
				}
			})
		})
	}
}

func TestATaskIsNotAskedAboutMoreOftenThanTheServiceAllows(t *testing.T) {
	for _, name := range []string{solver.NameCapSolver, solver.NameCapMonster} {
		synctest.Test(t, func(t *testing.T) {
			wire := &scripted{answer: func(path string, _ []byte) string {
				return map[bool]string{true: created, false: working}[path == "/createTask"]
			}}
			client, err := solver.New(solver.Config{Service: name, Key: secret.Explicit("k"), HTTP: wire, Poll: solver.Poll{Limit: -1}})
			require.NoError(t, err)
			_, err = client.Solve(t.Context(), recaptcha, captcha.Env{})
			require.Equal(t, solver.TimedOut, failure(t, err).Class)
			require.Len(t, wire.at, 1+120)
		})
	}
}

func TestTheKeyIsShownNowhere(t *testing.T) {
	echo := func(r string) reply { return says(fmt.Sprintf(r, canary+" pass-word login")) }
	for name, replies := range map[string]map[string][]reply{
		"refused":      {"/createTask": {echo(`{"errorId":1,"errorCode":"ERROR_%s","errorDescription":"what?"}`)}},
		"explained":    {"/createTask": {echo(`{"errorId":1,"errorCode":"ERROR_BAD_PARAMETERS","errorDescription":"key %s"}`)}},
		"no JSON":      {"/createTask": {echo(`oops %s`)}},
		"error page":   {"/createTask": {{status: 500, mime: "text/html", body: gateway + canary}}},
		"reset":        {"/createTask": {{resets: true}}},
		"redirected":   {"/createTask": {{status: 302}}},
		"task failed":  {"/createTask": {says(created)}, "/getTaskResult": {echo(`{"errorId":12,"errorCode":"ERROR_CAPTCHA_UNSOLVABLE","errorDescription":"%s"}`)}},
		"in plain":     {"/in.php": {echo("ERROR_%s")}},
		"plain object": {"/in.php": {echo(`{"status":0,"request":"ERROR_BAD_PARAMETERS","error_text":"%s"}`)}},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, replies)
			for _, dialect := range append(jsonDialects, solver.NameTwoCaptchaLegacy) {
				client := s.client(t, dialect, func(c *solver.Config) { c.ProxyAlways, c.BusyRetries = true, -1 })
				got, err := client.Solve(t.Context(), recaptcha, visitor())
				require.Error(t, err)
				encoded, jsonErr := json.Marshal(err)
				require.NoError(t, jsonErr)
				for _, text := range []string{fmt.Sprintf("%v %+v %s %q", err, err, err, err), fmt.Sprintf("%+v %#v", got, client), string(encoded)} {
					require.NotContains(t, text, canary)
					require.NotContains(t, text, "pass-word")
				}
			}
			for _, r := range s.heard {
				require.Empty(t, r.query, "the key travels in bodies")
				require.NotContains(t, r.path, canary)
			}
		})
	}
}

func TestALongExplanationIsCut(t *testing.T) {
	s := serve(t, map[string][]reply{"/createTask": {says(`{"errorId":1,"errorCode":"ERROR_BAD_PARAMETERS","errorDescription":"` + strings.Repeat("€", 5000) + `\n"}`)}})
	_, err := s.client(t, solver.NameTwoCaptcha).Solve(t.Context(), recaptcha, captcha.Env{})
	require.LessOrEqual(t, len(failure(t, err).Description), 200)
	require.NotContains(t, err.Error(), "\n")
}

func TestAnEndlessAnswerIsCutOff(t *testing.T) {
	wire := roundTrip(func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 200, Body: io.NopCloser(endless{})}, nil
	})
	client, err := solver.New(solver.Config{Service: solver.NameTwoCaptcha, Key: secret.Explicit("k"), HTTP: wire})
	require.NoError(t, err)
	_, err = client.Balance(t.Context())
	require.Equal(t, solver.Protocol, failure(t, err).Class)
}

type roundTrip func(*http.Request) (*http.Response, error)

func (rt roundTrip) RoundTrip(req *http.Request) (*http.Response, error) { return rt(req) }

type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

func TestWithoutAKeyNothingIsSent(t *testing.T) {
	s := serve(t, nil)
	unset := solver.TwoCaptcha(secret.Value{})
	_, err := unset.Solve(t.Context(), recaptcha, captcha.Env{})
	require.ErrorIs(t, err, secret.ErrUnset)
	require.Equal(t, solver.Account, failure(t, err).Class)
	gone := s.client(t, solver.NameTwoCaptcha, func(c *solver.Config) { c.Key = secret.File("/nowhere/key") })
	_, err = gone.Balance(t.Context())
	require.ErrorIs(t, err, os.ErrNotExist)
	require.Empty(t, s.heard)
}

func TestManySolvesAtOnceDoNotMixTheirTasks(t *testing.T) {
	var mu sync.Mutex
	next := 0
	s := serve(t, nil)
	s.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var ask struct {
			Task   struct{ WebsiteKey string }
			TaskID json.Number
		}
		_ = json.NewDecoder(r.Body).Decode(&ask)
		if r.URL.Path == "/createTask" {
			mu.Lock()
			next++
			mu.Unlock()
			fmt.Fprintf(w, `{"errorId":0,"taskId":%s}`, strings.TrimPrefix(ask.Task.WebsiteKey, "k"))
			return
		}
		fmt.Fprintf(w, `{"errorId":0,"status":"ready","solution":{"token":"t%s"}}`, ask.TaskID)
	})
	client := s.client(t, solver.NameTwoCaptcha)
	var wg sync.WaitGroup
	for i := range 64 {
		wg.Go(func() {
			c := challenge(captcha.KindTurnstile, nil)
			c.SiteKey = fmt.Sprint("k", 1000+i)
			got, err := client.Solve(t.Context(), c, captcha.Env{})
			if err != nil || got.Token != fmt.Sprint("t", 1000+i) {
				t.Error(i, got.Token, err)
			}
		})
	}
	wg.Wait()
}

func TestAProxyWithANameIsResolvedForThoseWhoWantAddresses(t *testing.T) {
	s := serve(t, sells(says(`{"errorId":0,"status":"ready","solution":{"cookies":{"cf_clearance":"c"}}}`)))
	client := s.client(t, solver.NameAntiCaptcha)
	env := visitor()
	named := *env.Proxy()
	named.Host = "localhost:8080"
	env.Proxy = func() *url.URL { return &named }
	_, err := client.Solve(t.Context(), challenge(captcha.KindCloudflare, nil), env)
	require.NoError(t, err)
	address := object(t, s.to("/createTask")[0])["task"].(map[string]any)["proxyAddress"].(string)
	require.NotNil(t, net.ParseIP(address))

	named.Host = "no-such-host.invalid:8080"
	_, err = s.client(t, solver.NameAntiCaptcha, func(c *solver.Config) {
		c.Resolver = &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("no network") }}
	}).Solve(t.Context(), challenge(captcha.KindCloudflare, nil), env)
	require.Equal(t, solver.Proxy, failure(t, err).Class)
	require.NotContains(t, err.Error(), "pass-word")
}

package hostile

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"time"
)

// solverAgent is the user agent of the solver's own browsers.
const solverAgent = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/143.0.0.0 Safari/537.36"

// A task is one order of a solution.
type task struct {
	created  time.Time
	solution map[string]any
	fault    *SolverFault
	polls    int
	settled  bool  // charged, or given back
	cost     int64 // what was charged
	reported bool
}

// taskSpec is what a client says about the challenge. The services that share
// the protocol differ in the spelling of the types, hence the lower case below.
type taskSpec struct {
	Type               string `json:"type"`
	Class              string `json:"class"`
	WebsiteURL         string `json:"websiteURL"`
	WebsiteKey         string `json:"websiteKey"`
	UserAgent          string `json:"userAgent"`
	CloudflareTaskType string `json:"cloudflareTaskType"`
	CookieSolution     bool   `json:"cookieSolution"`
	ProxyType          string `json:"proxyType"`
	ProxyAddress       string `json:"proxyAddress"`
	ProxyPort          int    `json:"proxyPort"`
	ProxyLogin         string `json:"proxyLogin"`
	ProxyPassword      string `json:"proxyPassword"`
	Proxy              string `json:"proxy"`
}

// solverRefusal is an error in the service's words.
type solverRefusal struct {
	id   int
	code string
}

var (
	refuseKey         = &solverRefusal{1, "ERROR_KEY_DOES_NOT_EXIST"}
	refuseSlot        = &solverRefusal{2, "ERROR_NO_SLOT_AVAILABLE"}
	refuseBalance     = &solverRefusal{10, "ERROR_ZERO_BALANCE"}
	refuseUnsolvable  = &solverRefusal{12, "ERROR_CAPTCHA_UNSOLVABLE"}
	refuseTask        = &solverRefusal{15, "ERROR_NO_SUCH_CAPCHA_ID"}
	refuseType        = &solverRefusal{23, "ERROR_TASK_NOT_SUPPORTED"}
	refuseSiteKey     = &solverRefusal{31, "ERROR_RECAPTCHA_INVALID_SITEKEY"}
	refuseParameters  = &solverRefusal{110, "ERROR_BAD_PARAMETERS"}
	refuseBadProxy    = &solverRefusal{130, "ERROR_BAD_PROXY"}
	refuseProxyDead   = &solverRefusal{25, "ERROR_PROXY_CONNECT_REFUSED"}
	refuseProxySecret = &solverRefusal{26, "ERROR_PROXY_NOT_AUTHORISED"}
)

func (s *Solver) refuse(w http.ResponseWriter, r *solverRefusal) {
	s.say(w, map[string]any{
		"errorId": r.id, "errorCode": r.code,
		"errorDescription": strings.ToLower(strings.ReplaceAll(strings.TrimPrefix(r.code, "ERROR_"), "_", " ")),
	})
}

func (s *Solver) say(w http.ResponseWriter, answer any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	_ = json.NewEncoder(w).Encode(answer) // a client who left does not hear it
}

func badGateway(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "text/html")
	w.WriteHeader(http.StatusBadGateway)
	_, _ = io.WriteString(w, "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n")
}

// hear reads a request into v, which holds the key it must carry.
func (s *Solver) hear(w http.ResponseWriter, r *http.Request, v interface{ key() string }) bool {
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20)).Decode(v); err != nil {
		s.refuse(w, refuseParameters)
		return false
	}
	if v.key() != s.cfg.Key {
		s.refuse(w, refuseKey)
		return false
	}
	return true
}

type account struct {
	ClientKey string `json:"clientKey"`
}

func (a *account) key() string { return a.ClientKey }

func (s *Solver) createTask(w http.ResponseWriter, r *http.Request) {
	var order struct {
		account
		Task taskSpec `json:"task"`
	}
	if !s.hear(w, r, &order) {
		s.count(&s.books.Refused)
		return
	}
	t := &task{created: time.Now(), fault: s.nextFault()}
	if t.has(SolverCreateGateway) {
		s.count(&s.books.Refused)
		badGateway(w)
		return
	}
	refusal := t.refusedAtOnce()
	if refusal == nil && !s.hold() {
		refusal = refuseBalance
	} else if refusal == nil {
		if t.solution, refusal = s.solve(order.Task, t.has(SolverWrongToken)); refusal != nil {
			s.release()
		}
	}
	if refusal != nil {
		s.count(&s.books.Refused)
		s.refuse(w, refusal)
		return
	}
	s.say(w, map[string]any{"errorId": 0, "taskId": s.enter(t)})
}

func (s *Solver) count(n *int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	*n++
}

func (s *Solver) nextFault() *SolverFault {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.faults) == 0 {
		return nil
	}
	fault := s.faults[0]
	s.faults = s.faults[1:]
	return &fault
}

func (t *task) has(fault SolverFault) bool { return t.fault != nil && *t.fault == fault }

func (t *task) refusedAtOnce() *solverRefusal {
	switch {
	case t.has(SolverZeroBalance):
		return refuseBalance
	case t.has(SolverNoSlot):
		return refuseSlot
	case t.has(SolverBadKey):
		return refuseKey
	}
	return nil
}

// hold takes the price of a task; false when there is not enough money left. No
// two tasks are paid with the same money.
func (s *Solver) hold() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.books.Balance < s.cfg.Price {
		return false
	}
	s.books.Balance -= s.cfg.Price
	return true
}

// release gives back what was held for nothing.
func (s *Solver) release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.books.Balance += s.cfg.Price
}

// enter enters a task whose price is held, and returns its id.
func (s *Solver) enter(t *task) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	id := firstTask + int64(s.books.Tasks)
	s.tasks[id] = t
	s.books.Tasks++
	return id
}

func (s *Solver) getTaskResult(w http.ResponseWriter, r *http.Request) {
	var poll struct {
		account
		TaskID int64 `json:"taskId"`
	}
	if !s.hear(w, r, &poll) {
		return
	}
	now := time.Now()
	t, first, ready := s.poll(poll.TaskID, now)
	switch {
	case t == nil:
		s.refuse(w, refuseTask)
	case first && t.has(SolverPollGateway):
		badGateway(w)
	case !ready:
		s.say(w, map[string]any{"errorId": 0, "status": "processing"})
	case t.has(SolverUnsolvable):
		s.refuse(w, refuseUnsolvable)
	default:
		s.say(w, map[string]any{
			"errorId": 0, "status": "ready", "solution": t.solution, "cost": usd(s.cfg.Price), "ip": "127.0.0.1",
			"createTime": t.created.Unix(), "endTime": now.Unix(), "solveCount": 1,
		})
	}
}

// poll returns the task, whether this is the first time that it is asked for, and
// whether it is done. A task that is done is charged, or its price given back.
func (s *Solver) poll(id int64, now time.Time) (t *task, first, ready bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.books.Polls++
	if t = s.tasks[id]; t == nil {
		return nil, false, false
	}
	t.polls++
	ready = now.Sub(t.created) >= s.cfg.Latency && !t.has(SolverStuck)
	if ready && !t.settled {
		t.settled = true
		if t.has(SolverUnsolvable) {
			s.books.Balance += s.cfg.Price
		} else {
			t.cost = s.cfg.Price
			s.books.Paid++
			s.books.Spent += t.cost
		}
	}
	return t, t.polls == 1, ready
}

func (s *Solver) getBalance(w http.ResponseWriter, r *http.Request) {
	var ask account
	if s.hear(w, r, &ask) {
		s.say(w, map[string]any{"errorId": 0, "balance": json.Number(usd(s.Ledger().Balance))})
	}
}

func (s *Solver) report(correct bool) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var report struct {
			account
			TaskID int64 `json:"taskId"`
		}
		if !s.hear(w, r, &report) {
			return
		}
		s.mu.Lock()
		t := s.tasks[report.TaskID]
		known := t != nil && t.settled && !t.reported
		if known {
			t.reported = true
			if correct {
				s.books.Correct++
			} else {
				s.books.Incorrect++
				s.books.Spent -= t.cost
				s.books.Balance += t.cost
			}
		}
		s.mu.Unlock()
		if !known {
			s.refuse(w, refuseTask)
			return
		}
		s.say(w, map[string]any{"errorId": 0, "status": "success"})
	}
}

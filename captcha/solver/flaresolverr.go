package solver

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/godwit-go/godwit/captcha"
	"github.com/godwit-go/godwit/trip"
)

// DefaultFlareTimeout is how long FlareSolverr may take for one page.
const DefaultFlareTimeout = 60 * time.Second

// FlareConfig says how FlareSolverr is used. URL is required.
type FlareConfig struct {
	// URL is where it is, without the path, such as http://127.0.0.1:8191.
	URL string
	// Name tells solvers apart in errors, events and metrics. Default "flaresolverr".
	Name string
	// HTTP sends the requests. Default: a transport of its own.
	HTTP http.RoundTripper
	// Timeout is how long it may take for one page. Default [DefaultFlareTimeout].
	Timeout time.Duration
	// Vendors are whose challenges it is asked to lift. Default Cloudflare and DDoS-Guard.
	Vendors []captcha.Vendor
}

// Validate tells everything that is wrong with the configuration.
func (c FlareConfig) Validate() error {
	var errs []error
	if u, err := url.Parse(c.URL); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		errs = append(errs, errors.New("URL: want an http or https address"))
	}
	if c.Timeout < 0 {
		errs = append(errs, fmt.Errorf("Timeout: %s, want 0 or more", c.Timeout))
	}
	return errors.Join(errs...)
}

// FlareSolverr is a client of the program of that name, which passes challenges
// with a browser of its own and gives the cookies. It costs nothing. It is safe
// for concurrent use.
type FlareSolverr struct {
	cfg   FlareConfig
	local bool
}

var (
	_ captcha.Solver = (*FlareSolverr)(nil)
	_ captcha.Pricer = (*FlareSolverr)(nil)
	_ captcha.Local  = (*FlareSolverr)(nil)
)

// NewFlareSolverr returns a client for the FlareSolverr that cfg names.
func NewFlareSolverr(cfg FlareConfig) (*FlareSolverr, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg.Name = cmp.Or(cfg.Name, "flaresolverr")
	cfg.Timeout = cmp.Or(cfg.Timeout, DefaultFlareTimeout)
	cfg.URL = strings.TrimSuffix(strings.TrimRight(cfg.URL, "/"), "/v1")
	if cfg.HTTP == nil {
		cfg.HTTP = &http.Transport{IdleConnTimeout: 90 * time.Second}
	}
	if cfg.Vendors == nil {
		cfg.Vendors = []captcha.Vendor{captcha.Cloudflare, captcha.DDoSGuard}
	}
	return &FlareSolverr{cfg: cfg, local: local(cfg.URL)}, nil
}

// CloseIdleConnections closes the connections that are not in use.
func (f *FlareSolverr) CloseIdleConnections() { trip.CloseIdle(f.cfg.HTTP) }

// Name returns the solver's name.
func (f *FlareSolverr) Name() string { return f.cfg.Name }

// Price is nothing.
func (f *FlareSolverr) Price(*captcha.Challenge) trip.USD { return 0 }

// Local tells whether it runs on this machine, and so leaves by its address.
func (f *FlareSolverr) Local() bool { return f.local }

// Supports tells whether c is a challenge that a browser passes by itself.
func (f *FlareSolverr) Supports(c *captcha.Challenge) bool {
	if c.URL == nil || c.Kind != captcha.KindCloudflare && c.Kind != captcha.KindScript {
		return false
	}
	for _, v := range f.cfg.Vendors {
		if v == c.Vendor {
			return true
		}
	}
	return false
}

type flareProxy struct {
	URL      string `json:"url"`
	Username string `json:"username,omitempty"`
	Password string `json:"password,omitempty"`
}

type flareOrder struct {
	Cmd         string              `json:"cmd"`
	URL         string              `json:"url"`
	MaxTimeout  int64               `json:"maxTimeout"` // milliseconds
	Proxy       *flareProxy         `json:"proxy,omitempty"`
	Cookies     []map[string]string `json:"cookies,omitempty"`
	OnlyCookies bool                `json:"returnOnlyCookies"`
}

// Solve implements [captcha.Solver]: the browser opens the page through the
// visitor's proxy, and what it got is the visitor's.
func (f *FlareSolverr) Solve(ctx context.Context, c *captcha.Challenge, env captcha.Env) (captcha.Solution, error) {
	none := captcha.Solution{Provider: f.cfg.Name}
	order := flareOrder{Cmd: "request.get", URL: pageURL(c), MaxTimeout: f.patience(ctx).Milliseconds(), OnlyCookies: true}
	for _, cookie := range env.Cookies {
		order.Cookies = append(order.Cookies, map[string]string{"name": cookie.Name, "value": cookie.Value})
	}
	var hidden []string
	if env.Proxy != nil {
		u := env.Proxy()
		if u == nil {
			return none, &Error{Provider: f.cfg.Name, Class: BadTask, Err: captcha.ErrNoEgress}
		}
		p, err := splitProxy(u)
		if err != nil {
			return none, &Error{Provider: f.cfg.Name, Class: Proxy, Err: err}
		}
		order.Proxy = &flareProxy{p.scheme + "://" + p.address(), p.login, p.password}
		hidden = []string{p.password, p.login}
	}
	status, raw, err := f.post(ctx, order)
	if err != nil {
		return none, err
	}
	return f.read(status, raw, hidden)
}

// patience is how long the browser may take: less than the caller waits.
func (f *FlareSolverr) patience(ctx context.Context) time.Duration {
	limit := f.cfg.Timeout
	if deadline, ok := ctx.Deadline(); ok {
		limit = min(limit, time.Until(deadline))
	}
	return max(limit, time.Second)
}

func (f *FlareSolverr) post(ctx context.Context, order flareOrder) (int, []byte, error) {
	body, err := encode(order)
	if err != nil {
		return 0, nil, &Error{Provider: f.cfg.Name, Class: BadTask, Err: errors.New("order cannot be written as JSON")}
	}
	const grace = 15 * time.Second // for starting its browser, beyond the page itself
	timed, cancel := context.WithTimeout(ctx, time.Duration(order.MaxTimeout)*time.Millisecond+grace)
	defer cancel()
	req, err := http.NewRequestWithContext(timed, http.MethodPost, f.cfg.URL+"/v1", bytes.NewReader(body))
	if err != nil {
		return 0, nil, &Error{Provider: f.cfg.Name, Class: Protocol, Err: errors.New("bad address")}
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := f.cfg.HTTP.RoundTrip(req)
	if err == nil {
		defer resp.Body.Close()
		var raw []byte
		if raw, err = io.ReadAll(io.LimitReader(resp.Body, maxReply)); err == nil {
			return resp.StatusCode, raw, nil
		}
	}
	if ended := ctx.Err(); ended != nil {
		return 0, nil, &Error{Provider: f.cfg.Name, Class: TimedOut, Err: ended}
	}
	return 0, nil, &Error{Provider: f.cfg.Name, Class: Busy, Err: err}
}

func (f *FlareSolverr) read(status int, raw []byte, hidden []string) (captcha.Solution, error) {
	none := captcha.Solution{Provider: f.cfg.Name}
	var reply struct {
		Status   string         `json:"status"`
		Message  string         `json:"message"`
		Solution map[string]any `json:"solution"`
	}
	if err := decode(raw, &reply); err != nil {
		return none, &Error{Provider: f.cfg.Name, Class: Busy, Status: status, Err: errors.New("answer is not understood")}
	}
	if reply.Status != "ok" {
		return none, &Error{Provider: f.cfg.Name, Class: flareClass(reply.Message), Status: status, Description: veiled(reply.Message, hidden)}
	}
	got, _ := answer{members: reply.Solution}.read(captcha.KindCloudflare, time.Now())
	got.Provider, got.Token = f.cfg.Name, ""
	if len(got.Cookies) == 0 {
		return none, &Error{Provider: f.cfg.Name, Class: Unsolvable, Err: errors.New("the answer is empty")}
	}
	return got, nil
}

// flareClass reads the few messages that matter.
func flareClass(message string) Class {
	switch {
	case strings.Contains(message, "ERR_PROXY"), strings.Contains(message, "ERR_TUNNEL"), strings.Contains(message, "ERR_SOCKS"):
		return Proxy
	case strings.Contains(message, "Cloudflare has blocked"):
		return Proxy // the address is refused, whoever asks
	}
	return Unsolvable
}

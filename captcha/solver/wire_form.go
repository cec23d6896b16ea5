package solver

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/godwit-go/godwit/captcha"
	"github.com/godwit-go/godwit/trip"
)

// formWire speaks 2Captcha's older API. res.php is documented for GET; it takes a
// POST as well, which keeps the key out of addresses and thereby out of logs.
// Imitators that refuse one are asked as documented.
func formWire(s *Service) wire { return &formClient{s: s} }

const resultPath = "/res.php"

type formClient struct {
	s *Service
	// byGet is set when the service has refused a POST for results.
	byGet atomic.Bool
}

// send sends one form.
func (f *formClient) send(ctx context.Context, path string, form url.Values) (int, []byte, error) {
	if path != resultPath || !f.byGet.Load() {
		status, raw, err := f.s.post(ctx, path, "application/x-www-form-urlencoded", []byte(form.Encode()))
		if path != resultPath || status != http.StatusMethodNotAllowed {
			return status, raw, err
		}
		f.byGet.Store(true)
	}
	return f.s.send(ctx, http.MethodGet, path+"?"+form.Encode(), "", nil)
}

// call sends one form and returns the answer's text or object.
func (f *formClient) call(ctx context.Context, path string, form url.Values) (answer, error) {
	key, err := f.s.key()
	if err != nil {
		return answer{}, err
	}
	form.Set("key", key)
	form.Set("json", "1")
	status, raw, err := f.send(ctx, path, form)
	if err != nil {
		return answer{}, err
	}
	var r struct {
		Status    loose           `json:"status"`
		Request   json.RawMessage `json:"request"`
		Price     loose           `json:"price"`
		UserAgent loose           `json:"useragent"`
		Text      loose           `json:"error_text"`
	}
	if err := decode(raw, &r); err != nil || r.Request == nil {
		return f.plain(ctx, status, raw)
	}
	a := answer{cost: string(r.Price), agent: string(r.UserAgent)}
	if err := decode(r.Request, &a.members); err != nil {
		var text loose
		if err := decode(r.Request, &text); err != nil {
			return answer{}, f.s.odd(status, raw)
		}
		a.plain, a.members = string(text), nil
	}
	if r.Status != "1" {
		return answer{}, f.s.failure(ctx, status, a.plain, 0, string(r.Text))
	}
	return a, nil
}

// plain reads an answer of imitators that know no JSON: "OK|text", or a code.
func (f *formClient) plain(ctx context.Context, status int, raw []byte) (answer, error) {
	text := strings.TrimSpace(string(raw))
	if ok, found := strings.CutPrefix(text, "OK|"); found {
		return answer{plain: ok}, nil
	}
	if status >= 400 || text == "" || len(text) > 200 || strings.ContainsAny(text, "<{\n") {
		return answer{}, f.s.odd(status, raw)
	}
	return answer{}, f.s.failure(ctx, status, text, 0, "")
}

func (f *formClient) create(ctx context.Context, t Task) (string, *answer, error) {
	form := make(url.Values)
	for _, fields := range []map[string]any{t.Fields, t.Beside} {
		for _, name := range slices.Sorted(maps.Keys(fields)) {
			form.Set(name, fmt.Sprint(fields[name]))
		}
	}
	if t.Type != "" {
		form.Set("method", t.Type)
	}
	if f.s.softID != 0 {
		form.Set(f.s.dialect.soft, fmt.Sprint(f.s.softID))
	}
	a, err := f.call(ctx, "/in.php", form)
	if err != nil {
		return "", nil, err
	}
	if a.plain == "" {
		return "", nil, &Error{Provider: f.s.name, Class: Protocol, Err: errors.New("no task id")}
	}
	return a.plain, nil, nil
}

// result asks by get2, which tells the price as well.
func (f *formClient) result(ctx context.Context, id string) (*answer, error) {
	a, err := f.call(ctx, resultPath, url.Values{"action": {"get2"}, "id": {id}})
	if err != nil {
		return nil, err
	}
	if a.members == nil && a.cost == "" {
		// In plain text the price follows the answer.
		if i := strings.LastIndexByte(a.plain, '|'); i >= 0 {
			if _, err := amount(a.plain[i+1:]); err == nil {
				a.plain, a.cost = a.plain[:i], a.plain[i+1:]
			}
		}
	}
	return &a, nil
}

func (f *formClient) balance(ctx context.Context) (trip.USD, error) {
	a, err := f.call(ctx, resultPath, url.Values{"action": {"getbalance"}})
	var said *Error
	if errors.As(err, &said) && said.Class == Protocol && said.Code != "" {
		a.plain, err = said.Code, nil // plain text gives the bare number
	}
	if err != nil {
		return 0, err
	}
	usd, err := amount(a.plain)
	if err != nil {
		return 0, &Error{Provider: f.s.name, Class: Protocol, Err: errors.New("no balance in the answer")}
	}
	return usd, nil
}

func (f *formClient) report(ctx context.Context, kind captcha.Kind, id string, accepted bool) error {
	action, _ := f.s.dialect.report(kind, accepted)
	_, err := f.call(ctx, resultPath, url.Values{"action": {action}, "id": {id}})
	var said *Error
	if errors.As(err, &said) && said.Code == "OK_REPORT_RECORDED" {
		return nil
	}
	return err
}

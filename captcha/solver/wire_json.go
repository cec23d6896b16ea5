package solver

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"strconv"
	"strings"

	"github.com/godwit-go/godwit/captcha"
	"github.com/godwit-go/godwit/trip"
)

// jsonWire speaks the createTask family.
func jsonWire(s *Service) wire { return &jsonClient{s} }

type jsonClient struct{ s *Service }

// reply is any answer of the family. What a service leaves out is empty.
type reply struct {
	ErrorID          loose           `json:"errorId"`
	ErrorCode        loose           `json:"errorCode"`
	ErrorDescription loose           `json:"errorDescription"`
	Status           loose           `json:"status"`
	TaskID           loose           `json:"taskId"`
	Solution         json.RawMessage `json:"solution"`
	Cost             loose           `json:"cost"`
	Balance          loose           `json:"balance"`
}

// call sends one request; fields are what stands beside the key.
func (j *jsonClient) call(ctx context.Context, path string, fields map[string]any) (reply, error) {
	var r reply
	key, err := j.s.key()
	if err != nil {
		return r, err
	}
	request := maps.Clone(fields)
	if request == nil {
		request = make(map[string]any, 1)
	}
	request["clientKey"] = key
	body, err := encode(request)
	if err != nil {
		return r, &Error{Provider: j.s.name, Class: BadTask, Err: errors.New("task cannot be written as JSON")}
	}
	status, raw, err := j.s.post(ctx, path, "application/json", body)
	if err != nil {
		return r, err
	}
	if err := decode(raw, &r); err != nil {
		return r, j.s.odd(status, raw)
	}
	number, _ := strconv.Atoi(string(r.ErrorID))
	if number != 0 || r.ErrorCode != "" {
		return r, j.s.failure(ctx, status, string(r.ErrorCode), number, string(r.ErrorDescription))
	}
	if status >= 400 {
		return r, j.s.odd(status, raw)
	}
	return r, nil
}

func (j *jsonClient) create(ctx context.Context, t Task) (string, *answer, error) {
	task := maps.Clone(t.Fields)
	if task == nil {
		task = make(map[string]any, 1)
	}
	task["type"] = t.Type
	request := maps.Clone(t.Beside)
	if request == nil {
		request = make(map[string]any, 3)
	}
	request["task"] = task
	if j.s.softID != 0 {
		request[j.s.dialect.soft] = j.s.softID
	}
	r, err := j.call(ctx, "/createTask", request)
	if err != nil {
		return "", nil, err
	}
	a, err := j.answer(r)
	if err != nil || a != nil {
		return string(r.TaskID), a, err
	}
	if r.TaskID == "" || r.TaskID == "0" {
		return "", nil, &Error{Provider: j.s.name, Class: Protocol, Err: errors.New("no task id")}
	}
	return string(r.TaskID), nil, nil
}

func (j *jsonClient) result(ctx context.Context, id string) (*answer, error) {
	r, err := j.call(ctx, "/getTaskResult", map[string]any{"taskId": number(id)})
	if err != nil {
		return nil, err
	}
	return j.answer(r)
}

// answer reads a finished task; nil while it is not.
func (j *jsonClient) answer(r reply) (*answer, error) {
	switch strings.ToLower(string(r.Status)) {
	case "ready":
	case "failed":
		return nil, &Error{Provider: j.s.name, Class: Unsolvable, Code: "failed"}
	default:
		return nil, nil //nolint:nilnil // documented: not yet
	}
	a := &answer{cost: string(r.Cost)}
	if err := decode(r.Solution, &a.members); err != nil {
		var plain string
		if err := decode(r.Solution, &plain); err != nil {
			return nil, &Error{Provider: j.s.name, Class: Protocol, Err: errors.New("no solution in a ready answer")}
		}
		a.plain = plain
	}
	return a, nil
}

func (j *jsonClient) balance(ctx context.Context) (trip.USD, error) {
	r, err := j.call(ctx, "/getBalance", nil)
	if err != nil {
		return 0, err
	}
	usd, err := amount(string(r.Balance))
	if err != nil {
		return 0, &Error{Provider: j.s.name, Class: Protocol, Err: errors.New("no balance in the answer")}
	}
	return usd, nil
}

func (j *jsonClient) report(ctx context.Context, kind captcha.Kind, id string, accepted bool) error {
	path, fields := j.s.dialect.report(kind, accepted)
	if path == "" {
		return nil
	}
	request := map[string]any{"taskId": number(id)}
	maps.Copy(request, fields)
	if j.s.dialect.soft == "appId" && j.s.softID != 0 {
		request["appId"] = j.s.softID
	}
	_, err := j.call(ctx, path, request)
	return err
}

// number writes a task id as the service gave it: digits are a number, all else
// is text. It stays text in between, so that no digit is lost.
func number(id string) any {
	if id != "" && strings.Trim(id, "0123456789") == "" && (id[0] != '0' || id == "0") {
		return json.Number(id)
	}
	return id
}

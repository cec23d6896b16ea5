package solver

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/godwit-go/godwit/captcha"
	"github.com/godwit-go/godwit/trip"
)

const (
	// maxReply bounds what is read of a service's answer.
	maxReply = 4 << 20
	// replyTimeout bounds the wait for one. Services answer in seconds, those that
	// recognise a picture meanwhile as well.
	replyTimeout = time.Minute
)

// wire is how a service's requests and answers are written. Its errors are *Error.
type wire interface {
	// create starts a task. The answer is not nil when it came at once.
	create(ctx context.Context, t Task) (id string, a *answer, err error)
	// result asks for a task's answer; nil while it is being worked on.
	result(ctx context.Context, id string) (*answer, error)
	balance(ctx context.Context) (trip.USD, error)
	report(ctx context.Context, kind captcha.Kind, id string, accepted bool) error
}

// post sends body and returns the answer's status and text. It goes around
// http.Client: a redirect would take the key along.
func (s *Service) post(ctx context.Context, path, contentType string, body []byte) (int, []byte, error) {
	return s.send(ctx, http.MethodPost, path, contentType, body)
}

func (s *Service) send(ctx context.Context, method, path, contentType string, body []byte) (int, []byte, error) {
	timed, cancel := context.WithTimeout(ctx, replyTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(timed, method, s.url+path, bytes.NewReader(body))
	if err != nil {
		return 0, nil, &Error{Provider: s.name, Class: Protocol, Err: errors.New("bad address")}
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	req.Header.Set("Accept", "application/json")
	resp, err := s.http.RoundTrip(req)
	if err != nil {
		return 0, nil, s.broken(ctx, err)
	}
	defer resp.Body.Close()
	reply, err := io.ReadAll(io.LimitReader(resp.Body, maxReply))
	if err != nil {
		return resp.StatusCode, nil, s.broken(ctx, err)
	}
	return resp.StatusCode, reply, nil
}

// broken is a request that came to no answer.
func (s *Service) broken(ctx context.Context, err error) error {
	if ended := ctx.Err(); ended != nil {
		return &Error{Provider: s.name, Class: TimedOut, Err: ended}
	}
	var quoting *url.Error
	if errors.As(err, &quoting) { // its text has the address
		err = quoting.Err
	}
	return &Error{Provider: s.name, Class: Busy, Err: err}
}

// unsent tells whether err says that the request cannot have arrived.
func unsent(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && (op.Op == "dial" || op.Op == "proxyconnect")
}

// odd is an answer that is not what the service documents: a page of its front
// end in most cases.
func (s *Service) odd(status int, reply []byte) error {
	e := &Error{Provider: s.name, Class: Protocol, Status: status, Err: errors.New("answer is not understood")}
	trimmed := bytes.TrimSpace(reply)
	if status >= 500 || status == http.StatusTooManyRequests || bytes.HasPrefix(trimmed, []byte("<")) {
		e.Class = Busy
	}
	return e
}

// failure is what the service says in a code.
func (s *Service) failure(ctx context.Context, status int, code string, number int, description string) *Error {
	return &Error{
		Provider: s.name, Class: classify(code, number), Code: s.clean(ctx, code),
		Description: s.clean(ctx, description), Status: status,
	}
}

// veilKey is where a context keeps what a task holds that must not be shown.
type veilKey struct{}

// veil notes the credentials of the task's proxy: services quote what they do not
// like.
func veil(ctx context.Context, t Task) context.Context {
	var hidden []string
	for _, name := range proxyParams {
		text, _ := t.Fields[name].(string)
		hidden = append(hidden, text)
		if name == "proxy" {
			hidden = append(hidden, strings.FieldsFunc(text, func(r rune) bool { return r == ':' || r == '@' || r == '/' })...)
		}
	}
	return context.WithValue(ctx, veilKey{}, hidden)
}

// clean takes out of a service's text what must not be shown, and bounds it.
func (s *Service) clean(ctx context.Context, text string) string {
	hidden, _ := ctx.Value(veilKey{}).([]string)
	if key, err := s.cfg.Key.Reveal(); err == nil {
		hidden = append(slices.Clone(hidden), key)
	}
	return veiled(text, hidden)
}

func veiled(text string, hidden []string) string {
	// The longest first: the rest of a secret would stay where a shorter one, as a
	// port's digits in a key, were taken out of its middle.
	hidden = slices.SortedFunc(slices.Values(hidden), func(a, b string) int { return len(b) - len(a) })
	for _, part := range hidden {
		if len(part) > 2 { // less would only make holes in words
			text = strings.ReplaceAll(text, part, "***")
		}
	}
	const limit = 200
	if len(text) > limit {
		text = strings.ToValidUTF8(text[:limit], "")
	}
	return text
}

// loose is a JSON value that services give as text or as a number.
type loose string

func (l *loose) UnmarshalJSON(b []byte) error {
	switch {
	case string(b) == "null":
		return nil
	case b[0] == '"':
		var s string
		if err := json.Unmarshal(b, &s); err != nil {
			return err
		}
		*l = loose(s)
		return nil
	case b[0] == '{', b[0] == '[':
		return fmt.Errorf("want text or a number, got %.1s", b)
	}
	*l = loose(b)
	return nil
}

// encode writes JSON as it is, without escapes meant for HTML.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// decode reads JSON, numbers as they are written.
func decode(b []byte, into any) error {
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.UseNumber()
	return dec.Decode(into)
}

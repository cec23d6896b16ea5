package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"unicode/utf8"

	"github.com/godwit-go/godwit/headers"
)

// input is one situation, as a JSON object per line.
type input struct {
	ID                string                    `json:"id"`
	Browser           headers.Browser           `json:"browser"`
	Version           int                       `json:"version"`
	FullVersion       string                    `json:"full_version"`
	OS                headers.OS                `json:"os"`
	Headless          bool                      `json:"headless"`
	Languages         *[]string                 `json:"languages"`
	Protocol          headers.Protocol          `json:"protocol"`
	Method            string                    `json:"method"`
	URL               string                    `json:"url"`
	Kind              string                    `json:"kind"`
	Initiator         string                    `json:"initiator"`
	UserActivated     bool                      `json:"user_activated"`
	FromWorker        bool                      `json:"from_worker"`
	ReferrerPolicy    headers.ReferrerPolicy    `json:"referrer_policy"`
	Mode              headers.Mode              `json:"mode"`
	Credentials       headers.Credentials       `json:"credentials"`
	Redirects         []string                  `json:"redirects"`
	OriginalMethod    string                    `json:"original_method"`
	Preload           bool                      `json:"preload"`
	Placement         headers.Placement         `json:"placement"`
	Priority          headers.Importance        `json:"priority"`
	Cache             headers.CacheMode         `json:"cache"`
	Headers           []pair                    `json:"headers"`
	ContentLength     *int64                    `json:"content_length"`
	RequestMethod     string                    `json:"request_method"`
	Cookies           string                    `json:"cookies"`
	Conditional       map[string]string         `json:"conditional"`
	AcceptCH          []string                  `json:"accept_ch"`
	Device            map[string]string         `json:"device"`
	DNT               bool                      `json:"dnt"`
	GPC               bool                      `json:"gpc"`
	ThirdPartyCookies headers.ThirdPartyCookies `json:"third_party_cookies"`
}

// pair is the name and the value of one header.
type pair [2]string

// UnmarshalJSON wants exactly the two.
func (p *pair) UnmarshalJSON(raw []byte) error {
	var list []string
	if err := json.Unmarshal(raw, &list); err != nil || len(list) != len(p) {
		return fmt.Errorf("headers: %.80s, want [name, value]", raw)
	}
	copy(p[:], list)
	return nil
}

// output is the answer to one input.
type output struct {
	ID      string      `json:"id"`
	Headers [][2]string `json:"headers,omitempty"`
	Pseudo  []string    `json:"pseudo,omitempty"`
	Error   string      `json:"error,omitempty"`
}

// answer turns one line of input into one of output.
func answer(line []byte) output {
	var in input
	if err := in.read(line); err != nil {
		return output{ID: idOf(line), Error: err.Error()}
	}
	list, err := in.generate()
	if err != nil {
		return output{ID: in.ID, Error: err.Error()}
	}
	out := output{ID: in.ID, Pseudo: list.Pseudo, Headers: make([][2]string, 0, len(list.Fields))}
	for _, f := range list.Fields {
		out.Headers = append(out.Headers, [2]string{f.Name, f.Value})
	}
	return out
}

// read decodes a line, which JSON wants in UTF-8, and names the field that has a
// value of another type.
func (in *input) read(line []byte) error {
	if !utf8.Valid(line) {
		return errors.New("not UTF-8")
	}
	err := json.Unmarshal(line, in)
	wrong := (*json.UnmarshalTypeError)(nil)
	switch {
	case !errors.As(err, &wrong):
		return err
	case wrong.Field == "":
		return fmt.Errorf("%s, want an object", wrong.Value)
	}
	return fmt.Errorf("%s: %s, want %s", wrong.Field, wrong.Value, wrong.Type)
}

// idOf finds the id in a line that is malformed, as far as it can be read; "" if
// it cannot.
func idOf(line []byte) string {
	dec := json.NewDecoder(bytes.NewReader(line))
	if start, err := dec.Token(); err != nil || start != json.Delim('{') {
		return ""
	}
	for {
		key, err := dec.Token()
		if err != nil {
			return ""
		}
		var value any
		if err := dec.Decode(&value); err != nil {
			return ""
		}
		if key == "id" {
			id, _ := value.(string)
			return id
		}
	}
}

func (in *input) generate() (headers.List, error) {
	s, err := in.situation()
	if err != nil {
		return headers.List{}, err
	}
	return headers.Generate(in.profile(), s)
}

// profile leaves out the settings that the browser does not have: what a page's
// visitor prefers and what his machine is like do not choose his browser.
func (in *input) profile() headers.Profile {
	p := headers.Profile{
		Browser: in.Browser, Version: in.Version, FullVersion: in.FullVersion, OS: in.OS,
		Languages: []string{"en-US", "en"}, DNT: in.DNT, GPC: in.GPC && in.Browser == headers.Firefox,
		ThirdPartyCookies: in.ThirdPartyCookies,
	}
	if in.Languages != nil {
		p.Languages = *in.Languages
	}
	if in.OS != headers.IOS && in.Browser != headers.Firefox && in.Browser != headers.Safari {
		p.Device, p.Headless = in.Device, in.Headless
	}
	return p
}

func (in *input) situation() (headers.Situation, error) {
	s := headers.Situation{
		Protocol: in.Protocol, Method: in.Method, UserActivated: in.UserActivated, FromWorker: in.FromWorker,
		ReferrerPolicy: in.ReferrerPolicy, Mode: in.Mode, Credentials: in.Credentials, OriginalMethod: in.OriginalMethod,
		Preload: in.Preload, Placement: in.Placement, Importance: in.Priority, Cache: in.Cache,
		RequestMethod: in.RequestMethod, Cookies: in.Cookies, AcceptCH: in.AcceptCH,
		IfNoneMatch: in.Conditional["if-none-match"], IfModifiedSince: in.Conditional["if-modified-since"],
	}
	var errs []error
	parse := func(field, raw string) *url.URL {
		u, err := url.Parse(raw)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", field, err))
		}
		return u
	}
	var err error
	if s.Kind, err = headers.ParseKind(in.Kind); err != nil {
		errs = append(errs, err)
	}
	if s.URL = parse("url", in.URL); in.Initiator != "" {
		s.Initiator = parse("initiator", in.Initiator)
	}
	for _, hop := range in.Redirects {
		s.Redirects = append(s.Redirects, parse("redirects", hop))
	}
	for _, h := range in.Headers {
		s.Headers = append(s.Headers, headers.Field{Name: h[0], Value: h[1]})
	}
	if in.ContentLength != nil {
		s.HasBody, s.ContentLength = true, *in.ContentLength
		if s.ContentLength < 0 {
			errs = append(errs, fmt.Errorf("content_length: %d, want 0 or more", s.ContentLength))
		}
	}
	return s, errors.Join(errs...)
}

package conf_test

import (
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/godwit-go/godwit/internal/conf"
)

type inner struct {
	MaxAttempts int
	Delay       time.Duration
	Rate        float64
	Hidden      func()
	_           int
}

type config struct {
	Name    string
	Default inner
	Domains map[string]inner
	URLs    []string
	Limit   int64
	On      bool
	Key     masked
	Budget  *budget
	Address netip.Addr
	TLS     *tls.Config
}

type masked struct{ v string }

type budget struct{ cents int }

type budgetShape struct{ PerDay int }

var codecs = conf.Codecs{
	reflect.TypeFor[masked](): {Parse: func(_, s string) (any, error) {
		if s == "" {
			return nil, errors.New("empty, want a key")
		}
		return masked{s}, nil
	}, Schema: map[string]any{"type": "string"}},
	reflect.TypeFor[*budget](): {
		Shape: reflect.TypeFor[budgetShape](),
		Build: func(v any) (any, error) { return &budget{v.(budgetShape).PerDay}, nil },
	},
	reflect.TypeFor[*tls.Config](): {},
}

func decode(t *testing.T, src string) (config, error) {
	t.Helper()
	var c config
	_, err := conf.Decode("crawl.yaml", []byte(src), &c, codecs)
	return c, err
}

func TestDecodeReadsTheFormsPeopleWrite(t *testing.T) {
	c, err := decode(t, `
name: "night"
default: &d {max_attempts: off, delay: 1h30m, rate: 30/min}
domains:
  "*.shop.test":
    <<: *d
    max_attempts: 7
  api.test: *d
urls: [a, b]
limit: 64KiB
on: true
key: k3y
budget: {per_day: 250}
address: 127.0.0.9
`)
	require.NoError(t, err)
	d := inner{MaxAttempts: -1, Delay: 90 * time.Minute, Rate: 0.5}
	shop := d
	shop.MaxAttempts = 7
	require.Equal(t, config{
		Name: "night", Default: d, Domains: map[string]inner{"*.shop.test": shop, "api.test": d},
		URLs: []string{"a", "b"}, Limit: 64 << 10, On: true, Key: masked{"k3y"}, Budget: &budget{250},
		Address: netip.MustParseAddr("127.0.0.9"),
	}, c)
}

func TestJSONIsASubset(t *testing.T) {
	c, err := decode(t, `{"name": "x", "default": {"max_attempts": 3, "rate": "20%"}, "urls": ["a"]}`)
	require.NoError(t, err)
	require.Equal(t, config{Name: "x", Default: inner{MaxAttempts: 3, Rate: 0.2}, URLs: []string{"a"}}, c)
}

func TestEveryMistakeIsToldWithItsPlace(t *testing.T) {
	_, err := decode(t, "name: x\ndefault:\n  max_attemps: 3\n  delay: fast\nurls:\n  - {a: b}\non: maybe\n")
	require.EqualError(t, err, strings.Join([]string{
		`crawl.yaml:3:3: unknown key "max_attemps", did you mean "max_attempts"?`,
		`    3 |   max_attemps: 3`,
		`          ^`,
		`crawl.yaml:4:10: delay: "fast", want a duration like 30s or 1h30m, or "off"`,
		`    4 |   delay: fast`,
		`                 ^`,
		`crawl.yaml:6:5: urls: a mapping, want a string`,
		`    6 |   - {a: b}`,
		`            ^`,
		`crawl.yaml:7:5: on: "maybe", want true or false`,
		`    7 | on: maybe`,
		`            ^`,
	}, "\n"))
}

func TestAFieldThatNoFileCanHoldHasNoKey(t *testing.T) {
	for _, src := range []string{"default: {hidden: 1}", "default: {_: 1}", "tls: {server_name: x}"} {
		_, err := decode(t, src)
		require.ErrorContains(t, err, "unknown key", src)
	}
}

func TestSyntaxErrorsHaveAPlace(t *testing.T) {
	_, err := decode(t, "name: x\ndefault: [1, 2\nurls: a")
	var p *conf.Problem
	require.ErrorAs(t, err, &p)
	require.Equal(t, "crawl.yaml", p.File)
	require.NotZero(t, p.Line)
}

func TestNoSecretInAMessage(t *testing.T) {
	for _, src := range []string{"api_key: canary\nkey: [canary]", "urls: {u: http://me:canary@host:1}", "proxy_password: canary"} {
		_, err := decode(t, src)
		require.Error(t, err)
		require.NotContains(t, err.Error(), "canary", src)
	}
}

func TestLocatePutsValidationErrorsInTheirPlace(t *testing.T) {
	var c config
	doc, err := conf.Decode("crawl.yaml", []byte("domains:\n  \"*.shop.test\":\n    max_attempts: -3\n"), &c, codecs)
	require.NoError(t, err)
	cause := errors.New(`Domains["*.shop.test"].MaxAttempts: -3, want 1 or more`)
	err = doc.Locate(errors.Join(cause, errors.New("Default.Delay: -1s, want more")))
	require.ErrorIs(t, err, cause)
	require.ErrorContains(t, err, `crawl.yaml:3:19: Domains["*.shop.test"].MaxAttempts: -3`)
	require.ErrorContains(t, err, `crawl.yaml: Default.Delay`)
}

func TestAliasesCannotGoOnForEver(t *testing.T) {
	_, err := decode(t, "default: &a\n  delay: *a\n")
	require.Error(t, err)
}

func TestKeysAreSnakeCase(t *testing.T) {
	for field, want := range map[string]string{
		"MaxAttempts": "max_attempts", "URLs": "urls", "TLS": "tls", "URL": "url", "HTTPTimeout": "http_timeout", "PerIP": "per_ip", "IDs": "ids",
	} {
		require.Equal(t, want, conf.Key(field))
	}
}

func TestSchemaHasEveryKeyAndNoOther(t *testing.T) {
	raw, err := conf.Schema(reflect.TypeFor[config](), "test", codecs)
	require.NoError(t, err)
	var s struct {
		Defs map[string]struct {
			Properties           map[string]any
			AdditionalProperties bool
		} `json:"$defs"`
	}
	require.NoError(t, json.Unmarshal(raw, &s))
	require.Len(t, s.Defs["conf_test.inner"].Properties, 3)
	require.Contains(t, s.Defs["conf_test.config"].Properties, "urls")
	require.Contains(t, fmt.Sprint(s.Defs["conf_test.config"].Properties["budget"]), "budgetShape")
	require.False(t, s.Defs["conf_test.config"].AdditionalProperties)
}

func FuzzDecode(f *testing.F) {
	f.Add("name: x\ndefault: &a {delay: 1s}\ndomains: {b: *a}")
	f.Add("0\n---")
	f.Add("{\"urls\": [1, true, null]}")
	f.Fuzz(func(t *testing.T, src string) {
		var c config
		_, err := conf.Decode("f", []byte(src), &c, codecs)
		if err != nil {
			_ = err.Error()
		}
	})
}

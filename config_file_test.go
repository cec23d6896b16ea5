package godwit_test

import (
	"crypto/tls"
	"encoding"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/godwit-go/godwit"
	"github.com/godwit-go/godwit/captcha"
	"github.com/godwit-go/godwit/hostile"
	"github.com/godwit-go/godwit/internal/conf"
	"github.com/godwit-go/godwit/proxypool"
	"github.com/godwit-go/godwit/secret"
	"github.com/godwit-go/godwit/trip"
)

var update = flag.Bool("update", false, "write docs/schema.json anew")

func TestTheSchemaInTheDocsIsThatOfTheStructs(t *testing.T) {
	path := filepath.Join("docs", "schema.json")
	want := append(godwit.Schema(), '\n')
	if *update {
		require.NoError(t, os.WriteFile(path, want, 0o644))
	}
	got, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), string(got), "go test -run Schema -update . writes it anew")
}

// schemaNode is as much of JSON Schema as Schema uses.
type schemaNode struct {
	Ref                  string                 `json:"$ref"`
	Defs                 map[string]*schemaNode `json:"$defs"`
	Properties           map[string]*schemaNode
	Items                *schemaNode
	AdditionalProperties json.RawMessage
}

// A sample of every type that a file writes in a form of its own.
var samples = map[reflect.Type]string{
	reflect.TypeFor[time.Duration]():     "30s",
	reflect.TypeFor[trip.USD]():          "$2.50",
	reflect.TypeFor[netip.Addr]():        "127.0.0.9",
	reflect.TypeFor[secret.Value]():      "${GODWIT_TEST_KEY}",
	reflect.TypeFor[captcha.Verdict]():   "challenge",
	reflect.TypeFor[proxypool.Kind]():    "gateway",
	reflect.TypeFor[proxypool.Address](): "http://127.0.0.9:8080",
}

// Every field of every struct that a file can hold is loaded when it is written
// under the key that the schema has for it: none is known to one and not to the
// other.
func TestEveryFieldThatTheSchemaHasIsLoaded(t *testing.T) {
	t.Setenv("GODWIT_TEST_KEY", "k")
	var root schemaNode
	require.NoError(t, json.Unmarshal(godwit.Schema(), &root))
	w := walker{t: t, defs: root.Defs, seen: map[reflect.Type]bool{}}
	w.object(reflect.TypeFor[godwit.Config](), w.follow(&root))
	require.GreaterOrEqual(t, w.fields, 100)
}

type walker struct {
	t      *testing.T
	defs   map[string]*schemaNode
	seen   map[reflect.Type]bool
	fields int
}

func (w *walker) follow(n *schemaNode) *schemaNode {
	if name, ok := strings.CutPrefix(n.Ref, "#/$defs/"); ok {
		return w.defs[name]
	}
	return n
}

// object holds a struct against its schema: the same keys, and each is loaded.
func (w *walker) object(typ reflect.Type, n *schemaNode) {
	if w.seen[typ] {
		return
	}
	w.seen[typ] = true
	require.NotNil(w.t, n.Properties, typ)
	keys := map[string]bool{}
	for i := range typ.NumField() {
		f := typ.Field(i)
		key := conf.Key(f.Name)
		if !f.IsExported() || !loadable(f.Type) {
			require.NotContains(w.t, n.Properties, key, "%s.%s", typ, f.Name)
			continue
		}
		require.Contains(w.t, n.Properties, key, "%s.%s", typ, f.Name)
		keys[key] = true
		w.fields++
		w.field(typ, f, key, w.follow(n.Properties[key]))
	}
	require.ElementsMatch(w.t, slices.Collect(maps.Keys(keys)), slices.Collect(maps.Keys(n.Properties)), typ)
}

func (w *walker) field(typ reflect.Type, f reflect.StructField, key string, n *schemaNode) {
	inner := f.Type
	for inner.Kind() == reflect.Slice || inner.Kind() == reflect.Map {
		inner = inner.Elem()
	}
	if codec := godwit.Codecs()[inner]; codec.Shape != nil {
		inner = codec.Shape
	}
	if inner.Kind() == reflect.Struct && samples[inner] == "" {
		for n.Items != nil || len(n.AdditionalProperties) > 0 && string(n.AdditionalProperties) != "false" {
			next := n.Items
			if next == nil {
				next = new(schemaNode)
				require.NoError(w.t, json.Unmarshal(n.AdditionalProperties, next))
			}
			n = w.follow(next)
		}
		w.object(inner, n)
		return
	}
	text := sample(inner)
	for t := f.Type; t.Kind() == reflect.Map; t = t.Elem() {
		text = `{"k": ` + text + "}"
	}
	dst := reflect.New(typ)
	_, err := conf.Decode("crawler.yaml", []byte(fmt.Sprintf("%s: %s\n", key, text)), dst.Interface(), godwit.Codecs())
	require.NoError(w.t, err, "%s.%s", typ, f.Name)
	require.False(w.t, dst.Elem().FieldByIndex(f.Index).IsZero(), "%s.%s is not loaded from %q", typ, f.Name, text)
}

func sample(t reflect.Type) string {
	if text, ok := samples[t]; ok {
		return `"` + text + `"`
	}
	switch t.Kind() {
	case reflect.Bool:
		return "true"
	case reflect.String:
		return `"word"`
	}
	return "7"
}

// loadable tells whether a file can hold a value of type t, by the rule that the
// documentation gives: plain data, and what has a form of its own.
func loadable(t reflect.Type) bool {
	switch {
	case t == reflect.TypeFor[captcha.Solver](), t == reflect.TypeFor[*captcha.Budget](), samples[t] != "":
		return true
	case t.Kind() != reflect.Interface && reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]()):
		return true
	}
	switch t.Kind() {
	case reflect.Func, reflect.Interface, reflect.Pointer, reflect.Chan:
		return false
	case reflect.Slice, reflect.Map:
		return loadable(t.Elem())
	case reflect.Struct:
		for i := range t.NumField() {
			if f := t.Field(i); f.IsExported() && loadable(f.Type) {
				return true
			}
		}
		return false
	}
	return true
}

// What a policy spends from a file's budget, which only memory remembers, stays
// spent when the file is loaded again, with other keys and other caps, and the
// proxies keep their history.
func TestAReloadOfAFileKeepsWhatWasSpent(t *testing.T) {
	web := start(t, hostile.SiteConfig{Host: "shop.test", Hazards: []hostile.Hazard{hostile.ReCaptcha{}}})
	proxy, err := web.AddProxy(hostile.ProxyConfig{})
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "crawler.yaml")
	load := func(key, total string) godwit.Config {
		require.NoError(t, os.WriteFile(path, fmt.Appendf(nil, `
default:
  rate: {rate: unlimited, in_flight: unlimited}
  robots: {mode: ignore}
  retry: {max_attempts: 1}
  captcha:
    solvers: {service: 2captcha, key: %q, url: %q, poll: {first: 1ms, every: 1ms}}
    budget: {total: %s}
pools: {exits: {proxies: %q, blocks: {after: off}}}
`, key, web.Solver().URL(), total, proxy.URL()), 0o600))
		cfg, err := godwit.Load(path)
		require.NoError(t, err)
		pool := cfg.Pools["exits"]
		pool.TLS = &tls.Config{RootCAs: web.CertPool()}
		cfg.Pools["exits"] = pool
		return cfg
	}
	left := func(tr *godwit.Transport) trip.USD { return tr.State().Budgets[0].Remaining }
	key := web.Solver().Key()
	tr := transport(t, load(key, "$1"))
	_, _, err = get(t.Context(), tr, "one", web.Site("shop.test").URL("/p/1"))
	require.NoError(t, err)
	spent := trip.Dollar - left(tr)
	require.Positive(t, spent)

	require.NoError(t, tr.Reload(load(key, "$1")))
	require.Equal(t, trip.Dollar-spent, left(tr), "the same file again")
	require.NoError(t, tr.Reload(load("another-key", "$2")))
	require.Equal(t, 2*trip.Dollar-spent, left(tr))
	require.Positive(t, tr.Stats().Pools[1].Proxies[0].Uses)
	_, _, err = get(t.Context(), tr, "two", web.Site("shop.test").URL("/p/2"))
	require.ErrorIs(t, err, captcha.ErrChallenge, "the new key is in force, and the service does not know it")
	require.NoError(t, tr.Reload(load(key, fmt.Sprint(spent))))
	_, _, err = get(t.Context(), tr, "three", web.Site("shop.test").URL("/p/3"))
	require.ErrorIs(t, err, captcha.ErrBudget, "the money is gone")
}

func TestThreeMistakesAtOnceAreMendedFromTheMessagesAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "crawler.yaml")
	lines := []string{
		"default:",
		"  rate: {rate: 30 per minute}",
		"domains:",
		`  "*.shop.test":`,
		"    captcha: {budget: {per_day: 2 dollars}}",
		"    retries: {max_attempts: 3}",
	}
	mended := map[string][2]string{ // what each message says makes the line right
		"a rate like 5/min":       {"30 per minute", "30/min"},
		"want dollars like $2.50": {"2 dollars", "$2"},
		`did you mean "retry"?`:   {"retries", "retry"},
	}
	for range len(mended) + 1 {
		require.NoError(t, os.WriteFile(path, []byte(strings.Join(lines, "\n")+"\n"), 0o600))
		_, err := godwit.Load(path)
		if err == nil {
			break
		}
		message := err.Error()
		for hint, change := range mended {
			i := strings.Index(message, hint)
			if i < 0 {
				continue
			}
			at := strings.LastIndex(message[:i], "crawler.yaml:")
			var line int
			_, err := fmt.Sscanf(message[at:], "crawler.yaml:%d:", &line)
			require.NoError(t, err)
			require.Contains(t, lines[line-1], change[0], "the message names the line: %s", message)
			lines[line-1] = strings.Replace(lines[line-1], change[0], change[1], 1)
			delete(mended, hint)
		}
	}
	require.Empty(t, mended, "mistakes that no message told of")
	cfg, err := godwit.Load(path)
	require.NoError(t, err)
	require.Equal(t, 0.5, cfg.Default.Rate.Rate)
	require.Equal(t, 3, cfg.Domains["*.shop.test"].Retry.MaxAttempts)
}

package godwit

import (
	"crypto/tls"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"os"
	"reflect"
	"strings"

	"github.com/godwit-go/godwit/captcha"
	"github.com/godwit-go/godwit/captcha/solver"
	"github.com/godwit-go/godwit/internal/conf"
	"github.com/godwit-go/godwit/secret"
	"github.com/godwit-go/godwit/trip"
)

// Load reads a configuration file: YAML, of which JSON is a subset. Keys are the
// field names of [Config] in snake case; "presets" holds what a policy may start
// from. Durations are written 30s or 1h30m, sizes 64KiB, rates 5/min, shares 20%,
// money $2.50, and "off" or "unlimited" where a negative number means that.
// Secrets may be references: ${NAME} to the environment, file:/path to a file.
//
// Load is strict. The error joins every mistake, each with file, line, column, the
// line itself and, for a misspelt key, the nearest one there is. What [Config.Validate]
// finds is part of it.
//
// A file that holds secrets itself is for its owner's eyes only: [Config].Logger is
// warned of one that every user can read.
func Load(path string) (Config, error) {
	src, err := os.ReadFile(path)
	if err != nil {
		return Config{}, fmt.Errorf("godwit: %w", err)
	}
	return parseConfig(path, src)
}

func parseConfig(name string, src []byte) (Config, error) {
	var cfg Config
	keys := false // stand in the file
	reading := maps.Clone(codecs)
	reading[reflect.TypeFor[secret.Value]()] = conf.Codec{Parse: func(_, text string) (any, error) {
		key, err := secret.Parse(text)
		keys = keys || key.Source() == secret.Explicit(text).Source()
		return key, err
	}}
	doc, err := conf.Decode(name, src, &cfg, reading)
	if err != nil {
		return Config{}, err
	}
	if err := cfg.Validate(); err != nil {
		return Config{}, doc.Locate(err)
	}
	if keys || cfg.holdsLogins() {
		cfg.secretsIn = name
	}
	return cfg, nil
}

// Schema returns the JSON Schema of configuration files, for editors.
func Schema() []byte {
	raw, err := conf.Schema(reflect.TypeFor[Config](), "godwit configuration", codecs)
	if err != nil {
		return nil // a schema of maps and strings always encodes
	}
	return raw
}

// codecs are the types that configuration files write in a form of their own.
var codecs = conf.Codecs{
	reflect.TypeFor[secret.Value](): {
		Parse:  func(_, text string) (any, error) { return secret.Parse(text) },
		Schema: described("string", "a secret: ${NAME} from the environment, file:/path, or itself"),
	},
	reflect.TypeFor[trip.USD](): {
		Parse:  parseMoney,
		Schema: described("string", `dollars like $2.50, $2.50/day where the key says per_day, or "off"`),
	},
	reflect.TypeFor[*captcha.Budget](): {
		Shape: reflect.TypeFor[budgetShape](),
		Build: func(v any) (any, error) { return v.(budgetShape).build() },
	},
	reflect.TypeFor[captcha.Solver](): {
		Shape: reflect.TypeFor[solver.Config](),
		Build: func(v any) (any, error) { return solver.Open(v.(solver.Config)) },
	},
	reflect.TypeFor[*tls.Config]():       {},
	reflect.TypeFor[*net.Resolver]():     {},
	reflect.TypeFor[http.RoundTripper](): {},
}

func described(kind, text string) map[string]any {
	return map[string]any{"type": kind, "description": text}
}

// budgetShape is a [captcha.Budget] as files write it.
type budgetShape struct {
	PerCall, PerDomain, PerDay, Total trip.USD
	Ledger                            string // path of the file that remembers what was spent
}

func (s budgetShape) build() (*captcha.Budget, error) {
	return captcha.NewBudget(captcha.BudgetConfig{
		PerCall: s.PerCall, PerDomain: s.PerDomain, PerDay: s.PerDay, Total: s.Total, LedgerFile: s.Ledger,
	})
}

var errMoney = errors.New(`want dollars like $2.50, or "off"`)

// parseMoney reads an amount, with "/day" behind it where the key ends in day.
func parseMoney(key, text string) (any, error) {
	if text == "off" || text == "unlimited" {
		return trip.USD(-1), nil
	}
	amount, per, ok := strings.Cut(text, "/")
	unit := key[strings.LastIndex(key, "_")+1:]
	if ok && strings.TrimSpace(per) != unit {
		return nil, fmt.Errorf("%.40q, want an amount, or the same with /%s", text, unit)
	}
	u, err := trip.ParseUSD(strings.TrimSpace(amount))
	if err != nil {
		return nil, fmt.Errorf("%.40q, %w", text, errMoney)
	}
	return u, nil
}

package conf

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"
)

var errForm = errors.New("wrong form")

// isOff tells whether text switches a numeric setting off, which the structs
// write as a negative number.
func isOff(text string) bool { return text == "off" || text == "unlimited" }

// parseDuration reads "30s", "1h30m", "2d", "off".
func parseDuration(text string) (time.Duration, error) {
	if isOff(text) {
		return -1, nil
	}
	if text == "0" {
		return 0, nil
	}
	if days, ok := strings.CutSuffix(text, "d"); ok {
		n, err := strconv.ParseFloat(days, 64)
		if err != nil || math.Abs(n) > 36500 {
			return 0, errForm
		}
		return time.Duration(n * float64(24*time.Hour)), nil
	}
	return time.ParseDuration(text)
}

var sizeUnits = []struct {
	suffix string
	bytes  int64
}{
	{"KiB", 1 << 10},
	{"MiB", 1 << 20},
	{"GiB", 1 << 30},
	{"kB", 1e3},
	{"KB", 1e3},
	{"MB", 1e6},
	{"GB", 1e9},
	{"B", 1},
}

// parseSize reads a whole number, or a size like "64KiB", or "off".
func parseSize(text string) (int64, error) {
	if isOff(text) {
		return -1, nil
	}
	for _, unit := range sizeUnits {
		if digits, ok := strings.CutSuffix(text, unit.suffix); ok {
			n, err := strconv.ParseInt(strings.TrimSpace(digits), 10, 64)
			if err != nil || n > math.MaxInt64/unit.bytes || n < math.MinInt64/unit.bytes {
				return 0, errForm
			}
			return n * unit.bytes, nil
		}
	}
	return strconv.ParseInt(strings.ReplaceAll(text, "_", ""), 10, 64)
}

var periods = map[string]float64{"s": 1, "sec": 1, "second": 1, "min": 60, "m": 60, "minute": 60, "h": 3600, "hour": 3600, "d": 86400, "day": 86400}

// parseNumber reads a finite number, a percentage "20%", a rate "5/min" as a
// number per second, or "off".
func parseNumber(text string) (float64, error) {
	if isOff(text) {
		return -1, nil
	}
	scale := 1.0
	if percent, ok := strings.CutSuffix(text, "%"); ok {
		text, scale = percent, 0.01
	} else if count, period, ok := strings.Cut(text, "/"); ok {
		seconds, known := periods[strings.TrimSpace(period)]
		if !known {
			return 0, errForm
		}
		text, scale = strings.TrimSpace(count), 1/seconds
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsInf(n, 0) || math.IsNaN(n) {
		return 0, errForm
	}
	return n * scale, nil
}

// wants says in words what a value of type t looks like in a file.
func wants(t reflect.Type) string {
	if t == durationType {
		return `a duration like 30s or 1h30m, or "off"`
	}
	switch t.Kind() {
	case reflect.String:
		return "a string"
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return `a whole number, a size like 64KiB, or "off"`
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return "a whole number, 0 or more"
	case reflect.Float32, reflect.Float64:
		return `a number, a rate like 5/min, a share like 20%, or "off"`
	}
	return "a value of another form"
}

func scalar(node ast.Node) (string, bool) {
	switch n := node.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.LiteralNode:
		return n.Value.Value, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		return node.GetToken().Value, true
	}
	return "", false
}

var durationType = reflect.TypeFor[time.Duration]()

// setScalar parses text into a value of one of the basic kinds.
func setScalar(dst reflect.Value, text string) error {
	want := wants(dst.Type())
	fail := func() error { return fmt.Errorf("%.60q, want %s", text, want) }
	if dst.Type() == durationType {
		n, err := parseDuration(text)
		if err != nil {
			return fail()
		}
		dst.SetInt(int64(n))
		return nil
	}
	switch dst.Kind() {
	case reflect.String:
		dst.SetString(text)
	case reflect.Bool:
		v, err := strconv.ParseBool(text)
		if err != nil {
			return fail()
		}
		dst.SetBool(v)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		n, err := parseSize(text)
		if err != nil || dst.OverflowInt(n) {
			return fail()
		}
		dst.SetInt(n)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		n, err := strconv.ParseUint(text, 10, 64)
		if err != nil || dst.OverflowUint(n) {
			return fail()
		}
		dst.SetUint(n)
	case reflect.Float32, reflect.Float64:
		n, err := parseNumber(text)
		if err != nil {
			return fail()
		}
		dst.SetFloat(n)
	default:
		return fail()
	}
	return nil
}

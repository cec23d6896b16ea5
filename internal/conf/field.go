package conf

import (
	"reflect"
	"slices"
	"strings"
	"unicode"
)

// fields maps the keys of a struct to field indices.
func (d *decoder) fields(t reflect.Type) map[string]int {
	keys := make(map[string]int, t.NumField())
	for i := range t.NumField() {
		if f := t.Field(i); f.IsExported() && d.codecs.holds(f.Type, nil) {
			keys[Key(f.Name)] = i
		}
	}
	return keys
}

// holds tells whether a file can hold a value of type t.
func (c Codecs) holds(t reflect.Type, within []reflect.Type) bool {
	if codec, ok := c[t]; ok {
		return codec.Parse != nil || codec.Shape != nil
	}
	if isText(t) {
		return true
	}
	if slices.Contains(within, t) {
		return true
	}
	within = append(within, t)
	switch t.Kind() {
	case reflect.Func, reflect.Interface, reflect.Chan, reflect.UnsafePointer:
		return false
	case reflect.Slice, reflect.Pointer, reflect.Map:
		return c.holds(t.Elem(), within)
	case reflect.Struct:
		for i := range t.NumField() {
			if f := t.Field(i); f.IsExported() && c.holds(f.Type, within) {
				return true
			}
		}
		return false
	}
	return true
}

// Key returns the key of a struct field: MaxAttempts is max_attempts, URLs is urls.
func Key(field string) string {
	var b strings.Builder
	runes := []rune(field)
	for i, r := range runes {
		if unicode.IsUpper(r) && i > 0 {
			afterLower := !unicode.IsUpper(runes[i-1])
			beforeLower := i+1 < len(runes) && unicode.IsLower(runes[i+1]) && !(runes[i+1] == 's' && i+2 == len(runes))
			if afterLower || beforeLower {
				b.WriteByte('_')
			}
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

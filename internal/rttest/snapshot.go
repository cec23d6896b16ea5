package rttest

import (
	"context"
	"net/http"
	"reflect"

	"github.com/stretchr/testify/require"
)

// snapshot remembers a request in every exported field.
type snapshot struct {
	req *http.Request
	ctx context.Context
	was []any // per field: as is, or a deep copy of what it refers to
}

func snap(req *http.Request) snapshot {
	return snapshot{req: req, ctx: req.Context(), was: fields(req)}
}

func (s snapshot) requireUnchanged(t T, when string) {
	t.Helper()
	require.True(t, s.ctx == s.req.Context(), "%s: context of the caller's request was replaced", when)
	now := fields(s.req)
	typ := reflect.TypeFor[http.Request]()
	for i := range now {
		require.Equal(t, s.was[i], now[i], "%s: caller's Request.%s was written to", when, typ.Field(i).Name)
	}
}

type pointee struct {
	address uintptr
	value   any
}

func fields(req *http.Request) []any {
	v := reflect.ValueOf(req).Elem()
	var all []any
	for i := range v.NumField() {
		if !v.Type().Field(i).IsExported() {
			all = append(all, nil)
			continue
		}
		f := v.Field(i)
		switch x := f.Interface().(type) {
		case http.Header:
			all = append(all, pointee{f.Pointer(), x.Clone()})
			continue
		case []string:
			all = append(all, append([]string(nil), x...))
			continue
		}
		switch f.Kind() {
		case reflect.Func, reflect.Map, reflect.Chan:
			all = append(all, f.Pointer())
		case reflect.Pointer:
			p := pointee{address: f.Pointer()}
			if f.Type().Elem().Name() == "URL" && !f.IsNil() {
				p.value = f.Elem().Interface()
			}
			all = append(all, p)
		case reflect.Interface:
			var address uintptr
			if !f.IsNil() && f.Elem().Kind() == reflect.Pointer {
				address = f.Elem().Pointer()
			}
			all = append(all, address)
		default:
			all = append(all, f.Interface())
		}
	}
	return all
}

package conf

import (
	"encoding/json"
	"reflect"
)

// Schema returns a JSON Schema (draft 2020-12) of the files that [Decode] accepts
// for a value of type t.
func Schema(t reflect.Type, title string, codecs Codecs) ([]byte, error) {
	s := schema{codecs: codecs, defs: map[string]any{}, names: map[reflect.Type]string{}}
	root := s.of(t)
	root["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	root["title"] = title
	root["$defs"] = s.defs
	return json.MarshalIndent(root, "", "  ")
}

type schema struct {
	codecs Codecs
	defs   map[string]any
	names  map[reflect.Type]string
}

func (s *schema) of(t reflect.Type) map[string]any {
	if codec, ok := s.codecs[t]; ok {
		if codec.Shape != nil {
			return s.of(codec.Shape)
		}
		return codec.Schema
	}
	if t == durationType {
		return described("string", wants(t))
	}
	if isText(t) {
		return map[string]any{"type": "string"}
	}
	switch t.Kind() {
	case reflect.Struct:
		return s.ref(t)
	case reflect.Pointer:
		return s.of(t.Elem())
	case reflect.Slice:
		return map[string]any{"type": "array", "items": s.of(t.Elem())}
	case reflect.Map:
		return map[string]any{"type": "object", "additionalProperties": s.of(t.Elem())}
	case reflect.Bool:
		return map[string]any{"type": "boolean"}
	case reflect.String:
		return map[string]any{"type": "string"}
	default:
		return map[string]any{"type": []string{"number", "string"}, "description": wants(t)}
	}
}

func described(kind, text string) map[string]any {
	return map[string]any{"type": kind, "description": text}
}

// ref describes a struct once, under its package and name.
func (s *schema) ref(t reflect.Type) map[string]any {
	name, known := s.names[t]
	if !known {
		name = t.String()
		s.names[t] = name
		props := map[string]any{}
		for i := range t.NumField() {
			if f := t.Field(i); f.IsExported() && s.codecs.holds(f.Type, nil) {
				props[Key(f.Name)] = s.of(f.Type)
			}
		}
		s.defs[name] = map[string]any{"type": "object", "properties": props, "additionalProperties": false}
	}
	return map[string]any{"$ref": "#/$defs/" + name}
}

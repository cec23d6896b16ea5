package conf

import (
	"encoding"
	"fmt"
	"reflect"

	"github.com/goccy/go-yaml/ast"
)

type decoder struct {
	doc      *Document
	codecs   Codecs
	anchors  map[string]ast.Node
	depth    int
	values   int
	problems problems
}

func (d *decoder) problem(node ast.Node, format string, args ...any) {
	d.problems = append(d.problems, d.doc.problem(position(node), fmt.Sprintf(format, args...)))
}

// resolve looks through anchors, aliases and tags.
func (d *decoder) resolve(node ast.Node) ast.Node {
	for range 100 {
		switch n := node.(type) {
		case *ast.AnchorNode:
			d.anchors[n.Name.String()] = n.Value
			node = n.Value
		case *ast.AliasNode:
			target, ok := d.anchors[n.Value.String()]
			if !ok {
				d.problem(node, "alias *%s has no anchor", n.Value.String())
				return nil
			}
			node = target
		case *ast.TagNode:
			node = n.Value
		default:
			return node
		}
	}
	return nil
}

const (
	maxDepth  = 50      // of nesting; aliases could make it endless
	maxValues = 100_000 // in one file; aliases could multiply them
)

func (d *decoder) value(node ast.Node, dst reflect.Value, path, key string) {
	d.depth, d.values = d.depth+1, d.values+1
	defer func() { d.depth-- }()
	if d.depth > maxDepth || d.values > maxValues {
		if d.values <= maxValues+1 {
			d.problem(node, "is nested too deeply or repeated too often")
		}
		return
	}
	at := node
	node = d.resolve(node)
	if node == nil {
		return
	}
	d.doc.marks[path] = mark(position(at))
	if _, null := node.(*ast.NullNode); null {
		return // as if it were not there
	}
	if codec, ok := d.codecs[dst.Type()]; ok {
		d.coded(node, dst, codec, path, key)
		return
	}
	if isText(dst.Type()) {
		d.text(node, dst, key)
		return
	}
	switch dst.Kind() {
	case reflect.Struct:
		d.structure(node, dst, path)
	case reflect.Map:
		d.mapping(node, dst, path)
	case reflect.Slice:
		d.sequence(node, dst, path, key)
	case reflect.Pointer:
		dst.Set(reflect.New(dst.Type().Elem()))
		d.value(node, dst.Elem(), path, key)
	default:
		text, ok := scalar(node)
		if !ok {
			d.problem(node, "%s: a %s, want %s", key, kindOf(node), wants(dst.Type()))
			return
		}
		if err := setScalar(dst, text); err != nil {
			d.problem(node, "%s: %v", key, err)
		}
	}
}

func (d *decoder) coded(node ast.Node, dst reflect.Value, codec Codec, path, key string) {
	var v any
	var err error
	if codec.Shape != nil {
		shape := reflect.New(codec.Shape)
		before := len(d.problems)
		d.value(node, shape.Elem(), path, key)
		if len(d.problems) > before {
			return
		}
		v, err = codec.Build(shape.Elem().Interface())
	} else if text, ok := scalar(node); ok {
		v, err = codec.Parse(key, text)
	} else {
		err = fmt.Errorf("a %s, want a scalar", kindOf(node))
	}
	if err != nil {
		d.problem(node, "%s: %v", key, err)
		return
	}
	if v != nil {
		dst.Set(reflect.ValueOf(v))
	}
}

// text fills in a type that reads itself.
func (d *decoder) text(node ast.Node, dst reflect.Value, key string) {
	text, ok := scalar(node)
	if !ok {
		d.problem(node, "%s: a %s, want a string", key, kindOf(node))
		return
	}
	if err := dst.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(text)); err != nil {
		d.problem(node, "%s: %v", key, err)
	}
}

func isText(t reflect.Type) bool {
	return t.Kind() != reflect.Interface && reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]())
}

func (d *decoder) structure(node ast.Node, dst reflect.Value, path string) {
	pairs, ok := d.pairs(node)
	if !ok {
		return
	}
	fields := d.fields(dst.Type())
	for _, pair := range pairs {
		key := keyText(pair.Key)
		i, known := fields[key]
		if !known {
			d.problem(pair.Key, "unknown key %q%s", key, suggestion(key, fields))
			continue
		}
		name := dst.Type().Field(i).Name
		if path != "" {
			name = path + "." + name
		}
		d.value(pair.Value, dst.Field(i), name, key)
	}
}

func (d *decoder) mapping(node ast.Node, dst reflect.Value, path string) {
	pairs, ok := d.pairs(node)
	if !ok {
		return
	}
	dst.Set(reflect.MakeMapWithSize(dst.Type(), len(pairs)))
	for _, pair := range pairs {
		key := keyText(pair.Key)
		v := reflect.New(dst.Type().Elem()).Elem()
		name := fmt.Sprintf("%s[%q]", path, key)
		d.value(pair.Value, v, name, key)
		d.doc.marks[name] = mark(position(pair.Key))
		dst.SetMapIndex(reflect.ValueOf(key).Convert(dst.Type().Key()), v)
	}
}

func (d *decoder) sequence(node ast.Node, dst reflect.Value, path, key string) {
	seq, ok := node.(*ast.SequenceNode)
	if !ok {
		// One value is a list of one: `kinds: image`.
		dst.Set(reflect.MakeSlice(dst.Type(), 1, 1))
		d.value(node, dst.Index(0), path+"[0]", key)
		return
	}
	dst.Set(reflect.MakeSlice(dst.Type(), len(seq.Values), len(seq.Values)))
	for i, v := range seq.Values {
		d.value(v, dst.Index(i), fmt.Sprintf("%s[%d]", path, i), key)
	}
}

// pairs returns the key-value pairs of a mapping, merge keys expanded: what the
// mapping says itself comes later and wins.
func (d *decoder) pairs(node ast.Node) ([]*ast.MappingValueNode, bool) {
	var own []*ast.MappingValueNode
	switch n := node.(type) {
	case *ast.MappingNode:
		own = n.Values
	case *ast.MappingValueNode:
		own = []*ast.MappingValueNode{n}
	default:
		d.problem(node, "a %s, want a mapping of keys to values", kindOf(node))
		return nil, false
	}
	var all []*ast.MappingValueNode
	for _, pair := range own {
		if _, merge := pair.Key.(*ast.MergeKeyNode); !merge {
			continue
		}
		if base := d.resolve(pair.Value); base != nil {
			inherited, _ := d.pairs(base)
			all = append(all, inherited...)
		}
	}
	for _, pair := range own {
		if _, merge := pair.Key.(*ast.MergeKeyNode); !merge {
			all = append(all, pair)
		}
	}
	return all, true
}

func keyText(key ast.MapKeyNode) string {
	if s, ok := key.(*ast.StringNode); ok {
		return s.Value
	}
	return key.GetToken().Value
}

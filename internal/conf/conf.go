// Package conf reads configuration files into plain structs: YAML, of which JSON
// is a subset, strictly, with the position of every mistake.
//
// Keys are the field names in snake case. A field of a type that a file cannot
// hold (a func, an interface without a [Codec]) has no key.
package conf

import (
	"encoding"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// Codec teaches the decoder a type that it does not know. The zero Codec says that
// no file can hold the type.
type Codec struct {
	// Parse turns a scalar into the value. Key is the field's key, for forms that
	// depend on it. Nil when Shape is set.
	Parse func(key, text string) (any, error)
	// Shape is a struct type that stands for the value in the file, and Build makes
	// the value of it. Nil when Parse is set.
	Shape reflect.Type
	Build func(shape any) (any, error)
	// Schema describes a scalar in JSON Schema, for editors.
	Schema map[string]any
}

// Codecs maps types to how files write them.
type Codecs map[reflect.Type]Codec

// Document is a decoded file, for messages about it.
type Document struct {
	name  string
	lines []string
	marks map[string]mark // Go path of a field → where its value stands
}

type mark struct{ line, column int }

// Decode reads src into dst, a pointer to a struct. The error joins every mistake,
// each with file, line, column and a caret. The document is valid even then.
func Decode(name string, src []byte, dst any, codecs Codecs) (*Document, error) {
	doc := &Document{name: name, lines: strings.Split(string(src), "\n"), marks: make(map[string]mark)}
	file, err := parser.ParseBytes(src, 0)
	if err != nil {
		return doc, doc.syntaxError(err)
	}
	if len(file.Docs) == 0 || file.Docs[0].Body == nil {
		return doc, nil
	}
	d := decoder{doc: doc, codecs: codecs, anchors: make(map[string]ast.Node)}
	if len(file.Docs) > 1 && file.Docs[1].Body != nil {
		d.problem(file.Docs[1].Body, "a second document, want one")
	}
	d.value(file.Docs[0].Body, reflect.ValueOf(dst).Elem(), "", "")
	return doc, d.problems.join()
}

func (doc *Document) syntaxError(err error) error {
	var syntax *yaml.SyntaxError
	if ok := asSyntax(err, &syntax); ok && syntax.Token != nil && syntax.Token.Position != nil {
		pos := syntax.Token.Position
		return doc.problem(mark{pos.Line, pos.Column}, syntax.Message)
	}
	return fmt.Errorf("%s: %w", doc.name, err)
}

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

func keyText(key ast.MapKeyNode) string {
	if s, ok := key.(*ast.StringNode); ok {
		return s.Value
	}
	return key.GetToken().Value
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

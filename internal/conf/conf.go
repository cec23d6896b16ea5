// Package conf reads configuration files into plain structs: YAML, of which JSON
// is a subset, strictly, with the position of every mistake.
//
// Keys are the field names in snake case. A field of a type that a file cannot
// hold (a func, an interface without a [Codec]) has no key.
package conf

import (
	"fmt"
	"reflect"
	"strings"

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

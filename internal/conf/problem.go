package conf

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
)

// Problem is one mistake in a file.
type Problem struct {
	File         string
	Line, Column int // from 1
	Text         string
	Source       string // the line itself; empty where it may hold a secret
	Err          error  // what Text tells of, where it was an error; else nil
}

// Error gives the position, the text and the line with a caret under the place.
func (p *Problem) Error() string {
	s := fmt.Sprintf("%s:%d:%d: %s", p.File, p.Line, p.Column, p.Text)
	if p.Source == "" {
		return s
	}
	number := fmt.Sprintf("%5d | ", p.Line)
	pad := strings.Map(func(r rune) rune {
		if r == '\t' {
			return r
		}
		return ' '
	}, p.Source[:min(p.Column-1, len(p.Source))])
	return s + "\n" + number + p.Source + "\n" + strings.Repeat(" ", len(number)) + pad + "^"
}

// Unwrap returns the error that Text tells of, if any.
func (p *Problem) Unwrap() error { return p.Err }

type problems []*Problem

func (list problems) join() error {
	slices.SortStableFunc(list, func(a, b *Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	errs := make([]error, len(list))
	for i, p := range list {
		errs[i] = p
	}
	return errors.Join(errs...)
}

func (doc *Document) problem(at mark, text string) *Problem {
	p := &Problem{File: doc.name, Line: at.line, Column: at.column, Text: text}
	if at.line >= 1 && at.line <= len(doc.lines) {
		p.Source = maskSecret(strings.TrimRight(doc.lines[at.line-1], "\r"))
	}
	return p
}

// Locate turns the problems of a Validate, each of which starts with the Go path
// of its field, into problems with the place in the file where the field, or the
// nearest one around it, was set.
func (doc *Document) Locate(err error) error {
	if err == nil {
		return nil
	}
	list, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return doc.locate(err)
	}
	var errs []error
	for _, e := range list.Unwrap() {
		errs = append(errs, doc.Locate(e))
	}
	return errors.Join(errs...)
}

func (doc *Document) locate(err error) error {
	path, _, _ := strings.Cut(err.Error(), ": ")
	for path != "" {
		if at, ok := doc.marks[path]; ok {
			p := doc.problem(at, err.Error())
			p.Err = err
			return p
		}
		path = path[:max(0, strings.LastIndexAny(path, ".["))]
	}
	return fmt.Errorf("%s: %w", doc.name, err)
}

// maskSecret hides a value that looks like a credential: a key of that meaning,
// or a URL with user info.
func maskSecret(line string) string {
	key, _, ok := strings.Cut(line, ":")
	name := strings.ToLower(strings.Trim(key, " \t-\"'{"))
	if ok && (strings.Contains(name, "key") || strings.Contains(name, "password") || strings.Contains(name, "secret") || strings.Contains(name, "token")) {
		return key + ": …"
	}
	if strings.Contains(line, "@") || strings.Count(line, ":") > 2 {
		return ""
	}
	return line
}

func position(node ast.Node) mark {
	if pair, ok := node.(*ast.MappingValueNode); ok {
		node = pair.Key
	}
	if m, ok := node.(*ast.MappingNode); ok && len(m.Values) > 0 && !m.IsFlowStyle {
		node = m.Values[0].Key
	}
	if node == nil {
		return mark{1, 1}
	}
	if t := node.GetToken(); t != nil && t.Position != nil {
		return mark{t.Position.Line, t.Position.Column}
	}
	return mark{1, 1}
}

func kindOf(node ast.Node) string {
	switch node.(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
		return "mapping"
	case *ast.SequenceNode:
		return "list"
	}
	return "scalar"
}

func asSyntax(err error, target **yaml.SyntaxError) bool { return errors.As(err, target) }

// suggestion names the known key nearest to an unknown one.
func suggestion(key string, fields map[string]int) string {
	known := slices.Sorted(maps.Keys(fields))
	best, at := "", len(key)/2+1
	for _, k := range known {
		if n := distance(key, k); n < at {
			best, at = k, n
		}
	}
	if best != "" {
		return fmt.Sprintf(", did you mean %q?", best)
	}
	return ", want one of " + strings.Join(known, ", ")
}

// distance is the number of insertions, deletions, replacements and swaps of
// neighbours that make a of b (optimal string alignment).
func distance(a, b string) int {
	d := make([][]int, len(a)+1)
	for i := range d {
		d[i] = make([]int, len(b)+1)
		d[i][0] = i
	}
	for j := range d[0] {
		d[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			d[i][j] = min(d[i-1][j]+1, d[i][j-1]+1, d[i-1][j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d[i][j] = min(d[i][j], d[i-2][j-2]+1)
			}
		}
	}
	return d[len(a)][len(b)]
}

package secret

import (
	"fmt"
	"io"
	"log/slog"
)

// Mask stands for a secret wherever one would be printed.
const Mask = "***"

// Value is a secret, or rather the way to it. The zero Value is unset. Values
// are small, meant to be copied and safe for concurrent use.
//
// Two Values are equal by == when one is a copy of the other; equal secrets do
// not make equal Values.
type Value struct {
	// src is an interface that holds a pointer: where fmt meets a Value in an
	// unexported field, which hides its methods, it prints the address alone.
	src source
}

// source is one way to a secret.
type source interface {
	reveal() (string, error)
	String() string // names the source, never its content
	warnings() []string
}

// sealed hides a text from everything that walks memory by reflection: a dumper
// prints a function's address.
type sealed func() string

func seal(text string) sealed { return func() string { return text } }

// Explicit returns the Value of a secret that is given outright. An empty text
// gives the zero Value.
func Explicit(text string) Value {
	if text == "" {
		return Value{}
	}
	return Value{&explicit{seal(text)}}
}

type explicit struct{ text sealed }

func (e *explicit) reveal() (string, error) { return e.text(), nil }
func (e *explicit) String() string          { return "explicit" }
func (e *explicit) warnings() []string      { return nil }

// IsZero tells whether the Value is unset. A Value whose variable or file does
// not exist is set all the same; its [Value.Reveal] fails.
func (v Value) IsZero() bool { return v.src == nil }

// Reveal returns the secret as it is now. Its error is an [*Error] that names
// the source; errors.Is finds [ErrUnset], [ErrTooLarge] or the file error in it.
// Keep the result no longer than the one use of it, so that a rotated secret is
// followed.
func (v Value) Reveal() (string, error) {
	if v.src == nil {
		return "", &Error{Source: "value", Err: ErrUnset}
	}
	text, err := v.src.reveal()
	if err != nil {
		return "", &Error{Source: v.src.String(), Err: err}
	}
	return text, nil
}

// Source names where the secret comes from: "explicit", "environment NAME",
// "file PATH"; empty when unset.
func (v Value) Source() string {
	if v.src == nil {
		return ""
	}
	return v.src.String()
}

// Warnings tells what is careless about how the secret is kept now: a file that
// every user of the machine can read, a variable that hides its NAME_FILE. It is
// empty when all is well. It touches the file system, so it is for start-up and
// status pages, not for every use.
func (v Value) Warnings() []string {
	if v.src == nil {
		return nil
	}
	return v.src.warnings()
}

// String returns [Mask]; empty when unset.
func (v Value) String() string {
	if v.src == nil {
		return ""
	}
	return Mask
}

// GoString returns a masked Go expression.
func (v Value) GoString() string { return fmt.Sprintf("secret.Value(%q)", v.String()) }

// Format masks the secret whatever the verb.
func (v Value) Format(f fmt.State, verb rune) {
	switch {
	case verb == 'v' && f.Flag('#'):
		_, _ = io.WriteString(f, v.GoString())
	case verb == 'q':
		_, _ = fmt.Fprintf(f, "%q", v.String())
	default:
		_, _ = io.WriteString(f, v.String())
	}
}

// MarshalText returns [Mask]; empty when unset.
func (v Value) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// MarshalJSON returns [Mask] as a JSON string; an empty string when unset.
func (v Value) MarshalJSON() ([]byte, error) { return []byte(`"` + v.String() + `"`), nil }

// LogValue returns [Mask]; empty when unset.
func (v Value) LogValue() slog.Value { return slog.StringValue(v.String()) }

// UnmarshalText reads what [Parse] reads, so that a Value can be a field of a
// configuration that is loaded from JSON or YAML.
func (v *Value) UnmarshalText(text []byte) error {
	parsed, err := Parse(string(text))
	if err != nil {
		return err
	}
	*v = parsed
	return nil
}

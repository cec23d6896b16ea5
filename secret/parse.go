package secret

import (
	"fmt"
	"regexp"
	"strings"
)

var variable = regexp.MustCompile(`^\$\{([A-Za-z_][A-Za-z0-9_]*)\}$`)

// Parse reads a secret as configuration files write it:
//
//	${NAME}        the environment variable, or the file that NAME_FILE names
//	file:/path     the file
//	anything else  the secret itself
//
// An empty ref gives the zero Value. A "${" that is not the whole of ref is
// refused, since half a secret helps nobody, and so is [Mask], the trace of a
// printed configuration. The error wraps [ErrReference] and does not quote ref.
func Parse(ref string) (Value, error) {
	if m := variable.FindStringSubmatch(ref); m != nil {
		return Env(m[1]), nil
	}
	path, isFile := strings.CutPrefix(ref, "file:")
	switch {
	case isFile && path == "":
		return Value{}, fmt.Errorf("secret: %w: file: wants a path after it", ErrReference)
	case isFile:
		return File(path), nil
	case strings.Contains(ref, "${"):
		return Value{}, fmt.Errorf("secret: %w: want ${NAME} and nothing around it, the name of letters, digits and _", ErrReference)
	case ref == Mask:
		return Value{}, fmt.Errorf("secret: %w: this is the mask of a printed configuration, not a secret", ErrReference)
	}
	return Explicit(ref), nil
}

package secret

import (
	"fmt"
	"os"
	"strings"
	"sync"
)

// fileSuffix makes of a variable's name that of the variable which holds the
// path of a file instead, as Docker's own images have it.
const fileSuffix = "_FILE"

// Env returns the Value of the environment variable name or, where that is
// absent or empty, of the file whose path name_FILE holds. Both are read anew by
// every [Value.Reveal]. A trailing newline is not part of the secret.
func Env(name string) Value { return Value{&environment{name: name}} }

type environment struct {
	name string

	mu   sync.Mutex
	file *file // behind name_FILE; kept for what it remembers
}

func (e *environment) String() string { return "environment " + e.name }

func (e *environment) reveal() (string, error) {
	if text := trim(os.Getenv(e.name)); text != "" {
		return text, nil
	}
	f := e.behind()
	if f == nil {
		return "", ErrUnset
	}
	text, err := f.reveal()
	if err != nil {
		return "", fmt.Errorf("%s%s: %w", e.name, fileSuffix, err)
	}
	return text, nil
}

func (e *environment) warnings() []string {
	f := e.behind()
	switch {
	case f == nil:
		return nil
	case trim(os.Getenv(e.name)) != "":
		return []string{fmt.Sprintf("environment %s is set and hides %[1]s%s", e.name, fileSuffix)}
	}
	return f.warnings()
}

// behind returns the file that name_FILE points to now; nil when it is not set.
func (e *environment) behind() *file {
	path := os.Getenv(e.name + fileSuffix)
	if path == "" {
		return nil
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.file == nil || e.file.path != path {
		e.file = &file{path: path}
	}
	return e.file
}

// trim takes off the newline that editors and echo leave at the end.
func trim(text string) string { return strings.TrimRight(text, "\r\n") }

package headers

import (
	"fmt"
	"strings"
)

// Kind is what asks for a URL: it decides destination, mode, Accept, priority and order.
type Kind uint8

// The kinds.
const (
	// Navigate is a top-level navigation: typed, a link, a form, a script.
	Navigate Kind = iota
	// Reload is F5, HardReload Ctrl+Shift+R.
	Reload
	HardReload
	// IFrame, Object and Embed are nested documents and plug-in content.
	IFrame
	Object
	Embed
	// Image to Manifest are elements, CSS and import; Audio and Video ask from byte 0.
	Image
	Favicon
	Style
	Script
	Module
	Font
	Audio
	Video
	Track
	Manifest
	// Fetch to Beacon are the script APIs.
	Fetch
	XHR
	EventSource
	Beacon
	// Preflight is the CORS OPTIONS request.
	Preflight
	// Prefetch is <link rel=prefetch>.
	Prefetch
	// Worker, SharedWorker and ServiceWorker are a worker's main script.
	Worker
	SharedWorker
	ServiceWorker
	// Socket is the opening handshake of a WebSocket.
	Socket
)

// kinds holds what the Fetch and HTML standards say about each kind.
var kinds = [...]struct {
	name, dest string
	mode       Mode
	getOnly    bool
}{
	Navigate:      {"navigate", "document", modeNavigate, false},
	Reload:        {"reload", "document", modeNavigate, false},
	HardReload:    {"hard-reload", "document", modeNavigate, false},
	IFrame:        {"iframe", "iframe", modeNavigate, false},
	Object:        {"object", "object", modeNavigate, true},
	Embed:         {"embed", "embed", modeNavigate, true},
	Image:         {"image", "image", ModeNoCORS, true},
	Favicon:       {"favicon", "image", ModeNoCORS, true},
	Style:         {"style", "style", ModeNoCORS, true},
	Script:        {"script", "script", ModeNoCORS, true},
	Module:        {"module", "script", ModeCORS, true},
	Font:          {"font", "font", ModeCORS, true},
	Audio:         {"audio", "audio", ModeNoCORS, true},
	Video:         {"video", "video", ModeNoCORS, true},
	Track:         {"track", "track", ModeSameOrigin, true},
	Manifest:      {"manifest", "manifest", ModeCORS, true},
	Fetch:         {"fetch", "empty", ModeCORS, false},
	XHR:           {"xhr", "empty", ModeCORS, false},
	EventSource:   {"eventsource", "empty", ModeCORS, true},
	Beacon:        {"beacon", "empty", ModeNoCORS, false},
	Preflight:     {"preflight", "empty", ModeCORS, false},
	Prefetch:      {"prefetch", "empty", ModeNoCORS, true},
	Worker:        {"worker", "worker", ModeSameOrigin, true},
	SharedWorker:  {"sharedworker", "sharedworker", ModeSameOrigin, true},
	ServiceWorker: {"serviceworker", "serviceworker", ModeSameOrigin, true},
	Socket:        {"websocket", "websocket", modeWebSocket, true},
}

// Kinds lists every kind.
func Kinds() []Kind {
	all := make([]Kind, len(kinds))
	for i := range all {
		all[i] = Kind(i)
	}
	return all
}

// ParseKind returns the kind of that name. Its error, a [*ConflictError], names
// those that there are.
func ParseKind(s string) (Kind, error) {
	names := make([]string, len(kinds))
	for i := range kinds {
		if names[i] = kinds[i].name; names[i] == s {
			return Kind(i), nil
		}
	}
	return 0, &ConflictError{Field: "Kind", Value: s, Reason: "want one of " + strings.Join(names, ", ")}
}

// String returns the name that [ParseKind] reads.
func (k Kind) String() string {
	if int(k) < len(kinds) {
		return kinds[k].name
	}
	return fmt.Sprintf("kind(%d)", uint8(k))
}

// topLevel reports whether the result becomes the page.
func (k Kind) topLevel() bool { return k <= HardReload }

// navigation reports whether the result becomes a document, plug-in content included.
func (k Kind) navigation() bool { return k <= Embed }

// document reports whether the result is certainly a document: those requests
// ask for https in Upgrade-Insecure-Requests.
func (k Kind) document() bool { return k <= IFrame }

func (k Kind) media() bool { return k == Audio || k == Video }

func (k Kind) workerScript() bool { return k >= Worker && k <= ServiceWorker }

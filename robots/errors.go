package robots

import (
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/godwit-go/godwit/trip"
)

// ErrDisallowed is what every [DisallowedError] is.
var ErrDisallowed = errors.New("robots: disallowed")

// DisallowedError refuses a request that robots.txt does not allow. Nothing was
// sent.
type DisallowedError struct {
	// URL is that of the request, without user, query and fragment.
	URL string
	// Agent is the product token that was looked for; empty for all robots.
	Agent string
	// Rule is the line that disallows the request, such as "Disallow: /private". It
	// is empty when there is no robots.txt to be had, which disallows everything.
	Rule string
	// RetryAt is when robots.txt will be fetched again if there is none to be had;
	// zero when there is a Rule.
	RetryAt time.Time
	// Cause is why there is no robots.txt to be had; nil when there is a Rule.
	Cause error
}

// maxRule bounds how much of a rule is shown.
const maxRule = 200

// Error names the URL and the rule or the reason.
func (e *DisallowedError) Error() string {
	if e.Cause != nil {
		return fmt.Sprintf("robots: %q is disallowed while there is no robots.txt to be had: %v", e.URL, e.Cause)
	}
	rule := e.Rule
	if len(rule) > maxRule {
		rule = rule[:maxRule] + "…"
	}
	return fmt.Sprintf("robots: %q is disallowed by %q", e.URL, rule)
}

// Is makes errors.Is(err, ErrDisallowed) true.
func (e *DisallowedError) Is(target error) bool { return target == ErrDisallowed }

// Unwrap returns the Cause.
func (e *DisallowedError) Unwrap() error { return e.Cause }

// Outcome is [trip.Local]: a retry would change nothing.
func (e *DisallowedError) Outcome() trip.Outcome {
	return trip.Outcome{Verdict: trip.Local, RetryAt: e.RetryAt, Reason: "robots.txt"}
}

// statusError is the Cause when robots.txt is answered with a server error.
type statusError int

func (e statusError) Error() string { return fmt.Sprintf("robots.txt: status %d", int(e)) }

func redacted(u *url.URL) string {
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawPath: u.RawPath}).String()
}

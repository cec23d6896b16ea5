package captcha

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
)

// Rule adds to what the built-in rules know, or overrules them: rules are asked in
// order before the built-in ones, and the first that matches decides.
type Rule struct {
	// Name tells the rule apart in logs. Required.
	Name string
	// Match tells whether the rule applies. It may be called concurrently and
	// must not keep or change the page. Required.
	Match func(*Page) bool
	// Verdict is what a match means; [None] makes an exception from the built-in
	// rules. Default None.
	Verdict Verdict
	// Vendor of a match. Default [Generic].
	Vendor Vendor
	// Kind of a match. Default [KindBlock] with [Blocked], else [KindScript].
	Kind Kind
	// Unsolvable says that no answer lifts it. Default false.
	Unsolvable bool
	// Confidence of a match. Default [High].
	Confidence float64
	// Fill, if not nil, completes the challenge of a match: a sitekey, a form,
	// parameters. Same conditions as for Match. Default nil.
	Fill func(*Page, *Challenge)
}

// Validate tells everything that is wrong with the rule.
func (r Rule) Validate() error {
	var errs []error
	if r.Name == "" {
		errs = append(errs, errors.New(`Name: "", want a name`))
	}
	if r.Match == nil {
		errs = append(errs, errors.New("Match: nil, want a func"))
	}
	if int(r.Verdict) >= len(verdictNames) {
		errs = append(errs, fmt.Errorf("Verdict: %d, want one of %q", r.Verdict, verdictNames))
	}
	if r.Confidence < 0 || r.Confidence > 1 {
		errs = append(errs, fmt.Errorf("Confidence: %v, want 0 to 1", r.Confidence))
	}
	return errors.Join(errs...)
}

// Page is a response as rules see it.
type Page struct {
	// URL is where it came from; nil when not known.
	URL *url.URL
	// Status is its status code; 0 = not known.
	Status int
	// Header is its header; may be nil.
	Header http.Header
	// Body is the peeked part of its body.
	Body []byte
}

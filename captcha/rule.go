package captcha

import (
	"errors"
	"fmt"
)

// Rule tells one kind of challenge. The built-in ones are of this type; a user's
// own are asked before them, in order, and the first that matches decides.
type Rule struct {
	// Name tells the rule apart in logs. Required.
	Name string
	// Match tells whether the rule applies. It may be called concurrently and
	// must not keep or change the page. Required.
	Match func(*Page) bool
	// Markers spare ordinary pages the call of Match: it is called only when the
	// body holds one of them, in any ASCII case. They are looked for in the pass
	// over the body that is made anyway, so that a rule with markers costs an
	// ordinary page nothing; a rule without costs it the reading of its HTML.
	// At least 4 bytes each. Default none: Match is called for every page.
	Markers []string
	// Head says that the response's head is enough: Match is called before the
	// body is read, for responses that are no HTML too, and Markers do not count.
	// Default false.
	Head bool
	// Verdict is what a match means; [None] makes an exception from the rules
	// that follow. Default None.
	Verdict Verdict
	// Vendor of a match. Default [Generic].
	Vendor Vendor
	// Kind of a match. Default [KindBlock] with [Blocked], else [KindScript].
	Kind Kind
	// Confidence of a match. Default [High].
	Confidence float64
	// Fill, if not nil, completes the challenge of a match: a sitekey, a form,
	// parameters. What holds for Match holds for it. Default nil.
	Fill func(*Page, *Challenge)
}

// minMarker is the length of the shortest marker, which is how far the search for
// markers can leap at the most.
const minMarker = 4

// Validate tells everything that is wrong with the rule.
func (r Rule) Validate() error { return errors.Join(r.problems()...) }

func (r Rule) problems() (errs []error) {
	if r.Name == "" {
		errs = append(errs, errors.New(`Name: "", want a name`))
	}
	if r.Match == nil {
		errs = append(errs, errors.New("Match: nil, want a func"))
	}
	for i, m := range r.Markers {
		if len(m) < minMarker {
			errs = append(errs, fmt.Errorf("Markers[%d]: %q, want at least %d bytes", i, m, minMarker))
		}
	}
	if int(r.Verdict) >= len(verdictNames) {
		errs = append(errs, fmt.Errorf("Verdict: %d, want one of %q", r.Verdict, verdictNames))
	}
	if !(r.Confidence >= 0 && r.Confidence <= 1) {
		errs = append(errs, fmt.Errorf("Confidence: %v, want 0 to 1", r.Confidence))
	}
	return errs
}

// judge makes the challenge of a match.
func (r *Rule) judge(p *Page) Challenge {
	if r.Verdict == None {
		return Challenge{}
	}
	c := Challenge{
		Verdict:    r.Verdict,
		Vendor:     r.Vendor,
		Kind:       r.Kind,
		URL:        p.URL,
		Status:     p.Status,
		Header:     p.Header,
		Solvable:   r.Verdict == Challenged,
		Confidence: r.Confidence,
		Rule:       r.Name,
		Body:       p.Body,
	}
	if c.Vendor == "" {
		c.Vendor = Generic
	}
	if c.Kind == "" {
		c.Kind = KindScript
		if c.Verdict == Blocked {
			c.Kind = KindBlock
		}
	}
	if c.Confidence == 0 {
		c.Confidence = High
	}
	if r.Fill != nil {
		r.Fill(p, &c)
	}
	return c
}

// set keeps a parameter that the page gives.
func (c *Challenge) set(key, value string) {
	if value == "" {
		return
	}
	if c.Params == nil {
		c.Params = make(map[string]string)
	}
	c.Params[key] = value
}

// ban turns a challenge that turned out to be a refusal into one.
func (c *Challenge) ban() {
	c.Verdict, c.Kind, c.Solvable = Blocked, KindBlock, false
}

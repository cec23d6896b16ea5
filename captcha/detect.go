package captcha

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

const (
	// DefaultPeekBytes is how much of every HTML page is looked at.
	DefaultPeekBytes = 64 << 10
	// DefaultSuspectBytes is how much of a suspicious page is looked at.
	DefaultSuspectBytes = 512 << 10
)

// DetectorConfig configures a [Detector].
type DetectorConfig struct {
	// Rules are asked before the built-in ones. Default none.
	Rules []Rule
	// PeekBytes is how much of every HTML page is looked at; negative = nothing,
	// so that only the head decides. Default [DefaultPeekBytes].
	PeekBytes int
	// SuspectBytes is how much of a page is looked at when its first PeekBytes
	// hold a marker of any rule, or its status is a refusal's or an error's other
	// than "not found"; a page that has shown next to nothing so far, since its style
	// and scripts come first, is read on until it does. Negative = no more than
	// PeekBytes. Default [DefaultSuspectBytes].
	SuspectBytes int
}

// Validate tells everything that is wrong with the configuration.
func (c DetectorConfig) Validate() error {
	var errs []error
	for i, r := range c.Rules {
		for _, err := range r.problems() {
			errs = append(errs, fmt.Errorf("Rules[%d].%w", i, err))
		}
	}
	return errors.Join(errs...)
}

// Detector tells challenges from ordinary responses. The zero Detector knows the
// built-in rules. It is safe for concurrent use.
type Detector struct {
	cfg   DetectorConfig
	rules *ruleSet // nil = the built-in ones
}

// NewDetector returns a detector with the given configuration. It fails when the
// configuration is not valid.
func NewDetector(cfg DetectorConfig) (*Detector, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	d := &Detector{cfg: cfg}
	if len(cfg.Rules) > 0 {
		d.rules = newRuleSet(slices.Concat(cfg.Rules, builtinRules()))
	}
	return d, nil
}

// peekBytes and suspectBytes are the bounds in effect.
func (d *Detector) peekBytes() int { return max(cmp.Or(d.cfg.PeekBytes, DefaultPeekBytes), 0) }

func (d *Detector) suspectBytes() int {
	return max(cmp.Or(d.cfg.SuspectBytes, DefaultSuspectBytes), d.peekBytes())
}

func (d *Detector) ruleSet() *ruleSet {
	if d.rules != nil {
		return d.rules
	}
	return builtin()
}

// Detect judges a page that is in memory, with the built-in rules. Status 0 and
// nil for header and address mean that they are not known: the body alone is
// enough for most. It looks at no more than [DefaultSuspectBytes] of the body. The
// result refers to header, address and body.
func Detect(status int, header http.Header, address *url.URL, body []byte) Challenge {
	return new(Detector).Detect(status, header, address, body)
}

// Detect is the function [Detect] with the detector's configuration.
func (d *Detector) Detect(status int, header http.Header, address *url.URL, body []byte) Challenge {
	p := &Page{URL: address, Status: status, Header: header}
	head, decided := d.ruleSet().judgeHead(p)
	if decided && !head.Stands() {
		return head
	}
	format := formatOf(header)
	if format == unknownFormat && len(body) > 0 {
		format = sniff(body)
	}
	if format == otherFormat || len(body) == 0 || d.cfg.PeekBytes < 0 {
		return head
	}
	body = clip(body, d.suspectBytes())
	return merge(head, d.detect(p, format, body))
}

// detect judges a body by the rules for bodies.
func (d *Detector) detect(p *Page, format format, body []byte) Challenge {
	rules := d.ruleSet()
	p.Body, p.json = utf8Of(body), format == jsonFormat
	p.read = nil // a rule for the head may have looked
	found := rules.marksOf(p)
	if !found.any() && !rules.every {
		return Challenge{}
	}
	return rules.judgeBody(p, found)
}

// merge completes what the head decided with what the body of the same vendor
// gives, which may be that there is nothing to solve. Without a decision of the
// head the body's stands.
func merge(head, body Challenge) Challenge {
	if !head.Stands() {
		return body
	}
	if !body.Stands() || body.Vendor != head.Vendor {
		return head
	}
	if body.Verdict == head.Verdict {
		body.Rule, body.Confidence = head.Rule, max(body.Confidence, head.Confidence)
	}
	body.URL = head.URL
	return body
}

// format is what a body is in, as far as detection cares.
type format uint8

const (
	unknownFormat format = iota
	htmlFormat
	jsonFormat
	otherFormat
)

// formatOf tells the format from the header. A body that is still encoded is
// not looked at: what is inside is not known.
func formatOf(header http.Header) format {
	if ce := header.Get("Content-Encoding"); ce != "" && !strings.EqualFold(ce, "identity") {
		return otherFormat
	}
	ct := header.Get("Content-Type")
	if ct == "" {
		return unknownFormat
	}
	kind, _, _ := strings.Cut(ct, ";") // parameters matter no more than whether they are valid
	kind = strings.ToLower(strings.TrimSpace(kind))
	switch {
	case kind == "text/html", kind == "application/xhtml+xml":
		return htmlFormat
	case kind == "application/json", strings.HasSuffix(kind, "+json"), kind == "text/json":
		return jsonFormat
	}
	return otherFormat
}

// sniff tells the format of a body whose header does not. What is neither an
// object nor binary may be HTML: pages begin with anything.
func sniff(body []byte) format {
	start := bytes.TrimLeft(clip(body, 512), "\ufeff \t\r\n")
	if len(start) > 0 && start[0] == '{' {
		return jsonFormat
	}
	kind := http.DetectContentType(body)
	if strings.HasPrefix(kind, "text/xml") && !bytes.Contains(bytes.ToLower(clip(body, 1024)), []byte("<html")) {
		return otherFormat // a feed, a map of a site
	}
	if strings.HasPrefix(kind, "text/") || kind == "application/octet-stream" {
		return htmlFormat
	}
	return otherFormat
}

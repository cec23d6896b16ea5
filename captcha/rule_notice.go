package captcha

import (
	"regexp"
	"slices"
	"strings"
)

// notice makes the rules for a page told by its wording, which comes last: one for
// pages with a marker, and one that spares small pages and errors the search, so
// that wording in another encoding or language is read there too.
func notice(r Rule) []Rule {
	small := r
	small.Markers = nil
	small.Match = func(p *Page) bool { return (p.Status >= 400 || len(p.Body) <= smallPage) && r.Match(p) }
	return []Rule{r, small}
}

const (
	smallPage = 4 << 10
	minWord   = 8 // shorter markers would slow the search for all
)

// noticeRules know the refusals that no vendor has signed.
func noticeRules() []Rule {
	var words []string
	for _, phrase := range slices.Concat(banWords, refusalWords, foreignRefusals, challengeWords, challengeTitles) {
		if len(phrase) >= minWord {
			words = append(words, phrase)
		}
	}
	return slices.Concat(
		notice(Rule{
			Name: "generic-block", Vendor: Generic, Verdict: Blocked, Confidence: Low, Markers: words,
			Match: func(p *Page) bool { return lone(p) && refused(p) },
		}),
		notice(Rule{
			Name: "generic-challenge", Vendor: Generic, Kind: KindScript, Verdict: Challenged, Confidence: Low, Markers: words,
			Match: func(p *Page) bool {
				return lone(p) && (p.Says(challengeWords...) || isTitled(p, challengeTitles...)) &&
					(p.Status == 0 && p.TextLen() < maxLoneText || p.Status >= 400)
			},
		}),
	)
}

// lone tells whether the page is a notice and no article, form or application.
func lone(p *Page) bool {
	s := p.survey()
	return p.Notice() && !s.has("table") && s.choices == 0 && p.Status != 404 && p.Status != 410 &&
		(p.Status == 0 || p.Status >= 400)
}

// isTitled tells whether one of the titles, in lower case, is the whole of the
// page's: an article about it says more.
func isTitled(p *Page, titles ...string) bool {
	return slices.Contains(titles, strings.ToLower(strings.Trim(p.Title(), " .…!?")))
}

// refused tells whether the notice is a refusal: by its words alone where they leave
// no doubt, else by what lets the visitor trace it, or by the status. A refusal
// speaks to the visitor, and of the visit: an account is locked for other reasons.
func refused(p *Page) bool {
	said := p.survey().said()
	if p.survey().textInputs > 0 {
		return false
	}
	switch {
	case p.Says(banWords...):
		return true
	case p.Says(foreignRefusals...), p.Says(refusalWords...) && strings.Contains(said, "you"):
		return p.Status >= 400 && !p.Says(accountWords...) || trace.MatchString(said)
	}
	return p.Says(deniedWords...) && visitorsAddress.MatchString(said)
}

// trace is what a refusal names itself by: the visitor's address, a number.
var trace = regexp.MustCompile(`\b\d{1,3}(\.\d{1,3}){3}\b|\b[0-9a-f]{8}-[0-9a-f]{4}-|\b[0-9a-f]{16,}\b|` +
	`\b(id|rid|ref|reference|code|incident|event|ticket)\W{0,4}[0-9a-z-]{0,12}[0-9][0-9a-z-]{5,}`)

// visitorsAddress is the address that the request came from, told to the visitor.
var visitorsAddress = regexp.MustCompile(`\b(ip|ref)\b.{0,30}\b(\d{1,3}(\.\d{1,3}){3}\b|[0-9a-f]{1,4}:[0-9a-f:]{4,})`)

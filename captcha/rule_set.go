package captcha

import (
	"bytes"
	"html"
	"slices"
	"sync"
)

// ruleSet is a list of rules made ready: split by what they look at, with one
// search for the markers of all.
type ruleSet struct {
	head    []Rule
	body    []markedRule
	scanner *scanner
	every   bool // a rule without markers wants every page
}

type markedRule struct {
	Rule
	marks marks
}

// builtin holds the rules that the package comes with. They are made ready once,
// when the first page is judged.
var builtin = sync.OnceValue(func() *ruleSet {
	return newRuleSet(builtinRules())
})

// builtinRules lists the rules in the order in which they are asked: whoever says
// more comes first, so that a vendor's page with another vendor's widget in it is
// the vendor's, and mere wording comes last.
func builtinRules() []Rule {
	return slices.Concat(
		cloudflareRules(),
		dataDomeRules(),
		perimeterXRules(),
		impervaRules(),
		awsRules(),
		akamaiRules(),
		kasadaRules(),
		f5Rules(),
		googleRules(),
		amazonRules(),
		yandexRules(),
		searchRules(),
		shopRules(),
		hostingRules(),
		firewallRules(),
		refusalRules(),
		widgetRules(),
		scriptRules(),
		noticeRules(),
	)
}

func newRuleSet(rules []Rule) *ruleSet {
	set := new(ruleSet)
	var words []string
	ids := make(map[string]int)
	for _, r := range rules {
		if r.Head {
			set.head = append(set.head, r)
			continue
		}
		m := markedRule{Rule: r}
		for _, word := range r.Markers {
			word = string(foldKey([]byte(word)))
			id, ok := ids[word]
			if !ok {
				id = len(words)
				ids[word] = id
				words = append(words, word)
			}
			m.marks.set(id)
		}
		set.every = set.every || len(r.Markers) == 0
		set.body = append(set.body, m)
	}
	set.scanner = newScanner(words)
	return set
}

// judgeHead asks the rules for the head. ok tells that one of them matched.
func (s *ruleSet) judgeHead(p *Page) (c Challenge, ok bool) {
	for i := range s.head {
		if r := &s.head[i]; r.Match(p) {
			return r.judge(p), true
		}
	}
	return Challenge{}, false
}

// marksOf tells which markers a page holds. What may be a notice is looked at as it
// is read too, since its words may be on two lines, or in character references.
func (s *ruleSet) marksOf(p *Page) marks {
	found := s.scanner.scan(p.Body)
	if p.Status < 400 && len(p.Body) > smallPage {
		return found
	}
	found.merge(s.scanner.scan([]byte(p.survey().said())))
	if len(p.Body) <= smallPage && bytes.Contains(p.Body, []byte("&#")) {
		found.merge(s.scanner.scan([]byte(html.UnescapeString(string(p.Body)))))
	}
	return found
}

// judgeBody asks the rules for the body that have one of the marks.
func (s *ruleSet) judgeBody(p *Page, found marks) Challenge {
	for i := range s.body {
		r := &s.body[i]
		if (len(r.Markers) == 0 || r.marks.meets(found)) && r.Match(p) {
			return r.judge(p)
		}
	}
	return Challenge{}
}

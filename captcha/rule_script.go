package captcha

import (
	"bytes"
	"regexp"
)

// maxScriptPage is the largest page that may be nothing but a script of its own and
// is looked at without a marker.
const maxScriptPage = 32 << 10

// scriptRules know pages that nobody has signed and that are nothing but work for a
// browser: without it they never get to show more. They have no markers, which
// would be on half of all pages; a few words that have to be there spare the others.
func scriptRules() []Rule {
	return []Rule{
		{
			Name: "script-cookie", Vendor: Generic, Kind: KindScript, Verdict: Challenged, Confidence: Medium,
			Match: func(p *Page) bool {
				return holds(p, "cookie", "location") && empty(p) && len(p.survey().forms) == 0 && p.Assigned("cookie") && p.comesAgain()
			},
		},
		{
			Name: "script-work", Vendor: Generic, Kind: KindScript, Verdict: Challenged, Confidence: Medium,
			Match: func(p *Page) bool {
				return holds(p, "submit") && empty(p) && handsIn(p) && p.Calls("submit") && p.hashes()
			},
		},
	}
}

// holds tells whether a page that may be nothing but a script has all of the words,
// and no link.
func holds(p *Page, words ...string) bool {
	if len(p.Body) > maxScriptPage || bytes.Contains(p.Body, []byte("<a ")) {
		return false
	}
	for _, word := range words {
		if !bytes.Contains(p.Body, []byte(word)) {
			return false
		}
	}
	return true
}

// empty tells whether the page has nothing to read, to see or to press, no script
// but its own, and none that builds the page: an application would.
func empty(p *Page) bool {
	s := p.survey()
	most := maxBareText
	if refusal(p.Status) {
		most = maxLoneText
	}
	return s.runes < most && !p.Calls("createElement", "appendChild", "insertAdjacentHTML", "getContext") && !s.app && s.textInputs == 0 && s.passwords == 0 && s.choices == 0 &&
		len(s.links) == 0 && len(s.images) == 0 && len(s.frames) == 0 && len(s.scriptSrcs) == 0 &&
		!s.has("article", "main", "nav", "video", "table", "canvas", "button")
}

// comesAgain tells whether a script of the page asks for its own address once more.
func (p *Page) comesAgain() bool {
	if p.Calls("reload") {
		return true
	}
	for _, name := range []string{"href", "location"} {
		if own.Match(p.assigned(name)) {
			return true
		}
	}
	return own.Match(p.called("replace")) || own.Match(p.called("assign"))
}

// own is how a script writes the address of its page.
var own = regexp.MustCompile(`^\s*\(?\s*((window|document|self|top)\.)?(location|URL)\b`)

// handsIn tells whether the page's one form is sent without the visitor, with what a
// script worked out.
func handsIn(p *Page) bool {
	forms := p.survey().forms
	return len(forms) == 1 && forms[0].method == "POST" && len(forms[0].fields) > 0
}

// hashes tells whether a script of the page computes hashes, as a proof of work does.
func (p *Page) hashes() bool {
	return p.Calls("sha1", "sha256", "sha512", "SHA1", "SHA256", "SHA512", "digest")
}

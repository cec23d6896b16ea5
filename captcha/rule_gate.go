package captcha

import "slices"

// gate tells whether a widget is the whole of the page, so that it stands in the
// way: hardly any text or links beside it and nothing else to fill in.
func gate(p *Page, w *widget) bool {
	s := p.survey()
	if s.runes >= maxGateText || s.passwords > 0 || s.textInputs > 1 || s.choices > 0 {
		return false
	}
	if w.form != nil && w.form.texts > w.form.lines {
		return false // a comment, a newsletter
	}
	if s.app && s.runes < maxBareText || s.has("article", "table", "video") {
		return false
	}
	worded := p.mentions(gateWords...)
	if (len(s.links) > maxGateLinks || s.has("nav")) && !(worded && refusal(p.Status) && alone(s, w)) {
		return false
	}
	typed := s.answer && w.vendor == "" // a picture's answer is typed, a widget's never
	if s.textInputs == 1 && !typed && (!worded || p.Status < 400) {
		return false // a newsletter, a comment, a lost password, a promotional code
	}
	switch {
	case p.Status == 0:
		only := s.runes < maxAloneText && len(s.forms) > 0 && !s.search && w.params[ParamInvisible] == ""
		return worded || only || s.textInputs == 0 && p.mentions(softWords...)
	case p.Status == 200, p.Status == 202:
		return worded || s.textInputs == 0 && p.mentions(softWords...)
	}
	return refusal(p.Status)
}

// refusal tells whether a status is one that gates come with.
func refusal(status int) bool {
	switch status {
	case 400, 402, 404, 408, 409, 410, 413, 414, 422, 451:
		return false // which say what is wrong with the request or the page
	}
	return status >= 400
}

// alone tells whether nothing is to be filled in beside the widget: in its own form,
// or on the whole page where it is in none.
func alone(s *survey, w *widget) bool {
	if w.form == nil {
		return s.textInputs == 0
	}
	return w.form.texts == 0
}

const (
	maxAloneText = 100 // characters that leave a widget alone on its page
	maxLoneText  = 400 // characters of a check that is nothing else
)

// imageRules know gates that show a picture of their own to be read.
func imageRules() []Rule {
	return []Rule{{
		Name: "image-gate", Vendor: Generic, Kind: KindImage, Verdict: Challenged, Confidence: Medium,
		Markers: []string{"captcha", "seccode", "verifycode", "checkcode", "securimage"},
		Match: func(p *Page) bool {
			return p.survey().textInputs == 1 && p.Short() && imageCaptcha(p) != "" && gate(p, new(widget)) && p.mentions(slices.Concat(gateWords, softWords)...)
		},
		Fill: func(p *Page, c *Challenge) {
			fillGate(p, &widget{kind: KindImage}, c)
			if u := p.resolveURL(imageCaptcha(p)); u != nil {
				c.set(ParamImageURL, u.String())
			}
		},
	}}
}

func imageCaptcha(p *Page) string {
	for _, part := range []string{"captcha", "Captcha", "CAPTCHA", "seccode", "verifycode", "verifyCode", "checkcode", "securimage"} {
		if src := p.ImageSrc(part); src != "" {
			return src
		}
	}
	return ""
}

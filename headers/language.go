package headers

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// maxChromiumLanguages is where Chromium cuts the list.
const maxChromiumLanguages = 10

// acceptLanguage writes the user's languages the way the profile's browser does.
func acceptLanguage(p Profile, data *familyData) string {
	if len(p.Languages) == 0 {
		return ""
	}
	switch p.family() {
	case chromiumFamily:
		tags := expandLanguages(p.Languages)
		return weighted(tags[:min(len(tags), maxChromiumLanguages)])
	case firefoxFamily:
		if p.Version < data.Since.TenthLanguages {
			return dividedLanguages(p.Languages)
		}
	}
	return weighted(p.Languages)
}

// weighted joins tags with q falling in steps of 0.1 down to 0.1.
func weighted(tags []string) string {
	var b strings.Builder
	for i, tag := range tags {
		if i > 0 {
			b.WriteString(",")
		}
		b.WriteString(tag)
		if i > 0 {
			b.WriteString(";q=0.")
			b.WriteString(strconv.Itoa(max(10-i, 1)))
		}
	}
	return b.String()
}

// expandLanguages adds the base language after the last of a run of its regional
// forms; what is listed again later is dropped there.
func expandLanguages(tags []string) []string {
	var out []string
	add := func(tag string) {
		if !slices.Contains(out, tag) {
			out = append(out, tag)
		}
	}
	for i, tag := range tags {
		add(tag)
		base, _, _ := strings.Cut(tag, "-")
		if base == "x" || base == "i" {
			continue // private and grandfathered tags have no base (RFC 5646, section 2.1)
		}
		if i+1 < len(tags) {
			if next, _, _ := strings.Cut(tags[i+1], "-"); next == base {
				continue
			}
		}
		add(base)
	}
	return out
}

// dividedLanguages spreads q evenly over (0, 1], with one decimal while that keeps
// the values apart.
func dividedLanguages(tags []string) string {
	n := len(tags)
	step := 1 / float64(n)
	q := 1.0
	var b strings.Builder
	for i, tag := range tags {
		if i > 0 {
			b.WriteString(",")
		}
		b.WriteString(tag)
		if percent := int((q + 0.005) * 100); percent < 100 {
			if n < 10 || percent%10 == 0 {
				fmt.Fprintf(&b, ";q=0.%d", (percent+5)/10)
			} else {
				fmt.Fprintf(&b, ";q=0.%02d", percent)
			}
		}
		q -= step
	}
	return b.String()
}

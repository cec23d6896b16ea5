package headers

import (
	"slices"
	"strings"
)

// The client hints that go out unasked.
const (
	hintUA       = "sec-ch-ua"
	hintMobile   = "sec-ch-ua-mobile"
	hintPlatform = "sec-ch-ua-platform"
)

// The width that an image will have on the page, where its sizes attribute tells;
// nothing else has one.
const (
	hintWidth    = "width"
	hintSecWidth = "sec-ch-width"
)

// navigationHints is the order of all hints in a navigation.
var navigationHints = [...]string{
	"device-memory", "sec-ch-device-memory", "dpr", "sec-ch-dpr", "viewport-width", "sec-ch-viewport-width",
	"sec-ch-viewport-height", "rtt", "downlink", "ect", "save-data",
	hintUA, hintMobile, "sec-ch-ua-full-version", "sec-ch-ua-arch", hintPlatform, "sec-ch-ua-platform-version",
	"sec-ch-ua-model", "sec-ch-ua-bitness", "sec-ch-ua-wow64", "sec-ch-ua-full-version-list",
	"sec-ch-ua-form-factors", "sec-ch-prefers-color-scheme", "sec-ch-prefers-reduced-motion",
	"sec-ch-prefers-reduced-transparency",
}

// insertedHints is the order in which Blink puts hints into the header map of a
// subresource; only the bucket order of the map is seen. It was recovered from 150
// sets of hints that Chromium 156 was asked for, and agrees with the few known of
// the versions since its hash changed.
var insertedHints = [...]string{
	"device-memory", "sec-ch-device-memory", "rtt", "downlink", "ect", hintUA, hintMobile, "sec-ch-ua-arch",
	hintPlatform, "sec-ch-ua-platform-version", "sec-ch-ua-model", "sec-ch-ua-full-version",
	"sec-ch-ua-full-version-list", "sec-ch-ua-bitness", "sec-ch-ua-wow64", "sec-ch-ua-form-factors",
	"sec-ch-prefers-color-scheme", "sec-ch-prefers-reduced-motion", "sec-ch-prefers-reduced-transparency",
	"dpr", "sec-ch-dpr", "viewport-width", "sec-ch-viewport-width", "sec-ch-viewport-height", hintWidth, hintSecWidth,
}

// oldInsertedHints is the same for the versions before, as far as the few sets
// known of them tell.
var oldInsertedHints = [...]string{
	"device-memory", hintUA, hintMobile, "dpr", "sec-ch-dpr", "sec-ch-viewport-width", "sec-ch-device-memory",
	hintWidth, hintSecWidth, "sec-ch-viewport-height", hintPlatform, "viewport-width", "rtt", "downlink", "ect",
	"sec-ch-ua-arch", "sec-ch-ua-platform-version", "sec-ch-ua-model", "sec-ch-ua-full-version",
	"sec-ch-ua-full-version-list", "sec-ch-ua-bitness", "sec-ch-ua-wow64", "sec-ch-ua-form-factors",
	"sec-ch-prefers-color-scheme", "sec-ch-prefers-reduced-motion", "sec-ch-prefers-reduced-transparency",
}

// knownHint reports whether a browser could send the hint at all.
func knownHint(h string) bool {
	return slices.Contains(navigationHints[:], h) || slices.Contains(insertedHints[:], h)
}

// hintValues computes the values of all hints that the profile can send.
func hintValues(p Profile, data *familyData) map[string]string {
	platform := data.Platforms[p.OS]
	name := platform.Name
	mobile := p.OS == Android && !p.Tablet
	major, full := brandsOf(p, data)
	values := map[string]string{
		hintUA:                        major,
		hintMobile:                    boolean(mobile),
		hintPlatform:                  quote(name),
		"sec-ch-ua-full-version":      quote(p.fullVersion()),
		"sec-ch-ua-full-version-list": full,
		"sec-ch-ua-arch":              quote(platform.Arch),
		"sec-ch-ua-bitness":           quote(platform.Bitness),
		"sec-ch-ua-model":             quote(""),
		"sec-ch-ua-wow64":             boolean(false),
	}
	if p.Version >= data.Since.FormFactors {
		factor := "Desktop"
		switch {
		case p.Tablet:
			factor = "Tablet"
		case mobile:
			factor = "Mobile"
		}
		values["sec-ch-ua-form-factors"] = quote(factor)
	}
	for hint, value := range p.Device {
		values[strings.ToLower(hint)] = value
	}
	return values
}

// boolean and quote write structured field values (RFC 9651).
func boolean(b bool) string {
	if b {
		return "?1"
	}
	return "?0"
}

func quote(s string) string { return `"` + s + `"` }

// hinted reports whether the hint goes into the request: the three basic ones
// always do, the others only when the origin that gets the request is the
// document's own and has asked for them; the width is an image's alone.
func (g *Generator) hinted(s *Situation, hint string, asked bool) (string, bool) {
	if (hint == hintWidth || hint == hintSecWidth) && s.Kind != Image {
		return "", false
	}
	if hint != hintUA && hint != hintMobile && hint != hintPlatform && !(asked && slices.Contains(s.AcceptCH, hint)) {
		return "", false
	}
	value, ok := g.hints[hint]
	return value, ok
}

// mayAskHints reports whether AcceptCH applies to this request: by the hop that a
// navigation has come to, but the first one of anything else, which a redirect can
// only take hints from.
func (s *Situation) mayAskHints() bool {
	switch {
	case len(s.AcceptCH) == 0:
		return false
	case s.Kind.topLevel():
		return true
	case s.Kind.navigation():
		return isSameOrigin(s.Initiator, s.URL)
	}
	return isSameOrigin(s.Initiator, s.hop(0))
}

// basicHint reports whether a header is one of the hints that go out unasked.
func basicHint(header string) bool {
	return equalFold(header, hintUA) || equalFold(header, hintMobile) || equalFold(header, hintPlatform)
}

// askedHint reports whether a header is a hint that has to be asked for.
func askedHint(header string) bool {
	return !basicHint(header) && slices.Contains(insertedHints[:], strings.ToLower(header))
}

package headers

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Browser is a product that the catalogue knows.
type Browser string

// The browsers. Chromium is the unbranded build, whose brand list has two
// entries where Chrome's and Edge's have three.
const (
	Chrome   Browser = "chrome"
	Edge     Browser = "edge"
	Chromium Browser = "chromium"
	Firefox  Browser = "firefox"
	Safari   Browser = "safari"
)

// OS is an operating system that a browser runs on.
type OS string

// The operating systems. Every browser on IOS is WebKit, whatever its name.
const (
	Linux   OS = "linux"
	Windows OS = "windows"
	MacOS   OS = "macos"
	Android OS = "android"
	IOS     OS = "ios"
)

// ThirdPartyCookies says whether a cross-site request may use its cookies.
type ThirdPartyCookies string

// The states of third-party cookies. The zero value is the browser's default:
// allowed in the Chromium family, blocked in the others.
const (
	CookiesAllowed ThirdPartyCookies = "allowed"
	CookiesBlocked ThirdPartyCookies = "blocked"
)

// Profile describes one browser as it is installed and set up. It is plain data;
// [Profile.Build] turns it into a [Generator].
type Profile struct {
	// Browser is required.
	Browser Browser
	// Version is the major version; required.
	Version int
	// FullVersion is used by the full-version client hints, and by the User-Agent
	// of Safari and of the browsers on iOS. Default: "<Version>.0.0.0" ("<Version>.0" for Safari).
	FullVersion string
	// OS is required.
	OS OS
	// Tablet makes an Android browser one of a tablet, which does not say "Mobile". Default: a phone.
	Tablet bool
	// Headless makes the User-Agent of the Chromium family say HeadlessChrome, as
	// its new headless mode does. Default: a browser with a window.
	Headless bool
	// Languages are the user's, best first, as set in the browser. Empty sends no
	// Accept-Language. Default: none.
	Languages []string
	// DNT is the Do Not Track setting. Default: off.
	DNT bool
	// GPC is Global Privacy Control, a setting of Firefox. Default: off.
	GPC bool
	// ThirdPartyCookies default to the browser's own default.
	ThirdPartyCookies ThirdPartyCookies
	// Device holds the values of the client hints that depend on the machine, by
	// lower-case name: platform version, viewport, dpr, memory, network,
	// preferences. Such a hint is not sent without a value. Default: none.
	Device map[string]string
	// Weight is the share of visitors that [Config.Profiles] gives this one. Default: 1.
	Weight float64
}

// String names the profile for people: "chrome 156 windows".
func (p Profile) String() string {
	s := string(p.Browser) + " " + strconv.Itoa(p.Version) + " " + string(p.OS)
	if p.Tablet {
		s += " tablet"
	}
	return s
}

// Key names browser and operating system; statistics are kept under it.
func (p Profile) Key() string { return string(p.Browser) + " " + string(p.OS) }

var (
	browsers = []Browser{Chrome, Edge, Chromium, Firefox, Safari}
	systems  = []OS{Linux, Windows, MacOS, Android, IOS}
)

// Validate reports every reason why no such browser exists, each one a [*ConflictError].
func (p Profile) Validate() error {
	if err := Catalogue().err; err != nil {
		return err
	}
	var errs []error
	conflict := func(field string, value any, reason string) {
		errs = append(errs, &ConflictError{Field: field, Value: fmt.Sprint(value), Reason: reason})
	}
	if !slices.Contains(browsers, p.Browser) {
		conflict("Browser", p.Browser, "want chrome, edge, chromium, firefox or safari")
	}
	if !slices.Contains(systems, p.OS) {
		conflict("OS", p.OS, "want linux, windows, macos, android or ios")
	}
	if len(errs) > 0 {
		return errors.Join(errs...)
	}
	switch {
	case p.Browser == Safari && p.OS != MacOS && p.OS != IOS:
		conflict("OS", p.OS, "Safari exists on macos and ios only")
	case p.Browser == Chromium && p.OS == IOS:
		conflict("OS", p.OS, "the unbranded Chromium does not exist on ios")
	}
	if first := p.firstVersion(); p.Version < first {
		conflict("Version", p.Version, fmt.Sprintf("the facts about %s begin with version %d", p.Browser, first))
	} else if p.Version > maxVersion {
		conflict("Version", p.Version, fmt.Sprintf("want at most %d", maxVersion))
	}
	if p.FullVersion != "" {
		if major, _, _ := strings.Cut(p.FullVersion, "."); major != strconv.Itoa(p.Version) {
			conflict("FullVersion", p.FullVersion, "its major version is not Version")
		} else if strings.Trim(p.FullVersion, "0123456789.") != "" {
			conflict("FullVersion", p.FullVersion, "want digits and dots")
		}
	}
	if p.Headless && p.family() != chromiumFamily {
		conflict("Headless", p.Headless, "only the Chromium family says so in its User-Agent")
	}
	if p.Tablet && p.OS != Android {
		conflict("Tablet", p.Tablet, "told apart on android only")
	}
	if p.GPC && p.Browser != Firefox {
		conflict("GPC", p.GPC, string(p.Browser)+" has no such setting")
	}
	switch p.ThirdPartyCookies {
	case "", CookiesAllowed, CookiesBlocked:
	default:
		conflict("ThirdPartyCookies", p.ThirdPartyCookies, "want allowed or blocked")
	}
	for _, hint := range slices.Sorted(maps.Keys(p.Device)) {
		if p.family() != chromiumFamily {
			conflict("Device", hint, fmt.Sprintf("%s on %s sends no client hints", p.Browser, p.OS))
		} else if !validValue(p.Device[hint]) {
			conflict("Device", hint, "its value is no header value")
		}
	}
	for _, tag := range p.Languages {
		if !validTag(tag) {
			conflict("Languages", tag, "want a language tag such as en-US")
		}
	}
	if !(p.Weight >= 0) {
		conflict("Weight", p.Weight, "want 0 or more")
	}
	return errors.Join(errs...)
}

// maxVersion keeps a typing error from being extrapolated.
const maxVersion = 999

type familyID uint8

const (
	chromiumFamily familyID = iota
	firefoxFamily
	webkitFamily
)

func (p Profile) family() familyID {
	switch {
	case p.OS == IOS || p.Browser == Safari:
		return webkitFamily
	case p.Browser == Firefox:
		return firefoxFamily
	}
	return chromiumFamily
}

// foreign reports whether the browser is another vendor's shell around WebKit.
func (p Profile) foreign() bool { return p.OS == IOS && p.Browser != Safari }

func (p Profile) firstVersion() int {
	c := Catalogue()
	switch {
	case p.Browser == Safari:
		return c.webkit.First
	case p.Browser == Firefox:
		return c.firefox.First
	}
	return c.chromium.First
}

// Extrapolated reports whether the version is newer than the facts: its headers
// then follow the rules of the newest version that is known.
func (p Profile) Extrapolated() bool {
	c := Catalogue()
	switch {
	case p.Browser == Safari:
		return p.Version > c.webkit.Last
	case p.Browser == Firefox:
		return p.Version > c.firefox.Last
	}
	return p.Version > c.chromium.Last
}

func (p Profile) fullVersion() string {
	switch {
	case p.FullVersion != "":
		return p.FullVersion
	case p.Browser == Safari:
		return strconv.Itoa(p.Version) + ".0"
	}
	return strconv.Itoa(p.Version) + ".0.0.0"
}

// validTag accepts what a browser's settings can hold: letters, digits and
// hyphens (RFC 5646).
func validTag(tag string) bool {
	for _, part := range strings.Split(tag, "-") {
		if part == "" || len(part) > 8 {
			return false
		}
		for _, r := range part {
			if (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') {
				return false
			}
		}
	}
	return true
}

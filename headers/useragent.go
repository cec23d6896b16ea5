package headers

import (
	"regexp"
	"strconv"
	"strings"
)

var (
	chromeUA  = regexp.MustCompile(`^Mozilla/5\.0 \(([^)]*)\) AppleWebKit/537\.36 \(KHTML, like Gecko\) (Headless)?Chrome/(\d{2,3})[\d.]*( Mobile)? Safari/537\.36( EdgA?/\d+[\d.]*)?$`)
	firefoxUA = regexp.MustCompile(`^Mozilla/5\.0 \(([^)]*); rv:\d+\.\d+\) Gecko/[\d.]+ Firefox/(\d{2,3})[\d.]*$`)
	safariUA  = regexp.MustCompile(`^Mozilla/5\.0 \(([^)]*)\) AppleWebKit/605\.1\.15 \(KHTML, like Gecko\) Version/((\d+)\.[\d.]*\d)( Mobile/\w+)? Safari/60[45]\.[\d.]+$`)
)

// ParseUserAgent returns the profile whose browser sends that User-Agent. Its
// error is a [*ConflictError] where no browser of the catalogue does.
func ParseUserAgent(ua string) (Profile, error) {
	var p Profile
	var platform, version string
	if m := chromeUA.FindStringSubmatch(ua); m != nil {
		platform, version = m[1], m[3]
		p.Browser, p.Headless = Chrome, m[2] != ""
		p.Tablet = strings.Contains(platform, "Android") && m[4] == ""
		if m[5] != "" {
			p.Browser = Edge
		}
	} else if m := firefoxUA.FindStringSubmatch(ua); m != nil {
		p.Browser, platform, version = Firefox, m[1], m[2]
		p.Tablet = strings.Contains(platform, "Tablet")
	} else if m := safariUA.FindStringSubmatch(ua); m != nil {
		p.Browser, platform, p.FullVersion, version = Safari, m[1], m[2], m[3]
	} else {
		return Profile{}, &ConflictError{Field: "UserAgent", Value: ua, Reason: "no browser of the catalogue"}
	}
	p.Version, _ = strconv.Atoi(version) // two or three digits
	switch {
	case strings.HasPrefix(platform, "Windows NT"):
		p.OS = Windows
	case strings.HasPrefix(platform, "Macintosh"):
		p.OS = MacOS
	case strings.HasPrefix(platform, "iPhone"), strings.HasPrefix(platform, "iPad"):
		p.OS = IOS
	case strings.Contains(platform, "Android"):
		p.OS = Android
	case strings.HasPrefix(platform, "X11"):
		p.OS = Linux
	}
	if err := p.Validate(); err != nil {
		return Profile{}, err
	}
	return p, nil
}

// speakerKey is who speaks: the browser that a User-Agent names, in the languages
// of another one.
type speakerKey struct {
	userAgent string
	like      *Generator
}

// speaker returns the generator of the browser that a User-Agent names, with the
// languages of another one; nil where no browser of the catalogue calls itself so.
// The answers are kept, since finding them is what costs most in a request.
func (r *rotation) speaker(userAgent string, like *Generator) (*Generator, error) {
	key := speakerKey{userAgent, like}
	r.mu.Lock()
	g, ok := r.speakers[key]
	r.mu.Unlock()
	if ok {
		return g, nil
	}
	if p, err := ParseUserAgent(userAgent); err == nil {
		p.Languages = like.profile.Languages
		if g, err = p.Build(); err != nil {
			return nil, err
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.speakers == nil || len(r.speakers) >= maxSpeakers {
		r.speakers = make(map[speakerKey]*Generator)
	}
	r.speakers[key] = g
	return g, nil
}

// maxSpeakers bounds what is kept for User-Agents that others have chosen, without
// any limit to their number.
const maxSpeakers = 256

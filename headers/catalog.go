package headers

import (
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"sync"
	"time"
)

//go:embed catalog/*.json
var catalogFiles embed.FS

// Catalog is what the package knows about browsers and their releases. It is
// read from the files in catalog/, one per browser family: a new release is an
// entry there, a change of behaviour a version number under "since".
type Catalog struct {
	// Updated is the day of the oldest of its files.
	Updated time.Time

	chromium familyData
	firefox  familyData
	webkit   familyData
	err      error
}

// Catalogue returns the built-in catalogue. It is read-only and shared.
func Catalogue() *Catalog { return builtIn() }

var builtIn = sync.OnceValue(func() *Catalog {
	c := new(Catalog)
	for file, data := range map[string]*familyData{"chromium": &c.chromium, "firefox": &c.firefox, "webkit": &c.webkit} {
		raw, err := catalogFiles.ReadFile("catalog/" + file + ".json")
		if err == nil {
			err = json.Unmarshal(raw, data)
		}
		day, dayErr := time.Parse(time.DateOnly, data.Updated)
		if err = errors.Join(err, dayErr); err != nil {
			// Profile.Validate passes it on; the files are part of the program and tested.
			c.err = fmt.Errorf("headers: catalogue file %s: %w", file, err)
		}
		if c.Updated.IsZero() || day.Before(c.Updated) {
			c.Updated = day
		}
	}
	return c
})

// Check reports a [*StaleError] when the catalogue is older than maxAge.
func (c *Catalog) Check(now time.Time, maxAge time.Duration) error {
	if now.Sub(c.Updated) > maxAge {
		return &StaleError{Updated: c.Updated, MaxAge: maxAge}
	}
	return nil
}

// Profiles returns the rolling default: the current release of each browser and
// the ones before it, weighted by their share among visitors.
func (c *Catalog) Profiles() []Profile {
	var all []Profile
	for _, f := range []*familyData{&c.chromium, &c.firefox, &c.webkit} {
		for _, r := range f.Releases {
			all = append(all, Profile{
				Browser: r.Browser, OS: r.OS, Version: r.Version, FullVersion: r.Full, Weight: r.Weight,
				Languages: []string{"en-US", "en"}, Device: maps.Clone(f.Platforms[r.OS].Device),
			})
		}
	}
	return all
}

// familyData is one file of the catalogue.
type familyData struct {
	Updated     string
	First, Last int                  // versions that the facts cover
	Since       since                // first version of each change
	Accept      map[string][]ruling  // by destination
	UserAgents  map[string]string    `json:"user_agents"` // templates by system
	Products    map[Browser]product  // Chromium only
	Platforms   map[OS]platformHints // Chromium only
	Releases    []release
}

// since holds the first version of each change of behaviour. A version that a
// file does not name is 0: always so in that family.
type since struct {
	Zstd               int // in Accept-Encoding
	Priority           int // the Priority header
	FormFactors        int `json:"form_factors"`         // Sec-CH-UA-Form-Factors
	ScriptHeadersFirst int `json:"script_headers_first"` // a script's headers enter the map before the hints
	Rapidhash          int // hash of the header map
	PlainWorker        int `json:"plain_worker"`         // worker scripts without client hints
	FormHeadersFirst   int `json:"form_headers_first"`   // a form's Origin and Content-Type before Upgrade-Insecure-Requests
	FormOriginLast     int `json:"form_origin_last"`     // a form's Origin after User-Agent
	DropAuthorization  int `json:"drop_authorization"`   // a redirect to another origin drops Authorization
	StorageAccess      int `json:"storage_access"`       // Sec-Fetch-Storage-Access
	SecPurpose         int `json:"sec_purpose"`          // Sec-Purpose in place of Purpose or X-Moz
	NoStoreUpFront     int `json:"no_store_up_front"`    // Pragma and Cache-Control of no-store loads
	LateValidators     int `json:"late_validators"`      // validators after Accept, not in the map
	LateRedirectOrigin int `json:"late_redirect_origin"` // Origin of a redirected fetch after Sec-Fetch-Dest
	PlainMedia         int `json:"plain_media"`          // media: Accept-Encoding "identity" in its usual place
	RealRV             int `json:"real_rv"`              // rv: in the User-Agent moves with the version again
	TenthLanguages     int `json:"tenth_languages"`      // Accept-Language in steps of 0.1
	PrefetchDocument   int `json:"prefetch_document"`    // a prefetch accepts what a document does
	PlainRange         int `json:"plain_range"`          // Accept-Encoding of a ranged fetch is "identity"
	NewOrder           int `json:"new_order"`            // header order of Safari 18
	FrozenOS           int `json:"frozen_os"`            // iOS version in the User-Agent stands still
}

// ruling is a value that holds from a version on, for one browser of the family or all.
type ruling struct {
	Since   int
	Browser Browser
	Value   string
}

type product struct {
	Brand         string
	Suffix        string
	AndroidSuffix string `json:"android_suffix"`
}

// platformHints are the client hints that follow from the system; Device is what
// the machine of a typical visitor says.
type platformHints struct {
	Name, Arch, Bitness string
	Device              map[string]string
}

type release struct {
	Browser Browser
	OS      OS
	Version int
	Full    string
	Weight  float64
}

func (f *familyData) accept(dest string, p Profile) string {
	value := "*/*"
	for _, r := range f.Accept[dest] {
		if r.Since <= p.Version && (r.Browser == "" || r.Browser == p.Browser) {
			value = r.Value
		}
	}
	return value
}

// frozenRV is what Firefox 110 to 119 said in rv:, so that sites which look for
// "11" there would not take it for Internet Explorer.
const frozenRV = 109

func (f *familyData) userAgent(p Profile) string {
	key := string(p.OS)
	switch {
	case p.family() == webkitFamily:
		key = string(p.Browser) + " " + key
	case p.Tablet:
		key += " tablet"
	}
	major := strconv.Itoa(p.Version)
	rv, ios := p.Version, strings.ReplaceAll(p.fullVersion(), ".", "_")
	if rv < f.Since.RealRV {
		rv = frozenRV
	}
	if p.Browser == Safari && p.Version >= f.Since.FrozenOS {
		ios = "18_7"
		if p.fullVersion() == "26.0" {
			ios = "18_6"
		}
	}
	product := f.Products[p.Browser]
	suffix := product.Suffix
	if p.OS == Android {
		suffix = product.AndroidSuffix
	}
	ua := strings.NewReplacer("{major}", major, "{full}", p.fullVersion(), "{rv}", strconv.Itoa(rv),
		"{safari}", p.fullVersion(), "{ios}", ios).Replace(f.UserAgents[key] + suffix)
	if p.Headless {
		ua = strings.Replace(ua, " Chrome/", " HeadlessChrome/", 1)
	}
	return ua
}

// Current returns the newest release of a browser that the catalogue lists, and
// for Chromium that of Chrome; 0 if it lists none.
func (c *Catalog) Current(b Browser) int {
	if b == Chromium {
		b = Chrome
	}
	newest := 0
	for _, p := range c.Profiles() {
		if p.Browser == b {
			newest = max(newest, p.Version)
		}
	}
	return newest
}

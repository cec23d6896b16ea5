package godwit

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/godwit-go/godwit/captcha"
	"github.com/godwit-go/godwit/headers"
	"github.com/godwit-go/godwit/ratelimit"
	"github.com/godwit-go/godwit/retry"
	"github.com/godwit-go/godwit/robots"
)

// The names of the presets, for [Policy.Preset].
const (
	// PresetPolite is for somebody else's small site: one request in two seconds,
	// one at a time, slower still when the site answers slowly.
	PresetPolite = "polite"
	// PresetAPI is for an interface that you have leave to use: no browser's
	// headers, no robots.txt, a brisk pace and patience with its Retry-After.
	PresetAPI = "api"
	// PresetProtected is for a site behind bot protection that you may crawl: slow,
	// with more attempts over other egresses, and bodies read ahead.
	PresetProtected = "protected"
)

// Presets returns the policies that [Policy.Preset] names. The map is the caller's.
func Presets() map[string]Policy {
	return map[string]Policy{
		PresetPolite: {
			Rate:   ratelimit.Config{Rate: 0.5, Burst: 1, InFlight: 1, Concurrency: 1},
			Retry:  retry.Config{MaxAttempts: 3},
			Robots: robots.Config{Mode: robots.Obey},
		},
		PresetAPI: {
			Rate:    ratelimit.Config{Rate: 5, Burst: 5, InFlight: 4, Jitter: -1},
			Retry:   retry.Config{MaxAttempts: 5, MaxRetryAfter: 2 * time.Minute},
			Headers: headers.Config{Off: true, DisableCookies: true},
			Robots:  robots.Config{Mode: robots.Ignore},
		},
		PresetProtected: {
			Rate:    ratelimit.Config{Rate: 0.5, Burst: 1, InFlight: 2},
			Retry:   retry.Config{MaxAttempts: 6},
			Captcha: captcha.Config{MaxSolves: 2},
			Robots:  robots.Config{Mode: robots.Obey},
			Buffer:  1 << 20,
		},
	}
}

func validatePreset(name string) error {
	presets := Presets()
	if _, ok := presets[name]; ok || name == "" {
		return nil
	}
	return fmt.Errorf("Preset: %q, want one of %s", name, strings.Join(slices.Sorted(maps.Keys(presets)), ", "))
}

// resolved is p with its preset filled in, and base below both.
func resolved(base, p Policy) Policy {
	return merged(base, merged(Presets()[p.Preset], p))
}

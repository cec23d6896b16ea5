package godwit

import (
	"maps"
	"slices"
)

// warnings tells what is careless about how the secrets of the policies are kept
// now, each thing once.
func (a *assembly) warnings() []string {
	found := make(map[string]bool)
	for _, c := range a.chains {
		for _, s := range c.policy.Captcha.Solvers {
			if s, ok := s.(interface{ Warnings() []string }); ok {
				for _, w := range s.Warnings() {
					found[w] = true
				}
			}
		}
	}
	return slices.Sorted(maps.Keys(found))
}

// warn logs what is careless about a configuration that was put in force.
func (c Config) warn(a *assembly) {
	if c.Logger == nil {
		return
	}
	for _, w := range a.warnings() {
		c.Logger.Warn("secret kept carelessly", "problem", w)
	}
}

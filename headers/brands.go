package headers

import (
	"strconv"
	"strings"
)

// The parts of the GREASE brand, which Chromium puts into its list so that sites
// cannot rely on the list's form (User-Agent Client Hints, section 6.2).
var (
	greaseChars    = [...]string{" ", "(", ":", "-", ".", "/", ")", ";", "=", "?", "_"}
	greaseVersions = [...]string{"8", "99", "24"}
)

// brandOrders are the lexicographic permutations of 2, 3 and 4 entries: entry i
// of the list goes to place order[i].
var brandOrders = map[int][][]int{2: permutations(2), 3: permutations(3), 4: permutations(4)}

func permutations(n int) [][]int {
	if n == 0 {
		return [][]int{{}}
	}
	var all [][]int
	for first := range n {
		for _, rest := range permutations(n - 1) {
			p := append(make([]int, 0, n), first)
			for _, i := range rest {
				if i >= first {
					i++
				}
				p = append(p, i)
			}
			all = append(all, p)
		}
	}
	return all
}

// brandVersion is one entry of a brand list.
type brandVersion struct{ brand, version string }

// brandList is the value of Sec-CH-UA and, with full versions, of
// Sec-CH-UA-Full-Version-List: GREASE, Chromium and the product's own brands,
// shuffled by the major version of Chromium. The rule holds from version 105 on.
func brandList(seed int, chromium string, full bool, brands ...brandVersion) string {
	n := len(greaseChars)
	grease := brandVersion{
		brand:   "Not" + greaseChars[seed%n] + "A" + greaseChars[(seed+1)%n] + "Brand",
		version: greaseVersions[seed%len(greaseVersions)],
	}
	if full {
		grease.version += ".0.0.0"
	}
	list := append([]brandVersion{grease, {"Chromium", chromium}}, brands...)
	orders := brandOrders[len(list)]
	out := make([]string, len(list))
	for i, place := range orders[seed%len(orders)] {
		out[place] = `"` + list[i].brand + `";v="` + list[i].version + `"`
	}
	return strings.Join(out, ", ")
}

// brandsOf returns both lists of a profile of the Chromium family.
func brandsOf(p Profile, data *familyData) (major, full string) {
	var majors, fulls []brandVersion
	v := strconv.Itoa(p.Version)
	if brand := data.Products[p.Browser].Brand; brand != "" {
		majors = append(majors, brandVersion{brand, v})
		fulls = append(fulls, brandVersion{brand, p.fullVersion()})
	}
	return brandList(p.Version, v, false, majors...), brandList(p.Version, p.fullVersion(), true, fulls...)
}

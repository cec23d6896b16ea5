package captcha_test

import (
	"cmp"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/godwit-go/godwit/captcha"
	"github.com/stretchr/testify/require"
)

// goldenPage is an entry of the index of real pages.
type goldenPage struct {
	File       string            `json:"file"`
	Vendor     string            `json:"vendor"`
	Expected   string            `json:"expected"`
	Acceptable []string          `json:"acceptable"`
	SiteKey    string            `json:"sitekey"`
	Solvable   *bool             `json:"solvable"`
	Params     map[string]any    `json:"params"`
	Body       []byte            `json:"-"`
	Header     map[string]string `json:"headers"`
}

// goldenPages reads the real pages, which are third-party text and no part of the
// repository.
func goldenPages(t testing.TB) []goldenPage {
	t.Helper()
	dir := filepath.Join(cmp.Or(os.Getenv("GODWIT_SHARED"), "../../shared"), "data", "captcha-pages")
	index, err := os.ReadFile(filepath.Join(dir, "index.json"))
	if err != nil {
		t.Skip("no shared pages:", err)
	}
	var pages []goldenPage
	require.NoError(t, json.Unmarshal(index, &pages))
	for i := range pages {
		pages[i].Body, err = os.ReadFile(filepath.Join(dir, pages[i].File))
		require.NoError(t, err)
	}
	return pages
}

func TestRealPagesAreToldFromTheBodyAlone(t *testing.T) {
	type tally struct{ pages, found, vendor int }
	perVendor := map[string]*tally{}
	var all tally
	for _, page := range goldenPages(t) {
		c := captcha.Detect(0, nil, nil, page.Body)
		if page.Expected != "challenge" {
			require.False(t, c.Stands(), "%s: false positive: %v", page.File, &c)
			if page.Expected == "widget" {
				require.Equal(t, captcha.Widget, c.Verdict, page.File)
			}
			if page.SiteKey != "" {
				require.Equal(t, page.SiteKey, c.SiteKey, page.File)
			}
			continue
		}
		v := perVendor[page.Vendor]
		if v == nil {
			v = new(tally)
			perVendor[page.Vendor] = v
		}
		v.pages++
		all.pages++
		if !c.Stands() {
			t.Logf("missed %s: %v", page.File, &c)
			continue
		}
		v.found++
		all.found++
		if string(c.Vendor) == page.Vendor {
			v.vendor++
			all.vendor++
		} else {
			t.Logf("%s: vendor %s, want %s (%s)", page.File, c.Vendor, page.Vendor, c.Rule)
		}
		require.Equal(t, *page.Solvable, c.Solvable, "%s: %v", page.File, &c)
		require.Equal(t, page.SiteKey, c.SiteKey, page.File)
		for key, want := range page.Params {
			if s, ok := want.(string); ok && key != "form_action" && key != "form_method" {
				require.Equal(t, s, c.Params[key], "%s: %s", page.File, key)
			}
		}
		t.Logf("%-62s %v", page.File, &c)
	}
	for _, name := range slices.Sorted(maps.Keys(perVendor)) {
		v := perVendor[name]
		t.Logf("%-12s %d of %d found, vendor right %d", name, v.found, v.pages, v.vendor)
	}
	require.GreaterOrEqual(t, float64(all.found), 0.95*float64(all.pages), "recall")
	require.GreaterOrEqual(t, float64(all.vendor), 0.95*float64(all.found), "vendor")
}

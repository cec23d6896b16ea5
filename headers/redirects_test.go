package headers_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/godwit-go/godwit/headers"
	"github.com/stretchr/testify/require"
)

// TestRedirectsTakeAndGive holds what Chromium 156 and Firefox 153 were seen to do
// after a redirect.
func TestRedirectsTakeAndGive(t *testing.T) {
	page, here := parse(t, "https://shop.test/list"), parse(t, "https://shop.test/x")
	www, there := parse(t, "https://www.shop.test/go"), parse(t, "https://other.test/go")
	via := func(kind headers.Kind, to *url.URL, hops ...*url.URL) headers.Situation {
		return headers.Situation{Kind: kind, URL: to, Initiator: page, Redirects: hops}
	}
	with := func(s headers.Situation, change func(s *headers.Situation)) headers.Situation {
		change(&s)
		return s
	}
	authorized := func(s *headers.Situation) {
		s.Headers = []headers.Field{{Name: "Authorization", Value: "b"}, {Name: "X-A", Value: "1"}}
	}
	wasPost := func(s *headers.Situation) {
		s.OriginalMethod = "POST"
		s.Headers = []headers.Field{{Name: "Content-Type", Value: "application/json"}, {Name: "Content-Language", Value: "de"}, {Name: "X-A", Value: "1"}}
	}
	asked := func(s *headers.Situation) { s.AcceptCH = []string{"sec-ch-ua-arch", "sec-ch-ua-model"} }
	included := func(s *headers.Situation) { s.Credentials = headers.CredentialsInclude }
	worker := func(s *headers.Situation) { s.FromWorker = true; authorized(s) }
	const chromeTail = " site mode dest referer AE AL"
	for _, c := range []struct {
		about     string
		profile   headers.Profile
		situation headers.Situation
		want      string
	}{
		{"a detour has its own cookies", chrome156, via(headers.Image, here, there), "PLAT UA CH MOB accept" + chromeTail + " priority"},
		{"a detour has its own cookies", chrome156, via(headers.Image, there, www), "PLAT UA CH MOB accept site mode dest storage-access referer AE AL priority"},
		{"a detour has its own cookies", firefox153, via(headers.IFrame, here, there), "UA accept AL AE referer UIR dest mode site priority te"},
		{"nobody is known once the origin is hidden", firefox153, via(headers.Image, there, www), "UA accept AL AE referer dest mode site priority te"},
		{"but is by way of the page's own", firefox153, via(headers.Image, there, here), "UA accept AL AE referer storage-access dest mode site priority te"},
		{"a POST's Origin goes with its body", chrome156, with(via(headers.Fetch, there, there), wasPost), "PLAT UA CH x-a MOB accept site mode dest origin referer AE AL priority"},
		{"Authorization is for one origin", chrome156, with(via(headers.Fetch, there, here), authorized), "PLAT UA CH x-a MOB accept site mode dest origin referer AE AL priority"},
		{"Authorization is for one origin", on(headers.Chrome, 118, headers.Linux), with(via(headers.Fetch, there, here), authorized), "CH x-a MOB authorization UA PLAT accept origin" + chromeTail},
		{"Authorization is for one origin", firefox153, with(via(headers.Fetch, there, here), authorized), "UA accept AL AE origin x-a referer dest mode site priority te"},
		{"a body's headers go with it", firefox153, with(via(headers.Fetch, here, here), wasPost), "UA accept AL AE x-a referer dest mode site priority te"},
		{"no redirect brings hints back", chrome156, with(via(headers.Image, here, there), asked), "PLAT UA CH MOB accept" + chromeTail + " priority"},
		{"a redirect leaves the others where they were", chrome156, with(via(headers.Image, www, here), asked), "PLAT UA CH MOB accept" + chromeTail + " priority"},
		{"nor those that need no asking", chrome156, via(headers.Image, here, parse(t, "http://shop.test/go")), "UA accept site mode dest AE AL priority"},
		{"a page's hints are those of where it is", chrome156, with(via(headers.Navigate, here, there), asked), "UIR UA accept site mode dest CH MOB CH-arch PLAT CH-model referer AE AL priority"},
		{"what a cookie is for comes before Origin", chrome156, with(via(headers.Fetch, there, here), included), "PLAT UA CH MOB accept site mode dest storage-access origin referer AE AL priority"},
		{"each stands where it was first needed", chrome156, with(via(headers.Fetch, there, here, www), included), "PLAT UA CH MOB accept site mode dest origin storage-access referer AE AL priority"},
		{"a worker names its referrer first", firefox153, with(via(headers.Fetch, there, here), worker), "UA accept AL AE referer origin x-a dest mode site priority te"},
		{"media change their order", firefox153, via(headers.Video, here, here), "UA accept AL AE range referer dest mode site priority te"},
		{"media change their order", firefox153, with(via(headers.Audio, there, here), func(s *headers.Situation) { s.Mode = headers.ModeCORS }), "UA accept AL AE origin range referer dest mode site priority te"},
	} {
		require.Equal(t, c.want, order(t, c.profile, c.situation), "%s: %s to %s", c.about, c.profile, c.situation.Kind)
	}
}

// TestAHeaderThatARedirectDropsHasHadItsBucket: the map is older than the redirect.
func TestAHeaderThatARedirectDropsHasHadItsBucket(t *testing.T) {
	s := headers.Situation{
		Kind: headers.Fetch, URL: parse(t, "https://shop.test/x"), Initiator: parse(t, "https://shop.test/"),
		Redirects: []*url.URL{parse(t, "https://shop.test/go")}, OriginalMethod: "POST",
		Headers: []headers.Field{
			{Name: "Idempotency-Key", Value: "v"},
			{Name: "X-Requested-With", Value: "v"},
			{Name: "Accept", Value: "text/html"},
			{Name: "Content-Type", Value: "application/json"},
		},
	}
	require.True(t, strings.HasPrefix(order(t, chrome156, s), "PLAT idempotency-key CH MOB x-requested-with UA accept site"))
}

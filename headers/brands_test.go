package headers_test

import (
	"strings"
	"testing"

	"github.com/godwit-go/godwit/headers"
	"github.com/stretchr/testify/require"
)

// genuine are brand lists that real browsers have sent, from captures and from
// visitor data.
var genuine = []struct {
	browser headers.Browser
	version int
	list    string
}{
	{headers.Chrome, 110, `"Chromium";v="110", "Not A(Brand";v="24", "Google Chrome";v="110"`},
	{headers.Chrome, 116, `"Chromium";v="116", "Not)A;Brand";v="24", "Google Chrome";v="116"`},
	{headers.Chrome, 120, `"Not_A Brand";v="8", "Chromium";v="120", "Google Chrome";v="120"`},
	{headers.Edge, 122, `"Chromium";v="122", "Not(A:Brand";v="24", "Microsoft Edge";v="122"`},
	{headers.Edge, 123, `"Microsoft Edge";v="123", "Not:A-Brand";v="8", "Chromium";v="123"`},
	{headers.Chrome, 124, `"Chromium";v="124", "Google Chrome";v="124", "Not-A.Brand";v="99"`},
	{headers.Edge, 128, `"Chromium";v="128", "Not;A=Brand";v="24", "Microsoft Edge";v="128"`},
	{headers.Edge, 129, `"Microsoft Edge";v="129", "Not=A?Brand";v="8", "Chromium";v="129"`},
	{headers.Chrome, 131, `"Google Chrome";v="131", "Chromium";v="131", "Not_A Brand";v="24"`},
	{headers.Chrome, 133, `"Not(A:Brand";v="99", "Google Chrome";v="133", "Chromium";v="133"`},
	{headers.Chrome, 136, `"Chromium";v="136", "Google Chrome";v="136", "Not.A/Brand";v="99"`},
	{headers.Edge, 138, `"Not)A;Brand";v="8", "Chromium";v="138", "Microsoft Edge";v="138"`},
	{headers.Chrome, 140, `"Chromium";v="140", "Not=A?Brand";v="24", "Google Chrome";v="140"`},
	{headers.Chrome, 142, `"Chromium";v="142", "Google Chrome";v="142", "Not_A Brand";v="99"`},
	{headers.Edge, 146, `"Chromium";v="146", "Not-A.Brand";v="24", "Microsoft Edge";v="146"`},
	{headers.Chrome, 147, `"Google Chrome";v="147", "Not.A/Brand";v="8", "Chromium";v="147"`},
	{headers.Chrome, 150, `"Not;A=Brand";v="8", "Chromium";v="150", "Google Chrome";v="150"`},
	{headers.Chrome, 152, `"Chromium";v="152", "Not?A_Brand";v="24", "Google Chrome";v="152"`},
	{headers.Chrome, 155, `"Google Chrome";v="155", "Chromium";v="155", "Not(A:Brand";v="24"`},
	{headers.Chrome, 156, `"Not:A-Brand";v="8", "Chromium";v="156", "Google Chrome";v="156"`},
	{headers.Chrome, 157, `"Not-A.Brand";v="99", "Google Chrome";v="157", "Chromium";v="157"`},
	{headers.Chrome, 158, `"Chromium";v="158", "Not.A/Brand";v="24", "Google Chrome";v="158"`},
	{headers.Chromium, 150, `"Not;A=Brand";v="8", "Chromium";v="150"`},
	{headers.Chromium, 156, `"Not:A-Brand";v="8", "Chromium";v="156"`},
}

func TestBrandListsAreThoseOfRealBrowsers(t *testing.T) {
	for _, c := range genuine {
		g := build(t, headers.Profile{Browser: c.browser, Version: c.version, OS: headers.Windows})
		s := headers.Situation{URL: parse(t, "https://shop.test/")}
		require.Equal(t, c.list, g.Fields(&s).Get("sec-ch-ua"))
	}
}

func TestFullVersionListsHaveTheSameOrder(t *testing.T) {
	for _, c := range genuine {
		full := headers.Profile{Browser: c.browser, Version: c.version, OS: headers.Linux}
		full.FullVersion = itoa(c.version) + ".0.7871.100"
		g := build(t, full)
		s := headers.Situation{URL: parse(t, "https://shop.test/"), AcceptCH: []string{"sec-ch-ua-full-version-list", "sec-ch-ua-full-version"}}
		want := strings.ReplaceAll(c.list, `v="`+itoa(c.version)+`"`, `v="`+full.FullVersion+`"`)
		for _, grease := range []string{"8", "24", "99"} {
			want = strings.ReplaceAll(want, `v="`+grease+`"`, `v="`+grease+`.0.0.0"`)
		}
		list := g.Fields(&s)
		require.Equal(t, want, list.Get("sec-ch-ua-full-version-list"))
		require.Equal(t, `"`+full.FullVersion+`"`, list.Get("sec-ch-ua-full-version"))
	}
}

package proxypool_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/godwit-go/godwit/proxypool"
)

func TestProxiesAreReadInEveryFormThatPeopleHave(t *testing.T) {
	for in, want := range map[string]string{
		"http://1.2.3.4:8080":                         "http://1.2.3.4:8080",
		"HTTPS://Proxy.Test":                          "https://proxy.test:443",
		"http://proxy.test/":                          "http://proxy.test:80",
		"socks5://1.2.3.4":                            "socks5://1.2.3.4:1080",
		"socks5h://u:p@[2001:DB8::1]:1081":            "socks5h://u:p@[2001:db8::1]:1081",
		"1.2.3.4:8080":                                "http://1.2.3.4:8080",
		"proxy.test:08080":                            "http://proxy.test:8080",
		"[::1]:8080":                                  "http://[::1]:8080",
		"[::1]:8080:user:pass":                        "http://user:pass@[::1]:8080",
		"1.2.3.4:8080:user:pass":                      "http://user:pass@1.2.3.4:8080",
		"1.2.3.4:8080:user:pa:ss":                     "http://user:pa%3Ass@1.2.3.4:8080",
		"user:pass@1.2.3.4:8080":                      "http://user:pass@1.2.3.4:8080",
		"me@mail.test:p@ss@proxy.test:80":             "http://me%40mail.test:p%40ss@proxy.test:80",
		"user:pass:1.2.3.4:8080":                      "http://user:pass@1.2.3.4:8080",
		"user:1234:gw.proxy.test:8080":                "http://user:1234@gw.proxy.test:8080",
		"gw.proxy.test:8080:user:1234":                "http://user:1234@gw.proxy.test:8080",
		"1.2.3.4:8080@user:pass":                      "http://user:pass@1.2.3.4:8080",
		"http://us%40er:p%2Fw@proxy.test:80":          "http://us%40er:p%2Fw@proxy.test:80",
		"http://user:p#a/s?s@proxy.test:80":           "http://user:p%23a%2Fs%3Fs@proxy.test:80",
		"http://user:100%@proxy.test:80":              "http://user:100%25@proxy.test:80",
		"http://user@proxy.test:80":                   "http://user@proxy.test:80",
		"http://customer-a-session-{session}:p@gw:80": "http://customer-a-session-%7Bsession%7D:p@gw:80",
		" http://1.2.3.4:80 ":                         "http://1.2.3.4:80",
	} {
		p, err := proxypool.ParseProxy(in)
		require.NoError(t, err, in)
		require.Equal(t, want, p.URL().String(), in)
	}
}

func TestWhatIsNoProxyIsRefusedAndNotQuoted(t *testing.T) {
	for _, in := range []string{
		"", "s3cret", "ftp://u:s3cret@1.2.3.4:21", "socks4://u:s3cret@1.2.3.4:1080", "s3cret://1.2.3.4:80", "http://",
		"http://u:s3cret@1.2.3.4:99999", "http://u:s3cret@1.2.3.4:0", "1.2.3.4:s3cret", "1.2.3.4", "300.1.1.1:80", "1.2.3:80",
		"http://u:s3cret@host/path", "http://u:s3cret@h st:80", "http://u:s3\r\ncret@host:80", "host:80:s3cret", "http://u:s3cret@host:80?colour=s3cret",
		"http://:s3cret@host:80", "http://a%3As3cret:p@host:80", "socks5://" + strings.Repeat("s3cret", 50) + ":p@host:80",
		"http://host:80?tier=-1", "http://host:80?weight=0", "http://host:80?weight=NaN", "http://host:80?country=s3cret", "http://host:80?kind=s3cret",
		"http://host:80?sessions=5", "http://host:80?label=%00", "http://u:p@[fe80::1%25eth0]:80", "-:80:a:b@@", "http://a..b:80",
	} {
		_, err := proxypool.ParseProxy(in)
		require.Error(t, err, in)
		require.NotContains(t, err.Error(), "s3cret", in)
		require.NotContains(t, err.Error(), "cret", in)
	}
}

func TestOptionsOfTheURLForm(t *testing.T) {
	p, err := proxypool.ParseProxy("http://u-{session}:p@gw.test:7000?label=res&kind=rotating&country=de&tier=2&weight=1.5&sessions=40")
	require.NoError(t, err)
	require.Equal(t, []any{"res", proxypool.Gateway, "DE", 2, 1.5, 40}, []any{p.Label, p.Kind, p.Country, p.Tier, p.Weight, p.Sessions})
	p, err = proxypool.ParseProxy("http://gw.test:7000#my%20gateway")
	require.NoError(t, err)
	require.Equal(t, "my gateway", p.Label)
}

func TestListsOfEveryFormat(t *testing.T) {
	want := []string{"http://u:p@10.0.0.1:80", "socks5://10.0.0.2:1080", "http://10.0.0.3:8080"}
	for name, in := range map[string]string{
		"lines":                "\ufeff# my proxies\r\n10.0.0.1:80:u:p\r\n\r\nsocks5://10.0.0.2  # a comment\r\n10.0.0.3:8080\r\n10.0.0.3:8080\r\n",
		"csv":                  "IP,Port,Protocol,Username,Password,Country\n10.0.0.1,80,http,u,p,DE\n10.0.0.2,1080,SOCKS5,,,US\n# gone\n10.0.0.3,8080,http,,,\n",
		"csv of urls":          "url;label;tier\nhttp://u:p@10.0.0.1:80;one;1\nsocks5://10.0.0.2;two;\n10.0.0.3:8080;;2\n",
		"csv without a header": "10.0.0.1,80,u,p\nsocks5://10.0.0.2\n10.0.0.3,8080\n",
		"tabs":                 "host\tport\tuser\tpass\ttype\n10.0.0.1\t80\tu\tp\thttp\n10.0.0.2\t1080\t\t\tsocks5\n10.0.0.3\t8080\n",
		"json":                 `["http://u:p@10.0.0.1:80", {"scheme":"socks5","host":"10.0.0.2","port":1080,"country_code":"us"}, {"url":"10.0.0.3:8080","tier":1}]`,
		"json lines":           "{\"ip\":\"10.0.0.1\",\"port\":\"80\",\"username\":\"u\",\"password\":\"p\"}\n{\"url\":\"socks5://10.0.0.2\"}\n{\"proxy_address\":\"10.0.0.3\",\"port\":8080}\n",
	} {
		t.Run(name, func(t *testing.T) {
			list, err := proxypool.ParseList(strings.NewReader(in))
			require.NoError(t, err)
			var got []string
			for _, p := range list {
				got = append(got, p.URL().String())
			}
			require.Equal(t, want, got)
		})
	}
}

func TestColumnsSayMoreThanTheAddress(t *testing.T) {
	list, err := proxypool.ParseList(strings.NewReader("url,label,country,tier,weight,kind\nhttp://10.0.0.1:80,one,de,1,0.5,gateway\n"))
	require.NoError(t, err)
	p := list[0]
	require.Equal(t, []any{"one", "DE", 1, 0.5, proxypool.Gateway}, []any{p.Label, p.Country, p.Tier, p.Weight, p.Kind})
}

func TestWrongLinesAreNamedAndTheOthersRead(t *testing.T) {
	for name, in := range map[string]string{
		"lines": "10.0.0.1:80\n\n# x\nftp://u:s3cret@h:1\n10.0.0.2:80\n",
		"csv":   "host,port,user,pass\n10.0.0.1,80\n\nh,s3cret,a,b\n10.0.0.2,80\n",
		"json":  "[\"10.0.0.1:80\",\n\n\n{\"host\":\"h\",\"port\":99999,\"password\":\"s3cret\"},\n\"10.0.0.2:80\"]",
	} {
		t.Run(name, func(t *testing.T) {
			list, err := proxypool.ParseList(strings.NewReader(in))
			require.Len(t, list, 2)
			var wrong *proxypool.LineError
			require.ErrorAs(t, err, &wrong)
			require.Equal(t, 4, wrong.Line)
			require.NotContains(t, err.Error(), "s3cret")
		})
	}
	_, err := proxypool.ParseList(strings.NewReader(strings.Repeat("nonsense\n", 1000)))
	require.ErrorContains(t, err, "and 980 more wrong lines")
}

func TestNumbersInJSONAreReadAsTheyAreWritten(t *testing.T) {
	list, err := proxypool.ParseList(strings.NewReader(`{"host": "h", "port": 80, "user": 10000000, "password": 12345678901234567890, "weight": 1.5}`))
	require.NoError(t, err)
	require.Equal(t, "http://10000000:12345678901234567890@h:80", list[0].URL().String())
	require.InDelta(t, 1.5, list[0].Weight, 0)
}

// A proxy must not be spoken to as HTTP because its protocol was not understood.
func TestTheProtocolsOfAJSONListAreRead(t *testing.T) {
	list, err := proxypool.ParseList(strings.NewReader(`[{"ip": "1.1.1.1", "port": "80", "protocols": ["socks4", "socks5"]},
		{"ip": "1.1.1.2", "port": "80", "protocols": ["socks4"]}, {"ip": "1.1.1.3", "port": "80", "protocols": []}]`))
	require.ErrorContains(t, err, "line 2: unsupported scheme")
	require.Len(t, list, 2)
	require.Equal(t, "socks5://1.1.1.1:80", list[0].Address())
	require.Equal(t, "http://1.1.1.3:80", list[1].Address())
}

func TestLoginsMakeProxiesDifferent(t *testing.T) {
	list, err := proxypool.ParseList(strings.NewReader("http://a:p@h:80\nhttp://b:p@h:80\nhttp://a:p@H.:80/\nsocks5://a:p@h:80\n"))
	require.NoError(t, err)
	require.Len(t, list, 3)
	list, err = proxypool.ParseList(strings.NewReader("socks5://a:p@h\nsocks5h://a:p@h\n"))
	require.NoError(t, err)
	require.Len(t, list, 1, "two spellings of one proxy")
	pool := newPool(t, proxypool.Config{Proxies: []proxypool.Address{"http://a:p@h:80?label=x", "http://b:p@h:80?label=x"}})
	labels := picked(t, pool, noon, "a.test", 50)
	require.Len(t, labels, 2, "labels are made unique: %v", labels)
}

func TestAWrongConfigurationNamesItsFields(t *testing.T) {
	err := proxypool.Config{
		Proxies: []proxypool.Address{"10.0.0.1:80", "ftp://u:s3cret@h:1"}, Direct: true, URL: "s3cret", Selection: "best",
		Blocks: proxypool.Gating{For: -1}, Faults: proxypool.Gating{For: 100, Max: 10}, Scarcity: proxypool.Scarcity{Share: 2},
		Check: proxypool.Check{URL: "x", Every: -1, Parallel: -1}, Tiers: proxypool.Tiers{Probe: -1}, ReloadEvery: -1,
	}.Validate()
	for _, want := range []string{
		"Proxies[1]: unsupported scheme", "Direct: true, want no proxies", "URL: want an http or https URL", `Selection: "best", want`,
		"Blocks.For: -1ns, want", "Faults.Max: 10ns, want at least", "Scarcity.Share: 2, want", "Check.URL: want", "Check.Every: -1ns, want",
		"Check.Parallel: -1, want", "Tiers.Probe: -1ns, want", "ReloadEvery: -1ns, want",
	} {
		require.ErrorContains(t, err, want)
	}
	require.NotContains(t, err.Error(), "s3cret")
	require.NoError(t, proxypool.Config{}.Validate())
	_, err = proxypool.NewPool(proxypool.Config{Selection: "best"})
	require.Error(t, err)
}

// prints renders a value in every way that might end up in a log.
func prints(t *testing.T, v any) string {
	t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "%v %+v %#v %s %q ", v, v, v, v, v)
	slog.New(slog.NewTextHandler(&b, nil)).Info("x", "v", v)
	slog.New(slog.NewJSONHandler(&b, nil)).Info("x", "v", v)
	if j, err := json.Marshal(v); err == nil {
		b.Write(j)
	} else {
		b.WriteString(err.Error())
	}
	if err, ok := v.(error); ok {
		for ; err != nil; err = errors.Unwrap(err) {
			b.WriteString(err.Error())
		}
	}
	return b.String()
}

func TestNothingPrintsALogin(t *testing.T) {
	const address = "http://tokenuser-{session}:tokenpass@10.0.0.1:80"
	cfg := proxypool.Config{Proxies: []proxypool.Address{address}, URL: "http://lists.test/?key=tokenkey"}
	proxy, err := proxypool.ParseProxy(address)
	require.NoError(t, err)
	pool := newPool(t, proxypool.Config{Proxies: cfg.Proxies})
	l := pick(t, pool, noon, proxypool.Want{Domain: "a.test"})
	l.Done(noon, banned)
	_, none := newPool(t, proxypool.Config{}).Pick(noon, proxypool.Want{Domain: "a.test"})
	_, listErr := proxypool.ParseList(strings.NewReader("http://tokenuser:tokenpass@h:99999\ntokenuser:tokenpass\n"))
	_, fetchErr := proxypool.NewPool(proxypool.Config{URL: "http://127.0.0.1:1/?key=tokenkey"})
	values := []any{
		proxy, &proxy,
		[]proxypool.Proxy{proxy},
		cfg.Proxies, cfg.Proxies[0], pool.Snapshot(), l.Egress(), l.Identity().Key,
		none, listErr, fetchErr, proxy.ID(), proxy.Address(),
	}
	for _, v := range values {
		text := prints(t, v)
		for _, token := range []string{"tokenuser", "tokenpass", "tokenkey", url.QueryEscape("tokenuser-{")} {
			require.NotContains(t, text, token, "%T", v)
		}
	}
	text := fmt.Sprintf("%v %+v %#v", cfg, cfg, cfg)
	require.NotContains(t, text, "token")
}

func FuzzParseProxy(f *testing.F) {
	for _, s := range []string{"http://u:p@h:1", "h:1:u:p", "u:p:h:1", "[::1]:80", "socks5://a@b@c:1", "http://h:80?tier=1#x", "a:b:c:d:e:f", "http://%zz:%@h"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, err := proxypool.ParseProxy(s)
		if err != nil {
			return
		}
		u := p.URL()
		again, err := proxypool.ParseProxy(u.String())
		require.NoError(t, err, "%q", u.String())
		require.Equal(t, p.ID(), again.ID())
		require.Contains(t, []string{"http", "https", "socks5", "socks5h"}, u.Scheme)
		require.NotEmpty(t, u.Port())
		require.NotContains(t, u.Host, "@")
	})
}

func FuzzParseList(f *testing.F) {
	for _, s := range []string{"10.0.0.1:80\n", "host,port\na.test,1\n", `[{"host":"h","port":1}]`, "{\"url\":\"h:1\"}\n{}", "[::1]:80", "\ufeffa;b\n", "a\tb\n\"x\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		// A login of our own behind whatever was there must show up nowhere.
		list, err := proxypool.ParseList(strings.NewReader(s + "\nqqtokenqq:zztokenzz\n\nhttp://qqtokenqq:zztokenzz@h:99999\n"))
		seen := make(map[string]bool)
		for _, p := range list {
			require.False(t, seen[p.ID()])
			seen[p.ID()] = true
			if label := p.String(); !strings.Contains(s, "token") {
				require.NotContains(t, label, "zztokenzz")
			}
		}
		if err != nil {
			require.NotContains(t, err.Error(), "zztokenzz")
			require.NotContains(t, err.Error(), "qqtokenqq")
		}
	})
}

// Whatever stands around a login, it shows up neither in an error nor in a proxy.
func FuzzALoginShowsNowhere(f *testing.F) {
	for _, s := range [][3]string{{"http", "10.0.0.1:80", "?tier=1"}, {"socks5", "h", ":1"}, {"ftp", "", "/x"}, {"https", "[::1]:1", "#l"}, {"", "a.test:80", ""}, {"x", "\n", "\"},{"}} {
		f.Add(s[0], s[1], s[2])
	}
	const user, password = "qqtokenqq", "zz:token@zz"
	f.Fuzz(func(t *testing.T, scheme, host, tail string) {
		login := user + ":" + password
		for _, line := range []string{
			scheme + "://" + login + "@" + host + tail, login + "@" + host + tail, login + "@" + tail, scheme + "://" + login,
			"host,port,user,password\n" + host + "," + tail + "," + user + "," + password,
			`{"host":` + strconv.Quote(host) + `,"port":` + strconv.Quote(tail) + `,"user":"` + user + `","password":"` + password + `"}`,
		} {
			list, err := proxypool.ParseList(strings.NewReader(line))
			require.NotContains(t, prints(t, list), "token", "%q", line)
			if err != nil {
				require.NotContains(t, prints(t, err), "token", "%q", line)
			}
		}
	})
}

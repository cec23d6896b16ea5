package hostile

import (
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Where the system has no 127.0.0.0/8, all proxies leave from 127.0.0.1, and the
// sites still know them apart from each other and from the machine.
func TestVisitorsAreKnownWhereAllLeaveFromOneAddress(t *testing.T) {
	web, err := Start(Config{Sites: []SiteConfig{{Host: "shop.test"}}})
	require.NoError(t, err)
	defer web.Close()
	web.manyExits = false
	visit := func(p *Proxy) string {
		transport := web.Transport()
		transport.DisableKeepAlives = true
		defer transport.CloseIdleConnections()
		if p != nil {
			transport.Proxy = http.ProxyURL(p.URL())
		}
		resp, err := (&http.Client{Transport: transport}).Get("https://shop.test/visitor")
		if err != nil {
			return err.Error()
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			return err.Error()
		}
		return string(body)
	}
	var group sync.WaitGroup
	for _, scheme := range []string{"http", "socks5", ""} {
		var proxy *Proxy
		want := `"address":"127.0.0.1","direct":true`
		if scheme != "" {
			proxy, err = web.AddProxy(ProxyConfig{Scheme: scheme})
			require.NoError(t, err)
			want = `"address":"` + proxy.Exit() + `","direct":false`
		}
		group.Go(func() {
			for range 10 {
				if got := visit(proxy); !strings.Contains(got, want) {
					t.Errorf("%s, want %s", got, want)
				}
			}
		})
	}
	group.Wait()
	require.Equal(t, 10, web.MachineRequests())
	web.exits.Range(func(remote, _ any) bool {
		t.Errorf("%v is still entered", remote)
		return true
	})
}

func TestBooksForgetTheOldestArrivals(t *testing.T) {
	s := &Site{books: newBooks()}
	for i := range keptArrivals + 3 {
		s.books.arrive(Arrival{Path: strconv.Itoa(i)}, "")
	}
	arrivals := s.Arrivals()
	require.Len(t, arrivals, keptArrivals)
	require.Equal(t, "3", arrivals[0].Path)
	require.Equal(t, strconv.Itoa(keptArrivals+2), arrivals[keptArrivals-1].Path)
	require.Equal(t, keptArrivals+3, s.Ledger().Requests)
}

func TestOutagesComeAtTheirTimes(t *testing.T) {
	o := Outage{After: 10, For: 3, Every: 5}
	for age, down := range map[time.Duration]bool{
		0: false, 9: false, 10: true, 12: true, 13: false, 14: false, 15: true, 17: true, 18: false, 20: true,
	} {
		require.Equal(t, down, o.down(age), age)
	}
	require.False(t, Outage{After: 10, For: 3}.down(15), "only once")
}

package proxypool_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"

	"github.com/godwit-go/godwit/proxypool"
	"github.com/godwit-go/godwit/trip"
)

func ExampleNew() {
	transport, err := proxypool.New(nil, proxypool.Config{
		Proxies: []proxypool.Address{
			"http://user:password@proxy1.test:8080",
			"socks5h://proxy2.test:1080",
			"http://user-session-{session}:password@gateway.test:7000?sessions=50",
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer transport.Pool().Close()
	client := &http.Client{Transport: transport}
	_ = client // use it like any other
	fmt.Println(transport.Pool().Len(), "egresses")
	// Output: 52 egresses
}

// The engine knows no HTTP and takes the time as an argument: a pool can be
// driven by other clients, and by simulations in virtual time.
func ExamplePool_Pick() {
	pool, err := proxypool.NewPool(proxypool.Config{
		Proxies: []proxypool.Address{"10.0.0.1:8080", "10.0.0.2:8080"},
		Rand:    rand.NewPCG(1, 2),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer pool.Close()
	now := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

	first, _ := pool.Pick(now, proxypool.Want{Domain: "shop.test"})
	first.Done(now.Add(60*time.Millisecond), trip.Outcome{Verdict: trip.ProxyError, Phase: trip.Dial})

	second, _ := pool.Pick(now, proxypool.Want{Domain: "shop.test", Tried: []proxypool.Lease{first}})
	second.Done(now.Add(300*time.Millisecond), trip.Outcome{Verdict: trip.OK, Status: 200})

	fmt.Println(first.Egress() != second.Egress(), second.Mode())
	// Output: true normal
}

func ExampleNoProxyError() {
	pool, _ := proxypool.NewPool(proxypool.Config{})
	defer pool.Close()
	_, err := pool.Pick(time.Now(), proxypool.Want{Domain: "shop.test"})
	var none *proxypool.NoProxyError
	fmt.Println(errors.As(err, &none), none.Reason)
	fmt.Println(err)
	// Output:
	// true empty
	// proxypool: no proxy available: pool "pool" for "shop.test": it has none
}

func ExampleParseList() {
	list, err := proxypool.ParseList(strings.NewReader(`
# bought in June
10.0.0.1:8080:alice:secret
socks4://10.0.0.2:1080
http://10.0.0.3:8080?label=berlin&country=de&tier=1
`))
	fmt.Println(len(list), list[1].Label, list[1].Country)
	fmt.Println(err)
	// Output:
	// 2 berlin DE
	// proxypool: list: line 4: unsupported scheme, want http, https, socks5 or socks5h
}

package breaker_test

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/godwit-go/godwit/breaker"
)

func Example() {
	down := roundTripper(func(*http.Request) (*http.Response, error) {
		return nil, errors.New("connection refused")
	})
	rt, err := breaker.New(down, breaker.Config{ConsecutiveFailures: 3})
	if err != nil {
		fmt.Println(err)
		return
	}
	client := &http.Client{Transport: rt}
	for range 4 {
		_, err = client.Get("http://shop.test/")
		var open *breaker.OpenError
		if errors.As(err, &open) {
			fmt.Printf("%s: ask again in %v\n", open.Key, time.Until(open.RetryAt).Round(time.Second))
			continue
		}
		fmt.Println(err)
	}
	// Output:
	// Get "http://shop.test/": connection refused
	// Get "http://shop.test/": connection refused
	// Get "http://shop.test/": connection refused
	// shop.test: ask again in 1m0s
}

func ExampleGroup_Open() {
	group, err := breaker.NewGroup(breaker.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	group.Open("shop.test", time.Time{}) // until closed by hand
	fmt.Println(group.Peek("shop.test"))
	group.Close("shop.test")
	fmt.Println(group.Peek("shop.test"))
	// Output:
	// breaker: circuit of "shop.test" is open until it is closed by hand
	// <nil>
}

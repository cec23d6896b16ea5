package ratelimit_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/godwit-go/godwit/ratelimit"
	"github.com/godwit-go/godwit/trip"
)

func Example() {
	// Ten requests per second and domain, sharp, three at a time.
	rt, err := ratelimit.New(respondWith(200), ratelimit.Config{Rate: 10, InFlight: 3, Jitter: -1})
	if err != nil {
		fmt.Println(err)
		return
	}
	client := &http.Client{Transport: rt}
	start := time.Now()
	for range 4 {
		resp, err := client.Get("http://shop.test/")
		if err != nil {
			fmt.Println(err)
			return
		}
		resp.Body.Close()
	}
	fmt.Println("300 ms or more:", time.Since(start) >= 300*time.Millisecond)
	// Output:
	// 300 ms or more: true
}

func ExampleLimiter() {
	limiter, err := ratelimit.NewLimiter(ratelimit.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	turn, err := limiter.Wait(context.Background(), "shop.test")
	if err != nil {
		fmt.Println(err)
		return
	}
	// ... the target answers: too fast, come back in an hour.
	turn.React(trip.Outcome{Verdict: trip.Throttled, RetryAt: time.Now().Add(time.Hour)})
	turn.Release()

	_, err = limiter.Wait(context.Background(), "shop.test")
	var wait *ratelimit.WaitError
	if errors.As(err, &wait) {
		fmt.Printf("%s: come back in %v\n", wait.Key, time.Until(wait.RetryAt).Round(time.Minute))
	}
	// Output:
	// shop.test: come back in 1h0m0s
}

package retry_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/godwit-go/godwit/retry"
	"github.com/godwit-go/godwit/trip"
)

// site is a RoundTripper that answers without a network.
type site func(*http.Request) (*http.Response, error)

func (f site) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

func page(req *http.Request, status int, text string) (*http.Response, error) {
	return &http.Response{StatusCode: status, Header: make(http.Header), Body: io.NopCloser(strings.NewReader(text)), Request: req}, nil
}

func Example() {
	requests := 0
	flaky := site(func(req *http.Request) (*http.Response, error) {
		if requests++; requests < 3 {
			return page(req, http.StatusBadGateway, "try again")
		}
		return page(req, http.StatusOK, "the page")
	})
	rt, err := retry.New(flaky, retry.Config{BaseDelay: time.Millisecond})
	if err != nil {
		fmt.Println(err)
		return
	}
	client := &http.Client{Transport: rt}
	resp, err := client.Get("https://shop.test/")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer resp.Body.Close()
	text, _ := io.ReadAll(resp.Body)
	fmt.Printf("%s, after %d attempts\n", text, len(trip.FromResponse(resp).Attempts))
	// Output: the page, after 3 attempts
}

// A target that wants to be left alone for longer than the crawler would wait gets
// its will: the response comes back at once and tells when to return.
func Example_retryAt() {
	busy := site(func(req *http.Request) (*http.Response, error) {
		resp, err := page(req, http.StatusTooManyRequests, "slow down")
		resp.Header.Set("Retry-After", "3600")
		return resp, err
	})
	rt, err := retry.New(busy, retry.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	resp, err := (&http.Client{Transport: rt}).Get("https://shop.test/")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer resp.Body.Close()
	fmt.Println(resp.StatusCode, "back in", time.Until(trip.FromResponse(resp).RetryAt).Round(time.Minute))
	// Output: 429 back in 1h0m0s
}

// A POST may have taken effect even if no answer came, so it is sent once, unless
// the caller knows better.
func ExampleWithOverride() {
	requests := 0
	broken := site(func(*http.Request) (*http.Response, error) {
		requests++
		return nil, errors.New("connection reset")
	})
	rt, err := retry.New(broken, retry.Config{BaseDelay: -1})
	if err != nil {
		fmt.Println(err)
		return
	}
	search := func(ctx context.Context) {
		requests = 0
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, "https://shop.test/search", strings.NewReader("q=shoes"))
		if err != nil {
			fmt.Println(err)
			return
		}
		_, err = rt.RoundTrip(req)
		fmt.Println(requests, err)
	}
	ctx := context.Background()
	search(ctx)
	search(retry.WithOverride(ctx, retry.Override{RetryUnsafe: true, MaxAttempts: 2}))
	// Output:
	// 1 connection reset
	// 2 connection reset
}

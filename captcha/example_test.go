package captcha_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/godwit-go/godwit/captcha"
	"github.com/godwit-go/godwit/captcha/solver"
	"github.com/godwit-go/godwit/trip"
)

// guarded is a site that wants a clearance before it shows its page.
var guarded = roundTripper(func(req *http.Request) (*http.Response, error) {
	status, header, page := http.StatusForbidden, http.Header{"Cf-Mitigated": {"challenge"}, "Content-Type": {"text/html"}}, "Just a moment..."
	if c, err := req.Cookie("cf_clearance"); err == nil && c.Value == "earned" {
		status, header, page = http.StatusOK, http.Header{}, "the page"
	}
	return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(strings.NewReader(page)), Request: req}, nil
})

type roundTripper func(*http.Request) (*http.Response, error)

func (rt roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return rt(req) }

// A challenge is solved once; the clearance is then the visitor's. A real program
// has solver.TwoCaptcha(key) and a budget here.
func ExampleNew() {
	byHand := solver.Manual("desk", func(context.Context, *captcha.Challenge, captcha.Env) (captcha.Solution, error) {
		fmt.Println("somebody passes the challenge")
		return captcha.Solution{Cookies: []*http.Cookie{{Name: "cf_clearance", Value: "earned"}}}, nil
	})
	t, err := captcha.New(guarded, captcha.Config{Solvers: []captcha.Solver{byHand}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer t.Close()
	client := &http.Client{Transport: t}
	for range 2 {
		resp, err := client.Get("https://shop.test/")
		if err != nil {
			fmt.Println(err)
			return
		}
		page, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		fmt.Println(resp.StatusCode, string(page))
	}
	// Output:
	// somebody passes the challenge
	// 200 the page
	// 200 the page
}

// Without a solver a challenge is an error, never a page among the data.
func ExampleError() {
	t, err := captcha.New(guarded, captcha.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer t.Close()
	_, err = (&http.Client{Transport: t}).Get("https://shop.test/")
	var challenge *captcha.Error
	if errors.As(err, &challenge) {
		fmt.Println(challenge.Vendor, challenge.Status, errors.Is(err, captcha.ErrNoSolver))
	}
	// Output:
	// cloudflare 403 true
}

// Money is reserved before it is spent, so that caps hold however many calls ask
// at once, and settled by what was charged.
func ExampleBudget() {
	budget, err := captcha.NewBudget(captcha.BudgetConfig{PerDay: 5000, PerDomain: 4000}) // millionths of a dollar
	if err != nil {
		fmt.Println(err)
		return
	}
	noon := time.Now()
	r, _ := budget.Reserve(noon, "shop.test", 0, 3000)
	_, err = budget.Reserve(noon, "shop.test", 0, 3000)
	fmt.Println(err)
	_ = r.Settle(noon, 1450)
	left := budget.Remaining(noon, "shop.test")
	fmt.Println(left.Day, left.Domain, left.Total == captcha.Unlimited)
	// Output:
	// over budget: PerDomain cap of $0.004, $0.003 used, $0.003 asked for
	// $0.00355 $0.00255 true
}

// A site with a way of its own to take an answer gets a Submitter of its own.
func ExampleSubmitFunc() {
	submit := captcha.SubmitFunc(func(ctx context.Context, rt http.RoundTripper, orig *http.Request, _ *captcha.Challenge, s captcha.Solution) (*http.Response, error) {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, "https://shop.test/api/verify", strings.NewReader(`{"token":"`+s.Token+`"}`))
		if err != nil {
			return nil, err
		}
		resp, err := rt.RoundTrip(req)
		if err != nil {
			return nil, err
		}
		resp.Body.Close()
		return captcha.Replay(ctx, rt, orig)
	})
	cfg := captcha.Config{
		Price: 2 * trip.Dollar / 1000,
		Submitter: func(domain string, c *captcha.Challenge) captcha.Submitter {
			if domain == "shop.test" && c.Kind == captcha.KindRecaptchaV3 {
				return submit
			}
			return nil // the built-in way
		},
	}
	fmt.Println(cfg.Validate(), cfg.Price)
	// Output:
	// <nil> $0.002
}

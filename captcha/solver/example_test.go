package solver_test

import (
	"context"
	"fmt"
	"net/url"

	"github.com/godwit-go/godwit/captcha"
	"github.com/godwit-go/godwit/captcha/solver"
	"github.com/godwit-go/godwit/secret"
)

// Several services in order of preference. Their keys come from the environment
// or from the files that NAME_FILE names.
func Example() {
	key := secret.Env("TWOCAPTCHA_KEY")
	cfg := captcha.Config{Solvers: []captcha.Solver{
		solver.TwoCaptcha(key),
		solver.CapSolver(secret.Env("CAPSOLVER_KEY")),
	}}
	page := &url.URL{Scheme: "https", Host: "shop.test"}
	c := &captcha.Challenge{Kind: captcha.KindTurnstile, URL: page, SiteKey: "0x4AAA"}
	for _, s := range cfg.Solvers {
		fmt.Println(s.Name(), s.Supports(c), s.(captcha.Pricer).Price(c))
	}
	fmt.Printf("%v\n", key)
	// Output:
	// 2captcha true $0.00145
	// capsolver true $0.003
	// ***
}

// A kind that the package does not know is described in the service's own words.
func ExampleConfig_tasks() {
	s, err := solver.New(solver.Config{
		Service: solver.NameTwoCaptcha,
		Key:     secret.Explicit("key"),
		Tasks: map[captcha.Kind]func(*captcha.Challenge, captcha.Env) (solver.Task, error){
			"prosopo": func(c *captcha.Challenge, _ captcha.Env) (solver.Task, error) {
				return solver.Task{Type: "ProsopoTaskProxyless", Fields: map[string]any{
					"websiteURL": c.URL.String(), "websiteKey": c.SiteKey,
				}}, nil
			},
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	page := &url.URL{Scheme: "https", Host: "shop.test", Path: "/"}
	task, err := s.Task(context.Background(), &captcha.Challenge{Kind: "prosopo", URL: page, SiteKey: "5EZ"}, captcha.Env{})
	fmt.Println(task.Type, task.Fields["websiteURL"], err)
	// Output:
	// ProsopoTaskProxyless https://shop.test/ <nil>
}

func ExampleChain() {
	tired := solver.Manual("tired", func(context.Context, *captcha.Challenge, captcha.Env) (captcha.Solution, error) {
		return captcha.Solution{}, fmt.Errorf("not today")
	})
	keen := solver.Manual("keen", func(context.Context, *captcha.Challenge, captcha.Env) (captcha.Solution, error) {
		return captcha.Solution{Token: "03A"}, nil
	})
	got, err := solver.Chain(tired, keen).Solve(context.Background(), &captcha.Challenge{}, captcha.Env{})
	fmt.Println(got.Provider, got.Token, err)
	// Output:
	// keen 03A <nil>
}

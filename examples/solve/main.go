// Command solve tells what is left with each configured solving service, and has
// a challenge solved whose sitekey is known.
//
//	go run ./examples/solve
//	go run ./examples/solve -url https://example.com/login -sitekey 6L… [-kind recaptcha-v2] [-service 2captcha]
//
// Keys come from the environment, TWOCAPTCHA_KEY, ANTICAPTCHA_KEY, CAPSOLVER_KEY
// and CAPMONSTER_KEY, or from the files that TWOCAPTCHA_KEY_FILE and the like
// name. A solve is paid for; -max says how much it may cost.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/signal"
	"slices"
	"strings"
	"time"

	"github.com/godwit-go/godwit/captcha"
	"github.com/godwit-go/godwit/captcha/solver"
	"github.com/godwit-go/godwit/secret"
	"github.com/godwit-go/godwit/trip"
)

// keys are where each service's key is looked for.
var keys = []struct{ service, variable string }{
	{solver.NameTwoCaptcha, "TWOCAPTCHA_KEY"},
	{solver.NameAntiCaptcha, "ANTICAPTCHA_KEY"},
	{solver.NameCapSolver, "CAPSOLVER_KEY"},
	{solver.NameCapMonster, "CAPMONSTER_KEY"},
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Stdout, os.Args[1:]); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "solve:", err)
		os.Exit(1)
	}
}

type options struct {
	page, sitekey, kind, action, service, endpoint, limit string
}

func run(ctx context.Context, out io.Writer, args []string) error {
	var o options
	flags := flag.NewFlagSet("solve", flag.ContinueOnError)
	flags.StringVar(&o.page, "url", "", "page with the challenge; without it the balances are told")
	flags.StringVar(&o.sitekey, "sitekey", "", "the page's public key with the vendor")
	flags.StringVar(&o.kind, "kind", string(captcha.KindRecaptchaV2), "kind of challenge, such as turnstile, hcaptcha, recaptcha-v3")
	flags.StringVar(&o.action, "action", "", "the widget's action, for those that check it")
	flags.StringVar(&o.service, "service", "", "ask this service alone; otherwise all in turn")
	flags.StringVar(&o.endpoint, "endpoint", "", "address of a stand-in for the service")
	flags.StringVar(&o.limit, "max", "0.01", "most that a solve may cost, in dollars")
	if err := flags.Parse(args); err != nil {
		return err
	}
	services, err := configured(out, o)
	if err != nil {
		return err
	}
	if o.page == "" {
		return balances(ctx, out, services)
	}
	return solve(ctx, out, services, o)
}

// configured returns a client for each service that has a key.
func configured(out io.Writer, o options) ([]*solver.Service, error) {
	var services []*solver.Service
	var names []string
	for _, k := range keys {
		key := secret.Env(k.variable)
		names = append(names, k.service)
		// A key that cannot be read is told of when its service is asked, beside the others.
		if _, err := key.Reveal(); errors.Is(err, secret.ErrUnset) || o.service != "" && o.service != k.service {
			continue
		}
		for _, warning := range key.Warnings() {
			fmt.Fprintln(out, "warning:", warning)
		}
		s, err := solver.New(solver.Config{Service: k.service, Key: key, URL: o.endpoint})
		if err != nil {
			return nil, err
		}
		services = append(services, s)
	}
	if o.service != "" && !slices.Contains(names, o.service) {
		return nil, fmt.Errorf("-service: %q, want one of %s", o.service, strings.Join(names, ", "))
	}
	if len(services) == 0 {
		return nil, errors.New("no service has a key; set one of TWOCAPTCHA_KEY, ANTICAPTCHA_KEY, CAPSOLVER_KEY, CAPMONSTER_KEY")
	}
	return services, nil
}

// balances tells what is left with each service. One that fails does not hide the others.
func balances(ctx context.Context, out io.Writer, services []*solver.Service) error {
	var errs []error
	for _, s := range services {
		left, err := s.Balance(ctx)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		fmt.Fprintf(out, "%-14s %s\n", s.Name(), left)
	}
	return errors.Join(errs...)
}

// solve asks the services in turn, within the limit.
func solve(ctx context.Context, out io.Writer, services []*solver.Service, o options) error {
	page, err := url.Parse(o.page)
	if err != nil || page.Host == "" {
		return errors.New("-url: want an absolute address")
	}
	limit, err := trip.ParseUSD(o.limit)
	if err != nil || limit == 0 {
		return errors.New("-max: want an amount in dollars, such as 0.01")
	}
	c := &captcha.Challenge{
		Verdict: captcha.Challenged, Kind: captcha.Kind(o.kind), URL: page, SiteKey: o.sitekey, Action: o.action,
	}
	budget, err := captcha.NewBudget(captcha.BudgetConfig{Total: limit})
	if err != nil {
		return err
	}
	var errs []error
	for _, s := range services {
		if !s.Supports(c) {
			errs = append(errs, fmt.Errorf("%s does not take %q with what was given", s.Name(), o.kind))
			continue
		}
		reserved, err := budget.Reserve(time.Now(), page.Hostname(), 0, s.Price(c))
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", s.Name(), err))
			continue
		}
		start := time.Now()
		got, err := s.Solve(ctx, c, captcha.Env{})
		if err := reserved.Settle(time.Now(), got.Cost); err != nil {
			return err
		}
		if err == nil {
			tell(out, got, time.Since(start))
			return nil
		}
		errs = append(errs, err)
		if ctx.Err() != nil {
			break
		}
	}
	if spent, _ := budget.Spent(time.Now()); spent > 0 {
		fmt.Fprintln(out, "spent:", spent)
	}
	return errors.Join(errs...)
}

func tell(out io.Writer, s captcha.Solution, took time.Duration) {
	fmt.Fprintf(out, "service: %s\ntask: %s\ncost: %s\ntook: %s\n", s.Provider, s.TaskID, s.Cost, took.Round(100*time.Millisecond))
	if s.Token != "" {
		fmt.Fprintln(out, "token:", s.Token)
	}
	for name, value := range s.Fields {
		fmt.Fprintf(out, "field: %s=%s\n", name, value)
	}
	for _, c := range s.Cookies {
		fmt.Fprintln(out, "cookie:", c)
	}
	if s.UserAgent != "" {
		fmt.Fprintln(out, "user agent:", s.UserAgent)
	}
}

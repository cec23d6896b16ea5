package robots_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/godwit-go/godwit/internal/rttest"
	"github.com/godwit-go/godwit/robots"
	"github.com/godwit-go/godwit/trip"
)

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

func respond(req *http.Request, code int, body string) *http.Response {
	return &http.Response{
		StatusCode: code, Header: http.Header{}, Request: req,
		Body: io.NopCloser(strings.NewReader(body)),
	}
}

// web is a network of sites that keeps account of what is asked for.
type web struct {
	*testing.T
	rt *robots.Transport

	mu     sync.Mutex
	robots func(req *http.Request) (*http.Response, error)
	asked  []string // without http://
	delays []string
}

func newWeb(t *testing.T, cfg robots.Config) *web {
	w := &web{T: t}
	cfg.CrawlDelay = func(key string, d time.Duration) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.delays = append(w.delays, fmt.Sprint(key, " ", d))
	}
	rt, err := robots.New(roundTripper(func(req *http.Request) (*http.Response, error) {
		w.mu.Lock()
		w.asked = append(w.asked, strings.TrimPrefix(req.URL.String(), "http://"))
		answer := w.robots
		w.mu.Unlock()
		if strings.HasSuffix(req.URL.Path, "robots.txt") {
			return answer(req)
		}
		return respond(req, 200, "page"), nil
	}), cfg)
	require.NoError(t, err)
	w.rt = rt
	return w
}

func (w *web) serves(code int, body string) {
	w.answers(func(req *http.Request) (*http.Response, error) { return respond(req, code, body), nil })
}

func (w *web) answers(f func(*http.Request) (*http.Response, error)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.robots = f
}

func (w *web) get(address string) error {
	w.Helper()
	return w.getCtx(w.Context(), address)
}

func (w *web) getCtx(ctx context.Context, address string) error {
	w.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address, nil)
	require.NoError(w, err)
	resp, err := w.rt.RoundTrip(req)
	if err != nil {
		return err
	}
	return resp.Body.Close()
}

// wentOut returns what has been asked for since the last call.
func (w *web) wentOut() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	asked := w.asked
	w.asked = nil
	return asked
}

const private = "user-agent: *\ndisallow: /private\n"

func TestContract(t *testing.T) {
	wrap := func(rules string) rttest.Wrap {
		return func(base http.RoundTripper) http.RoundTripper {
			rt, err := robots.New(base, robots.Config{Fetch: roundTripper(func(req *http.Request) (*http.Response, error) {
				return respond(req, 200, rules), nil
			})})
			require.NoError(t, err)
			return rt
		}
	}
	rttest.Suite{
		Refuses: wrap("user-agent: *\ndisallow: /"),
		Waits: func(base http.RoundTripper) http.RoundTripper {
			rt, err := robots.New(base, robots.Config{Fetch: roundTripper(func(req *http.Request) (*http.Response, error) {
				<-req.Context().Done()
				return nil, req.Context().Err()
			}), FetchTimeout: time.Hour})
			require.NoError(t, err)
			return rt
		},
	}.Run(t, wrap(private))
}

func TestADisallowedRequestIsNotSent(t *testing.T) {
	w := newWeb(t, robots.Config{Agent: "bot"})
	w.serves(200, private)
	require.NoError(t, w.get("a.test/public?x=1"))
	err := w.get("user:pass@a.test/private/x?token=secret#part")
	require.ErrorIs(t, err, robots.ErrDisallowed)
	var refused *robots.DisallowedError
	require.ErrorAs(t, err, &refused)
	require.Equal(t, &robots.DisallowedError{URL: "http://a.test/private/x", Agent: "bot", Rule: "Disallow: /private"}, refused)
	require.Equal(t, `robots: "http://a.test/private/x" is disallowed by "Disallow: /private"`, err.Error())
	require.Equal(t, trip.Outcome{Verdict: trip.Local, Reason: "robots.txt"}, trip.OutcomeOf(t.Context(), nil, err))
	require.Equal(t, []string{"a.test/robots.txt", "a.test/public?x=1"}, w.wentOut())
}

func TestTheQueryIsPartOfThePath(t *testing.T) {
	w := newWeb(t, robots.Config{})
	w.serves(200, "user-agent: *\ndisallow: /*?sort=\n")
	require.NoError(t, w.get("a.test/list"))
	require.ErrorIs(t, w.get("a.test/list?sort=price"), robots.ErrDisallowed)
}

func TestAHostileRuleIsShownEscapedAndShort(t *testing.T) {
	w := newWeb(t, robots.Config{})
	w.serves(200, "user-agent: *\ndisallow: /*\x1b[31m\ndisallow: /"+strings.Repeat("*", 5000))
	err := w.get("a.test/")
	require.ErrorIs(t, err, robots.ErrDisallowed)
	require.NotContains(t, err.Error(), "\x1b")
	require.Less(t, len(err.Error()), 400)
}

func TestRobotsTxtItselfIsAlwaysAllowed(t *testing.T) {
	w := newWeb(t, robots.Config{})
	w.serves(200, "user-agent: *\ndisallow: /")
	require.NoError(t, w.get("a.test/robots.txt"))
	require.Equal(t, []string{"a.test/robots.txt"}, w.wentOut())
}

func TestEachSiteHasItsOwn(t *testing.T) {
	w := newWeb(t, robots.Config{})
	w.serves(404, "")
	for _, address := range []string{"a.test/1", "A.test/2", "a.test:8080/", "b.a.test/"} {
		require.NoError(t, w.get(address))
	}
	require.Equal(t, []string{
		"a.test/robots.txt", "a.test/1", "A.test/2", "a.test:8080/robots.txt", "a.test:8080/", "b.a.test/robots.txt", "b.a.test/",
	}, w.wentOut())
}

func TestWhatTheStatusOfRobotsTxtMeans(t *testing.T) {
	for code := 400; code < 500; code++ {
		w := newWeb(t, robots.Config{})
		w.serves(code, "user-agent: *\ndisallow: /")
		require.NoError(t, w.get("a.test/x"), "%d", code)
	}
	for code := 500; code < 600; code++ {
		w := newWeb(t, robots.Config{})
		w.serves(code, "")
		err := w.get("a.test/x")
		require.ErrorIs(t, err, robots.ErrDisallowed, "%d", code)
		require.EqualError(t, err, fmt.Sprintf(`robots: "http://a.test/x" is disallowed while there is no robots.txt to be had: robots.txt: status %d`, code))
		require.Equal(t, []string{"a.test/robots.txt"}, w.wentOut())
	}
}

func TestAnUnreachableRobotsTxtDisallowsAndIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWeb(t, robots.Config{})
		reset := errors.New("connection reset")
		w.answers(func(*http.Request) (*http.Response, error) { return nil, reset })
		for range 3 {
			err := w.get("a.test/x")
			require.ErrorIs(t, err, robots.ErrDisallowed)
			require.ErrorIs(t, err, reset)
			require.Equal(t, time.Now().Add(5*time.Minute), trip.OutcomeOf(t.Context(), nil, err).RetryAt)
		}
		require.Len(t, w.wentOut(), 1)
		time.Sleep(5 * time.Minute)
		w.serves(200, private)
		require.NoError(t, w.get("a.test/x"))
	})
}

func TestABodyThatBreaksIsNoRobotsTxt(t *testing.T) {
	w := newWeb(t, robots.Config{})
	w.answers(func(req *http.Request) (*http.Response, error) {
		resp := respond(req, 200, "")
		resp.Body = io.NopCloser(io.MultiReader(strings.NewReader("user-agent: *\n"), broken{}))
		return resp, nil
	})
	require.ErrorIs(t, w.get("a.test/private"), robots.ErrDisallowed)
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestACopyIsUsedForADayAndLongerWhileThereIsNoNewerOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWeb(t, robots.Config{})
		w.serves(200, private)
		require.NoError(t, w.get("a.test/x"))
		time.Sleep(24*time.Hour - time.Second)
		require.ErrorIs(t, w.get("a.test/private"), robots.ErrDisallowed)
		require.Equal(t, []string{"a.test/robots.txt", "a.test/x"}, w.wentOut())

		time.Sleep(time.Second)
		w.serves(503, "")
		for range 3 {
			require.NoError(t, w.get("a.test/x"))
			require.ErrorIs(t, w.get("a.test/private"), robots.ErrDisallowed)
			require.Equal(t, []string{"a.test/robots.txt", "a.test/x"}, w.wentOut())
			time.Sleep(5 * time.Minute)
		}
		w.serves(404, "")
		require.NoError(t, w.get("a.test/private"))
	})
}

func TestCacheControlMayShortenTheTime(t *testing.T) {
	for header, want := range map[string]time.Duration{
		"max-age=3600":          time.Hour,
		"public, Max-Age=7200 ": 2 * time.Hour,
		"max-age=31536000":      24 * time.Hour,
		"max-age=1":             5 * time.Minute,
		"max-age=99999999999":   24 * time.Hour,
		"max-age=nonsense":      24 * time.Hour,
		"no-store":              5 * time.Minute,
		"no-cache, max-age=60":  5 * time.Minute,
		"":                      24 * time.Hour,
	} {
		synctest.Test(t, func(t *testing.T) {
			w := newWeb(t, robots.Config{})
			w.answers(func(req *http.Request) (*http.Response, error) {
				resp := respond(req, 200, private)
				resp.Header.Set("Cache-Control", header)
				return resp, nil
			})
			require.NoError(t, w.get("a.test/"))
			time.Sleep(want - time.Nanosecond)
			require.NoError(t, w.get("a.test/"))
			require.Len(t, w.wentOut(), 3, "%q", header)
			time.Sleep(time.Nanosecond)
			require.NoError(t, w.get("a.test/"))
			require.Len(t, w.wentOut(), 2, "%q", header)
		})
	}
}

func TestRedirectsAreFollowedFiveTimes(t *testing.T) {
	for hops, disallowed := range map[int]bool{1: true, 5: true, 6: false} {
		w := newWeb(t, robots.Config{})
		w.answers(func(req *http.Request) (*http.Response, error) {
			asked := len(w.asked)
			if asked > hops {
				return respond(req, 200, private), nil
			}
			resp := respond(req, 302, "moved")
			resp.Header.Set("Location", fmt.Sprintf("http://b%d.test/robots.txt", asked))
			if asked == 2 {
				resp.Header.Set("Location", "/sub/robots.txt")
			}
			return resp, nil
		})
		err := w.get("a.test/private")
		require.Equal(t, disallowed, errors.Is(err, robots.ErrDisallowed), "%d hops", hops)
		out := w.wentOut()
		if hops == 5 {
			require.Equal(t, []string{"a.test/robots.txt", "b1.test/robots.txt", "b1.test/sub/robots.txt", "b3.test/robots.txt", "b4.test/robots.txt", "b5.test/robots.txt"}, out)
		}
	}
}

func TestARedirectToAnotherSchemeIsNotFollowed(t *testing.T) {
	for _, location := range []string{"file:///etc/passwd", "ftp://a.test/robots.txt", "::", ""} {
		w := newWeb(t, robots.Config{})
		w.answers(func(req *http.Request) (*http.Response, error) {
			resp := respond(req, 301, "")
			resp.Header.Set("Location", location)
			return resp, nil
		})
		require.NoError(t, w.get("a.test/private"))
		require.Equal(t, []string{"a.test/robots.txt", "a.test/private"}, w.wentOut())
	}
}

func TestManyWaitForOneFetch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWeb(t, robots.Config{})
		w.answers(func(req *http.Request) (*http.Response, error) {
			time.Sleep(time.Second)
			return respond(req, 200, private), nil
		})
		var wg sync.WaitGroup
		for i := range 64 {
			wg.Go(func() {
				if i%2 == 0 {
					require.NoError(t, w.get("a.test/x"))
				} else {
					require.ErrorIs(t, w.get("a.test/private"), robots.ErrDisallowed)
				}
			})
		}
		wg.Wait()
		require.Len(t, w.wentOut(), 1+32)
	})
}

func TestAFetchOutlivesItsFirstCallerButNotItsLast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWeb(t, robots.Config{})
		ended := make(chan error, 1)
		w.answers(func(req *http.Request) (*http.Response, error) {
			err := trip.Sleep(req, 10*time.Second)
			ended <- err
			return respond(req, 200, private), err
		})
		var wg sync.WaitGroup
		leave := func(address string, after time.Duration) {
			wg.Go(func() {
				ctx, cancel := context.WithTimeout(t.Context(), after)
				defer cancel()
				if err := w.getCtx(ctx, address); !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("%v", err)
				}
			})
			synctest.Wait()
		}
		leave("a.test/x", time.Second)
		require.NoError(t, w.get("a.test/x"), "another one still waits")
		require.NoError(t, <-ended)

		leave("b.test/x", time.Second)
		leave("b.test/x", 2*time.Second)
		require.ErrorIs(t, <-ended, context.Canceled, "nobody waits any more")
		require.NoError(t, w.get("b.test/x"), "and that is no failure of the site's")
		require.NoError(t, <-ended)
		wg.Wait()
	})
}

func TestAFetchTakesAMinuteAtTheMost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWeb(t, robots.Config{})
		w.answers(func(req *http.Request) (*http.Response, error) {
			return nil, trip.Sleep(req, time.Hour)
		})
		start := time.Now()
		err := w.get("a.test/x")
		require.ErrorIs(t, err, robots.ErrDisallowed)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, time.Minute, time.Since(start))
	})
}

// judged is an error of another layer's.
type judged struct {
	verdict trip.Verdict
	status  int
}

func (j *judged) Error() string { return j.verdict.String() }

func (j *judged) Outcome() trip.Outcome {
	return trip.Outcome{Verdict: j.verdict, Status: j.status}
}

func TestARefusalOnOurSideSaysNothingAboutTheSite(t *testing.T) {
	for _, verdict := range []trip.Verdict{trip.Local, trip.ProxyError} {
		w := newWeb(t, robots.Config{})
		refusal := &judged{verdict: verdict}
		w.answers(func(*http.Request) (*http.Response, error) { return nil, fmt.Errorf("layer: %w", refusal) })
		err := w.get("a.test/x")
		require.ErrorIs(t, err, refusal)
		require.NotErrorIs(t, err, robots.ErrDisallowed)
		w.serves(200, private)
		require.NoError(t, w.get("a.test/x"), "it is asked for again at once")
	}
}

func TestAChallengeInFrontOfRobotsTxtCountsAsItsStatus(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for status, allowed := range map[int]bool{403: true, 429: true, 503: false, 200: false} {
			w := newWeb(t, robots.Config{})
			w.answers(func(*http.Request) (*http.Response, error) {
				return nil, &judged{verdict: trip.Challenge, status: status}
			})
			err := w.get("a.test/x")
			require.Equal(t, allowed, err == nil, "%d: %v", status, err)
			time.Sleep(5 * time.Minute)
			w.serves(200, private)
			require.ErrorIs(t, w.get("a.test/private"), robots.ErrDisallowed, "it is asked for again soon")
		}
	})
}

func TestAPanicBelowReachesTheCaller(t *testing.T) {
	w := newWeb(t, robots.Config{})
	w.answers(func(*http.Request) (*http.Response, error) { panic("below") })
	require.PanicsWithValue(t, "below", func() { _ = w.get("a.test/x") })
	w.serves(200, private)
	require.NoError(t, w.get("a.test/x"))
}

func TestTheFetchIsACallOfItsOwn(t *testing.T) {
	w := newWeb(t, robots.Config{})
	var fetch *trip.Call
	w.answers(func(req *http.Request) (*http.Response, error) {
		require.Equal(t, "TestBot/1.0", req.UserAgent())
		fetch = trip.FromContext(req.Context())
		return respond(req, 404, ""), nil
	})
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://a.test/", nil)
	require.NoError(t, err)
	req.Header.Set("User-Agent", "TestBot/1.0")
	req.Header.Set("Authorization", "secret")
	ctx, call := trip.Start(req, trip.Spec{Domain: "*.a.test", Policy: "gentle"})
	_, err = w.rt.RoundTrip(req.WithContext(ctx))
	require.NoError(t, err)
	require.NotEqual(t, call.ID(), fetch.ID())
	require.Equal(t, "*.a.test", fetch.Domain())
	require.Equal(t, "gentle", fetch.Policy())

	w.answers(func(req *http.Request) (*http.Response, error) {
		fetch = trip.FromContext(req.Context())
		resp := respond(req, 302, "")
		if req.URL.Host == "a.test:81" {
			resp.Header.Set("Location", "http://b.test/robots.txt")
		}
		return resp, nil
	})
	req.URL.Host = "a.test:81"
	_, err = w.rt.RoundTrip(req.WithContext(ctx))
	require.NoError(t, err)
	require.Equal(t, "b.test", fetch.Domain(), "another site than the call's")
}

func TestALongFileIsReadToItsEnd(t *testing.T) {
	w := newWeb(t, robots.Config{})
	w.serves(200, strings.Repeat("# filler\n", 50_000)+private)
	require.ErrorIs(t, w.get("a.test/private"), robots.ErrDisallowed)
}

func TestNobodyJoinsAFetchThatWasGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWeb(t, robots.Config{})
		w.answers(func(req *http.Request) (*http.Response, error) {
			time.Sleep(10 * time.Second) // deaf to its context
			return respond(req, 200, private), req.Context().Err()
		})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.ErrorIs(t, w.getCtx(ctx, "a.test/x"), context.DeadlineExceeded)
		w.serves(200, private)
		require.NoError(t, w.get("a.test/x"))
		require.Len(t, w.wentOut(), 3)
		time.Sleep(time.Minute)
	})
}

func TestTheCrawlDelayIsHandedOnBeforeEachRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWeb(t, robots.Config{})
		w.serves(200, "user-agent: *\ncrawl-delay: 3")
		require.NoError(t, w.get("a.test/1"))
		require.NoError(t, w.get("a.test/2"))
		time.Sleep(24 * time.Hour)
		w.serves(200, "user-agent: *\ncrawl-delay: 86400")
		require.NoError(t, w.get("a.test/3"))
		time.Sleep(24 * time.Hour)
		w.serves(404, "")
		require.NoError(t, w.get("a.test/4"))
		require.NoError(t, w.get("a.test/5"))
		require.Equal(t, []string{"a.test 3s", "a.test 3s", "a.test 5m0s", "a.test 0s"}, w.delays)
	})
}

func TestModes(t *testing.T) {
	w := newWeb(t, robots.Config{Mode: robots.CrawlDelayOnly})
	w.serves(200, "user-agent: *\ncrawl-delay: 3\ndisallow: /")
	require.NoError(t, w.get("a.test/x"))
	require.Equal(t, []string{"a.test 3s"}, w.delays)
	w.answers(func(*http.Request) (*http.Response, error) { return nil, &judged{verdict: trip.Local} })
	require.NoError(t, w.get("b.test/x"))
	w.serves(500, "")
	require.NoError(t, w.get("c.test/x"))

	w = newWeb(t, robots.Config{Mode: robots.Ignore})
	require.NoError(t, w.get("a.test/x"))
	require.Equal(t, []string{"a.test/x"}, w.wentOut())
}

func TestTheSitemapsOfASite(t *testing.T) {
	w := newWeb(t, robots.Config{})
	w.serves(200, "sitemap: http://a.test/map.xml")
	at, err := url.Parse("http://a.test/page?x")
	require.NoError(t, err)
	rules, err := w.rt.Rules(t.Context(), at)
	require.NoError(t, err)
	require.Equal(t, []string{"http://a.test/map.xml"}, rules.Sitemaps())
	require.NoError(t, w.get("a.test/"))
	require.Equal(t, []string{"a.test/robots.txt", "a.test/"}, w.wentOut())

	w.serves(500, "")
	at.Host = "b.test"
	_, err = w.rt.Rules(t.Context(), at)
	require.ErrorIs(t, err, robots.ErrDisallowed)
}

func TestTheNumberOfSitesIsBounded(t *testing.T) {
	w := newWeb(t, robots.Config{MaxSites: 5})
	w.serves(404, "")
	for i := range 20 {
		require.NoError(t, w.get(fmt.Sprint(i, ".test/")))
	}
	w.wentOut()
	require.NoError(t, w.get("19.test/"))
	require.NoError(t, w.get("0.test/"))
	require.Equal(t, []string{"19.test/", "0.test/robots.txt", "0.test/"}, w.wentOut())
}

func TestARequestThatIsAllowedCostsTwoAllocations(t *testing.T) {
	w := newWeb(t, robots.Config{})
	w.serves(200, private)
	require.NoError(t, w.get("a.test/x"))
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://a.test/x", nil)
	require.NoError(t, err)
	resp := respond(req, 200, "")
	quiet, err := robots.New(roundTripper(func(req *http.Request) (*http.Response, error) { return resp, nil }),
		robots.Config{Fetch: roundTripper(func(req *http.Request) (*http.Response, error) { return respond(req, 200, private), nil })})
	require.NoError(t, err)
	require.LessOrEqual(t, testing.AllocsPerRun(1000, func() { _, _ = quiet.RoundTrip(req) }), 2.0)
	req.URL.Scheme = "https"
	require.LessOrEqual(t, testing.AllocsPerRun(1000, func() { _, _ = quiet.RoundTrip(req) }), 1.0, "its key is its host")
}

func TestValidateNamesEveryMistake(t *testing.T) {
	_, err := robots.New(nil, robots.Config{Mode: "obay", Agent: "Bot/1.0", TTL: -1, Retry: -1, FetchTimeout: -1, MaxSites: -1})
	require.EqualError(t, err, strings.Join([]string{
		`Mode: "obay", want "obey", "crawl_delay" or "ignore"`,
		`Agent: "Bot/1.0", want a product token of letters, digits, - and _, without version`,
		"TTL: -1ns, want a positive duration, or 0 for 24h0m0s",
		"Retry: -1ns, want a positive duration, or 0 for 5m0s",
		"FetchTimeout: -1ns, want a positive duration, or 0 for 1m0s",
		"MaxSites: -1, want a count, or 0 for 10000",
	}, "\n"))
}

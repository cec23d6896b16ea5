package retry_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/godwit-go/godwit/retry"
	"github.com/godwit-go/godwit/trip"
)

// hangs answers no request before it is given up.
func hangs(_ int, req *http.Request) (*http.Response, error) {
	<-req.Context().Done()
	return nil, context.Cause(req.Context())
}

// drips is a body that takes its time, and ends with its exchange as net/http's do.
type drips struct {
	io.Reader
	ctx   context.Context
	pause time.Duration
}

func (d drips) Read(p []byte) (int, error) {
	timer := time.NewTimer(d.pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return d.Reader.Read(p[:1])
	case <-d.ctx.Done():
		return 0, d.ctx.Err()
	}
}

func (drips) Close() error { return nil }

func slow(pause time.Duration) func(int, *http.Request) (*http.Response, error) {
	return func(_ int, req *http.Request) (*http.Response, error) {
		resp := respond(req, 200)
		resp.Body = drips{strings.NewReader("page"), req.Context(), pause}
		return resp, nil
	}
}

func TestAnAttemptThatHangsIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		target := &target{answer: hangs}
		began := time.Now()
		_, err := build(t, target, nil).RoundTrip(get(t))
		require.Equal(t, 4*30*s+s/2+s+2*s, time.Since(began))
		require.Equal(t, 4, target.count())
		require.ErrorIs(t, err, retry.ErrAttemptTimeout)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.EqualError(t, err, "retry: attempt took too long: more than 30s: context deadline exceeded")
		var timeout net.Error
		require.ErrorAs(t, err, &timeout)
		require.True(t, timeout.Timeout())
	})
}

func TestTheCallersDeadlineIsNotTheAttempts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, deadline := range []time.Duration{10 * s, 30 * s} {
			ctx, cancel := context.WithTimeout(t.Context(), deadline)
			defer cancel()
			target := &target{answer: hangs}
			_, err := build(t, target, nil).RoundTrip(get(t).WithContext(ctx))
			require.ErrorIs(t, err, context.DeadlineExceeded)
			require.NotErrorIs(t, err, retry.ErrAttemptTimeout)
			require.Equal(t, 1, target.count())
		}
	})
}

func TestAnAttemptsDeadlineIsSeenBelow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for callers, want := range map[time.Duration]time.Duration{0: 30 * s, 10 * s: 10 * s, time.Hour: 30 * s} {
			ctx := t.Context()
			if callers > 0 {
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeout(ctx, callers)
				defer cancel()
			}
			target := &target{answer: func(_ int, req *http.Request) (*http.Response, error) {
				deadline, ok := req.Context().Deadline()
				require.True(t, ok)
				require.Equal(t, want, time.Until(deadline))
				return respond(req, 200), nil
			}}
			require.Equal(t, 200, status(t, build(t, target, nil), get(t).WithContext(ctx)))
		}
	})
}

func TestTheTimeoutLivesUntilTheBodyEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rt := build(t, &target{answer: slow(5 * s)}, nil)
		resp, err := rt.RoundTrip(get(t))
		require.NoError(t, err)
		got, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		require.Equal(t, "page", string(got))

		resp, err = build(t, &target{answer: slow(11 * s)}, nil).RoundTrip(get(t))
		require.NoError(t, err)
		began := time.Now()
		got, err = io.ReadAll(resp.Body)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, 30*s, time.Since(began))
		require.Equal(t, "pa", string(got))
	})
}

func TestWithoutTimeoutABodyMayTakeItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rt := build(t, &target{answer: slow(time.Hour)}, func(c *retry.Config) { c.AttemptTimeout = -1 })
		resp, err := rt.RoundTrip(get(t))
		require.NoError(t, err)
		got, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		require.Equal(t, "page", string(got))
	})
}

func TestASwitchedProtocolHasNoTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var ctx context.Context
		rt := build(t, &target{answer: func(_ int, req *http.Request) (*http.Response, error) {
			ctx = req.Context()
			_ = ctx.Done()
			resp := respond(req, http.StatusSwitchingProtocols)
			resp.Body = struct {
				io.ReadCloser
				io.Writer
			}{resp.Body, io.Discard}
			return resp, nil
		}}, nil)
		resp, err := rt.RoundTrip(get(t))
		require.NoError(t, err)
		time.Sleep(time.Hour)
		require.NoError(t, ctx.Err())
		require.NoError(t, resp.Body.Close())
		require.ErrorIs(t, ctx.Err(), context.Canceled)
	})
}

// follower is what the context package looks for in contexts that are not its own.
type follower interface {
	AfterFunc(f func()) (stop func() bool)
}

func TestTheContextBehavesAsTheStandardLibrarysDoes(t *testing.T) {
	type key struct{}
	// watching is whether somebody asks for Done before the end comes.
	for _, watching := range []bool{false, true} {
		for name, c := range map[string]struct {
			end  func(cancel context.CancelFunc, resp *http.Response)
			want error
		}{
			"timeout": {func(context.CancelFunc, *http.Response) { time.Sleep(30 * s) }, context.DeadlineExceeded},
			"caller":  {func(cancel context.CancelFunc, _ *http.Response) { cancel() }, context.Canceled},
			"close":   {func(_ context.CancelFunc, resp *http.Response) { _ = resp.Body.Close() }, context.Canceled},
			"end of file": {func(_ context.CancelFunc, resp *http.Response) {
				_, _ = io.ReadAll(resp.Body)
			}, context.Canceled},
		} {
			t.Run(name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					var ctx, child context.Context
					var told, kept atomic.Int64
					var tell func() bool
					rt := build(t, &target{answer: func(_ int, req *http.Request) (*http.Response, error) {
						ctx = req.Context()
						if watching {
							var cancel context.CancelFunc
							child, cancel = context.WithCancel(ctx)
							t.Cleanup(cancel)
							var stops []func() bool
							for range 3 { // first, middle and last of those who wait
								tell = ctx.(follower).AfterFunc(func() { told.Add(1) })
								stops = append(stops, context.AfterFunc(ctx, func() { kept.Add(1) }))
								stops = append(stops, context.AfterFunc(ctx, func() { kept.Add(1) }))
							}
							context.AfterFunc(ctx, func() { told.Add(1) })
							stops = append(stops, context.AfterFunc(ctx, func() { kept.Add(1) }))
							for _, stop := range slices.Backward(stops) {
								require.True(t, stop())
								require.False(t, stop())
							}
						}
						return respond(req, 200), nil
					}}, nil)
					callers, cancel := context.WithCancel(context.WithValue(t.Context(), key{}, "callers"))
					defer cancel()
					resp, err := rt.RoundTrip(get(t).WithContext(callers))
					require.NoError(t, err)
					require.NoError(t, ctx.Err())
					require.Equal(t, "callers", ctx.Value(key{}))
					c.end(cancel, resp)
					synctest.Wait()
					require.Equal(t, c.want, ctx.Err())
					require.Equal(t, c.want, context.Cause(ctx))
					<-ctx.Done()
					late := 0
					context.AfterFunc(ctx, func() { late++ })
					synctest.Wait()
					require.Equal(t, 1, late)
					require.Zero(t, kept.Load())
					if watching {
						require.Equal(t, c.want, child.Err())
						require.EqualValues(t, 4, told.Load())
						require.False(t, tell(), "too late to stop")
					}
				})
			})
		}
	}
}

func TestSolvingAChallengeStopsTheClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, watching := range []bool{false, true} {
			target := &target{answer: func(_ int, req *http.Request) (*http.Response, error) {
				ctx := req.Context()
				if watching {
					_ = ctx.Done()
				}
				time.Sleep(20 * s)
				resume := trip.AttemptFrom(ctx).Pause()
				time.Sleep(time.Hour)
				require.NoError(t, ctx.Err())
				_, bounded := ctx.Deadline()
				require.False(t, bounded)
				resume()
				resumed := time.Now()
				if watching {
					<-ctx.Done()
					require.Equal(t, 10*s, time.Since(resumed))
				}
				time.Sleep(9*s - time.Since(resumed))
				if !watching {
					require.NoError(t, ctx.Err())
				}
				time.Sleep(s)
				require.ErrorIs(t, ctx.Err(), context.DeadlineExceeded)
				return nil, ctx.Err()
			}}
			_, err := build(t, target, func(c *retry.Config) { c.MaxAttempts = 1 }).RoundTrip(get(t))
			require.ErrorIs(t, err, retry.ErrAttemptTimeout)
		}
	})
}

// A limit's queue pauses the clock too, and may be stood in while a challenge is
// being solved.
func TestTheClockStandsStillUntilTheLastPauseIsOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		target := &target{answer: func(_ int, req *http.Request) (*http.Response, error) {
			ctx := req.Context()
			time.Sleep(20 * s)
			a := trip.AttemptFrom(ctx)
			solve := a.Pause()
			for range 2 {
				wait := a.Pause()
				time.Sleep(time.Hour)
				wait()
			}
			overlapping := a.Pause()
			time.Sleep(time.Hour)
			require.NoError(t, ctx.Err(), "the outer pause is not over")
			solve()
			time.Sleep(time.Hour)
			require.NoError(t, ctx.Err(), "nor is the one that overlaps it")
			overlapping()
			resumed := time.Now()
			<-ctx.Done()
			require.Equal(t, 10*s, time.Since(resumed))
			return nil, ctx.Err()
		}}
		_, err := build(t, target, func(c *retry.Config) { c.MaxAttempts = 1 }).RoundTrip(get(t))
		require.ErrorIs(t, err, retry.ErrAttemptTimeout)
	})
}

// opaque is a context that the context package can only follow by a goroutine.
type opaque struct {
	context.Context
	done chan struct{}
}

func (o opaque) Done() <-chan struct{} { return o.done }

// The bubble fails the test if the goroutine is still there in the end.
func TestNothingIsLeftAtTheCallersContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rt := build(t, &target{answer: func(_ int, req *http.Request) (*http.Response, error) {
			_ = req.Context().Done()
			return respond(req, 200), nil
		}}, nil)
		require.Equal(t, 200, status(t, rt, get(t).WithContext(opaque{context.Background(), make(chan struct{})})))
	})
}

// lease records what becomes of it.
type lease struct {
	mu   sync.Mutex
	told []string
}

func (l *lease) Conclude(o trip.Outcome) { l.tell("concluded " + o.Verdict.String()) }

func (l *lease) Release(err error) {
	if err != nil {
		l.tell("released: " + err.Error())
		return
	}
	l.tell("released")
}

func (l *lease) tell(what string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.told = append(l.told, what)
}

func (l *lease) heard() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.told
}

func TestEveryLeaseIsGivenBackOnce(t *testing.T) {
	reading := func(t *testing.T, resp *http.Response) { _, _ = io.ReadAll(resp.Body) }
	closing := func(t *testing.T, resp *http.Response) { require.NoError(t, resp.Body.Close()) }
	leaving := func(*testing.T, *http.Response) { time.Sleep(time.Minute) }
	broken := func(_ int, req *http.Request) (*http.Response, error) {
		resp := respond(req, 200)
		resp.Body = io.NopCloser(io.MultiReader(strings.NewReader("pa"), failing{}))
		return resp, nil
	}
	for name, c := range map[string]struct {
		answer func(int, *http.Request) (*http.Response, error)
		use    func(*testing.T, *http.Response)
		want   [][]string
	}{
		"read to its end":   {always(200), reading, [][]string{{"concluded ok", "released"}}},
		"closed unread":     {always(200), closing, [][]string{{"concluded ok", "released"}}},
		"broken":            {broken, reading, [][]string{{"concluded ok", "released: reset"}}},
		"failed, then fine": {first(1, 500), reading, [][]string{{"concluded target_error", "released"}, {"concluded ok", "released"}}},
		"error, then fine":  {fails(1, io.EOF), closing, [][]string{{"concluded target_error", "released"}, {"concluded ok", "released"}}},
		"neither read nor closed, until the timeout": {slow(time.Hour), leaving, [][]string{{"concluded ok", "released: context deadline exceeded"}}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var leases []*lease
				target := &target{answer: func(n int, req *http.Request) (*http.Response, error) {
					_ = req.Context().Done()
					l := new(lease)
					leases = append(leases, l)
					trip.AttemptFrom(req.Context()).Hold(new(trip.Identity), l)
					return c.answer(n, req)
				}}
				resp, err := build(t, target, nil).RoundTrip(get(t))
				require.NoError(t, err)
				require.Len(t, leases[len(leases)-1].heard(), 1, "the lease is held while the body is read")
				c.use(t, resp)
				_ = resp.Body.Close()
				synctest.Wait()
				var told [][]string
				for _, l := range leases {
					told = append(told, l.heard())
				}
				require.Equal(t, c.want, told)
			})
		})
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errors.New("reset") }

func TestAPanicBelowCostsNoLease(t *testing.T) {
	l := new(lease)
	rt := build(t, &target{answer: func(_ int, req *http.Request) (*http.Response, error) {
		trip.AttemptFrom(req.Context()).Hold(new(trip.Identity), l)
		panic("base")
	}}, nil)
	require.PanicsWithValue(t, "base", func() { _, _ = rt.RoundTrip(get(t)) })
	require.Equal(t, []string{"concluded local", "released"}, l.heard())
}

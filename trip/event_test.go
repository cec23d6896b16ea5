package trip_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/godwit-go/godwit/trip"
	"github.com/stretchr/testify/require"
)

func TestAnExchangesEventOutlastsTheNextOne(t *testing.T) {
	ctx, call := trip.Start(request(t, "https://shop.test/"), trip.Spec{Observed: true})
	_, a := call.StartAttempt(ctx)
	challenged, solved := trip.Outcome{Verdict: trip.Challenge}, trip.Outcome{Verdict: trip.OK, Status: 200}
	first, second := a.ExchangeDone(challenged, time.Second), a.ExchangeDone(solved, time.Minute)
	require.Equal(t, &trip.ExchangeDone{Attempt: a, Outcome: challenged, Duration: time.Second}, first)
	require.Equal(t, &trip.ExchangeDone{Attempt: a, Outcome: solved, Duration: time.Minute}, second)
}

func TestACallsEventTellsOfItsLastAttempt(t *testing.T) {
	ctx, call := trip.Start(request(t, "https://shop.test/"), trip.Spec{Observed: true})
	local := errors.New("no way")
	require.Equal(t, trip.CallDone{
		Call: call, Method: "GET", Verdict: trip.Local, Err: local,
	}, without(call.Done("GET", nil, local)), "before the first attempt")

	for _, v := range []trip.Verdict{trip.TargetError, trip.OK} {
		_, a := call.StartAttempt(ctx)
		a.Conclude(trip.Outcome{Verdict: v})
	}
	call.AddCost(7)
	require.Equal(t, trip.CallDone{
		Call: call, Method: "GET", Verdict: trip.OK, Status: 200, Attempts: 2, Cost: 7,
	}, without(call.Done("GET", &http.Response{StatusCode: 200}, nil)))
	require.Equal(t, new(trip.CallDone), (*trip.Call)(nil).Done("GET", nil, nil))
}

// without takes out what differs from run to run.
func without(e *trip.CallDone) trip.CallDone {
	told := *e
	told.Duration = 0
	return told
}

func TestTheEventsOfAnObservedCallCostNothing(t *testing.T) {
	req := request(t, "https://shop.test/")
	rounds := func(told bool) float64 {
		return testing.AllocsPerRun(1000, func() {
			ctx, call := trip.Start(req, trip.Spec{Observed: true})
			_, a := call.StartAttempt(ctx)
			if told {
				heard(a.ExchangeDone(trip.Outcome{}, 0))
				heard(call.Done("GET", nil, nil))
			}
		})
	}
	require.Equal(t, rounds(false), rounds(true))
}

var hear trip.Observer = trip.ObserverFunc(func(context.Context, trip.Event) {})

func heard(e trip.Event) { hear.Observe(context.Background(), e) }

func TestACallThatNobodyObservesHasEventsAllTheSame(t *testing.T) {
	ctx, call := trip.Start(request(t, "https://shop.test/"), trip.Spec{})
	_, a := call.StartAttempt(ctx)
	require.Same(t, a, a.ExchangeDone(trip.Outcome{}, 0).Attempt)
	require.Same(t, call, call.Done("GET", nil, nil).Call)
}

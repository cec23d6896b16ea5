package godwit

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/godwit-go/godwit/trip"
)

// through returns the context of an attempt on domain by an egress.
func through(t *testing.T, domain, egress string) context.Context {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+domain+"/", nil)
	require.NoError(t, err)
	ctx, a, _ := trip.EnsureAttempt(req)
	require.True(t, a.Hold(&trip.Identity{Egress: egress}, nil))
	return ctx
}

func TestEgressesThatAgreeBlameTheTarget(t *testing.T) {
	reset := trip.Outcome{Verdict: trip.TargetError, Ambiguous: true}
	ok := trip.Outcome{Verdict: trip.OK, Status: 200}
	now := time.Now()
	type step struct {
		egress    string
		o         trip.Outcome
		after     time.Duration
		ambiguous bool
	}
	for name, story := range map[string][]step{
		"one that works, alone":       {{"a", ok, 0, false}, {"a", reset, 0, true}, {"a", reset, 0, true}},
		"two that work":               {{"a", ok, 0, false}, {"b", ok, 0, false}, {"a", reset, 0, true}, {"b", reset, 0, false}, {"a", reset, 0, false}},
		"two that never worked":       {{"a", reset, 0, true}, {"b", reset, 0, true}, {"a", reset, 0, true}},
		"five that never worked":      {{"a", reset, 0, true}, {"b", reset, 0, true}, {"c", reset, 0, true}, {"d", reset, 0, true}, {"e", reset, 0, false}},
		"two that worked long ago":    {{"a", ok, 0, false}, {"b", ok, 0, false}, {"a", reset, 2 * time.Minute, true}, {"b", reset, 0, true}},
		"too far apart to agree":      {{"a", ok, 0, false}, {"b", ok, 0, false}, {"a", reset, 0, true}, {"b", ok, 59 * time.Second, false}, {"b", reset, 2 * time.Second, true}},
		"somebody got through":        {{"a", ok, 0, false}, {"b", ok, 0, false}, {"a", reset, 0, true}, {"c", ok, 0, false}, {"b", reset, 0, true}},
		"a 5xx is no way through":     {{"a", ok, 0, false}, {"b", ok, 0, false}, {"a", reset, 0, true}, {"c", trip.Outcome{Verdict: trip.TargetError, Status: 500}, 0, false}, {"b", reset, 0, false}},
		"a challenge is one, however": {{"a", ok, 0, false}, {"b", ok, 0, false}, {"a", reset, 0, true}, {"c", trip.Outcome{Verdict: trip.Challenge, Status: 403}, 0, false}, {"b", reset, 0, true}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSuspects()
			for i, st := range story {
				now = now.Add(st.after)
				require.Equal(t, st.ambiguous, s.weigh(through(t, "shop.test", st.egress), st.o, now).Ambiguous, "step %d", i)
			}
		})
	}
}

func TestSuspectsOfOneDomainDoNotBlameAnother(t *testing.T) {
	s, reset := newSuspects(), trip.Outcome{Verdict: trip.TargetError, Ambiguous: true}
	s.weigh(through(t, "a.test", "x"), reset, time.Now())
	require.True(t, s.weigh(through(t, "b.test", "y"), reset, time.Now()).Ambiguous)
}

func TestSuspectsAreBounded(t *testing.T) {
	s, reset := newSuspects(), trip.Outcome{Verdict: trip.TargetError, Ambiguous: true}
	for i := range maxSuspects + 500 {
		s.weigh(through(t, fmt.Sprintf("d%d.test", i), "x"), reset, time.Now())
	}
	require.LessOrEqual(t, s.domains.Len(), maxSuspects)
}

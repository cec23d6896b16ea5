package rttest

import (
	"fmt"
	"runtime"
	"slices"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
)

// A rule that cannot fail promises nothing: each has a mutant that breaks it, and
// no mutant breaks a rule that it does not name.
func TestEveryRuleSeesItsMutants(t *testing.T) {
	seen := make(map[string]bool)
	for _, m := range mutants() {
		for _, name := range m.rules {
			seen[name] = true
		}
		t.Run(m.flaw, func(t *testing.T) {
			t.Parallel()
			s, wrap := suite(m.spoil)
			var failed []string
			for _, r := range s.rules() {
				if r.sockets && !slices.Contains(m.rules, r.name) {
					continue // real time is dear
				}
				if fails(t, r, s, wrap) {
					failed = append(failed, r.name)
				}
			}
			require.Equal(t, m.rules, failed)
		})
	}
	s, _ := suite(nil)
	for _, r := range s.rules() {
		require.True(t, seen[r.name], "no mutant shows that %s can fail", r.name)
	}
}

func fails(t *testing.T, r rule, s Suite, wrap Wrap) bool {
	rec := new(recorder)
	run := func(t *testing.T) {
		rec.T = t
		done := make(chan struct{})
		go func() {
			defer close(done)
			r.check(rec, s, wrap)
		}()
		<-done
	}
	if r.sockets {
		run(t)
	} else {
		synctest.Test(t, run)
	}
	rec.mu.Lock()
	defer rec.mu.Unlock()
	return len(rec.messages) > 0
}

// recorder takes a rule's failures instead of the test that it runs in.
type recorder struct {
	*testing.T
	mu       sync.Mutex
	messages []string
}

func (r *recorder) Errorf(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.messages = append(r.messages, fmt.Sprintf(format, args...))
}

func (r *recorder) FailNow() { runtime.Goexit() }

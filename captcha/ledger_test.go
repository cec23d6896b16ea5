package captcha_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/godwit-go/godwit/captcha"
	"github.com/godwit-go/godwit/trip"
)

func ledger(t *testing.T, path string) *captcha.FileLedger {
	t.Helper()
	l, err := captcha.OpenLedger(path)
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	return l
}

func ledgerPath(t *testing.T) string { return filepath.Join(t.TempDir(), "spending.jsonl") }

func TestARestartDoesNotMakeTheCapsNew(t *testing.T) {
	path, now := ledgerPath(t), time.Now()
	l := ledger(t, path)
	b := budget(t, captcha.BudgetConfig{Total: 1000, PerDay: 500, PerDomain: 400, Ledger: l})
	r, err := b.Reserve(now, "shop.test", 0, 300)
	require.NoError(t, err)
	require.NoError(t, r.Settle(now, 250))
	_, err = b.Reserve(now, "news.test", 0, 100) // and then the machine stops
	require.NoError(t, err)
	require.NoError(t, l.Close())

	l = ledger(t, path)
	b = budget(t, captcha.BudgetConfig{Total: 1000, PerDay: 500, PerDomain: 400, Ledger: l})
	require.Equal(t, captcha.Remaining{Total: 650, Day: 150, Domain: 150}, b.Remaining(now, "shop.test"))
	require.Equal(t, trip.USD(300), b.Remaining(now, "news.test").Domain, "what was not settled counts as spent")

	r, err = b.Reserve(now, "shop.test", 0, 50)
	require.NoError(t, err)
	require.NoError(t, r.Settle(now, 0))
	require.NoError(t, l.Close())
	b = budget(t, captcha.BudgetConfig{Total: 1000, Ledger: ledger(t, path)})
	require.Equal(t, trip.USD(650), b.Remaining(now, "").Total, "numbers go on where they ended")
}

func TestYesterdaysSpendingIsOfTheTotalAlone(t *testing.T) {
	path, now := ledgerPath(t), time.Now()
	line := `{"op":"reserve","id":1,"at":%q,"domain":"shop.test","micros":70}` + "\n"
	require.NoError(t, os.WriteFile(path, fmt.Appendf(nil, line, now.Add(-24*time.Hour).UTC().Format(time.RFC3339)), 0o600))
	b := budget(t, captcha.BudgetConfig{Total: 100, PerDay: 100, PerDomain: 100, Ledger: ledger(t, path)})
	require.Equal(t, captcha.Remaining{Total: 30, Day: 100, Domain: 100}, b.Remaining(now, "shop.test"))
}

func TestALineThatACrashCutShortIsDropped(t *testing.T) {
	path, now := ledgerPath(t), time.Now()
	l := ledger(t, path)
	b := budget(t, captcha.BudgetConfig{Total: 1000, Ledger: l})
	r, err := b.Reserve(now, "shop.test", 0, 300)
	require.NoError(t, err)
	require.NoError(t, r.Settle(now, 100))
	require.NoError(t, l.Close())
	whole, err := os.ReadFile(path)
	require.NoError(t, err)
	settle := strings.LastIndex(string(whole[:len(whole)-1]), "\n") + 1

	for cut := settle; cut < len(whole); cut++ { // anywhere in the settlement
		require.NoError(t, os.WriteFile(path, whole[:cut], 0o600))
		l := ledger(t, path)
		b, err := captcha.NewBudget(captcha.BudgetConfig{Total: 1000, Ledger: l})
		require.NoError(t, err, "cut at %d", cut)
		require.Equal(t, trip.USD(700), b.Remaining(now, "").Total, "cut at %d", cut)
		_, err = b.Reserve(now, "shop.test", 0, 1)
		require.NoError(t, err)
		require.NoError(t, l.Close())
		l = ledger(t, path)
		b = budget(t, captcha.BudgetConfig{Total: 1000, Ledger: l})
		require.Equal(t, trip.USD(699), b.Remaining(now, "").Total, "the next line is whole again")
		require.NoError(t, l.Close())
	}
}

func TestADamagedLedgerIsAnErrorThatNamesTheLine(t *testing.T) {
	good := `{"op":"reserve","id":1,"at":"2026-01-02T03:04:05Z","domain":"shop.test","micros":70}` + "\n"
	for name, bad := range map[string]string{
		"no JSON":                "what?\n",
		"unknown op":             `{"op":"gift","id":2,"micros":1}` + "\n",
		"no number":              `{"op":"reserve","micros":1}` + "\n",
		"less than nothing":      `{"op":"reserve","id":2,"micros":-1}` + "\n",
		"settles what was not":   `{"op":"settle","id":2,"micros":1}` + "\n",
		"too large for a dollar": `{"op":"reserve","id":2,"micros":99999999999999999999}` + "\n",
	} {
		t.Run(name, func(t *testing.T) {
			path := ledgerPath(t)
			require.NoError(t, os.WriteFile(path, []byte(good+bad), 0o600))
			_, err := captcha.NewBudget(captcha.BudgetConfig{Total: 1, Ledger: ledger(t, path)})
			require.ErrorIs(t, err, captcha.ErrLedger)
			var damage *captcha.LedgerError
			require.ErrorAs(t, err, &damage)
			require.Equal(t, 2, damage.Line)
			require.Contains(t, err.Error(), path+":2: ")
		})
	}
}

func TestTwoProcessesCannotSpendFromOneLedger(t *testing.T) {
	path := ledgerPath(t)
	first := ledger(t, path)
	_, err := captcha.OpenLedger(path)
	require.ErrorIs(t, err, captcha.ErrLedger)
	require.NoError(t, first.Close())
	ledger(t, path)
}

func TestAReloadedConfigurationGoesOnSpendingFromTheSamePurse(t *testing.T) {
	for name, cfg := range map[string]func() captcha.BudgetConfig{
		"in memory": func() captcha.BudgetConfig { return captcha.BudgetConfig{Total: 1000} },
		"in a file": func() func() captcha.BudgetConfig {
			path := ledgerPath(t)
			return func() captcha.BudgetConfig { return captcha.BudgetConfig{Total: 1000, LedgerFile: path} }
		}(),
		"in a ledger": func() func() captcha.BudgetConfig {
			l := ledger(t, ledgerPath(t))
			return func() captcha.BudgetConfig { return captcha.BudgetConfig{Total: 1000, Ledger: l} }
		}(),
	} {
		t.Run(name, func(t *testing.T) {
			now, old := time.Now(), budget(t, cfg())
			t.Cleanup(func() { _ = old.Close() })
			g, err := captcha.NewGroup(captcha.Config{Budget: old})
			require.NoError(t, err)
			defer g.Close()
			underWay, err := old.Reserve(now, "shop.test", 0, 300)
			require.NoError(t, err)

			caps := cfg()
			caps.Total = 500
			next := budget(t, caps)
			require.NoError(t, g.Reconfigure(captcha.Config{Budget: next}))
			require.Equal(t, trip.USD(200), next.Remaining(now, "").Total)
			require.NoError(t, underWay.Settle(now, 100))
			require.Equal(t, trip.USD(400), next.Remaining(now, "").Total, "what was under way is settled with both")
			_, err = next.Reserve(now, "shop.test", 0, 401)
			require.ErrorIs(t, err, captcha.ErrBudget)
			_, err = next.Reserve(now, "shop.test", 0, 400)
			require.NoError(t, err)
			require.Equal(t, trip.USD(500), old.Remaining(now, "").Total)
		})
	}
}

func TestABudgetOverAFileThatIsTakenSpendsNothing(t *testing.T) {
	path, now := ledgerPath(t), time.Now()
	first := ledger(t, path)
	b := budget(t, captcha.BudgetConfig{Total: 1000, LedgerFile: path})
	_, err := b.Reserve(now, "shop.test", 0, 1)
	require.ErrorIs(t, err, captcha.ErrLedger)
	require.Zero(t, b.Remaining(now, "").Total)
	require.NoError(t, first.Close())
	_, err = b.Reserve(now, "shop.test", 0, 1)
	require.NoError(t, err)
	require.NoError(t, b.Close())

	_, err = captcha.NewBudget(captcha.BudgetConfig{Total: 1, LedgerFile: t.TempDir()})
	require.ErrorIs(t, err, captcha.ErrLedger, "a path that can never work is said at once")
	_, err = captcha.NewBudget(captcha.BudgetConfig{Total: 1, LedgerFile: path, Ledger: first})
	require.ErrorContains(t, err, "LedgerFile: ")
}

func TestNothingIsSpentThatCannotBeEntered(t *testing.T) {
	l := ledger(t, ledgerPath(t))
	b, now := budget(t, captcha.BudgetConfig{Total: 1000, Ledger: l}), time.Now()
	require.NoError(t, l.Close())
	for range 2 {
		_, err := b.Reserve(now, "shop.test", 0, 100)
		require.ErrorIs(t, err, captcha.ErrLedger)
		require.ErrorIs(t, err, os.ErrClosed)
	}
	require.Equal(t, trip.USD(1000), b.Remaining(now, "").Total)
}

func TestEntriesThatComeAtOnceAreAllOnTheDisk(t *testing.T) {
	path, now := ledgerPath(t), time.Now()
	l := ledger(t, path)
	b := budget(t, captcha.BudgetConfig{Total: -1, Ledger: l})
	var wg sync.WaitGroup
	for i := range 200 {
		wg.Go(func() {
			r, err := b.Reserve(now, "shop.test", 0, 10)
			if err == nil && i%2 == 0 {
				err = r.Settle(now, 3)
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	require.NoError(t, l.Close())
	lines, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, 300, strings.Count(string(lines), "\n"))
	again := budget(t, captcha.BudgetConfig{Total: -1, Ledger: ledger(t, path)})
	total, _ := again.Spent(now)
	require.Equal(t, trip.USD(100*10+100*3), total)
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
}

func FuzzALedgerIsReadOrRefused(f *testing.F) {
	f.Add(`{"op":"reserve","id":1,"at":"2026-01-02T03:04:05Z","domain":"shop.test","micros":70}` + "\n")
	f.Add(`{"op":"reserve","id":1,"micros":70}` + "\n" + `{"op":"settle","id":1,"micros":7}` + "\n" + `{"op"`)
	f.Fuzz(func(t *testing.T, content string) {
		path := filepath.Join(t.TempDir(), "l")
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
		l, err := captcha.OpenLedger(path)
		if err != nil {
			require.ErrorIs(t, err, captcha.ErrLedger)
			return
		}
		defer l.Close()
		b, err := captcha.NewBudget(captcha.BudgetConfig{Total: -1, Ledger: l})
		if err != nil {
			require.True(t, errors.Is(err, captcha.ErrLedger))
			return
		}
		before, _ := b.Spent(time.Now())
		require.GreaterOrEqual(t, before, trip.USD(0))
		if r, err := b.Reserve(time.Now(), "shop.test", 0, 5); err == nil {
			require.NoError(t, r.Settle(time.Now(), 5))
		}
		require.NoError(t, l.Close())
		again, err := captcha.OpenLedger(path)
		require.NoError(t, err)
		defer again.Close()
		b, err = captcha.NewBudget(captcha.BudgetConfig{Total: -1, Ledger: again})
		require.NoError(t, err)
		after, _ := b.Spent(time.Now())
		require.Equal(t, before+5, after)
	})
}

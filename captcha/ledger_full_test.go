//go:build linux || darwin

package captcha_test

import (
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/godwit-go/godwit/captcha"
	"github.com/godwit-go/godwit/trip"
)

// fileLimit bounds the size of the files that the process writes, which is as good
// as a full disk.
func fileLimit(t *testing.T, size int64) {
	t.Helper()
	var limit syscall.Rlimit
	require.NoError(t, syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit))
	limit.Cur = min(uint64(size), limit.Max)
	require.NoError(t, syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit))
}

func TestAFullDiskStopsTheSpendingUntilThereIsRoom(t *testing.T) {
	path, now := ledgerPath(t), time.Now()
	l := ledger(t, path)
	b := budget(t, captcha.BudgetConfig{Total: 1000, Ledger: l})
	kept, err := b.Reserve(now, "shop.test", 0, 100)
	require.NoError(t, err)
	info, err := os.Stat(path)
	require.NoError(t, err)

	fileLimit(t, info.Size()+20) // room for part of a line
	t.Cleanup(func() { fileLimit(t, 1<<62) })
	for range 2 {
		_, err = b.Reserve(now, "shop.test", 0, 100)
		require.ErrorIs(t, err, captcha.ErrLedger)
		require.ErrorIs(t, err, syscall.EFBIG)
	}
	require.ErrorIs(t, kept.Settle(now, 30), captcha.ErrLedger)
	require.Equal(t, trip.USD(970), b.Remaining(now, "").Total, "the budget itself is right")

	fileLimit(t, 1<<62)
	r, err := b.Reserve(now, "shop.test", 0, 100)
	require.NoError(t, err)
	require.NoError(t, r.Settle(now, 10))
	require.NoError(t, l.Close())
	again := budget(t, captcha.BudgetConfig{Total: 1000, Ledger: ledger(t, path)})
	require.Equal(t, trip.USD(890), again.Remaining(now, "").Total, "what could not be settled counts in full")
}

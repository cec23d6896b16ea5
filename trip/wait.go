package trip

import (
	"context"
	"net/http"
	"time"
)

// Sleep waits for d, but no longer than the request lives. It returns nil after
// the full wait, else the context's error. It honours the deprecated
// Request.Cancel as well, which http.Client sets beside the context's deadline.
func Sleep(req *http.Request, d time.Duration) error {
	return WaitFor(req, nil, d)
}

// WaitFor is [Sleep] that also ends, with nil, when wake is closed or receives.
func WaitFor(req *http.Request, wake <-chan struct{}, d time.Duration) error {
	ctx := req.Context()
	if err := ctx.Err(); err != nil {
		return err
	}
	if d <= 0 {
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-wake:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	//lint:ignore SA1019 deprecated, yet http.Client.Timeout sets it on wrapped transports
	case <-req.Cancel:
		return context.Canceled
	}
}

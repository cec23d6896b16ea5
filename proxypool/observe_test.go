package proxypool_test

import (
	"context"
	"sync"

	"github.com/godwit-go/godwit/trip"
)

// observe collects events. The one sent per attempt is left out.
func observe(events *[]trip.Event) trip.Observer {
	var mu sync.Mutex
	return trip.ObserverFunc(func(_ context.Context, e trip.Event) {
		mu.Lock()
		defer mu.Unlock()
		if _, hot := e.(*trip.ProxyPicked); !hot {
			*events = append(*events, e)
		}
	})
}

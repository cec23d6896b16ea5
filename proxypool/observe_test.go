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

// gatesOf leaves out the identities that were retired.
func gatesOf(events []trip.Event) (gates []trip.Event) {
	for _, e := range events {
		if _, retired := e.(*trip.IdentityRetired); !retired {
			gates = append(gates, e)
		}
	}
	return gates
}

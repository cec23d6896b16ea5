package godwit_test

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/godwit-go/godwit"
	"github.com/godwit-go/godwit/proxypool"
	"github.com/godwit-go/godwit/trip"
)

// firstOnly is a listener whose first connection alone is served; the others are
// accepted, and never hear a word.
type firstOnly struct {
	net.Listener
	second chan struct{} // closed when a second one came
	once   sync.Once
	served bool
}

func (l *firstOnly) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil || !l.served {
			l.served = true
			return conn, err
		}
		defer conn.Close() // with the listener
		l.once.Do(func() { close(l.second) })
	}
}

// A request that starts a dial may be sent on a connection that becomes free
// first. How far its dial has come must not count as how far the request has.
func TestAPostIsNotSentAgainBecauseItsOwnDialGotNowhere(t *testing.T) {
	var orders atomic.Int32
	release := make(chan struct{})
	began := make(chan struct{})
	site := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			close(began)
			<-release
			return
		}
		orders.Add(1) // it takes effect, and its reply is lost
		panic(http.ErrAbortHandler)
	}))
	l := &firstOnly{Listener: site.Listener, second: make(chan struct{})}
	site.Listener = l
	site.StartTLS()
	defer site.Close()
	roots := x509.NewCertPool()
	roots.AddCert(site.Certificate())
	tr := transport(t, godwit.Config{Default: fast(), Direct: proxypool.Config{TLS: &tls.Config{RootCAs: roots}}})

	var wg sync.WaitGroup
	defer wg.Wait()
	wg.Go(func() {
		if resp, err := tr.Client().Get(site.URL); err == nil {
			resp.Body.Close()
		}
	})
	<-began
	go func() {
		<-l.second
		close(release)
	}()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, site.URL, strings.NewReader("an order"))
	require.NoError(t, err)
	_, err = tr.RoundTrip(req)
	var story *godwit.Error
	require.ErrorAs(t, err, &story)
	require.EqualValues(t, 1, orders.Load(), "%v", err)
	require.Equal(t, trip.TargetError, story.Summary.Verdict)
	require.Len(t, story.Summary.Attempts, 1)
}

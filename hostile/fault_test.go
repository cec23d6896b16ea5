package hostile_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/godwit-go/godwit/hostile"
	"github.com/stretchr/testify/require"
)

// An end is how a GET ends that met a fault.
type end struct {
	status int    // of the response; 0: no response
	err    string // what the error says, of the request or else of the body
	is     error  // what the error is
	waits  bool   // the visitor has to give up
	more   bool   // a mebibyte comes through, and more would
}

// ends tells how a plain http.Client fares over TLS.
var ends = map[hostile.Fault]end{
	hostile.FaultRefuse:            {is: syscall.ECONNREFUSED},
	hostile.FaultBlackHole:         {waits: true},
	hostile.FaultTLSAlert:          {err: "tls: internal error"},
	hostile.FaultExpired:           {err: "certificate has expired"},
	hostile.FaultWrongHost:         {err: "certificate is valid for elsewhere.test"},
	hostile.FaultGoAway:            {err: "ENHANCE_YOUR_CALM"},
	hostile.FaultResetBeforeHeader: {is: syscall.ECONNRESET},
	hostile.FaultResetAfterHeader:  {status: 200, is: syscall.ECONNRESET},
	hostile.FaultLostReply:         {is: syscall.ECONNRESET},
	hostile.FaultEmptyReply:        {is: io.EOF},
	hostile.FaultShortBody:         {status: 200, is: io.ErrUnexpectedEOF},
	hostile.FaultTruncatedChunk:    {status: 200, is: io.ErrUnexpectedEOF},
	hostile.FaultLatency:           {waits: true},
	hostile.FaultDrip:              {status: 200, is: context.Canceled},
	hostile.FaultEndless:           {status: 200, more: true},
	hostile.FaultForbidden:         {status: 403},
	hostile.FaultThrottled:         {status: 429},
	hostile.FaultThrottledUnsaid:   {status: 429},
	hostile.FaultUnavailable:       {status: 503},
	hostile.FaultUnavailableUnsaid: {status: 503},
	hostile.FaultEarlyHints:        {err: "exceeded"},
	hostile.FaultBadStatusLine:     {err: "malformed HTTP"},
	hostile.FaultTwoLengths:        {err: "multiple Content-Length"},
	hostile.FaultBadChunk:          {status: 200, err: "invalid byte in chunk length"},
	hostile.FaultHeaderBomb:        {err: "exceeded"},
	hostile.FaultGzipBomb:          {status: 200, more: true},
	hostile.FaultCorruptGzip:       {status: 200, err: "flate: corrupt input"},
	hostile.FaultMislabeled:        {status: 200, is: gzip.ErrHeader},
	hostile.FaultRedirectLoop:      {status: 302},
}

func TestEveryFaultEndsInItsOwnWay(t *testing.T) {
	web := start(t, hostile.Config{Faults: true})
	proxy := addProxy(t, web, hostile.ProxyConfig{})
	require.Len(t, ends, len(hostile.Faults()), "every fault has its line")
	for _, fault := range hostile.Faults() {
		for name, through := range map[string]*hostile.Proxy{"direct": nil, "proxy": proxy} {
			want := ends[fault]
			t.Run(fault.String()+" "+name, func(t *testing.T) {
				s := web.Site(fault.Host())
				require.NotNil(t, s)
				client := visitor(t, web, through)
				if want.waits {
					client.Timeout = 100 * time.Millisecond
				}
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				resp, err := client.Do(request(t, http.MethodGet, s.URL("/p/1"), nil).WithContext(ctx))
				if want.status == 0 {
					require.Error(t, err)
				} else {
					require.NoError(t, err)
					require.Equal(t, want.status, resp.StatusCode)
					if want.is == context.Canceled {
						time.AfterFunc(20*time.Millisecond, cancel)
					}
					_, err = io.CopyN(io.Discard, resp.Body, 1<<20)
					resp.Body.Close()
				}
				timeout, _ := errors.AsType[net.Error](err)
				require.Equal(t, want.waits, timeout != nil && timeout.Timeout(), "%v", err)
				if through != nil && fault == hostile.FaultRefuse {
					require.ErrorContains(t, err, "Bad Gateway", "the proxy was refused")
					return
				}
				if want.is != nil {
					require.ErrorIs(t, err, want.is)
				}
				if want.err != "" {
					require.ErrorContains(t, err, want.err)
				}
				require.Equal(t, want.more, err == nil && want.status == http.StatusOK)
			})
		}
	}
}

func TestFaultsLeaveACertificateErrorThatNamesIt(t *testing.T) {
	web := start(t, hostile.Config{Faults: true})
	_, err := visitor(t, web, nil).Get(web.Site(hostile.FaultExpired.Host()).URL("/"))
	var invalid x509.CertificateInvalidError
	require.ErrorAs(t, err, &invalid)
	require.Equal(t, x509.Expired, invalid.Reason)
}

func TestTheFirstRequestsMeetTheFaultAndTheNextThePage(t *testing.T) {
	web := start(t, hostile.Config{Faults: true})
	client := visitor(t, web, nil)
	for _, fault := range hostile.Faults() {
		if fault <= hostile.FaultGoAway || fault == hostile.FaultLatency || fault == hostile.FaultDrip || ends[fault].more {
			continue
		}
		s := web.Site(fault.Host())
		page := s.URL("/p/2?first=1")
		resp, err := client.Post(page, "text/plain", nil) // which the transport does not send again by itself
		if err == nil {
			resp.Body.Close()
		}
		_, body := get(t, client, page)
		require.True(t, web.Check(page, []byte(body)), fault.String())
		ledger := s.Ledger()
		require.Equal(t, 2, ledger.Requests, fault.String())
		require.Equal(t, 1, ledger.Served, fault.String())
		require.Equal(t, 1, ledger.Failed+ledger.Throttled+ledger.Blocked, fault.String())
	}
}

func TestALostReplyHadItsEffect(t *testing.T) {
	web := start(t, hostile.Config{Faults: true})
	s, client := web.Site(hostile.FaultLostReply.Host()), visitor(t, web, nil)
	for range 2 {
		_, err := client.Post(s.URL("/orders"), "application/x-www-form-urlencoded", strings.NewReader("id=1"))
		require.ErrorIs(t, err, syscall.ECONNRESET)
	}
	require.Equal(t, 1, s.Ledger().Duplicates())
	_, err := client.Post(s.URL("/p/1"), "", nil)
	require.Error(t, err)
	require.Equal(t, 3, s.Ledger().Failed)
	require.Zero(t, s.Ledger().Served)

	s = web.Site(hostile.FaultResetBeforeHeader.Host())
	_, err = client.Post(s.URL("/orders"), "application/x-www-form-urlencoded", strings.NewReader("id=1"))
	require.ErrorIs(t, err, syscall.ECONNRESET)
	require.Empty(t, s.Ledger().Orders)
}

func TestTheGzipBombIsOne(t *testing.T) {
	web := start(t, hostile.Config{Faults: true})
	client := visitor(t, web, nil)
	client.Transport.(*http.Transport).DisableCompression = true
	_, bomb := get(t, client, web.Site(hostile.FaultGzipBomb.Host()).URL("/"))
	require.Less(t, len(bomb), 300<<10)
	decoded, err := gzip.NewReader(bytes.NewReader([]byte(bomb)))
	require.NoError(t, err)
	n, err := io.CopyN(io.Discard, decoded, 64<<20)
	require.NoError(t, err)
	require.Equal(t, int64(64<<20), n)
}

func TestCloseEndsEvenTheEndless(t *testing.T) {
	web := start(t, hostile.Config{Faults: true})
	resp, err := visitor(t, web, nil).Get(web.Site(hostile.FaultEndless.Host()).URL("/"))
	require.NoError(t, err)
	defer resp.Body.Close()
	closed := make(chan struct{})
	time.AfterFunc(10*time.Millisecond, func() {
		defer close(closed)
		web.Close()
	})
	_, err = io.Copy(io.Discard, resp.Body)
	timeout, _ := errors.AsType[net.Error](err)
	require.False(t, timeout != nil && timeout.Timeout(), "it was the visitor who ended it: %v", err)
	<-closed
}

func TestFaultsAndSitesHaveNamesOfTheirOwn(t *testing.T) {
	seen := make(map[string]bool)
	for _, fault := range hostile.Faults() {
		require.False(t, seen[fault.Host()])
		seen[fault.Host()] = true
		require.NotContains(t, fault.Host(), "unknown")
	}
	for _, fault := range hostile.ProxyFaults() {
		require.False(t, seen[fault.String()])
		seen[fault.String()] = true
		require.NotContains(t, fault.String(), "unknown")
	}
	require.Equal(t, "unknown", hostile.Fault(200).String())
	_, err := hostile.Start(hostile.Config{Sites: []hostile.SiteConfig{{Host: "x.test", Fault: 200}}})
	require.ErrorContains(t, err, "Sites[0].Fault: unknown")
}

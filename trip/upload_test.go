package trip_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/godwit-go/godwit/trip"
)

var errDisk = errors.New("disk failed")

// secretive is a body whose kind no transport knows.
type secretive struct{ io.Reader }

func (secretive) Close() error { return nil }

func TestAFailingUploadIsItsOwnersFaultOverEveryProtocol(t *testing.T) {
	half := func() io.Reader {
		return io.MultiReader(strings.NewReader(strings.Repeat("x", 100_000)), iotest.ErrReader(errDisk))
	}
	for name, c := range map[string]struct {
		body   func() io.Reader
		length int64
		expect bool
		is     error
		says   string
	}{
		"chunked":                    {body: half, length: -1, is: errDisk},
		"of known length":            {body: half, length: 200_000, is: errDisk},
		"at its first byte":          {body: func() io.Reader { return iotest.ErrReader(errDisk) }, is: errDisk},
		"after 100 Continue":         {body: half, length: 200_000, expect: true, is: errDisk},
		"chunked after 100 Continue": {body: half, length: -1, expect: true, is: errDisk},
		"too short":                  {body: func() io.Reader { return secretive{strings.NewReader("short")} }, length: 9, says: "ends after 5 bytes, with a ContentLength of 9"},
		"too long":                   {body: func() io.Reader { return secretive{strings.NewReader("too long")} }, length: 5, says: "longer than its ContentLength of 5"},
		"too long by its last byte":  {body: func() io.Reader { return secretive{iotest.OneByteReader(strings.NewReader("longer"))} }, length: 5, says: "longer than"},
		"too short in memory":        {body: func() io.Reader { return strings.NewReader("short") }, length: 9, says: "ends after 5 bytes"},
		"too long in memory":         {body: func() io.Reader { return bytes.NewReader([]byte("too long")) }, length: 5, says: "longer than"},
		"with another's verdict":     {body: func() io.Reader { return iotest.ErrReader(http.ErrBodyNotAllowed) }, is: http.ErrBodyNotAllowed},
	} {
		for _, h2 := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, HTTP/2 %v", name, h2), func(t *testing.T) {
				server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					_, _ = io.Copy(io.Discard, r.Body)
					<-r.Context().Done() // an answer that comes first would be returned
				}))
				server.EnableHTTP2, server.Config.ErrorLog = h2, log.New(io.Discard, "", 0)
				server.StartTLS()
				defer server.Close()
				ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
				defer cancel()
				req, err := http.NewRequestWithContext(ctx, http.MethodPut, server.URL, c.body())
				require.NoError(t, err)
				req.ContentLength = c.length
				if c.expect {
					req.Header.Set("Expect", "100-continue")
				}
				resp, err := server.Client().Transport.RoundTrip(trip.WatchUpload(req))
				if err == nil {
					_ = resp.Body.Close()
				}
				require.ErrorIs(t, err, trip.ErrUpload)
				if c.is != nil {
					require.ErrorIs(t, err, c.is)
				}
				require.ErrorContains(t, err, c.says)
				require.Equal(t, trip.Local, trip.OutcomeOf(ctx, nil, err).Verdict)
			})
		}
	}
}

func TestASoundUploadStaysAsItIs(t *testing.T) {
	for name, body := range map[string]io.Reader{
		"none": nil, "NoBody": http.NoBody,
		"string": strings.NewReader("abc"), "bytes": bytes.NewReader([]byte("abc")), "buffer": bytes.NewBufferString("abc"),
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, "http://a.test", body)
		require.NoError(t, err)
		require.Same(t, req, trip.WatchUpload(req), "%s: net/http sends it in one piece with the header", name)
	}
}

func TestAWatchedUploadIsReadToItsEndAndReplayed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "upload")
	require.NoError(t, os.WriteFile(path, []byte("content"), 0o600))
	open := func() (io.ReadCloser, error) { return os.Open(path) }
	body, err := open()
	require.NoError(t, err)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, "http://a.test", body)
	require.NoError(t, err)
	req.ContentLength, req.GetBody = 7, open

	out := trip.WatchUpload(req)
	require.Same(t, out, trip.WatchUpload(out), "watched once is enough")
	require.Same(t, body, req.Body, "the caller's request was written to")
	for range 2 {
		got, err := io.ReadAll(out.Body)
		require.NoError(t, err)
		require.Equal(t, "content", string(got))
		require.NoError(t, out.Body.Close())
		out.Body, err = out.GetBody()
		require.NoError(t, err)
	}
	require.NoError(t, out.Body.Close())

	_, err = out.Body.Read(make([]byte, 1))
	require.ErrorIs(t, err, os.ErrClosed)
	require.NotErrorIs(t, err, trip.ErrUpload, "who closes a body and reads on has nobody to blame but himself")

	req.GetBody = func() (io.ReadCloser, error) { return nil, errDisk }
	_, err = trip.WatchUpload(req).GetBody()
	require.ErrorIs(t, err, errDisk)
	require.Equal(t, trip.Local, trip.OutcomeOf(t.Context(), nil, err).Verdict)
}

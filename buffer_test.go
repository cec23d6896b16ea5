package godwit

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/godwit-go/godwit/trip"
)

type closeCounter struct {
	io.Reader
	closed int
}

func (c *closeCounter) Close() error { c.closed++; return nil }

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func buffered(t *testing.T, body io.ReadCloser, limit int64) (*http.Response, error) {
	t.Helper()
	b := &buffer{limit: limit, next: roundTripperFunc(func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 200, Body: body, ContentLength: -1}, nil
	})}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://a.test/", nil)
	require.NoError(t, err)
	return b.RoundTrip(req)
}

func TestABodyThatBreaksOffIsAFailedExchange(t *testing.T) {
	body := &closeCounter{Reader: io.MultiReader(strings.NewReader("half"), failing{io.ErrUnexpectedEOF})}
	resp, err := buffered(t, body, 100)
	require.Nil(t, resp)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	require.EqualError(t, err, "body of status 200 broke off after 4 bytes: unexpected EOF")
	var judged trip.Judged
	require.ErrorAs(t, err, &judged)
	require.Equal(t, trip.Outcome{Verdict: trip.TargetError, Phase: trip.Body, Status: 200, Reason: "truncated"}, judged.Outcome())
	require.Equal(t, 1, body.closed)
}

func TestAWholeBodyIsHandedOn(t *testing.T) {
	for _, limit := range []int64{0, 1, 3, 5, 6, 100} {
		body := &closeCounter{Reader: strings.NewReader("hello")}
		resp, err := buffered(t, body, limit)
		require.NoError(t, err)
		got, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		require.Equal(t, "hello", string(got), "limit %d", limit)
		require.NoError(t, resp.Body.Close())
		require.Equal(t, 1, body.closed, "limit %d", limit)
	}
}

func TestWhatBreaksBeyondTheBufferIsTheCallers(t *testing.T) {
	broken := errors.New("reset")
	resp, err := buffered(t, &closeCounter{Reader: io.MultiReader(strings.NewReader("hello"), failing{broken})}, 3)
	require.NoError(t, err)
	got, err := io.ReadAll(resp.Body)
	require.ErrorIs(t, err, broken)
	require.Equal(t, "hello", string(got))
}

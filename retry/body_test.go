package retry_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/godwit-go/godwit/retry"
)

// once is a body that cannot be had again.
type once struct {
	io.Reader
	closed int
}

func (o *once) Close() error {
	o.closed++
	return nil
}

func TestBodiesAreBufferedOnlyOnRequestAndWithinBounds(t *testing.T) {
	for name, c := range map[string]struct {
		limit   int64
		content string
		length  int64
		sent    int
	}{
		"off by default":             {0, "order", 5, 1},
		"switched off":               {-1, "order", 5, 1},
		"short":                      {5, "order", 5, 4},
		"of unknown length":          {5, "order", -1, 4},
		"too long":                   {4, "order", 5, 1},
		"too long, unknown at first": {4, "order", -1, 1},
		"empty":                      {4, "", -1, 4},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				target, seen := &target{answer: always(503)}, new(watch)
				rt := build(t, target, func(cfg *retry.Config) { cfg.BufferBody, cfg.Observer = c.limit, seen })
				body := &once{Reader: strings.NewReader(c.content)}
				req := request(t, "PUT", body)
				req.ContentLength = c.length
				require.Equal(t, 503, status(t, rt, req))
				require.Equal(t, c.sent, target.count())
				for _, got := range target.bodies {
					require.Equal(t, c.content, got)
				}
				require.Equal(t, 1, body.closed)
				require.Same(t, body, req.Body, "the caller's request was written to")
				if c.sent == 1 {
					require.Equal(t, "suppressed not_replayable", seen.told[len(seen.told)-1])
				}
			})
		})
	}
}

func TestABufferedBodyCanBeSentAgainBelowToo(t *testing.T) {
	target := &target{answer: func(_ int, req *http.Request) (*http.Response, error) {
		again, err := req.GetBody()
		require.NoError(t, err)
		got, err := io.ReadAll(again)
		require.NoError(t, err)
		require.Equal(t, "order", string(got))
		return respond(req, 200), nil
	}}
	rt := build(t, target, func(cfg *retry.Config) { cfg.BufferBody = 10 })
	require.Equal(t, 200, status(t, rt, request(t, "PUT", &once{Reader: strings.NewReader("order")})))
}

func TestABodyThatCannotBeReadIsNotSent(t *testing.T) {
	target := &target{answer: always(200)}
	broken := errors.New("disk")
	body := &once{Reader: io.MultiReader(strings.NewReader("or"), failing{})}
	_, err := build(t, target, func(cfg *retry.Config) { cfg.BufferBody = 10 }).RoundTrip(request(t, "PUT", body))
	require.EqualError(t, err, "trip: request body failed: reset")
	require.Zero(t, target.count())
	require.Equal(t, 1, body.closed)

	req := request(t, "PUT", strings.NewReader("order"))
	req.GetBody = func() (io.ReadCloser, error) { return nil, broken }
	target.answer = always(500)
	seen := new(watch)
	require.Equal(t, 500, status(t, build(t, target, func(cfg *retry.Config) { cfg.Observer = seen }), req))
	require.Equal(t, 1, target.count(), "without its body the request cannot be sent again")
	require.Equal(t, "suppressed not_replayable", seen.told[len(seen.told)-1])
}

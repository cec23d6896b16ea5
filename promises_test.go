package godwit_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/godwit-go/godwit"
	"github.com/godwit-go/godwit/robots"
)

func TestARobotsTxtThatCannotBeHadSaysWhenToComeBack(t *testing.T) {
	base := roundTripperFunc(func(req *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 500, Header: http.Header{}, Body: http.NoBody, Request: req}, nil
	})
	p := fast()
	p.Robots, p.Retry.MaxAttempts = robots.Config{}, 1
	tr, err := godwit.New(base, godwit.Config{Default: p})
	require.NoError(t, err)
	defer tr.Close()
	_, err = tr.Client().Get("https://shop.test/p/1")
	require.ErrorIs(t, err, robots.ErrDisallowed)
	var story *godwit.Error
	require.ErrorAs(t, err, &story)
	require.WithinDuration(t, time.Now().Add(robots.DefaultRetry), story.Summary.RetryAt, time.Minute)
}

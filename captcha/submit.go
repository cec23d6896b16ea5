package captcha

import (
	"context"
	"fmt"
	"net/http"
	"slices"
)

// Submitter hands in the answer to a challenge. Implementations must be safe for
// concurrent use.
type Submitter interface {
	// Submit hands in s through rt, which sends as the visitor that was
	// challenged: same egress, same cookies. It returns the response to orig, for
	// which it sends orig again with [Replay]; a nil response without an error
	// leaves that to the caller. The cookies of s are with the visitor already.
	// Whatever else was obtained through rt is to be closed.
	Submit(ctx context.Context, rt http.RoundTripper, orig *http.Request, c *Challenge, s Solution) (*http.Response, error)
}

// SubmitFunc makes a [Submitter] of a function.
type SubmitFunc func(ctx context.Context, rt http.RoundTripper, orig *http.Request, c *Challenge, s Solution) (*http.Response, error)

// Submit calls f.
func (f SubmitFunc) Submit(ctx context.Context, rt http.RoundTripper, orig *http.Request, c *Challenge, s Solution) (*http.Response, error) {
	return f(ctx, rt, orig, c, s)
}

// Replay sends a request again whose body has been used, with a fresh body from
// GetBody. It fails with [ErrNotReplayable] where there is none.
func Replay(ctx context.Context, rt http.RoundTripper, orig *http.Request) (*http.Response, error) {
	req, err := fresh(ctx, orig)
	if err != nil {
		return nil, err
	}
	return rt.RoundTrip(req)
}

// fresh returns a copy of a request with a body that was not used yet.
func fresh(ctx context.Context, orig *http.Request) (*http.Request, error) {
	if !replayable(orig) {
		return nil, ErrNotReplayable
	}
	req := orig.WithContext(ctx)
	if orig.Body == nil || orig.Body == http.NoBody {
		return req, nil
	}
	body, err := orig.GetBody()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotReplayable, err)
	}
	req.Body = body
	return req, nil
}

func replayable(req *http.Request) bool {
	return req.Body == nil || req.Body == http.NoBody || req.GetBody != nil
}

// builtinSubmitter returns the way in which the answer to c is handed in; nil when
// there is none without a script engine.
func builtinSubmitter(c *Challenge) Submitter {
	switch {
	case slices.Contains(cookieKinds[:], c.Kind):
		return SubmitFunc(submitCookies)
	case c.Form == nil || !sameSite(c.URL, c.Form.Action):
		return nil
	case c.Kind == KindButton, c.Kind == KindImage && imageField(c) != "", len(tokenFields[c.Kind]) > 0:
		return SubmitFunc(submitForm)
	}
	return nil
}

// submitCookies has nothing to do but to see that there is something to go by:
// the visitor has the cookies already.
func submitCookies(_ context.Context, _ http.RoundTripper, _ *http.Request, c *Challenge, s Solution) (*http.Response, error) {
	if len(s.Cookies) == 0 {
		return nil, fmt.Errorf("%w: no cookie for %s", ErrUnusable, c.Kind)
	}
	return nil, nil //nolint:nilnil // documented: the caller sends the original again
}

package trip

import "context"

type sessionKey struct{}

// WithSession pins the calls made with the returned context to one identity: all
// calls with the same key on the same domain leave by the same egress, with the
// same header profile and cookies, until that identity is retired. An empty key
// means no session, which is the default: each call may get another identity.
func WithSession(ctx context.Context, key string) context.Context {
	return context.WithValue(ctx, sessionKey{}, key)
}

// Session returns the key given to [WithSession]; empty when there is none.
func Session(ctx context.Context) string {
	key, _ := ctx.Value(sessionKey{}).(string)
	return key
}

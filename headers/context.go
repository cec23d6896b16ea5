package headers

import (
	"context"
	"net/http"
	"net/url"
)

type (
	situationKey struct{}
	exchangeKey  struct{}
)

// WithSituation says exactly what the requests made with the returned context
// are, instead of having it inferred. URL, Method, Redirects, body, Cookies,
// AcceptCH and Protocol are taken from each request and its session; Headers are
// the caller's headers, in the order of s.Headers where they are listed there.
func WithSituation(ctx context.Context, s Situation) context.Context {
	return context.WithValue(ctx, situationKey{}, &s)
}

// WithKind says what asks for the URLs of the requests made with the returned context.
func WithKind(ctx context.Context, k Kind) context.Context {
	s := situationFrom(ctx)
	s.Kind = k
	s.UserActivated = k.topLevel()
	return WithSituation(ctx, s)
}

// WithInitiator says which page, stylesheet or script asks for the URLs of the
// requests made with the returned context; nil means typed by the user. Without
// a kind it makes them navigations.
func WithInitiator(ctx context.Context, page *url.URL) context.Context {
	_, known := ctx.Value(situationKey{}).(*Situation)
	s := situationFrom(ctx)
	s.Initiator = page
	if !known {
		s.UserActivated = true
	}
	return WithSituation(ctx, s)
}

func situationFrom(ctx context.Context) Situation {
	if s, ok := ctx.Value(situationKey{}).(*Situation); ok {
		return *s
	}
	return Situation{}
}

// exchange is the context of one exchange: it carries the ordered fields down to
// the base, and the situation on to the next hop of a redirect.
type exchange struct {
	context.Context
	situation Situation
	list      List        // as generated
	header    http.Header // of the outgoing request
	url       url.URL     // of the outgoing request
	room      [typicalFields]Field
}

// Value makes the exchange findable in its own context.
func (e *exchange) Value(key any) any {
	if _, ok := key.(exchangeKey); ok {
		return e
	}
	return e.Context.Value(key)
}

func exchangeFrom(ctx context.Context) *exchange {
	e, _ := ctx.Value(exchangeKey{}).(*exchange)
	return e
}

// FieldsFrom returns the ordered header list of the exchange that ctx belongs to:
// a base RoundTripper that can write headers in an order of its own reads it from
// the context of its request. ok is false where no profile has been applied.
//
// The list holds what [net/http.Request.Header] cannot: order, spelling, Host,
// Connection, Content-Length and TE. Changes that layers in between have made to
// the header of the request are in it.
func FieldsFrom(ctx context.Context) (list List, ok bool) {
	e := exchangeFrom(ctx)
	if e == nil || e.list.Fields == nil {
		return List{}, false
	}
	return reconcile(e.list, e.header), true
}

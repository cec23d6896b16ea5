// Package otel shows OpenTelemetry what godwit does: a span for every call, below it
// one for every attempt, below that one for every exchange.
//
//	tracer, err := otel.New(otel.Config{TracerProvider: provider})
//	...
//	cfg.Observer = tracer
//	cfg.Default.PerCall = []godwit.Middleware{tracer.Call}
//	cfg.Default.PerExchange = []godwit.Middleware{tracer.Exchange}
//
// Spans are children of the one in the request's context. The call's span lasts
// until the response body is over; those of attempts and exchanges until the
// response header or the error. Exchanges are HTTP client spans after OpenTelemetry's
// semantic conventions; the attributes that begin with godwit. are listed at [Tracer].
//
// Nothing of a trace goes onto the wire: a traceparent header tells a target that
// its visitor is a program.
//
// It is a module of its own, so that the core depends on nothing of OpenTelemetry.
package otel

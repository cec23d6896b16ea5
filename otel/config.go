package otel

import (
	"errors"
	"net/url"

	"go.opentelemetry.io/otel/trace"
)

// Config says where spans go. TracerProvider must be given.
type Config struct {
	// TracerProvider makes the tracer. There is no default: this package does not
	// read OpenTelemetry's global state.
	TracerProvider trace.TracerProvider
	// URL writes a request's URL for the attribute url.full. It must leave out
	// whatever is secret. Default nil, which means [RedactURL].
	URL func(*url.URL) string
}

// Validate reports what is wrong with the configuration; nil when nothing is.
func (c Config) Validate() error {
	if c.TracerProvider == nil {
		return errors.New("TracerProvider: nil, want a provider")
	}
	return nil
}

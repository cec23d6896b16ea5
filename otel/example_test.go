package otel_test

import (
	"fmt"
	"net/http"

	"github.com/godwit-go/godwit/otel"
	"github.com/godwit-go/godwit/retry"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
)

// With a godwit.Transport the same three things go into Config.Observer, PerCall and
// PerExchange of the default policy.
func ExampleNew() {
	spans := tracetest.NewInMemoryExporter()
	tracer, err := otel.New(otel.Config{TracerProvider: sdk.NewTracerProvider(sdk.WithSyncer(spans))})
	if err != nil {
		fmt.Println(err)
		return
	}
	wire := roundTripper(func(*http.Request) (*http.Response, error) { return status(200), nil })
	loop, err := retry.New(tracer.Exchange(wire), retry.Config{Observer: tracer})
	if err != nil {
		fmt.Println(err)
		return
	}
	client := http.Client{Transport: tracer.Call(loop)}
	resp, err := client.Get("http://shop.example/?token=abc")
	if err != nil {
		fmt.Println(err)
		return
	}
	_ = resp.Body.Close()
	for _, s := range spans.GetSpans() {
		fmt.Println(s.Name)
	}
	// Output:
	// GET
	// attempt
	// call GET
}

package headers_test

import (
	"net/http"
	"testing"

	"github.com/godwit-go/godwit/headers"
	"github.com/godwit-go/godwit/internal/rttest"
	"github.com/stretchr/testify/require"
)

func TestContract(t *testing.T) {
	for name, cfg := range map[string]headers.Config{
		"browser":       {},
		"decoded below": {DecodedBelow: true},
		"off":           {Off: true, UserAgent: "crawler/1.0", From: "ops@example.com"},
	} {
		t.Run(name, func(t *testing.T) {
			rttest.Contract(t, func(base http.RoundTripper) http.RoundTripper {
				rt, err := headers.New(base, cfg)
				require.NoError(t, err)
				return rt
			})
		})
	}
}
